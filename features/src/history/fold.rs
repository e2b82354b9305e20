//! The fold: rows in any order to every customer's orders in time order.

use std::ops::Range;

use rayon::prelude::*;

use super::builder::{HistoryBuilder, Line, OrderPart};
use super::{Ends, History, LaterLine, Order, TooManyCustomers};
use crate::id::{IdKind, merge_sorted};
use crate::units::{Amount, Instant};

/// So many customers are folded at a time on one thread.
const FOLDED_AT_A_TIME: usize = 8192;

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

        let lines: Vec<Rows<'_, Line>> =
            rows.iter().zip(&places).map(|((lines, _), place)| Rows { rows: lines, place }).collect();
        let (parts, line_ends) = group(&lines, customers.len(), |line| line.customer, |line| line.part);
        let complaints: Vec<Rows<'_, (u32, Instant)>> = rows
            .iter()
            .zip(&places)
            .map(|((_, complaints), place)| Rows { rows: complaints, place })
            .collect();
        let (complaints, complaint_ends) =
            group(&complaints, customers.len(), |&(customer, _)| customer, |&(_, instant)| instant);
        drop((rows, places));
        let mut history = Self { kind, customers, complaints, ..Self::default() };
        history.fold_orders(parts, &line_ends, &complaint_ends);
        Ok(history)
    }

    /// Folds every customer's lines to orders and sorts their complaints; fills in everything but the identifiers.
    fn fold_orders(&mut self, mut parts: Vec<OrderPart>, line_ends: &[usize], complaint_ends: &[usize]) {
        let ranges = ranges_of(self.customers.len(), FOLDED_AT_A_TIME);
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

/// Ranges of so many customers.
fn ranges_of(customers: usize, each: usize) -> Vec<Range<usize>> {
    (0..customers).step_by(each).map(|start| start..(start + each).min(customers)).collect()
}

/// A range of customers for each thread.
fn shares(customers: usize, threads: usize) -> Vec<Range<usize>> {
    ranges_of(customers, customers.div_ceil(threads).max(1))
}

/// How many rows a range of customers has.
fn rows_of(ends: &[usize], range: &Range<usize>) -> usize {
    let end_of = |customers: usize| if customers == 0 { 0 } else { ends[customers - 1] };
    end_of(range.end) - end_of(range.start)
}

/// A builder's rows, and the place of each of its customers among all.
struct Rows<'a, R> {
    rows: &'a [R],
    place: &'a [u32],
}

/// The rows of one customer after those of another, by a counting sort, and where each customer's end.
///
/// Every thread has customers of its own: it passes over all rows and puts theirs in their place, so no two threads
/// write to the same memory.
fn group<R: Sync, T: Copy + Blank + Send>(
    sources: &[Rows<'_, R>],
    customers: usize,
    customer: impl Fn(&R) -> u32 + Sync,
    kept: impl Fn(&R) -> T + Sync,
) -> (Vec<T>, Vec<usize>) {
    let place = |source: &Rows<'_, R>, row: &R| source.place[customer(row) as usize] as usize;
    let ranges = shares(customers, rayon::current_num_threads());
    let counts: Vec<Vec<usize>> = ranges
        .par_iter()
        .map(|range| {
            let mut counts = vec![0; range.len()];
            for source in sources {
                for row in source.rows {
                    if let Some(count) = counts.get_mut(place(source, row).wrapping_sub(range.start)) {
                        *count += 1;
                    }
                }
            }
            counts
        })
        .collect();
    let mut total = 0;
    let ends: Vec<usize> = counts
        .into_iter()
        .flatten()
        .map(|count: usize| {
            total += count;
            total
        })
        .collect();

    let mut grouped = vec![T::BLANK; total];
    let (mut work, mut left) = (Vec::with_capacity(ranges.len()), grouped.as_mut_slice());
    for range in ranges {
        let own;
        (own, left) = left.split_at_mut(rows_of(&ends, &range));
        work.push((range, own));
    }
    work.into_par_iter().for_each(|(range, own)| {
        let start_of = |customer: usize| if customer == 0 { 0 } else { ends[customer - 1] };
        let before = start_of(range.start);
        let mut next: Vec<usize> = range.clone().map(|customer| start_of(customer) - before).collect();
        for source in sources {
            for row in source.rows {
                if let Some(next) = next.get_mut(place(source, row).wrapping_sub(range.start)) {
                    own[*next] = kept(row);
                    *next += 1;
                }
            }
        }
    });
    (grouped, ends)
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
