//! Measurements, in Prometheus's text format (version 0.0.4): <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::App;
use super::body::on_a_thread;
use super::routes::{Declared, declared, unmatched};
use crate::clock::now;
use crate::failure::Failure;
use crate::scores::ListAbout;

/// The upper ends of the histogram's buckets, in microseconds.
const BUCKETS_MICROS: [u64; 14] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    10_000_000,
];
/// The statuses that answers have; another is counted as the last.
const STATUSES: [u16; 19] =
    [200, 202, 304, 400, 401, 403, 404, 405, 406, 408, 413, 414, 415, 421, 422, 429, 431, 500, 503];

/// What is counted of one route.
#[derive(Default)]
struct OfRoute {
    by_status: [AtomicU64; STATUSES.len() + 1],
    /// How many took at most so long, and longer than the bucket before.
    by_time: [AtomicU64; BUCKETS_MICROS.len() + 1],
    micros: AtomicU64,
}

/// All that is counted.
pub(super) struct Metrics {
    routes: Vec<(Declared, OfRoute)>,
    in_flight: AtomicU64,
    connections: AtomicU64,
    turned_away: AtomicU64,
    panics: AtomicU64,
}

/// One more while it lives.
pub(super) struct More<'a>(&'a AtomicU64);

impl Drop for More<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn more(counter: &AtomicU64) -> More<'_> {
    counter.fetch_add(1, Ordering::Relaxed);
    More(counter)
}

impl Metrics {
    pub(super) fn new() -> Self {
        let routes = declared().into_iter().chain([unmatched()]);
        Self {
            routes: routes.map(|route| (route, OfRoute::default())).collect(),
            in_flight: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            turned_away: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }

    /// A request is under way.
    pub(super) fn request(&self) -> More<'_> {
        more(&self.in_flight)
    }

    /// A connection is open.
    pub(super) fn connection(&self) -> More<'_> {
        more(&self.connections)
    }

    /// A connection beyond the limit was not let in.
    pub(super) fn turned_away(&self) {
        self.turned_away.fetch_add(1, Ordering::Relaxed);
    }

    /// A handler panicked.
    pub(super) fn panicked(&self) {
        self.panics.fetch_add(1, Ordering::Relaxed);
    }

    /// A request was answered; `route` is its row in the table of routes.
    pub(super) fn answered(&self, route: usize, status: u16, took: Duration) {
        let Some((_, counts)) = self.routes.get(route) else { return };
        let status = STATUSES.iter().position(|&known| known == status).unwrap_or(STATUSES.len());
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_MICROS.partition_point(|&end| end < micros);
        counts.by_status[status].fetch_add(1, Ordering::Relaxed);
        counts.by_time[bucket].fetch_add(1, Ordering::Relaxed);
        counts.micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn to_text(&self, app: &App, list_age_seconds: Option<f64>) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        head(&mut text, "mainstay_requests_total", "counter", "Requests answered, by route and status")?;
        for (route, counts) in &self.routes {
            for (i, count) in counts.by_status.iter().enumerate().filter(|(_, count)| of(count) > 0) {
                let status = STATUSES.get(i).map_or_else(|| "other".to_owned(), u16::to_string);
                let labels = labels(route);
                writeln!(text, r#"mainstay_requests_total{{{labels},status="{status}"}} {}"#, of(count))?;
            }
        }
        let name = "mainstay_request_seconds";
        head(&mut text, name, "histogram", "From a request's head to its answer")?;
        for (route, counts) in &self.routes {
            let labels = labels(route);
            let mut below = 0;
            for (end, count) in BUCKETS_MICROS.iter().zip(&counts.by_time) {
                below += of(count);
                let seconds = *end as f64 / 1e6;
                writeln!(text, r#"{name}_bucket{{{labels},le="{seconds}"}} {below}"#)?;
            }
            let all = below + counts.by_time.last().map_or(0, of);
            writeln!(text, r#"{name}_bucket{{{labels},le="+Inf"}} {all}"#)?;
            writeln!(text, "{name}_sum{{{labels}}} {}", of(&counts.micros) as f64 / 1e6)?;
            writeln!(text, "{name}_count{{{labels}}} {all}")?;
        }
        for (name, kind, help, value) in [
            ("mainstay_requests_in_flight", "gauge", "Requests under way", of(&self.in_flight)),
            ("mainstay_connections", "gauge", "Connections open", of(&self.connections)),
            ("mainstay_turned_away_total", "counter", "Connections beyond the limit", of(&self.turned_away)),
            ("mainstay_panics_total", "counter", "Handlers that panicked", of(&self.panics)),
            ("mainstay_log_left_out_total", "counter", "Lines left out of the log", app.guard.log.left_out()),
        ] {
            head(&mut text, name, kind, help)?;
            writeln!(text, "{name} {value}")?;
        }
        head(&mut text, "mainstay_model_info", "gauge", "The model in service")?;
        if let Ok(service) = app.service() {
            writeln!(text, r#"mainstay_model_info{{model="{}"}} 1"#, service.artifact().name())?;
        }
        if let Some(age) = list_age_seconds {
            head(&mut text, "mainstay_list_age_seconds", "gauge", "How long ago the list's instant is")?;
            writeln!(text, "mainstay_list_age_seconds {age}")?;
        }
        Ok(text)
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) -> std::fmt::Result {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
}

/// Measurements for Prometheus
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "server",
    responses((
        status = 200,
        description = "Prometheus's text format, version 0.0.4",
        body = String,
        content_type = "text/plain; version=0.0.4; charset=utf-8"
    ))
)]
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Failure> {
    let text = on_a_thread(move || {
        let about = app.about.get()?;
        let as_of = about.as_ref().as_ref().map(ListAbout::as_of);
        let age = as_of.map(|as_of| (now().micros() - as_of.micros()) as f64 / 1e6);
        app.guard
            .metrics
            .to_text(&app, age)
            .map_err(|error| Failure::new(crate::failure::Kind::Internal, error.to_string()))
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// The labels of a route. Where there is none, requests of any method are counted together.
fn labels(route: &Declared) -> String {
    let Declared { method, path, .. } = route;
    let method = if *path == unmatched().path { "any" } else { method.as_str() };
    format!(r#"method="{method}",route="{path}""#)
}
