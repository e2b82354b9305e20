//! `GET /v1/models` and `POST /v1/models/{version}/promote`: which models there are, and which answers.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde::Serialize;

use super::App;
use super::body::{on_a_thread, path};
use crate::failure::{Failure, Kind};
use crate::state::once::{Answer, Once};
use crate::store::{Change, ModelTold, Served, StoredModel};

/// The models of the store.
#[derive(Serialize)]
pub(super) struct Models {
    /// Each, oldest data first.
    models: Vec<ModelTold>,
    /// Which were in service one after the other.
    history: Vec<Served>,
    /// The files that are no models that can be used.
    left_out: usize,
}

/// The model that answers from now on.
#[derive(Serialize)]
pub(super) struct InService {
    in_service: String,
}

/// Serves the list of models.
pub(super) async fn models(State(app): State<Arc<App>>) -> Result<Json<Models>, Failure> {
    let read = move || {
        let (models, failures) = app.store.models()?;
        let history = app.store.model_history()?;
        let models = models.iter().map(StoredModel::told).collect();
        Ok(Json(Models { models, history, left_out: failures.len() }))
    };
    on_a_thread(read).await
}

/// Puts a model into service; the one before is kept.
pub(super) async fn promote(
    State(app): State<Arc<App>>,
    once: Option<Extension<Once>>,
    version: Result<Path<String>, PathRejection>,
) -> Result<Answer, Failure> {
    let version = path(version)?;
    on_a_thread(move || app.once(once, |_| app.promote(&version).map(|in_service| InService { in_service })))
        .await
}

impl App {
    /// One at a time, as whoever asks holds the state's only writer: each keeps the model that the one before put into
    /// service.
    fn promote(&self, version: &str) -> Result<String, Failure> {
        let model = self.store.model_named(version).map_err(|failure| match failure.kind {
            Kind::NoModel => Failure { kind: Kind::UnknownModel, ..failure },
            _ => failure,
        })?;
        self.store.serve_model(&model.artifact, Change::Promote)?;
        // Who is answered that it serves is answered by it.
        Ok(self.service()?.artifact().name())
    }
}
