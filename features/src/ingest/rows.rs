//! Rows as both readers deliver them, on their way into a history.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::AddAssign;

use super::columns::Column;
use super::quarantine::Quarantine;
use super::repeats::{cancelled_fingerprint, event_fingerprint, fingerprint, order_fingerprint};
use super::{Field, IngestError, Problem, Reading, Table};
use crate::check::Survey;
use crate::history::{Complaint, Contact, Contract, Given, HistoryBuilder, Profile, Severity, Word};
use crate::id::IdKind;
use crate::profile::{is_yes_or_no, yes_or_no};
use crate::units::{Amount, Instant};

/// How many rows went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Purchase lines that are in the history.
    pub purchase_lines: u64,
    /// Complaints that are.
    pub complaints: u64,
    /// Contacts that are.
    pub contacts: u64,
    /// Rows of customers files that are.
    pub profiles: u64,
    /// Contracts that are.
    pub contracts: u64,
    /// Rows of any kind that were left out because they name no customer.
    pub without_customer: u64,
    /// Rows of customers that were to be left out.
    pub excluded: u64,
    /// Purchase lines that did not meet the conditions.
    pub filtered: u64,
    /// Purchase lines that repeat another, where those are left out.
    pub repeated: u64,
    /// Rows that are later than what is asked for.
    pub later: u64,
    /// Rows in row groups of Parquet files that begin later, and were not read.
    pub unread: u64,
    /// Rows in quarantine.
    pub bad: u64,
}

impl Counts {
    /// All rows that were read.
    pub fn rows(&self) -> u64 {
        let kept = self.purchase_lines + self.complaints + self.contacts + self.profiles + self.contracts;
        kept + self.without_customer + self.excluded + self.filtered + self.repeated + self.later + self.bad
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.purchase_lines += other.purchase_lines;
        self.complaints += other.complaints;
        self.contacts += other.contacts;
        self.profiles += other.profiles;
        self.contracts += other.contracts;
        self.without_customer += other.without_customer;
        self.excluded += other.excluded;
        self.filtered += other.filtered;
        self.repeated += other.repeated;
        self.later += other.later;
        self.unread += other.unread;
        self.bad += other.bad;
    }
}

/// A row. What its table or its file has no column for is `None`.
#[derive(Clone, Copy)]
pub(crate) struct RawRow<'a> {
    pub(crate) customer: Option<&'a str>,
    pub(crate) order: Option<&'a str>,
    pub(crate) instant: Instant,
    pub(crate) amount: Amount,
    pub(crate) cancels: Option<&'a str>,
    pub(crate) product: Option<&'a str>,
    pub(crate) discount: Option<Amount>,
    pub(crate) currency: Option<&'a str>,
    pub(crate) category: Option<&'a str>,
    pub(crate) severity: Option<Severity>,
    pub(crate) resolved_at: Option<Instant>,
    pub(crate) status: Option<&'a str>,
    pub(crate) channel: Option<&'a str>,
    pub(crate) offer: Option<&'a str>,
    pub(crate) valid_from: Option<Instant>,
    pub(crate) end: Option<Instant>,
    /// The values of what the file says of customers, in the order of its columns.
    pub(crate) profile: &'a [Option<Cow<'a, str>>],
}

impl RawRow<'_> {
    pub(crate) const EMPTY: Self = Self {
        customer: None,
        order: None,
        instant: Instant::MIN,
        amount: Amount::ZERO,
        cancels: None,
        product: None,
        discount: None,
        currency: None,
        category: None,
        severity: None,
        resolved_at: None,
        status: None,
        channel: None,
        offer: None,
        valid_from: None,
        end: None,
        profile: &[],
    };
}

/// More currencies are not told apart.
const FEW_CURRENCIES: usize = 10;

/// The rows of one file or a part of one.
pub(crate) struct Rows<'a> {
    pub(super) builder: HistoryBuilder,
    pub(super) counts: Counts,
    pub(super) quarantine: Quarantine<'a>,
    pub(super) survey: Option<Survey>,
    /// Those of the customers that are left out who have a row.
    pub(super) excluded: BTreeSet<String>,
    /// The first few currencies of purchase lines.
    pub(super) currencies: BTreeSet<String>,
    reading: &'a Reading<'a>,
    table: Table,
    /// What the file says of customers, in the order of its columns.
    attributes: Vec<Word>,
    /// Which of them must say yes or no, and what they are called.
    answers: Vec<(usize, String)>,
}

