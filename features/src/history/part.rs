//! A part of the customers: their rows put together, and the same sorted, where each thing stands once.

use std::borrow::Borrow;
use std::cmp::Reverse;

use super::event::{Complaint, Contact, Contract, Discount, Profile, Word};
use super::log::{Log, Tag};
use super::rows::{Grouped, Kind, Numbered};
use super::wire::{Damaged, Reader, text};
use super::{HistoryError, TooManyCustomers};
use crate::id::{IdKind, Ids, Interner, sorted};
use crate::units::{Amount, Instant};

/// What the lines of an order at one instant come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineSum {
    /// The order's fingerprint.
    pub(crate) order: u64,
    pub(crate) instant: Instant,
    pub(crate) amount: Amount,
}

/// A product a customer bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstBuy {
    /// The product's fingerprint.
    pub(super) product: u64,
    pub(super) instant: Instant,
}

/// The rows of some of the customers, by customer in the order of identifiers, and each thing once: lines of an order
/// at one instant are one sum, a product stands where it was first bought.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) customers: Ids,
    pub(super) lines: Grouped<LineSum>,
    pub(super) cancellations: Grouped<LineSum>,
    pub(super) first_buys: Grouped<FirstBuy>,
    /// What was taken off the prices of an order's lines at one instant.
    pub(super) discounts: Grouped<LineSum>,
    pub(super) complaints: Grouped<Complaint>,
    pub(super) contacts: Grouped<Contact>,
    pub(super) profiles: Grouped<Profile>,
    pub(super) contracts: Grouped<Contract>,
}

impl Sorted {
    /// Sorts the rows of one part of the customers: what was sorted before, the oldest first, and what came in logs since.
    pub(super) fn of(
        logs: impl IntoIterator<Item: Borrow<Log>>,
        held: Vec<Self>,
        kind: IdKind,
    ) -> Result<Self, HistoryError> {
        let mut rows = Collector::default();
        for sorted in held {
            rows.take_in(&sorted)?;
        }
        for log in logs {
            // Nearly all rows are lines, and most name their customer.
            rows.lines.reserve(log.borrow().bytes() / LINE_BYTES);
            // What is given and not lent is dropped as soon as it is read.
            log.borrow().read(&mut rows)?;
        }
        Ok(rows.sorted(kind)?)
    }

    /// The rows of one customer; `None` where there are none. They are sorted as this kind of identifiers is.
    pub(super) fn only(&self, customer: &str, kind: IdKind) -> Option<Self> {
        let number = self.customers.find(customer, kind)?;
        let mut customers = Ids::default();
        customers.push(customer);
        Some(Self {
            customers,
            lines: self.lines.only(number),
            cancellations: self.cancellations.only(number),
            first_buys: self.first_buys.only(number),
            discounts: self.discounts.only(number),
            complaints: self.complaints.only(number),
            contacts: self.contacts.only(number),
            profiles: self.profiles.only(number),
            contracts: self.contracts.only(number),
        })
    }
}

/// A line in a log takes about so many bytes.
const LINE_BYTES: usize = 40;

/// The rows of one part of the customers on their way to be sorted.
#[derive(Debug, Default)]
pub(super) struct Collector {
    seen: Interner,
    /// The number of the customer whose rows come.
    customer: u32,
    lines: Numbered<LineSum>,
    cancellations: Numbered<LineSum>,
    first_buys: Numbered<FirstBuy>,
    discounts: Numbered<LineSum>,
    complaints: Numbered<Complaint>,
    contacts: Numbered<Contact>,
    profiles: Numbered<Profile>,
    contracts: Numbered<SaidContract>,
    /// Counts what says something of contracts: what comes later says it better.
    edition: u64,
}

impl Collector {
    /// The rows that come are a customer's.
    pub(super) fn turn_to(&mut self, id: &[u8]) -> Result<(), HistoryError> {
        self.customer = match self.seen.find(id) {
            Some(known) => known,
            None => self.seen.add(text(id)?).ok_or(TooManyCustomers)?,
        };
        Ok(())
    }

