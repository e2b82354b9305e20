//! A kept history without some of its customers is one that never had them.

use std::io::Write;

use mainstay_features::history::{Compared, History, Leaving, Segment, write_segment, write_segment_without};
use proptest::prelude::*;

use crate::features::{attributes, features};
use crate::rows::{Row, build, builder, instant, row};

fn segment(rows: &[Row]) -> Segment {
    let mut file = tempfile::tempfile().unwrap();
    write_segment(&[], Compared::default(), vec![builder(rows)], &mut file).unwrap();
    Segment::open(file).unwrap()
}

/// The history that is left of two segments without who is forgotten, and its bytes.
fn without(segments: &[Segment], is_forgotten: &(dyn Fn(&str) -> bool + Sync)) -> (History, Vec<u8>) {
    let (mut bytes, mut file) = (Vec::new(), tempfile::tempfile().unwrap());
    let leaving = Leaving::find(segments, is_forgotten).unwrap();
    let forgotten = write_segment_without(segments, &leaving, is_forgotten, &mut bytes).unwrap();
    assert_eq!(forgotten, leaving.customers);
    file.write_all(&bytes).unwrap();
    (History::of_segments(&[Segment::open(file).unwrap()]).unwrap(), bytes)
}

fn customer_of(row: &Row) -> u32 {
    match *row {
        Row::Line { customer, .. }
        | Row::Cancellation { customer, .. }
        | Row::Complaint { customer, .. }
        | Row::Contact { customer, .. }
        | Row::Profile { customer, .. } => customer,
    }
}

proptest! {
    #[test]
    fn nothing_of_who_is_forgotten_is_left_and_all_of_the_others_is(
        rows in prop::collection::vec(row(), 0..60), split in 0..60_usize, who in 0..16_u32,
    ) {
        let is_forgotten = |id: &str| who >> id.parse::<u32>().unwrap() & 1 == 1;
        let (left, right) = rows.split_at(split.min(rows.len()));
        let (history, _) = without(&[segment(left), segment(right)], &is_forgotten);
        let others: Vec<Row> =
            rows.iter().filter(|row| !is_forgotten(&customer_of(row).to_string())).cloned().collect();
        let expected = build(&others);
        prop_assert_eq!(history.len(), expected.len());
        prop_assert_eq!(features(&history, instant(2000), 365), features(&expected, instant(2000), 365));
        for number in 0..history.len() {
            prop_assert_eq!(history.customer_id(number), expected.customer_id(number));
            prop_assert_eq!(history.customer(number).profiles, expected.customer(number).profiles);
        }
        prop_assert_eq!(attributes(&history, instant(2000)), attributes(&expected, instant(2000)));
    }
}

/// Texts that only they had are in no byte of what is written; those of others stay.
#[test]
fn names_go_with_who_had_them() {
    let of = |customer, value| Row::Profile { customer, hour: Some(0), attribute: 1, value: Some(value) };
    let rows = [of(1, 201), of(2, 202), of(1, 203), of(3, 203)];
    let (history, bytes) = without(&[segment(&rows)], &|id| id == "1");
    let holds = |text: &str| bytes.windows(text.len()).any(|some| some == text.as_bytes());
    assert_eq!(history.len(), 2);
    assert!(!holds("201") && holds("202") && holds("203"), "the directory is not packed");
}
