//! A shard: the folded rows of some of the customers.

use std::ops::Range;

use super::builder::{OrderPart, Part};
use super::{CustomerHistory, LaterLine, Order, TooManyCustomers};
use crate::id::{IdKind, Ids, Interner, sorted};
use crate::units::{Amount, Instant};

/// Some of the customers with their orders and complaints, sorted by identifier: who walks over all customers in the
/// order of identifiers walks through every shard from front to back.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) customers: Ids,
    pub(super) orders: Vec<Order>,
    later_lines: Vec<LaterLine>,
    pub(super) complaints: Vec<Instant>,
    ends: Vec<Ends>,
}

/// Where a customer's slices end (they start where the one before ends).
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    orders: usize,
    later_lines: usize,
    complaints: usize,
}

impl Shard {
    /// Folds the rows of one part of the customers, from several builders.
    pub(super) fn fold(parts: Vec<Part>, kind: IdKind) -> Result<Self, TooManyCustomers> {
        let mut customers = Interner::default();
        let mut number = |ids: &Ids| -> Result<Vec<u32>, TooManyCustomers> {
            ids.iter().map(|id| customers.intern(id).ok_or(TooManyCustomers)).collect()
        };
        let mut run_numbers = Vec::with_capacity(parts.len());
        let mut complaint_numbers = Vec::with_capacity(parts.len());
        for part in &parts {
            run_numbers.push(number(&part.run_customers)?);
            complaint_numbers.push(number(&part.complaint_customers)?);
        }
        let seen = customers.into_ids();
        let (mut customers, mut place) = (Ids::default(), vec![0; seen.len()]);
        for (to, from) in sorted(&[&seen], kind).ok_or(TooManyCustomers)?.iter().enumerate() {
            customers.push(seen.get(from.number as usize));
            place[from.number as usize] = to as u32;
        }

        let lines = || {
            parts.iter().zip(&run_numbers).flat_map(|(part, numbers)| {
                runs(part).zip(numbers).flat_map(|(run, &number)| {
                    let customer = place[number as usize];
                    run.iter().map(move |line| (customer, *line))
                })
            })
        };
        let (mut lines, line_ends) = group(lines, customers.len(), BLANK);
        let complaints = || {
            let numbered = parts.iter().zip(&complaint_numbers);
            numbered.flat_map(|(part, numbers)| {
                numbers.iter().map(|&number| place[number as usize]).zip(part.complaints.iter().copied())
            })
        };
        let (mut complaints, complaint_ends) = group(complaints, customers.len(), Instant::MIN);
        drop(parts);

        let mut shard = Self { customers, ..Self::default() };
        let mut places = Vec::new();
        let (mut line, mut complaint) = (0, 0);
        for (line_end, complaint_end) in line_ends.into_iter().zip(complaint_ends) {
            shard.add_orders(&mut lines[line..line_end], &mut places);
            complaints[complaint..complaint_end].sort_unstable();
            shard.ends.push(Ends {
                orders: shard.orders.len(),
                later_lines: shard.later_lines.len(),
                complaints: complaint_end,
            });
            (line, complaint) = (line_end, complaint_end);
        }
        shard.orders.shrink_to_fit();
        shard.complaints = complaints;
        Ok(shard)
    }

    /// The history of one customer, by number in the shard.
    pub(super) fn customer(&self, number: usize) -> CustomerHistory<'_> {
        let start = if number == 0 { Ends::default() } else { self.ends[number - 1] };
        let end = self.ends[number];
        CustomerHistory {
            orders: &self.orders[start.orders..end.orders],
            later_lines: &self.later_lines[start.later_lines..end.later_lines],
            complaints: &self.complaints[start.complaints..end.complaints],
        }
    }

    /// Folds one customer's lines, in any order, to orders in time order. `places` is memory to use again.
    fn add_orders(&mut self, lines: &mut [OrderPart], places: &mut Vec<Range<usize>>) {
        // Lines of one order need not be adjacent in the file.
        lines.sort_unstable_by_key(|line| (line.order, line.instant));
        places.clear();
        let mut start = 0;
        for order in lines.chunk_by(|a, b| a.order == b.order) {
            places.push(start..start + order.len());
            start += order.len();
        }
        places.sort_unstable_by_key(|place| (lines[place.start].instant, lines[place.start].order));
        for (number, place) in places.iter().enumerate() {
            let own = &lines[place.clone()];
            for (moment, at_once) in own.chunk_by(|a, b| a.instant == b.instant).enumerate() {
                let instant = at_once[0].instant;
                let amount = at_once.iter().map(|line| line.amount).sum();
                if moment == 0 {
                    self.orders.push(Order { instant, amount });
                } else {
                    self.later_lines.push(LaterLine { order: number as u32, instant, amount });
                }
            }
        }
    }
}

/// What stands where no line has come yet.
const BLANK: OrderPart = OrderPart { order: 0, instant: Instant::MIN, amount: Amount::ZERO };

/// The runs of lines of a part.
fn runs(part: &Part) -> impl Iterator<Item = &[OrderPart]> {
    let ends = part.run_starts.iter().skip(1).map(|&start| start as usize).chain([part.lines.len()]);
    part.run_starts.iter().zip(ends).map(|(&start, end)| &part.lines[start as usize..end])
}

/// The rows of one customer after those of another, by a counting sort, and where each customer's end.
fn group<T: Copy, I: Iterator<Item = (u32, T)>>(
    rows: impl Fn() -> I,
    customers: usize,
    blank: T,
) -> (Vec<T>, Vec<usize>) {
    // First how many each has, then where each one's next row goes: after the last, that is where it ends.
    let mut next = vec![0; customers];
    for (customer, _) in rows() {
        next[customer as usize] += 1;
    }
    let mut total = 0;
    for place in &mut next {
        let count = *place;
        *place = total;
        total += count;
    }
    let mut grouped = vec![blank; total];
    for (customer, row) in rows() {
        let place = &mut next[customer as usize];
        grouped[*place] = row;
        *place += 1;
    }
    (grouped, next)
}
