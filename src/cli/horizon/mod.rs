//! `mainstay horizon`.

mod chart;
mod json;
mod text;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::horizon::{LEAST_AT_RISK, study};
use mainstay_features::units::{Days, Instant, ParseUnitError, Probability};
use mainstay_features::watch::Watch;
use mainstay_models::language::Language;

use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{StoreArgs, check_folder};
use crate::failure::{Failure, Kind};
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// The population is who bought within this time
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// Study what was known at this instant, and look at nothing later [default: the last order's, or start of a contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    /// A horizon is long enough if at most this share of those silent for so long ever come back
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = parse_share)]
    few: Probability,
    /// Draw the gaps and the share that comes back into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// In which language the advice and its chart are told: en or zh
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

fn parse_share(text: &str) -> Result<Probability, ParseUnitError> {
    text.trim()
        .parse()
        .ok()
        .and_then(Probability::new)
        .ok_or_else(|| ParseUnitError::new(text, "a share from 0 to 1, such as 0.1"))
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(svg) = &args.svg {
        check_folder(svg)?;
    }
    let svg: Vec<&Path> = args.svg.as_deref().into_iter().collect();
    let progress = Progress::new();
    let history = args.input.read(&Store::at(&args.store.store), &svg, &progress)?;
    let known_until = reading::known_at(args.as_of, &history)?;
    progress.begin("study who comes back", None);
    let advice = study(&history, known_until, args.lookback, args.few)?;
    progress.end();
    let advice = advice.ok_or_else(|| {
        let message = format!(
            "the log cannot tell who comes back: that takes at least {LEAST_AT_RISK} purchases a day or more \
             before the last order"
        );
        Failure::new(Kind::TooLittleData, message)
    })?;
    if let Some(svg) = &args.svg {
        let drawn = chart::figure(&advice, args.language).to_svg();
        write_whole(svg, |out| out.write_all(drawn.as_bytes()))?;
        output::note(&format!("chart in {}", svg.display()));
    }
    let has_contracts = history.given().contracts;
    if args.json {
        output::print_json(&json::of(&advice, has_contracts))
    } else {
        output::print(&text::of(&advice, has_contracts, args.language))
    }
}
