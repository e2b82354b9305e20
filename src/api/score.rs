//! `POST /v1/score`: one customer, from raw history or from features.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use mainstay_features::history::{History, HistoryBuilder};
use mainstay_features::id::IdRef;
use mainstay_features::registry::{FEATURES, Row};
use mainstay_features::units::{Instant, Money};
use mainstay_models::decision::BreakEven;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{App, MAX_BODY_BYTES};
use crate::failure::{Failure, Kind};
use crate::service::{Scored, Service};

/// The body: `features`, or `purchases` with `customer_id` and `as_of`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    customer_id: Option<CustomerId>,
    as_of: Option<String>,
    purchases: Option<Vec<Purchase>>,
    #[serde(default)]
    complaints: Vec<Complaint>,
    features: Option<Map<String, Value>>,
}

/// An identifier as the client writes it; it comes back as it was.
#[derive(Clone, Deserialize)]
#[serde(untagged, expecting = "a text or a whole number")]
enum CustomerId {
    Integer(i64),
    Text(String),
}

impl CustomerId {
    fn as_ref(&self) -> IdRef<'_> {
        match self {
            Self::Integer(number) => IdRef::Integer(*number),
            Self::Text(text) => IdRef::from_text(text),
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
}

#[derive(Deserialize)]
struct Complaint {
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
    let service = &app.service;
    match (&request.features, &request.purchases) {
        (Some(features), None) if request.complaints.is_empty() => {
            let as_of = request.as_of.as_deref().map(|text| instant("as_of", text)).transpose()?;
            let scored = service.score_row(row(features)?)?;
            Ok(answer(service, request.customer_id.as_ref(), as_of, &scored))
        }
        (None, Some(purchases)) => {
            let missing =
                |field: &str| Failure::new(Kind::BadInput, format!("{field}: missing beside purchases"));
            let customer_id = request.customer_id.as_ref().ok_or_else(|| missing("customer_id"))?;
            let as_of = instant("as_of", request.as_of.as_deref().ok_or_else(|| missing("as_of"))?)?;
            let history = history(customer_id, purchases, &request.complaints)?;
            if history.is_empty() {
                return Err(Failure::new(Kind::Lapsed, "no purchases: there is nothing to lose yet"));
            }
            let scored = service.score_customer(history.customer(0), as_of)?;
            Ok(answer(service, Some(customer_id), Some(as_of), &scored))
        }
        _ => Err(Failure::new(
            Kind::BadInput,
            "body: give either purchases (and complaints) or features, and not both",
        )),
    }
}

/// The one customer's history, folded by the same code as a file's.
fn history(
    customer_id: &CustomerId,
    purchases: &[Purchase],
    complaints: &[Complaint],
) -> Result<History, Failure> {
    let mut builder = HistoryBuilder::default();
    let customer = customer_id.as_ref();
    let too_many = |error| Failure::new(Kind::BadInput, format!("{error}"));
    for (i, purchase) in purchases.iter().enumerate() {
        let ts = instant(&format!("purchases[{i}].ts"), &purchase.ts)?;
        let amount = Money::new(purchase.amount).ok_or_else(|| {
            Failure::new(Kind::BadInput, format!("purchases[{i}].amount: not a finite amount"))
        })?;
        builder.add_line(customer, purchase.order_id.as_ref(), ts, amount).map_err(too_many)?;
    }
    for (i, complaint) in complaints.iter().enumerate() {
        let ts = instant(&format!("complaints[{i}].ts"), &complaint.ts)?;
        builder.add_complaint(customer, ts).map_err(too_many)?;
    }
    Ok(builder.build())
}

fn instant(field: &str, text: &str) -> Result<Instant, Failure> {
    text.parse().map_err(|error| Failure::new(Kind::BadInput, format!("{field}: {error}")))
}

/// The row of a `features` object: every feature, and nothing else.
fn row(features: &Map<String, Value>) -> Result<Row, Failure> {
    let names = || FEATURES.iter().map(|feature| feature.name);
    if let Some(unknown) = features.keys().find(|name| names().all(|known| known != name.as_str())) {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Failure::new(Kind::BadInput, format!("features.{unknown}: unknown; there are {known}")));
    }
    let mut row = [0.0; FEATURES.len()];
    for (value, feature) in row.iter_mut().zip(&FEATURES) {
        *value = features.get(feature.name).and_then(Value::as_f64).ok_or_else(|| {
            Failure::new(Kind::BadInput, format!("features.{}: missing or not a number", feature.name))
        })?;
    }
    Ok(row)
}

fn answer(
    service: &Service,
    customer_id: Option<&CustomerId>,
    as_of: Option<Instant>,
    scored: &Scored<'_>,
) -> Json<Value> {
    let reasons: Vec<Value> = service
        .reasons(&scored.row)
        .iter()
        .map(|r| json!({"feature": r.feature, "value": r.value, "contribution": r.contribution}))
        .collect();
    Json(json!({
        "customer_id": customer_id.map(CustomerId::to_json),
        "as_of": as_of.map(|instant| instant.to_string()),
        "churn_probability": scored.churn_probability.get(),
        "reasons": reasons,
        "lifetime_value": scored.lifetime_value.get(),
        "action": scored.decision.action(),
        "net_value": scored.decision.net_value.get(),
        "break_even_probability": match scored.decision.break_even {
            BreakEven::Always => json!("always"),
            BreakEven::At(p) => json!(p.get()),
            BreakEven::Never => json!("never"),
        },
        "model": service.artifact().name(),
    }))
}
