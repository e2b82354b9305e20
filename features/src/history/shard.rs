//! A shard: some of the customers with what happened to them, folded to orders.

use std::ops::Range;

use super::event::{Complaint, Contact, Contract, Discount, LaterLine, Order, Profile};
use super::part::{FirstBuy, LineSum, Sorted};
use super::rows::Grouped;
use super::told::Told;
use super::{CustomerHistory, TooManyCustomers};
use crate::id::Ids;
use crate::units::{Amount, Instant};

/// Some of the customers with their orders and all else, sorted by identifier: who walks over all customers in the
/// order of identifiers walks through every shard from front to back.
#[derive(Debug, Default)]
pub(super) struct Shard {
    pub(super) customers: Ids,
    orders: Grouped<Order>,
    later_lines: Grouped<LaterLine>,
    first_buys: Grouped<Instant>,
    discounts: Grouped<Discount>,
    complaints: Grouped<Complaint>,
    contacts: Grouped<Contact>,
    profiles: Grouped<Profile>,
    contracts: Grouped<Contract>,
}

impl Shard {
    /// Folds sorted rows to orders.
    pub(super) fn fold(rows: Sorted) -> Result<Self, TooManyCustomers> {
        let mut orders = Orders::with_capacity(rows.customers.len(), rows.lines.len());
        for customer in 0..rows.customers.len() {
            orders.add(rows.lines.of(customer), rows.cancellations.of(customer))?;
        }
        let first_buys = first_instants(&rows.first_buys, rows.customers.len())?;
        Ok(Self {
            customers: rows.customers,
            orders: orders.orders.settled(),
            later_lines: orders.later_lines.settled(),
            first_buys,
            discounts: rows.discounts.map(|&LineSum { instant, amount, .. }| Discount { instant, amount }),
            complaints: rows.complaints,
            contacts: rows.contacts,
            profiles: rows.profiles,
            contracts: rows.contracts,
        })
    }

    /// The history of one customer, by number in the shard.
    pub(super) fn customer(&self, number: usize) -> CustomerHistory<'_> {
        CustomerHistory {
            orders: self.orders.of(number),
            later_lines: self.later_lines.of(number),
            first_buys: self.first_buys.of(number),
            discounts: self.discounts.of(number),
            complaints: self.complaints.of(number),
            contacts: self.contacts.of(number),
            profiles: self.profiles.of(number),
            contracts: self.contracts.of(number),
        }
    }

    pub(super) fn contracts(&self) -> &[Contract] {
        self.contracts.rows()
    }

    pub(super) fn orders(&self) -> &[Order] {
        self.orders.rows()
    }

    /// The number of customers with an order.
    pub(super) fn buyer_count(&self) -> usize {
        let others = [
            self.complaints.len(),
            self.contacts.len(),
            self.profiles.len(),
            self.contracts.len(),
            self.later_lines.len(),
        ];
        // Who has nothing else is there for an order.
        if others == [0; 5] {
            return self.customers.len();
        }
        (0..self.customers.len()).filter(|&number| !self.orders.of(number).is_empty()).count()
    }

    /// Of whom rows of each kind tell, and who of them has an order.
    pub(super) fn told(&self) -> Told {
        let mut told = Told::default();
        let counts = [self.complaints.len(), self.contacts.len(), self.profiles.len(), self.contracts.len()];
        if counts == [0; 4] {
            return told;
        }
        for number in 0..self.customers.len() {
            let rows = [
                self.complaints.of(number).len(),
                self.contacts.of(number).len(),
                self.profiles.of(number).len(),
                self.contracts.of(number).len(),
            ];
            let has_order = !self.orders.of(number).is_empty();
            told.0.iter_mut().zip(rows).for_each(|(told, rows)| told.count(rows, has_order));
        }
        told
    }

    pub(super) fn complaint_count(&self) -> usize {
        self.complaints.len()
    }
}

/// When each customer's products were first bought, ascending: which they were no longer matters.
fn first_instants(buys: &Grouped<FirstBuy>, customers: usize) -> Result<Grouped<Instant>, TooManyCustomers> {
    let mut instants = Grouped::with_capacity(customers, buys.len());
    let mut own: Vec<Instant> = Vec::new();
    for customer in 0..customers {
        own.clear();
        own.extend(buys.of(customer).iter().map(|buy| buy.instant));
        // Segments of before 2026-11-29 have them by product.
        if !own.is_sorted() {
            own.sort_unstable();
        }
        own.iter().for_each(|&instant| instants.push(instant));
        instants.end_customer()?;
    }
    Ok(instants.settled())
}

