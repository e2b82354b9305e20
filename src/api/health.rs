//! Whether the process lives and can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use crate::failure::{Failure, Kind};
use crate::schema::GradeWord;

/// What a health check is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Alive,
    Ready,
}

/// The process lives.
#[derive(Serialize, ToSchema)]
pub(super) struct Alive {
    status: Status,
}

/// What answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    status: Status,
    /// The model in service.
    model: String,
    /// How it was judged.
    #[schema(value_type = GradeWord)]
    verdict: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    get,
    path = "/livez",
    tag = "server",
    responses((status = 200, description = "It does", body = Alive))
)]
pub(super) async fn livez() -> Json<Alive> {
    Json(Alive { status: Status::Alive })
}

/// Whether the server can answer
///
/// A model is loaded: without one the server does not start. Who is about to stop is not ready for more, and says 503.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "server",
    responses((status = 200, description = "It can, with this model", body = Ready))
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Ready>, Failure> {
    if app.guard.is_leaving() {
        return Err(Failure::new(Kind::Busy, "the server is about to stop"));
    }
    app.guard.check_keys()?;
    let ready = |app: &App| {
        let service = app.service()?;
        let artifact = service.artifact();
        let verdict = artifact.training.judged();
        Ok(Json(Ready { status: Status::Ready, model: artifact.name(), verdict }))
    };
    app.with_service(ready).await
}
