//! `GET /docs`: the contract for people to read, in a page that asks no other host for anything.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;

/// Nothing but what this server has, and no code or style in the page itself.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page.
fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers: [(HeaderName, HeaderValue); 5] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        // Another version of the server has another page.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, content)
}

/// This contract for people to read
#[utoipa::path(
    get,
    path = "/docs",
    tag = "server",
    responses((status = 200, description = "A page", body = String, content_type = "text/html; charset=utf-8"))
)]
pub(super) async fn page() -> impl IntoResponse {
    file("text/html; charset=utf-8", include_str!("page.html"))
}

/// The page's script
#[utoipa::path(
    get,
    path = "/docs/page.js",
    tag = "server",
    responses((status = 200, description = "A script", body = String, content_type = "text/javascript; charset=utf-8"))
)]
pub(super) async fn script() -> impl IntoResponse {
    file("text/javascript; charset=utf-8", include_str!("page.js"))
}

/// The page's style
#[utoipa::path(
    get,
    path = "/docs/page.css",
    tag = "server",
    responses((status = 200, description = "A style", body = String, content_type = "text/css; charset=utf-8"))
)]
pub(super) async fn style() -> impl IntoResponse {
    file("text/css; charset=utf-8", include_str!("page.css"))
}
