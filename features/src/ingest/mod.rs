//! Files to history: CSV and Parquet readers, column mapping, conditions, quarantine, and errors that say where.

mod arrays;
mod batch;
mod columns;
mod condition;
mod convention;
mod csv;
mod delta;
mod encoding;
mod error;
mod files;
mod later;
mod longest;
mod memory;
mod metadata;
mod numbers;
mod pages;
mod parquet;
mod plain;
mod quarantine;
mod repeats;
mod rows;
mod shares;
mod source;
mod swallowed;
mod time_format;
mod vetted;

pub use self::csv::delimiter;
pub use columns::{ColumnMap, Field, Named};
pub use condition::{Condition, ParseConditionError};
pub use convention::{Convention, EpochUnit, Zone};
pub use encoding::Encoding;
pub use error::{IngestError, Problem};
pub use files::{Found, find};
pub use memory::{Memory, MemorySize};
pub use numbers::Numbers;
pub use quarantine::{BadRow, MaxBadRows};
pub use rows::Counts;
pub use source::Source;
pub use time_format::TimeFormat;

use self::repeats::SeenLines;
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::check::Survey;
use crate::history::{Histories, HistoryBuilder};
use crate::units::{Instant, ParseUnitError};
use crate::watch::Watch;

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Purchase files: customer, order, instant and amount of each line.
    pub purchases: Vec<Source>,
    /// Complaint files: customer and instant of each complaint.
    pub complaints: Vec<Source>,
    /// Contact files: customer and instant of each time the shop turned to one.
    pub contacts: Vec<Source>,
    /// Customers files: customer, from when on, and what a customer is like.
    pub customers: Vec<Source>,
    /// Contract files: customer, start and end of each contract.
    pub contracts: Vec<Source>,
    /// Which column holds which field.
    pub columns: ColumnMap,
    /// How the files are written.
    pub convention: Convention,
    /// Conditions that purchase rows must meet; those that do not are left out.
    pub conditions: Vec<Condition>,
    /// Customers whose rows are left out: staff, tests, wholesale.
    pub excluded: BTreeSet<String>,
    /// Customers whose rows are left out without a word of who they are.
    pub forgotten: Option<IsForgotten>,
    /// Purchases, complaints and contacts after this instant are bad rows, as they have not happened; none where it is not
    /// said.
    pub until: Option<Instant>,
    /// Purchases, complaints and contacts after this instant are left out, as nobody asks for what came then; none where it
    /// is not said.
    pub needed_until: Option<Instant>,
    /// How many bad rows may be left out.
    pub max_bad_rows: MaxBadRows,
    /// Whether to look at every row for a data report.
    pub survey: bool,
    /// Whether purchase lines that repeat another in everything that is read are left out.
    pub drop_duplicates: bool,
    /// How much memory the rows may take; as much as they need where that is not said.
    pub memory: Option<Memory>,
}

/// Says of a customer whether they have been forgotten.
#[derive(Clone)]
pub struct IsForgotten(Arc<dyn Fn(&str) -> bool + Send + Sync>);

impl IsForgotten {
    /// As this function says.
    pub fn new(of: Arc<dyn Fn(&str) -> bool + Send + Sync>) -> Self {
        Self(of)
    }

    /// Whether a customer has been.
    pub fn is(&self, customer: &str) -> bool {
        (self.0)(customer)
    }
}

impl std::fmt::Debug for IsForgotten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IsForgotten")
    }
}

impl Input {
    /// Whether a customer has been forgotten.
    pub(crate) fn has_forgotten(&self, customer: &str) -> bool {
        self.forgotten.as_ref().is_some_and(|forgotten| forgotten.is(customer))
    }

    /// Whether there is nothing to read.
    pub fn has_no_files(&self) -> bool {
        Table::ALL.into_iter().all(|table| self.files(table).is_empty())
    }

    /// The files of a table.
    pub fn files(&self, table: Table) -> &[Source] {
        match table {
            Table::Purchases => &self.purchases,
            Table::Complaints => &self.complaints,
            Table::Contacts => &self.contacts,
            Table::Customers => &self.customers,
            Table::Contracts => &self.contracts,
        }
    }

    /// The same, to be changed.
    pub fn files_mut(&mut self, table: Table) -> &mut Vec<Source> {
        match table {
            Table::Purchases => &mut self.purchases,
            Table::Complaints => &mut self.complaints,
            Table::Contacts => &mut self.contacts,
            Table::Customers => &mut self.customers,
            Table::Contracts => &mut self.contracts,
        }
    }

    /// What the folders that a file is in tell of its rows, `name=value` a line: two files of the same bytes differ in that. What
    /// no field or condition is about is not read, and makes no difference.
    pub fn told_by_folders(&self, table: Table, source: &Source) -> String {
        let is_tested = |name: &str| {
            self.conditions.iter().any(|condition| table == Table::Purchases && condition.column == name)
        };
        let told = source.partitions().into_iter();
        let read = told.filter(|(name, _)| self.columns.reads(table, name) || is_tested(name));
        read.map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

/// A history and what was met on the way to it.
#[derive(Debug)]
pub struct Ingested {
    /// The history.
    pub history: Histories,
    /// How many rows went where.
    pub counts: Counts,
    /// The rows that were left out because something in them is wrong, by file and row.
    pub quarantine: Vec<BadRow>,
}

/// Rows that have been read, before they are a history.
#[derive(Debug, Default)]
pub struct Collected {
    /// The rows.
    pub builders: Vec<HistoryBuilder>,
    /// How many rows went where.
    pub counts: Counts,
    /// The rows that were left out because something in them is wrong, by file and row.
    pub quarantine: Vec<BadRow>,
    /// What the rows are like, if that was asked for.
    pub survey: Option<Survey>,
    /// Those of the customers that are left out who have a row.
    pub excluded: BTreeSet<String>,
    /// The first few currencies of purchase lines, where a column tells them. Amounts are added up whatever they are in.
    pub currencies: BTreeSet<String>,
}

/// What a file's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Purchase lines.
    Purchases,
    /// Complaints.
    Complaints,
    /// Contacts.
    Contacts,
    /// What customers are like.
    Customers,
    /// Contracts.
    Contracts,
}

impl Table {
    /// All of them, in the order they are read.
    pub const ALL: [Self; 5] =
        [Self::Purchases, Self::Complaints, Self::Contacts, Self::Customers, Self::Contracts];

