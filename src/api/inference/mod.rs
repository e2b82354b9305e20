//! The Open Inference Protocol, version 2: models as tensors in, tensors out, for clients of KServe and Triton.
//!
//! The model is called `mainstay`, whichever is in service, or by the name of the one in service, which is its version.
//! Its inputs are the features, one row a customer: one tensor `features` of [n, features], or one of [n] or [n, 1] for each
//! feature, by its name. A number that is not there is null, or NaN in binary. Tensors come as JSON, or as bytes behind it.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use self::answer::{Data, InferAnswer, IsReady, Live, Model, ModelPath, ModelReady, Output, Server, Tensor};
use self::tensor::{InferRequest, Input, Written};
use super::App;
use super::body::{self, on_a_thread};
use super::contract::fails;
use super::problem::Problem;
use super::score::{ALWAYS_GIVEN, Decided, decisions};
use crate::failure::{Failure, Kind};
use crate::service::Service;

mod answer;
mod tensor;

/// What the model is called, whichever is in service.
const NAME: &str = "mainstay";
/// The tensor with every feature.
const FEATURES: &str = "features";
/// What the protocol calls what runs the model.
const PLATFORM: &str = "mainstay";
/// The most rows of one request: two MiB of bytes hold no more of any model.
const MOST_ROWS: usize = 100_000;

/// A failure as the protocol has it: a problem document that also says `error`, which is what its clients read.
pub(super) struct Refused(Failure);

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// A problem document, as the protocol has it.
#[derive(Serialize, ToSchema)]
pub(super) struct Refusal {
    /// The detail again, for the protocol's clients; not in what is refused before the route.
    #[schema(required = false)]
    error: String,
    #[serde(flatten)]
    problem: Problem,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let refusal = Refusal { error: self.0.message.clone(), problem: Problem::of(&self.0) };
        // The status and headers of any other failure; its body says one thing more.
        let mut response = self.0.into_response();
        if let Ok(json) = serde_json::to_vec(&refusal) {
            response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
            *response.body_mut() = json.into();
        }
        response
    }
}

fails!(
    /// What a model cannot be told of for.
    ModelFails as Refusal: Usage, UnknownModel
);

fails!(
    /// What rows cannot be answered for.
    InferFails as Refusal: Usage, BadInput, Lapsed, UnknownModel, Internal
);

/// Whether the server answers
#[utoipa::path(
    get,
    path = "/v2/health/live",
    tag = "inference",
    responses((status = 200, description = "It does", body = Live))
)]
pub(super) async fn live() -> Json<Live> {
    Json(Live { live: true })
}

/// Whether a model is loaded
#[utoipa::path(
    get,
    path = "/v2/health/ready",
    tag = "inference",
    responses((status = 200, description = "One is", body = IsReady), (status = 503, description = "None is", body = IsReady))
)]
pub(super) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<IsReady>) {
    let ready = app.with_service(App::service).await.is_ok();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(IsReady { ready }))
}

/// What the server is
#[utoipa::path(
    get,
    path = "/v2",
    tag = "inference",
    responses((status = 200, description = "Its name and version", body = Server))
)]
pub(super) async fn server() -> Json<Server> {
    Json(Server { name: NAME, version: env!("CARGO_PKG_VERSION"), extensions: &["binary_tensor_data"] })
}

