//! Rows of a table from several parts of the customers, put in the order of identifiers through a file: what a table
//! larger than memory takes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::id::{IdKind, sort_key};
use crate::table::Rows;

/// So much of each part's rows is in memory at a time.
const READ_BYTES: usize = 1 << 15;

/// Rows on disk, part after part, each part's sorted by customer. The file has no name: whatever ends the process,
/// nothing is left of it.
#[derive(Debug)]
pub struct SortedParts {
    file: File,
    kind: IdKind,
    /// Values a row has.
    features: usize,
    attributes: usize,
    /// Where each part's rows end.
    ends: Vec<u64>,
}

impl SortedParts {
    /// No rows yet, of so many features and attributes, in a file in this folder.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(folder: &Path, kind: IdKind, features: usize, attributes: usize) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, kind, features, attributes, ends: Vec::new() })
    }

    /// Adds the rows of a part.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&mut self, rows: &Rows) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(rows.len() * 8 * (self.features + self.attributes + 3));
        for (row, id) in rows.ids.iter().enumerate() {
            bytes.extend_from_slice(&(id.len() as u64).to_le_bytes());
            bytes.extend_from_slice(id.as_bytes());
            bytes.extend_from_slice(&u64::from(rows.cutoffs[row]).to_le_bytes());
            for column in &rows.columns {
                bytes.extend_from_slice(&column[row].to_bits().to_le_bytes());
            }
            for column in &rows.words {
                let word = column[row].map_or(0, crate::history::Word::number);
                bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        let begin = self.ends.last().copied().unwrap_or(0);
        self.file.write_all_at(&bytes, begin)?;
        self.ends.push(begin + bytes.len() as u64);
        Ok(())
    }

    /// Takes all rows in the order of identifiers and cutoffs, some at a time.
    ///
    /// # Errors
    /// What the operating system, or who takes them, says.
    pub fn merge(&self, at_a_time: usize, mut take: impl FnMut(Rows) -> io::Result<()>) -> io::Result<()> {
        let begins = [0].into_iter().chain(self.ends.iter().copied());
        let mut parts: Vec<Part<'_>> =
            begins.zip(&self.ends).map(|(at, &end)| Part::new(self, at, end)).collect();
        let mut next: BinaryHeap<Reverse<(u64, String, usize)>> = BinaryHeap::new();
        for (number, part) in parts.iter_mut().enumerate() {
            next.extend(part.id()?.map(|id| Reverse((sort_key(&id, self.kind), id, number))));
        }
        let mut rows = self.empty();
        while let Some(Reverse((_, id, number))) = next.pop() {
            let part = &mut parts[number];
            // Neighbours of one customer are all of one part.
            let following = loop {
                part.row(&id, &mut rows)?;
                match part.id()? {
                    Some(next) if next == id => {}
                    other => break other,
                }
            };
            next.extend(following.map(|id| Reverse((sort_key(&id, self.kind), id, number))));
            if rows.len() >= at_a_time {
                take(std::mem::replace(&mut rows, self.empty()))?;
            }
        }
        take(rows)
    }

    fn empty(&self) -> Rows {
        Rows::empty(self.features, self.attributes, 0)
    }
}

/// A part's rows as they are read.
struct Part<'a> {
    of: &'a SortedParts,
    /// Where in the file what is not read yet begins and ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl<'a> Part<'a> {
    fn new(of: &'a SortedParts, at: u64, end: u64) -> Self {
        Self { of, at, end, buffer: Vec::new(), used: 0 }
    }

    /// The next bytes.
    fn bytes(&mut self, count: usize) -> io::Result<&[u8]> {
        if self.buffer.len() - self.used < count {
            self.buffer.drain(..self.used);
            self.used = 0;
            let held = self.buffer.len();
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let more = READ_BYTES.max(count - held).min(left);
            self.buffer.resize(held + more, 0);
            self.of.file.read_exact_at(&mut self.buffer[held..], self.at)?;
            self.at += more as u64;
        }
        let bytes = self.buffer.get(self.used..self.used + count).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.used += count;
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<u64> {
        let bytes = self.bytes(8)?;
        Ok(bytes.try_into().map_or(0, u64::from_le_bytes))
    }

    /// The identifier of the next row; `None` after the last.
    fn id(&mut self) -> io::Result<Option<String>> {
        if self.at == self.end && self.used == self.buffer.len() {
            return Ok(None);
        }
        let length = usize::try_from(self.number()?).map_err(io::Error::other)?;
        let id = std::str::from_utf8(self.bytes(length)?).map_err(io::Error::other)?;
        Ok(Some(id.to_owned()))
    }

    /// The rest of the row, after its identifier.
    fn row(&mut self, id: &str, rows: &mut Rows) -> io::Result<()> {
        rows.ids.push(id);
        let cutoff = self.number()?;
        rows.cutoffs.push(u32::try_from(cutoff).map_err(io::Error::other)?);
        for column in &mut rows.columns {
            column.push(f64::from_bits(self.number()?));
        }
        for column in &mut rows.words {
            column.push(crate::history::Word::of_number(self.number()?));
        }
        Ok(())
    }
}
