//! The flags every command that reads a log has, and the ones that say what to train for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use mainstay_features::history::Histories;
use mainstay_features::ingest::{
    self, Collected, ColumnMap, Condition, Convention, Counts, EpochUnit, Field, IngestError, Ingested,
    Input, MaxBadRows, Memory, MemorySize, Source, Table, Zone,
};
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;
use mainstay_models::decision::Catalogue;
use mainstay_models::lifetime::{Margin, YearlyDiscount};
use mainstay_models::training::Settings;

use super::config::Config;
use super::output;
use super::progress::Progress;
use crate::failure::{Failure, Kind};
use crate::quarantine_file::write_quarantine;
use crate::service::Assumptions;
use crate::store::{Store, folder_of};

/// What to read.
#[derive(Args)]
pub(super) struct InputArgs {
    /// Purchases, Parquet or CSV (also packed with gzip or zstd): files, folders, patterns such as 'log/*.csv', or -
    /// for CSV on standard input; with customer_id, order_id, ts, amount and, where there are, cancels_order_id,
    /// product_id, discount [default: the history that mainstay ingest keeps in the store]
    #[arg(long, num_args = 1.., value_name = "FILE")]
    purchases: Vec<PathBuf>,
    /// Complaints, likewise: customer_id, ts and, where there are, category, severity, resolved_at
    #[arg(long, num_args = 1.., value_name = "FILE")]
    complaints: Vec<PathBuf>,
    /// Contacts the shop has made, likewise: customer_id, ts and, where there are, channel, offer
    #[arg(long, num_args = 1.., value_name = "FILE")]
    contacts: Vec<PathBuf>,
    /// What customers are like, likewise: customer_id and, where there are, valid_from, name, phone, account_owner; every
    /// other column is an attribute
    #[arg(long, num_args = 1.., value_name = "FILE")]
    customers: Vec<PathBuf>,
    /// The contracts of a business that has them, likewise: customer_id, start and end (empty while it has none). Churned
    /// then means that the contract ended, and the population is whose contract runs
    #[arg(long, num_args = 1.., value_name = "FILE")]
    contracts: Vec<PathBuf>,
    /// A field that is in a column of another name, in all files or in those of one table, such as
    /// customer_id=CustomerID or complaints.ts=opened
    #[arg(long = "column", value_name = "[TABLE.]FIELD=COLUMN", value_parser = parse_column)]
    columns: Vec<Renamed>,
    /// A condition that purchase rows must meet to count, such as 'order_status not in (canceled, unavailable)'; of
    /// several, all
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<Condition>,
    /// A file with customers to leave out (staff, tests, wholesale), one customer_id a line
    #[arg(long, value_name = "FILE")]
    exclude: Option<PathBuf>,
    /// The clock of times without a zone, such as Europe/London [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
    /// What whole numbers that stand for instants count: s, ms, us or ns since 1970
    #[arg(long, value_name = "UNIT")]
    ts_unit: Option<EpochUnit>,
    /// What separates the columns of CSV files [default: what the header has most of , ; | and tab]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    delimiter: Option<u8>,
    /// Leave bad rows out, up to this share of all, such as 1% [default: stop at the first]
    #[arg(long, value_name = "SHARE")]
    max_bad_rows: Option<MaxBadRows>,
    /// Where bad rows go that are left out, a CSV file [default: quarantine.csv]
    #[arg(long, value_name = "FILE")]
    quarantine: Option<PathBuf>,
    /// Leave out purchase lines that repeat another in everything that is read of them, as files sent twice have
    #[arg(long)]
    drop_duplicates: bool,
    /// Use about this much memory at most, such as 1GiB: what is more goes through files in TMPDIR [default: as much as
    /// it takes]
    #[arg(long, value_name = "SIZE")]
    memory: Option<MemorySize>,
    /// A TOML file that says all this (docs/input.md); flags come before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What to read, and where its bad rows go.
pub(super) struct Settled {
    pub(super) input: Input,
    pub(super) quarantine: PathBuf,
}

/// A field's column, in one table or in all.
pub(super) type Renamed = (Option<Table>, Field, String);

fn parse_column(text: &str) -> Result<Renamed, String> {
    let (field, column) =
        text.split_once('=').ok_or("expected FIELD=COLUMN, such as customer_id=CustomerID")?;
    let (table, field) = parse_field(field)?;
    Ok((table, field, column.to_owned()))
}

/// `[TABLE.]FIELD`.
pub(super) fn parse_field(text: &str) -> Result<(Option<Table>, Field), String> {
    let (table, field) = match text.split_once('.') {
        Some((table, field)) => (Some(table.parse::<Table>().map_err(|error| error.to_string())?), field),
        None => (None, text),
    };
    Ok((table, field.parse::<Field>().map_err(|error| error.to_string())?))
}

/// One character of one byte; `tab` and `\t` are a tab.
pub(super) fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        &[byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => Err(format!("{text:?} is not one character that can separate columns, such as ; or tab")),
    }
}

