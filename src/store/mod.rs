//! The store: a folder with the history that is kept, the models and the newest scored list. What is written appears whole
//! or not at all.

mod forgotten;
mod kept;
mod lock;
mod manifest;
mod models;
mod noted;
mod runs;
mod suppressed;
mod whole;
mod whole_folder;

pub use kept::{Addition, Kept};
pub use manifest::KeptFile;
pub use models::{Change, ModelTold, Served, StoredModel};
pub use runs::{Outcome, RunInput, RunLock, RunRecord, RunStep};
pub use whole::{Whole, write_whole};
pub(crate) use whole::{check_writable, folder_of};
pub use whole_folder::{PartFile, WholeFolder};

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use mainstay_features::units::Instant;
use mainstay_models::artifact::Artifact;
use serde::Serialize;
use serde::de::DeserializeOwned;

use self::whole::remove_if_there;
use crate::failure::{Failure, Kind};
use crate::marks;
use crate::scores::{self, ListAbout, Scores};
use crate::state::State;

/// Where the newest list has its second name before it takes the place of the one before.
const NEXT_PREVIOUS: &str = ".scores-before.parquet.part";

/// The folder state lives in.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in a folder; nothing is created before something is saved.
    pub fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the model in service is.
    pub fn model_path(&self) -> PathBuf {
        self.folder.join("model.mainstay")
    }

    /// Where the newest scored list is.
    pub fn scores_path(&self) -> PathBuf {
        self.folder.join("scores.parquet")
    }

    /// Where the scored list before the newest is: the newest of an earlier instant.
    pub fn previous_scores_path(&self) -> PathBuf {
        self.folder.join("scores-before.parquet")
    }

    /// Where it is kept who has objected to marketing.
    pub fn suppressed_path(&self) -> PathBuf {
        self.folder.join("suppressed.json")
    }

    /// Where small things are kept that change while the API runs.
    pub fn state_path(&self) -> PathBuf {
        self.folder.join("state.sqlite")
    }

    /// Whether there is a state, or has been one.
    pub fn has_state(&self) -> bool {
        let path = self.state_path();
        path.exists() || marks::is_left(&path)
    }

    /// Opens the state, and creates it where there is none.
    ///
    /// # Errors
    /// When it is newer than this program, damaged, or cannot be written.
    pub fn state(&self) -> Result<State, Failure> {
        self.create()?;
        Ok(State::open(&self.state_path())?)
    }

    /// Where runs are recorded, a file each.
    pub fn runs_folder(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Where the history is kept.
    pub fn history_folder(&self) -> PathBuf {
        self.folder.join("history")
    }

    /// Where it is kept which segments are the history: it changes whenever the history does.
    pub fn history_manifest_path(&self) -> PathBuf {
        self.history_folder().join(manifest::MANIFEST)
    }

    /// Whether there is a kept history, or has been one.
    pub fn has_history(&self) -> bool {
        let folder = self.history_folder();
        folder.exists() || marks::is_left(&folder)
    }

    /// The history that is kept, if any.
    ///
    /// # Errors
    /// When what is there is no history.
    pub fn history(&self) -> Result<Kept, Failure> {
        Kept::open(&self.history_folder())
    }

    /// The history that is kept, to be added to by this process alone.
    ///
    /// # Errors
    /// When another process adds to it, or what is there is no history.
    pub fn history_to_add(&self) -> Result<Kept, Failure> {
        Kept::open_to_add(&self.history_folder())
    }

    /// Loads the model in service.
    ///
    /// # Errors
    /// When there is none, or it is damaged, too new or made for other features.
    pub fn load_model(&self) -> Result<Artifact, Failure> {
        let path = self.model_path();
        let bytes = fs::read(&path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => Failure::new(
                Kind::NoModel,
                format!("no model in {}; train one with mainstay train", self.folder.display()),
            ),
            _ => unreadable(&path, cause),
        })?;
        Artifact::from_bytes(&bytes).map_err(|error| Failure::model(&path, &error))
    }

    /// Writes a scored list, as Parquet, that [`NewList::commit`] makes the newest.
    ///
    /// # Errors
    /// When the folder cannot be written to; the list before is then still there.
    pub fn write_list(
        &self,
        as_of: Instant,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<NewList, Failure> {
        self.create()?;
        Ok(NewList { store: self.clone(), as_of, list: Whole::write(&self.scores_path(), write)? })
    }

    /// Gives the newest list a second name; there is always one at its own.
    fn keep_previous(&self) -> Result<(), Failure> {
        let (newest, previous) = (self.scores_path(), self.previous_scores_path());
        let aside = self.folder.join(NEXT_PREVIOUS);
        let attempt = || -> io::Result<()> {
            remove_if_there(&aside)?;
            match fs::hard_link(&newest, &aside) {
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
                linked => linked?,
            }
            fs::rename(&aside, &previous)
        };
        attempt().map_err(|cause| Failure::output(&previous, cause))
    }

    /// What the newest scored list tells of itself as a whole; `None` before there is one, or where it tells nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn load_list_about(&self) -> Result<Option<ListAbout>, Failure> {
        read_about(&self.scores_path())
    }

    /// The same of the list before the newest.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn load_previous_about(&self) -> Result<Option<ListAbout>, Failure> {
        read_about(&self.previous_scores_path())
    }

    /// Loads the newest scored list, without who has objected to marketing since it was written.
    ///
    /// # Errors
    /// When there is none, or it or who has objected cannot be read.
    pub fn load_scores(&self) -> Result<Scores, Failure> {
        self.load_scores_keeping(Scores::append)
    }

    /// [`Self::load_scores`], where `keep` adds to the list what is to be kept of some rows at a time.
    ///
    /// # Errors
    /// See there.
    pub fn load_scores_keeping(&self, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Failure> {
        let path = self.scores_path();
        let file = open(&path)?.ok_or_else(|| self.no_scores())?;
        let suppressed = self.load_suppressed()?;
        broken_store(scores::read(file, &path, |kept, some| keep(kept, some.without(&suppressed))))
    }

    /// Loads the newest scored list with everybody in it: whoever shows it leaves out who has objected to marketing since.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub(crate) fn load_scores_as_written(&self) -> Result<Scores, Failure> {
        self.read_scores(&self.scores_path(), Scores::append)?.ok_or_else(|| self.no_scores())
    }

    fn no_scores(&self) -> Failure {
        Failure::new(
            Kind::NoScores,
            format!("no scored list in {}; write one with mainstay score", self.folder.display()),
        )
    }

    /// Loads the scored list before the newest; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load_previous_scores(&self) -> Result<Option<Scores>, Failure> {
        self.read_scores(&self.previous_scores_path(), Scores::append)
    }

    /// [`Self::load_previous_scores`] of those who are in a newer list.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load_previous_scores_of(&self, newer: &Scores) -> Result<Option<Scores>, Failure> {
        self.read_scores(&self.previous_scores_path(), |kept, mut some| {
            some.rows.retain(|row| newer.row_of(&row.customer_id).is_some());
            kept.append(some);
        })
    }

    fn read_scores(
        &self,
        path: &Path,
        keep: impl FnMut(&mut Scores, Scores),
    ) -> Result<Option<Scores>, Failure> {
        let Some(file) = open(path)? else { return Ok(None) };
        broken_store(scores::read(file, path, keep)).map(Some)
    }

    /// Creates the folder, and makes sure that it can be written to, before work that takes minutes.
    ///
    /// # Errors
    /// When it cannot.
    pub fn prepare(&self) -> Result<(), Failure> {
        self.create()?;
        check_writable(&self.folder)
    }

    fn create(&self) -> Result<(), Failure> {
        create_private(&self.folder).map_err(|cause| Failure::output(&self.folder, cause))
    }
}

