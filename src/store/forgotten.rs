//! Who has been forgotten, as it is kept, and what a list is without them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mainstay_features::id::fingerprint;
use mainstay_features::ingest::IsForgotten;
use mainstay_models::language::Language;
use serde::{Deserialize, Serialize};

use super::whole::{remove_if_there, remove_leftovers_in};
use super::{NEXT_PREVIOUS, Store, read_about, read_json, unreadable, write_json, write_whole};
use crate::failure::{Failure, Kind};
use crate::forgotten::Forgotten;
use crate::marks;
use crate::scores::{self, Format, ListFile};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: String,
    /// A keyed hash of each one's identifier.
    customers: Vec<String>,
    /// Of all of it.
    checksum: String,
}

impl Store {
    /// Where it is kept who has been forgotten.
    pub fn forgotten_path(&self) -> PathBuf {
        self.folder.join("forgotten.json")
    }

    /// Who has been forgotten; `None` where nobody ever was.
    ///
    /// # Errors
    /// When it cannot be read, was changed by anything but this program, or is gone.
    pub fn load_forgotten(&self) -> Result<Option<Forgotten>, Failure> {
        let path = self.forgotten_path();
        let Some(Written { key, customers, checksum }) = read_json(&path)? else {
            return if marks::is_left(&path) {
                Err(Failure::new(Kind::BadStore, format!("{}: {}", path.display(), marks::gone(&path))))
            } else {
                Ok(None)
            };
        };
        let forgotten = (checksum == checksum_of(&key, &customers)).then(|| Forgotten::of(&key, &customers));
        let changed = "its checksum is another: put it back from a copy (mainstay forget changes it)";
        forgotten.flatten().map(Some).ok_or_else(|| unreadable(&path, changed))
    }

    /// Whom nothing may be read of; `None` where that is nobody.
    ///
    /// # Errors
    /// As [`Self::load_forgotten`].
    pub fn is_forgotten(&self) -> Result<Option<IsForgotten>, Failure> {
        let forgotten = self.load_forgotten()?.filter(|forgotten| !forgotten.is_empty());
        Ok(forgotten.map(|forgotten| IsForgotten::new(Arc::new(move |id: &str| forgotten.has(id)))))
    }

    /// Keeps who has been forgotten. Who calls it holds the lock of runs.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(crate) fn keep_forgotten(&self, forgotten: &Forgotten) -> Result<(), Failure> {
        let (key, customers) = (forgotten.key(), forgotten.marks());
        let checksum = checksum_of(&key, &customers);
        let path = self.forgotten_path();
        write_json(&path, &Written { key, customers, checksum })?;
        marks::leave(&path).map_err(|cause| Failure::output(&path, cause))
    }

    /// Removes whatever runs that were killed have left: the next begin anew. Who calls it holds the lock of runs.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub(crate) fn remove_what_killed_runs_left(&self) -> Result<(), Failure> {
        for name in [scores::ASIDE, NEXT_PREVIOUS] {
            let path = self.folder.join(name);
            remove_if_there(&path).map_err(|cause| Failure::output(&path, cause))?;
        }
        let folders = [self.folder.clone(), self.history_folder(), self.runs_folder()];
        folders.iter().try_for_each(|folder| remove_leftovers_in(folder))
    }

    /// Takes who has been forgotten out of the newest list and the one before; how many rows that were.
    ///
    /// # Errors
    /// When one cannot be read or written: it is then as it was.
    pub(crate) fn forget_in_lists(&self, forgotten: &Forgotten) -> Result<usize, Failure> {
        let mut taken = 0;
        for path in [self.scores_path(), self.previous_scores_path()] {
            let mut theirs = 0;
            self.read_scores(&path, |_, some| {
                theirs += some.rows.iter().filter(|row| forgotten.has(&row.customer_id)).count();
            })?;
            if theirs > 0 {
                self.write_list_without(&path, forgotten)?;
            }
            taken += theirs;
        }
        Ok(taken)
    }

    /// Writes a list anew without some customers, some rows at a time.
    fn write_list_without(&self, path: &Path, forgotten: &Forgotten) -> Result<(), Failure> {
        let about = read_about(path)?;
        write_whole(path, |out| {
            let mut file = ListFile::new(Format::Parquet, Language::English, out);
            let (mut added, mut written) = (0, Ok(()));
            let read = self.read_scores(path, |kept, mut some| {
                some.rows.retain(|row| !forgotten.has(&row.customer_id));
                if !some.rows.is_empty() && written.is_ok() {
                    (added, written) = (added + some.rows.len(), file.add(&some));
                }
                // Of nobody who is left, a list is of an instant and has its columns all the same.
                some.rows.clear();
                kept.append(some);
            });
            written?;
            // What is there is to blame then, and not what is written.
            let nobody = read.map_err(io::Error::other)?;
            if let Some(nobody) = nobody.filter(|_| added == 0) {
                file.add(&nobody)?;
            }
            match &about {
                Some(about) => file.finish_telling(about),
                None => file.finish(),
            }
        })
    }
}

fn checksum_of(key: &str, customers: &[String]) -> String {
    format!("{:016x}", fingerprint(&format!("{key}\n{}", customers.join("\n"))))
}
