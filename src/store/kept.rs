//! The history that is kept: segments, and a manifest that says which of them and of which files they are.
//!
//! A segment is written whole before the manifest names it, and a file that the manifest does not name is none of the
//! history: whatever moment a run ends at, the history is the old one or the new one.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mainstay_features::history::{
    Compared, Histories, HistoryBuilder, HistoryError, Leaving, Lookup, Segment, SentAgain, join,
    write_segment, write_segment_without,
};
use mainstay_features::ingest::MemorySize;

use super::manifest::{KeptFile, MANIFEST, Manifest, is_segment};
use super::{Whole, create_private, noted};
use crate::failure::{Failure, Kind};
use crate::marks;

/// With so many segments they are put together into one: each costs every later read a little.
const MOST_SEGMENTS: usize = 8;

/// Rows that are written, and not part of the history yet.
pub struct Addition {
    written: Whole,
    name: String,
    /// Whether the segment holds all that is kept, too.
    together: bool,
    files: Vec<KeptFile>,
    /// The currencies that its purchase lines are in, where a column tells.
    pub currencies: BTreeSet<String>,
    /// Which orders among the rows are kept already.
    pub sent_again: SentAgain,
}

/// The kept history, held so that no other process changes it meanwhile.
pub struct Kept {
    folder: PathBuf,
    manifest: Manifest,
    /// Locked as long as it is open.
    _lock: Option<File>,
}

