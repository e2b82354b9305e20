//! What stands before every route: who asks, how often, with how much; and what is noted of the answer.

mod body;
mod head;
mod held;
mod host;
mod keys;
mod panics;
mod rate;
mod request_id;

pub(super) use held::held;
pub use rate::Rate;
pub(super) use request_id::carried;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::body::{Room, Whole};
use self::held::Held;
use self::keys::{Asker, Ring};
use self::panics::caught;
use super::log::{Answered, Log, LogFormat};
use super::metrics::Metrics;
use super::problem::Cause;
use super::routes::{Declared, Needs};
use crate::failure::{Failure, Kind};
use crate::state::once::{Answer, Once};
use crate::state::{State, StateError};

/// What a client calls a request that writes by, so that it may send it again.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Whether the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How much the API takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often a key may ask; without keys, all together.
    pub rate: Option<Rate>,
    /// How many connections may be open.
    pub connections: usize,
    /// How many requests may be worked on at a time.
    pub requests: usize,
    /// How the log is written.
    pub log: LogFormat,
}

impl Default for Limits {
    fn default() -> Self {
        Self { rate: None, connections: 10_500, requests: 512, log: LogFormat::default() }
    }
}

/// What the posts before all routes share.
pub(super) struct Guard {
    ring: Ring,
    room: Room,
    working: Arc<Semaphore>,
    leaving: AtomicBool,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) log: Log,
}

impl Guard {
    pub(super) fn new(state: Arc<State>, limits: Limits) -> Result<Self, StateError> {
        Ok(Self {
            ring: Ring::new(state)?,
            room: Room::default(),
            working: Arc::new(Semaphore::new(limits.requests)),
            leaving: AtomicBool::new(false),
            limits,
            metrics: Metrics::new(),
            log: Log::new(limits.log),
        })
    }

    /// Whether whoever asks must show a key.
    pub(super) fn needs_keys(&self) -> bool {
        !self.ring.is_empty()
    }

    /// That the keys are still those that others make and revoke.
    pub(super) fn check_keys(&self) -> Result<(), Failure> {
        Ok(self.ring.check()?)
    }

    /// Reads the keys again if they have changed. It blocks.
    pub(super) fn refresh(&self) -> Result<(), StateError> {
        self.ring.refresh()
    }

    /// From now on a panic of the process is a line of the log.
    pub(super) fn tell_panics(self: &Arc<Self>) {
        panics::tell(self.clone());
    }

    /// From now on every answer asks to close its connection.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether the server is about to stop.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// A place among the requests that are worked on.
    async fn place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = self.working.clone().try_acquire_owned().map_err(|_| {
            Failure::new(Kind::Busy, "too many requests are under way; try again in a second")
        })?;
        // The others that are here already take theirs first. Work that never waits would else be one request a thread,
        // however many have been sent, and those beyond the limit would wait in line instead of being told.
        tokio::task::yield_now().await;
        Ok(place)
    }

    /// Who asks, if it shows what the route needs and has not asked too often; `None` where nobody need say.
    fn admit(&self, needs: Needs, uri: &Uri, headers: &HeaderMap) -> Result<Option<Arc<Asker>>, Failure> {
        if needs != Needs::Nothing {
            self.check_keys()?;
        }
        let asker = match self.ring.is_empty() {
            // Without keys the server listens on loopback only, and browsers are who could be misled to call it.
            true => {
                host::check(uri, headers)?;
                self.ring.anybody()
            }
            false => match needs {
                Needs::Nothing => return Ok(None),
                Needs::AnyKey => self.ring.asker(headers, None)?,
                Needs::Key(scope) => self.ring.asker(headers, Some(scope))?,
            },
        };
        if let Some(rate) = self.limits.rate
            && needs != Needs::Nothing
        {
            rate.take(asker.bucket())?;
        }
        Ok(Some(asker))
    }
}

/// The guard of one route.
pub(super) struct Post {
    pub(super) guard: Arc<Guard>,
    /// Which row of the table of routes it is.
    pub(super) index: usize,
    pub(super) declared: Declared,
}

impl Post {
    /// Lets a request through that may pass; `asker` is then who asks.
    async fn pass(
        &self,
        request: Request,
        next: Next,
        asker: &mut Option<Arc<Asker>>,
    ) -> Result<Response, Failure> {
        let guard = &self.guard;
        head::check(request.version(), request.uri(), request.headers())?;
        *asker = guard.admit(self.declared.needs, request.uri(), request.headers())?;
        check_query(&self.declared.method, request.uri())?;
        let (mut head, body) = request.into_parts();
        // Only then is a place taken: whoever sends slowly holds up nobody.
        let Whole { bytes, room } = guard.room.read(&mut head.headers, body).await?;
        let place = match self.declared.needs {
            Needs::Nothing => None,
            _ => Some(guard.place().await?),
        };
        if self.declared.writes
            && let Some(key) = head.headers.get(IDEMPOTENCY_KEY)
        {
            let asker = asker.as_ref().and_then(|asker| asker.id()).unwrap_or_default();
            let request = [head.method.as_str().as_bytes(), head.uri.path().as_bytes(), &bytes];
            head.extensions.insert(Once::new(asker, key.as_bytes(), request)?);
        }
        let request = Request::from_parts(head, Body::from(bytes));
        Ok(held::within(Held { _place: place, _room: room }, next.run(request)).await)
    }
}

/// Stands before a route.
pub(super) async fn stand(Extracted(post): Extracted<Arc<Post>>, request: Request, next: Next) -> Response {
    let (guard, started) = (&post.guard, Instant::now());
    let _under_way = guard.metrics.request();
    let request_id = request_id::of(request.headers());
    let (method, mut asker) = (request.method().clone(), None);
    let pass = request_id::within(request_id.clone(), post.pass(request, next, &mut asker));
    let passed = caught(pass).await.unwrap_or_else(|failure| {
        guard.metrics.panicked();
        let about = json!({"request_id": request_id.to_str().ok(), "route": post.declared.path});
        guard.log.event("error", "a handler panicked", &about);
        Err(failure)
    });
    let mut response = passed.unwrap_or_else(IntoResponse::into_response);
    if let Some(Cause(cause)) = response.extensions_mut().remove() {
        let about =
            json!({"request_id": request_id.to_str().ok(), "route": post.declared.path, "cause": cause});
        guard.log.event("error", "a request failed", &about);
    }
    let (status, took) = (response.status().as_u16(), started.elapsed());
    guard.metrics.answered(post.index, status, took);
    guard.log.answered(&Answered {
        request_id: request_id.to_str().unwrap_or_default(),
        method: known(method.as_str()),
        route: post.declared.path,
        status,
        took,
        key: asker.as_ref().and_then(|asker| asker.id()),
    });
    let headers = response.headers_mut();
    headers.insert(request_id::NAME, request_id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if post.declared.needs != Needs::Nothing {
        // It is of customers: no proxy or browser keeps it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if guard.is_leaving() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// What a request that writes is answered, as JSON.
impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// A method's name for the log: an unknown one is whatever the client made up.
fn known(method: &str) -> &str {
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    methods.into_iter().find(|&known| known == method).unwrap_or("other")
}

/// What is posted says all in its body: a question mark and what follows would be ignored, which nobody who writes it means.
fn check_query(method: &Method, uri: &Uri) -> Result<(), Failure> {
    match uri.query() {
        Some(query) if method == Method::POST && !query.is_empty() => Err(Failure::new(
            Kind::Usage,
            "what is posted takes no parameters in the address: fields of the body say all, such as \"language\": \"zh\"",
        )),
        _ => Ok(()),
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

#[cfg(test)]
mod tests;
