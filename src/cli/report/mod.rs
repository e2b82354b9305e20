//! `mainstay report`.

mod json;
mod table;
mod text;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::calendar::{CalendarPeriod, Period};
use mainstay_features::history::Histories;
use mainstay_features::ingest::Zone;
use mainstay_features::label::Label;
use mainstay_features::profile::{self, Attribute};
use mainstay_features::units::{Days, Instant};
use mainstay_models::language::Language;
use mainstay_models::turnover::{Question, turnover};

use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading::no_orders;
use super::settings::{StoreArgs, check_folder};
use crate::failure::{Failure, Kind};
use crate::report::{By, TurnoverReport};
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// What time is divided into: week, month, quarter or year
    #[arg(long, value_name = "PERIOD", default_value = "month")]
    period: Period,
    /// A customer is who bought within this time, or with contracts whose runs
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// How long a silence is taken for churn, for the stages (docs/segments.md)
    #[arg(long, value_name = "DAYS", default_value = "90d")]
    horizon: Days,
    /// Tell it by an attribute of customers files, too
    #[arg(long, value_name = "ATTRIBUTE")]
    by: Option<String>,
    /// On whose calendar periods begin, such as Europe/London [default: that of --time-zone, or UTC]
    #[arg(long, value_name = "ZONE")]
    calendar: Option<Zone>,
    /// Until when the log is complete: a period that ends later is left out [default: the day of the last order]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    /// Write every period and segment into this CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write a report for people into this file: one HTML page, with its charts in it
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// In which language people read it: en or zh. CSV and JSON stay English, as scripts read them
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let outputs: Vec<&Path> = args.csv.as_deref().into_iter().chain(args.html.as_deref()).collect();
    outputs.iter().try_for_each(|out| check_folder(out))?;
    let zone = match &args.calendar {
        Some(zone) => zone.clone(),
        None => args.input.time_zone()?.unwrap_or_default(),
    };
    let progress = Progress::new();
    let history = args.input.read(&Store::at(&args.store.store), &outputs, &progress)?;
    let by = args.by.as_deref().map(|name| attribute(&history, name)).transpose()?;
    let (periods, left_out) = periods(args, &history, &zone)?;

    let first = periods.first().map(CalendarPeriod::just_before);
    let instants: Vec<Instant> = first.into_iter().chain(periods.iter().map(CalendarPeriod::last)).collect();
    let question =
        Question { instants: &instants, lookback: args.lookback, horizon: args.horizon, by: by.as_ref() };
    let turnovers = turnover(&history, &question, &progress)?;
    let report = TurnoverReport {
        language: args.language,
        left_out,
        period: args.period,
        zone: zone.name().to_owned(),
        lookback: args.lookback,
        horizon: args.horizon,
        label: Label::where_given(history.given()),
        by: by.map(|by| By::new(&by.name, &turnovers, |word| history.text(word))),
        periods: periods.into_iter().zip(turnovers).collect(),
    };
    if report.whole().total.at_start == 0 {
        let nobody = "nobody is a customer at the start of any of the periods";
        return Err(Failure::new(Kind::TooLittleData, nobody));
    }
    if let Some(path) = &args.csv {
        write_whole(path, |out| table::write(&report, out))?;
        output::note(&format!("every period and segment in {}", path.display()));
    }
    if let Some(path) = &args.html {
        let html = report.to_html();
        write_whole(path, |out| out.write_all(html.as_bytes()))?;
        output::note(&format!("report in {}", path.display()));
    }
    if args.json { output::print_json(&json::of(&report)) } else { output::print(&text::of(&report)) }
}

/// The whole periods of which the log can tell who was a customer, at the start and at the end; and which others there are, in
/// sentences.
fn periods(
    args: &Args,
    history: &Histories,
    zone: &Zone,
) -> Result<(Vec<CalendarPeriod>, Vec<String>), Failure> {
    let (first, last) = history.summary().span.ok_or_else(no_orders)?;
    // Who bought within the lookback is known once the log is as old as that; whose contract runs, at once. A log begins
    // and ends with a day.
    let first_day = zone.start_of_day(first);
    let since = match Label::where_given(history.given()) {
        Label::NoPurchase => first_day.plus(args.lookback),
        Label::ContractEnd => first_day,
    };
    let known_until = zone.end_of_day(args.as_of.unwrap_or(last));
    let all = args.period.between(zone, first, known_until);
    let whole = all.iter().filter(|period| period.start >= since && period.end <= known_until);
    let whole: Vec<CalendarPeriod> = whole.cloned().collect();
    if whole.is_empty() {
        return Err(Failure::new(
            Kind::TooLittleData,
            format!(
                "no whole {} from {since} on, when the log is as old as the lookback, until {known_until}: the orders are from \
                 {first} to {last}; choose a shorter --period or --lookback",
                args.period
            ),
        ));
    }
    let language = args.language;
    let mut left_out = Vec::new();
    let too_early = all.iter().filter(|period| period.start < since && period.end <= known_until).count();
    if too_early > 0 {
        let begin = if too_early == 1 { " that begins" } else { "s that begin" };
        left_out.push(language.either(
            format!(
                "left out: {too_early} {}{begin} before {since}, when the log is not yet as old as the lookback",
                args.period
            ),
            format!("未列入：{since}之前开始的{too_early}个周期，那时日志还没有回看期那么长"),
        ));
    }
    if let Some(unfinished) = all.iter().find(|period| period.start < known_until && period.end > known_until)
    {
        let name = &unfinished.name;
        left_out.push(language.either(
            format!("left out: {name}, which the log is not at the end of (last order {last}; --as-of says if it is complete)"),
            format!("未列入：{name}，日志还没有到该周期结束（最后一单{last}；数据若已完整，请用 --as-of 说明）"),
        ));
    }
    left_out.iter().for_each(|note| output::note(note));
    Ok((whole, left_out))
}

/// The attribute of a name that customers can be told apart by.
fn attribute(history: &Histories, name: &str) -> Result<Attribute, Failure> {
    let mut attributes = profile::attributes(history);
    attributes.retain(|attribute| !attribute.is_private());
    let names: Vec<&str> = attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    let known = match names.as_slice() {
        [] => "no customers file gives one".to_owned(),
        names => format!("there are: {}", names.join(", ")),
    };
    let unknown = || {
        Failure::new(Kind::Usage, format!("--by {name}: no attribute of customers has this name; {known}"))
    };
    attributes.iter().find(|attribute| attribute.name == name).cloned().ok_or_else(unknown)
}
