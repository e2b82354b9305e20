//! Forgetting a customer: out of everything that a store holds, with a mark that keeps them out.

use serde::Serialize;

use crate::clock;
use crate::events::SEEN_BY_ALL;
use crate::failure::Failure;
use crate::forgotten::Forgotten;
use crate::store::Store;

/// What has been taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// How many customers are marked now who were not before.
    pub newly_marked: usize,
    /// How many are marked in all.
    pub marked: usize,
    /// Customers whom the kept history held.
    pub in_history: usize,
    /// Events that had come over the API.
    pub events: usize,
    /// Rows of the newest list and the one before.
    pub list_rows: usize,
    /// Objections to marketing: there is nobody left who could be turned to.
    pub objections: usize,
    /// Messages of runs that named one of them.
    pub run_messages: usize,
}

/// Forgets customers, and whoever was forgotten before and has come back, as by a backup. What ends it at any moment leaves the mark
/// or nothing; to ask for it again goes on.
///
/// # Errors
/// When another run or server's command holds the store, or something in it cannot be read or written.
pub fn forget(store: &Store, customers: &[String]) -> Result<Erased, Failure> {
    let began = clock::now();
    let _lock = store.lock_runs("forget", &began.to_string())?;
    let mut forgotten = store.load_forgotten()?.map_or_else(Forgotten::nobody, Ok)?;
    let newly_marked = customers.iter().filter(|id| forgotten.add(id)).count();
    // First of all: what comes in from now on is left out.
    store.keep_forgotten(&forgotten)?;
    store.remove_what_killed_runs_left()?;
    let mut erased = Erased { newly_marked, marked: forgotten.len(), ..Erased::default() };
    if store.has_history() {
        erased.in_history = store.history_to_add()?.forget(&|id| forgotten.has(id))?;
    }
    if store.has_state() {
        erased.events = store.state()?.forget_customers(&|id| forgotten.has(id))?;
    }
    erased.list_rows = store.forget_in_lists(&forgotten)?;
    // Also where nobody has objected: it is by this file that a server sees that something has changed.
    let (_, objections) = store.change_suppressed(|suppressed| {
        let theirs: Vec<String> =
            suppressed.ids().filter(|id| forgotten.has(id)).map(str::to_owned).collect();
        theirs.iter().filter(|id| suppressed.remove(id)).count()
    })?;
    erased.objections = objections;
    erased.run_messages = store.forget_in_runs(customers)?;
    if store.has_state() {
        // What a server took in until it saw that something has changed.
        std::thread::sleep(SEEN_BY_ALL);
        erased.events += store.state()?.forget_customers(&|id| forgotten.has(id))?;
    }
    Ok(erased)
}
