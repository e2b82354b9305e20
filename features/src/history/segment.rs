//! A history on disk: the sorted rows of every part of the customers, column by column, each part packed with
//! Zstandard under a checksum. docs/history-format.md describes the bytes.
//!
//! Several segments are one history: a night's new rows are a small segment beside the large one of before.

use std::borrow::Borrow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_64;

use super::HistoryError;
use super::builder::PARTS;
use super::event::Given;
use super::log::Log;
use super::part::Sorted;
use super::wire::{Damaged, Reader};
use super::words::Words;
use crate::id::IdKind;
use crate::units::Instant;

pub(super) const MAGIC: &[u8; 8] = b"MNSTHIST";
pub(super) const VERSION: u64 = 2;
/// Purchase lines were sorted by order before they were by instant.
const SORTED_BY_ORDER: u64 = 1;
/// Magic and version at the start; where the directory is, how long, its checksum and the magic at the end.
pub(super) const HEADER_BYTES: u64 = 16;
const FOOTER_BYTES: u64 = 32;
/// A segment that is larger unpacked must not be so by more than a thousand times its bytes.
const FEW_BYTES: u64 = 64 << 20;
const MOST_TIMES: u64 = 1_000;

/// A segment that has been opened.
#[derive(Debug)]
pub struct Segment {
    file: File,
    /// Where it is, for who is told that it cannot be read; `None` of one without a name.
    path: Option<PathBuf>,
    version: u64,
    pub(super) kind: IdKind,
    pub(super) given: Given,
    pub(super) words: Words,
    places: Vec<Place>,
    /// The directory's checksum, which covers those of the parts: no other content has it.
    pub(super) checksum: u64,
    /// The instants of the first and the last purchase line; all of time where an older version does not say.
    pub(super) span: Option<(Instant, Instant)>,
}

/// Where a part's bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) packed_bytes: u64,
    pub(super) bytes: u64,
    pub(super) checksum: u64,
}

/// How a segment ends.
struct Footer {
    /// Where the directory is…
    offset: u64,
    /// …and how long.
    directory_bytes: u64,
    checksum: u64,
}

impl Footer {
    /// Of a file of this length.
    fn read(file: &File, len: u64) -> Result<Self, HistoryError> {
        let mut footer = [0; FOOTER_BYTES as usize];
        file.read_exact_at(&mut footer, len - FOOTER_BYTES)?;
        let mut footer = Reader::new(&footer);
        let (offset, directory_bytes, checksum) = (footer.u64()?, footer.u64()?, footer.u64()?);
        if footer.bytes(MAGIC.len())? != MAGIC {
            return Err(HistoryError::Damaged("it was cut short"));
        }
        Ok(Self { offset, directory_bytes, checksum })
    }
}

/// The length of a file that is long enough for a segment.
fn length(file: &File) -> Result<u64, HistoryError> {
    let len = file.metadata()?.len();
    if len < HEADER_BYTES + FOOTER_BYTES {
        return Err(HistoryError::Damaged("it is too short"));
    }
    Ok(len)
}

impl Segment {
    /// Opens a segment: reads what it says of itself.
    ///
    /// # Errors
    /// When it is no segment, a damaged or a newer one.
    pub fn open(file: File) -> Result<Self, HistoryError> {
        let len = length(&file)?;
        let mut header = [0; HEADER_BYTES as usize];
        file.read_exact_at(&mut header, 0)?;
        let mut header = Reader::new(&header);
        if header.bytes(MAGIC.len())? != MAGIC {
            return Err(HistoryError::Damaged("it begins with other bytes"));
        }
        let version = header.u64()?;
        if version > VERSION {
            return Err(HistoryError::Newer { version, newest: VERSION });
        }
        if version < SORTED_BY_ORDER {
            return Err(HistoryError::Damaged("it is of no version there was"));
        }
        let Footer { offset, directory_bytes, checksum } = Footer::read(&file, len)?;
        if offset.checked_add(directory_bytes) != Some(len - FOOTER_BYTES) {
            return Err(HistoryError::Damaged("its directory is out of place"));
        }
        let mut directory = vec![0; directory_bytes as usize];
        file.read_exact_at(&mut directory, offset)?;
        if xxh3_64(&directory) != checksum {
            return Err(HistoryError::Damaged("its directory is not what was written"));
        }
        Self::of_directory(file, (version, checksum), &mut Reader::new(&directory), offset)
    }

    /// The checksum that [`Self::open`] finds in a file, which is that of no other segment; of all else only the end is looked at.
    ///
    /// # Errors
    /// When it does not end like a segment.
    pub fn checksum_of(file: &File) -> Result<u64, HistoryError> {
        Ok(Footer::read(file, length(file)?)?.checksum)
    }

