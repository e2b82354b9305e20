//! The store: a folder with the model and the newest scored list. What is written appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use mainstay_models::artifact::Artifact;

use crate::failure::{Failure, Kind};
use crate::scores::{self, Format, Scores};

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

    /// Where the model is.
    pub fn model_path(&self) -> PathBuf {
        self.folder.join("model.mainstay")
    }

    /// Where the newest scored list is.
    pub fn scores_path(&self) -> PathBuf {
        self.folder.join("scores.parquet")
    }

    /// Saves a model in place of the one before.
    ///
    /// # Errors
    /// When the folder cannot be written to; the model before is then still there.
    pub fn save_model(&self, artifact: &Artifact) -> Result<(), Failure> {
        self.create()?;
        write_whole(&self.model_path(), |out| out.write_all(&artifact.to_bytes()))
    }

    /// Loads the model.
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
            _ => Failure::unreadable(&path, cause),
        })?;
        Artifact::from_bytes(&bytes).map_err(|error| Failure::model(&path, &error))
    }

    /// Saves a scored list in place of the one before.
    ///
    /// # Errors
    /// When the folder cannot be written to; the list before is then still there.
    pub fn save_scores(&self, scores: &Scores) -> Result<(), Failure> {
        self.create()?;
        write_whole(&self.scores_path(), |out| scores::write_scores(scores, Format::Parquet, out))
    }

    /// Loads the newest scored list.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn load_scores(&self) -> Result<Scores, Failure> {
        let path = self.scores_path();
        if !path.exists() {
            return Err(Failure::new(
                Kind::NoScores,
                format!("no scored list in {}; write one with mainstay score", self.folder.display()),
            ));
        }
        scores::read(&path)
    }

    fn create(&self) -> Result<(), Failure> {
        fs::create_dir_all(&self.folder).map_err(|cause| Failure::output(&self.folder, cause))
    }
}

/// Writes a file whole or not at all: to a temporary file in the same folder, synced, then renamed over the old one,
/// and the folder synced so that the rename survives a power cut.
///
/// # Errors
/// When anything cannot be written; what was there before is then still there.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let attempt = || -> io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".mainstay-").suffix(".part");
        // Temporary files are private; outputs are as readable as any file the user writes.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let temporary = builder.tempfile_in(folder)?;
        let mut out = BufWriter::with_capacity(1 << 20, temporary);
        write(&mut out)?;
        let temporary = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    attempt().map_err(|cause| Failure::output(path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        write_whole(&path, |out| out.write_all(b"old")).unwrap();
        let failed = write_whole(&path, |out| {
            out.write_all(b"half of the new")?;
            Err(io::Error::other("disk full"))
        });
        assert_eq!(failed.unwrap_err().kind, Kind::Output);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn an_empty_store_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert!(store.load_model().unwrap_err().message.contains("mainstay train"));
        assert!(store.load_scores().unwrap_err().message.contains("mainstay score"));
    }
}
