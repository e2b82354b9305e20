//! Failures as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failure::{Failure, Kind};

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let told = self.kind.told();
        let body = Json(json!({
            "type": format!("urn:mainstay:problem:{}", told.slug),
            "title": told.title,
            "status": told.status,
            "detail": self.message,
        }));
        let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, body).into_response();
        let problem = HeaderValue::from_static("application/problem+json");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, problem);
        match self.kind {
            Kind::NoKey => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Kind::Busy | Kind::TooOften => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1")),
            _ => None,
        };
        response
    }
}