/// Which tensors a model takes and gives
#[utoipa::path(
    get,
    path = "/v2/models/{model}",
    tag = "inference",
    params(ModelPath),
    responses((status = 200, description = "Its inputs and outputs, and the names of its features", body = Model), ModelFails)
)]
pub(super) async fn model(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Model>, Refused> {
    let name = body::path(name)?;
    let service = app.with_service(move |app| app.model_called(&name)).await?;
    let tensor = |name, datatype, shape| Tensor { name, datatype, shape };
    let width = service.features().width() as i64;
    Ok(Json(Model {
        name: NAME,
        versions: vec![service.artifact().name()],
        platform: PLATFORM,
        inputs: vec![tensor(FEATURES, "FP64", vec![-1, width])],
        outputs: vec![
            tensor("churn_probability", "FP64", vec![-1]),
            tensor("lifetime_value", "FP64", vec![-1]),
            tensor("net_value", "FP64", vec![-1]),
            tensor("action", "BYTES", vec![-1]),
        ],
        parameters: answer::Parameters { features: service.features().names().collect() },
    }))
}

/// Whether a model answers
#[utoipa::path(
    get,
    path = "/v2/models/{model}/ready",
    tag = "inference",
    params(ModelPath),
    responses((status = 200, description = "It does", body = ModelReady), ModelFails)
)]
pub(super) async fn model_ready(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<ModelReady>, Refused> {
    let name = body::path(name)?;
    let called = name.clone();
    app.with_service(move |app| app.model_called(&called)).await?;
    Ok(Json(ModelReady { name, ready: true }))
}

/// Answer for every row
///
/// The input is one tensor `features` of [n, features], or one tensor of [n] or [n, 1] for each feature, by its name. What has
/// no value is null, or NaN in binary. The outputs are always JSON, whatever `binary_data` an output asks for; they are the
/// bits of `POST /v1/score`.
#[utoipa::path(
    post,
    path = "/v2/models/{model}/infer",
    tag = "inference",
    params(
        ModelPath,
        ("inference-header-content-length" = Option<usize>, Header, description = "How long the JSON is, where the bytes of tensors follow it."),
    ),
    request_body(content((Written = "application/json"), (String = "application/octet-stream"))),
    responses((status = 200, description = "A value for every row", body = InferAnswer), InferFails)
)]
pub(super) async fn infer(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<InferAnswer>, Refused> {
    let (name, body) = (body::path(name)?, body::whole(body)?);
    let answer = on_a_thread(move || {
        let service = app.model_called(&name)?;
        answer_to(&app, &service, &InferRequest::read(&headers, &body)?)
    });
    Ok(Json(answer.await?))
}

fn answer_to(app: &App, service: &Service, request: &InferRequest<'_>) -> Result<InferAnswer, Failure> {
    let rows = rows(service, &request.inputs()?)?;
    let width = service.features().width();
    for (place, row) in rows.chunks_exact(width).enumerate() {
        let mut features = service.features().features().iter().zip(row);
        if let Some((feature, _)) =
            features.find(|(feature, value)| value.is_nan() && feature.is_always_given())
        {
            return Err(bad(format!("row {place}: {}: {ALWAYS_GIVEN}", feature.name)));
        }
        service
            .check_row(row)
            .map_err(|failure| Failure { message: format!("row {place}: {}", failure.message), ..failure })?;
    }
    let answers = decisions(app, service, &rows)?;
    let numbers =
        |name, of: fn(&Decided) -> f64| Output::of(name, Data::Numbers(answers.iter().map(of).collect()));
    let all = [
        numbers("churn_probability", |row| row.churn_probability),
        numbers("lifetime_value", |row| row.lifetime_value),
        numbers("net_value", |row| row.net_value),
        Output::of("action", Data::Texts(answers.iter().map(|row| row.action.clone()).collect())),
    ];
    let asked = request.outputs();
    if let Some(unknown) = asked.iter().find(|name| all.iter().all(|output| output.name != **name)) {
        return Err(bad(format!("outputs: the model has no output {unknown:?}")));
    }
    let is_asked = |output: &Output| asked.is_empty() || asked.contains(&output.name);
    Ok(InferAnswer {
        model_name: NAME,
        model_version: service.artifact().name(),
        outputs: all.into_iter().filter(is_asked).collect(),
        id: request.id().map(str::to_owned),
    })
}

/// The rows that the inputs are together.
fn rows(service: &Service, inputs: &[Input<'_>]) -> Result<Vec<f64>, Failure> {
    let names: Vec<&str> = service.features().names().collect();
    if let [all] = inputs
        && all.name == FEATURES
    {
        let &[count, width] = all.shape.as_slice() else {
            return Err(bad(format!("inputs: {FEATURES} must be of the shape [n, {}]", names.len())));
        };
        if width != names.len() {
            return Err(bad(format!(
                "inputs: {FEATURES} has {width} columns, and the model sees {}: {}",
                names.len(),
                names.join(", ")
            )));
        }
        check_count(count)?;
        return all.numbers();
    }
    let count = inputs.first().map_or(0, Input::len);
    check_count(count)?;
    let mut rows = vec![f64::NAN; count * names.len()];
    let mut is_given = vec![false; names.len()];
    for input in inputs {
        let Some(place) = names.iter().position(|name| *name == input.name) else {
            let known = names.join(", ");
            return Err(bad(format!(
                "inputs: {:?} is neither {FEATURES:?} alone nor one of {known}",
                input.name
            )));
        };
        if std::mem::replace(&mut is_given[place], true) {
            return Err(bad(format!("inputs: {} is there twice", input.name)));
        }
        let is_column = matches!(input.shape.as_slice(), [_] | [_, 1]);
        if !is_column || input.len() != count {
            return Err(bad(format!(
                "inputs: {} must be of the shape [{count}] or [{count}, 1]",
                input.name
            )));
        }
        for (row, number) in input.numbers()?.into_iter().enumerate() {
            rows[row * names.len() + place] = number;
        }
    }
    match is_given.iter().position(|is_given| !is_given) {
        Some(missing) => {
            Err(bad(format!("inputs: {} is missing; give {FEATURES}, or every feature", names[missing])))
        }
        None => Ok(rows),
    }
}

fn check_count(count: usize) -> Result<(), Failure> {
    match count {
        0 => Err(bad("inputs: there is no row".to_owned())),
        1..=MOST_ROWS => Ok(()),
        more => Err(bad(format!("inputs: {more} rows are more than the {MOST_ROWS} of one request"))),
    }
}

fn bad(what: String) -> Failure {
    Failure::new(Kind::BadInput, what)
}

impl App {
    /// The model in service, if it is called so.
    fn model_called(&self, name: &str) -> Result<Arc<Service>, Failure> {
        let service = self.service()?;
        let own = service.artifact().name();
        if name == NAME || name == own {
            return Ok(service);
        }
        let which =
            format!("there are {NAME}, whichever model is in service, and {own}, as long as that one is");
        Err(Failure::new(Kind::UnknownModel, which))
    }
}
