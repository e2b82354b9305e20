//! `mainstay train`.

use clap::Args as ClapArgs;
use mainstay_features::history::Histories;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::artifact::Artifact;
use mainstay_models::evaluate::Metrics;
use mainstay_models::training::{self, Settings};
use serde_json::{Value, json};

use super::backtest::{METRIC_TITLES, metric_cells};
use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading::last_order;
use super::settings::{SettingsArgs, StoreArgs};
use crate::failure::{Failure, Kind};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Train on what was known at this instant [default: the last order's]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let progress = Progress::new();
    let store = Store::at(&args.store.store);
    store.prepare()?;
    let history = args.input.read(&store, &[], &progress)?;
    let known_until = known_until(&history, args.as_of)?;
    let artifact = train(&history, &args.settings.settings(), known_until, &store, &progress)?;
    if args.json {
        output::print_json(&to_json(&artifact, &store))
    } else {
        output::print(&to_text(&artifact, &store))
    }
}

/// Until when the training looks: the last order there is at the instant asked for, as a log that ended there would
/// have it.
fn known_until(history: &Histories, as_of: Option<Instant>) -> Result<Instant, Failure> {
    let Some(as_of) = as_of else { return last_order(history) };
    history.last_order_until(as_of)?.ok_or_else(|| {
        Failure::new(Kind::TooLittleData, format!("the log has no order at or before {as_of}"))
    })
}

/// Trains and keeps the model.
pub(super) fn train(
    history: &Histories,
    settings: &Settings,
    known_until: Instant,
    store: &Store,
    watch: &dyn Watch,
) -> Result<Artifact, Failure> {
    let (first, _) = history.summary().span.unwrap_or((known_until, known_until));
    let training = training::train(history, settings, known_until, watch)?;
    let artifact = Artifact::new(*settings, (first, known_until), training);
    store.save_model(&artifact)?;
    Ok(artifact)
}

fn to_json(artifact: &Artifact, store: &Store) -> Value {
    let snapshots: Vec<Value> = artifact
        .snapshots
        .iter()
        .map(|s| json!({"cutoff": s.cutoff.to_string(), "rows": s.rows, "churn_rate": s.churn_rate()}))
        .collect();
    json!({
        "model": artifact.name(),
        "label": artifact.label.to_string(),
        "file": store.model_path().display().to_string(),
        "selected": artifact.models.selected,
        "train_rows": artifact.snapshots.iter().map(|s| s.rows).sum::<usize>(),
        "snapshots": snapshots,
        "validation": artifact.validation.map(|on| json!({
            "cutoff": on.cutoff.to_string(),
            "logistic": on.logistic,
            "forest": on.forest,
        })),
    })
}

fn to_text(artifact: &Artifact, store: &Store) -> String {
    let mut text = format!("label: {} within {} days\n", artifact.label, artifact.settings.horizon.get());
    for snapshot in &artifact.snapshots {
        text += &format!(
            "snapshot {}: {} customers, {:.1} % churned\n",
            snapshot.cutoff,
            snapshot.rows,
            100.0 * snapshot.churn_rate().unwrap_or(0.0)
        );
    }
    match &artifact.validation {
        Some(on) => {
            let row = |name: &str, metrics: &Metrics| {
                let mut row = vec![name.to_owned()];
                row.extend(metric_cells(metrics));
                row
            };
            let header: Vec<&str> = std::iter::once("model").chain(METRIC_TITLES).collect();
            text += &format!("\nvalidation: fitted on the older snapshots, measured at {}\n", on.cutoff);
            text += &output::table(&header, &[row("logistic", &on.logistic), row("forest", &on.forest)]);
            text += &format!("\nselected: {}, by its log loss there\n", artifact.models.selected);
        }
        None => {
            text += "\nno validation: that takes customers at the newest snapshot, and leavers and stayers before it\n";
            text += &format!("selected: {}, being the simpler model\n", artifact.models.selected);
        }
    }
    text + &format!("saved: {} in {}\n", artifact.name(), store.model_path().display())
}
