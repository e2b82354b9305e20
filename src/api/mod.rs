//! The score API. docs/api.md describes it from outside.

mod at_risk;
mod guard;
mod health;
mod newest;
mod problem;
mod routes;
mod score;
mod serve;

pub use guard::{Limits, Rate};
pub use routes::{Declared, Needs, declared, router};
pub use serve::{Listener, serve};

use std::sync::Arc;

use mainstay_models::segments::TierCuts;

use self::guard::Guard;
use self::newest::Newest;
use crate::failure::Failure;
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
    guard: Guard,
}

impl App {
    /// An app that answers with the store's newest model and serves its newest list; `service` makes a service of the
    /// model.
    ///
    /// # Errors
    /// When there is no usable model, or the state cannot be used.
    pub fn new(
        store: Store,
        limits: Limits,
        service: impl Fn(&Store) -> Result<Service, Failure> + Send + Sync + 'static,
    ) -> Result<Arc<Self>, Failure> {
        let first = service(&store)?;
        let models = store.clone();
        let service = Newest::holding(first, store.model_path(), move || service(&models));
        let (lists, objections) = (store.clone(), store.clone());
        let tiers = Newest::of(store.list_path(), move || lists.load_tiers());
        let suppressed = Newest::of(store.suppressed_path(), move || objections.load_suppressed());
        let guard = Guard::new(Arc::new(store.state()?), limits)?;
        Ok(Arc::new(Self { service, list: at_risk::newest_list(store), tiers, suppressed, guard }))
    }

    /// Whether whoever asks must show a key.
    pub fn needs_keys(&self) -> bool {
        self.guard.needs_keys()
    }

    /// The service with the newest model; with the one before while the newest cannot be used.
    ///
    /// # Errors
    /// None after [`Self::new`] has found a model.
    pub fn service(&self) -> Result<Arc<Service>, Failure> {
        self.service.get()
    }
}
