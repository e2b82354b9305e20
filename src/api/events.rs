//! `POST /v1/events`: what has just happened to customers. When it is answered it is on disk, and counts.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::body::{self, on_a_thread};
use super::contract::fails;
use super::score::MOST_CUSTOMERS;
use crate::clock;
use crate::events::{Alike, Happened};
use crate::failure::{Failure, Kind};
use crate::state::events::Event;
use crate::state::once::{Answer, Once};

/// What is said behind the customer's place; who it is the answer does not say.
const FORGOTTEN: &str = "is a customer who has been forgotten (mainstay forget), of whom nothing may be kept; leave out who \
                         asked to be erased";

/// What has just happened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsRequest {
    /// What happened, by customer.
    #[schema(max_items = 1000)]
    events: Vec<Happened>,
}

/// What became of them.
#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// How many purchase lines, complaints and contacts were added.
    accepted: usize,
    /// How many were there already, sent before.
    known: usize,
}

fails!(
    /// What the events of a request can be refused for.
    EventsFails: Usage, BadInput, OtherRequest, TooLarge, BadStore, Internal
);

/// Keep what has just happened to up to 1,000 customers
///
/// All of it or, where a field cannot be, nothing. When it is answered it is on disk, and the next score by name has it. An
/// event that is sent again is the one that is kept, and counts once.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "events",
    request_body(content = EventsRequest, example = json!({"events": [{
        "customer_id": "c003",
        "purchases": [{"order_id": "new", "ts": "2023-12-05T10:00:00Z", "amount": 12.5}],
        "complaints": [{"ts": "2023-12-06"}],
    }]})),
    responses((status = 200, description = "It is kept", body = Accepted), EventsFails)
)]
pub(super) async fn events(
    State(app): State<Arc<App>>,
    once: Option<Extension<Once>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Answer, Failure> {
    let body = body::whole(body)?;
    let keep = move || {
        let (customers, events) = read(&body)?;
        app.once(once, |writing| {
            // As it is now that nobody else writes: whoever is forgotten after this is looked for among what is written here.
            let suppressed = app.suppressed.written()?;
            if let Some(place) = customers.iter().position(|customer| suppressed.has_forgotten(customer)) {
                return Err(Failure::new(Kind::BadInput, format!("events[{place}]: {FORGOTTEN}")));
            }
            let accepted = writing.add_events(&events, clock::now())?;
            Ok(Accepted { accepted, known: events.len() - accepted })
        })
    };
    on_a_thread(keep).await
}

/// The customers that a request names, in its order, and what happened.
fn read(body: &[u8]) -> Result<(Vec<String>, Vec<Event>), Failure> {
    let EventsRequest { events } = body::parse(body)?;
    if events.len() > MOST_CUSTOMERS {
        let many =
            format!("events: {} customers are more than the {MOST_CUSTOMERS} of one request", events.len());
        return Err(Failure::new(Kind::TooLarge, many));
    }
    let (mut customers, mut all) = (Vec::with_capacity(events.len()), Vec::new());
    let (mut alike, until) = (Alike::default(), clock::latest());
    for (place, happened) in events.into_iter().enumerate() {
        customers.push(happened.customer_id());
        all.extend(happened.events(&format!("events[{place}]."), until, &mut alike)?);
    }
    Ok((customers, all))
}
