//! `mainstay backtest`.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::history::Histories;
use mainstay_features::units::Instant;
use mainstay_models::artifact::Artifact;
use mainstay_models::backtest::{Backtest, Judged, RULE, backtest};
use mainstay_models::decision::Catalogue;
use mainstay_models::evaluate::Metrics;
use mainstay_models::language::Language;
use serde_json::{Map, Value, json};

use super::input::{InputArgs, temporary_folder};
use super::output;
use super::progress::Progress;
use super::reading;
use super::settings::{MoneyArgs, SettingsArgs, StoreArgs, check_folder};
use super::verdict;
use crate::failure::Failure;
use crate::proceeds::{Proceeds, Sum};
use crate::report::Report;
use crate::service::Service;
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    settings: SettingsArgs,
    #[command(flatten)]
    money: MoneyArgs,
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
    let catalogue = args.money.catalogue()?;
    let progress = Progress::new();
    let history = args.input.read(&Store::at(&args.store.store), &outputs, &progress)?;
    reading::note_holes(&history);
    args.money.note_assumed();
    let known_until = reading::known_at(args.as_of, &history)?;
    let settings = args.settings.settings();
    let outcome = backtest(&history, &settings, known_until, &progress)?;
    let proceeds = args.proceeds(catalogue, &history, &outcome, &progress)?;
    if let Some(report) = &args.report {
        let html = Report::of(&outcome, &proceeds, args.language).to_html();
        write_whole(report, |out| out.write_all(html.as_bytes()))?;
        output::note(&format!("report in {}", report.display()));
    }
    if args.json {
        let mut json = to_json(&outcome, &progress);
        json["net_value"] = proceeds_to_json(&proceeds);
        output::print_json(&json)
    } else {
        output::print(&(to_text(&outcome, &progress) + &proceeds_to_text(&proceeds)))
    }
}

impl Args {
    /// What the actions of the test date were said to earn, and what came.
    fn proceeds(
        &self,
        catalogue: Catalogue,
        history: &Histories,
        outcome: &Backtest,
        progress: &Progress,
    ) -> Result<Proceeds, Failure> {
        let (first, _) = history.summary().span.unwrap_or((outcome.test_cutoff, outcome.test_cutoff));
        let span = (first, outcome.test_cutoff);
        let artifact = Artifact::new(self.settings.settings(), span, outcome.training.clone());
        let service = Service::new(artifact, catalogue, self.money.assumptions());
        Proceeds::of(&service, history, outcome.test_cutoff, &temporary_folder(), progress)
    }
}

fn proceeds_to_json(proceeds: &Proceeds) -> Value {
    let sum = |sum: &Sum| {
        json!({
            "customers": sum.customers,
            "expected_leavers": sum.expected_leavers,
            "leavers": sum.leavers,
            "expected_to_spend": sum.expected_spending,
            "spent": sum.spent,
            "actions": sum.actions,
            "said": sum.said,
            "by_who_left": sum.came,
        })
    };
    let tiers: Map<String, Value> =
        proceeds.tiers.iter().map(|(tier, of)| (tier.name().to_owned(), sum(of))).collect();
    let stages: Map<String, Value> =
        proceeds.stages.iter().map(|(stage, of)| (stage.name().to_owned(), sum(of))).collect();
    json!({"all": sum(&proceeds.all), "tiers": tiers, "stages": stages})
}

/// What was said and what came as a table for people, with what is to be thought of it where it was far off.
fn proceeds_to_text(proceeds: &Proceeds) -> String {
    let tiers = proceeds.tiers.iter().map(|(tier, sum)| (tier.name(), sum));
    let stages = proceeds.stages.iter().map(|(stage, sum)| (stage.name(), sum));
    let told: Vec<(&str, &Sum)> =
        std::iter::once(("all", &proceeds.all)).chain(tiers).chain(stages).collect();
    let row = |(name, sum): &(&str, &Sum)| std::iter::once((*name).to_owned()).chain(sum.cells()).collect();
    let rows: Vec<Vec<String>> = told.iter().map(row).collect();
    let mut text = "\nwhat was said of the customers of the test date and what came, of all, by value tier and by stage (spent \
                    on purchases, what was brought back included; actions are those of the offers, their net value by who left with all \
                    else as assumed):\n"
        .to_owned();
    text += &output::table(
        &[
            "who",
            "customers",
            "expected to leave",
            "left",
            "expected to spend",
            "spent",
            "actions",
            "net value said",
            "by who left",
        ],
        &rows,
    );
    proceeds.remarks(Language::English).iter().for_each(|remark| text += &format!("{remark}\n"));
    text
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
    let by_rule = outcome.models.iter().any(|judged| judged.selected && judged.name == RULE);
    let rows: Vec<Vec<String>> = outcome
        .models
        .iter()
        .chain(&outcome.baselines)
        // Where the rule serves there is nothing to hold it against but itself.
        .filter(|judged| judged.selected || judged.name != RULE || !by_rule)
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
