//! What happens to customers between two files: it comes over the API, is kept in the state until the kept history takes
//! it in, and counts from the moment it was acknowledged.
//!
//! Nothing counts twice. An event that is sent again is the same as the one that is kept; one that the kept history has too,
//! because it came in a file as well or has just been taken in, is left out where both are put together.

mod told;

pub use told::{Complaint, Contact, CustomerId, Purchase, Told, bad_input, check_id, instant};

use std::collections::BTreeMap;
use std::time::Duration;

use mainstay_features::history::HistoryBuilder;
use mainstay_features::units::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::failure::{Failure, Kind};
use crate::schema::Identifier;
use crate::state::State;
use crate::state::events::{Event, Recorded};
use crate::store::{Kept, Store, where_in_it};

/// What happened to one customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    /// Who it happened to.
    #[schema(value_type = Identifier)]
    customer_id: CustomerId,
    /// What was bought.
    #[serde(default)]
    purchases: Vec<Purchase>,
    /// What the customer complained of.
    #[serde(default)]
    complaints: Vec<Complaint>,
    /// When the shop turned to the customer.
    #[serde(default)]
    contacts: Vec<Contact>,
}

/// A server takes it for granted for less than this that no other history is there: for a millisecond (src/api/newest.rs).
pub(crate) const SEEN_BY_ALL: Duration = Duration::from_millis(5);

const PURCHASE: &str = "purchase";
const COMPLAINT: &str = "complaint";
const CONTACT: &str = "contact";

/// How many of each kind, alike in everything, a request has told of each customer.
#[derive(Default)]
pub struct Alike(BTreeMap<(String, &'static str, String), i64>);

impl Happened {
    /// Who it happened to.
    pub fn customer_id(&self) -> String {
        self.customer_id.to_text().into_owned()
    }

    /// As it is kept, once it is known that a history can be made of it; `at` says in messages where it stands, and `alike` has
    /// what else the request has told. What is later than `until` has not happened, and is refused.
    ///
    /// # Errors
    /// When a field cannot be.
    pub fn events(mut self, at: &str, until: Instant, alike: &mut Alike) -> Result<Vec<Event>, Failure> {
        let customer = self.customer_id();
        let told = Told {
            at,
            purchases: &self.purchases,
            complaints: &self.complaints,
            contacts: &self.contacts,
            until,
        };
        told.add_to(&mut HistoryBuilder::default(), &customer)?;
        told.check_new(&customer)?;
        self.purchases.iter_mut().for_each(Purchase::settle);
        self.complaints.iter_mut().for_each(Complaint::settle);
        self.contacts.iter_mut().for_each(Contact::settle);
        let mut events: Vec<Event> = Vec::new();
        let mut add = |kind: &'static str, content: serde_json::Result<String>| {
            let content = content.map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
            // Lines that are alike in one request are two; sent again, they are the same two.
            let count = alike.0.entry((customer.clone(), kind, content.clone())).or_insert(0_i64);
            let repeat = *count;
            *count += 1;
            events.push(Event { customer_id: customer.clone(), kind: kind.to_owned(), content, repeat });
            Ok::<_, Failure>(())
        };
        self.purchases.iter().try_for_each(|purchase| add(PURCHASE, serde_json::to_string(purchase)))?;
        self.complaints.iter().try_for_each(|complaint| add(COMPLAINT, serde_json::to_string(complaint)))?;
        self.contacts.iter().try_for_each(|contact| add(CONTACT, serde_json::to_string(contact)))?;
        Ok(events)
    }
}

/// The rows of a customer's events, of those that have come; `None` where there are none. What is later than `until` is
/// still to come, and left out: versions before this one kept it.
///
/// # Errors
/// When one cannot be read.
pub fn of_customer(
    events: &[Event],
    customer_id: &str,
    until: Instant,
) -> Result<Option<HistoryBuilder>, Failure> {
    let mut builder = None;
    for event in events.iter().filter(|event| event.customer_id == customer_id) {
        add(event, until, || builder.get_or_insert_default())?;
    }
    Ok(builder)
}

/// Events that no kept history has taken in yet.
#[derive(Default)]
pub struct Since {
    /// Their rows.
    pub rows: HistoryBuilder,
    /// How many events are in the rows.
    pub events: usize,
    /// How many are not, as they are still to come.
    pub to_come: usize,
}

/// All events that no kept history has taken in yet; what is later than `until` is still to come.
///
/// # Errors
/// When the state cannot be read.
pub fn all(store: &Store, until: Instant) -> Result<Since, Failure> {
    if !store.has_state() {
        return Ok(Since::default());
    }
    Ok(since(store, &store.state()?, until)?.0)
}

/// How many events a kept history has taken in, and how many are left where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// How many are in the history now.
    pub events: usize,
    /// How many are still to come.
    pub to_come: usize,
}