    fn of_directory(
        file: File,
        (version, checksum): (u64, u64),
        directory: &mut Reader<'_>,
        end: u64,
    ) -> Result<Self, HistoryError> {
        let kind = if directory.u64()? == 0 { IdKind::Integer } else { IdKind::Text };
        let flags = directory.u64()?;
        let given = Given::from_flags(std::array::from_fn(|i| flags >> i & 1 == 1));
        let span = if version == SORTED_BY_ORDER {
            Some((Instant::MIN, Instant::MAX))
        } else {
            let mut instant = || Ok::<_, Damaged>(Instant::from_micros(directory.u64()? as i64));
            instant()?.zip(instant()?)
        };
        let words = Words::of_texts((0..directory.u64()?).map(|_| directory.text()))?;
        let mut places = Vec::with_capacity(PARTS);
        let (mut begin, mut unpacked) = (HEADER_BYTES, 0_u64);
        for _ in 0..PARTS {
            let place = Place {
                offset: directory.u64()?,
                packed_bytes: directory.u64()?,
                bytes: directory.u64()?,
                checksum: directory.u64()?,
            };
            // One after the other, so that none is there twice.
            let part_end = place.offset.checked_add(place.packed_bytes);
            begin = part_end
                .filter(|&part_end| place.offset == begin && part_end <= end)
                .ok_or(HistoryError::Damaged("a part is out of place"))?;
            unpacked = unpacked.saturating_add(place.bytes);
            places.push(place);
        }
        if unpacked > FEW_BYTES && unpacked / MOST_TIMES > end {
            return Err(HistoryError::Damaged("it is forged to fill the memory"));
        }
        Ok(Self { file, path: None, version, kind, given, words, places, checksum, span })
    }

    /// It is this file.
    pub fn at(self, path: PathBuf) -> Self {
        Self { path: Some(path), ..self }
    }

    /// Whether it has purchase lines from a time.
    pub fn overlaps(&self, (first, last): (Instant, Instant)) -> bool {
        self.span.is_some_and(|(own_first, own_last)| own_first <= last && first <= own_last)
    }

    /// How many bytes its rows are in memory, as they are read.
    pub fn unpacked_bytes(&self) -> u64 {
        self.places.iter().map(|place| place.bytes).fold(0, u64::saturating_add)
    }

    /// The rows of a part of the customers.
    pub(super) fn part(&self, number: usize) -> Result<Sorted, HistoryError> {
        let Some(place) = self.places.get(number) else { return Ok(Sorted::default()) };
        if place.bytes == 0 {
            return Ok(Sorted::default());
        }
        self.unpacked(place).map_err(|error| match &self.path {
            Some(path) => HistoryError::In { path: path.clone(), error: Box::new(error) },
            None => error,
        })
    }

    fn unpacked(&self, place: &Place) -> Result<Sorted, HistoryError> {
        let mut packed = vec![0; place.packed_bytes as usize];
        self.file.read_exact_at(&mut packed, place.offset)?;
        if xxh3_64(&packed) != place.checksum {
            return Err(HistoryError::Damaged("a part is not what was written"));
        }
        // Grows as it is unpacked: a forged length allocates nothing.
        let mut bytes = Vec::new();
        let unpacked = zstd::Decoder::with_buffer(packed.as_slice())?;
        io::Read::read_to_end(&mut io::Read::take(unpacked, place.bytes.saturating_add(1)), &mut bytes)?;
        if bytes.len() as u64 != place.bytes {
            return Err(HistoryError::Damaged("a part is of another length than was written"));
        }
        Ok(Sorted::read(&mut Reader::new(&bytes), self.version)?)
    }
}

/// The time that two times are in together.
pub fn join(one: (Instant, Instant), other: (Instant, Instant)) -> (Instant, Instant) {
    (one.0.min(other.0), one.1.max(other.1))
}

/// A part of the customers: what segments hold of it and rows that are new.
pub(super) fn sorted_part(
    segments: &[Segment],
    number: usize,
    logs: impl IntoIterator<Item: Borrow<Log>, IntoIter: ExactSizeIterator>,
    kind: IdKind,
) -> Result<Sorted, HistoryError> {
    let logs = logs.into_iter();
    let mut held: Vec<(bool, Sorted)> = Vec::new();
    for segment in segments {
        let part = segment.part(number)?;
        if !part.customers.is_empty() {
            held.push((segment.kind == kind && segment.version == VERSION, part));
        }
    }
    // Alone, and sorted as the whole is: nothing is left to do.
    if logs.len() == 0 && held.len() == 1 && held[0].0 {
        return Ok(held.remove(0).1);
    }
    Sorted::of(logs, held.into_iter().map(|(_, sorted)| sorted).collect(), kind)
}
