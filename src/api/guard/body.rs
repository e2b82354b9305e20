//! A request's body, whole and unpacked, before anything is done with it: within its size, its time, and what all bodies
//! together may take.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::api::MAX_BODY_BYTES;
use crate::failure::{Failure, Kind};

/// How long a body may take to come.
const TIME: Duration = Duration::from_secs(30);
/// What the bodies of all requests under way may take together.
const ALL_BODIES_KIB: usize = 256 * 1024;
/// What a body is given without asking: most are smaller.
const FREE_BYTES: usize = 16 * 1024;

/// Room for all bodies together.
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BODIES_KIB)))
    }
}

/// A body, and the room it takes.
pub(super) struct Whole {
    pub(super) bytes: Bytes,
    pub(super) room: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Reads a body to its end.
    pub(super) async fn read(&self, headers: &mut HeaderMap, body: Body) -> Result<Whole, Failure> {
        let length = length(headers)?;
        if length == Some(0) {
            return Ok(Whole { bytes: Bytes::new(), room: None });
        }
        if length.is_some() || headers.contains_key(header::TRANSFER_ENCODING) {
            check_type(headers)?;
        }
        let packed = is_packed(headers)?;
        let room = match length {
            Some(length) if length <= FREE_BYTES && !packed => None,
            // What is packed, or does not say how long it is, may become as large as is allowed.
            length => {
                Some(self.take(if packed { MAX_BODY_BYTES } else { length.unwrap_or(MAX_BODY_BYTES) })?)
            }
        };
        let late = |_| Failure::new(Kind::TooSlow, format!("the body took longer than {} s", TIME.as_secs()));
        let mut bytes = tokio::time::timeout(TIME, collect(body)).await.map_err(late)??;
        if packed {
            headers.remove(header::CONTENT_ENCODING);
            bytes = unpack(&bytes)?;
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
        Ok(Whole { bytes, room })
    }

    fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Failure> {
        let kib = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        self.0.clone().try_acquire_many_owned(kib).map_err(|_| {
            Failure::new(Kind::Busy, "too many large requests are under way; try again in a second")
        })
    }
}

fn too_large() -> Failure {
    Failure::new(Kind::TooLarge, format!("a request may have up to {MAX_BODY_BYTES} bytes"))
}

/// How long the body says it is.
fn length(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    let Some(length) = headers.get(header::CONTENT_LENGTH) else {
        return Ok((!headers.contains_key(header::TRANSFER_ENCODING)).then_some(0));
    };
    match length.to_str().ok().and_then(|length| length.parse().ok()) {
        Some(length) if length <= MAX_BODY_BYTES => Ok(Some(length)),
        _ => Err(too_large()),
    }
}

/// How long the JSON of a body is that has the bytes of tensors behind it, as the Open Inference Protocol has them.
const JSON_LENGTH: &str = "inference-header-content-length";

/// A body is JSON, or begins with it and says so. One that says nothing of itself is taken for it.
fn check_type(headers: &HeaderMap) -> Result<(), Failure> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let begins_with_json = headers.contains_key(JSON_LENGTH);
    if essence.eq_ignore_ascii_case("application/json")
        || begins_with_json && essence.eq_ignore_ascii_case("application/octet-stream")
    {
        return Ok(());
    }
    Err(Failure::new(Kind::MediaType, "Content-Type: send JSON, as application/json"))
}

fn is_packed(headers: &HeaderMap) -> Result<bool, Failure> {
    let Some(packed) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    match packed.to_str().unwrap_or_default().trim() {
        how if how.eq_ignore_ascii_case("gzip") => Ok(true),
        how if how.eq_ignore_ascii_case("identity") => Ok(false),
        _ => Err(Failure::new(Kind::MediaType, "Content-Encoding: a body is read plain or as gzip")),
    }
}

async fn collect(body: Body) -> Result<Bytes, Failure> {
    match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(cause) if cause.is::<LengthLimitError>() => Err(too_large()),
        Err(cause) => {
            Err(Failure::new(Kind::BadInput, format!("the body does not come to its end: {cause}")))
        }
    }
}

/// Unpacks up to the limit: a small packed body may be a huge one.
fn unpack(packed: &[u8]) -> Result<Bytes, Failure> {
    let mut bytes = Vec::new();
    let unpacked = MultiGzDecoder::new(packed).take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut bytes);
    unpacked.map_err(|cause| Failure::new(Kind::BadInput, format!("body: no gzip: {cause}")))?;
    if bytes.len() > MAX_BODY_BYTES { Err(too_large()) } else { Ok(bytes.into()) }
}