impl<'a> Rows<'a> {
    /// None yet, of a file with these columns.
    pub(super) fn new(reading: &'a Reading<'a>, table: Table, columns: &[Column]) -> Self {
        let has = |field| columns.iter().any(|column| column.field == field);
        let mut builder = HistoryBuilder::default();
        builder.begin_file(reading.file);
        builder.saw(Given {
            complaints: table == Table::Complaints,
            severities: has(Field::Severity),
            products: has(Field::ProductId),
            discounts: has(Field::Discount),
            contacts: table == Table::Contacts,
            profiles: table == Table::Customers,
            contracts: table == Table::Contracts,
            complaints_unresolved: table == Table::Complaints && !has(Field::ResolvedAt),
        });
        let of_profile = columns.iter().filter(|column| column.field.is_of_profile());
        let attributes = of_profile.clone().map(|column| builder.word(column.attribute())).collect();
        let answers = of_profile.enumerate().filter(|(_, column)| is_yes_or_no(&column.name));
        let answers = answers.map(|(place, column)| (place, column.name.clone())).collect();
        let quarantine =
            Quarantine { limit: reading.input.max_bad_rows, rows: Vec::new(), kept: reading.bad };
        let survey = reading.input.survey.then(Survey::default);
        Self {
            builder,
            counts: Counts::default(),
            quarantine,
            survey,
            excluded: BTreeSet::new(),
            currencies: BTreeSet::new(),
            reading,
            table,
            attributes,
            answers,
        }
    }

    pub(super) fn saw_ids(&mut self, kind: IdKind) {
        self.builder.saw_ids(kind);
    }

    /// Whether a customer's rows go into the history; counts those that do not.
    pub(super) fn takes(&mut self, customer: Option<&str>) -> bool {
        match customer {
            None => self.counts.without_customer += 1,
            Some(customer) if self.reading.input.has_forgotten(customer) => self.counts.excluded += 1,
            Some(customer) if self.reading.input.excluded.contains(customer) => {
                self.counts.excluded += 1;
                if !self.excluded.contains(customer) {
                    self.excluded.insert(customer.to_owned());
                }
            }
            Some(_) => return true,
        }
        false
    }

    /// Notes the currency of purchase lines.
    pub(super) fn saw_currency(&mut self, currency: &str) {
        if !self.currencies.contains(currency) && self.currencies.len() < FEW_CURRENCIES {
            self.currencies.insert(currency.to_owned());
        }
    }

    /// Whether a purchase line is only counted and kept, and not looked at.
    pub(super) fn only_count_lines(&self) -> bool {
        self.table == Table::Purchases && self.survey.is_none() && self.reading.seen.is_none()
    }

    /// Moves the rows to disk where they take more memory than they may.
    pub(super) fn keep_to_memory(&mut self) -> Result<(), IngestError> {
        let memory = self.reading.input.memory.as_ref();
        memory.map_or(Ok(()), |memory| memory.keep_share(&mut self.builder))
    }

    /// Whether something happened after all that is asked for.
    fn is_later(&self, instant: Instant) -> bool {
        self.reading.input.needed_until.is_some_and(|until| instant > until)
    }

    fn is_to_come(&self, instant: Instant) -> bool {
        self.reading.input.until.is_some_and(|until| instant > until)
    }

    /// The part of the history that `count` purchase lines of a customer at an instant go to, which are counted; `None` where there
    /// is something unusual about them.
    pub(super) fn part_of_plain_lines(
        &mut self,
        customer: &str,
        instant: Instant,
        count: usize,
    ) -> Option<u8> {
        let input = self.reading.input;
        let is_left_out = input.excluded.contains(customer) || input.has_forgotten(customer);
        if is_left_out || self.is_to_come(instant) || self.is_later(instant) {
            return None;
        }
        self.counts.purchase_lines += count as u64;
        Some(self.builder.part_of(customer))
    }

