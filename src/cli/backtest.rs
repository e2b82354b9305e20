//! `mainstay backtest`.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::units::Instant;
use mainstay_models::backtest::{Backtest, Judged, backtest};
use mainstay_models::evaluate::Metrics;
use mainstay_models::language::Language;
use serde_json::{Value, json};

use super::input::InputArgs;
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{SettingsArgs, StoreArgs, check_folder};
use super::verdict;
use crate::failure::Failure;
use crate::report::Report;
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    /// Test what was known one horizon before this instant, and look at nothing later [default: the last order's, or start
    /// of a contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    /// Write a report for people into this file: one HTML page, with its charts in it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// In which language people read the report: en or zh
    #[arg(long, value_name = "LANGUAGE", default_value = "en", requires = "report")]
    language: Language,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if let Some(report) = &args.report {
        check_folder(report)?;
    }
    let outputs: Vec<&Path> = args.report.as_deref().into_iter().collect();
    let progress = Progress::new();
    let history = args.input.read(&Store::at(&args.store.store), &outputs, &progress)?;
    reading::note_holes(&history);
    let known_until = reading::known_at(args.as_of, &history)?;
    let outcome = backtest(&history, &args.settings.settings(), known_until, &progress)?;
    if let Some(report) = &args.report {
        let html = Report::of(&outcome, args.language).to_html();
        write_whole(report, |out| out.write_all(html.as_bytes()))?;
        output::note(&format!("report in {}", report.display()));
    }
    if args.json {
        output::print_json(&to_json(&outcome, &progress))
    } else {
        output::print(&to_text(&outcome, &progress))
    }
}

/// How long the model of a result took to fit.
fn fit_seconds(judged: &Judged, progress: &Progress) -> f64 {
    progress.seconds(&format!("fit {}", judged.name))
}

fn to_json(outcome: &Backtest, progress: &Progress) -> Value {
    let judged = |judged: &Judged| {
        let metrics = judged.metrics.as_ref();
        json!({
            "name": judged.name,
            "selected": judged.selected,
            "auc": metrics.and_then(|m| m.auc),
            "pr_auc": metrics.and_then(|m| m.pr_auc),
            "log_loss": metrics.map(|m| m.log_loss),
            "brier": metrics.map(|m| m.brier),
            "ece": metrics.map(|m| m.ece),
            "lift_at_10": metrics.and_then(|m| m.lift_at_10),
            "profit": judged.earned.profit,
            "mpc": judged.earned.maximum,
            "empc": judged.earned.expected_maximum,
            "fit_seconds": fit_seconds(judged, progress),
        })
    };
    let training = &outcome.training;
    let (serving, shift) = training.serving();
    json!({
        "label": outcome.label.to_string(),
        "test_cutoff": outcome.test_cutoff.to_string(),
        "train_rows": training.rows(),
        "test_rows": outcome.test_rows,
        "churn_rate": outcome.churn_rate,
        "grade": training.verdict.grade,
        "judged": training.judged(),
        "verdict": training.verdict,
        "origins": training.origins,
        "calibration": serving.calibration,
        "season_shift": {"kind": training.shift.kind, "log_odds": shift},
        "models": outcome.models.iter().map(judged).collect::<Vec<_>>(),
        "baselines": outcome.baselines.iter().map(judged).collect::<Vec<_>>(),
    })
}

/// The result as a table for people.
pub(super) fn to_text(outcome: &Backtest, progress: &Progress) -> String {
    let text = format!(
        "{}\ntest cutoff {}: {} customers, {:.1} % churned; trained on {} rows from before; label: {}\n\n",
        verdict::to_text(&outcome.training),
        outcome.test_cutoff,
        outcome.test_rows,
        100.0 * outcome.churn_rate,
        outcome.training.rows(),
        outcome.label
    );
    let rows: Vec<Vec<String>> = outcome
        .models
        .iter()
        .chain(&outcome.baselines)
        .map(|judged| {
            let mark = if judged.selected { " (selected)" } else { "" };
            let mut row = vec![format!("{}{mark}", judged.name)];
            match &judged.metrics {
                Some(metrics) => row.extend(metric_cells(metrics)),
                None => row.extend(METRIC_TITLES.map(|_| "–".to_owned())),
            }
            row.push(format!("{:.2}", judged.earned.profit));
            row.push(match fit_seconds(judged, progress) {
                0.0 => "–".to_owned(),
                seconds => format!("{seconds:.1} s"),
            });
            row
        })
        .collect();
    let header: Vec<&str> =
        std::iter::once("model").chain(METRIC_TITLES).chain(["profit a customer", "fit"]).collect();
    text + &output::table(&header, &rows)
}

/// The titles of [`metric_cells`].
pub(super) const METRIC_TITLES: [&str; 6] = ["ROC-AUC", "PR-AUC", "log loss", "Brier", "ECE", "lift at 10 %"];

/// The measures as cells of a table.
pub(super) fn metric_cells(metrics: &Metrics) -> [String; 6] {
    let Metrics { auc, pr_auc, log_loss, brier, ece, lift_at_10 } = *metrics;
    let maybe = |value: Option<f64>, digits: usize| {
        value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
    };
    [
        maybe(auc, 4),
        maybe(pr_auc, 4),
        format!("{log_loss:.4}"),
        format!("{brier:.4}"),
        format!("{ece:.3}"),
        maybe(lift_at_10, 2),
    ]
}