/// Orders in the making, customer by customer.
struct Orders {
    orders: Grouped<Order>,
    later_lines: Grouped<LaterLine>,
    seen: Seen,
    /// Where each order of the customer stands among the lines.
    places: Vec<Range<usize>>,
    /// The customer's lines by order, where some order has several.
    lines: Vec<LineSum>,
}

/// A sieve for order fingerprints: what passes it is new, what does not may be.
struct Seen([u64; SIEVE_WORDS]);

const SIEVE_WORDS: usize = 64;

impl Seen {
    fn are_all_different(&mut self, lines: &[LineSum]) -> bool {
        // With many lines the sieve lets none pass.
        if lines.len() > SIEVE_WORDS {
            return false;
        }
        self.0.fill(0);
        lines.iter().all(|line| {
            let word = &mut self.0[line.order as usize % SIEVE_WORDS];
            let bit = 1 << (line.order >> 32 & 63);
            let is_new = *word & bit == 0;
            *word |= bit;
            is_new
        })
    }
}

impl Orders {
    fn with_capacity(customers: usize, lines: usize) -> Self {
        Self {
            orders: Grouped::with_capacity(customers, lines),
            later_lines: Grouped::with_capacity(customers, 0),
            seen: Seen([0; SIEVE_WORDS]),
            places: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Folds one customer's lines, sorted by instant and order, to orders in time order.
    fn add(&mut self, lines: &[LineSum], cancellations: &[LineSum]) -> Result<(), TooManyCustomers> {
        if cancellations.is_empty() && self.seen.are_all_different(lines) {
            self.orders
                .extend(lines.iter().map(|&LineSum { instant, amount, .. }| Order { instant, amount }));
        } else {
            self.put_together(lines, cancellations);
        }
        self.orders.end_customer()?;
        self.later_lines.end_customer()
    }

    /// Puts orders together that have several lines.
    fn put_together(&mut self, lines: &[LineSum], cancellations: &[LineSum]) {
        let mut by_order = std::mem::take(&mut self.lines);
        by_order.clear();
        by_order.extend_from_slice(lines);
        by_order.sort_unstable_by_key(order_instant_amount);
        put_in(&mut by_order, cancellations);
        let lines = &by_order;
        self.places.clear();
        let mut start = 0;
        for order in lines.chunk_by(|a, b| a.order == b.order) {
            self.places.push(start..start + order.len());
            start += order.len();
        }
        self.places.sort_unstable_by_key(|place| (lines[place.start].instant, lines[place.start].order));
        for (number, place) in self.places.iter().enumerate() {
            let own = &lines[place.clone()];
            for (moment, at_once) in own.chunk_by(|a, b| a.instant == b.instant).enumerate() {
                let instant = at_once[0].instant;
                let amount: Amount = at_once.iter().map(|line| line.amount).sum();
                if moment == 0 {
                    self.orders.push(Order { instant, amount });
                } else {
                    self.later_lines.push(LaterLine { order: number as u32, instant, amount });
                }
            }
        }
        self.lines = by_order;
    }
}

fn order_instant_amount(line: &LineSum) -> (u64, Instant, Amount) {
    (line.order, line.instant, line.amount)
}

/// Puts cancellations in among lines, which are sorted by order and instant, and so they are afterwards.
///
/// A cancellation that is dated before its order (by a clock that only knows days, say) cannot wait for it without a
/// look ahead: it is a return that stands alone until the order begins, and part of the order from then on.
fn put_in(all: &mut Vec<LineSum>, cancellations: &[LineSum]) {
    if cancellations.is_empty() {
        return;
    }
    let lines = all.len();
    for &cancellation in cancellations {
        let own = all[..lines].partition_point(|line| line.order < cancellation.order);
        let begins = all[..lines].get(own).filter(|line| line.order == cancellation.order);
        match begins.map(|line| line.instant) {
            Some(begins) if cancellation.instant < begins => {
                let alone = LineSum { order: !cancellation.order, ..cancellation };
                let undone = LineSum { instant: begins, amount: alone.amount.negated(), ..alone };
                all.extend([alone, undone, LineSum { instant: begins, ..cancellation }]);
            }
            _ => all.push(cancellation),
        }
    }
    all.sort_unstable_by_key(order_instant_amount);
}
