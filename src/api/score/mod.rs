//! `POST /v1/score` and `POST /v1/score:batch`: customers scored from features, from raw history, or by name.

mod answer;
mod batch;
mod forms;
mod request;
mod subject;

pub(super) use answer::{BreakEvenTold, LedgerTold, TermsTold};
pub(super) use batch::{__path_score_batch, MOST_CUSTOMERS, score_batch};
pub(super) use subject::{ALWAYS_GIVEN, Kept};

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mainstay_features::units::Instant;
use mainstay_models::model::Basis;
use mainstay_models::segments::TierCuts;
use rayon::prelude::*;
use serde::Serialize;

use self::answer::{Desk, Score};
use self::request::ScoreRequest;
use self::subject::Subject;
use super::App;
use super::body::{self, on_a_thread};
use super::contract::fails;
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::service::{AsOf, Assessed, Explanation, Scored, Service};

/// So many are scored at a time on one thread.
const CHUNK: usize = 125;
/// An answer takes about so many bytes…
const TOLD_BYTES: usize = 2 * 1024;
/// …and so many with what each column contributes.
const EXPLAINED_BYTES: usize = 10 * 1024;
/// A longer body is not read where that holds up others.
const MOST_AT_ONCE_BYTES: usize = 64 * 1024;

fails!(
    /// What a customer cannot be scored for.
    ScoreFails: BadInput, Lapsed, TooLittleData, UnknownCustomer, OtherLabel, BadStore, Internal
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
    if body.len() <= MOST_AT_ONCE_BYTES {
        let request: ScoreRequest<'_> = body::parse(&body)?;
        if request.by_name().is_none() && app.is_loaded() {
            return one(&app, request).map(sent);
        }
    }
    // It is long, or something has to be read first.
    on_a_thread(move || one(&app, body::parse(&body)?)).await.map(sent)
}

/// The answer to one, as it is sent.
fn one(app: &App, request: ScoreRequest<'_>) -> Result<Vec<u8>, Failure> {
    app.at_desk(|desk, now| {
        let kept = app.kept.of_some(request.by_name());
        let subject = Subject::of(desk.service, &kept, request, now)?;
        let mut json = Vec::with_capacity(bytes_of(subject.explain.unwrap_or(true)));
        let mut scores = scores(desk, vec![Ok(subject)], true);
        write(&scores.next().unwrap_or_else(|| Err(no_score()))?, &mut json)?;
        Ok(json)
    })
}

/// The scores of some, in order, who are looked at together; `explain` where a customer's request does not say whether the
/// answer has what each column contributes.
fn scores<'a>(
    desk: &'a Desk<'a>,
    subjects: Vec<Result<Subject, Failure>>,
    explain: bool,
) -> impl Iterator<Item = Result<Score<'a>, Failure>> {
    let is_explained = move |subject: &Subject| subject.explain.unwrap_or(explain);
    let rows = |basis, explained| -> (Vec<f64>, Vec<Option<Instant>>) {
        let own = subjects.iter().flatten();
        let own = own.filter(|subject| subject.basis == basis && is_explained(subject) == explained);
        (
            own.clone().flat_map(|subject| &subject.row).copied().collect(),
            own.map(|subject| subject.as_of).collect(),
        )
    };
    let mut told = Basis::ALL.map(|basis| {
        let (rows, instants) = rows(basis, false);
        desk.service.assess(&rows, AsOf::Each(&instants), basis).into_iter()
    });
    let mut explained = Basis::ALL.map(|basis| {
        let (rows, instants) = rows(basis, true);
        desk.service.explain(&rows, AsOf::Each(&instants), basis).into_iter()
    });
    subjects.into_iter().map(move |subject| {
        let subject = subject?;
        let basis = subject.basis as usize;
        let score = if is_explained(&subject) {
            explained[basis].next().map(|of| desk.explained(subject, of))
        } else {
            told[basis].next().map(|of| desk.told(subject, &of))
        };
        score.ok_or_else(no_score)
    })
}

fn no_score() -> Failure {
    Failure::new(Kind::Internal, "a row gave no score")
}

/// So many bytes are made room for, for an answer.
fn bytes_of(is_explained: bool) -> usize {
    if is_explained { EXPLAINED_BYTES } else { TOLD_BYTES }
}

fn sent(json: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// Appends it as JSON.
fn write(one: &impl Serialize, json: &mut Vec<u8>) -> Result<(), Failure> {
    serde_json::to_writer(json, one).map_err(|error| Failure::new(Kind::Internal, error.to_string()))
}

/// What is decided about a customer of whom there are only features.
pub(super) struct Decided {
    pub(super) churn_probability: f64,
    pub(super) lifetime_value: f64,
    pub(super) net_value: f64,
    pub(super) action: String,
}

/// Decides on rows of features that can be scored, one after the other.
pub(super) fn decisions(app: &App, service: &Service, rows: &[f64]) -> Result<Vec<Decided>, Failure> {
    let suppressed = app.suppressed.get()?;
    let desk = Desk::of(service, app.tiers()?, &suppressed);
    let of_some = |rows: &[f64]| -> Vec<Decided> {
        let contacts =
            rows.chunks_exact(service.features().width()).map(|row| service.days_since_contact(row));
        let scored = service.score(rows, AsOf::All(None), Basis::AllFeatures);
        scored.iter().zip(contacts).map(|(scored, days)| desk.decided(scored, days)).collect()
    };
    let some = rows.par_chunks(CHUNK * service.features().width());
    Ok(some.map(of_some).collect::<Vec<_>>().into_iter().flatten().collect())
}

impl Desk<'_> {
    /// The answer with no more than the reasons that stand out.
    fn told(&self, subject: Subject, of: &Assessed) -> Score<'_> {
        self.answer(subject, &of.scored, &of.why, None)
    }

    /// The answer with what every column contributes.
    fn explained(&self, subject: Subject, (scored, explanation): (Scored, Explanation)) -> Score<'_> {
        self.answer(subject, &scored, &explanation.why, Some(&explanation))
    }
}

impl App {
    /// Shows what answers now, and what instant it is: one model for all of a request.
    fn at_desk<T>(&self, show: impl FnOnce(&Desk<'_>, Instant) -> Result<T, Failure>) -> Result<T, Failure> {
        let (service, suppressed) = (self.service.get()?, self.suppressed.get()?);
        show(&Desk::of(&service, self.tiers()?, &suppressed), clock::now())
    }

    /// The lifetime values between the tiers of the newest list; `None` where there is none that can be read.
    fn tiers(&self) -> Result<Option<TierCuts>, Failure> {
        Ok(self.about.get()?.as_ref().as_ref().map(|about| about.tiers))
    }
}
