//! Scored rows put aside in a file, some customers after the other. Where the file has a name, a run that is killed leaves it
//! there, and the next that scores the same goes on from what stands in it.
//!
//! The file is for runs of this program alone. It begins with what is scored in it ([`Scoring`]), and each piece has a checksum:
//! what a kill or a power cut left half written is none.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use mainstay_features::history::Histories;
use mainstay_features::id::IdKind;
use mainstay_features::records::{Records, SortedRecords};
use mainstay_features::units::Instant;
use mainstay_models::drift::Tally;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

use super::record;
use super::scoring::{Scoring, scoring};
use crate::service::Service;
use crate::suppressed::Suppressed;

/// What the file is called where it has a name.
pub const FILE: &str = "scores.aside";
const MAGIC: &[u8; 8] = b"MNSTASID";
/// The magic, and [`Scoring`].
const START_BYTES: usize = 8 + 16;
/// Before each piece: how long what is told of it is, how long its records, and the checksum of both.
const HEAD_BYTES: usize = 8 + 8 + 8;

/// A piece that is longer is not taken up: what a damaged file says takes no memory.
const MOST_BYTES: u64 = 256 << 20;

/// Some customers of a part of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    /// The part.
    pub(super) part: usize,
    /// The first of them, by number…
    pub(super) begin: usize,
    /// …and the first after them.
    pub(super) end: usize,
    /// How many the part has.
    pub(super) of: usize,
}

/// What is known of customers once their rows are put aside.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PutAside {
    pub(super) suppressed: usize,
    pub(super) tally: Tally,
    /// A row's each.
    #[serde(skip)]
    pub(super) lifetime_values: Vec<f64>,
}

/// What stands in the file beside the records.
#[derive(Serialize, Deserialize)]
struct Told {
    place: Place,
    put_aside: PutAside,
}

/// Rows on their way aside.
#[derive(Debug)]
pub struct Aside {
    file: File,
    /// Where the file is, if it has a name: it goes with this.
    path: Option<PathBuf>,
    /// Where what is whole in it ends.
    end: u64,
    pieces: BTreeMap<Place, (PutAside, Range<u64>)>,
    /// How many customers were scored by a run before.
    resumed: usize,
}