impl Kept {
    /// The history kept in a folder, to be read.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        let kept = Self { folder: folder.to_owned(), manifest: Manifest::read(folder)?, _lock: None };
        if !kept.is_empty() {
            // One of before 2026-12 has no mark yet; where none can be left, it is read all the same.
            let _ = marks::leave(folder);
        }
        Ok(kept)
    }

    /// The history kept in a folder, to be added to.
    pub(super) fn open_to_add(folder: &Path) -> Result<Self, Failure> {
        let unwritable = |cause| Failure::output(folder, cause);
        create_private(folder).map_err(unwritable)?;
        let lock = File::create(folder.join("lock")).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let busy =
                    format!("{}: another mainstay adds to this history; try again later", folder.display());
                return Err(Failure::new(Kind::Output, busy));
            }
            Err(fs::TryLockError::Error(cause)) => return Err(unwritable(cause)),
        }
        Ok(Self { folder: folder.to_owned(), manifest: Manifest::read(folder)?, _lock: Some(lock) })
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.manifest.segments.is_empty()
    }

    /// From here on it is as if nothing were kept: what is added next takes the place of all. On disk nothing changes before.
    pub fn begin_anew(&mut self) {
        self.manifest.segments.clear();
        self.manifest.files.clear();
        self.manifest.currencies.clear();
    }

    /// The currencies that purchase lines of its files are in, where a column tells.
    pub fn currencies(&self) -> &BTreeSet<String> {
        &self.manifest.currencies
    }

    /// The files it is of.
    pub fn files(&self) -> &[KeptFile] {
        &self.manifest.files
    }

    /// Reads it, into memory unless it would take more than there may be: then every part is looked at once, unless it is
    /// noted what that finds out.
    ///
    /// # Errors
    /// When a segment is gone or damaged.
    pub fn history(&self, most: Option<MemorySize>) -> Result<Histories, Failure> {
        self.read(self.segments()?, most)
    }

    fn read(&self, segments: Vec<Segment>, most: Option<MemorySize>) -> Result<Histories, Failure> {
        Histories::of_segments(segments, most.map(MemorySize::for_rows), noted::read(&self.folder))
            .map_err(|error| self.broken(&self.folder, &error))
    }

    /// Notes what a look at every part of a history has found out, which spares the next run that look; nothing where it is
    /// noted already, or the history is not the one that is kept by now.
    ///
    /// # Errors
    /// When the folder cannot be read or written to.
    pub fn note(&self, history: &Histories) -> Result<(), Failure> {
        let Some(noted) = history.noted() else { return Ok(()) };
        let of = |name: &String| Segment::checksum_of(&File::open(self.folder.join(name))?);
        let newest = Manifest::read(&self.folder)?.segments;
        let is_newest = newest.iter().map(of).collect::<Result<Vec<u64>, HistoryError>>();
        if is_newest.is_ok_and(|newest| newest == noted.segments)
            && noted::read(&self.folder).as_ref() != Some(&noted)
        {
            noted::write(&self.folder, &noted)?;
        }
        Ok(())
    }

    /// Looks at every part for [`Self::note`], where the history is more than may be in memory and it is not noted yet.
    ///
    /// # Errors
    /// When a segment is gone or damaged, or the folder cannot be written to.
    pub fn look(&self, most: MemorySize) -> Result<(), Failure> {
        let segments = self.segments()?;
        let is_larger = segments.iter().map(Segment::unpacked_bytes).sum::<u64>() > most.for_rows();
        if is_larger { self.note(&self.read(segments, Some(most))?) } else { Ok(()) }
    }

    /// Reads it like [`Self::history`], with rows that came since and are not kept in it; what is kept already of them is left
    /// out.
    ///
    /// # Errors
    /// When a segment is gone or damaged, or there is no room for the rows.
    pub fn history_since(
        &self,
        since: HistoryBuilder,
        most: Option<MemorySize>,
    ) -> Result<Histories, Failure> {
        let mut segments = self.segments()?;
        // For the time of this run they are a segment like any.
        let nameless = fs::create_dir_all(&self.folder).and_then(|()| tempfile::tempfile_in(&self.folder));
        let mut file = nameless.map_err(|cause| Failure::output(&self.folder, cause))?;
        let compared = Compared { segments: &segments, leave_out: true };
        let written = write_segment(&[], compared, vec![since], &mut file);
        let opened = written.and_then(|_| Segment::open(file));
        segments.push(opened.map_err(|error| self.broken(&self.folder, &error))?);
        self.read(segments, most)
    }

    /// Opens it to be asked about one customer at a time.
    ///
    /// # Errors
    /// When a segment is gone or damaged.
    pub fn lookup(&self) -> Result<Lookup, Failure> {
        Ok(Lookup::of_segments(self.segments()?))
    }

    /// Which of some customers have a row in it.
    ///
    /// # Errors
    /// When a segment is gone or damaged.
    pub fn known<'a>(&self, customers: impl IntoIterator<Item = &'a str>) -> Result<Vec<&'a str>, Failure> {
        self.lookup()?.known(customers).map_err(|error| self.broken(&self.folder, &error))
    }

    fn segments(&self) -> Result<Vec<Segment>, Failure> {
        let open = |name: &String| {
            let path = self.folder.join(name);
            let opened = File::open(&path).map_err(HistoryError::from).and_then(Segment::open);
            opened.map(|segment| segment.at(path.clone())).map_err(|error| self.broken(&path, &error))
        };
        let open_all = |names: &[String]| names.iter().map(open).collect::<Result<Vec<_>, _>>();
        let mut names = self.manifest.segments.clone();
        loop {
            let failure = match open_all(&names) {
                Ok(segments) => return Ok(segments),
                Err(failure) => failure,
            };
            // Whoever adds meanwhile may have put these together into others: those are what is kept now.
            let newest = Manifest::read(&self.folder)?.segments;
            if newest == names {
                return Err(failure);
            }
            names = newest;
        }
    }

    fn broken(&self, path: &Path, error: &HistoryError) -> Failure {
        let way_out =
            format!("put {} back from a copy, or ingest anew into another --store", self.folder.display());
        // It may tell itself which of the files it is.
        let at = if matches!(error, HistoryError::In { .. }) {
            String::new()
        } else {
            format!("{}: ", path.display())
        };
        Failure::new(Kind::BadStore, format!("{at}{error}; {way_out}"))
    }

    /// Adds rows and the files they are of. Returns which orders among the rows are kept already; with `leave_out`, rows
    /// that are kept already are not added.
    ///
    /// # Errors
    /// When the folder cannot be written to: the history is then what it was.
    pub fn add(
        &mut self,
        builders: Vec<HistoryBuilder>,
        files: Vec<KeptFile>,
        leave_out: bool,
    ) -> Result<SentAgain, Failure> {
        let addition = self.write(builders, files, leave_out)?;
        let sent_again = addition.sent_again;
        self.commit(addition)?;
        Ok(sent_again)
    }

    /// Writes what [`Self::commit`] adds.
    ///
    /// # Errors
    /// When the folder cannot be written to, or what is kept cannot be read.
    pub fn write(
        &self,
        builders: Vec<HistoryBuilder>,
        files: Vec<KeptFile>,
        leave_out: bool,
    ) -> Result<Addition, Failure> {
        let together = self.manifest.segments.len() + 1 >= MOST_SEGMENTS;
        let segments = self.segments()?;
        // A day's purchases come after all that are kept, as a rule: then there is nothing to compare.
        let time = builders.iter().filter_map(HistoryBuilder::span).reduce(join);
        let overlaps = |segment: &Segment| time.is_some_and(|time| segment.overlaps(time));
        let compared: &[Segment] = if leave_out || segments.iter().any(overlaps) { &segments } else { &[] };
        let older: &[Segment] = if together { &segments } else { &[] };
        let kept = Compared { segments: compared, leave_out };
        let (name, written, sent_again) =
            self.write_next(|mut out| write_segment(older, kept, builders, &mut out))?;
        Ok(Addition { written, name, together, files, currencies: BTreeSet::new(), sent_again })
    }

    /// Writes the next segment, which is none of the history yet: its name, itself, and what writing it told.
    fn write_next<T: Default>(
        &self,
        write: impl FnOnce(&mut dyn Write) -> Result<T, HistoryError>,
    ) -> Result<(String, Whole, T), Failure> {
        let name = format!("segment-{:06}.history", self.manifest.next);
        let mut told = T::default();
        let written = Whole::write(&self.folder.join(&name), |out| {
            told = write(out).map_err(|error| match error {
                HistoryError::Io(cause) => cause,
                // What is kept is to blame, and not what is written.
                other => io::Error::other(self.broken(&self.folder, &other)),
            })?;
            Ok(())
        })?;
        Ok((name, written, told))
    }

    /// Takes customers out, as if they had never been; how many they were.
    ///
    /// # Errors
    /// When what is kept cannot be read, or the folder cannot be written to: the history is then what it was.
    pub fn forget(&mut self, is_forgotten: &(dyn Fn(&str) -> bool + Sync)) -> Result<usize, Failure> {
        let segments = self.segments()?;
        let leaving = Leaving::find(&segments, is_forgotten);
        let leaving = leaving.map_err(|error| self.broken(&self.folder, &error))?;
        if leaving.customers == 0 {
            // Segments that a run which was killed has left may have them.
            self.remove_strays();
            return Ok(0);
        }
        let (name, written, count) =
            self.write_next(|mut out| write_segment_without(&segments, &leaving, is_forgotten, &mut out))?;
        self.commit(Addition {
            written,
            name,
            together: true,
            files: Vec::new(),
            currencies: BTreeSet::new(),
            sent_again: SentAgain::default(),
        })?;
        Ok(count)
    }

    /// The history as it will be with an addition; see [`Self::history`].
    ///
    /// # Errors
    /// When a segment is gone or damaged.
    pub fn history_with(&self, addition: &Addition, most: Option<MemorySize>) -> Result<Histories, Failure> {
        let broken = |error: HistoryError| self.broken(&self.folder, &error);
        let mut segments = if addition.together { Vec::new() } else { self.segments()? };
        segments.push(
            addition.written.open().map_err(HistoryError::from).and_then(Segment::open).map_err(broken)?,
        );
        Histories::of_segments(segments, most.map(MemorySize::for_rows), None).map_err(broken)
    }

    /// Makes an addition part of the history, in one rename of the manifest.
    ///
    /// # Errors
    /// When the folder cannot be written to: the history is then what it was.
    pub fn commit(&mut self, addition: Addition) -> Result<(), Failure> {
        // Where there are segments there is a manifest: one that is gone is then missed.
        if !self.manifest_path().exists() {
            self.manifest.write(&self.folder)?;
        }
        addition.written.commit()?;
        if addition.together {
            self.manifest.segments.clear();
        }
        self.manifest.segments.push(addition.name);
        self.manifest.next += 1;
        self.manifest.files.extend(addition.files);
        self.manifest.currencies.extend(addition.currencies);
        self.manifest.write(&self.folder)?;
        let marked = marks::leave(&self.folder);
        marked.map_err(|cause| Failure::output(&marks::path_of(&self.folder), cause))?;
        self.remove_strays();
        Ok(())
    }

    /// Where it is said what the history is of.
    pub fn manifest_path(&self) -> PathBuf {
        self.folder.join(MANIFEST)
    }

    /// Removes segments that the manifest does not name: those put together, and those of runs that were killed. What
    /// cannot be removed is in nobody's way.
    fn remove_strays(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_segment(&name) && !self.manifest.segments.contains(&name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
