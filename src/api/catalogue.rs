//! `GET /v1/offers`: the offers there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::body::{Nothing, parameters};
use crate::failure::Failure;
use crate::offers::{OfferTold, told};

/// The catalogue.
#[derive(Serialize, ToSchema)]
pub(super) struct Offers {
    /// In the catalogue's order.
    offers: Vec<OfferTold>,
}

/// The offers that decisions are made with
#[utoipa::path(
    get,
    path = "/v1/offers",
    tag = "models",
    responses((status = 200, description = "The catalogue, as `mainstay offers check --json` prints it", body = Offers))
)]
pub(super) async fn offers(
    State(app): State<Arc<App>>,
    asked: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Offers>, Failure> {
    parameters(asked)?;
    app.with_service(|app| Ok(Json(Offers { offers: told(app.service()?.catalogue()) }))).await
}
