//! A part of the customers: their rows as they came, and the same sorted, where each thing stands once.

use super::TooManyCustomers;
use super::event::{Complaint, Contact, Contract, Discount, Profile, Word};
use super::rows::{Grouped, Kind, Runs, group};
use crate::id::{IdKind, Ids, Interner, sorted};
use crate::units::{Amount, Instant};

/// What the lines of an order at one instant come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LineSum {
    /// The order's fingerprint.
    pub(super) order: u64,
    pub(super) instant: Instant,
    pub(super) amount: Amount,
}

/// A product a customer bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstBuy {
    /// The product's fingerprint.
    pub(super) product: u64,
    pub(super) instant: Instant,
}

/// The rows of some of the customers, as they came.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) lines: Runs<LineSum>,
    pub(super) cancellations: Runs<LineSum>,
    pub(super) first_buys: Runs<FirstBuy>,
    pub(super) discounts: Runs<Discount>,
    pub(super) complaints: Runs<Complaint>,
    pub(super) contacts: Runs<Contact>,
    pub(super) profiles: Runs<Profile>,
    pub(super) contracts: Runs<Contract>,
}

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.rows.is_empty()
            && self.cancellations.rows.is_empty()
            && self.first_buys.rows.is_empty()
            && self.discounts.rows.is_empty()
            && self.complaints.rows.is_empty()
            && self.contacts.rows.is_empty()
            && self.profiles.rows.is_empty()
            && self.contracts.rows.is_empty()
    }
}

/// The rows of some of the customers, by customer in the order of identifiers, and each thing once: lines of an order
/// at one instant are one sum, a product stands where it was first bought.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) customers: Ids,
    pub(super) lines: Grouped<LineSum>,
    pub(super) cancellations: Grouped<LineSum>,
    pub(super) first_buys: Grouped<FirstBuy>,
    pub(super) discounts: Grouped<Discount>,
    pub(super) complaints: Grouped<Complaint>,
    pub(super) contacts: Grouped<Contact>,
    pub(super) profiles: Grouped<Profile>,
    pub(super) contracts: Grouped<Contract>,
}

impl From<Sorted> for Part {
    fn from(sorted: Sorted) -> Self {
        let customers = &sorted.customers;
        Self {
            lines: Runs::of(customers, sorted.lines),
            cancellations: Runs::of(customers, sorted.cancellations),
            first_buys: Runs::of(customers, sorted.first_buys),
            discounts: Runs::of(customers, sorted.discounts),
            complaints: Runs::of(customers, sorted.complaints),
            contacts: Runs::of(customers, sorted.contacts),
            profiles: Runs::of(customers, sorted.profiles),
            contracts: Runs::of(customers, sorted.contracts),
        }
    }
}

impl Sorted {
    /// Sorts the rows of one part of the customers, from several builders.
    pub(super) fn of(parts: Vec<Part>, kind: IdKind) -> Result<Self, TooManyCustomers> {
        let mut seen = Interner::default();
        let mut lines = numbers(&parts, |part| &part.lines, &mut seen)?;
        let mut cancellations = numbers(&parts, |part| &part.cancellations, &mut seen)?;
        let mut first_buys = numbers(&parts, |part| &part.first_buys, &mut seen)?;
        let mut discounts = numbers(&parts, |part| &part.discounts, &mut seen)?;
        let mut complaints = numbers(&parts, |part| &part.complaints, &mut seen)?;
        let mut contacts = numbers(&parts, |part| &part.contacts, &mut seen)?;
        let mut profiles = numbers(&parts, |part| &part.profiles, &mut seen)?;
        let mut contracts = numbers(&parts, |part| &part.contracts, &mut seen)?;

        let seen = seen.into_ids();
        let (mut customers, mut places) = (Ids::default(), vec![0; seen.len()]);
        for (to, from) in sorted(&[&seen], kind).ok_or(TooManyCustomers)?.iter().enumerate() {
            customers.push(seen.get(from.number as usize));
            places[from.number as usize] = to as u32;
        }
        let all = [
            &mut lines,
            &mut cancellations,
            &mut first_buys,
            &mut discounts,
            &mut complaints,
            &mut contacts,
            &mut profiles,
            &mut contracts,
        ];
        for number in all.into_iter().flatten().flatten() {
            *number = places[*number as usize];
        }
        let count = customers.len();
        Ok(Self {
            customers,
            lines: group(&lists(&parts, |part| &part.lines), &lines, count)?,
            cancellations: group(&lists(&parts, |part| &part.cancellations), &cancellations, count)?,
            first_buys: group(&lists(&parts, |part| &part.first_buys), &first_buys, count)?,
            discounts: group(&lists(&parts, |part| &part.discounts), &discounts, count)?,
            complaints: group(&lists(&parts, |part| &part.complaints), &complaints, count)?,
            contacts: group(&lists(&parts, |part| &part.contacts), &contacts, count)?,
            profiles: group(&lists(&parts, |part| &part.profiles), &profiles, count)?,
            contracts: group(&lists(&parts, |part| &part.contracts), &contracts, count)?,
        })
    }
}

