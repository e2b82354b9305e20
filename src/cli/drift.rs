//! `mainstay drift`.

use clap::Args as ClapArgs;
use mainstay_features::units::Instant;
use mainstay_models::drift::{LARGE, Shift, Verdict, WORTH_A_LOOK};
use mainstay_models::monitor::{Matured, Report, monitor, population};
use serde_json::{Value, json};

use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{StoreArgs, built_in_offers};
use crate::failure::{Failure, Kind};
use crate::service::{Assumptions, Service};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Compare the customers as of this instant [default: the last order's, or start of a contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    /// Compare with this model, as mainstay models list names it [default: the one in service]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// Exit with 7 where there is drift to act on
    #[arg(long)]
    exit_code: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let store = Store::at(&args.store.store);
    let artifact = store.load_model_named(args.model.as_deref())?;
    let progress = Progress::new();
    let history = args.input.read(&store, &[], &progress)?;
    let service = Service::new(artifact, built_in_offers()?, Assumptions::default());
    service.check_label(history.given())?;
    let artifact = service.artifact();
    let as_of = reading::as_of(args.as_of, &history)?;
    let report = monitor(artifact, &history, as_of, &population(artifact, &history, as_of)?)?;
    if report.rows == 0 {
        return Err(Failure::new(Kind::TooLittleData, format!("nobody is in the population at {as_of}")));
    }
    if args.json {
        output::print_json(&to_json(&report, &artifact.name()))?;
    } else {
        output::print(&to_text(&report, &artifact.name()))?;
    }
    if args.exit_code && report.has_drifted() {
        return Err(Failure::new(Kind::Drifted, "customers are no longer those the model was trained on"));
    }
    Ok(())
}

fn to_json(report: &Report, model: &str) -> Value {
    let feature = |shift: &Shift| {
        json!({
            "feature": shift.feature,
            "verdict": shift.verdict(),
            "psi": shift.psi,
            "expected_by_chance": shift.chance.expected,
            "threshold": shift.chance.threshold,
            "missing_before": shift.missing.0,
            "missing_now": shift.missing.1,
        })
    };
    json!({
        "model": model,
        "as_of": report.as_of.to_string(),
        "trained_rows": report.trained_rows,
        "rows": report.rows,
        "drifted": report.has_drifted(),
        "days_since_training": report.days_since_training,
        "train_again": report.calls_for_training(),
        "churn_probability": feature(&report.said),
        "features": report.shifts.iter().map(feature).collect::<Vec<_>>(),
        "matured": report.matured.as_ref().map(|matured| json!({
            "cutoff": matured.cutoff.to_string(),
            "churn_rate": matured.churn,
            "calibration": matured.honesty,
        })),
    })
}

fn to_text(report: &Report, model: &str) -> String {
    let mut text = format!("{}\n\n", sentence(report));
    text += &format!(
        "{} customers as of {} against the {} of the newest snapshot {model} was trained on\n",
        report.rows, report.as_of, report.trained_rows
    );
    let count = |verdict: Verdict| report.shifts.iter().filter(|shift| shift.verdict() == verdict).count();
    let moved = report.shifts.iter().filter(|shift| shift.verdict() >= Verdict::Moved);
    let rows: Vec<Vec<String>> = std::iter::once(&report.said).chain(moved).map(cells).collect();
    text +=
        &output::table(&["feature", "how far", "PSI", "by chance up to", "no value before", "now"], &rows);
    text += &format!(
        "{} more moved a little and {} not more than chance explains; PSI below {WORTH_A_LOOK} is too small to act on, \
         from {LARGE} on the customers are others\n",
        count(Verdict::Slight),
        count(Verdict::Steady)
    );
    text + "\n" + &report.matured.as_ref().map_or_else(nothing_matured, matured)
}

/// What to do, in a sentence.
fn sentence(report: &Report) -> String {
    if report.calls_for_training() {
        return "drifted: train again, and look at what changed below".to_owned();
    }
    if report.has_drifted() && report.days_since_training < 0 {
        return format!(
            "these customers are those of {} days before the training: that they are others is to be expected",
            -report.days_since_training
        );
    }
    if report.has_drifted() {
        return format!(
            "drifted, but {} days of history since the training are too few for another to differ: look at what changed below",
            report.days_since_training
        );
    }
    "no drift that calls for action".to_owned()
}

fn cells(shift: &Shift) -> Vec<String> {
    let how_far = match shift.verdict() {
        Verdict::Steady => "as before",
        Verdict::Slight => "a little",
        Verdict::Moved => "moved",
        Verdict::MovedFar => "moved far",
    };
    vec![
        shift.feature.clone(),
        how_far.to_owned(),
        format!("{:.3}", shift.psi),
        if shift.chance.threshold.is_finite() {
            format!("{:.3}", shift.chance.threshold)
        } else {
            "–".to_owned()
        },
        percent(shift.missing.0),
        percent(shift.missing.1),
    ]
}

fn nothing_matured() -> String {
    "outcomes: none known yet of customers after those it was trained on\n".to_owned()
}

fn matured(matured: &Matured) -> String {
    let (churn, honesty) = (&matured.churn, &matured.honesty);
    let points = |share: f64| format!("{:+.1}", 100.0 * share);
    format!(
        "outcomes of the {} customers at {}:\n\
         \x20 churn rate {} before, {} now: {} points ({} to {})\n\
         \x20 said {}, happened {}: {} points ({} to {})\n\
         \x20 calibration error {:.3}, of which chance alone makes about {:.3}\n",
        honesty.rows,
        matured.cutoff,
        percent(churn.before),
        percent(churn.now),
        points(churn.change.estimate),
        points(churn.change.low),
        points(churn.change.high),
        percent(honesty.predicted),
        percent(honesty.observed),
        points(honesty.gap.estimate),
        points(honesty.gap.low),
        points(honesty.gap.high),
        honesty.ece,
        honesty.ece_by_chance,
    )
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
