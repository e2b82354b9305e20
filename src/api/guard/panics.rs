//! A panic in a handler is one answer of 500, and not the end of the connection; and one line of the log, which says where
//! it was. The message may hold anything, of customers too, and is not told.

use std::future::poll_fn;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use serde_json::json;

use super::{Guard, request_id};
use crate::failure::{Failure, Kind};

/// From now on panics of this process are told in the log of this guard.
pub(super) fn tell(guard: Arc<Guard>) {
    panic::set_hook(Box::new(move |panic| {
        let at = panic.location().map(|place| format!("{}:{}", place.file(), place.line()));
        let about = json!({"request_id": request_id::current(), "at": at});
        guard.log.event("error", "a panic: a bug in the program", &about);
    }));
}

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
