//! `mainstay train`.

use clap::Args as ClapArgs;
use mainstay_features::units::Instant;
use mainstay_models::artifact::Artifact;
use mainstay_models::training::SnapshotSummary;
use serde_json::{Value, json};

use super::input::InputArgs;
use super::lifetime;
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{SettingsArgs, StoreArgs};
use super::verdict;
use crate::failure::Failure;
use crate::promotion::{Outcome, train};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Train on what was known at this instant, as of the last order until then [default: the last order's, or start of a
    /// contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    #[command(flatten)]
    store: StoreArgs,
    /// Put the model into service even if it does not beat the one that serves
    #[arg(long)]
    promote: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let progress = Progress::new();
    let store = Store::at(&args.store.store);
    store.prepare()?;
    let history = args.input.read(&store, &[], &progress)?;
    reading::note_holes(&history);
    let known_until = reading::known_at(args.as_of, &history)?;
    let settings = args.settings.settings();
    let (artifact, outcome) = train(&history, &settings, known_until, &store, args.promote, &progress)?;
    if args.json {
        output::print_json(&to_json(&artifact, outcome, &store))
    } else {
        output::print(&to_text(&artifact, outcome, &store))
    }
}

fn to_json(artifact: &Artifact, outcome: Outcome, store: &Store) -> Value {
    let training = &artifact.training;
    let snapshots: Vec<Value> = training
        .snapshots
        .iter()
        .map(|s| json!({"cutoff": s.cutoff.to_string(), "rows": s.rows, "churn_rate": s.churn_rate()}))
        .collect();
    let (serving, shift) = training.serving();
    json!({
        "model": artifact.name(),
        "label": training.label.to_string(),
        "file": store.path_of_model(artifact, outcome.serves()).display().to_string(),
        "serves": outcome.serves(),
        "outcome": outcome.to_string(),
        "selected": serving.kind,
        "grade": training.verdict.grade,
        "judged": training.judged(),
        "verdict": training.verdict,
        "train_rows": training.rows(),
        "snapshots": snapshots,
        "origins": training.origins,
        "calibration": serving.calibration,
        "season_shift": {"kind": training.shift.kind, "log_odds": shift},
        "lifetime": training.lifetime,
    })
}

fn to_text(artifact: &Artifact, outcome: Outcome, store: &Store) -> String {
    let training = &artifact.training;
    let mut text = format!("label: {} within {} days\n", training.label, artifact.settings.horizon.get());
    let rates = training.snapshots.iter().filter_map(SnapshotSummary::churn_rate);
    let (least, most) =
        rates.fold((1.0_f64, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
    if let (Some(newest), Some(oldest)) = (training.snapshots.first(), training.snapshots.last()) {
        text += &format!(
            "{} snapshots from {} to {}: {} rows, {:.1} to {:.1} % churned\n\n",
            training.snapshots.len(),
            oldest.cutoff,
            newest.cutoff,
            training.rows(),
            100.0 * least,
            100.0 * most
        );
    }
    text += &verdict::to_text(training);
    text += &lifetime::to_text(&training.lifetime);
    let (name, path) = (artifact.name(), store.path_of_model(artifact, outcome.serves()));
    text += &format!("saved: {name} in {}: {outcome}\n", path.display());
    if !outcome.serves() {
        text += &format!(
            "put it into service all the same with mainstay models promote {name}, or train --promote\n"
        );
    }
    text
}