/// Makes a folder that is not there, for nobody but who runs this: names and phone numbers stand in files of the store. One
/// that is there stays as it is, and open to whom its owner has opened it.
fn create_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A scored list that is whole, and not yet the newest.
pub struct NewList {
    store: Store,
    as_of: Instant,
    /// The list.
    pub list: Whole,
}

impl NewList {
    /// Puts it in place of the newest, which is kept if it is of an earlier instant.
    ///
    /// # Errors
    /// When the store cannot be written to.
    pub fn commit(self) -> Result<(), Failure> {
        // What cannot be read says nothing of the list before, which is then not kept.
        if let Ok(Some(before)) = self.store.load_list_about()
            && before.is_before(self.as_of)
        {
            self.store.keep_previous()?;
        }
        self.list.commit()
    }
}

/// What is in a folder; nothing where there is none.
fn paths_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let list =
        || -> io::Result<Vec<PathBuf>> { fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect() };
    match list() {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        paths => paths.map_err(|cause| unreadable(folder, cause)),
    }
}

/// Writes JSON whole.
fn write_json(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    write_whole(path, |out| put_json(out, content))
}

fn put_json(out: &mut (dyn Write + Send), content: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, content)?;
    out.write_all(b"\n")
}

/// What a JSON file of the store holds; `None` where there is none.
fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let Some(mut file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|cause| unreadable(path, cause))?;
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| unreadable(path, format!("{}; put it back from a copy", where_in_it(&error))))
}

/// Where JSON is wrong, and not what stands there: it may be of a customer, and this goes to logs.
pub(crate) fn where_in_it(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "it is something else" } else { "it is no JSON" };
    format!("{what}, at line {} column {}", error.line(), error.column())
}

/// What a scored list tells of itself as a whole; `None` where there is no list, or it tells nothing.
fn read_about(path: &Path) -> Result<Option<ListAbout>, Failure> {
    let Some(file) = open(path)? else { return Ok(None) };
    ListAbout::read(file).map_err(|cause| unreadable(path, cause))
}

/// A file of the store; `None` where there is none.
fn open(path: &Path) -> Result<Option<File>, Failure> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(unreadable(path, cause)),
    }
}

/// Something kept in the store cannot be read.
fn unreadable(path: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::BadStore, format!("{}: cannot be read: {cause}", path.display()))
}

/// Nobody but a crash or an accident puts a broken list into a store.
fn broken_store<T>(read: Result<T, Failure>) -> Result<T, Failure> {
    read.map_err(|failure| Failure { kind: Kind::BadStore, ..failure })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_store_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert!(store.load_model().unwrap_err().message.contains("mainstay train"));
        assert!(store.load_scores().unwrap_err().message.contains("mainstay score"));
    }
}
