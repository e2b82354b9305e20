//! What the rolling backtests chose and the gate found, in words.

use mainstay_models::backtest::name_of;
use mainstay_models::calibrate::Calibration;
use mainstay_models::gate::{Gain, Verdict};
use mainstay_models::season::ShiftKind;
use mainstay_models::training::Training;

use super::output;

/// So many of the newest rolling backtests are shown.
const SHOWN: usize = 12;

/// The rolling backtests as a table, the verdict, and what serves.
pub(super) fn to_text(training: &Training) -> String {
    let mut text = String::new();
    if !training.origins.is_empty() {
        text += "rolling backtests: at each, chosen and fitted on what was known then\n";
        let earlier = training.origins.len().saturating_sub(SHOWN);
        let rows: Vec<Vec<String>> = training
            .origins
            .iter()
            .skip(earlier)
            .map(|origin| {
                vec![
                    origin.cutoff.clone(),
                    origin.rows.to_string(),
                    format!("{:.1} %", 100.0 * origin.churned as f64 / origin.rows.max(1) as f64),
                    origin.kind.to_string(),
                    origin.shift_kind.to_string(),
                    format!("{:.4}", origin.model.log_loss),
                    format!("{:.4}", origin.rule.log_loss),
                ]
            })
            .collect();
        text += &output::table(
            &["cutoff", "customers", "churned", "model", "shift", "its log loss", "the rule's"],
            &rows,
        );
        if earlier > 0 {
            text += &format!("and {earlier} before them, which --json shows\n");
        }
        text += "\n";
    }
    text + &judged(training) + &serves(training) + &on_the_core(&training.core.verdict)
}

fn judged(training: &Training) -> String {
    let verdict = &training.verdict;
    let mut text = format!("verdict: {}\n", training.judged());
    if let Some(why) = verdict.refused_for() {
        text += &format!("  as {why}; a refused model is not kept\n");
    }
    let gained = |gain: &Gain, digits: usize| {
        let Gain { mean, low, high } = gain;
        format!("{mean:+.digits$} ({low:+.digits$} to {high:+.digits$})")
    };
    let line = |what: &str, gain: &Option<Gain>, digits: usize| match gain {
        Some(gain) => format!("  {what}: {}\n", gained(gain, digits)),
        None => String::new(),
    };
    let rule = training.rule_log_loss();
    if let (Some(gain), Some(rule), Some(share)) = (&verdict.over_rule, rule, verdict.share_gained(rule)) {
        let gained = gained(gain, 4);
        text +=
            &format!("  log loss gained on the rule: {gained}, {:.1} % of its {rule:.4}\n", 100.0 * share);
    }
    text += &line("log loss gained on days since the last order alone", &verdict.over_recency, 4);
    text += &line("log loss gained on one probability for everybody", &verdict.over_base_rate, 4);
    text += &line("profit a customer over acting on the rule", &verdict.profit_over_rule, 2);
    text += &line("profit a customer over contacting everyone", &verdict.profit_over_everyone, 2);
    text += &line("profit a customer over doing nothing", &verdict.profit_over_nothing, 2);
    text += &line("log loss gained on the model in service", &verdict.over_incumbent, 4);
    if verdict.rows > 0 {
        let campaign = &verdict.campaign;
        text += &format!(
            "  ({} rows from {} backtest{}{}; in brackets what 95 % of the draws of customers show; a kept customer taken \
             to be worth {}, an offer {}, a contact {})\n",
            verdict.rows,
            verdict.origins,
            if verdict.origins == 1 { "" } else { "s" },
            if verdict.origins < training.origins.len() {
                ", the newest, which knew how the season went a year before"
            } else {
                ""
            },
            campaign.value,
            campaign.incentive,
            campaign.contact_cost
        );
    }
    text
}

/// What answers where only the core features are known.
fn on_the_core(verdict: &Verdict) -> String {
    let gained = verdict
        .over_rule
        .map_or(String::new(), |gain| format!(" (log loss gained on the rule: {:+.4})", gain.mean));
    let kind = if verdict.passes() { "a model of its own" } else { "the rule" };
    format!("asked with the five core features alone: {kind}{gained}\n")
}

fn serves(training: &Training) -> String {
    let (serving, shift) = training.serving();
    let calibration = match serving.calibration {
        Calibration::None => "as it is",
        Calibration::Beta { .. } => "calibrated (beta)",
        Calibration::Isotonic(_) => "calibrated (isotonic)",
    };
    let season = match training.shift.kind {
        kind if kind != ShiftKind::None && shift != 0.0 => {
            format!(", shifted by {shift:+.2} in log-odds for {kind}")
        }
        _ => String::new(),
    };
    format!("serves: {}, {calibration}{season}\n", name_of(serving.kind))
}
