//! `GET /v1/customers/{id}`: what the newest scored list says of a customer, and what it said before.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use mainstay_features::registry::CORE;
use mainstay_features::units::Instant;
use mainstay_models::decision::BreakEven;
use mainstay_models::language::Language;
use mainstay_models::segments::play::play;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::App;
use super::body::{on_a_thread, path};
use super::score::{BreakEvenTold, Kept as _, LedgerTold, TermsTold};
use crate::at_risk::{AtRisk, Previous};
use crate::failure::{Failure, Kind};
use crate::scores::{Cell, ScoreRow, Scores};
use crate::service::{Service, why_in};

/// How it is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// In which language people read it.
    #[serde(default)]
    language: Language,
}

/// A customer of the newest scored list. docs/api.md tells every field.
#[derive(Serialize)]
pub(super) struct Listed {
    customer_id: Value,
    as_of: String,
    churn_probability: f64,
    why: Vec<String>,
    lifetime_value: f64,
    value_at_risk: f64,
    purchases_if_kept: f64,
    purchase_amount: f64,
    lifetime_value_relative_sd: f64,
    value_tier: &'static str,
    lifecycle_stage: &'static str,
    likely_cause: &'static str,
    cause_evidence: Option<String>,
    days_since_contact: Option<f64>,
    action: String,
    play: String,
    say: Option<String>,
    net_value: f64,
    pays_probability: Option<f64>,
    terms: TermsTold,
    ledger: LedgerTold,
    break_even_probability: Option<BreakEvenTold>,
    break_even_save_rate: Option<BreakEvenTold>,
    break_even_incentive: Option<BreakEvenTold>,
    break_even_lifetime_value: Option<BreakEvenTold>,
    /// The core features behind the score.
    features: BTreeMap<&'static str, f64>,
    /// What customers files say.
    attributes: BTreeMap<String, Option<String>>,
    /// What has become of the customer since the list before.
    change: Option<&'static str>,
    /// This score and the one before, the newest first.
    scores: Vec<Past>,
}

/// A score that a list had.
#[derive(Serialize)]
struct Past {
    as_of: String,
    churn_probability: f64,
}

/// Serves a customer of the list.
pub(super) async fn customer(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Listed>, Failure> {
    let id = path(id)?;
    let Query(asked) = asked.map_err(|rejection| Failure::new(Kind::Usage, rejection.body_text()))?;
    let find = move || {
        let (list, service, previous) = (app.list.get()?, app.service()?, app.previous.get()?);
        let scores = &list.scores;
        let Some(row) = scores.row_of(&id) else { return Err(app.not_listed(&id, scores, &service)) };
        Ok(Json(listed(scores, row, &service, (*previous).as_ref(), asked.language)))
    };
    on_a_thread(find).await
}

fn listed(
    scores: &Scores,
    row: &ScoreRow,
    service: &Service,
    previous: Option<&Previous>,
    language: Language,
) -> Listed {
    let list = AtRisk::with_rows(scores, service.catalogue(), previous, language, vec![row]);
    let (stakes, terms) = (row.stakes(), scores.terms_of(row));
    let break_evens = terms.break_evens(stakes.churn_probability, stakes.worth.lifetime_value);
    // Doing nothing has none.
    let of_action = |at: BreakEven| row.pays.map(|_| at.into());
    let offer = service.catalogue().named(scores.action_of(row));
    let past = |as_of: Instant, churn_probability| Past { as_of: as_of.to_string(), churn_probability };
    let before = previous.and_then(|previous| previous.score_of(&row.customer_id));
    Listed {
        customer_id: scores.cell_to_json(Cell::Id(&row.customer_id)),
        as_of: scores.as_of.to_string(),
        churn_probability: row.churn_probability,
        why: why_in(&row.reasons, language),
        lifetime_value: row.lifetime_value,
        value_at_risk: row.value_at_risk(),
        purchases_if_kept: row.expected.discounted_purchases,
        purchase_amount: row.expected.mean_amount,
        lifetime_value_relative_sd: row.lifetime_value_relative_sd,
        value_tier: row.tier.name(),
        lifecycle_stage: row.stage.name(),
        likely_cause: row.cause.name(),
        cause_evidence: row.cause_evidence(language),
        days_since_contact: row.days_since_contact,
        action: scores.action_of(row).to_owned(),
        play: play(row.tier, row.cause, language),
        say: offer.map(|offer| offer.words().say(language, terms.incentive)),
        net_value: row.net_value,
        pays_probability: row.pays,
        ledger: scores.ledger_of(row).into(),
        terms: terms.into(),
        break_even_probability: of_action(break_evens.churn_probability),
        break_even_save_rate: of_action(break_evens.save_rate),
        break_even_incentive: of_action(break_evens.incentive),
        break_even_lifetime_value: of_action(break_evens.lifetime_value),
        features: CORE.iter().map(|feature| feature.name).zip(row.features).collect(),
        attributes: scores.shown.iter().cloned().zip(said(row)).collect(),
        change: list.change(row).map(|change| change.words(language)),
        scores: [past(scores.as_of, row.churn_probability)]
            .into_iter()
            .chain(before.map(|(as_of, probability)| past(as_of, probability)))
            .collect(),
    }
}

fn said(row: &ScoreRow) -> impl Iterator<Item = Option<String>> {
    row.shown.iter().map(|text| text.as_deref().map(str::to_owned))
}

impl App {
    /// Why a customer is not in the list, as far as that is known.
    fn not_listed(&self, id: &str, scores: &Scores, service: &Service) -> Failure {
        let not_listed = |why: String| Failure::new(Kind::NotListed, why);
        let why = || {
            if self.suppressed.get()?.has(id) {
                return Ok("the customer objects to marketing, and is in no list".to_owned());
            }
            let (history, _) = self.kept.customer(id)?;
            if history.is_empty() {
                return Ok("there is no such customer in the list, nor in the kept history".to_owned());
            }
            let customer = history.customer(0);
            let scored = service.row_of(customer, history.given(), scores.as_of);
            Ok(match scored.and_then(|_| service.check_contract(customer, scores.as_of)) {
                Err(failure) => format!("as of {}, {}", scores.as_of, failure.message),
                Ok(()) => format!(
                    "the customer is in the kept history, and not in the list as of {}; POST /v1/score scores them now",
                    scores.as_of
                ),
            })
        };
        why().map_or_else(|failure: Failure| failure, not_listed)
    }
}
