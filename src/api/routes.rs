//! Every route there is, with what it needs: the one table that the router is made from.
//!
//! To add a route, add its line to [`table`]. A line cannot be without what it needs, so that no route is open by
//! mistake. A handler gets its body whole, unpacked and within the limit; [`post_once`] is for what writes: the handler
//! then takes `Option<Extension<Once>>` and does its work in `State::once`, which is what makes it happen once for an
//! `Idempotency-Key`.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};

use super::guard::{Post, stand};
use super::{
    App, MAX_BODY_BYTES, at_risk, catalogue, contract, customers, docs, events, health, inference, metrics,
    models, score,
};
use crate::failure::{Failure, Kind};
use crate::state::keys::Scope;

/// What whoever asks must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells nobody anything about customers, and is answered whatever the load.
    Nothing,
    /// Any key: what it is for does not matter, as there is nothing behind it.
    AnyKey,
    /// A key for this.
    Key(Scope),
}

/// A route as it is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: &'static str,
    /// What it needs.
    pub needs: Needs,
    /// Whether it writes: it then obeys `Idempotency-Key`.
    pub writes: bool,
}

impl fmt::Display for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// A route and what serves it.
struct Route {
    declared: Declared,
    serve: MethodRouter<Arc<App>>,
}

/// The routes.
fn table() -> Vec<Route> {
    use Needs::{Key, Nothing};
    vec![
        get("/livez", Nothing, health::livez),
        get("/readyz", Nothing, health::readyz),
        get("/openapi.json", Nothing, contract::openapi),
        get("/docs", Nothing, docs::page),
        get("/docs/page.js", Nothing, docs::script),
        get("/docs/page.css", Nothing, docs::style),
        get("/metrics", Key(Scope::Metrics), metrics::metrics),
        post("/v1/score", Key(Scope::Score), score::score),
        post("/v1/score:batch", Key(Scope::Score), score::score_batch),
        post_once("/v1/events", Key(Scope::Train), events::events),
        get("/v1/customers/{id}", Key(Scope::Read), customers::customer),
        get("/v1/at-risk", Key(Scope::Read), at_risk::at_risk),
        get("/v1/offers", Key(Scope::Read), catalogue::offers),
        get("/v1/models", Key(Scope::Read), models::models),
        post_once("/v1/models/{version}/promote", Key(Scope::Admin), models::promote),
        get("/v2", Key(Scope::Score), inference::server),
        get("/v2/health/live", Nothing, inference::live),
        get("/v2/health/ready", Nothing, inference::ready),
        get("/v2/models/{model}", Key(Scope::Score), inference::model),
        get("/v2/models/{model}/ready", Key(Scope::Score), inference::model_ready),
        post("/v2/models/{model}/infer", Key(Scope::Score), inference::infer),
    ]
}

/// A route that reads.
fn get<T: 'static>(path: &'static str, needs: Needs, handler: impl Handler<T, Arc<App>>) -> Route {
    let declared = Declared { method: Method::GET, path, needs, writes: false };
    Route { declared, serve: routing::get(handler) }
}

/// A route that computes from what it is sent, and changes nothing.
fn post<T: 'static>(path: &'static str, needs: Needs, handler: impl Handler<T, Arc<App>>) -> Route {
    let declared = Declared { method: Method::POST, path, needs, writes: false };
    Route { declared, serve: routing::post(handler) }
}

/// A route that writes.
fn post_once<T: 'static>(path: &'static str, needs: Needs, handler: impl Handler<T, Arc<App>>) -> Route {
    let declared = Declared { method: Method::POST, path, needs, writes: true };
    Route { declared, serve: routing::post(handler) }
}

/// Every route there is.
pub fn declared() -> Vec<Declared> {
    table().into_iter().map(|route| route.declared).collect()
}

/// What stands for every request that no route is for.
pub(super) fn unmatched() -> Declared {
    Declared { method: Method::GET, path: "unmatched", needs: Needs::AnyKey, writes: false }
}

/// The router, with a guard before each route and before what answers where there is none.
pub fn router(app: Arc<App>) -> Router {
    let guard = |index: usize, declared: Declared| {
        from_fn_with_state(Arc::new(Post { guard: app.guard.clone(), index, declared }), stand)
    };
    let (mut router, routes) = (Router::new(), table());
    let beside = guard(routes.len(), unmatched());
    for (index, route) in routes.into_iter().enumerate() {
        let path = route.declared.path;
        router = router.route(path, route.serve.route_layer(guard(index, route.declared)));
    }
    let missing = async || Failure::new(Kind::NotFound, "GET /openapi.json has the routes there are");
    let wrong_method = async || {
        Failure::new(Kind::MethodNotAllowed, "the Allow header names the methods that the route takes")
    };
    router
        .fallback(missing.layer(beside.clone()))
        .method_not_allowed_fallback(wrong_method.layer(beside))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
