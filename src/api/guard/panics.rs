//! A panic in a handler is one answer of 500, and not the end of the connection.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::failure::{Failure, Kind};

/// What the future comes to, or that it panicked. Nothing that handlers share is left half changed by a panic: locks are
/// held around whole changes, and a database's transaction is undone.
pub(super) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(_) => Poll::Ready(Err(Failure::new(
            Kind::Internal,
            "something failed on our side; the log has it under this answer's x-request-id",
        ))),
    })
    .await
}
