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
use utoipa::{IntoParams, ToSchema};

use super::App;
use super::body::{on_a_thread, parameters, path};
use super::contract::fails;
use super::score::{BreakEvenTold, Kept as _, LedgerTold, TermsTold};
use crate::at_risk::{AtRisk, Previous};
use crate::failure::{Failure, Kind};
use crate::schema::{BreakEvenAt, CauseWord, Identifier, LanguageWord, StageWord, TierWord};
use crate::scores::{Cell, ScoreRow, Scores};
use crate::service::{Service, why_in};

/// How it is told.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// In which language people read it.
    #[serde(default)]
    #[param(value_type = LanguageWord)]
    language: Language,
}

/// A customer of the newest scored list, as of its instant.
#[derive(Serialize, ToSchema)]
pub(super) struct Listed {
    /// A number where all of the list's are.
    #[schema(value_type = Identifier)]
    customer_id: Value,
    /// The list's instant.
    #[schema(format = DateTime)]
    as_of: String,
    /// Within the model's horizon, if the shop goes on as it did.
    #[schema(minimum = 0, maximum = 1)]
    churn_probability: f64,
    /// Up to three sentences, the strongest first: what makes the customer more likely to leave than is usual.
    why: Vec<String>,
    /// What keeping the customer is worth: (the purchases expected if kept − those expected even if they leave) × what one comes to × the margin.
    lifetime_value: f64,
    /// Churn probability × lifetime value.
    value_at_risk: f64,
    /// How many purchases are expected of the customer if kept, each discounted to the instant.
    purchases_if_kept: f64,
    /// How many are expected even if they leave, as some come back by themselves, likewise discounted; null where that is not known, and nothing is taken off for it.
    purchases_if_left: Option<f64>,
    /// What a purchase is expected to come to.
    purchase_amount: f64,
    /// How well the lifetime value is known: its standard deviation as a share of it.
    lifetime_value_relative_sd: f64,
    /// What the customer is worth beside the others of the list.
    #[schema(value_type = TierWord)]
    value_tier: &'static str,
    /// How far along the customer is.
    #[schema(value_type = StageWord)]
    lifecycle_stage: &'static str,
    /// Why the customer is likely to leave.
    #[schema(value_type = CauseWord)]
    likely_cause: &'static str,
    /// What speaks for that; null where the cause is unknown.
    #[schema(required)]
    cause_evidence: Option<String>,
    /// Whole days since the shop last turned to the customer; null if it never did.
    #[schema(required)]
    days_since_contact: Option<f64>,
    /// The offer with the highest net value of those that may be made, or `do nothing`.
    action: String,
    /// What suits the customer's tier and cause.
    play: String,
    /// What a colleague says when making the offer; null for `do nothing`.
    #[schema(required)]
    say: Option<String>,
    /// What the action is expected to earn over doing nothing.
    net_value: f64,
    /// The probability that it earns anything; null for `do nothing`.
    #[schema(required, minimum = 0, maximum = 1)]
    pays_probability: Option<f64>,
    /// The offer's terms for this customer.
    terms: TermsTold,
    /// What the net value is made of.
    ledger: LedgerTold,
    /// From which churn probability on the action pays; null for `do nothing`, as are the three that follow.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_probability: Option<BreakEvenTold>,
    /// From which save rate on.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_save_rate: Option<BreakEvenTold>,
    /// Up to which incentive.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_incentive: Option<BreakEvenTold>,
    /// From which lifetime value on.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_lifetime_value: Option<BreakEvenTold>,
    /// The core features behind the score.
    #[schema(value_type = BTreeMap<String, f64>)]
    features: BTreeMap<&'static str, f64>,
    /// What customers files say for lists to show, by name.
    attributes: BTreeMap<String, Option<String>>,
    /// What has become of the customer since the list before: new, rising, falling or recovered, as it is told in the
    /// language; null for none of them, and for everyone where the list before is of another horizon, lookback or meaning
    /// of leaving.
    #[schema(required, value_type = Option<String>)]
    change: Option<&'static str>,
    /// This score and the one before, the newest first; this alone where the list before is of another horizon, lookback or
    /// meaning of leaving.
    scores: Vec<Past>,
}

/// A score that a list had.
#[derive(Serialize, ToSchema)]
struct Past {
    /// The list's instant.
    #[schema(format = DateTime)]
    as_of: String,
    /// What it said then.
    #[schema(minimum = 0, maximum = 1)]
    churn_probability: f64,
}

fails!(
    /// What a customer of the list cannot be told for.
    ListedFails: Usage, NoScores, NotListed, BadStore, Internal
);

/// What the newest list says of a customer
///
/// As of the list's instant, with the score before. Who is not in the list is a 404 `not-listed`, whose detail says which it
/// is, as far as that is known: the customer objects to marketing, has lapsed, has come since, or is unknown.
#[utoipa::path(
    get,
    path = "/v1/customers/{id}",
    tag = "customers",
    params(("id" = String, Path, description = "The customer's identifier", min_length = 1, example = "c003"), Asked),
    responses((status = 200, description = "The customer, as the list has them", body = Listed), ListedFails)
)]
pub(super) async fn customer(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Listed>, Failure> {
    let id = path(id)?;
    let asked = parameters(asked)?;
    let find = move || {
        let (list, service, previous) = (app.list()?, app.service()?, app.previous.get()?);
        let scores = list.scores();
        let Some(row) = list.row_of(&id) else { return Err(app.not_listed(&id, scores, &service)) };
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
    let before = list.previous.and_then(|previous| previous.score_of(&row.customer_id));
    Listed {
        customer_id: scores.cell_to_json(Cell::Id(&row.customer_id)),
        as_of: scores.as_of.to_string(),
        churn_probability: row.churn_probability,
        why: why_in(&row.reasons, language),
        lifetime_value: row.lifetime_value,
        value_at_risk: row.value_at_risk(),
        purchases_if_kept: row.expected.discounted_purchases,
        purchases_if_left: row.expected.discounted_if_left,
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
            let suppressed = self.suppressed.get()?;
            if suppressed.has(id) && !suppressed.has_forgotten(id) {
                return Ok("the customer objects to marketing, and is in no list".to_owned());
            }
            let kept = self.kept.of_some([id.to_owned()]);
            let (history, _) = kept.customer(id)?;
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
