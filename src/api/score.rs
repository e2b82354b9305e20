//! `POST /v1/score`: one customer, from raw history or from features.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use mainstay_features::history::{self, Given, History, HistoryBuilder, Severity};
use mainstay_features::units::{Amount, Instant};
use mainstay_models::decision::{BreakEven, Circumstances, Consents, DO_NOTHING, Terms};
use mainstay_models::language::Language;
use mainstay_models::segments::{LikelyCause, Stage, Tier, is_problem};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use super::{App, MAX_BODY_BYTES};
use crate::failure::{Failure, Kind};
use crate::service::Service;

/// The body: `features`, or `purchases` with `customer_id` and `as_of`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    customer_id: Option<CustomerId>,
    as_of: Option<String>,
    purchases: Option<Vec<Purchase>>,
    #[serde(default)]
    complaints: Vec<Complaint>,
    #[serde(default)]
    contacts: Vec<Contact>,
    features: Option<Features>,
    /// What the customer has said to being contacted, by channel.
    #[serde(default)]
    consents: BTreeMap<String, bool>,
    /// Why the customer leaves, as far as the shop has recorded it.
    churn_cause: Option<String>,
    /// Whether the shop has recorded the customer as a problem.
    #[serde(default)]
    problem: bool,
    /// In which language people read the answer.
    #[serde(default)]
    language: Language,
}

/// The members of a JSON object as they come: one that is there twice is seen twice.
struct Features(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Features;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of features")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Features, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Features(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// An identifier as the client writes it; it comes back as it was.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number")]
enum CustomerId {
    Integer(i64),
    Text(String),
}

impl CustomerId {
    fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Integer(number) => number.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Integer(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

/// A purchase line; other fields of it are ignored, like extra columns of a file.
#[derive(Deserialize)]
struct Purchase {
    order_id: CustomerId,
    ts: String,
    amount: f64,
    product_id: Option<CustomerId>,
    discount: Option<f64>,
    cancels_order_id: Option<CustomerId>,
}

/// A complaint; likewise.
#[derive(Deserialize)]
struct Complaint {
    ts: String,
    severity: Option<f64>,
    resolved_at: Option<String>,
}

/// A contact the shop has made; likewise.
#[derive(Deserialize)]
struct Contact {
    ts: String,
}

/// Scores one customer.
pub(super) async fn score(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Failure> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(Kind::TooLarge, format!("a request may have up to {MAX_BODY_BYTES} bytes"))
        }
        _ => Failure::new(Kind::BadInput, rejection.body_text()),
    })?;
    let request: Request = serde_json::from_slice(&body)
        .map_err(|error| Failure::new(Kind::BadInput, format!("body: {error}")))?;
    let service = app.service()?;
    let service = service.as_ref();
    match (&request.features, &request.purchases) {
        (Some(features), None) if request.complaints.is_empty() && request.contacts.is_empty() => {
            let as_of = request.as_of.as_deref().map(|text| instant("as_of", text)).transpose()?;
            answer(&app, service, &request, as_of, &row(service, features)?, &[])
        }
        (None, Some(purchases)) => {
            let missing =
                |field: &str| Failure::new(Kind::BadInput, format!("{field}: missing beside purchases"));
            let customer_id = request.customer_id.as_ref().ok_or_else(|| missing("customer_id"))?;
            let as_of = instant("as_of", request.as_of.as_deref().ok_or_else(|| missing("as_of"))?)?;
            let history = history(customer_id, purchases, &request)?;
            if history.is_empty() {
                return Err(Failure::new(Kind::TooLittleData, "no purchases: there is nothing to lose yet"));
            }
            let row = service.row_of(history.customer(0), history.given(), as_of)?;
            let untold: Vec<&str> =
                service.features().untold_by(history.given()).map(|feature| feature.name).collect();
            answer(&app, service, &request, Some(as_of), &row, &untold)
        }
        _ => Err(Failure::new(
            Kind::BadInput,
            "body: give either purchases (and complaints) or features, and not both",
        )),
    }
}

