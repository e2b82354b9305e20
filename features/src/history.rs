//! The compact history: every customer's orders and complaints side by side, in time order, read once and walked for
//! any number of cutoffs.

use rayon::prelude::*;

use crate::id::{Id, IdKind, IdRef, Interner, sort_ids};
use crate::units::{Instant, Money};

/// An order as it stood at its own instant: the lines that share customer, order and the order's first instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order {
    /// The order's earliest line.
    pub instant: Instant,
    /// The sum of the lines at that instant.
    pub amount: Money,
}

/// A line of an order that came after the order's first instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaterLine {
    /// Which of the customer's orders it belongs to.
    pub order: u32,
    /// When the line came.
    pub instant: Instant,
    /// What it adds to the order's amount.
    pub amount: Money,
}

/// One customer's history: a view into [`History`].
#[derive(Clone, Copy, Debug)]
pub struct CustomerHistory<'a> {
    /// The orders, by instant.
    pub orders: &'a [Order],
    /// Lines that came later than their order, by order and instant.
    pub later_lines: &'a [LaterLine],
    /// The instants of the complaints, ascending.
    pub complaints: &'a [Instant],
}

/// Everything known about every customer.
///
/// The bytes are the same whatever order the rows came in: customers are sorted by identifier, orders by instant and
/// order identity, and the lines of an order are summed by instant and amount.
#[derive(Debug, Default)]
pub struct History {
    kind: IdKind,
    customers: Vec<Id>,
    orders: Vec<Order>,
    later_lines: Vec<LaterLine>,
    complaints: Vec<Instant>,
    ends: Vec<Ends>,
}

/// Where a customer's slices end (they start where the one before ends).
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    orders: usize,
    later_lines: usize,
    complaints: usize,
}

impl History {
    /// The number of customers.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Whether there is no customer at all.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }

    /// How identifiers are written and sorted.
    pub fn id_kind(&self) -> IdKind {
        self.kind
    }

    /// The identifier of a customer; customers are numbered 0 to `len() − 1`, sorted by identifier.
    pub fn customer_id(&self, customer: usize) -> &Id {
        &self.customers[customer]
    }

    /// The history of one customer.
    pub fn customer(&self, customer: usize) -> CustomerHistory<'_> {
        let start = if customer == 0 { Ends::default() } else { self.ends[customer - 1] };
        let end = self.ends[customer];
        CustomerHistory {
            orders: &self.orders[start.orders..end.orders],
            later_lines: &self.later_lines[start.later_lines..end.later_lines],
            complaints: &self.complaints[start.complaints..end.complaints],
        }
    }

    /// The instants of the first and the last order; `None` without orders.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        let instants = || self.orders.iter().map(|order| order.instant);
        Some((instants().min()?, instants().max()?))
    }

    /// The number of orders.
    pub fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// The number of complaints.
    pub fn complaint_count(&self) -> usize {
        self.complaints.len()
    }
}

/// A purchase line on its way into a history.
#[derive(Clone, Copy, Debug)]
struct Line {
    customer: u32,
    order: u64,
    instant: Instant,
    amount: Money,
}

/// More customers than a history can number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than 4,294,967,295 customers: split the input by customer")]
pub struct TooManyCustomers;

/// Collects rows in any order and folds them into a [`History`].
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    kind: IdKind,
    customers: Interner,
    lines: Vec<Line>,
    complaints: Vec<(u32, Instant)>,
}

impl HistoryBuilder {
    /// Says how the identifiers of a column are typed: once text, always text. (Text that is no number says so
    /// itself.)
    pub fn saw_ids(&mut self, kind: IdKind) {
        if kind == IdKind::Text {
            self.kind = IdKind::Text;
        }
    }

    /// Adds a purchase line.
    ///
    /// # Errors
    /// When the customer is one too many to number.
    pub fn add_line(
        &mut self,
        customer: IdRef<'_>,
        order: IdRef<'_>,
        instant: Instant,
        amount: Money,
    ) -> Result<(), TooManyCustomers> {
        let customer = self.number(customer)?;
        self.lines.push(Line { customer, order: order.fingerprint(), instant, amount });
        Ok(())
    }

