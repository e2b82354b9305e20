//! The table of events that have come over the API and are in no kept history yet.

use rusqlite::{Row, params};

use super::{State, StateError, Writing};
use mainstay_features::units::Instant;

/// Something that happened to a customer. The table does not know what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// To whom.
    pub customer_id: String,
    /// Of which kind it is.
    pub kind: String,
    /// What it says.
    pub content: String,
    /// Which it is of several that say the same, from 0 on.
    pub repeat: i64,
}

/// An event that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: later ones have greater, and none is used again.
    pub number: i64,
    /// The event.
    pub event: Event,
}

const COLUMNS: &str = "customer_id, kind, content, repeat";

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event { customer_id: row.get(0)?, kind: row.get(1)?, content: row.get(2)?, repeat: row.get(3)? })
}

impl Writing<'_> {
    /// Adds events, those that are there already left out; how many are new.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn add_events(&self, events: &[Event], received: Instant) -> Result<usize, StateError> {
        self.run(|transaction| {
            let mut insert = transaction.prepare_cached(
                "INSERT OR IGNORE INTO events (customer_id, kind, content, repeat, received) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            let mut new = 0;
            for Event { customer_id, kind, content, repeat } in events {
                new += insert.execute(params![customer_id, kind, content, repeat, received.micros()])?;
            }
            Ok(new)
        })
    }
}

impl State {
    /// The events of some customers, each customer's as they came.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events_of<'a>(
        &self,
        customer_ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Event>, StateError> {
        self.read(|transaction| {
            let query = format!("SELECT {COLUMNS} FROM events WHERE customer_id = ?1 ORDER BY sequence");
            let (mut query, mut events) = (transaction.prepare_cached(&query)?, Vec::new());
            for customer_id in customer_ids {
                for event in query.query_map([customer_id], event)? {
                    events.push(event?);
                }
            }
            Ok(events)
        })
    }

    /// Every event, as they came.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events(&self) -> Result<Vec<Recorded>, StateError> {
        self.read(|transaction| {
            let query = format!("SELECT {COLUMNS}, sequence FROM events ORDER BY sequence");
            let recorded = |row: &Row<'_>| Ok(Recorded { number: row.get("sequence")?, event: event(row)? });
            transaction.prepare(&query)?.query_map([], recorded)?.collect()
        })
    }

    /// Removes the events of customers; how many that were.
    ///
    /// # Errors
    /// When they cannot be read or removed.
    pub fn forget_customers(&self, is_forgotten: &dyn Fn(&str) -> bool) -> Result<usize, StateError> {
        let events = self.events()?;
        let theirs = events.iter().filter(|recorded| is_forgotten(&recorded.event.customer_id));
        let numbers: Vec<i64> = theirs.map(|recorded| recorded.number).collect();
        if !numbers.is_empty() {
            self.forget_events(&numbers)?;
        }
        self.settle()?;
        Ok(numbers.len())
    }

    /// Removes the events of these numbers: a kept history has them.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn forget_events(&self, numbers: &[i64]) -> Result<(), StateError> {
        self.write(|writing| {
            writing.run(|transaction| {
                let mut delete = transaction.prepare_cached("DELETE FROM events WHERE sequence = ?1")?;
                numbers.iter().try_for_each(|number| delete.execute([number]).map(drop))
            })
        })
    }
}
