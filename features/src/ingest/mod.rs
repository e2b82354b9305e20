//! Files to history: CSV and Parquet readers, column mapping, and errors that say where.

mod columns;
mod csv;
mod error;
mod parquet;
mod source;

pub use columns::{ColumnMap, Field};
pub use error::{IngestError, Problem};
pub use source::Source;

use std::ops::AddAssign;

use crate::history::{Complaint, History, HistoryBuilder};
use crate::id::IdKind;
use crate::units::{Amount, Instant};
use crate::watch::Watch;

/// What to read.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// Purchase files: customer, order, instant and amount of each line.
    pub purchases: Vec<Source>,
    /// Complaint files: customer and instant of each complaint.
    pub complaints: Vec<Source>,
    /// Which column holds which field.
    pub columns: ColumnMap,
}

/// A history and what was met on the way to it.
#[derive(Debug)]
pub struct Ingested {
    /// The history.
    pub history: History,
    /// How many rows went where.
    pub counts: Counts,
}

/// How many rows went where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Purchase lines read.
    pub purchase_lines: u64,
    /// Complaints read.
    pub complaints: u64,
    /// Rows of either kind that were left out because they name no customer.
    pub without_customer: u64,
}

/// What a file's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Purchases,
    Complaints,
}

impl Table {
    /// The fields its rows have.
    pub(crate) fn fields(self) -> &'static [Field] {
        match self {
            Self::Purchases => &[Field::CustomerId, Field::OrderId, Field::Ts, Field::Amount],
            Self::Complaints => &[Field::CustomerId, Field::Ts],
        }
    }
}

/// A row as both readers deliver it. Complaints have neither order nor amount.
pub(crate) struct RawRow<'a> {
    pub(crate) customer: Option<&'a str>,
    pub(crate) order: Option<&'a str>,
    pub(crate) instant: Instant,
    pub(crate) amount: Amount,
}

/// The rows of one file or a part of one.
#[derive(Default)]
pub(crate) struct Rows {
    builder: HistoryBuilder,
    counts: Counts,
}

impl Rows {
    fn saw_ids(&mut self, kind: IdKind) {
        self.builder.saw_ids(kind);
    }

    fn add(&mut self, table: Table, row: &RawRow<'_>) -> Result<(), Problem> {
        let Some(customer) = row.customer else {
            self.counts.without_customer += 1;
            return Ok(());
        };
        match table {
            Table::Purchases => {
                let order = row.order.ok_or(Problem::Missing(Field::OrderId))?;
                self.builder.add_line(customer, order, row.instant, row.amount)?;
                self.counts.purchase_lines += 1;
            }
            Table::Complaints => {
                self.builder.add_complaint(customer, Complaint::at(row.instant))?;
                self.counts.complaints += 1;
            }
        }
        Ok(())
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.purchase_lines += other.purchase_lines;
        self.complaints += other.complaints;
        self.without_customer += other.without_customer;
    }
}

/// Reads every file into one history.
///
/// # Errors
/// The first file, row and column that is not what it should be; see [`IngestError`].
pub fn read(input: &Input, watch: &dyn Watch) -> Result<Ingested, IngestError> {
    let (mut builders, mut counts) = (Vec::new(), Counts::default());
    for (table, sources) in [(Table::Purchases, &input.purchases), (Table::Complaints, &input.complaints)] {
        for source in sources {
            watch.begin(&format!("read {}", source.name()), None);
            let parts = if source.is_parquet()? {
                parquet::read(source, table, &input.columns, watch)?
            } else {
                vec![csv::read(source, table, &input.columns, watch)?]
            };
            for part in parts {
                counts += part.counts;
                builders.push(part.builder);
            }
            watch.end();
        }
    }
    watch.begin("fold to orders", None);
    let history = History::fold(builders)?;
    watch.end();
    if history.order_count() == 0 {
        return Err(IngestError::NoPurchases);
    }
    Ok(Ingested { history, counts })
}
