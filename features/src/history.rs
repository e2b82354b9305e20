//! The compact history: every customer's orders and complaints side by side, in time order, read once and walked for
//! any number of cutoffs.

use std::ops::Range;

use rayon::prelude::*;

use crate::id::{IdKind, Ids, Interner, fingerprint, merge_sorted};
use crate::units::{Amount, Instant};

/// An order as it stood at its own instant: the lines that share customer, order and the order's first instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The order's earliest line.
    pub instant: Instant,
    /// The sum of the lines at that instant.
    pub amount: Amount,
}

/// A line of an order that came after the order's first instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaterLine {
    /// Which of the customer's orders it belongs to.
    pub order: u32,
    /// When the line came.
    pub instant: Instant,
    /// What it adds to the order's amount.
    pub amount: Amount,
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
/// order identity, and amounts are added without rounding.
#[derive(Debug, Default)]
pub struct History {
    kind: IdKind,
    customers: Ids,
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
    pub fn customer_id(&self, customer: usize) -> &str {
        self.customers.get(customer)
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
        let instants = || self.orders.par_iter().map(|order| order.instant);
        Some((instants().min()?, instants().max()?))
    }

    /// The instant of the last order at or before an instant; `None` without one.
    pub fn last_order_until(&self, until: Instant) -> Option<Instant> {
        self.orders.par_iter().map(|order| order.instant).filter(|&instant| instant <= until).max()
    }

    /// The number of orders.
    pub fn order_count(&self) -> usize {
        self.orders.len()
    }

    /// The number of customers without any order, and of their complaints.
    pub fn complaints_without_orders(&self) -> (usize, usize) {
        (0..self.len())
            .map(|customer| self.customer(customer))
            .filter(|customer| customer.orders.is_empty())
            .fold((0, 0), |(customers, complaints), c| (customers + 1, complaints + c.complaints.len()))
    }

    /// The number of complaints.
    pub fn complaint_count(&self) -> usize {
        self.complaints.len()
    }

    /// Folds the rows of several builders, in any order, into one history.
    ///
    /// # Errors
    /// When there are more customers than can be numbered.
    pub fn fold(builders: Vec<HistoryBuilder>) -> Result<Self, TooManyCustomers> {
        let text = builders.iter().any(|builder| builder.kind == IdKind::Text);
        let kind = if text { IdKind::Text } else { IdKind::Integer };
        let (mut ids, mut rows) = (Vec::new(), Vec::new());
        for mut builder in builders {
            builder.look_up()?;
            ids.push(builder.customers.into_ids());
            rows.push((builder.lines, builder.complaints));
        }
        let (customers, places) = merge_sorted(&ids, kind).ok_or(TooManyCustomers)?;
        drop(ids);

        let (mut lines, line_ends) = Grouped::new(
            rows.iter()
                .zip(&places)
                .flat_map(|((lines, _), place)| lines.iter().map(|l| place[l.customer as usize])),
            customers.len(),
        );
        let (mut complaints, complaint_ends) = Grouped::new(
            rows.iter().zip(&places).flat_map(|((_, rows), place)| rows.iter().map(|c| place[c.0 as usize])),
            customers.len(),
        );
        // Each builder's rows are let go as soon as they are in their place.
        for ((own_lines, own_complaints), place) in rows.into_iter().zip(&places) {
            for Line { customer, part } in own_lines {
                lines.put(place[customer as usize], part);
            }
            for (customer, instant) in own_complaints {
                complaints.put(place[customer as usize], instant);
            }
        }
        let mut history = Self { kind, customers, complaints: complaints.rows, ..Self::default() };
        history.fold_orders(lines.rows, &line_ends, &complaint_ends);
        Ok(history)
    }