    /// Takes in the customer's next row.
    pub(super) fn add(&mut self, tag: Tag, from: &mut Reader<'_>) -> Result<(), Damaged> {
        match tag {
            Tag::Line => self.lines.push(self.customer, from.row()?),
            Tag::Cancellation => self.cancellations.push(self.customer, from.row()?),
            Tag::FirstBuy => self.first_buys.push(self.customer, from.row()?),
            Tag::Discount => self.discounts.push(self.customer, from.row()?),
            Tag::Complaint => self.complaints.push(self.customer, from.row()?),
            Tag::Contact => self.contacts.push(self.customer, from.row()?),
            Tag::Profile => self.profiles.push(self.customer, from.row()?),
            Tag::Contract => {
                let said: SaidContract = from.row()?;
                let edition = self.edition.saturating_add(said.edition);
                self.contracts.push(self.customer, SaidContract { edition, ..said });
            }
        }
        Ok(())
    }

    fn take_in(&mut self, sorted: &Sorted) -> Result<(), HistoryError> {
        for (number, id) in sorted.customers.iter().enumerate() {
            self.turn_to(id.as_bytes())?;
            self.lines.extend(self.customer, sorted.lines.of(number));
            self.cancellations.extend(self.customer, sorted.cancellations.of(number));
            self.first_buys.extend(self.customer, sorted.first_buys.of(number));
            self.discounts.extend(self.customer, sorted.discounts.of(number));
            self.complaints.extend(self.customer, sorted.complaints.of(number));
            self.contacts.extend(self.customer, sorted.contacts.of(number));
            self.profiles.extend(self.customer, sorted.profiles.of(number));
            for &contract in sorted.contracts.of(number) {
                self.contracts.push(self.customer, SaidContract { contract, edition: self.edition });
            }
        }
        self.edition += 1;
        Ok(())
    }

    fn sorted(self, kind: IdKind) -> Result<Sorted, TooManyCustomers> {
        let seen = self.seen.into_ids();
        let (mut customers, mut places) = (Ids::default(), vec![0; seen.len()]);
        for (to, from) in sorted(&[&seen], kind).ok_or(TooManyCustomers)?.iter().enumerate() {
            customers.push(seen.get(from.number as usize));
            places[from.number as usize] = to as u32;
        }
        Ok(Sorted {
            customers,
            lines: self.lines.grouped(&places)?,
            cancellations: self.cancellations.grouped(&places)?,
            first_buys: self.first_buys.grouped(&places)?,
            discounts: self.discounts.grouped(&places)?,
            complaints: self.complaints.grouped(&places)?,
            contacts: self.contacts.grouped(&places)?,
            profiles: self.profiles.grouped(&places)?,
            contracts: self.contracts.grouped(&places)?.map(|said| said.contract),
        })
    }
}

impl Kind for LineSum {
    const BLANK: Self = Self { order: 0, instant: Instant::MIN, amount: Amount::ZERO };

    fn sort(rows: &mut [Self]) {
        // As they come, mostly: files are in order of time.
        rows.sort_unstable_by_key(|line| (line.instant, line.order, line.amount));
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

    fn arrange(rows: &mut [Self]) {
        // As whoever reads them wants them.
        rows.sort_unstable_by_key(|buy| (buy.instant, buy.product));
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
        // What is resolved before what is not, of one complaint as far as the rest tells.
        rows.sort_unstable_by_key(|row| (row.as_made(), row.resolved_at.is_none(), row.resolved_at));
    }

    fn absorb(&mut self, next: &Self) -> bool {
        // Told while it was open and again with how it ended: it is one. What is told twice alike may be two.
        self.resolved_at.is_some() && next.resolved_at.is_none() && self.as_made() == next.as_made()
    }

    fn arrange(rows: &mut [Self]) {
        rows.sort_unstable();
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

/// A contract as a file or a segment has it, the later the higher its edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SaidContract {
    pub(super) contract: Contract,
    pub(super) edition: u64,
}

impl Kind for SaidContract {
    const BLANK: Self = Self { contract: Contract::BLANK, edition: 0 };

    fn sort(rows: &mut [Self]) {
        rows.sort_unstable_by_key(|said| (said.contract.start, Reverse(said.edition), said.contract.end));
    }

    /// Of contracts that begin at once, those that were said last are how they are: an end that was not known, or is no more.
    fn absorb(&mut self, next: &Self) -> bool {
        self.contract.start == next.contract.start
            && (next.edition < self.edition || self.contract.end == next.contract.end)
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
