//! `POST /v1/score` and `POST /v1/score:batch`: customers scored from features, from raw history, or by name.

mod answer;
mod request;
mod subject;

pub(super) use answer::{BreakEvenTold, LedgerTold, TermsTold};
pub(super) use subject::Kept;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mainstay_features::units::Instant;
use mainstay_models::model::Basis;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, ObjectBuilder, Ref, Schema, SchemaType};

use self::answer::{Desk, Score};
use self::request::ScoreRequest;
use self::subject::Subject;
use super::App;
use super::body::{self, on_a_thread};
use super::contract::fails;
use super::problem::Problem;
use crate::clock;
use crate::events::bad_input;
use crate::failure::{Failure, Kind};
use crate::service::Service;

/// The most customers of one request.
pub(super) const MOST_CUSTOMERS: usize = 1_000;
/// So many are scored at a time on one thread.
const CHUNK: usize = 32;
/// An answer takes about so many bytes…
const TOLD_BYTES: usize = 2 * 1024;
/// …and so many with what each column contributes.
const EXPLAINED_BYTES: usize = 10 * 1024;

fails!(
    /// What a customer cannot be scored for.
    ScoreFails: BadInput, Lapsed, TooLittleData, UnknownCustomer, BadStore, Internal
);

/// Score one customer
///
/// From raw history (the same bits as in the batch), from features, or by the name of a customer whose history is kept,
/// with what has come by `POST /v1/events` since.
#[utoipa::path(
    post,
    path = "/v1/score",
    tag = "scores",
    request_body(content = ScoreRequest, examples(
        ("by history" = (summary = "From raw history", value = json!({
            "customer_id": "c1", "as_of": "2024-04-01",
            "purchases": [{"order_id": "o1", "ts": "2024-01-05T10:00:00Z", "amount": 25.0, "product_id": "p7", "discount": 1.5}],
            "complaints": [{"ts": "2024-01-06", "severity": 2, "resolved_at": "2024-01-08"}],
            "contacts": [{"ts": "2024-02-01"}],
        }))),
        ("by features" = (summary = "From the five core features", value = json!({
            "features": {"recency_days": 86, "frequency": 1, "monetary": 25.0, "complaint_count": 1, "tenure_days": 86},
            "language": "zh",
        }))),
        ("by name" = (summary = "By name, of a customer whose history is kept", value = json!({
            "customer_id": "c003", "as_of": "2023-12-08",
        }))),
    )),
    responses((status = 200, description = "The score, why, and what to do", body = Score), ScoreFails)
)]
pub(super) async fn score(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body::whole(body)?;
    let request: ScoreRequest<'_> = body::parse(&body)?;
    if request.by_name().is_none() {
        return one(&app, request).map(sent);
    }
    // What is kept may have to be read first.
    on_a_thread(move || one(&app, body::parse(&body)?)).await.map(sent)
}

/// The answer to one, as it is sent.
fn one(app: &App, request: ScoreRequest<'_>) -> Result<Vec<u8>, Failure> {
    app.at_desk(|desk, now| {
        let kept = app.kept.of_some(request.by_name());
        let subject = Subject::of(desk.service, &kept, request, now)?;
        let is_explained = subject.explain.unwrap_or(true);
        let score = if is_explained { desk.explained(subject) } else { desk.told(subject) }?;
        let mut json = Vec::with_capacity(if is_explained { EXPLAINED_BYTES } else { TOLD_BYTES });
        write(&score, &mut json)?;
        Ok(json)
    })
}

fn sent(json: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Appends it as JSON.
fn write(one: &impl Serialize, json: &mut Vec<u8>) -> Result<(), Failure> {
    serde_json::to_writer(json, one).map_err(|error| Failure::new(Kind::Internal, error.to_string()))
}

/// Customers to score together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchRequest<'a> {
    #[serde(borrow)]
    #[schema(schema_with = requests)]
    requests: Vec<&'a RawValue>,
    /// Whether every answer has what each column contributes.
    #[serde(default)]
    explain: bool,
}

fn requests() -> Array {
    let any = AnyOfBuilder::new()
        .item(Ref::from_schema_name(ScoreRequest::name()))
        .item(ObjectBuilder::new().schema_type(SchemaType::AnyValue));
    let about = "Each as `POST /v1/score` takes it; what it would not take has a problem in its place.";
    ArrayBuilder::new()
        .items(RefOr::T(Schema::from(any.build())))
        .max_items(Some(MOST_CUSTOMERS))
        .description(Some(about))
        .build()
}

/// What became of one request of several.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome<'a> {
    /// The customer's score.
    Score(Box<Score<'a>>),
    /// Why there is none.
    Problem(Problem),
}

/// What became of all of them.
#[derive(ToSchema)]
#[allow(dead_code, reason = "it is written piece by piece, side by side")]
struct Outcomes {
    /// One for each request, in order.
    results: Vec<Outcome<'static>>,
}

fails!(
    /// What a batch as a whole can be refused for.
    BatchFails: BadInput, TooLarge, BadStore, Internal
);

/// Score up to 1,000 customers
///
/// Each is answered by itself, in order, and the answer as a whole is 200. One model answers all. What explains a score
/// (`reasons` and the terms they add up with) is left out, unless `explain` asks for it.
#[utoipa::path(
    post,
    path = "/v1/score:batch",
    tag = "scores",
    request_body(content = BatchRequest, example = json!({
        "requests": [{"customer_id": "c003", "as_of": "2023-12-08"}, {"customer_id": "nobody"}],
    })),
    responses((status = 200, description = "A score or a problem for each", body = Outcomes), BatchFails)
)]
pub(super) async fn score_batch(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body::whole(body)?;
    on_a_thread(move || all(&app, &body)).await.map(sent)
}