    /// Whether its rows are things that happen at an instant.
    const fn is_of_events(self) -> bool {
        matches!(self, Self::Purchases | Self::Complaints | Self::Contacts)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Purchases => "purchases",
            Self::Complaints => "complaints",
            Self::Contacts => "contacts",
            Self::Customers => "customers",
            Self::Contracts => "contracts",
        }
    }

    /// The fields its rows can have; the customer first: a row without one is left out, whatever else is in it.
    pub(crate) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Purchases => &[
                Field::CustomerId,
                Field::OrderId,
                Field::Ts,
                Field::Amount,
                Field::CancelsOrderId,
                Field::ProductId,
                Field::Discount,
                Field::Currency,
            ],
            Self::Complaints => &[
                Field::CustomerId,
                Field::Ts,
                Field::Category,
                Field::Severity,
                Field::ResolvedAt,
                Field::Status,
            ],
            Self::Contacts => &[Field::CustomerId, Field::Ts, Field::Channel, Field::Offer],
            Self::Customers => {
                &[Field::CustomerId, Field::ValidFrom, Field::Name, Field::Phone, Field::AccountOwner]
            }
            Self::Contracts => &[Field::CustomerId, Field::Start, Field::End],
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Table {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let table = Self::ALL.into_iter().find(|table| table.name() == text);
        table.ok_or_else(|| {
            ParseUnitError::new(text, "purchases, complaints, contacts, customers or contracts")
        })
    }
}

/// Reads every file into one history.
///
/// # Errors
/// The first file, row and column that is not what it should be, or that too many rows are not; see [`IngestError`].
pub fn read(input: &Input, watch: &dyn Watch) -> Result<Ingested, IngestError> {
    collect(input, watch)?.fold(watch)
}

impl Collected {
    /// Folds the rows to a history.
    ///
    /// # Errors
    /// When there is no order, or more customers than can be numbered.
    pub fn fold(self, watch: &dyn Watch) -> Result<Ingested, IngestError> {
        watch.begin("fold to orders", None);
        let history = Histories::fold(self.builders)?;
        watch.end();
        if history.summary().orders == 0 && self.counts.later + self.counts.unread == 0 {
            return Err(IngestError::NoPurchases { bad: self.quarantine.into_iter().next() });
        }
        Ok(Ingested { history, counts: self.counts, quarantine: self.quarantine })
    }
}

/// What is read, and what was met so far.
struct Reading<'a> {
    input: &'a Input,
    /// How many bad rows are kept so far.
    bad: &'a AtomicUsize,
    /// The purchase lines, where those that repeat another are left out.
    seen: Option<&'a SeenLines>,
    /// Which of the files of its table it is of.
    file: u32,
}

/// Reads the rows of every file.
///
/// # Errors
/// As [`read`].
pub fn collect(input: &Input, watch: &dyn Watch) -> Result<Collected, IngestError> {
    let seen = input.drop_duplicates.then(SeenLines::default);
    let (mut collected, bad) = (Collected::default(), AtomicUsize::new(0));
    for table in Table::ALL {
        for (file, source) in (0..).zip(input.files(table)) {
            let reading = Reading { input, bad: &bad, seen: seen.as_ref(), file };
            watch.begin(&format!("read {}", source.name()), None);
            let parts = if source.is_parquet()? {
                parquet::read(source, table, &reading, watch)?
            } else {
                vec![csv::read(source, table, &reading, watch)?]
            };
            let in_file = collected.quarantine.len();
            for (number, part) in parts.into_iter().enumerate() {
                collected.counts += part.counts;
                collected.quarantine.extend(part.quarantine.rows);
                collected.excluded.extend(part.excluded);
                collected.currencies.extend(part.currencies);
                // As many builders as threads, however many files there are: each has a place for every part.
                match collected.builders.get_mut(number) {
                    Some(builder) => builder.append(part.builder),
                    None => collected.builders.push(part.builder),
                }
                if let Some(survey) = part.survey {
                    collected.survey.get_or_insert_default().merge(survey);
                }
            }
            collected.quarantine[in_file..].sort_by_key(|bad| bad.row);
            if let Some(memory) = &input.memory {
                memory.keep(&mut collected.builders)?;
            }
            watch.end();
        }
    }
    let Collected { counts, quarantine, .. } = &mut collected;
    counts.bad = quarantine.len() as u64;
    if input.max_bad_rows.are_too_many(counts.bad, counts.rows()) {
        let (rows, quarantine) = (counts.rows(), std::mem::take(quarantine));
        return Err(IngestError::TooManyBadRows { rows, quarantine });
    }
    Ok(collected)
}
