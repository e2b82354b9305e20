//! The score API. docs/api.md describes it from outside.

mod at_risk;
mod health;
mod problem;
mod score;
mod serve;

pub use serve::{Listener, serve};

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::failure::{Failure, Kind};
use crate::service::Service;
use crate::store::Store;

/// The largest request body.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What the routes share.
pub struct App {
    service: Service,
    newest_list: at_risk::NewestList,
}

impl App {
    /// An app that answers with this service and serves the store's newest list.
    pub fn new(service: Service, store: Store) -> Arc<Self> {
        Arc::new(Self { service, newest_list: at_risk::NewestList::of(store) })
    }
}

/// Every route.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/score", post(score::score))
        .route("/v1/at-risk", get(at_risk::at_risk))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .fallback(async || Failure::new(Kind::NotFound, "see docs/api.md for the routes there are"))
        .method_not_allowed_fallback(async || {
            Failure::new(Kind::MethodNotAllowed, "score with POST, everything else with GET")
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
