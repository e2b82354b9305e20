//! Working on a request where that must not hold up others.

use crate::failure::{Failure, Kind};

/// Works on a thread on which it is no matter how long it takes.
///
/// # Errors
/// Those of the work.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new(Kind::Internal, error.to_string())))
}