impl InputArgs {
    /// What the flags say, and what they leave to the configuration.
    pub(super) fn settled(&self) -> Result<Settled, Failure> {
        let config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let files = |given: &[PathBuf], configured: &[PathBuf]| -> Result<Vec<Source>, Failure> {
            Ok(ingest::find(if given.is_empty() { configured } else { given })?)
        };
        let mut columns = ColumnMap::default();
        for (table, field, column) in config.columns.iter().chain(&self.columns) {
            columns.rename(*table, *field, column.clone());
        }
        let mut conditions = config.conditions;
        conditions.extend(self.conditions.iter().cloned());
        let excluded = self.exclude.as_deref().or(config.exclude.as_deref());
        let input = Input {
            purchases: files(&self.purchases, &config.purchases)?,
            complaints: files(&self.complaints, &config.complaints)?,
            contacts: files(&self.contacts, &config.contacts)?,
            customers: files(&self.customers, &config.customers)?,
            contracts: files(&self.contracts, &config.contracts)?,
            columns,
            convention: Convention {
                time_zone: self.time_zone.clone().or(config.time_zone),
                ts_unit: self.ts_unit.or(config.ts_unit),
                delimiter: self.delimiter.or(config.delimiter),
            },
            conditions,
            excluded: excluded.map(read_ids).transpose()?.unwrap_or_default(),
            max_bad_rows: self.max_bad_rows.or(config.max_bad_rows).unwrap_or_default(),
            survey: false,
            drop_duplicates: self.drop_duplicates || config.drop_duplicates,
            memory: self.memory.or(config.memory).map(limit).transpose()?,
        };
        let quarantine = self.quarantine.clone().or(config.quarantine);
        let quarantine = quarantine.unwrap_or_else(|| PathBuf::from("quarantine.csv"));
        if !input.max_bad_rows.is_none() {
            check_folder(&quarantine)?;
        }
        Ok(Settled { input, quarantine })
    }

    /// Whether no flag says what to read.
    fn say_nothing(&self) -> bool {
        self.purchases.is_empty()
            && self.complaints.is_empty()
            && self.contacts.is_empty()
            && self.customers.is_empty()
            && self.contracts.is_empty()
            && self.columns.is_empty()
            && self.conditions.is_empty()
            && self.exclude.is_none()
            && self.time_zone.is_none()
            && self.ts_unit.is_none()
            && self.delimiter.is_none()
            && self.max_bad_rows.is_none()
            && self.quarantine.is_none()
            && !self.drop_duplicates
            && self.config.is_none()
    }

    /// Whether there may be customers files in what is read; the kept history and a configuration may have some.
    pub(super) fn may_have_customers(&self) -> bool {
        !self.customers.is_empty() || self.config.is_some() || self.say_nothing()
    }

    /// Reads the files, or the history that the store keeps where no file is named.
    pub(super) fn read(&self, store: &Store, progress: &Progress) -> Result<Histories, Failure> {
        if self.say_nothing() {
            return self.read_kept(store, progress);
        }
        read(&self.with_purchases()?, progress)
    }

    /// What the flags and the configuration say; there must be purchases.
    pub(super) fn with_purchases(&self) -> Result<Settled, Failure> {
        let settled = self.settled()?;
        if settled.input.purchases.is_empty() {
            let none = "no purchases: give --purchases, or purchases in --config";
            return Err(Failure::new(Kind::Usage, none));
        }
        Ok(settled)
    }

    fn read_kept(&self, store: &Store, progress: &Progress) -> Result<Histories, Failure> {
        let kept = store.history()?;
        if kept.is_empty() {
            let none = format!("no --purchases, and no history in {}", store.history_folder().display());
            return Err(Failure::new(Kind::Usage, format!("{none}; keep one with mainstay ingest")));
        }
        progress.begin("read the kept history", None);
        let history = kept.history(self.memory)?;
        progress.end();
        note_history(&history);
        Ok(history)
    }
}

/// Where what is more than may be in memory goes for the time of a run: `TMPDIR`, or /var/tmp, which unlike /tmp is
/// not in memory itself.
pub(super) fn temporary_folder() -> PathBuf {
    std::env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from)
}

fn limit(size: MemorySize) -> Result<Memory, Failure> {
    let folder = temporary_folder();
    Memory::new(size, &folder).map_err(|cause| {
        Failure::output(
            &folder,
            format!("{cause}; it is the folder for what is more than --memory: see TMPDIR"),
        )
    })
}

/// The identifiers in a file, one a line.
fn read_ids(path: &Path) -> Result<BTreeSet<String>, Failure> {
    let text = std::fs::read_to_string(path).map_err(|cause| Failure::unreadable(path, cause))?;
    Ok(text.lines().map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect())
}

/// Reads an input into a history, and notes what is in it and what was left out.
pub(super) fn read(settled: &Settled, progress: &Progress) -> Result<Histories, Failure> {
    let Ingested { history, counts, .. } = collect(settled, progress)?.fold(progress)?;
    note_counts(&counts, &settled.quarantine);
    note_history(&history);
    Ok(history)
}

