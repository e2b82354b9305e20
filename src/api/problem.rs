//! Failures as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::failure::{Failure, Kind};

/// What a problem document is sent as.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// What is told of the server's own faults: what and where is for its log, and none of the business of who asks.
const OWN: &str =
    "the server's log says why, by this answer's X-Request-Id; to ask again helps once that is mended";

/// A problem document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// What kind of problem it is: stable.
    #[schema(pattern = "^urn:mainstay:problem:[a-z-]+$", example = "urn:mainstay:problem:bad-input")]
    r#type: String,
    /// The same for people.
    #[schema(value_type = String)]
    title: &'static str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong, where, and what to do next.
    detail: String,
}

impl Problem {
    /// That of a failure.
    pub(super) fn of(failure: &Failure) -> Self {
        let told = failure.kind.told();
        Self {
            r#type: format!("urn:mainstay:problem:{}", told.slug),
            title: told.title,
            status: told.status,
            detail: if failure.is_the_servers() { OWN.to_owned() } else { failure.message.clone() },
        }
    }
}

/// What an answer that is the server's own fault goes back to, for its log.
#[derive(Clone)]
pub(super) struct Cause(pub(super) String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem::of(&self);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match self.kind {
            Kind::NoKey => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Kind::Busy | Kind::TooOften => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1")),
            _ => None,
        };
        if self.is_the_servers() {
            response.extensions_mut().insert(Cause(self.message));
        }
        response
    }
}
