//! The flags every command that reads a log has, and what they and the configuration come to.

use std::path::{Path, PathBuf};

use clap::Args;
use mainstay_features::ingest::{
    self, ColumnMap, Condition, Convention, Encoding, EpochUnit, Input, MaxBadRows, Memory, MemorySize,
    Named, Numbers, Source, Table, TimeFormat, Zone,
};

use super::config::Config;
use super::ids::read_ids;
use super::settings::check_folder;
use crate::clock;
use crate::failure::{Failure, Kind};

/// What to read.
#[derive(Args, Default)]
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
    #[arg(id = "column", long, value_name = "[TABLE.]FIELD=COLUMN", value_parser = parse_column)]
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
    /// How times are written that are not in ISO 8601, as strftime says it, such as '%d.%m.%Y %H:%M' or '%m/%d/%Y'; of several
    /// the first that fits
    #[arg(id = "ts_format", long = "ts-format", value_name = "FORMAT")]
    ts_formats: Vec<TimeFormat>,
    /// Numbers in texts are written 1.234,50
    #[arg(long)]
    decimal_comma: bool,
    /// Numbers in texts are written 1,234.50
    #[arg(long, conflicts_with = "decimal_comma")]
    thousands_comma: bool,
    /// How the characters of CSV files are written, such as windows-1252 or gb18030 [default: utf-8, or utf-16 where a file
    /// says so]
    #[arg(long, value_name = "NAME")]
    encoding: Option<Encoding>,
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
    pub(super) memory: Option<MemorySize>,
    /// A TOML file that says all this (docs/input.md); flags come before it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What to read, and where its bad rows go.
pub(super) struct Settled {
    pub(super) input: Input,
    pub(super) quarantine: PathBuf,
    /// Every file that is read, the configuration and the exclusions too.
    pub(super) files: Vec<PathBuf>,
    /// Files in the folders that are not read.
    pub(super) left_alone: Vec<PathBuf>,
    /// Whether what is read comes to a history that there is already: then it need not tell of everybody.
    pub(super) is_addition: bool,
}

impl Settled {
    /// An input without files of its own.
    pub(super) fn of(input: Input) -> Self {
        Self {
            input,
            quarantine: PathBuf::new(),
            files: Vec::new(),
            left_alone: Vec::new(),
            is_addition: false,
        }
    }

    /// An output must not be a file that is read: it would be gone.
    pub(super) fn refuse_as_outputs(&self, outputs: &[&Path]) -> Result<(), Failure> {
        for output in outputs {
            // What is not there yet is no input.
            let Ok(out) = output.canonicalize() else { continue };
            if self.files.iter().any(|file| file.canonicalize().is_ok_and(|file| file == out)) {
                let why = format!("{} is read by this run: write to another file", output.display());
                return Err(Failure::new(Kind::Usage, why));
            }
        }
        Ok(())
    }
}

/// The column of a field or an attribute, in one table or in all.
pub(super) type Renamed = (Option<Table>, Named, String);

fn parse_column(text: &str) -> Result<Renamed, String> {
    let (named, column) =
        text.split_once('=').ok_or("expected FIELD=COLUMN, such as customer_id=CustomerID")?;
    let (table, named) = parse_named(named)?;
    Ok((table, named, column.to_owned()))
}

