//! The score API. docs/api.md describes it from outside.

mod at_risk;
mod body;
mod catalogue;
mod contract;
mod customers;
mod docs;
mod events;
mod guard;
mod health;
mod inference;
mod kept;
mod log;
mod metrics;
mod models;
mod newest;
mod once;
mod problem;
mod routes;
mod score;
mod serve;
mod wire;

pub use guard::{Limits, Rate};
pub use log::LogFormat;
pub use routes::{Declared, Needs, declared, router};
pub use serve::{Listener, serve};

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use serde_json::json;
use tokio::sync::Semaphore;

use self::body::on_a_thread;
use self::guard::Guard;
use self::kept::KeptCustomers;
use self::newest::Newest;
use crate::at_risk::{Measuring, Previous};
use crate::failure::Failure;
use crate::scores::{ListAbout, ScoreRow, Scores};
use crate::service::Service;
use crate::state::State;
use crate::store::Store;
use crate::suppressed::Suppressed;

/// So many batches are worked on at a time: while one is read, another is scored.
const BATCHES_A_THREAD: usize = 2;
/// The largest request body.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What the routes share.
pub struct App {
    service: Newest<Service>,
    /// Read through [`App::list`] alone.
    written: Newest<MeasuredList>,
    /// What is remembered of the list before.
    previous: Newest<Option<Previous>>,
    /// What the newest list tells of itself, which is read without its rows.
    about: Newest<Option<ListAbout>>,
    suppressed: Newest<Suppressed>,
    guard: Arc<Guard>,
    kept: KeptCustomers,
    /// Turns at a batch: what is read of one is several times its body, and all threads work on each.
    batches: Arc<Semaphore>,
    /// What keys, events and answers to an `Idempotency-Key` are kept in.
    state: Arc<State>,
    store: Store,
}

/// A list, and how its customers are measured: once, and not for every page of it.
struct MeasuredList {
    scores: Scores,
    measuring: Arc<Measuring>,
}

/// The newest list, and who has objected to marketing by now: they are in no answer, and the list need not be read again
/// for each of them.
struct CurrentList {
    list: Arc<MeasuredList>,
    suppressed: Arc<Suppressed>,
}

impl CurrentList {
    /// The list as a whole, for what is no row of it.
    fn scores(&self) -> &Scores {
        &self.list.scores
    }

    /// How its customers are measured.
    fn measuring(&self) -> Arc<Measuring> {
        self.list.measuring.clone()
    }

    /// The rows of who has not objected, in the list's order.
    fn rows(&self) -> impl Iterator<Item = &ScoreRow> {
        self.list.scores.rows.iter().filter(|row| !self.suppressed.has(&row.customer_id))
    }

    /// A customer's row; `None` of who has objected, or is not in it.
    fn row_of(&self, customer_id: &str) -> Option<&ScoreRow> {
        self.list.scores.row_of(customer_id).filter(|_| !self.suppressed.has(customer_id))
    }
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
        // What goes wrong before there is a log is returned.
        let log: Arc<OnceLock<Arc<Guard>>> = Arc::default();
        // A file that cannot be read is tried again, but not at every request.
        let says = |what: &'static str| {
            let log = log.clone();
            move |failure: &Failure| {
                if let Some(guard) = log.get() {
                    guard.log.event("error", what, &json!({"cause": failure.message}));
                }
            }
        };
        let models = store.clone();
        let broken = says("the new model cannot be read: the one before it goes on answering");
        let service = Newest::or_before(store.model_path(), move || service(&models).inspect_err(&broken))?;
        let state = Arc::new(store.state()?);
        let guard = Arc::new(Guard::new(state.clone(), limits)?);
        let guard = log.get_or_init(|| guard).clone();
        // Each is read when the first who needs it asks.
        let written = newest(&store, Store::scores_path, |store| {
            Ok(MeasuredList { scores: store.load_scores_as_written()?, measuring: Arc::default() })
        })
        .or_before_meanwhile();
        let previous = newest(&store, Store::previous_scores_path, |store| {
            // One that cannot be read, as of an older version, says nothing of what has changed.
            Ok(store.load_previous_scores().ok().flatten().as_ref().map(Previous::of))
        });
        let broken = says("the newest list cannot be read: scores are answered without a tier");
        let lists = store.clone();
        let about =
            Newest::or_nothing(store.scores_path(), move || lists.load_list_about().inspect_err(&broken));
        let suppressed = newest(&store, Store::suppressed_path, Store::load_suppressed_again);
        let kept = KeptCustomers::of(&store, state.clone());
        let batches = Arc::new(Semaphore::new(BATCHES_A_THREAD * rayon::current_num_threads()));
        Ok(Arc::new(Self {
            service,
            written,
            previous,
            about,
            suppressed,
            guard,
            kept,
            batches,
            state,
            store,
        }))
    }

    /// The newest list, without who has objected to marketing by now.
    fn list(&self) -> Result<CurrentList, Failure> {
        Ok(CurrentList { list: self.written.get()?, suppressed: self.suppressed.get()? })
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

    /// Whether there is nothing to load before a score can be answered.
    fn is_loaded(&self) -> bool {
        self.service.is_loaded() && self.about.is_loaded() && self.suppressed.is_loaded()
    }

    /// Does what the service is needed for: at once, or, where it has to be loaded first, where that holds up nobody.
    async fn with_service<T: Send + 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        if self.service.is_loaded() { work(&self) } else { on_a_thread(move || work(&self)).await }
    }
}

/// What a file of the store holds, as it is read; read again when another takes its place.
fn newest<T: 'static>(
    store: &Store,
    path: fn(&Store) -> PathBuf,
    load: impl Fn(&Store) -> Result<T, Failure> + Send + Sync + 'static,
) -> Newest<T> {
    let kept = store.clone();
    Newest::of(path(store), move || load(&kept))
}