    /// Folds every customer's lines to orders and sorts their complaints; fills in everything but the identifiers.
    fn fold_orders(&mut self, mut parts: Vec<OrderPart>, line_ends: &[usize], complaint_ends: &[usize]) {
        let ranges = customer_ranges(self.customers.len());
        let mut work = Vec::with_capacity(ranges.len());
        let (mut parts_left, mut complaints_left) = (parts.as_mut_slice(), self.complaints.as_mut_slice());
        for range in ranges {
            let own_parts;
            (own_parts, parts_left) = parts_left.split_at_mut(rows_of(line_ends, &range));
            let own_complaints;
            (own_complaints, complaints_left) = complaints_left.split_at_mut(rows_of(complaint_ends, &range));
            work.push((range, own_parts, own_complaints));
        }
        let folded: Vec<Folded> = work
            .into_par_iter()
            .map(|(range, parts, complaints)| {
                let mut folded = Folded::default();
                let (mut parts, mut complaints) = (parts, complaints);
                for customer in range {
                    let (own, others) = parts.split_at_mut(rows_of(line_ends, &(customer..customer + 1)));
                    folded.add(own);
                    parts = others;
                    let (own, others) =
                        complaints.split_at_mut(rows_of(complaint_ends, &(customer..customer + 1)));
                    own.sort_unstable();
                    complaints = others;
                }
                folded
            })
            .collect();
        drop(parts);

        self.orders.reserve_exact(folded.iter().map(|f| f.orders.len()).sum());
        self.later_lines.reserve_exact(folded.iter().map(|f| f.later_lines.len()).sum());
        self.ends.reserve_exact(complaint_ends.len());
        for folded in folded {
            let before = (self.orders.len(), self.later_lines.len());
            self.orders.extend_from_slice(&folded.orders);
            self.later_lines.extend_from_slice(&folded.later_lines);
            for (orders, later_lines) in folded.ends {
                let complaints = complaint_ends[self.ends.len()];
                self.ends.push(Ends {
                    orders: before.0 + orders,
                    later_lines: before.1 + later_lines,
                    complaints,
                });
            }
        }
    }
}

/// Ranges of customers that are folded at a time on one thread.
fn customer_ranges(customers: usize) -> Vec<Range<usize>> {
    const CUSTOMERS: usize = 8192;
    (0..customers).step_by(CUSTOMERS).map(|start| start..(start + CUSTOMERS).min(customers)).collect()
}

/// How many rows a range of customers has.
fn rows_of(ends: &[usize], range: &Range<usize>) -> usize {
    let end_of = |customers: usize| if customers == 0 { 0 } else { ends[customers - 1] };
    end_of(range.end) - end_of(range.start)
}

/// Rows on their way to their customer's place: a counting sort.
struct Grouped<R> {
    rows: Vec<R>,
    next: Vec<usize>,
}

impl<R: Copy + Blank> Grouped<R> {
    /// Room for the rows of each customer, given whose they are; and where each customer's rows end.
    fn new(customers_of_rows: impl Iterator<Item = u32>, customers: usize) -> (Self, Vec<usize>) {
        let mut ends = vec![0; customers];
        for customer in customers_of_rows {
            ends[customer as usize] += 1;
        }
        let mut total = 0;
        let mut next = Vec::with_capacity(customers);
        for end in &mut ends {
            next.push(total);
            total += *end;
            *end = total;
        }
        (Self { rows: vec![R::BLANK; total], next }, ends)
    }

    fn put(&mut self, customer: u32, row: R) {
        let place = &mut self.next[customer as usize];
        self.rows[*place] = row;
        *place += 1;
    }
}

/// A row that stands where none has come yet.
trait Blank {
    const BLANK: Self;
}

impl Blank for Instant {
    const BLANK: Self = Self::MIN;
}

impl Blank for OrderPart {
    const BLANK: Self = Self { order: 0, instant: Instant::MIN, amount: Amount::ZERO };
}

/// Lines of one order at one instant.
#[derive(Clone, Copy, Debug)]
struct OrderPart {
    order: u64,
    instant: Instant,
    amount: Amount,
}

/// A part of an order on its way into a history.
#[derive(Clone, Copy, Debug)]
struct Line {
    customer: u32,
    part: OrderPart,
}

/// More customers than a history can number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than 4,294,967,295 customers: split the input by customer")]
pub struct TooManyCustomers;

/// Collects rows in any order; [`History::fold`] makes a history of them.
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    kind: IdKind,
    customers: Interner,
    lines: Vec<Line>,
    complaints: Vec<(u32, Instant)>,
    /// Customers whose numbers are not looked up yet: the first of them is that of the line with this number, and each
    /// later one has the lines from its own on.
    waiting: Ids,
    waiting_from: Vec<usize>,
    /// The identifiers of the last line: most files have the lines of an order one after the other.
    last_customer: String,
    last_order: String,
}