/// `[TABLE.]FIELD`.
pub(super) fn parse_named(text: &str) -> Result<(Option<Table>, Named), String> {
    let (table, named) = match text.split_once('.') {
        Some((table, named)) => (Some(table.parse::<Table>().map_err(|error| error.to_string())?), named),
        None => (None, text),
    };
    match (table, named.parse::<Named>().map_err(|error| error.to_string())?) {
        (Some(table), Named::Attribute(name)) if table != Table::Customers => {
            Err(format!("{name} is in customers files, and in no others"))
        }
        (_, named) => Ok((table, named)),
    }
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
    /// What a configuration says, and no flags.
    pub(super) fn of_config(path: &Path) -> Self {
        Self { config: Some(path.to_owned()), ..Self::default() }
    }

    /// What the flags say, and what they leave to the configuration.
    pub(super) fn settled(&self) -> Result<Settled, Failure> {
        let config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        let mut left_alone = Vec::new();
        let mut files = |given: &[PathBuf], configured: &[PathBuf]| -> Result<Vec<Source>, Failure> {
            let found = ingest::find(if given.is_empty() { configured } else { given })?;
            left_alone.extend(found.left_alone);
            Ok(found.sources)
        };
        let mut columns = ColumnMap::default();
        for (table, named, column) in config.columns.iter().chain(&self.columns) {
            columns.rename(*table, named.clone(), column.clone());
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
                ts_formats: if self.ts_formats.is_empty() {
                    config.ts_formats
                } else {
                    self.ts_formats.clone()
                },
                numbers: self.numbers().unwrap_or(config.numbers),
                encoding: self.encoding.or(config.encoding),
                delimiter: self.delimiter.or(config.delimiter),
            },
            conditions,
            excluded: excluded.map(read_ids).transpose()?.unwrap_or_default().into_iter().collect(),
            max_bad_rows: self.max_bad_rows.or(config.max_bad_rows).unwrap_or_default(),
            forgotten: None,
            until: Some(clock::latest()),
            needed_until: None,
            survey: false,
            drop_duplicates: self.drop_duplicates || config.drop_duplicates,
            memory: self.memory.or(config.memory).map(limit).transpose()?,
        };
        let quarantine = self.quarantine.clone().or(config.quarantine);
        let quarantine = quarantine.unwrap_or_else(|| PathBuf::from("quarantine.csv"));
        let tables =
            [&input.purchases, &input.complaints, &input.contacts, &input.customers, &input.contracts];
        let sources = tables.into_iter().flatten().filter_map(|source| match source {
            Source::File(path) => Some(path.as_path()),
            Source::Bytes { .. } => None,
        });
        let files = sources.chain(excluded).chain(self.config.as_deref()).map(Path::to_path_buf).collect();
        let settled = Settled { input, quarantine, files, left_alone, is_addition: false };
        if !settled.input.max_bad_rows.is_none() {
            check_folder(&settled.quarantine)?;
            settled.refuse_as_outputs(&[&settled.quarantine])?;
        }
        Ok(settled)
    }

    /// The clock of times without a zone, where a flag or the configuration says one.
    pub(super) fn time_zone(&self) -> Result<Option<Zone>, Failure> {
        let config = self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        Ok(self.time_zone.clone().or(config.time_zone))
    }

    /// How numbers are written, where a flag says it.
    fn numbers(&self) -> Option<Numbers> {
        let numbers = Numbers::of_commas(self.decimal_comma, self.thousands_comma);
        numbers.filter(|numbers| *numbers != Numbers::Plain)
    }

    /// Whether no flag says what to read.
    pub(super) fn say_nothing(&self) -> bool {
        // How much memory there may be says nothing of what to read.
        let Self {
            purchases,
            complaints,
            contacts,
            customers,
            contracts,
            columns,
            conditions,
            exclude,
            time_zone,
            ts_unit,
            ts_formats,
            decimal_comma,
            thousands_comma,
            encoding,
            delimiter,
            max_bad_rows,
            quarantine,
            drop_duplicates,
            memory: _,
            config,
        } = self;
        [purchases, complaints, contacts, customers, contracts].iter().all(|files| files.is_empty())
            && columns.is_empty()
            && conditions.is_empty()
            && ts_formats.is_empty()
            && [exclude, quarantine, config].iter().all(|file| file.is_none())
            && time_zone.is_none()
            && ts_unit.is_none()
            && encoding.is_none()
            && delimiter.is_none()
            && max_bad_rows.is_none()
            && ![decimal_comma, thousands_comma, drop_duplicates].into_iter().any(|&is_set| is_set)
    }

    /// Whether there may be customers files in what is read; the kept history and a configuration may have some.
    pub(super) fn may_have_customers(&self) -> bool {
        !self.customers.is_empty() || self.config.is_some() || self.say_nothing()
    }

    /// What the flags and the configuration say; there must be purchases.
    pub(super) fn with_purchases(&self) -> Result<Settled, Failure> {
        let settled = self.settled()?;
        if settled.input.purchases.is_empty() {
            let none = "no purchases: give --purchases, or purchases in --config. (A history that mainstay ingest keeps \
                        was read by the rules it was ingested with; here it is read without flags on what to read)";
            return Err(Failure::new(Kind::Usage, none));
        }
        Ok(settled)
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
