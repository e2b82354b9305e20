//! The fold: rows in any order to every customer's orders in time order.

use std::ops::Range;

use rayon::prelude::*;

use super::builder::{HistoryBuilder, Line, OrderPart};
use super::{Ends, History, LaterLine, Order, TooManyCustomers};
use crate::id::{IdKind, merge_sorted};
use crate::units::{Amount, Instant};

impl History {
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