/// So many customers wait to be looked up together.
const WAITING: usize = 4096;

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
    /// When there are more customers than can be numbered.
    pub fn add_line(
        &mut self,
        customer: &str,
        order: &str,
        instant: Instant,
        amount: Amount,
    ) -> Result<(), TooManyCustomers> {
        let same_customer = !self.lines.is_empty() && self.last_customer == customer;
        if same_customer
            && self.last_order == order
            && let Some(last) = self.lines.last_mut()
            && last.part.instant == instant
            && let Some(total) = last.part.amount.checked_add(amount)
        {
            last.part.amount = total;
            return Ok(());
        }
        if !same_customer {
            if self.waiting.len() == WAITING {
                self.look_up()?;
            }
            self.note_kind(customer);
            self.waiting.push(customer);
            self.waiting_from.push(self.lines.len());
            self.last_customer.clear();
            self.last_customer.push_str(customer);
        }
        self.last_order.clear();
        self.last_order.push_str(order);
        // The number is filled in when the customer is looked up; until then it is the one before's.
        let customer = self.lines.last().map_or(0, |line| line.customer);
        self.lines.push(Line { customer, part: OrderPart { order: fingerprint(order), instant, amount } });
        Ok(())
    }

    /// Looks up the customers who wait, and numbers their lines.
    fn look_up(&mut self) -> Result<(), TooManyCustomers> {
        let mut next = self
            .waiting_from
            .iter()
            .copied()
            .zip(self.waiting_from.iter().copied().skip(1).chain([self.lines.len()]));
        let lines = &mut self.lines;
        let number = |number| {
            if let Some((from, until)) = next.next() {
                lines[from..until].iter_mut().for_each(|line| line.customer = number);
            }
        };
        self.customers.intern_all(&self.waiting, number).ok_or(TooManyCustomers)?;
        // Lines that follow may still be the last customer's: they copy its number from the line before.
        self.waiting.clear();
        self.waiting_from.clear();
        Ok(())
    }

    /// Adds a complaint.
    ///
    /// # Errors
    /// When there are more customers than can be numbered.
    pub fn add_complaint(&mut self, customer: &str, instant: Instant) -> Result<(), TooManyCustomers> {
        self.note_kind(customer);
        let customer = self.customers.intern(customer).ok_or(TooManyCustomers)?;
        self.complaints.push((customer, instant));
        Ok(())
    }

    fn note_kind(&mut self, customer: &str) {
        if self.kind == IdKind::Integer && !is_decimal_integer(customer) {
            self.kind = IdKind::Text;
        }
    }
}

/// Whether a text is exactly the decimal form of an `i64`.
fn is_decimal_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

/// Orders and later lines of a range of customers.
#[derive(Default)]
struct Folded {
    orders: Vec<Order>,
    later_lines: Vec<LaterLine>,
    /// Where each customer's end.
    ends: Vec<(usize, usize)>,
    /// Where each order of the customer at hand is among their parts.
    places: Vec<Range<usize>>,
}

impl Folded {
    /// Folds one customer's parts of orders, in any order, to orders in time order.
    fn add(&mut self, parts: &mut [OrderPart]) {
        // Lines of one order need not be adjacent in the file.
        parts.sort_unstable_by_key(|part| (part.order, part.instant));
        self.places.clear();
        let mut start = 0;
        for order in parts.chunk_by(|a, b| a.order == b.order) {
            self.places.push(start..start + order.len());
            start += order.len();
        }
        self.places.sort_unstable_by_key(|place| (parts[place.start].instant, parts[place.start].order));
        for (number, place) in self.places.iter().enumerate() {
            let own = &parts[place.clone()];
            for (moment, at_once) in own.chunk_by(|a, b| a.instant == b.instant).enumerate() {
                let instant = at_once[0].instant;
                let amount = at_once.iter().map(|part| part.amount).sum();
                if moment == 0 {
                    self.orders.push(Order { instant, amount });
                } else {
                    self.later_lines.push(LaterLine { order: number as u32, instant, amount });
                }
            }
        }
        self.ends.push((self.orders.len(), self.later_lines.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn amount(amount: f64) -> Amount {
        Amount::new(amount).unwrap()
    }

    fn build(rows: &[(&str, &str, &str, f64)]) -> History {
        let mut builder = HistoryBuilder::default();
        for (customer, order, instant, money) in rows {
            builder.add_line(customer, order, at(instant), amount(*money)).unwrap();
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
    fn complaints_of_customers_without_orders_are_kept_apart() {
        let mut builder = HistoryBuilder::default();
        for (customer, instant) in [("c", "2024-02-01"), ("a", "2024-01-02"), ("c", "2024-01-01")] {
            builder.add_complaint(customer, at(instant)).unwrap();
        }
        builder.add_line("b", "1", at("2024-01-01"), amount(1.0)).unwrap();
        let history = History::fold(vec![builder]).unwrap();
        assert_eq!(history.customer(0).complaints, [at("2024-01-02")]);
        assert!(history.customer(1).complaints.is_empty());
        assert_eq!(history.customer(2).complaints, [at("2024-01-01"), at("2024-02-01")]);
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
                builder.add_line(customer, order, at(instant), amount(1.0)).unwrap();
            }
            builder
        };
        let apart = History::fold(vec![builder(&rows[..2]), builder(&rows[2..])]).unwrap();
        let together = History::fold(vec![builder(&rows)]).unwrap();
        assert_eq!(format!("{apart:?}"), format!("{together:?}"));
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
}
