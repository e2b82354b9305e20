//! `mainstay score`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::history::Given;
use mainstay_features::label::Label;
use mainstay_features::units::Instant;
use mainstay_models::language::Language;

use super::input::InputArgs;
use super::lifetime;
use super::output;
use super::progress::Progress;
use super::reading::last_order;
use super::settings::{MoneyArgs, StoreArgs, check_folder, out_format};
use crate::failure::{Failure, Kind};
use crate::scores::{Scores, write_scores};
use crate::service::Service;
use crate::store::{Store, Whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Score as of this instant [default: the last order's]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    money: MoneyArgs,
    /// In which language its reasons and evidence are told: en or zh. `mainstay list` tells them in any
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// The file to write, .parquet or .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let format = out_format(&args.out)?;
    check_folder(&args.out)?;
    let store = Store::at(&args.store.store);
    let service = Service::new(store.load_model()?, args.money.catalogue()?, args.money.assumptions());

    store.prepare()?;
    let progress = Progress::new();
    let history = args.input.read(&store, &[&args.out], &progress)?;
    let as_of = args.as_of.map_or_else(|| last_order(&history), Ok)?;
    doubts(&service, history.given(), as_of).iter().for_each(|doubt| output::note(doubt));
    let suppressed = store.load_suppressed()?;
    let scores = Scores::of(&service, &history, as_of, &suppressed, &progress)?;
    if scores.rows.is_empty() {
        return Err(nobody(&service, as_of));
    }
    // Both are whole beside their places before either is put there.
    let out = Whole::write(&args.out, |out| write_scores(&scores, args.language, format, out))?;
    store.save_scores(&scores, args.language)?;
    out.commit()?;
    output::print(&summary(&scores, &service, &format!("in {}", args.out.display())))
}

/// What makes scores of this history at this instant less than the model promises.
fn doubts(service: &Service, given: Given, as_of: Instant) -> Vec<String> {
    let mut doubts = Vec::new();
    let artifact = service.artifact();
    let (_, known_until) = artifact.data_span;
    if as_of < known_until {
        doubts.push(format!(
            "the model was trained on what was known at {known_until}, after {as_of}: these scores are no fair test of it"
        ));
    }
    let age_days = as_of.days_since(known_until);
    let (_, shift) = artifact.training.serving();
    // A third of a horizon on, other customers are at stake in another season.
    if shift != 0.0 && age_days > i64::from(artifact.settings.horizon.get()) / 3 {
        doubts.push(format!(
            "the model's shift for the season was estimated for {known_until}, {age_days} days before: train again"
        ));
    }
    if artifact.training.complaints && !given.complaints {
        doubts.push(
            "the model was trained with complaints, and there are none here: give --complaints, or everyone counts as content"
                .to_owned(),
        );
    }
    let untold: Vec<&str> = service.features().untold_by(given).map(|feature| feature.name).collect();
    if !untold.is_empty() {
        doubts.push(format!(
            "the model was trained with {}, which these files cannot tell: they count as unknown",
            untold.join(", ")
        ));
    }
    doubts
}

/// The population is empty.
fn nobody(service: &Service, as_of: Instant) -> Failure {
    let artifact = service.artifact();
    let why = match artifact.training.label {
        Label::NoPurchase => {
            format!("nobody bought in the {} days before {as_of}", artifact.settings.lookback.get())
        }
        Label::ContractEnd => format!("no contract of a customer with a purchase runs at {as_of}"),
    };
    Failure::new(Kind::TooLittleData, format!("{why}; nothing was written"))
}

/// What a scored list amounts to.
pub(super) fn summary(scores: &Scores, service: &Service, place: &str) -> String {
    let with_action: Vec<_> = scores.rows.iter().filter(|row| row.net_value > 0.0).collect();
    let suppressed = match scores.suppressed {
        0 => String::new(),
        number => format!("{number} customers object to marketing, and are left out\n"),
    };
    format!(
        "{} customers scored as of {} by {} {place}\n{suppressed}\
         the model was judged {}\n\
         an action pays for {} of them, together {:.2}; keeping a customer is worth {:.2} on average, {}\n",
        scores.rows.len(),
        scores.as_of,
        service.artifact().name(),
        service.artifact().training.verdict.grade,
        with_action.len(),
        with_action.iter().map(|row| row.net_value).fold(0.0, |sum, value| sum + value),
        scores.rows.iter().map(|row| row.lifetime_value).sum::<f64>() / scores.rows.len().max(1) as f64,
        lifetime::basis(&service.artifact().training.lifetime.lifetime, service.assumptions().discount),
    )
}
