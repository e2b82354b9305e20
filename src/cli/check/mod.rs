//! `mainstay check`.

mod contracts;
mod report;
mod rows;

use clap::Args as ClapArgs;
use mainstay_features::check::{ContractReport, CustomerReport, usable_horizons};
use mainstay_features::history::History;
use mainstay_features::ingest::{IngestError, MaxBadRows, Numbers};
use mainstay_features::newcomers::{Newcomers, OddWave};
use mainstay_features::profile::Said;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use self::report::Report;
pub(super) use self::report::date;
use self::rows::{BadRows, Rows};
use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading::{collect, rehearse};
use crate::clock;
use crate::failure::{Failure, Kind};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The population is who bought within this time
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// How old the log is is told as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Words that columns of consents have in their names.
const CONSENT_WORDS: [&str; 7] = ["consent", "opt_in", "optin", "opt-in", "einwillig", "同意", "订阅"];

/// Attributes that are called as if they said whom the shop may turn to, and that no decision reads.
fn like_consents(history: &History) -> Vec<String> {
    let attributes = Said::of(history).attributes(|word| history.text(word));
    let names =
        attributes.into_iter().filter(|attribute| !attribute.is_private()).map(|attribute| attribute.name);
    let is_like = |name: &String| CONSENT_WORDS.iter().any(|word| name.to_lowercase().contains(word));
    names.filter(is_like).collect()
}

/// Newcomers of another kind who are in the population still.
fn odd_newcomers(history: &History, as_of: Instant, lookback: Days) -> Vec<OddWave> {
    let mut waves = Newcomers::of(history).odd_waves(as_of);
    waves.retain(|wave| wave.days.1 > as_of.minus(lookback).calendar_day());
    waves
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let progress = Progress::new();
    let mut settled = args.input.with_purchases()?;
    if settled.input.memory.take().is_some() {
        output::note("check keeps a fingerprint of every line, and does not keep to --memory");
    }
    settled.input.survey = true;
    // The report says how far ahead the last order is.
    settled.input.until = None;
    // A report is what bad rows are first met in: all are counted, whether or not other commands may leave them out.
    let collected = if settled.input.max_bad_rows.is_none() {
        settled.input.max_bad_rows = MaxBadRows::ALL;
        rehearse(&settled, &progress)?
    } else {
        collect(&settled, &progress)?
    };
    let rows = Rows { counts: collected.counts, bad: BadRows::of(&collected.quarantine) };
    progress.begin("look at days, orders and customers", None);
    let mut survey = collected.survey.unwrap_or_default();
    let (repeats, days) = (survey.repeats(), survey.days());
    let cancellations = survey.cancellations();
    let history = History::fold(collected.builders).map_err(IngestError::from)?;
    let orders = history.order_count();
    let (span, days, customers) = match (history.span(), days, CustomerReport::of(&history)) {
        (Some(span), Some(days), Some(customers)) => (span, days, customers),
        _ => {
            progress.end();
            // Whoever asks for a report is told why there is nothing to report.
            if args.json {
                output::print_json(&rows.to_json(orders))?;
            } else {
                output::print(&rows.to_text(orders))?;
            }
            return Err(match orders {
                0 => IngestError::NoPurchases { bad: collected.quarantine.into_iter().next() }.into(),
                _ => Failure::new(Kind::TooLittleData, "the log has no purchase: no order is above zero"),
            });
        }
    };
    progress.end();
    let as_of = args.as_of.unwrap_or_else(clock::second);
    let report = Report {
        rows,
        negative: survey.negative,
        zero: survey.zero,
        seems_thousands: (settled.input.convention.numbers != Numbers::DecimalComma
            && survey.with_point > 1
            && survey.with_point == survey.with_three_decimals)
            .then_some(survey.with_point),
        currencies: survey.currencies.into_iter().collect(),
        repeats,
        cancellations,
        discounts: survey.discounts,
        statuses: survey.statuses,
        orders,
        span,
        days,
        customers,
        told: history.told(),
        like_consents: like_consents(&history),
        horizons: usable_horizons(span, args.lookback),
        contracts: ContractReport::of(&history, as_of),
        odd_newcomers: odd_newcomers(&history, span.1, args.lookback),
        as_of,
        given: history.given(),
    };
    if args.json { output::print_json(&report.to_json()) } else { output::print(&report.to_text()) }
}
