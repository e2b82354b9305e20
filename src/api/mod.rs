//! The score API. docs/api.md describes it from outside.

mod at_risk;
mod body;
mod guard;
mod health;
mod log;
mod metrics;
mod newest;
mod problem;
mod routes;
mod score;
mod serve;
mod wire;

pub use guard::{Limits, Rate};
pub use log::LogFormat;
pub use routes::{Declared, Needs, declared, router};
pub use serve::{Listener, serve};

use std::sync::Arc;

use mainstay_models::segments::TierCuts;

use self::guard::Guard;
use self::newest::Newest;
use crate::failure::Failure;
use crate::scores::Scores;
use crate::service::Service;
use crate::state::State;
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
    /// What keys, events and answers to an `Idempotency-Key` are kept in.
    #[expect(dead_code, reason = "the routes that write are still to come")]
    state: Arc<State>,
    guard: Arc<Guard>,
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
        let state = Arc::new(store.state()?);
        let guard = Arc::new(Guard::new(state.clone(), limits)?);
        Ok(Arc::new(Self { service, list: at_risk::newest_list(store), tiers, suppressed, state, guard }))
    }

    /// Says in the log that something happened.
    pub fn say(&self, message: &str) {
        self.guard.log.event("info", message, &serde_json::Value::Null);
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