/// The one customer's history, folded by the same code as a file's.
fn history(customer_id: &CustomerId, purchases: &[Purchase], request: &Request) -> Result<History, Failure> {
    let mut builder = HistoryBuilder::default();
    let customer = customer_id.to_text();
    let empty = |field: &str| Failure::new(Kind::BadInput, format!("{field}: empty"));
    if customer.is_empty() {
        return Err(empty("customer_id"));
    }
    // What no row has, the request cannot tell: as a file without the column.
    builder.saw(Given {
        products: purchases.iter().any(|purchase| purchase.product_id.is_some()),
        discounts: purchases.iter().any(|purchase| purchase.discount.is_some()),
        severities: request.complaints.iter().any(|complaint| complaint.severity.is_some()),
        ..Given::default()
    });
    for (i, purchase) in purchases.iter().enumerate() {
        let field = |name: &str| format!("purchases[{i}].{name}");
        let amount = |name: &str, value: f64| {
            Amount::new(value).ok_or_else(|| {
                Failure::new(Kind::BadInput, format!("{}: {value} is not within ±10¹²", field(name)))
            })
        };
        let text = |name: &str, id: &CustomerId| {
            let id = id.to_text().into_owned();
            if id.is_empty() { Err(empty(&field(name))) } else { Ok(id) }
        };
        let ts = instant(&field("ts"), &purchase.ts)?;
        let paid = amount("amount", purchase.amount)?;
        let order_id = text("order_id", &purchase.order_id)?;
        match &purchase.cancels_order_id {
            Some(cancelled) => {
                builder.add_cancellation(&customer, &text("cancels_order_id", cancelled)?, ts, paid);
            }
            None => builder.add_line(&customer, &order_id, ts, paid),
        }
        if paid > Amount::ZERO {
            if let Some(product) = &purchase.product_id {
                builder.add_product(&customer, &text("product_id", product)?, ts);
            }
            if let Some(discount) = purchase.discount {
                builder.add_discount(&customer, &order_id, ts, amount("discount", discount)?);
            }
        }
    }
    for (i, complaint) in request.complaints.iter().enumerate() {
        let field = |name: &str| format!("complaints[{i}].{name}");
        let made = instant(&field("ts"), &complaint.ts)?;
        let resolved_at =
            complaint.resolved_at.as_deref().map(|text| instant(&field("resolved_at"), text)).transpose()?;
        if resolved_at.is_some_and(|resolved_at| resolved_at < made) {
            return Err(Failure::new(
                Kind::BadInput,
                format!("{}: before the complaint", field("resolved_at")),
            ));
        }
        let severity = complaint.severity.map(|severity| {
            Severity::new(severity).ok_or_else(|| {
                Failure::new(
                    Kind::BadInput,
                    format!("{}: {severity} is not from 0 to 1000000", field("severity")),
                )
            })
        });
        let severity = severity.transpose()?;
        builder.add_complaint(
            &customer,
            history::Complaint { resolved_at, severity, ..history::Complaint::at(made) },
        );
    }
    for (i, contact) in request.contacts.iter().enumerate() {
        let instant = instant(&format!("contacts[{i}].ts"), &contact.ts)?;
        builder.add_contact(&customer, history::Contact { instant, channel: None, offer: None });
    }
    History::fold(vec![builder]).map_err(|error| Failure::new(Kind::BadInput, error.to_string()))
}

fn instant(field: &str, text: &str) -> Result<Instant, Failure> {
    text.parse().map_err(|error| Failure::new(Kind::BadInput, format!("{field}: {error}")))
}

/// The row of a `features` object: every feature of the model once, null where there is no value, and nothing else. (To
/// take what is not given for "no value" would be to guess: a customer without a usual gap is one who bought once.)
fn row(service: &Service, features: &Features) -> Result<Vec<f64>, Failure> {
    let bad = |name: &str, what: &str| Failure::new(Kind::BadInput, format!("features.{name}: {what}"));
    let known = service.features();
    if let Some((name, _)) = features.0.iter().find(|(name, _)| known.names().all(|known| known != name)) {
        let known: Vec<&str> = known.names().collect();
        return Err(bad(name, &format!("unknown; the model knows {}", known.join(", "))));
    }
    known
        .features()
        .iter()
        .map(|feature| {
            let mut given = features.0.iter().filter(|(name, _)| name == feature.name);
            match (given.next(), given.next()) {
                (Some((_, Value::Null)), None) if feature.missing.is_some() => Ok(f64::NAN),
                (Some((_, value)), None) => value.as_f64().ok_or_else(|| bad(feature.name, "not a number")),
                (None, _) => Err(bad(
                    feature.name,
                    "missing; give every feature of the model (mainstay features computes them), or the purchases",
                )),
                (Some(_), Some(_)) => Err(bad(feature.name, "given twice")),
            }
        })
        .collect()
}

