//! Whether the process lives and can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::App;
use crate::failure::{Failure, Kind};

/// The process lives.
pub(super) async fn livez() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

/// A model is loaded: without one the server does not start. Who is about to stop is not ready for more.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Value>, Failure> {
    if app.guard.is_leaving() {
        return Err(Failure::new(Kind::Busy, "the server is about to stop"));
    }
    let service = app.service()?;
    let artifact = service.artifact();
    let verdict = artifact.training.verdict.grade.to_string();
    Ok(Json(json!({"status": "ready", "model": artifact.name(), "verdict": verdict})))
}
