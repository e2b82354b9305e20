//! What the server knows of customers: the kept history, asked about one customer at a time, and what has happened since.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use mainstay_features::history::{History, Lookup};
use mainstay_features::profile::CONSENT_PREFIX;

use super::newest::Newest;
use super::score::Kept;
use crate::clock;
use crate::events;
use crate::failure::Failure;
use crate::state::State;
use crate::state::events::Event;
use crate::store::Store;

/// What is kept of customers; read again when it has changed.
pub(super) struct KeptCustomers {
    history: Newest<Opened>,
    /// Where events are that no kept history has taken in yet.
    state: Arc<State>,
}

/// A kept history that is open.
struct Opened {
    lookup: Lookup,
    /// The channels its customers are asked about.
    channels: Vec<String>,
}

impl KeptCustomers {
    /// What a store keeps.
    pub(super) fn of(store: &Store, state: Arc<State>) -> Self {
        let kept = store.clone();
        let open = move || {
            let lookup = kept.history()?.lookup()?;
            let names = lookup.words_that_begin_with(CONSENT_PREFIX);
            let channels = names.iter().map(|name| name[CONSENT_PREFIX.len()..].to_owned()).collect();
            Ok(Opened { lookup, channels })
        };
        Self { history: Newest::of(store.history_manifest_path(), open), state }
    }
}

impl KeptCustomers {
    /// What is kept of some customers, which is read when the first of them is asked for.
    pub(super) fn of_some(&self, customers: impl IntoIterator<Item = String>) -> KeptOfSome<'_> {
        KeptOfSome { all: self, customers: customers.into_iter().collect(), read: OnceCell::new() }
    }
}

/// What is kept of some customers; of others it does not know what has happened since.
pub(super) struct KeptOfSome<'a> {
    all: &'a KeptCustomers,
    customers: BTreeSet<String>,
    read: OnceCell<Result<Found, Failure>>,
}

/// Events that are not in the history yet, and the history.
type Found = (Vec<Event>, Arc<Opened>);

impl KeptOfSome<'_> {
    fn read(&self) -> Result<Found, Failure> {
        // In this order: what is taken into the history meanwhile is then found in both, and counts once.
        let events = self.all.state.events_of(self.customers.iter().map(String::as_str))?;
        Ok((events, self.all.history.get()?))
    }
}

impl Kept for KeptOfSome<'_> {
    fn customer(&self, customer: &str) -> Result<(History, &[String]), Failure> {
        let (events, opened) = self.read.get_or_init(|| self.read()).as_ref().map_err(Failure::clone)?;
        let since = events::of_customer(events, customer, clock::latest())?;
        let history = opened.lookup.customer(customer, since)?;
        Ok((history, &opened.channels))
    }
}