fn answer(
    app: &App,
    service: &Service,
    request: &Request,
    as_of: Option<Instant>,
    row: &[f64],
    untold: &[&str],
) -> Result<Json<Value>, Failure> {
    let scored = service.score_row(row)?;
    let explanation = service.explain(row);
    let language = request.language;
    let reasons: Vec<Value> = explanation
        .reasons
        .iter()
        .map(|r| json!({"feature": r.feature, "value": r.value, "contribution": r.contribution, "text": r.told.map(|told| told.sentence(language))}))
        .collect();
    let (channels, answers): (Vec<String>, Vec<Option<bool>>) =
        request.consents.iter().map(|(channel, &answer)| (channel.clone(), Some(answer))).unzip();
    let likely = LikelyCause::of(&scored.signs, request.churn_cause.as_deref());
    let is_problem = is_problem(&scored.signs, request.problem, likely.cause);
    let customer_id = request.customer_id.as_ref();
    let stakes = scored.stakes();
    let value = stakes.worth.lifetime_value;
    // Without a scored list there is nothing to tell a tier by; a problem is one without.
    let tiers = *app.tiers.get()?;
    let tier = tiers.unwrap_or_default().tier(value.get(), is_problem);
    let circumstances = Circumstances {
        tier: (is_problem || tiers.is_some()).then_some(tier),
        cause: likely.cause,
        days_since_contact: scored.days_since_contact,
        consents: Consents { channels: &channels, answers: &answers },
        objects: match customer_id {
            Some(id) => app.suppressed.get()?.has(&id.to_text()),
            None => false,
        },
    };
    let catalogue = service.catalogue();
    let choice = catalogue.decide(&stakes, &circumstances);
    let terms = choice.map_or_else(Terms::default, |choice| choice.terms);
    let ledger = terms.ledger(stakes.churn_probability, value);
    let break_evens = terms.break_evens(stakes.churn_probability, value);
    let offer = choice.map(|choice| &catalogue.offers()[choice.offer]);
    Ok(Json(json!({
        "customer_id": customer_id.map(CustomerId::to_json),
        "as_of": as_of.map(|instant| instant.to_string()),
        "churn_probability": scored.churn_probability.get(),
        "why": explanation.why_in(language),
        "reasons": reasons,
        "base_log_odds": explanation.base,
        "calibration": explanation.calibration,
        "season_shift": explanation.shift,
        "untold_features": untold,
        "lifetime_value": value.get(),
        "purchases_if_kept": scored.expected.discounted_purchases,
        "purchase_amount": scored.expected.mean_amount,
        "lifetime_value_relative_sd": stakes.worth.relative_sd,
        "value_tier": circumstances.tier.map(Tier::name),
        "lifecycle_stage": Stage::of(&scored.signs, service.artifact().settings.horizon).name(),
        "likely_cause": likely.cause.name(),
        "cause_evidence": likely.sentence(language),
        "action": offer.map_or(DO_NOTHING, |offer| offer.name()),
        "say": offer.map(|offer| offer.words().say(language, terms.incentive)),
        "net_value": choice.map_or(0.0, |choice| choice.net_value.get()),
        "pays_probability": choice.map(|choice| choice.pays),
        "terms": {
            "contact_cost": terms.contact_cost.get(),
            "incentive": terms.incentive.get(),
            "save_rate": terms.save_rate,
            "take_up": terms.take_up,
            "driven_away": terms.driven_away,
        },
        "ledger": {
            "value_saved": ledger.saved.get(),
            "incentive_to_saved": ledger.incentive_to_saved.get(),
            "incentive_to_loyal": ledger.incentive_to_loyal.get(),
            "value_driven_away": ledger.driven_away.get(),
            "contact_cost": ledger.contact.get(),
        },
        "break_even_probability": match offer {
            Some(_) => break_even(break_evens.churn_probability),
            None => break_even(catalogue.break_even_probability(&stakes, &circumstances)),
        },
        "break_even_save_rate": offer.map(|_| break_even(break_evens.save_rate)),
        "break_even_incentive": offer.map(|_| break_even(break_evens.incentive)),
        "break_even_lifetime_value": offer.map(|_| break_even(break_evens.lifetime_value)),
        "model": service.artifact().name(),
        "verdict": service.artifact().training.verdict.grade.to_string(),
    })))
}

fn break_even(at: BreakEven) -> Value {
    match at {
        BreakEven::Always => json!("always"),
        BreakEven::At(number) => json!(number),
        BreakEven::Never => json!("never"),
    }
}