fn lists<T>(parts: &[Part], of: impl Fn(&Part) -> &Runs<T>) -> Vec<&Runs<T>> {
    parts.iter().map(of).collect()
}

/// The number of each run's customer, in the order customers are first seen.
fn numbers<T>(
    parts: &[Part],
    of: impl Fn(&Part) -> &Runs<T>,
    seen: &mut Interner,
) -> Result<Vec<Vec<u32>>, TooManyCustomers> {
    let number = |id: &str, seen: &mut Interner| seen.intern(id).ok_or(TooManyCustomers);
    parts.iter().map(|part| of(part).customers.iter().map(|id| number(id, seen)).collect()).collect()
}

impl Kind for LineSum {
    const BLANK: Self = Self { order: 0, instant: Instant::MIN, amount: Amount::ZERO };

    fn sort(rows: &mut [Self]) {
        // Lines of one order need not be adjacent in the file.
        rows.sort_unstable_by_key(|line| (line.order, line.instant, line.amount));
    }

    fn absorb(&mut self, next: &Self) -> bool {
        if (self.order, self.instant) != (next.order, next.instant) {
            return false;
        }
        // What cannot be held in one sum stays in two: the sums over them are exact all the same.
        self.amount.checked_add(next.amount).map(|total| self.amount = total).is_some()
    }
}

impl Kind for FirstBuy {
    const BLANK: Self = Self { product: 0, instant: Instant::MIN };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable_by_key(|buy| (buy.product, buy.instant));
    }

    fn absorb(&mut self, next: &Self) -> bool {
        self.product == next.product
    }
}

impl Kind for Discount {
    const BLANK: Self = Self { instant: Instant::MIN, amount: Amount::ZERO };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable_by_key(|discount| (discount.instant, discount.amount));
    }

    fn absorb(&mut self, next: &Self) -> bool {
        self.instant == next.instant
            && self.amount.checked_add(next.amount).map(|total| self.amount = total).is_some()
    }
}

impl Kind for Complaint {
    const BLANK: Self = Self::at(Instant::MIN);

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable();
    }

    fn absorb(&mut self, _next: &Self) -> bool {
        false
    }
}

impl Kind for Contact {
    const BLANK: Self = Self { instant: Instant::MIN, channel: None, offer: None };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable();
    }

    fn absorb(&mut self, _next: &Self) -> bool {
        false
    }
}

impl Kind for Profile {
    const BLANK: Self = Self { attribute: Word::BLANK, from: None, value: None };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable();
    }

    fn absorb(&mut self, next: &Self) -> bool {
        self == next
    }
}

impl Kind for Contract {
    const BLANK: Self = Self { start: Instant::MIN, end: None };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable();
    }

    fn absorb(&mut self, next: &Self) -> bool {
        self == next
    }
}
