//! Reading a request's body, and working on it where that must not hold up others.

use std::panic::resume_unwind;

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::http::StatusCode;
use serde::Deserialize;

use super::MAX_BODY_BYTES;
use super::guard::{carried, held};
use crate::failure::{Failure, Kind};

/// The body, if it came whole.
///
/// # Errors
/// When it is too large or was cut short.
pub(super) fn whole(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Failure> {
    body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(Kind::TooLarge, format!("a request may have up to {MAX_BODY_BYTES} bytes"))
        }
        _ => Failure::new(Kind::BadInput, rejection.body_text()),
    })
}

/// What the JSON of a body says.
///
/// # Errors
/// When it is no JSON, or says something else.
pub(super) fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    let bad = |error: String| Failure::new(Kind::BadInput, format!("body: {error}"));
    // Looked at once as a whole, and not again in each of its strings.
    let text = std::str::from_utf8(body).map_err(|error| bad(error.to_string()))?;
    serde_json::from_str(text).map_err(|error| bad(error.to_string()))
}

/// The one parameter of a path.
///
/// # Errors
/// When it is no text.
pub(super) fn path(path: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    match path {
        Ok(Path(text)) => Ok(text),
        Err(rejection) => Err(Failure::new(Kind::Usage, rejection.body_text())),
    }
}

/// Works on a thread on which it is no matter how long it takes. The work goes on where who asked has left, and so do the
/// place and the room that the request has taken.
///
/// # Errors
/// Those of the work.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(held(carried(work))).await;
    done.unwrap_or_else(|error| match error.try_into_panic() {
        // It is one of the handler, which waits for it.
        Ok(panic) => resume_unwind(panic),
        Err(error) => Err(Failure::new(Kind::Internal, error.to_string())),
    })
}
