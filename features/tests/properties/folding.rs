//! A log is one history, in whatever order its rows come, through however many builders and files, on however many threads.

use mainstay_features::check::DayReport;
use mainstay_features::history::{
    Compared, Histories, History, HistoryBuilder, Segment, Spill, write_segment,
};
use proptest::prelude::*;

use crate::features::{attributes, features, features_of_all};
use crate::rows::{Row, add, build, builder, instant, row};

/// A segment of older ones and rows, written and opened again.
fn segment(older: &[Segment], rows: &[Row]) -> Segment {
    let mut file = tempfile::tempfile().unwrap();
    write_segment(older, Compared::default(), vec![builder(rows)], &mut file).unwrap();
    Segment::open(file).unwrap()
}

proptest! {
    /// The order of the rows changes nothing.
    #[test]
    fn permuting_the_rows_changes_nothing(
        (rows, shuffled) in prop::collection::vec(row(), 0..60)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cutoff_hour in 0..2400_u16,
    ) {
        let cutoff = instant(cutoff_hour);
        let (rows, shuffled) = (build(&rows), build(&shuffled));
        prop_assert_eq!(features(&rows, cutoff, 365), features(&shuffled, cutoff, 365));
        prop_assert_eq!(attributes(&rows, cutoff), attributes(&shuffled, cutoff));
    }

    /// Two halves read apart and put together are the whole.
    #[test]
    fn halves_fold_to_the_whole(rows in prop::collection::vec(row(), 0..60), split in 0..60_usize) {
        let (left, right) = rows.split_at(split.min(rows.len()));
        let whole = features(&build(&rows), instant(2000), 365);
        let both = History::fold(vec![builder(left), builder(right)]).unwrap();
        prop_assert_eq!(features(&both, instant(2000), 365), whole.clone());
        let mut one = builder(left);
        one.append(builder(right));
        prop_assert_eq!(features(&History::fold(vec![one]).unwrap(), instant(2000), 365), whole);
    }

    /// What is written to disk in two sends and read back is the whole, and so is what is put together there.
    #[test]
    fn segments_hold_the_whole(rows in prop::collection::vec(row(), 0..60), split in 0..60_usize) {
        let whole = features(&build(&rows), instant(2000), 365);
        let (left, right) = rows.split_at(split.min(rows.len()));
        let two = [segment(&[], left), segment(&[], right)];
        prop_assert_eq!(features(&History::of_segments(&two).unwrap(), instant(2000), 365), whole.clone());
        let of_two = attributes(&History::of_segments(&two).unwrap(), instant(2000));
        prop_assert_eq!(of_two, attributes(&build(&rows), instant(2000)));
        let one = [segment(&two[..1], right)];
        prop_assert_eq!(features(&History::of_segments(&one).unwrap(), instant(2000), 365), whole);
    }

    /// Rows that went to disk on the way, in as many pieces as may be, are the whole: folded one part of the customers at
    /// a time and merged in the order of identifiers, they give the same rows.
    #[test]
    fn spilled_rows_are_the_whole(
        rows in prop::collection::vec(row(), 0..60), spills in prop::collection::vec(any::<bool>(), 60),
    ) {
        let whole = features(&build(&rows), instant(2000), 365);
        let spill = Spill::new(&std::env::temp_dir()).unwrap();
        let mut one = HistoryBuilder::default();
        let mut builders: Vec<HistoryBuilder> = Vec::new();
        for (number, (row, spills)) in rows.chunks(5).zip(&spills).enumerate() {
            add(&mut one, row);
            match (spills, number % 3) {
                (true, _) => one.spill(&spill).unwrap(),
                (false, 0) => builders.push(std::mem::take(&mut one)),
                (false, _) => {
                    if let Some(other) = builders.pop() {
                        one.append(other);
                    }
                }
            }
        }
        builders.push(one);
        let histories = Histories::fold(builders).unwrap();
        prop_assert_eq!(features_of_all(&histories, instant(2000), 365), whole);
        prop_assert_eq!(histories.summary(), Histories::from(build(&rows)).summary());
    }

    /// So is what a kept history holds that is more than may be in memory.
    #[test]
    fn segments_are_folded_part_by_part(rows in prop::collection::vec(row(), 1..60), split in 0..60_usize) {
        let whole = features(&build(&rows), instant(2000), 365);
        let (left, right) = rows.split_at(split.min(rows.len()));
        let read = |noted| {
            let segments = vec![segment(&[], left), segment(&[], right)];
            let histories = Histories::of_segments(segments, Some(0), noted).unwrap();
            assert!(histories.whole().is_none());
            histories
        };
        let histories = read(None);
        prop_assert_eq!(&features_of_all(&histories, instant(2000), 365), &whole);

        // What was noted of them spares the look at every part; what is of others is not believed.
        let days = DayReport::of_orders(&build(&rows).into());
        prop_assert_eq!(DayReport::of_orders(&histories), days.clone());
        let noted = histories.noted().unwrap();
        prop_assert_eq!(DayReport::of_orders(&read(Some(noted.clone()))), days);
        let mut forged = noted.clone();
        forged.summary.orders += 1;
        prop_assert_eq!(read(Some(forged.clone())).noted(), Some(forged.clone()));
        prop_assert_eq!(features_of_all(&read(Some(forged.clone())), instant(2000), 365), whole);
        forged.segments.reverse();
        prop_assume!(forged.segments != noted.segments);
        prop_assert_eq!(read(Some(forged)).noted(), Some(noted));
    }

    /// What is sent again and left out changes nothing, whatever else comes with it: the history is that of everything
    /// once. (Of rows that are the same in everything: orders sent again as they were.)
    #[test]
    fn rows_sent_again_are_left_out(
        kept in prop::collection::vec(row(), 0..40), new in prop::collection::vec(row(), 0..20),
    ) {
        // The new rows are other customers', so that no order of theirs goes on in them.
        let new: Vec<Row> = new.into_iter().map(|row| row.of_customer(4)).collect();
        let once = segment(&[], &kept);
        let both: Vec<Row> = kept.iter().chain(&new).cloned().collect();
        let mut file = tempfile::tempfile().unwrap();
        let all_kept = Compared { segments: std::slice::from_ref(&once), leave_out: true };
        write_segment(&[], all_kept, vec![builder(&both)], &mut file).unwrap();
        let again = Segment::open(file).unwrap();
        let history = History::of_segments(&[once, again]).unwrap();
        prop_assert_eq!(features(&history, instant(2000), 365), features(&build(&both), instant(2000), 365));
    }
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    // Enough customers for every step to be split among threads.
    let rows: Vec<Row> = (0..120_000_u32)
        .map(|i| {
            let hash = i.wrapping_mul(2_654_435_761);
            Row::Line {
                customer: hash % 30_011,
                order: (hash >> 16) as u8,
                hour: (hash % 2400) as u16,
                cents: (hash >> 8) as u16 as i32 - 9000,
            }
        })
        .collect();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| features(&build(&rows), instant(2000), 60))
    };
    let one = on(1);
    assert!(one.len() > 10_000, "{}", one.len());
    assert_eq!(one, on(2));
}
