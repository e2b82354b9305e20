//! The flags every command that reads a log has, and the ones that say what to train for.

use std::path::{Path, PathBuf};

use clap::Args;
use mainstay_features::history::History;
use mainstay_features::ingest::{self, ColumnMap, Field, Input, Source};
use mainstay_features::units::{Days, Instant};
use mainstay_models::decision::Catalogue;
use mainstay_models::lifetime::{Margin, YearlyDiscount};
use mainstay_models::training::Settings;

use super::output;
use super::progress::Progress;
use crate::failure::{Failure, Kind};
use crate::service::Assumptions;
use crate::store::folder_of;

/// What to read.
#[derive(Args)]
pub(super) struct InputArgs {
    /// Purchase files, Parquet or CSV (also packed with gzip or zstd; - is standard input): customer_id, order_id, ts,
    /// amount
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    purchases: Vec<PathBuf>,
    /// Complaint files, Parquet or CSV: customer_id, ts
    #[arg(long, num_args = 1.., value_name = "FILE")]
    complaints: Vec<PathBuf>,
    /// A field that is in a column of another name, such as customer_id=CustomerID
    #[arg(long = "column", value_name = "FIELD=COLUMN", value_parser = parse_column)]
    columns: Vec<(Field, String)>,
}

fn parse_column(text: &str) -> Result<(Field, String), String> {
    let (field, column) =
        text.split_once('=').ok_or("expected FIELD=COLUMN, such as customer_id=CustomerID")?;
    let field: Field = field.parse().map_err(|error| format!("{error}"))?;
    Ok((field, column.to_owned()))
}

impl InputArgs {
    fn input(&self) -> Input {
        let sources = |paths: &[PathBuf]| paths.iter().cloned().map(Source::File).collect();
        let mut columns = ColumnMap::default();
        for (field, column) in &self.columns {
            columns.rename(*field, column.clone());
        }
        Input { purchases: sources(&self.purchases), complaints: sources(&self.complaints), columns }
    }

    /// Reads the files.
    pub(super) fn read(&self, progress: &Progress) -> Result<History, Failure> {
        read(&self.input(), progress)
    }
}

/// Reads an input and notes what was left out.
pub(super) fn read(input: &Input, progress: &Progress) -> Result<History, Failure> {
    let ingested = ingest::read(input, progress)?;
    let (history, counts) = (ingested.history, ingested.counts);
    output::note(&format!(
        "{} lines, {} orders, {} customers, {} complaints",
        counts.purchase_lines,
        history.order_count(),
        history.len(),
        counts.complaints
    ));
    let (strangers, theirs) = history.complaints_without_orders();
    if theirs > 0 {
        output::note(&format!(
            "{theirs} complaints are of {strangers} customers who have no order in the purchase files; \
             are the identifiers written the same way?"
        ));
    }
    if counts.without_customer > 0 {
        output::note(&format!("{} rows without a customer_id were left out", counts.without_customer));
    }
    Ok(history)
}

/// The instant of the last order: until when a log knows.
pub(super) fn last_order(history: &History) -> Result<Instant, Failure> {
    let (_, last) =
        history.span().ok_or_else(|| Failure::new(Kind::TooLittleData, "the log has no orders"))?;
    Ok(last)
}

/// What to train for.
#[derive(Args)]
pub(super) struct SettingsArgs {
    /// Churned means no purchase within this time
    #[arg(long, value_name = "DAYS")]
    horizon: Days,
    /// The population is who bought within this time
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
    /// The folder the model and the newest scored list live in
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
