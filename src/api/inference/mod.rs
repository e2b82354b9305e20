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
use serde_json::{Value, json};

use self::tensor::{InferRequest, Input};
use super::App;
use super::body::{self, on_a_thread};
use super::problem::Problem;
use super::score::assessed_actions;
use crate::failure::{Failure, Kind};
use crate::service::Service;

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

#[derive(Serialize)]
struct Refusal {
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

/// The server answers.
pub(super) async fn live() -> Json<Value> {
    Json(json!({"live": true}))
}

/// A model is loaded.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let is_ready = app.service().is_ok();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": is_ready}))).into_response()
}

/// What the server is.
pub(super) async fn server() -> Json<Value> {
    Json(json!({"name": NAME, "version": env!("CARGO_PKG_VERSION"), "extensions": ["binary_tensor_data"]}))
}

/// Which tensors a model takes and gives.
pub(super) async fn model(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refused> {
    let service = app.model_called(&body::path(name)?)?;
    let tensor = |name: &str, datatype: &str, shape: &[i64]| json!({"name": name, "datatype": datatype, "shape": shape});
    let width = service.features().width() as i64;
    let outputs = [
        tensor("churn_probability", "FP64", &[-1]),
        tensor("lifetime_value", "FP64", &[-1]),
        tensor("net_value", "FP64", &[-1]),
        tensor("action", "BYTES", &[-1]),
    ];
    Ok(Json(json!({
        "name": NAME,
        "versions": [service.artifact().name()],
        "platform": PLATFORM,
        "inputs": [tensor(FEATURES, "FP64", &[-1, width])],
        "outputs": outputs,
        "parameters": {"features": service.features().names().collect::<Vec<_>>()},
    })))
}

/// Whether a model answers.
pub(super) async fn model_ready(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refused> {
    let name = body::path(name)?;
    app.model_called(&name)?;
    Ok(Json(json!({"name": name, "ready": true})))
}

/// Answers for every row.
pub(super) async fn infer(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refused> {
    let (name, body) = (body::path(name)?, body::whole(body)?);
    let answer = on_a_thread(move || {
        let service = app.model_called(&name)?;
        answer(&app, &service, &InferRequest::read(&headers, &body)?)
    });
    Ok(Json(answer.await?))
}

fn answer(app: &App, service: &Service, request: &InferRequest<'_>) -> Result<Value, Failure> {
    let rows = rows(service, &request.inputs()?)?;
    let width = service.features().width();
    for (place, row) in rows.chunks_exact(width).enumerate() {
        service
            .check_row(row)
            .map_err(|failure| Failure { message: format!("row {place}: {}", failure.message), ..failure })?;
    }
    let answers = assessed_actions(app, service, &rows)?;
    let count = answers.len();
    let output = |name: &str, datatype: &str, data: Vec<Value>| json!({"name": name, "datatype": datatype, "shape": [count], "data": data});
    let all = [
        output("churn_probability", "FP64", answers.iter().map(|row| json!(row.churn_probability)).collect()),
        output("lifetime_value", "FP64", answers.iter().map(|row| json!(row.lifetime_value)).collect()),
        output("net_value", "FP64", answers.iter().map(|row| json!(row.net_value)).collect()),
        output("action", "BYTES", answers.iter().map(|row| json!(row.action)).collect()),
    ];
    let asked = request.outputs();
    if let Some(unknown) = asked.iter().find(|name| all.iter().all(|output| output["name"] != ***name)) {
        return Err(bad(format!("outputs: the model has no output {unknown:?}")));
    }
    let is_asked = |output: &Value| asked.is_empty() || asked.iter().any(|name| output["name"] == **name);
    let outputs: Vec<Value> = all.into_iter().filter(is_asked).collect();
    let mut answer = json!({
        "model_name": NAME,
        "model_version": service.artifact().name(),
        "outputs": outputs,
    });
    if let Some(id) = request.id() {
        answer["id"] = json!(id);
    }
    Ok(answer)
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
