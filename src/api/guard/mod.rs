//! What stands before every route: who asks, how often, with how much.

mod host;
mod keys;
mod rate;

pub use rate::Rate;

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use self::keys::Ring;
use super::App;
use super::routes::{Declared, Needs};
use crate::failure::{Failure, Kind};
use crate::state::{State, StateError};

/// How much the API takes on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// How often a key may ask; without keys, all together.
    pub rate: Option<Rate>,
}

/// What the posts before all routes share.
pub(super) struct Guard {
    ring: Ring,
    limits: Limits,
}

impl Guard {
    pub(super) fn new(state: Arc<State>, limits: Limits) -> Result<Self, StateError> {
        Ok(Self { ring: Ring::new(state)?, limits })
    }

    /// Whether whoever asks must show a key.
    pub(super) fn needs_keys(&self) -> bool {
        !self.ring.is_empty()
    }

    /// Reads the keys again if they have changed. It blocks.
    pub(super) fn refresh(&self) -> Result<(), StateError> {
        self.ring.refresh()
    }

    /// Lets a request through that shows what the route needs, as often as it may.
    fn admit(&self, needs: Needs, headers: &HeaderMap) -> Result<(), Failure> {
        let asker = match self.ring.is_empty() {
            // Without keys the server listens on loopback only, and browsers are who could be misled to call it.
            true => {
                host::check(headers)?;
                self.ring.anybody()
            }
            false => match needs {
                Needs::Nothing => return Ok(()),
                Needs::AnyKey => self.ring.asker(headers, None)?,
                Needs::Key(scope) => self.ring.asker(headers, Some(scope))?,
            },
        };
        match self.limits.rate {
            Some(rate) if needs != Needs::Nothing => rate.take(asker.bucket()),
            _ => Ok(()),
        }
    }
}

/// The guard of one route.
pub(super) struct Post {
    pub(super) app: Arc<App>,
    /// Which row of the table of routes it is.
    #[expect(dead_code, reason = "measurements by route are still to come")]
    pub(super) index: usize,
    pub(super) declared: Declared,
}

/// Stands before a route.
pub(super) async fn stand(Extracted(post): Extracted<Arc<Post>>, request: Request, next: Next) -> Response {
    match post.app.guard.admit(post.declared.needs, request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

/// The key that a request shows.
fn shown(headers: &HeaderMap) -> Result<&str, Failure> {
    let no_key = |what: &str| Failure::new(Kind::NoKey, what);
    let shown = headers.get(header::AUTHORIZATION).ok_or_else(|| {
        no_key("send a key: Authorization: Bearer mainstay_…; mainstay keys create makes one")
    })?;
    let shown = shown.to_str().ok().and_then(|shown| shown.split_once(' '));
    match shown {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => Ok(key.trim()),
        _ => Err(no_key("the Authorization header is not of the form: Bearer mainstay_…")),
    }
}
