//! `GET /v1/offers`: the offers there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
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
pub(super) async fn offers(State(app): State<Arc<App>>) -> Result<Json<Offers>, Failure> {
    Ok(Json(Offers { offers: told(app.service()?.catalogue()) }))
}
