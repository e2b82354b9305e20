//! A hand-made log, its features and labels worked out on paper.

#![allow(clippy::unwrap_used)]

use mainstay_features::history::{Complaint, History, HistoryBuilder};
use mainstay_features::label::Label;
use mainstay_features::registry::Row;
use mainstay_features::table::Snapshot;
use mainstay_features::units::{Amount, Days, Instant};

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn days(days: u32) -> Days {
    Days::new(days).unwrap()
}

fn history(lines: &[(&str, &str, &str, f64)], complaints: &[(&str, &str)]) -> History {
    let mut builder = HistoryBuilder::default();
    for (customer, order, ts, amount) in lines {
        builder.add_line(customer, order, at(ts), Amount::new(*amount).unwrap());
    }
    for (customer, ts) in complaints {
        builder.add_complaint(customer, Complaint::at(at(ts)));
    }
    History::fold(vec![builder]).unwrap()
}

fn features_of(history: &History, customer: &str, as_of: &str, lookback: u32) -> Option<Row> {
    let snapshot = Snapshot::take(history, at(as_of), days(lookback));
    let place = snapshot.customers.iter().position(|&c| history.customer_id(c as usize) == customer)?;
    Some(snapshot.rows[place])
}

/// The log, as of 2024-04-01T00:00:00Z:
///
/// ann   order 1  2024-01-01 10:00   20.00 + 5.00 = 25.00  purchase
///       order 2  2024-01-01 18:00   15.00                 purchase, same calendar day as order 1
///       order 3  2024-02-10         −5.00                 return: no purchase
///       order 4  2024-03-01 12:00    0.00                 neither
///       order 5  2024-03-20 12:00   50.00                 purchase
///       complaints 2024-03-21, 2024-04-01T00:00:00Z (at the instant: past), 2024-04-02 (after it)
///
///   recency   last purchase 2024-03-20 12:00 → 11.5 days → 11
///   frequency days with a purchase: Jan 1, Mar 20 → 2
///   monetary  (25 + 15 + 50) / 3 purchases → 30
///   complaints 2
///   tenure    first purchase 2024-01-01 10:00 → 90 days and 14 h (31 + 29 + 31 = 91 days from Jan 1 00:00) → 90
///
/// bob   order 1  2024-04-01T00:00:00Z  10.00  exactly at the instant: past; recency 0, tenure 0
/// cid   order 1  2024-04-01T00:00:01Z  10.00  after it: not there yet
/// dee   order 1  2023-01-01            10.00  before the lookback of a year: lapsed
fn log() -> History {
    history(
        &[
            ("ann", "1", "2024-01-01T10:00:00Z", 20.0),
            ("ann", "1", "2024-01-01T10:00:00Z", 5.0),
            ("ann", "2", "2024-01-01T18:00:00Z", 15.0),
            ("ann", "3", "2024-02-10", -5.0),
            ("ann", "4", "2024-03-01T12:00:00Z", 0.0),
            ("ann", "5", "2024-03-20T12:00:00Z", 50.0),
            ("bob", "1", "2024-04-01", 10.0),
            ("cid", "1", "2024-04-01T00:00:01Z", 10.0),
            ("dee", "1", "2023-01-01", 10.0),
        ],
        &[("ann", "2024-03-21"), ("ann", "2024-04-01"), ("ann", "2024-04-02")],
    )
}

#[test]
fn features_of_the_hand_made_log() {
    let log = log();
    assert_eq!(features_of(&log, "ann", "2024-04-01", 365), Some([11.0, 2.0, 30.0, 2.0, 90.0]));
    assert_eq!(features_of(&log, "bob", "2024-04-01", 365), Some([0.0, 1.0, 10.0, 0.0, 0.0]));
    assert_eq!(features_of(&log, "cid", "2024-04-01", 365), None);
    assert_eq!(features_of(&log, "dee", "2024-04-01", 365), None);
}

#[test]
fn the_lookback_is_open_at_its_start() {
    // ann's last purchase is 11.5 days before the instant; (as-of − lookback, as-of] leaves out its own start.
    let log = log();
    let at_noon = |lookback| features_of(&log, "ann", "2024-04-01T12:00:00Z", lookback);
    assert!(at_noon(13).is_some());
    assert!(at_noon(12).is_none(), "exactly 12 days ago is outside");
}

/// An order of 20 whose second line, 30, came two days later, across the cutoff in between; and one that a later
/// line turned from a purchase to a return.
///
///   as of Jan 11: the first order is worth 20, the second 40: monetary (20 + 40) / 2 = 30
///   as of Jan 12: the first is worth 50: monetary (50 + 40) / 2 = 45; its instant stays Jan 10
///   as of Jan 20: the second is worth 40 − 60 = −20, no purchase any more: monetary 50, frequency 1, recency from
///                 the first order's instant, Jan 10: 10 days
#[test]
fn an_order_whose_lines_straddle_the_cutoff() {
    let log = history(
        &[
            ("a", "1", "2024-01-12", 30.0),
            ("a", "1", "2024-01-10", 20.0),
            ("a", "2", "2024-01-11", 40.0),
            ("a", "2", "2024-01-20", -60.0),
        ],
        &[],
    );
    assert_eq!(features_of(&log, "a", "2024-01-11", 365), Some([0.0, 2.0, 30.0, 0.0, 1.0]));
    assert_eq!(features_of(&log, "a", "2024-01-12", 365), Some([1.0, 2.0, 45.0, 0.0, 2.0]));
    assert_eq!(features_of(&log, "a", "2024-01-20", 365), Some([10.0, 1.0, 50.0, 0.0, 10.0]));
}

#[test]
fn the_label_looks_after_the_cutoff_up_to_and_with_its_end() {
    let churned_with = |ts: &str| {
        let log = history(&[("a", "1", "2024-01-01", 10.0), ("a", "2", ts, 10.0)], &[]);
        Label::NoPurchase.churned(log.customer(0), at("2024-02-01"), days(30))
    };
    assert!(churned_with("2024-02-01"), "at the cutoff is the past");
    assert!(!churned_with("2024-02-01T00:00:00.000001Z"), "just after it is the window");
    assert!(!churned_with("2024-03-02"), "30 days after the cutoff: the window's last instant");
    assert!(churned_with("2024-03-02T00:00:00.000001Z"), "just after the window");
}

#[test]
fn only_a_purchase_in_the_window_keeps_a_customer() {
    let churned_with = |lines: &[(&str, &str, &str, f64)]| {
        let mut all = vec![("a", "1", "2024-01-01", 10.0)];
        all.extend_from_slice(lines);
        Label::NoPurchase.churned(
            history(&all, &[("a", "2024-02-10")]).customer(0),
            at("2024-02-01"),
            days(30),
        )
    };
    assert!(churned_with(&[]), "a complaint is no purchase");
    assert!(churned_with(&[("a", "2", "2024-02-10", -5.0)]), "nor is a return");
    assert!(churned_with(&[("a", "2", "2024-02-10", 0.0)]), "nor an order of nothing");
    assert!(churned_with(&[("a", "1", "2024-02-10", 5.0)]), "nor a later line of an order from before");
    assert!(
        churned_with(&[("a", "2", "2024-02-10", 5.0), ("a", "2", "2024-02-11", -5.0)]),
        "nor a cancelled one"
    );
    assert!(
        !churned_with(&[("a", "2", "2024-02-10", 5.0), ("a", "2", "2024-03-03", -5.0)]),
        "a cancellation after the window is not known in it"
    );
}
