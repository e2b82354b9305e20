//! What rows fold to.

use super::*;
use crate::units::Amount;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn amount(amount: f64) -> Amount {
    Amount::new(amount).unwrap()
}

fn build(rows: &[(&str, &str, &str, f64)]) -> History {
    let mut builder = HistoryBuilder::default();
    for (customer, order, instant, money) in rows {
        builder.add_line(customer, order, at(instant), amount(*money));
    }
    History::fold(vec![builder]).unwrap()
}

#[test]
fn lines_of_an_order_fold_even_when_they_are_not_adjacent() {
    let history = build(&[
        ("a", "1", "2024-01-01", 5.0),
        ("b", "1", "2024-01-01", 9.0),
        ("a", "2", "2024-01-03", 7.0),
        ("a", "1", "2024-01-01", 2.5),
    ]);
    let a = history.customer(0);
    assert_eq!(
        a.orders,
        [
            Order { instant: at("2024-01-01"), amount: amount(7.5) },
            Order { instant: at("2024-01-03"), amount: amount(7.0) },
        ]
    );
    assert_eq!(history.customer(1).orders.len(), 1, "order ids are the customer's own");
    assert!(a.later_lines.is_empty());
}

#[test]
fn a_later_line_keeps_its_own_instant() {
    let history = build(&[("a", "1", "2024-01-05", 3.0), ("a", "1", "2024-01-01", 5.0)]);
    let a = history.customer(0);
    assert_eq!(a.orders, [Order { instant: at("2024-01-01"), amount: amount(5.0) }]);
    assert_eq!(a.later_lines, [LaterLine { order: 0, instant: at("2024-01-05"), amount: amount(3.0) }]);
}

#[test]
fn a_cancellation_counts_from_its_own_instant_and_never_before_its_order() {
    let cancelled = |instant: &str, order: &str| {
        let mut builder = HistoryBuilder::default();
        builder.add_line("a", "1", at("2024-01-05"), amount(8.0));
        builder.add_line("a", "2", at("2024-01-06"), amount(3.0));
        builder.add_cancellation("a", order, at(instant), amount(-8.0));
        History::fold(vec![builder]).unwrap()
    };
    let later = cancelled("2024-02-01", "1");
    let a = later.customer(0);
    assert_eq!(a.orders.iter().map(|order| order.amount).collect::<Vec<_>>(), [amount(8.0), amount(3.0)]);
    let line = LaterLine { order: 0, instant: at("2024-02-01"), amount: amount(-8.0) };
    assert_eq!(a.later_lines, [line]);

    let before = cancelled("2024-01-01", "1");
    let a = before.customer(0);
    let alone = Order { instant: at("2024-01-01"), amount: amount(-8.0) };
    let order = Order { instant: at("2024-01-05"), amount: Amount::ZERO };
    assert_eq!(a.orders[..2], [alone, order], "a return until its order begins, and then part of it");
    assert_eq!(a.later_lines, [LaterLine { order: 0, instant: at("2024-01-05"), amount: amount(8.0) }]);

    let unknown = cancelled("2024-02-01", "9");
    let alone = Order { instant: at("2024-02-01"), amount: amount(-8.0) };
    assert_eq!(unknown.customer(0).orders[2], alone, "a return that stands alone");
}

#[test]
fn a_product_counts_from_when_it_was_first_bought() {
    let mut builder = HistoryBuilder::default();
    for (product, day) in [("x", "2024-01-03"), ("y", "2024-01-02"), ("x", "2024-01-01")] {
        builder.add_line("a", day, at(day), amount(1.0));
        builder.add_product("a", product, at(day));
    }
    let history = History::fold(vec![builder]).unwrap();
    assert_eq!(history.customer(0).first_buys, [at("2024-01-01"), at("2024-01-02")]);
}

#[test]
fn complaints_of_customers_without_orders_are_kept_apart() {
    let mut builder = HistoryBuilder::default();
    for (customer, instant) in [("c", "2024-02-01"), ("a", "2024-01-02"), ("c", "2024-01-01")] {
        builder.add_complaint(customer, Complaint::at(at(instant)));
    }
    builder.add_line("b", "1", at("2024-01-01"), amount(1.0));
    let history = History::fold(vec![builder]).unwrap();
    assert_eq!(history.customer(0).complaints, [Complaint::at(at("2024-01-02"))]);
    assert!(history.customer(1).complaints.is_empty());
    let theirs = ["2024-01-01", "2024-02-01"].map(|day| Complaint::at(at(day)));
    assert_eq!(history.customer(2).complaints, theirs);
}

#[test]
fn several_builders_fold_like_one() {
    let rows = [
        ("b", "1", "2024-01-01"),
        ("a", "1", "2024-01-02"),
        ("a", "1", "2024-01-03"),
        ("c", "9", "2024-01-01"),
    ];
    let builder = |rows: &[(&str, &str, &str)]| {
        let mut builder = HistoryBuilder::default();
        for (customer, order, instant) in rows {
            builder.add_line(customer, order, at(instant), amount(1.0));
        }
        builder
    };
    let apart = History::fold(vec![builder(&rows[..2]), builder(&rows[2..])]).unwrap();
    let together = History::fold(vec![builder(&rows)]).unwrap();
    let shown = |history: &History| {
        (0..history.len())
            .map(|c| format!("{} {:?}\n", history.customer_id(c), history.customer(c)))
            .collect()
    };
    let (apart_shown, together_shown): (String, String) = (shown(&apart), shown(&together));
    assert_eq!(apart_shown, together_shown);
    assert_eq!(apart.customer(0).later_lines.len(), 1);
}

#[test]
fn identifiers_are_text_as_soon_as_one_is_no_number() {
    let kind = |ids: &[&str]| {
        build(&ids.iter().map(|id| (*id, "1", "2024-01-01", 1.0)).collect::<Vec<_>>()).id_kind()
    };
    assert_eq!(kind(&["7", "-12", "0"]), IdKind::Integer);
    for text in ["007", "-0", "+7", "7 ", "9223372036854775808", "1e3", "c7"] {
        assert_eq!(kind(&["7", text]), IdKind::Text, "{text}");
    }
}