/// Takes every event that has come into the kept history, in which those that it has already are left out. What is later
/// than `until` is still to come, and stays in the state.
/// A run that ends at any moment leaves each in one of both, or in both, and then it counts once.
///
/// # Errors
/// When one of both cannot be read or written.
pub fn take_in(store: &Store, kept: &mut Kept, until: Instant) -> Result<TakenIn, Failure> {
    if !store.has_state() {
        return Ok(TakenIn::default());
    }
    let state = store.state()?;
    let (Since { rows, events, to_come }, numbers) = since(store, &state, until)?;
    if events > 0 {
        kept.add(vec![rows], Vec::new(), true)?;
    }
    if !numbers.is_empty() {
        // A server that has looked for events, in vain, then has a history that was looked at since they are in it.
        std::thread::sleep(SEEN_BY_ALL);
        state.forget_events(&numbers)?;
        state.settle()?;
    }
    Ok(TakenIn { events, to_come })
}

/// What has come, and the numbers of the events that need not be kept any longer: of those in its rows, and of customers who have
/// been forgotten.
fn since(store: &Store, state: &State, until: Instant) -> Result<(Since, Vec<i64>), Failure> {
    let (mut since, mut numbers, forgotten) = (Since::default(), Vec::new(), store.is_forgotten()?);
    for Recorded { number, event } in state.events()? {
        if forgotten.as_ref().is_some_and(|forgotten| forgotten.is(&event.customer_id)) {
            numbers.push(number);
        } else if add(&event, until, || &mut since.rows)? {
            numbers.push(number);
            since.events += 1;
        } else {
            since.to_come += 1;
        }
    }
    Ok((since, numbers))
}

/// Adds an event's rows, unless it is still to come; whether they were added.
fn add<'a>(
    event: &Event,
    until: Instant,
    builder: impl FnOnce() -> &'a mut HistoryBuilder,
) -> Result<bool, Failure> {
    let broken = |error: serde_json::Error| {
        let what = where_in_it(&error);
        Failure::new(
            Kind::BadStore,
            format!("an event in state.sqlite cannot be read: {what}; put the file back from a copy"),
        )
    };
    let (mut purchases, mut complaints, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
    match event.kind.as_str() {
        PURCHASE => purchases.push(serde_json::from_str(&event.content).map_err(broken)?),
        COMPLAINT => complaints.push(serde_json::from_str(&event.content).map_err(broken)?),
        CONTACT => contacts.push(serde_json::from_str(&event.content).map_err(broken)?),
        other => {
            let newer = format!("an event in the state is a {other:?}, which this version does not know");
            return Err(Failure::new(Kind::BadStore, newer));
        }
    }
    let (purchases, complaints, contacts) = (&purchases[..], &complaints[..], &contacts[..]);
    let told = Told { at: "", purchases, complaints, contacts, until };
    let has_happened = told.has_happened()?;
    if has_happened {
        told.add_to(builder(), &event.customer_id)?;
    }
    Ok(has_happened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_lines_are_numbered_among_their_like_however_many_events_there_are() {
        let count = 50_000;
        let purchase = |order: i32| serde_json::json!({ "order_id": order, "ts": "2024-05-01", "amount": 1.5, "product_id": "p" });
        let complaint = serde_json::json!({ "ts": "2024-05-02" });
        // Every third order is number 0, and so its lines are all alike.
        let purchases: Vec<_> =
            (0..count).map(|line| purchase(if line % 3 == 0 { 0 } else { line })).collect();
        let happened: Happened = serde_json::from_value(serde_json::json!({
            "customer_id": 7, "purchases": purchases, "complaints": [complaint, complaint], "contacts": [],
        }))
        .unwrap();
        let events = happened.events("events[0].", Instant::MAX, &mut Alike::default()).unwrap();
        let repeats: Vec<i64> = events.iter().map(|event| event.repeat).collect();
        let lines = (0..i64::from(count)).map(|line| if line % 3 == 0 { line / 3 } else { 0 });
        let expected: Vec<i64> = lines.chain([0, 1]).collect();
        assert_eq!(repeats, expected);
        assert!(events.iter().all(|event| event.customer_id == "7"));
    }
}
