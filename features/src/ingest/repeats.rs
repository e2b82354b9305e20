//! Purchase lines that repeat another in everything that is read of them.

use std::sync::{Mutex, PoisonError};

use hashbrown::HashTable;
use xxhash_rust::xxh3::Xxh3;

use super::Table;
use super::rows::RawRow;
use crate::units::Instant;

/// A fingerprint of 128 bits of everything that is read of a purchase line: that two of a billion different lines share
/// one has a chance below 1 in 10²⁰.
pub(super) fn fingerprint(row: &RawRow<'_>) -> u128 {
    let mut print = of_texts([row.customer, row.order, row.cancels, row.product, row.currency]);
    let discount = row.discount.map_or(i64::MIN, |discount| discount.millionths());
    for number in [row.instant.micros(), row.amount.millionths(), discount] {
        print.update(&number.to_le_bytes());
    }
    print.digest128()
}

/// A fingerprint of everything that is read of a complaint or a contact; the table tells one from the other.
pub(super) fn event_fingerprint(table: Table, row: &RawRow<'_>) -> u128 {
    let mut print = of_texts([row.customer, row.category, row.channel, row.offer]);
    let severity = row.severity.map_or(-1.0, f64::from).to_bits();
    let resolved_at = row.resolved_at.map_or(i64::MIN, Instant::micros) as u64;
    for number in [table as u64, row.instant.micros() as u64, severity, resolved_at] {
        print.update(&number.to_le_bytes());
    }
    print.digest128()
}

/// A fingerprint of a line's customer and order.
pub(super) fn order_fingerprint(row: &RawRow<'_>) -> u64 {
    of_texts([row.customer, row.order]).digest()
}

/// [`order_fingerprint`] of the order that a line cancels, if it cancels one.
pub(super) fn cancelled_fingerprint(row: &RawRow<'_>) -> Option<u64> {
    Some(of_texts([row.customer, Some(row.cancels?)]).digest())
}

fn of_texts<const N: usize>(texts: [Option<&str>; N]) -> Xxh3 {
    let mut print = Xxh3::new();
    for text in texts.map(Option::unwrap_or_default) {
        // With its length, so that texts side by side cannot be taken for others.
        print.update(&(text.len() as u64).to_le_bytes());
        print.update(text.as_bytes());
    }
    print
}

/// Lines that were read before. Which of two that are the same comes first does not matter, and so not which thread
/// reads it.
#[derive(Debug)]
pub(super) struct SeenLines([Mutex<HashTable<u128>>; SHARDS]);

/// So many threads can look at once.
const SHARDS: usize = 64;

impl Default for SeenLines {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::default()))
    }
}

impl SeenLines {
    /// Whether a line is new; from now on it is not.
    pub(super) fn is_new(&self, line: u128) -> bool {
        let hash = |line: &u128| (*line >> 64) as u64;
        let shard = &self.0[line as usize % SHARDS];
        // A thread that panicked with the lock had at most not added its line.
        let mut seen = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = seen.find(hash(&line), |&known| known == line).is_none();
        if is_new {
            seen.insert_unique(hash(&line), line, hash);
        }
        is_new
    }
}
