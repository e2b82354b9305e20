//! Rows that were sent again: which of a part's new rows are among those that are kept.

use std::ops::AddAssign;

use super::TooManyCustomers;
use super::part::{LineSum, Sorted};
use super::rows::Grouped;
use super::wire::Wire;
use crate::id::Interner;

/// New rows of a part of the customers, compared with what is kept.
///
/// Rows are the same that are the same in everything a history keeps: what an order's lines at an instant come to, a
/// cancellation, a discount, a complaint, a contact. An order that comes again with other lines is another.
pub(super) struct Again {
    new: Sorted,
    numbers: Interner,
    lines: Vec<bool>,
    /// Lines of orders that are kept with the same instant, whatever the amount.
    begun: Vec<bool>,
    /// Lines of orders that are kept with the same amount, whatever the instant.
    moved: Vec<bool>,
    cancellations: Vec<bool>,
    first_buys: Vec<bool>,
    discounts: Vec<bool>,
    complaints: Vec<bool>,
    contacts: Vec<bool>,
    profiles: Vec<bool>,
}

impl Again {
    pub(super) fn new(new: Sorted) -> Result<Self, TooManyCustomers> {
        let mut numbers = Interner::default();
        for id in new.customers.iter() {
            numbers.add(id).ok_or(TooManyCustomers)?;
        }
        Ok(Self {
            lines: vec![false; new.lines.len()],
            begun: vec![false; new.lines.len()],
            moved: vec![false; new.lines.len()],
            cancellations: vec![false; new.cancellations.len()],
            first_buys: vec![false; new.first_buys.len()],
            discounts: vec![false; new.discounts.len()],
            complaints: vec![false; new.complaints.len()],
            contacts: vec![false; new.contacts.len()],
            profiles: vec![false; new.profiles.len()],
            numbers,
            new,
        })
    }

    /// Notes which of the new rows are among kept ones.
    pub(super) fn compare(&mut self, kept: &Sorted) {
        let kept_ids = kept.customers.iter().enumerate();
        let in_both: Vec<(usize, usize)> = kept_ids
            .filter_map(|(place, id)| Some((self.numbers.find(id.as_bytes())? as usize, place)))
            .collect();
        let new = &self.new;
        mark(&mut self.lines, &new.lines, &kept.lines, &in_both, LineSum::words);
        let order_and_instant = |line: &LineSum| (line.order, line.instant);
        mark(&mut self.begun, &new.lines, &kept.lines, &in_both, order_and_instant);
        let order_and_amount = |line: &LineSum| (line.order, line.amount);
        mark(&mut self.moved, &new.lines, &kept.lines, &in_both, order_and_amount);
        mark(&mut self.cancellations, &new.cancellations, &kept.cancellations, &in_both, Wire::words);
        mark(&mut self.first_buys, &new.first_buys, &kept.first_buys, &in_both, Wire::words);
        mark(&mut self.discounts, &new.discounts, &kept.discounts, &in_both, Wire::words);
        mark(&mut self.complaints, &new.complaints, &kept.complaints, &in_both, Wire::words);
        mark(&mut self.contacts, &new.contacts, &kept.contacts, &in_both, Wire::words);
        mark(&mut self.profiles, &new.profiles, &kept.profiles, &in_both, Wire::words);
    }

    /// How many of the orders are kept already.
    pub(super) fn orders(&self) -> SentAgain {
        let mut orders = SentAgain::default();
        for ((&same, &begun), &moved) in self.lines.iter().zip(&self.begun).zip(&self.moved) {
            let count = match () {
                () if same => &mut orders.same,
                () if begun => &mut orders.other_amount,
                () if moved => &mut orders.other_instant,
                () => continue,
            };
            *count += 1;
        }
        orders
    }

    /// All new rows.
    pub(super) fn into_all(self) -> Sorted {
        self.new
    }

    /// The new rows that are not kept already.
    pub(super) fn into_others(self) -> Sorted {
        let new = self.new;
        Sorted {
            lines: new.lines.without(&self.lines),
            cancellations: new.cancellations.without(&self.cancellations),
            first_buys: new.first_buys.without(&self.first_buys),
            discounts: new.discounts.without(&self.discounts),
            complaints: new.complaints.without(&self.complaints),
            contacts: new.contacts.without(&self.contacts),
            profiles: new.profiles.without(&self.profiles),
            // What is said of contracts last counts, and what is said of them again is said last.
            contracts: new.contracts,
            customers: new.customers,
        }
    }
}

/// Orders among new rows that are kept already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentAgain {
    /// With the same instant and amount.
    pub same: u64,
    /// With the same instant and another amount: with other lines, it seems.
    pub other_amount: u64,
    /// With the same amount at another instant: as where times are written otherwise than they were.
    pub other_instant: u64,
}

impl AddAssign for SentAgain {
    fn add_assign(&mut self, other: Self) {
        self.same += other.same;
        self.other_amount += other.other_amount;
        self.other_instant += other.other_instant;
    }
}

/// So few comparisons of one row with another are less work than sorting.
const FEW: usize = 1 << 10;

/// Marks the rows that are kept, by what `key` says of them: `in_both` are the places of customers among the new ones and
/// the kept ones.
fn mark<T: Wire, K: Ord>(
    marks: &mut [bool],
    new: &Grouped<T>,
    kept: &Grouped<T>,
    in_both: &[(usize, usize)],
    key: impl Fn(&T) -> K,
) {
    if marks.is_empty() || kept.len() == 0 {
        return;
    }
    for &(place, kept_place) in in_both {
        let (own, known) = (new.range(place), kept.of(kept_place));
        if own.len() * known.len() <= FEW {
            for row in own {
                let row_key = key(&new.rows()[row]);
                marks[row] |= known.iter().any(|known| key(known) == row_key);
            }
        } else {
            let mut known: Vec<K> = known.iter().map(&key).collect();
            known.sort_unstable();
            for row in own {
                marks[row] |= known.binary_search(&key(&new.rows()[row])).is_ok();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::units::{Amount, Instant};

    /// The rows of one customer, with an order in each of some minutes.
    fn minutes(minutes: impl Iterator<Item = i64>) -> Sorted {
        let mut builder = HistoryBuilder::default();
        for minute in minutes {
            let at = Instant::from_micros(minute * 60_000_000).unwrap();
            builder.add_line("a", &minute.to_string(), at, Amount::from_millionths(5));
        }
        let (mut logs, kind, ..) = builder.finish();
        logs.retain(|log| !log.is_empty());
        Sorted::of(logs, Vec::new(), kind).unwrap()
    }

    #[test]
    fn a_customer_with_many_orders_is_compared_as_one_with_few() {
        // One by one, 100,000 orders would take 10 billion comparisons.
        for count in [10, 100_000] {
            let mut again = Again::new(minutes(0..count)).unwrap();
            again.compare(&minutes((0..count).step_by(2)));
            assert_eq!(again.orders(), SentAgain { same: count as u64 / 2, ..SentAgain::default() });
            assert_eq!(again.into_others().lines, minutes((1..count).step_by(2)).lines);
        }
    }
}
