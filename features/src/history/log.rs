//! The rows of some of the customers as they come, as bytes: written once and read once, in memory or on disk.
//!
//! One stream of bytes for each part of the customers, and not one for each column of each kind: what is written at
//! once lies side by side, and what is spilled to disk is what is in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::HistoryError;
use super::part::Collector;
use super::wire::{Damaged, Reader, Wire};

/// A block of so many bytes is full.
const BLOCK_BYTES: usize = 1 << 16;
/// In a row's first byte: it is of the customer of the row before.
const SAME_CUSTOMER: u8 = 0x80;
/// An identifier's length is a byte, or after this one four.
const LONG: u8 = u8::MAX;
/// The kind and the length are at most so many bytes.
const MOST_BEFORE_ID: usize = 6;

/// Of which kind a row in a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    Line,
    Cancellation,
    FirstBuy,
    Discount,
    Complaint,
    Contact,
    Profile,
    Contract,
}

impl Tag {
    const ALL: [Self; 8] = [
        Self::Line,
        Self::Cancellation,
        Self::FirstBuy,
        Self::Discount,
        Self::Complaint,
        Self::Contact,
        Self::Profile,
        Self::Contract,
    ];

    fn of(byte: u8) -> Result<Self, Damaged> {
        Self::ALL.get(byte as usize).copied().ok_or(Damaged("a row is of no known kind"))
    }
}

/// Rows with their customers. A row is a byte that says of which kind it is, the customer unless it is that of the row
/// before (the length, then the identifier), and the row's numbers.
#[derive(Debug, Default)]
pub(super) struct Log {
    full: Vec<Block>,
    open: Vec<u8>,
}

#[derive(Debug)]
enum Block {
    Held(Vec<u8>),
    Spilled { file: Arc<File>, offset: u64, bytes: usize },
}

impl Log {
    /// Whether there is no row.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.full.is_empty()
    }

    /// Adds a row's bytes.
    pub(super) fn push(&mut self, row: &[u8]) {
        self.make_room(row.len());
        self.open.extend_from_slice(row);
    }

    /// Adds a row of a customer; returns how many bytes it takes.
    pub(super) fn put<T: Wire>(&mut self, customer: &str, tag: Tag, row: &T) -> usize {
        self.make_room(MOST_BEFORE_ID + customer.len() + 8 * T::COLUMNS);
        let before = self.open.len();
        put_row(&mut self.open, Some(customer), tag, row);
        self.open.len() - before
    }

    fn make_room(&mut self, bytes: usize) {
        if self.open.len() + bytes > BLOCK_BYTES && !self.open.is_empty() {
            let next = Vec::with_capacity(BLOCK_BYTES.max(bytes));
            self.full.push(Block::Held(std::mem::replace(&mut self.open, next)));
        }
    }

    /// Adds the rows of another log. (Every log begins with a customer.)
    pub(super) fn append(&mut self, other: Self) {
        if other.full.is_empty() && self.open.len() + other.open.len() <= BLOCK_BYTES {
            self.open.extend_from_slice(&other.open);
            return;
        }
        let own = std::mem::replace(&mut self.open, other.open);
        if !own.is_empty() {
            self.full.push(Block::Held(own));
        }
        self.full.extend(other.full);
    }

    /// Moves what is held in memory to disk.
    pub(super) fn spill(&mut self, to: &Spill) -> io::Result<()> {
        let mut held = Vec::new();
        let mut blocks = std::mem::take(&mut self.full);
        if !self.open.is_empty() {
            blocks.push(Block::Held(std::mem::take(&mut self.open)));
        }
        for block in blocks {
            match block {
                Block::Held(bytes) => held.extend_from_slice(&bytes),
                // It may come before what was held before it: all that is spilled at once begins with a customer, and
                // so does what is held after it.
                spilled @ Block::Spilled { .. } => self.full.push(spilled),
            }
        }
        if !held.is_empty() {
            let offset = to.write(&held)?;
            self.full.push(Block::Spilled { file: to.file.clone(), offset, bytes: held.len() });
        }
        Ok(())
    }

    /// How many bytes it is.
    pub(super) fn bytes(&self) -> usize {
        let full = self.full.iter().map(|block| match block {
            Block::Held(bytes) => bytes.len(),
            Block::Spilled { bytes, .. } => *bytes,
        });
        full.sum::<usize>() + self.open.len()
    }

    /// Whether some of it is on disk.
    pub(super) fn has_spilled(&self) -> bool {
        self.full.iter().any(|block| matches!(block, Block::Spilled { .. }))
    }

    /// Reads the rows, in the order they came.
    pub(super) fn read(&self, to: &mut Collector) -> Result<(), HistoryError> {
        for block in &self.full {
            match block {
                Block::Held(bytes) => decode(bytes, to)?,
                Block::Spilled { file, offset, bytes } => {
                    let mut held = vec![0; *bytes];
                    file.read_exact_at(&mut held, *offset)?;
                    decode(&held, to)?;
                }
            }
        }
        decode(&self.open, to)
    }
}

/// Appends a row's bytes; without a customer it is of the one of the row before.
pub(super) fn put_row<T: Wire>(to: &mut Vec<u8>, customer: Option<&str>, tag: Tag, row: &T) {
    match customer {
        None => to.push(tag as u8 | SAME_CUSTOMER),
        Some(id) => {
            match u8::try_from(id.len()) {
                Ok(length) if length < LONG => to.extend_from_slice(&[tag as u8, length]),
                _ => {
                    let [a, b, c, d] = (id.len() as u32).to_le_bytes();
                    to.extend_from_slice(&[tag as u8, LONG, a, b, c, d]);
                }
            }
            to.extend_from_slice(id.as_bytes());
        }
    }
    for word in row.words().into_iter().take(T::COLUMNS) {
        to.extend_from_slice(&word.to_le_bytes());
    }
}

fn decode(bytes: &[u8], to: &mut Collector) -> Result<(), HistoryError> {
    let mut from = Reader::new(bytes);
    while let Some(tag) = from.byte() {
        if tag & SAME_CUSTOMER == 0 {
            let length = match from.byte().ok_or(Damaged("it ends too early"))? {
                LONG => from.u32()? as usize,
                short => short.into(),
            };
            to.turn_to(from.bytes(length)?)?;
        }
        to.add(Tag::of(tag & !SAME_CUSTOMER)?, &mut from)?;
    }
    Ok(())
}

/// A file that rows are spilled to. It has no name: whatever ends the process, nothing is left of it.
#[derive(Debug)]
pub struct Spill {
    file: Arc<File>,
    next: AtomicU64,
}

impl Spill {
    /// A file in a folder.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: Arc::new(tempfile::tempfile_in(folder)?), next: AtomicU64::new(0) })
    }

    /// Writes bytes and returns where they begin.
    fn write(&self, bytes: &[u8]) -> io::Result<u64> {
        let offset = self.next.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        self.file.write_all_at(bytes, offset)?;
        Ok(offset)
    }
}
