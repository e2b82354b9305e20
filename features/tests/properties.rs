//! What must hold for any log.

#![allow(clippy::unwrap_used)]

use mainstay_features::history::{History, HistoryBuilder};
use mainstay_features::table::Snapshot;
use mainstay_features::units::{Amount, Days, Instant};
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;

/// A row: customer, order, hours since the start, amount; complaints have no order.
#[derive(Clone, Debug)]
enum Row {
    Line { customer: u32, order: u8, hour: u16, cents: i32 },
    Complaint { customer: u32, hour: u16 },
}

impl Row {
    fn hour(&self) -> u16 {
        match self {
            Self::Line { hour, .. } | Self::Complaint { hour, .. } => *hour,
        }
    }
}

/// Few customers and orders, so that orders have several lines at several instants; amounts with thirds in them, so
/// that the order of summation shows.
fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        4 => (0..4_u32, 0..6_u8, 0..2400_u16, -500..2000_i32)
            .prop_map(|(customer, order, hour, cents)| Row::Line { customer, order, hour: hour / 6 * 6, cents }),
        1 => (0..4_u32, 0..2400_u16).prop_map(|(customer, hour)| Row::Complaint { customer, hour }),
    ]
}

fn instant(hour: u16) -> Instant {
    Instant::from_micros(i64::from(hour) * DAY / 24 + 20_000 * DAY).unwrap()
}

fn builder(rows: &[Row]) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    for row in rows {
        match *row {
            Row::Line { customer, order, hour, cents } => {
                let amount = Amount::new(f64::from(cents) / 3.0).unwrap();
                builder.add_line(&customer.to_string(), &order.to_string(), instant(hour), amount).unwrap();
            }
            Row::Complaint { customer, hour } => {
                builder.add_complaint(&customer.to_string(), instant(hour));
            }
        }
    }
    builder
}

fn build(rows: &[Row]) -> History {
    History::fold(vec![builder(rows)]).unwrap()
}

/// The features of everyone at an instant, with their identifiers, down to the last bit.
fn features(history: &History, as_of: Instant, lookback: u32) -> Vec<(String, Vec<u64>)> {
    let snapshot = Snapshot::take(history, as_of, Days::new(lookback).unwrap());
    snapshot
        .customers
        .iter()
        .zip(&snapshot.rows)
        .map(|(&customer, row)| {
            let bits = row.iter().map(|value| value.to_bits()).collect();
            (history.customer_id(customer as usize).to_string(), bits)
        })
        .collect()
}

proptest! {
    /// Nothing after the cutoff changes a feature, whatever it is: a purchase, a return, a line of an order from
    /// before, a complaint.
    #[test]
    fn nothing_after_the_cutoff_changes_a_feature(
        rows in prop::collection::vec(row(), 0..60), cutoff_hour in 0..2400_u16, lookback in 1..120_u32,
    ) {
        let past: Vec<Row> = rows.iter().filter(|row| row.hour() <= cutoff_hour).cloned().collect();
        let cutoff = instant(cutoff_hour);
        prop_assert_eq!(features(&build(&rows), cutoff, lookback), features(&build(&past), cutoff, lookback));
    }

    /// The order of the rows changes nothing.
    #[test]
    fn permuting_the_rows_changes_nothing(
        (rows, shuffled) in prop::collection::vec(row(), 0..60)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cutoff_hour in 0..2400_u16,
    ) {
        let cutoff = instant(cutoff_hour);
        prop_assert_eq!(features(&build(&rows), cutoff, 365), features(&build(&shuffled), cutoff, 365));
    }

    /// Two halves read apart and put together are the whole.
    #[test]
    fn halves_fold_to_the_whole(rows in prop::collection::vec(row(), 0..60), split in 0..60_usize) {
        let (left, right) = rows.split_at(split.min(rows.len()));
        let both = History::fold(vec![builder(left), builder(right)]).unwrap();
        prop_assert_eq!(features(&both, instant(2000), 365), features(&build(&rows), instant(2000), 365));
    }

    /// Every value is one its feature can have.
    #[test]
    fn values_stay_in_range(rows in prop::collection::vec(row(), 0..60), cutoff_hour in 0..2400_u16) {
        use mainstay_features::registry::FEATURES;
        let history = build(&rows);
        let snapshot = Snapshot::take(&history, instant(cutoff_hour), Days::new(30).unwrap());
        for row in &snapshot.rows {
            for (feature, value) in FEATURES.iter().zip(row) {
                prop_assert!(value.is_finite() && *value >= feature.least, "{}: {value}", feature.name);
                prop_assert!(!feature.unit.is_whole() || value.fract() == 0.0, "{}: {value}", feature.name);
            }
            prop_assert!(row[0] <= row[4], "the last purchase is not before the first");
            prop_assert!(row[0] < 30.0, "the population bought within the lookback");
        }
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
