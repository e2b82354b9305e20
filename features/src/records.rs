//! Records of several parts of the customers, put in the order of identifiers through a file: what a table or a list
//! larger than memory takes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use compact_str::CompactString;

use crate::id::{IdKind, sort_key};

/// So much of each part's records is in memory at a time.
const READ_BYTES: usize = 1 << 15;
/// Before each record: how many bytes its identifier has, and how many the rest.
const HEAD_BYTES: usize = 8;

/// Records, each an identifier and bytes, one after the other.
#[derive(Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    places: Vec<(Range<usize>, Range<usize>)>,
}

impl Records {
    /// Adds one; its bytes are what `write` adds to those there are.
    pub fn push(&mut self, id: &str, write: impl FnOnce(&mut Vec<u8>)) {
        let head = self.bytes.len();
        self.bytes.extend_from_slice(&[0; HEAD_BYTES]);
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(id.as_bytes());
        let middle = self.bytes.len();
        write(&mut self.bytes);
        let end = self.bytes.len();
        // No row of a table or a list is longer than four gigabytes.
        let lengths = (middle - begin) as u64 | ((end - middle) as u64) << 32;
        self.bytes[head..begin].copy_from_slice(&lengths.to_le_bytes());
        self.places.push((begin..middle, middle..end));
    }

    /// Those that [`Self::bytes`] are of.
    ///
    /// # Errors
    /// When no records have these bytes.
    pub fn of_bytes(bytes: Vec<u8>) -> io::Result<Self> {
        let mut places = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let begin = at + HEAD_BYTES;
            let head = bytes.get(at..begin).and_then(|head| head.try_into().ok());
            let (id, rest) = lengths(head.ok_or(io::ErrorKind::UnexpectedEof)?);
            let (middle, end) = (begin + id, begin + id + rest);
            if end > bytes.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            places.push((begin..middle, middle..end));
            at = end;
        }
        Ok(Self { bytes, places })
    }

    /// All of them, as they are in a file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The identifier and the bytes of one, 0 to `len() − 1`.
    pub fn get(&self, number: usize) -> (&str, &[u8]) {
        let (id, rest) = self.places[number].clone();
        // Only texts are pushed.
        (std::str::from_utf8(&self.bytes[id]).unwrap_or_default(), &self.bytes[rest])
    }
}

/// How many bytes an identifier has, and how many the rest.
fn lengths(head: [u8; HEAD_BYTES]) -> (usize, usize) {
    let both = u64::from_le_bytes(head);
    ((both & 0xffff_ffff) as usize, (both >> 32) as usize)
}

/// Records on disk, part after part, each part's sorted by identifier.
#[derive(Debug)]
pub struct SortedRecords {
    file: File,
    kind: IdKind,
    /// Where each part's records are.
    parts: Vec<Range<u64>>,
}

impl SortedRecords {
    /// None yet, in a file in this folder. It has no name: whatever ends the process, nothing is left of it.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(folder: &Path, kind: IdKind) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, kind, parts: Vec::new() })
    }

    /// Those that stand in a file already: the bytes of each part's ([`Records::bytes`]), sorted by identifier.
    pub fn of_parts(file: File, kind: IdKind, parts: Vec<Range<u64>>) -> Self {
        Self { file, kind, parts }
    }

    /// Adds the records of a part, which are sorted by identifier.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&mut self, records: &Records) -> io::Result<()> {
        let begin = self.parts.last().map_or(0, |part| part.end);
        self.file.write_all_at(&records.bytes, begin)?;
        self.parts.push(begin..begin + records.bytes.len() as u64);
        Ok(())
    }

    /// Reads them, in the order of identifiers; those of one identifier in the order they were added in.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn merge(&self) -> io::Result<Merge<'_>> {
        let parts = self.parts.iter().map(|part| Part::new(&self.file, part)).collect();
        let mut merge = Merge { kind: self.kind, parts, next: BinaryHeap::new() };
        (0..self.parts.len()).try_for_each(|number| merge.queue(number))?;
        Ok(merge)
    }
}

/// Records of all parts, on their way out.
#[derive(Debug)]
pub struct Merge<'a> {
    kind: IdKind,
    parts: Vec<Part<'a>>,
    /// Every part's next record, by its identifier.
    next: BinaryHeap<Reverse<(u64, CompactString, usize)>>,
}

impl Merge<'_> {
    /// The next records, and no more than so many; none when there are none left.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn take(&mut self, at_most: usize) -> io::Result<Records> {
        let mut records = Records::default();
        while records.len() < at_most
            && let Some(Reverse((_, id, number))) = self.next.pop()
        {
            let rest = self.parts[number].rest()?;
            records.push(&id, |bytes| bytes.extend_from_slice(rest));
            self.queue(number)?;
        }
        Ok(records)
    }

    fn queue(&mut self, number: usize) -> io::Result<()> {
        let id = self.parts[number].id()?;
        self.next.extend(id.map(|id| Reverse((sort_key(&id, self.kind), id, number))));
        Ok(())
    }
}

/// A part's records as they are read.
#[derive(Debug)]
struct Part<'a> {
    file: &'a File,
    /// Where in the file what is not read yet begins and ends.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
    /// How many bytes the record has whose identifier was read last.
    rest: usize,
}

impl<'a> Part<'a> {
    fn new(file: &'a File, place: &Range<u64>) -> Self {
        Self { file, at: place.start, end: place.end, buffer: Vec::new(), used: 0, rest: 0 }
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
            self.file.read_exact_at(&mut self.buffer[held..], self.at)?;
            self.at += more as u64;
        }
        let bytes = self.buffer.get(self.used..self.used + count).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.used += count;
        Ok(bytes)
    }

    /// The identifier of the next record; `None` after the last.
    fn id(&mut self) -> io::Result<Option<CompactString>> {
        if self.at == self.end && self.used == self.buffer.len() {
            return Ok(None);
        }
        let (id, rest) = lengths(self.bytes(HEAD_BYTES)?.try_into().map_err(io::Error::other)?);
        self.rest = rest;
        let id = std::str::from_utf8(self.bytes(id)?);
        Ok(Some(id.map_err(io::Error::other)?.into()))
    }

    /// The bytes of the record, after its identifier.
    fn rest(&mut self) -> io::Result<&[u8]> {
        self.bytes(self.rest)
    }
}
