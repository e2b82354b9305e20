//! The score API. docs/api.md describes it from outside.

mod at_risk;
mod health;
mod host;
mod newest;
mod problem;
mod score;
mod serve;

pub use serve::{Listener, serve};

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use mainstay_models::segments::TierCuts;

use self::newest::Newest;
use crate::failure::{Failure, Kind};
use crate::scores::Scores;
use crate::service::Service;
use crate::store::Store;
use crate::suppressed::Suppressed;

/// The largest request body.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What the routes share.
pub struct App {
    service: Newest<Service>,
    list: Newest<Scores>,
    tiers: Newest<Option<TierCuts>>,
    suppressed: Newest<Suppressed>,
}

impl App {
    /// An app that answers with the store's newest model and serves its newest list; `service` makes a service of the
    /// model.
    ///
    /// # Errors
    /// When there is no usable model.
    pub fn new(
        store: Store,
        service: impl Fn(&Store) -> Result<Service, Failure> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Failure> {
        let first = service(&store)?;
        let models = store.clone();
        let service = Newest::holding(first, store.model_path(), move || service(&models));
        let (lists, objections) = (store.clone(), store.clone());
        let tiers = Newest::of(store.list_path(), move || lists.load_tiers());
        let suppressed = Newest::of(store.suppressed_path(), move || objections.load_suppressed());
        Ok(Arc::new(Self { service, list: at_risk::newest_list(store), tiers, suppressed }))
    }

    /// The service with the newest model; with the one before while the newest cannot be used.
    ///
    /// # Errors
    /// None after [`Self::new`] has found a model.
    pub fn service(&self) -> Result<Arc<Service>, Failure> {
        self.service.get()
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
        .layer(axum::middleware::from_fn(host::check))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