    /// Adds a row; the column is whose value is to blame where that fails.
    pub(super) fn add(&mut self, row: &RawRow<'_>) -> Result<(), (Field, Problem)> {
        let Some(customer) = row.customer else { return Ok(()) };
        if self.table.is_of_events() {
            if self.is_to_come(row.instant) {
                return Err((Field::Ts, Problem::StillToCome(row.instant)));
            }
            if self.is_later(row.instant) {
                // Identifiers are typed as they would be with it.
                self.builder.saw_customer(customer);
                self.counts.later += 1;
                return Ok(());
            }
            let table = self.table;
            if table != Table::Purchases && self.is_repeated(|| event_fingerprint(table, row)) {
                return Ok(());
            }
        }
        match self.table {
            Table::Purchases => self.add_line(customer, row),
            Table::Complaints => {
                if row.resolved_at.is_some_and(|resolved| resolved < row.instant) {
                    return Err((Field::ResolvedAt, Problem::ResolvedBeforeMade));
                }
                let complaint = Complaint {
                    instant: row.instant,
                    resolved_at: row.resolved_at,
                    severity: row.severity,
                    category: row.category.map(|text| self.builder.word(text)),
                };
                self.counts.complaints += 1;
                // A status has no instant: kept, it would let features see what came later.
                if let (Some(survey), Some(status)) = (&mut self.survey, row.status) {
                    survey.statuses.add(status, row.resolved_at.is_some());
                }
                self.builder.add_complaint(customer, complaint);
                Ok(())
            }
            Table::Contacts => {
                let contact = Contact {
                    instant: row.instant,
                    channel: row.channel.map(|text| self.builder.word(text)),
                    offer: row.offer.map(|text| self.builder.word(text)),
                };
                self.counts.contacts += 1;
                self.builder.add_contact(customer, contact);
                Ok(())
            }
            Table::Customers => self.add_profile(customer, row),
            Table::Contracts => {
                let contract = Contract { start: row.instant, end: row.end };
                if contract.end.is_some_and(|end| end < contract.start) {
                    return Err((Field::End, Problem::EndBeforeStart));
                }
                self.counts.contracts += 1;
                self.builder.add_contract(customer, contract);
                Ok(())
            }
        }
    }

    /// Whether a row repeats another, where those are left out; counts it then.
    fn is_repeated(&mut self, fingerprint: impl FnOnce() -> u128) -> bool {
        let seen = self.reading.seen;
        let is_repeated = seen.is_some_and(|seen| !seen.is_new(fingerprint()));
        self.counts.repeated += u64::from(is_repeated);
        is_repeated
    }

    fn add_profile(&mut self, customer: &str, row: &RawRow<'_>) -> Result<(), (Field, Problem)> {
        for (place, column) in &self.answers {
            if let Some(Some(text)) = row.profile.get(*place)
                && yes_or_no(text).is_none()
            {
                let (column, text) = (column.clone(), text.chars().take(60).collect());
                return Err((Field::Attribute, Problem::NoAnswer { column, text }));
            }
        }
        for (&attribute, value) in self.attributes.iter().zip(row.profile) {
            let value = value.as_deref().map(|text| self.builder.word(text));
            self.builder.add_profile(customer, Profile { attribute, from: row.valid_from, value });
        }
        self.counts.profiles += 1;
        Ok(())
    }

    fn add_line(&mut self, customer: &str, row: &RawRow<'_>) -> Result<(), (Field, Problem)> {
        let &RawRow { instant, amount, .. } = row;
        let order = row.order.ok_or((Field::OrderId, Problem::Missing(Field::OrderId)))?;
        if self.is_repeated(|| fingerprint(row)) {
            return Ok(());
        }
        row.currency.iter().for_each(|currency| self.saw_currency(currency));
        match row.cancels {
            Some(cancelled) => self.builder.add_cancellation(customer, cancelled, instant, amount),
            None => self.builder.add_line(customer, order, instant, amount),
        }
        if let Some(survey) = &mut self.survey {
            survey.add(instant, amount, order_fingerprint(row), fingerprint(row) as u64);
            row.currency.iter().for_each(|currency| survey.add_currency(currency));
            row.discount.into_iter().for_each(|discount| survey.add_discount(discount));
            cancelled_fingerprint(row).into_iter().for_each(|order| survey.add_cancelled(order));
        }
        if amount > Amount::ZERO {
            if let Some(product) = row.product {
                self.builder.add_product(customer, product, instant);
            }
            if let Some(discount) = row.discount {
                self.builder.add_discount(customer, order, instant, discount);
            }
        }
        self.counts.purchase_lines += 1;
        Ok(())
    }
}
