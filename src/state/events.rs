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

/// Events, and the number of the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The events, as they came.
    pub events: Vec<Event>,
    /// The last one's number; 0 without one.
    pub until: i64,
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

    /// Every event.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events(&self) -> Result<Recorded, StateError> {
        self.read(|transaction| {
            let query = format!("SELECT {COLUMNS} FROM events ORDER BY sequence");
            let events = transaction.prepare(&query)?.query_map([], event)?.collect::<Result<_, _>>()?;
            let last = "SELECT coalesce(max(sequence), 0) FROM events";
            Ok(Recorded { events, until: transaction.query_row(last, [], |row| row.get(0))? })
        })
    }

    /// Removes the events up to a number: a kept history has them.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn forget_events(&self, until: i64) -> Result<(), StateError> {
        self.write(|writing| {
            writing
                .run(|transaction| transaction.execute("DELETE FROM events WHERE sequence <= ?1", [until]))?;
            Ok(())
        })
    }
}