    /// Adds a complaint.
    ///
    /// # Errors
    /// When the customer is one too many to number.
    pub fn add_complaint(&mut self, customer: IdRef<'_>, instant: Instant) -> Result<(), TooManyCustomers> {
        let customer = self.number(customer)?;
        self.complaints.push((customer, instant));
        Ok(())
    }

    fn number(&mut self, customer: IdRef<'_>) -> Result<u32, TooManyCustomers> {
        if matches!(customer, IdRef::Text(_)) {
            self.kind = IdKind::Text;
        }
        self.customers.intern(customer).ok_or(TooManyCustomers)
    }

    /// Takes over the rows of another builder.
    ///
    /// # Errors
    /// When its customers are too many to number.
    pub fn absorb(&mut self, other: Self) -> Result<(), TooManyCustomers> {
        self.saw_ids(other.kind);
        let renumbered: Vec<u32> = other
            .customers
            .ids()
            .iter()
            .map(|id| self.customers.intern(id.as_ref()).ok_or(TooManyCustomers))
            .collect::<Result<_, _>>()?;
        let new = |old: u32| renumbered[old as usize];
        self.lines.extend(other.lines.iter().map(|line| Line { customer: new(line.customer), ..*line }));
        self.complaints.extend(other.complaints.iter().map(|&(customer, instant)| (new(customer), instant)));
        Ok(())
    }

    /// Folds the rows.
    pub fn build(self) -> History {
        let (customers, place) = sort_ids(self.customers.into_ids(), self.kind);
        let mut lines = group_by_customer(&self.lines, &place, |line| line.customer);
        let mut complaints = group_by_customer(&self.complaints, &place, |&(customer, _)| customer);

        let folded: Vec<Folded> = slices_by_customer(&mut lines, &place, customers.len(), |l| l.customer)
            .into_par_iter()
            .with_min_len(256)
            .map(fold_customer)
            .collect();
        for slice in slices_by_customer(&mut complaints, &place, customers.len(), |c| c.0) {
            slice.sort_unstable_by_key(|&(_, instant)| instant);
        }

        let mut history = History {
            kind: self.kind,
            orders: Vec::with_capacity(folded.iter().map(|f| f.orders.len()).sum()),
            later_lines: Vec::with_capacity(folded.iter().map(|f| f.later_lines.len()).sum()),
            complaints: complaints.iter().map(|&(_, instant)| instant).collect(),
            ends: Vec::with_capacity(customers.len()),
            customers,
        };
        let mut complaint_end = 0;
        for (customer, folded) in folded.iter().enumerate() {
            while complaints.get(complaint_end).is_some_and(|c| place[c.0 as usize] as usize == customer) {
                complaint_end += 1;
            }
            history.orders.extend_from_slice(&folded.orders);
            history.later_lines.extend_from_slice(&folded.later_lines);
            history.ends.push(Ends {
                orders: history.orders.len(),
                later_lines: history.later_lines.len(),
                complaints: complaint_end,
            });
        }
        history
    }
}

/// The rows, those of one customer side by side, customers in sorted order (a counting sort).
fn group_by_customer<R: Copy>(rows: &[R], place: &[u32], customer: impl Fn(&R) -> u32) -> Vec<R> {
    let mut next = vec![0_usize; place.len() + 1];
    for row in rows {
        next[place[customer(row) as usize] as usize + 1] += 1;
    }
    for i in 1..next.len() {
        next[i] += next[i - 1];
    }
    let mut grouped: Vec<R> = rows.to_vec();
    for row in rows {
        let slot = &mut next[place[customer(row) as usize] as usize];
        grouped[*slot] = *row;
        *slot += 1;
    }
    grouped
}

/// One slice per customer, empty where a customer has no rows.
fn slices_by_customer<'a, R>(
    mut grouped: &'a mut [R],
    place: &[u32],
    customers: usize,
    customer: impl Fn(&R) -> u32,
) -> Vec<&'a mut [R]> {
    let mut slices = Vec::with_capacity(customers);
    for wanted in 0..customers {
        let len = grouped.iter().take_while(|row| place[customer(row) as usize] as usize == wanted).count();
        let (own, rest) = grouped.split_at_mut(len);
        slices.push(own);
        grouped = rest;
    }
    slices
}

