//! Folders that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::whole::{check_writable, folder_of, remove_leftovers, temporary_name};
use crate::failure::Failure;

/// A folder that is filled outside the folder it will be in, or beside its place where that cannot be, and appears there whole or not at all.
pub struct WholeFolder {
    path: PathBuf,
    temporary: tempfile::TempDir,
}

/// A file of a [`WholeFolder`] in the making.
pub type PartFile = BufWriter<File>;

impl WholeFolder {
    /// Nothing in it yet; [`Self::commit`] puts it in its place. The folder it will be in is made where it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(path: &Path) -> Result<Self, Failure> {
        let made_beside = |path: &Path| {
            remove_leftovers(path);
            let (prefix, suffix) = temporary_name(path);
            tempfile::Builder::new().prefix(&prefix).suffix(suffix).tempdir_in(folder_of(path))
        };
        // Whoever reads all that is in the folder it will be in must not come upon it half made.
        let made = fs::create_dir_all(folder_of(path)).and_then(|()| {
            remove_leftovers(path);
            outside(path)?.map_or_else(|| made_beside(path), |outside| made_beside(&outside))
        });
        let temporary = made.map_err(|cause| Failure::output(path, cause))?;
        Ok(Self { path: path.to_owned(), temporary })
    }

    /// Begins a file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn file(&self, name: &str) -> Result<PartFile, Failure> {
        let file = File::create(self.temporary.path().join(name));
        file.map(|file| BufWriter::with_capacity(1 << 20, file)).map_err(|cause| self.unwritable(cause))
    }

    /// Makes sure that a file is on disk.
    ///
    /// # Errors
    /// When it is not.
    pub fn keep(&self, mut file: PartFile) -> Result<(), Failure> {
        let attempt = file.flush().and_then(|()| file.get_ref().sync_all());
        attempt.map_err(|cause| self.unwritable(cause))
    }

    /// Puts the folder in its place. Where there is one, the two change places, and the old one is removed.
    ///
    /// # Errors
    /// When it cannot be: what was there before then still is.
    pub fn commit(self) -> Result<(), Failure> {
        let Self { path, temporary } = self;
        let attempt = || -> io::Result<()> {
            use std::os::unix::fs::PermissionsExt;
            // Temporary folders are private; outputs are as readable as any folder the user makes.
            fs::set_permissions(temporary.path(), fs::Permissions::from_mode(0o755))?;
            File::open(temporary.path())?.sync_all()?;
            let how = if path.exists() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
            renameat_with(CWD, temporary.path(), CWD, &path, how)?;
            File::open(folder_of(&path))?.sync_all()
        };
        attempt().map_err(|cause| Failure::output(&path, cause))
        // What the temporary folder's name now stands for, the old one or nothing, goes with it.
    }

    fn unwritable(&self, cause: io::Error) -> Failure {
        Failure::output(&self.path, cause)
    }
}

/// What stands for a path beside the folder it is in; `None` where a folder made there could not be moved into it.
fn outside(path: &Path) -> io::Result<Option<PathBuf>> {
    let inside = folder_of(path).canonicalize()?;
    let (Some(outside), Some(folder), Some(name)) = (inside.parent(), inside.file_name(), path.file_name())
    else {
        return Ok(None);
    };
    let is_one_device = fs::metadata(outside)?.dev() == fs::metadata(&inside)?.dev();
    let name = format!("{}.{}", folder.to_string_lossy(), name.to_string_lossy());
    Ok((is_one_device && check_writable(outside).is_ok()).then(|| outside.join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(path: &Path, content: &[u8]) -> WholeFolder {
        let folder = WholeFolder::begin(path).unwrap();
        let mut file = folder.file("part").unwrap();
        file.write_all(content).unwrap();
        folder.keep(file).unwrap();
        folder
    }

    #[test]
    fn a_folder_appears_whole_and_takes_the_place_of_the_one_before() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("out/of=1");
        let first = written(&path, b"one");
        assert!(!path.exists());
        assert_eq!(fs::read_dir(folder_of(&path)).unwrap().count(), 0, "it is made outside");
        first.commit().unwrap();
        fs::write(path.join("more"), b"of the old").unwrap();
        let second = written(&path, b"two");
        assert_eq!(fs::read(path.join("part")).unwrap(), b"one");
        second.commit().unwrap();
        assert_eq!(fs::read(path.join("part")).unwrap(), b"two");
        assert!(!path.join("more").exists(), "nothing of the old is left in it");
        drop(written(&path, b"never put in place"));
        assert_eq!(fs::read_dir(parent.path().join("out")).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "nor outside");
    }
}
