//! `GET /v1/offers`: the offers there are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::App;
use crate::failure::Failure;
use crate::offers::{OfferTold, told};

/// The catalogue.
#[derive(Serialize)]
pub(super) struct Offers {
    offers: Vec<OfferTold>,
}

/// Serves the catalogue that decisions are made with.
pub(super) async fn offers(State(app): State<Arc<App>>) -> Result<Json<Offers>, Failure> {
    Ok(Json(Offers { offers: told(app.service()?.catalogue()) }))
}
