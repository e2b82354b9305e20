//! `mainstay models`: which models there are, what each is good for, and which is in service.

mod card;

use clap::{Args as ClapArgs, Subcommand};
use mainstay_models::artifact::Artifact;
use serde_json::{Value, json};

use super::output;
use super::settings::StoreArgs;
use crate::failure::Failure;
use crate::store::{Change, StoredModel};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the store's models, and which is in service
    List(Common),
    /// Describe a model: what data, what span, what quality, what for and what not for (a model card, in Markdown)
    Show(Show),
    /// Put a model into service; the one before is kept
    Promote(Promote),
    /// Put the model that was in service before the present one back
    Rollback(Common),
}

#[derive(ClapArgs)]
struct Common {
    #[command(flatten)]
    store: StoreArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

#[derive(ClapArgs)]
struct Show {
    /// The model, as mainstay models list names it [default: the one in service]
    name: Option<String>,
    #[command(flatten)]
    common: Common,
}

#[derive(ClapArgs)]
struct Promote {
    /// The model, as mainstay models list names it
    name: String,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.action {
        Action::List(common) => list(common),
        Action::Show(Show { name, common }) => {
            let store = common.store.existing()?;
            show(&store.load_model_named(name.as_deref())?, common)
        }
        Action::Promote(Promote { name, common }) => {
            let store = common.store.existing()?;
            let model = store.model_named(name)?;
            store.serve_model(&model.artifact, Change::Promote)?;
            in_service(&model.artifact, common)
        }
        Action::Rollback(common) => in_service(&common.store.existing()?.roll_back()?, common),
    }
}

fn show(artifact: &Artifact, common: &Common) -> Result<(), Failure> {
    if !common.json {
        return output::print(&card::of(artifact));
    }
    let training = &artifact.training;
    let (serving, shift) = training.serving();
    let snapshots: Vec<Value> = training
        .snapshots
        .iter()
        .map(|s| json!({"cutoff": s.cutoff.to_string(), "rows": s.rows, "churn_rate": s.churn_rate()}))
        .collect();
    output::print_json(&json!({
        "model": artifact.name(),
        "label": training.label.to_string(),
        "horizon_days": artifact.settings.horizon.get(),
        "lookback_days": artifact.settings.lookback.get(),
        "seed": artifact.settings.seed,
        "first_order": artifact.data_span.0.to_string(),
        "trained_until": artifact.data_span.1.to_string(),
        "train_rows": training.rows(),
        "snapshots": snapshots,
        "features": training.models.inputs.names(),
        "selected": serving.kind,
        "calibration": serving.calibration,
        "season_shift": {"kind": training.shift.kind, "log_odds": shift},
        "grade": training.verdict.grade,
        "refused_for": training.verdict.refused_for(),
        "judged": training.judged(),
        "verdict": training.verdict,
        "origins": training.origins,
    }))
}

fn in_service(artifact: &Artifact, common: &Common) -> Result<(), Failure> {
    if common.json {
        output::print_json(&json!({"in_service": artifact.name()}))
    } else {
        output::print(&format!("in service: {}\n", artifact.name()))
    }
}

fn list(common: &Common) -> Result<(), Failure> {
    let store = common.store.existing()?;
    let (models, failures) = store.models()?;
    failures.iter().for_each(|failure| output::note(&format!("left out: {failure}")));
    if common.json {
        let history = store.model_history()?;
        return output::print_json(&json!({
            "models": models.iter().map(to_json).collect::<Vec<_>>(),
            "history": history,
        }));
    }
    if models.is_empty() {
        return output::print("no models; train one with mainstay train\n");
    }
    let rows: Vec<Vec<String>> = models.iter().map(cells).collect();
    output::print(&output::table(
        &["model", "in service", "horizon", "lookback", "trained until", "customers", "churn rate", "judged"],
        &rows,
    ))
}

fn cells(model: &StoredModel) -> Vec<String> {
    let (settings, told) = (&model.artifact.settings, model.told());
    vec![
        told.model,
        if told.in_service { "yes" } else { "no" }.to_owned(),
        settings.horizon.to_string(),
        settings.lookback.to_string(),
        told.trained_until,
        told.customers.to_string(),
        format!("{:.1} %", 100.0 * told.churn_rate),
        told.verdict,
    ]
}

fn to_json(model: &StoredModel) -> Value {
    let mut told = json!(model.told());
    told["file"] = json!(model.path.display().to_string());
    told
}
