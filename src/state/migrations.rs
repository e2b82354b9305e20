//! How the database came to be what it is: steps that are never changed, only added to. `user_version` is how many of
//! them a database has taken.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::StateError;

/// Every step, the oldest first.
pub(super) const ALL: &[&str] = &[
    include_str!("migrations/0001_keys.sql"),
    include_str!("migrations/0002_once.sql"),
    include_str!("migrations/0003_events.sql"),
];

/// Takes the steps that the database has not taken, all or none.
pub(super) fn run(connection: &mut Connection, steps: &[&str], path: &Path) -> Result<(), StateError> {
    let failed = |cause| StateError::of(path, &cause);
    // Two processes may open a new database at once: the second waits here, and finds it done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let taken: i64 =
        transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let known = steps.len() as i64;
    let Some(missing) = usize::try_from(taken).ok().and_then(|taken| steps.get(taken..)) else {
        return Err(StateError::Newer { path: path.to_owned(), found: taken, known });
    };
    if missing.is_empty() {
        return Ok(());
    }
    for step in missing {
        transaction.execute_batch(step).map_err(failed)?;
    }
    transaction.pragma_update(None, "user_version", known).map_err(failed)?;
    transaction.commit().map_err(failed)
}
