//! The API's contract, OpenAPI 3.1: made from the handlers, the types that they read and answer with, and the table of
//! routes. tests/golden/openapi.json is what it comes to.
//!
//! A handler says with `#[utoipa::path]` what it takes, answers and fails with ([`fails!`]). What routes have in common
//! follows from how they are declared ([`common`]). A route that is new needs a line in [`Contract`]; a test says so.

mod common;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::Value;
use utoipa::OpenApi;

use super::{
    at_risk, catalogue, customers, docs, events, health, inference, metrics, models, problem, score,
};

pub(super) use common::answers;

/// What the whole is, before what follows from the table of routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Mainstay",
        version = env!("CARGO_PKG_VERSION"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        description = include_str!("about.md"),
    ),
    tags(
        (name = "scores", description = "Customers scored now, with reasons, values and what to do"),
        (name = "customers", description = "The newest scored list, and who is on it"),
        (name = "events", description = "What has just happened"),
        (name = "models", description = "Which models there are, and which answers"),
        (name = "inference", description = "The Open Inference Protocol, version 2, for clients of KServe and Triton"),
        (name = "server", description = "Whether the server lives, how it does, and what it offers"),
    ),
    paths(
        score::score,
        score::score_batch,
        customers::customer,
        at_risk::at_risk,
        catalogue::offers,
        events::events,
        models::models,
        models::promote,
        inference::server,
        inference::live,
        inference::ready,
        inference::model,
        inference::model_ready,
        inference::infer,
        health::livez,
        health::readyz,
        metrics::metrics,
        openapi,
        docs::page,
        docs::script,
        docs::style,
    ),
    components(schemas(problem::Problem, at_risk::OrderWord, crate::schema::BandText, inference::Refusal)),
)]
struct Contract;

/// The contract of every route there is.
pub(super) fn document() -> Value {
    // What is derived is made of texts and numbers, which JSON can always hold.
    let mut document = serde_json::to_value(Contract::openapi()).unwrap_or_default();
    common::add(&mut document);
    document
}

/// The document as it is served; made once.
static SERVED: LazyLock<Bytes> = LazyLock::new(|| format!("{:#}\n", document()).into());

/// This contract
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", body = utoipa::openapi::schema::Object, content_type = "application/json"))
)]
pub(super) async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], SERVED.clone())
}

/// A type that stands for these kinds of failure where a handler says what it answers.
macro_rules! fails {
    ($(#[$about:meta])* $name:ident: $($kind:ident),+) => {
        fails!($(#[$about])* $name as $crate::api::problem::Problem: $($kind),+);
    };
    ($(#[$about:meta])* $name:ident as $body:ty: $($kind:ident),+) => {
        $(#[$about])*
        pub(super) struct $name;

        impl utoipa::IntoResponses for $name {
            fn responses() -> std::collections::BTreeMap<String, utoipa::openapi::RefOr<utoipa::openapi::Response>> {
                $crate::api::contract::answers::<$body>(&[$($crate::failure::Kind::$kind),+])
            }
        }
    };
}
pub(super) use fails;
