//! Reading a request's body, and working on it where that must not hold up others.

use std::panic::resume_unwind;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query};
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
    object(text(body)?).map_err(bad)
}

/// The body as text: looked at once as a whole, and not again in each of its strings.
///
/// # Errors
/// When it is not UTF-8.
pub(super) fn text(body: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(body).map_err(|error| bad(error.to_string()))
}

fn bad(why: String) -> Failure {
    Failure::new(Kind::BadInput, format!("body: {why}"))
}

/// What a JSON object says, or where it does not say what it should. A list of members without their names is none, though
/// it could be read as one.
pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    if let Some(what) = other_than_an_object(json) {
        return Err(format!("invalid type: {what}, expected an object, {{…}}, as GET /openapi.json has it"));
    }
    serde_json::from_str(json).map_err(|error| {
        if !error.is_data() {
            return error.to_string();
        }
        // Where it is told by names only once it is needed: to keep the way takes time.
        let from = &mut serde_json::Deserializer::from_str(json);
        let way = serde_path_to_error::deserialize::<_, T>(from).err().map(|error| error.path().to_string());
        match way.filter(|way| way != ".") {
            Some(way) => plainly(&format!("{way}: {error}")),
            None => plainly(&error.to_string()),
        }
    })
}

/// What is wrong with what was sent, in words of who sends it and not of the program.
fn plainly(text: &str) -> String {
    const WORDS: [(&str, &str); 10] = [
        ("Failed to deserialize query string: ", ""),
        ("Invalid URL: ", ""),
        ("invalid digit found in string", "not a whole number"),
        ("cannot parse integer from empty string", "empty"),
        ("number too large to fit in target type", "too large"),
        ("floating point", "number"),
        ("expected f64", "expected a number"),
        ("expected usize", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected i64", "expected a whole number"),
    ];
    WORDS.iter().fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}

/// Whether JSON can be an object, by how it begins.
pub(super) fn is_object(json: &str) -> bool {
    other_than_an_object(json).is_none()
}

/// What JSON begins that is no object; `None` too where it begins nothing.
fn other_than_an_object(json: &str) -> Option<&'static str> {
    match json.trim_ascii_start().as_bytes().first()? {
        b'[' => Some("array"),
        b'"' => Some("string"),
        b'n' => Some("null"),
        b't' | b'f' => Some("boolean"),
        b'-' | b'0'..=b'9' => Some("number"),
        _ => None,
    }
}

/// The parameters of an address, behind its question mark.
///
/// # Errors
/// When one is none of the route's, or is not what it should be.
pub(super) fn parameters<T>(asked: Result<Query<T>, QueryRejection>) -> Result<T, Failure> {
    asked
        .map(|Query(asked)| asked)
        .map_err(|rejection| Failure::new(Kind::Usage, plainly(&rejection.body_text())))
}

/// What is asked of a route that takes no parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The one parameter of a path.
///
/// # Errors
/// When it is no text.
pub(super) fn path(path: Result<Path<String>, PathRejection>) -> Result<String, Failure> {
    match path {
        Ok(Path(text)) => Ok(text),
        Err(rejection) => Err(Failure::new(Kind::Usage, plainly(&rejection.body_text()))),
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
