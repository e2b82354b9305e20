//! Writing a segment: the rows of every part, sorted and packed, then a directory of what all are of. Reading it is
//! `segment.rs`.

use std::io::{self, BufWriter, Write};
use std::ops::AddAssign;

use rayon::prelude::*;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::again::{Again, SentAgain};
use super::builder::{HistoryBuilder, PARTS};
use super::event::Given;
use super::log::Log;
use super::part::Sorted;
use super::segment::{HEADER_BYTES, MAGIC, Place, Segment, VERSION, join, sorted_part};
use super::{HistoryError, gather};
use crate::id::IdKind;
use crate::units::Instant;

/// So many parts are packed by each thread before any is written: what is packed waits in memory.
const AT_ONCE: usize = 4;
/// A history is read more often than the disk is short: level 1 packs a twentieth smaller, and takes longer to unpack.
const LEVEL: i32 = -1;

/// What new rows are compared with, to find what was sent again: segments that are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared<'a> {
    /// The segments.
    pub segments: &'a [Segment],
    /// Whether rows that are in them are left out of the new one.
    pub leave_out: bool,
}

/// Writes rows, and what older segments hold, as one segment. Returns which orders among the new rows are
/// kept already.
///
/// # Errors
/// When it cannot be written, or another segment cannot be read.
pub fn write_segment(
    older: &[Segment],
    kept: Compared<'_>,
    builders: Vec<HistoryBuilder>,
    out: &mut dyn Write,
) -> Result<SentAgain, HistoryError> {
    let new_span = builders.iter().filter_map(HistoryBuilder::span);
    let span = older.iter().filter_map(|segment| segment.span).chain(new_span).reduce(join);
    let gathered = gather(older, builders);
    let (kind, head) = (gathered.kind, Head { kind: gathered.kind, given: gathered.given, span });
    let part = |number, raw| {
        if kept.segments.is_empty() {
            Ok((sorted_part(older, number, raw, kind)?, SentAgain::default()))
        } else {
            compared_part(older, kept, number, raw, kind)
        }
    };
    write_all_parts(&head, gathered.parts, part, || gathered.words.texts(), out)
}

/// Writes as one segment what a function makes of each part of segments; of the words those with a text that stays, which is
/// asked once all parts are made.
///
/// # Errors
/// When it cannot be written, or another segment cannot be read.
pub(super) fn write_parts<T: AddAssign + Default + Send>(
    segments: &[Segment],
    part: impl Fn(usize, IdKind) -> Result<(Sorted, T), HistoryError> + Sync,
    stays: impl Fn(&str) -> bool,
    out: &mut dyn Write,
) -> Result<T, HistoryError> {
    let gathered = gather(segments, Vec::new());
    let span = segments.iter().filter_map(|segment| segment.span).reduce(join);
    let (kind, head) = (gathered.kind, Head { kind: gathered.kind, given: gathered.given, span });
    let texts = || gathered.words.texts().filter(|text| stays(text));
    write_all_parts(&head, vec![(); PARTS], |number, ()| part(number, kind), texts, out)
}

/// What a segment says of itself.
struct Head {
    kind: IdKind,
    given: Given,
    span: Option<(Instant, Instant)>,
}

/// Writes a segment: what is made of the raw rows of each part, and then what all of them are of.
fn write_all_parts<'a, Raw: Send, T: AddAssign + Default + Send, Texts: Iterator<Item = &'a str>>(
    head: &Head,
    raw: Vec<Raw>,
    part: impl Fn(usize, Raw) -> Result<(Sorted, T), HistoryError> + Sync,
    texts: impl Fn() -> Texts,
    out: &mut dyn Write,
) -> Result<T, HistoryError> {
    let mut told = T::default();
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    let mut offset = HEADER_BYTES;
    let mut places = Vec::with_capacity(PARTS);
    let mut parts = raw.into_iter().enumerate();
    let at_once = AT_ONCE * rayon::current_num_threads().max(1);
    loop {
        let some: Vec<(usize, Raw)> = parts.by_ref().take(at_once).collect();
        if some.is_empty() {
            break;
        }
        let packed: Vec<(Vec<u8>, u64, T)> = some
            .into_par_iter()
            .map(|(number, raw)| {
                let (sorted, known) = part(number, raw)?;
                if sorted.customers.is_empty() {
                    return Ok((Vec::new(), 0, known));
                }
                let mut bytes = Vec::new();
                sorted.write(&mut bytes);
                Ok((zstd::encode_all(bytes.as_slice(), LEVEL)?, bytes.len() as u64, known))
            })
            .collect::<Result<_, HistoryError>>()?;
        for (packed, bytes, known) in packed {
            told += known;
            out.write_all(&packed)?;
            let packed_bytes = packed.len() as u64;
            places.push(Place { offset, packed_bytes, bytes, checksum: xxh3_64(&packed) });
            offset += packed_bytes;
        }
    }
    let mut directory = Directory { out: BufWriter::new(out), bytes: 0, hash: Xxh3::new() };
    directory.add(u64::from(head.kind == IdKind::Text))?;
    let flags = head.given.flags();
    directory.add(flags.iter().enumerate().map(|(i, &given)| u64::from(given) << i).sum())?;
    // No instant is as early as what stands for none.
    for instant in [head.span.map(|(first, _)| first), head.span.map(|(_, last)| last)] {
        directory.add(instant.map_or(i64::MIN, Instant::micros) as u64)?;
    }
    directory.add(texts().count() as u64)?;
    texts().try_for_each(|text| directory.add_text(text))?;
    for Place { offset, packed_bytes, bytes, checksum } in places {
        [offset, packed_bytes, bytes, checksum].into_iter().try_for_each(|word| directory.add(word))?;
    }
    let Directory { mut out, bytes, hash } = directory;
    for word in [offset, bytes, hash.digest()] {
        out.write_all(&word.to_le_bytes())?;
    }
    out.write_all(MAGIC)?;
    out.flush()?;
    Ok(told)
}

/// A directory as it is written: with the texts of ten million customers' names it is half a gigabyte.
struct Directory<'a> {
    out: BufWriter<&'a mut dyn Write>,
    bytes: u64,
    hash: Xxh3,
}

impl Directory<'_> {
    fn add(&mut self, word: u64) -> io::Result<()> {
        self.put(&word.to_le_bytes())
    }

    fn add_text(&mut self, text: &str) -> io::Result<()> {
        self.add(text.len() as u64)?;
        self.put(text.as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
        self.out.write_all(bytes)
    }
}

/// A part of the customers, its new rows compared with what is kept; with how many of their orders are kept already.
fn compared_part(
    older: &[Segment],
    kept: Compared<'_>,
    number: usize,
    raw: Vec<Log>,
    kind: IdKind,
) -> Result<(Sorted, SentAgain), HistoryError> {
    let none: [Log; 0] = [];
    let new = Sorted::of(raw, Vec::new(), kind)?;
    let mut again = Again::new(new)?;
    for segment in kept.segments {
        again.compare(&segment.part(number)?);
    }
    // An order that came in two files, and comes again in one, is what both come to.
    if kept.segments.len() > 1 {
        again.compare(&sorted_part(kept.segments, number, &none, kind)?);
    }
    let known = again.orders();
    let new = if kept.leave_out { again.into_others() } else { again.into_all() };
    if older.is_empty() {
        return Ok((new, known));
    }
    let held = sorted_part(older, number, &none, kind)?;
    Ok((Sorted::of(none, vec![held, new], kind)?, known))
}
