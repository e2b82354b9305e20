//! `POST /v1/score:batch`: many customers scored by one request.

use std::fmt;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use mainstay_features::units::Instant;
use rayon::prelude::*;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, Array, ArrayBuilder, ObjectBuilder, Ref, Schema, SchemaType};

use super::answer::{Desk, Score};
use super::request::ScoreRequest;
use super::subject::Subject;
use super::{App, CHUNK, bytes_of, scores, sent, write};
use crate::api::body::{self, on_a_thread};
use crate::api::contract::fails;
use crate::api::problem::{Cause, Problem};
use crate::events::bad_input;
use crate::failure::{Failure, Kind};

/// The most customers of one request.
pub(in crate::api) const MOST_CUSTOMERS: usize = 1_000;

/// Customers to score together.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct BatchRequest<'a> {
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
pub(in crate::api) async fn score_batch(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body::whole(body)?;
    let turn = app.batches.clone().acquire_owned().await;
    on_a_thread(move || {
        let answer = all(&app, &body);
        drop(turn);
        answer
    })
    .await
}

/// The answers to all, as they are sent: they are also written side by side.
fn all(app: &App, body: &[u8]) -> Result<Response, Failure> {
    let (requests, explain) = read(body)?;
    app.at_desk(|desk, now| {
        let chunks = requests.into_par_iter().chunks(CHUNK);
        let written: Vec<Written> =
            chunks.map(|some| outcomes(app, desk, some, explain, now)).collect::<Result<_, _>>()?;
        let bytes: usize = written.iter().map(|some| some.json.len() + 1).sum();
        let mut json = Vec::with_capacity(bytes + 16);
        json.extend_from_slice(b"{\"results\":[");
        for (place, some) in written.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            json.extend_from_slice(&some.json);
        }
        json.extend_from_slice(b"]}");
        let mut response = sent(json);
        if let Some(cause) = written.iter().find_map(|some| some.cause.as_ref()) {
            let failed: usize = written.iter().map(|some| some.failed).sum();
            let cause = format!("{failed} of a batch could not be answered, the first: {cause}");
            response.extensions_mut().insert(Cause(cause));
        }
        Ok(response)
    })
}

/// What each asks for, or why that cannot be told; and whether the answers are explained.
fn read(body: &[u8]) -> Result<(Vec<Result<ScoreRequest<'_>, Failure>>, bool), Failure> {
    // Mostly all are as they are meant, and are read at once.
    let text = body::text(body)?;
    if body::is_object(text)
        && let Ok(AsMeant { requests, explain }) = serde_json::from_str(text)
    {
        return Ok((requests.into_iter().map(Ok).collect(), explain));
    }
    let BatchRequest { requests, explain } = body::parse(body)?;
    if requests.len() > MOST_CUSTOMERS {
        let many = format!(
            "requests: {} are more than the {MOST_CUSTOMERS} that one request may have",
            requests.len()
        );
        return Err(Failure::new(Kind::TooLarge, many));
    }
    Ok((requests.into_iter().map(read_one).collect(), explain))
}

fn read_one(request: &RawValue) -> Result<ScoreRequest<'_>, Failure> {
    body::object(request.get()).map_err(bad_input)
}

/// A [`BatchRequest`] of which each is as `POST /v1/score` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AsMeant<'a> {
    #[serde(borrow, deserialize_with = "no_more_than_may_be")]
    requests: Vec<ScoreRequest<'a>>,
    #[serde(default)]
    explain: bool,
}

/// Stops before it has taken memory for more.
fn no_more_than_may_be<'de: 'a, 'a, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<ScoreRequest<'a>>, D::Error> {
    struct Requests;
    impl<'de> Visitor<'de> for Requests {
        type Value = Vec<ScoreRequest<'de>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "up to {MOST_CUSTOMERS} requests")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut of: A) -> Result<Self::Value, A::Error> {
            let mut requests = Vec::new();
            while let Some(request) = of.next_element()? {
                if requests.len() == MOST_CUSTOMERS {
                    return Err(A::Error::invalid_length(MOST_CUSTOMERS + 1, &self));
                }
                requests.push(request);
            }
            Ok(requests)
        }
    }
    from.deserialize_seq(Requests)
}

/// The outcomes of some of them.
struct Written {
    /// As the members of a JSON array, without its brackets.
    json: Vec<u8>,
    /// How many failed by the server's own fault, and why the first did.
    failed: usize,
    cause: Option<String>,
}

fn outcomes(
    app: &App,
    desk: &Desk<'_>,
    requests: Vec<Result<ScoreRequest<'_>, Failure>>,
    explain: bool,
    now: Instant,
) -> Result<Written, Failure> {
    let kept = app.kept.of_some(requests.iter().flatten().filter_map(ScoreRequest::by_name));
    let subject = |request: Result<_, _>| Subject::of(desk.service, &kept, request?, now);
    let subjects: Vec<Result<Subject, Failure>> = requests.into_iter().map(subject).collect();
    let mut json = Vec::with_capacity(subjects.len() * bytes_of(explain));
    let (mut failed, mut cause) = (0, None);
    for score in scores(desk, subjects, explain) {
        if !json.is_empty() {
            json.push(b',');
        }
        let outcome = match score {
            Ok(score) => Outcome::Score(Box::new(score)),
            Err(failure) => {
                if failure.is_the_servers() {
                    failed += 1;
                    cause.get_or_insert_with(|| failure.message.clone());
                }
                Outcome::Problem(Problem::of(&failure))
            }
        };
        write(&outcome, &mut json)?;
    }
    Ok(Written { json, failed, cause })
}
