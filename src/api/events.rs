//! `POST /v1/events`: what has just happened to customers. When it is answered it is on disk, and counts.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use serde::{Deserialize, Serialize};

use super::App;
use super::body::{self, on_a_thread};
use super::score::MOST_CUSTOMERS;
use crate::clock;
use crate::events::Happened;
use crate::failure::{Failure, Kind};
use crate::state::events::Event;
use crate::state::once::{Answer, Once};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventsRequest {
    /// What happened, by customer.
    events: Vec<Happened>,
}

/// What became of them.
#[derive(Serialize)]
pub(super) struct Accepted {
    /// How many purchase lines, complaints and contacts were added.
    accepted: usize,
    /// How many were there already, sent before.
    known: usize,
}

/// Keeps what happened, all of it or nothing.
pub(super) async fn events(
    State(app): State<Arc<App>>,
    once: Option<Extension<Once>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer, Failure> {
    let body = body::whole(body)?;
    let keep = move || {
        let events = read(&body)?;
        app.once(once, |writing| {
            let accepted = writing.add_events(&events, clock::now())?;
            Ok(Accepted { accepted, known: events.len() - accepted })
        })
    };
    on_a_thread(keep).await
}

fn read(body: &[u8]) -> Result<Vec<Event>, Failure> {
    let EventsRequest { events } = body::parse(body)?;
    if events.len() > MOST_CUSTOMERS {
        let many =
            format!("events: {} customers are more than the {MOST_CUSTOMERS} of one request", events.len());
        return Err(Failure::new(Kind::TooLarge, many));
    }
    let mut all = Vec::new();
    for (place, happened) in events.into_iter().enumerate() {
        all.extend(happened.events(&format!("events[{place}]."))?);
    }
    Ok(all)
}
