//! What the server knows of customers: the kept history, asked about one customer at a time, and what has happened since.

use std::sync::Arc;

use mainstay_features::history::{History, Lookup};
use mainstay_features::profile::CONSENT_PREFIX;

use super::newest::Newest;
use super::score::Kept;
use crate::events;
use crate::failure::Failure;
use crate::state::State;
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

impl Kept for KeptCustomers {
    fn customer(&self, customer: &str) -> Result<(History, Vec<String>), Failure> {
        // In this order: what is taken into the history meanwhile is then found in both, and counts once.
        let events = events::of_customer(&self.state, customer)?;
        let opened = self.history.get()?;
        let history = opened.lookup.customer(customer, events)?;
        Ok((history, opened.channels.clone()))
    }
}
