//! Writes that happen once for an `Idempotency-Key`.

use axum::Extension;
use axum::http::StatusCode;
use serde::Serialize;

use super::App;
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::state::Writing;
use crate::state::once::{Answer, Once};

impl App {
    /// Does what a request asks for, once for its key, and answers with JSON. It blocks.
    pub(super) fn once<T: Serialize>(
        &self,
        once: Option<Extension<Once>>,
        work: impl FnOnce(&Writing<'_>) -> Result<T, Failure>,
    ) -> Result<Answer, Failure> {
        let once = once.map(|Extension(once)| once);
        self.state.once(once.as_ref(), clock::now(), |writing| {
            let body = serde_json::to_vec(&work(writing)?)
                .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
            Ok(Answer { status: StatusCode::OK.as_u16(), body, replayed: false })
        })
    }
}