/// The answers to all, as they are sent: they are also written side by side.
fn all(app: &App, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let BatchRequest { requests, explain } = body::parse(body)?;
    if requests.len() > MOST_CUSTOMERS {
        let many = format!(
            "requests: {} are more than the {MOST_CUSTOMERS} that one request may have",
            requests.len()
        );
        return Err(Failure::new(Kind::TooLarge, many));
    }
    app.at_desk(|desk, now| {
        let written: Vec<Vec<u8>> = requests
            .par_chunks(CHUNK)
            .map(|requests| some(app, desk, requests, explain, now))
            .collect::<Result<_, _>>()?;
        let mut json = b"{\"results\":[".to_vec();
        json.reserve(written.iter().map(|some| some.len() + 1).sum());
        for (place, some) in written.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            json.extend_from_slice(some);
        }
        json.extend_from_slice(b"]}");
        Ok(json)
    })
}

/// The outcomes of some of them as the members of a JSON array, without its brackets.
fn some(
    app: &App,
    desk: &Desk<'_>,
    requests: &[&RawValue],
    explain: bool,
    now: Instant,
) -> Result<Vec<u8>, Failure> {
    let requests: Vec<Result<ScoreRequest<'_>, Failure>> = requests.iter().map(read).collect();
    let kept = app.kept.of_some(requests.iter().flatten().filter_map(ScoreRequest::by_name));
    let subject = |request: Result<_, _>| Subject::of(desk.service, &kept, request?, now);
    let subjects: Vec<Result<Subject, Failure>> = requests.into_iter().map(subject).collect();
    let is_explained = |subject: &Subject| subject.explain.unwrap_or(explain);
    let of_basis = |basis| {
        let own = subjects.iter().flatten();
        let own = own.filter(|subject| subject.basis == basis && !is_explained(subject));
        let rows: Vec<f64> = own.flat_map(|subject| &subject.row).copied().collect();
        desk.service.assess(&rows, basis).into_iter()
    };
    let [mut by_all, mut by_core] = Basis::ALL.map(of_basis);
    let mut score = |subject: Subject| {
        if is_explained(&subject) {
            return desk.explained(subject);
        }
        let assessed = match subject.basis {
            Basis::AllFeatures => &mut by_all,
            Basis::CoreFeatures => &mut by_core,
        };
        let one = assessed.next().ok_or_else(|| Failure::new(Kind::Internal, "a row gave no score"))?;
        Ok(desk.answer(subject, &one.scored, &one.why, None))
    };
    let mut json = Vec::with_capacity(subjects.len() * if explain { EXPLAINED_BYTES } else { TOLD_BYTES });
    for subject in subjects {
        if !json.is_empty() {
            json.push(b',');
        }
        let outcome = match subject.and_then(&mut score) {
            Ok(score) => Outcome::Score(Box::new(score)),
            Err(failure) => Outcome::Problem(Problem::of(&failure)),
        };
        write(&outcome, &mut json)?;
    }
    Ok(json)
}

fn read<'a>(request: &&'a RawValue) -> Result<ScoreRequest<'a>, Failure> {
    serde_json::from_str(request.get()).map_err(|error| bad_input(error.to_string()))
}

/// What is decided about a customer of whom there are only features.
pub(super) struct Decided {
    pub(super) churn_probability: f64,
    pub(super) lifetime_value: f64,
    pub(super) net_value: f64,
    pub(super) action: String,
}

/// Scores rows of features that can be scored, one after the other, and decides.
pub(super) fn assessed_actions(app: &App, service: &Service, rows: &[f64]) -> Result<Vec<Decided>, Failure> {
    let suppressed = app.suppressed.get()?;
    let desk = Desk::of(service, *app.tiers.get()?, &suppressed);
    let width = service.features().width();
    let of_some = |rows: &[f64]| -> Vec<Decided> {
        let assessed = service.assess(rows, Basis::AllFeatures);
        let rows = rows.chunks_exact(width).zip(&assessed);
        rows.map(|(row, one)| desk.answer(Subject::nameless(row), &one.scored, &one.why, None).decided())
            .collect()
    };
    Ok(rows.par_chunks(CHUNK * width).map(of_some).collect::<Vec<_>>().into_iter().flatten().collect())
}

impl Desk<'_> {
    /// The answer with no more than the reasons that stand out.
    fn told(&self, subject: Subject) -> Result<Score<'_>, Failure> {
        let one = self.service.assess(&subject.row, subject.basis).pop();
        let one = one.ok_or_else(|| Failure::new(Kind::Internal, "a row gave no score"))?;
        Ok(self.answer(subject, &one.scored, &one.why, None))
    }

    /// The answer with what every column contributes.
    fn explained(&self, subject: Subject) -> Result<Score<'_>, Failure> {
        let (scored, explanation) = self.service.explain(&subject.row, subject.basis)?;
        Ok(self.answer(subject, &scored, &explanation.why, Some(&explanation)))
    }
}

impl App {
    /// Shows what answers now, and what instant it is: one model for all of a request.
    fn at_desk<T>(&self, show: impl FnOnce(&Desk<'_>, Instant) -> Result<T, Failure>) -> Result<T, Failure> {
        let (service, suppressed) = (self.service.get()?, self.suppressed.get()?);
        show(&Desk::of(&service, *self.tiers.get()?, &suppressed), clock::now())
    }
}
