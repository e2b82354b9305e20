//! `GET /v1/models` and `POST /v1/models/{version}/promote`: which models there are, and which answers.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::body::{Nothing, on_a_thread, parameters, path};
use super::contract::fails;
use crate::failure::{Failure, Kind};
use crate::state::once::{Answer, Once};
use crate::store::{Change, ModelTold, Served, StoredModel};

/// The models of the store.
#[derive(Serialize, ToSchema)]
pub(super) struct Models {
    /// Each, oldest data first.
    models: Vec<ModelTold>,
    /// Which were in service one after the other.
    history: Vec<Served>,
    /// The files that are no models that can be used.
    left_out: usize,
}

/// The model that answers from now on.
#[derive(Serialize, ToSchema)]
pub(super) struct InService {
    /// Its name.
    in_service: String,
}

/// The models of the store
///
/// As `mainstay models list` has them, with which were in service one after the other.
#[utoipa::path(
    get,
    path = "/v1/models",
    tag = "models",
    responses((status = 200, description = "All of them", body = Models))
)]
pub(super) async fn models(
    State(app): State<Arc<App>>,
    asked: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Models>, Failure> {
    parameters(asked)?;
    let read = move || {
        let (models, failures) = app.store.models()?;
        let history = app.store.model_history()?;
        let models = models.iter().map(StoredModel::told).collect();
        Ok(Json(Models { models, history, left_out: failures.len() }))
    };
    on_a_thread(read).await
}

fails!(
    /// What it can be refused for to put a model into service.
    PromoteFails: Usage, UnknownModel, OtherRequest, BadInput, Output, Internal
);

/// Put a model into service
///
/// The one before is kept. Every request that is sent after this answer is answered by the new one, each as a whole by one
/// model.
#[utoipa::path(
    post,
    path = "/v1/models/{version}/promote",
    tag = "models",
    params(("version" = String, Path, description = "The model's name", min_length = 1)),
    responses((status = 200, description = "It serves", body = InService), PromoteFails)
)]
pub(super) async fn promote(
    State(app): State<Arc<App>>,
    once: Option<Extension<Once>>,
    version: Result<Path<String>, PathRejection>,
) -> Result<Answer, Failure> {
    let version = path(version)?;
    let promote = move || {
        // Before the state is anybody's: it takes a while.
        let model = app.model_to_serve(&version);
        let answer = app.once(once, |_| {
            let model = model?;
            app.store.serve_model(&model.artifact, Change::Promote)?;
            Ok(InService { in_service: model.artifact.name() })
        })?;
        // Who is answered that it serves is answered by it.
        app.service.written()?;
        Ok(answer)
    };
    on_a_thread(promote).await
}

impl App {
    fn model_to_serve(&self, version: &str) -> Result<StoredModel, Failure> {
        self.store.model_named(version).map_err(|failure| match failure.kind {
            Kind::NoModel => Failure { kind: Kind::UnknownModel, ..failure },
            _ => failure,
        })
    }
}
