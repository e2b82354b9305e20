//! Where a scored list is written for others: a file, or a folder with a partition for each day.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use mainstay_features::units::Instant;
use mainstay_models::language::Language;

use super::settings::{check_folder, out_format};
use crate::failure::Failure;
use crate::scores::{Format, ListAbout, ListBasis, ListFile, ScoredPopulation, Scores};
use crate::service::Service;
use crate::store::{NewList, PartFile, Whole, WholeFolder, check_writable};

/// So many customers are a file of a partition.
pub(super) const ROWS_PER_FILE: NonZeroUsize = NonZeroUsize::new(1_000_000).unwrap();

/// The place.
pub(super) enum ListOut {
    File {
        path: PathBuf,
        format: Format,
    },
    /// Of partitions `as_of_date=YYYY-MM-DD/part-NNNNN.parquet`, Hive's layout.
    Folder {
        path: PathBuf,
        rows_per_file: NonZeroUsize,
    },
}

/// What is written, and not yet in its place.
pub(super) enum NewOut {
    File(Whole),
    Folder(WholeFolder),
}

impl ListOut {
    /// A name that ends in / is a folder's.
    pub(super) fn parse(path: &Path, rows_per_file: NonZeroUsize) -> Result<Self, Failure> {
        let path = path.to_owned();
        if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return Ok(Self::Folder { path, rows_per_file });
        }
        out_format(&path).map(|format| Self::File { path, format })
    }

    /// Makes sure that it can be written to.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self {
            Self::File { path, .. } => check_folder(path),
            Self::Folder { path, .. } if path.is_dir() => check_writable(path),
            Self::Folder { path, .. } => check_folder(path),
        }
    }

    /// Where the list of an instant will be.
    pub(super) fn place(&self, as_of: Instant) -> PathBuf {
        match self {
            Self::File { path, .. } => path.clone(),
            Self::Folder { path, .. } => {
                let instant = as_of.to_string();
                let day = instant.split_once('T').map_or(instant.as_str(), |(day, _)| day);
                path.join(format!("as_of_date={day}"))
            }
        }
    }

    /// Writes the list beside its place.
    pub(super) fn write(
        &self,
        scored: &ScoredPopulation,
        service: &Service,
        list: &NewList,
        language: Language,
    ) -> Result<NewOut, Failure> {
        match self {
            Self::File { path, format: Format::Parquet } => list.list.copy_for(path).map(NewOut::File),
            Self::File { path, format: Format::Csv } => {
                let whole = Whole::write(path, |to| {
                    let mut file = ListFile::new(Format::Csv, language, to);
                    scored.each(service.catalogue(), |scores| file.add(scores))?;
                    file.finish()
                });
                whole.map(NewOut::File)
            }
            Self::Folder { rows_per_file, .. } => {
                let folder = WholeFolder::begin(&self.place(scored.as_of()))?;
                let count = scored.len().div_ceil(rows_per_file.get());
                let name = |number| format!("part-{number:05}.parquet");
                let mut files: Vec<PartFile> =
                    (0..count).map(|number| folder.file(&name(number))).collect::<Result<_, _>>()?;
                write_parts(&mut files, scored, service, language, rows_per_file.get())
                    .map_err(|cause| Failure::output(&self.place(scored.as_of()), cause))?;
                files.into_iter().try_for_each(|file| folder.keep(file))?;
                Ok(NewOut::Folder(folder))
            }
        }
    }
}

impl NewOut {
    /// Puts it in its place.
    pub(super) fn commit(self) -> Result<(), Failure> {
        match self {
            Self::File(file) => file.commit(),
            Self::Folder(folder) => folder.commit(),
        }
    }
}

/// Writes so many rows to each file, in the list's order.
fn write_parts(
    files: &mut [PartFile],
    scored: &ScoredPopulation,
    service: &Service,
    language: Language,
    rows_per_file: usize,
) -> io::Result<()> {
    let outs = files.iter_mut().map(|file| file as &mut (dyn Write + Send));
    let mut parts = outs.map(|out| ListFile::new(Format::Parquet, language, out));
    let about = ListAbout::new(scored.as_of(), scored.tiers(), ListBasis::of(service));
    let finish = |part: ListFile<'_>| part.finish_telling(&about);
    let mut part = parts.next();
    let mut room = rows_per_file;
    scored.each(service.catalogue(), |scores| {
        let mut rows = scores.rows.as_slice();
        while !rows.is_empty() {
            if room == 0 {
                part.take().map_or(Ok(()), finish)?;
                (part, room) = (parts.next(), rows_per_file);
            }
            let (some, rest) = rows.split_at(rows.len().min(room));
            let file = part.as_mut().ok_or_else(|| io::Error::other("more rows than were counted"))?;
            if some.len() == scores.rows.len() {
                file.add(scores)?;
            } else {
                file.add(&Scores { rows: some.to_vec(), ..scores.without_rows() })?;
            }
            (rows, room) = (rest, room - some.len());
        }
        Ok(())
    })?;
    part.map_or(Ok(()), finish)
}