/// A customer's orders and later lines.
#[derive(Default)]
struct Folded {
    orders: Vec<Order>,
    later_lines: Vec<LaterLine>,
}

/// Folds one customer's lines to orders, in time order.
fn fold_customer(lines: &mut [Line]) -> Folded {
    // Lines of one order need not be adjacent in the file. Sorting by amount last fixes the order of summation.
    lines.sort_unstable_by(|a, b| {
        (a.order, a.instant).cmp(&(b.order, b.instant)).then_with(|| a.amount.total_cmp(&b.amount))
    });
    let mut orders: Vec<&[Line]> = lines.chunk_by(|a, b| a.order == b.order).collect();
    orders.sort_unstable_by_key(|order| (order[0].instant, order[0].order));

    let mut folded = Folded { orders: Vec::with_capacity(orders.len()), later_lines: Vec::new() };
    for (number, order) in orders.iter().enumerate() {
        for (moment, same_instant) in order.chunk_by(|a, b| a.instant == b.instant).enumerate() {
            let instant = same_instant[0].instant;
            let amount = same_instant.iter().map(|line| line.amount).sum();
            if moment == 0 {
                folded.orders.push(Order { instant, amount });
            } else {
                folded.later_lines.push(LaterLine { order: number as u32, instant, amount });
            }
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn money(amount: f64) -> Money {
        Money::new(amount).unwrap()
    }

    fn build(rows: &[(&str, &str, &str, f64)]) -> History {
        let mut builder = HistoryBuilder::default();
        for (customer, order, instant, amount) in rows {
            builder
                .add_line(IdRef::from_text(customer), IdRef::from_text(order), at(instant), money(*amount))
                .unwrap();
        }
        builder.build()
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
                Order { instant: at("2024-01-01"), amount: money(7.5) },
                Order { instant: at("2024-01-03"), amount: money(7.0) },
            ]
        );
        assert_eq!(history.customer(1).orders.len(), 1, "order ids are the customer's own");
        assert!(a.later_lines.is_empty());
    }

    #[test]
    fn a_later_line_keeps_its_own_instant() {
        let history = build(&[("a", "1", "2024-01-05", 3.0), ("a", "1", "2024-01-01", 5.0)]);
        let a = history.customer(0);
        assert_eq!(a.orders, [Order { instant: at("2024-01-01"), amount: money(5.0) }]);
        assert_eq!(a.later_lines, [LaterLine { order: 0, instant: at("2024-01-05"), amount: money(3.0) }]);
    }

    #[test]
    fn complaints_of_customers_without_orders_are_kept_apart() {
        let mut builder = HistoryBuilder::default();
        for (customer, instant) in [("c", "2024-02-01"), ("a", "2024-01-02"), ("c", "2024-01-01")] {
            builder.add_complaint(IdRef::from_text(customer), at(instant)).unwrap();
        }
        builder.add_line(IdRef::from_text("b"), IdRef::from_text("1"), at("2024-01-01"), money(1.0)).unwrap();
        let history = builder.build();
        assert_eq!(history.customer(0).complaints, [at("2024-01-02")]);
        assert!(history.customer(1).complaints.is_empty());
        assert_eq!(history.customer(2).complaints, [at("2024-01-01"), at("2024-02-01")]);
    }

    #[test]
    fn absorbing_a_builder_equals_adding_its_rows() {
        let line = |b: &mut HistoryBuilder, c: &str, o: &str, t: &str| {
            b.add_line(IdRef::from_text(c), IdRef::from_text(o), at(t), money(1.0)).unwrap();
        };
        let (mut whole, mut left, mut right) =
            (HistoryBuilder::default(), HistoryBuilder::default(), HistoryBuilder::default());
        for (c, o, t) in [("b", "1", "2024-01-01"), ("a", "1", "2024-01-02")] {
            line(&mut whole, c, o, t);
            line(&mut left, c, o, t);
        }
        for (c, o, t) in [("a", "1", "2024-01-03"), ("c", "9", "2024-01-01")] {
            line(&mut whole, c, o, t);
            line(&mut right, c, o, t);
        }
        left.absorb(right).unwrap();
        assert_eq!(format!("{:?}", left.build()), format!("{:?}", whole.build()));
    }
}