/// Reads the rows of an input, and puts the bad ones into the quarantine file where any may be left out.
pub(super) fn collect(settled: &Settled, progress: &Progress) -> Result<Collected, Failure> {
    let Settled { input, quarantine } = settled;
    match ingest::collect(input, progress) {
        Err(IngestError::TooManyBadRows { rows, quarantine: bad }) => {
            write_quarantine(quarantine, &bad)?;
            let error = IngestError::TooManyBadRows { rows, quarantine: bad };
            let kept = format!("{error}. All of them are in {}", quarantine.display());
            Err(Failure::new(Kind::BadInput, kept))
        }
        Err(other) => Err(other.into()),
        Ok(collected) => {
            if !input.max_bad_rows.is_none() {
                write_quarantine(quarantine, &collected.quarantine)?;
            }
            Ok(collected)
        }
    }
}

/// Says how many rows were read and which were left out.
pub(super) fn note_counts(counts: &Counts, quarantine: &Path) {
    output::note(&format!(
        "{} purchase lines, {} complaints, {} contacts, {} rows about customers, {} contracts",
        counts.purchase_lines, counts.complaints, counts.contacts, counts.profiles, counts.contracts
    ));
    let left_out = |count: u64, which: &str| {
        if count > 0 {
            output::note(&format!("{count} rows {which} were left out"));
        }
    };
    left_out(counts.without_customer, "without a customer_id");
    left_out(counts.excluded, "of excluded customers");
    left_out(counts.filtered, "that do not meet --where");
    left_out(counts.repeated, "that repeat another");
    left_out(counts.bad, &format!("with bad values, kept in {},", quarantine.display()));
}

fn note_history(history: &Histories) {
    let summary = history.summary();
    output::note(&format!("{} orders of {} customers", summary.orders, summary.customers));
    if history.whole().is_none() {
        output::note(
            "they are more than --memory lets be in memory: the work goes part by part, through files",
        );
    }
    let (strangers, theirs) = (summary.strangers, summary.complaints_of_strangers);
    if theirs > 0 {
        output::note(&format!(
            "{theirs} complaints are of {strangers} customers who have no order in the purchase files; \
             are the identifiers written the same way?"
        ));
    }
}

/// The instant of the last order: until when a log knows.
pub(super) fn last_order(history: &Histories) -> Result<Instant, Failure> {
    let (_, last) = history.summary().span.ok_or_else(no_orders)?;
    Ok(last)
}

pub(super) fn no_orders() -> Failure {
    Failure::new(Kind::TooLittleData, "the log has no orders")
}

/// What to train for.
#[derive(Args)]
pub(super) struct SettingsArgs {
    /// Churned means no purchase, or with contracts that they ended, within this time
    #[arg(long, value_name = "DAYS")]
    horizon: Days,
    /// The population is who bought within this time, or with contracts whose runs
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// Where the forest's randomness starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl SettingsArgs {
    pub(super) fn settings(&self) -> Settings {
        Settings { horizon: self.horizon, lookback: self.lookback, seed: self.seed }
    }
}

/// Where state lives.
#[derive(Args)]
pub(super) struct StoreArgs {
    /// The folder the kept history, the model and the newest scored list live in
    #[arg(long, value_name = "DIR", default_value = "./var")]
    pub(super) store: PathBuf,
}

/// What the money rests on.
#[derive(Args)]
pub(super) struct MoneyArgs {
    /// The offers there are, a TOML file [default: the built-in catalogue, see docs/economics.md]
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// The share of the amount paid that is left after the cost of goods
    #[arg(long, value_name = "SHARE", default_value = "0.3")]
    margin: Margin,
    /// By how much a year's wait lowers what an amount is worth
    #[arg(long, value_name = "RATE", default_value = "0.1")]
    discount: YearlyDiscount,
}

impl MoneyArgs {
    pub(super) fn assumptions(&self) -> Assumptions {
        Assumptions { margin: self.margin, discount: self.discount }
    }

    pub(super) fn catalogue(&self) -> Result<Catalogue, Failure> {
        let Some(path) = &self.offers else { return built_in_offers() };
        let text = std::fs::read_to_string(path).map_err(|cause| Failure::unreadable(path, cause))?;
        Catalogue::from_toml(&text).map_err(|error| Failure::offers(path, &error))
    }
}

/// The built-in offers.
pub(super) fn built_in_offers() -> Result<Catalogue, Failure> {
    Catalogue::built_in().map_err(|error| Failure::offers(Path::new("built-in offers"), &error))
}

/// An output's folder must be there before work that may take minutes begins.
pub(super) fn check_folder(out: &Path) -> Result<(), Failure> {
    let folder = folder_of(out);
    if !folder.is_dir() {
        return Err(Failure::output(out, format!("there is no folder {}", folder.display())));
    }
    if out.is_dir() {
        return Err(Failure::output(out, "it is a folder"));
    }
    Ok(())
}
