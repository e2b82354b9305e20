//! Rows that wait to be written to the logs of their parts. One at a time, nearly every row's log would be another one and its
//! end far in memory: what waits goes to each log several rows at a time.

use super::builder::PARTS;
use super::log::{Log, Tag, put_row};
use super::wire::Wire;

/// So many bytes wait: they stay in a processor's cache, and every part gets some rows of them.
const FULL_BYTES: usize = 1 << 18;

/// Rows as they came, as bytes.
#[derive(Debug, Default)]
pub(super) struct Staged {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<u32>,
    /// Each row's part.
    parts: Vec<u8>,
}

impl Staged {
    /// Adds a row of a part; without a customer it is of the one of the row before. Returns how many bytes it takes.
    pub(super) fn push<T: Wire>(&mut self, part: u8, customer: Option<&str>, tag: Tag, row: &T) -> usize {
        let before = self.bytes.len();
        put_row(&mut self.bytes, customer, tag, row);
        self.ends.push(self.bytes.len() as u32);
        self.parts.push(part);
        self.bytes.len() - before
    }

    /// Whether it is time to write them.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL_BYTES
    }

    /// Writes the rows to the logs of their parts, each part's in the order they came.
    pub(super) fn write(&mut self, logs: &mut [Log]) {
        each_by_part(&self.parts, logs, |row, log| {
            let begin = row.checked_sub(1).map_or(0, |before| self.ends[before]);
            log.push(&self.bytes[begin as usize..self.ends[row] as usize]);
        });
        self.bytes.clear();
        self.ends.clear();
        self.parts.clear();
    }
}

/// Puts rows, of which the parts are known, into the logs of their parts: log after log, each one's in the order they came.
pub(super) fn each_by_part(parts: &[u8], logs: &mut [Log], mut put: impl FnMut(usize, &mut Log)) {
    // A counting sort: where each part's rows begin, and then, one after the other, where they end.
    let mut next = [0_u32; PARTS];
    parts.iter().for_each(|&part| next[part as usize] += 1);
    let mut before = 0;
    for next in &mut next {
        before += std::mem::replace(next, before);
    }
    let mut by_part = vec![0_u32; parts.len()];
    for (number, &part) in (0..).zip(parts) {
        let next = &mut next[part as usize];
        by_part[*next as usize] = number;
        *next += 1;
    }
    let mut begin = 0;
    for (log, end) in logs.iter_mut().zip(next) {
        by_part[begin..end as usize].iter().for_each(|&row| put(row as usize, log));
        begin = end as usize;
    }
}