impl Aside {
    /// In a file in this folder that has no name: whatever ends the process, nothing is left of it.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn nameless(folder: &Path) -> io::Result<Self> {
        Ok(Self::begin(tempfile::tempfile_in(folder)?, None))
    }

    /// In a file in this folder, with what a run has left there that was killed and scored the same: of a kept history that is
    /// more than one piece. Of another, and where no file of that name can be had, the file has no name. Nobody else may
    /// write to it meanwhile.
    ///
    /// # Errors
    /// When no file can be made there.
    pub fn of(
        folder: &Path,
        service: &Service,
        histories: &Histories,
        as_of: Instant,
        suppressed: &Suppressed,
    ) -> io::Result<Self> {
        let scoring = scoring(service, histories, as_of, suppressed);
        let named = scoring.and_then(|scoring| Self::named(&folder.join(FILE), scoring).ok());
        named.map_or_else(|| Self::nameless(folder), Ok)
    }

    fn named(path: &Path, scoring: Scoring) -> io::Result<Self> {
        if let Ok(aside) = Self::resume(path, scoring) {
            return Ok(aside);
        }
        match fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        // Nobody but the owner reads what is not finished.
        let file = File::options().read(true).write(true).create_new(true).mode(0o600).open(path)?;
        let mut aside = Self::begin(file, Some(path.to_owned()));
        aside.file.write_all_at(&start(scoring), 0)?;
        aside.end = START_BYTES as u64;
        Ok(aside)
    }

    /// Goes on in the file of this name; fails where it is not what a run leaves that scored the same.
    fn resume(path: &Path, scoring: Scoring) -> io::Result<Self> {
        let about = fs::symlink_metadata(path)?;
        // Into a file that has another name, too, nothing is written.
        if !about.is_file() || about.nlink() != 1 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let file = File::options().read(true).write(true).open(path)?;
        if read(&file, 0, START_BYTES)? != start(scoring) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut aside = Self::begin(file, Some(path.to_owned()));
        aside.end = START_BYTES as u64;
        while aside.take_up(about.len())?.is_some() {}
        aside.file.set_len(aside.end)?;
        aside.resumed = aside.pieces.keys().map(|place| place.end - place.begin).sum();
        Ok(aside)
    }

    fn begin(file: File, path: Option<PathBuf>) -> Self {
        Self { file, path, end: 0, pieces: BTreeMap::new(), resumed: 0 }
    }

    /// Takes up the next piece in a file of so many bytes; `None` where there is none that is whole.
    fn take_up(&mut self, bytes: u64) -> io::Result<Option<()>> {
        let begin = self.end + HEAD_BYTES as u64;
        if begin > bytes {
            return Ok(None);
        }
        let head = read(&self.file, self.end, HEAD_BYTES)?;
        let (words, _) = head.as_chunks();
        let [told, records, checksum] = [words[0], words[1], words[2]].map(u64::from_le_bytes);
        let most = MOST_BYTES.min(bytes - begin);
        let Some(length) = told.checked_add(records).filter(|length| *length <= most) else {
            return Ok(None);
        };
        let mut told_bytes = read(&self.file, begin, length as usize)?;
        let record_bytes = told_bytes.split_off(told as usize);
        if checksum != checksum_of(&told_bytes, &record_bytes) {
            return Ok(None);
        }
        let Ok(Told { place, put_aside }) = told_again(&told_bytes, record_bytes) else { return Ok(None) };
        self.pieces.insert(place, (put_aside, begin + told..begin + length));
        self.end = begin + length;
        Ok(Some(()))
    }

    /// How many customers of a history were scored by a run before.
    pub(super) fn resumed(&self) -> usize {
        self.resumed
    }

    /// Which customers are there already.
    pub(super) fn done(&self) -> Done {
        let mut done = Done::default();
        for place in self.pieces.keys() {
            done.places.insert((place.part, place.begin));
            let (there, of) = done.parts.entry(place.part).or_default();
            (*there, *of) = (*there + place.end - place.begin, place.of);
        }
        done
    }

    /// Adds the rows of some customers, which are sorted.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn add(&mut self, place: Place, put_aside: PutAside, records: &Records) -> io::Result<()> {
        let told = Told { place, put_aside };
        let bytes = serde_json::to_vec(&told)?;
        let lengths = [bytes.len(), records.bytes().len()].map(|length| length as u64);
        let head = [lengths[0], lengths[1], checksum_of(&bytes, records.bytes())].map(u64::to_le_bytes);
        self.file.write_all_at(&[head.as_flattened(), &bytes].concat(), self.end)?;
        let begin = self.end + HEAD_BYTES as u64 + lengths[0];
        self.file.write_all_at(records.bytes(), begin)?;
        self.end = begin + lengths[1];
        self.pieces.insert(place, (told.put_aside, begin..self.end));
        Ok(())
    }

    /// Everything that was put aside, to be taken out in order.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn records(&self, kind: IdKind) -> io::Result<SortedRecords> {
        let parts = self.pieces.values().map(|(_, range)| range.clone()).collect();
        Ok(SortedRecords::of_parts(self.file.try_clone()?, kind, parts))
    }

    /// What is known of each piece.
    pub(super) fn pieces(&mut self) -> impl Iterator<Item = &mut PutAside> {
        self.pieces.values_mut().map(|(put_aside, _)| put_aside)
    }
}

fn start(scoring: Scoring) -> [u8; START_BYTES] {
    let mut start = [0; START_BYTES];
    start[..MAGIC.len()].copy_from_slice(MAGIC);
    start[MAGIC.len()..].copy_from_slice(&scoring.to_le_bytes());
    start
}

/// What comes to its end in order, well or not, needs no file any more.
impl Drop for Aside {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way: the next run removes it, or does without a name.
        self.path.iter().for_each(|path| _ = fs::remove_file(path));
    }
}

/// Which customers need not be scored any more.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Parts and first customers.
    places: BTreeSet<(usize, usize)>,
    /// By part, how many customers are there, and how many it has.
    parts: BTreeMap<usize, (usize, usize)>,
}

impl Done {
    /// Whether a part is there as a whole.
    pub(super) fn has_part(&self, part: usize) -> bool {
        self.parts.get(&part).is_some_and(|(there, of)| there == of)
    }

    /// Whether the customers of a part from one on are.
    pub(super) fn has(&self, part: usize, begin: usize) -> bool {
        self.places.contains(&(part, begin))
    }
}

/// What was told of a piece, and what its records tell.
fn told_again(told: &[u8], records: Vec<u8>) -> io::Result<Told> {
    let mut told: Told = serde_json::from_slice(told)?;
    let Place { begin, end, of, .. } = told.place;
    if begin >= end || end > of {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let rows = Records::of_bytes(records)?;
    let values = (0..rows.len()).map(|row| record::lifetime_value(rows.get(row).1));
    told.put_aside.lifetime_values = values.collect::<io::Result<_>>()?;
    Ok(told)
}

fn read(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

fn checksum_of(told: &[u8], records: &[u8]) -> u64 {
    let mut checksum = Xxh3::new();
    checksum.update(told);
    checksum.update(records);
    checksum.digest()
}

#[cfg(test)]
mod tests;
