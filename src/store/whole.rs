//! Files that appear whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::failure::Failure;

/// A file that is written beside its place and appears there whole or not at all.
pub struct Whole {
    path: PathBuf,
    temporary: tempfile::NamedTempFile,
}

impl Whole {
    /// Writes the content to a temporary file in the same folder and syncs it; [`Self::commit`] puts it in its place.
    ///
    /// # Errors
    /// When it cannot be written; the temporary file is then gone.
    pub fn write(
        path: &Path,
        write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
    ) -> Result<Self, Failure> {
        remove_leftovers(path);
        let (prefix, suffix) = temporary_name(path);
        let attempt = || -> io::Result<tempfile::NamedTempFile> {
            let temporary = tempfile::Builder::new()
                .prefix(&prefix)
                .suffix(suffix)
                // Temporary files are private; outputs are as readable as any file the user writes.
                .permissions(fs::Permissions::from_mode(0o666))
                .tempfile_in(folder_of(path))?;
            let mut out = BufWriter::with_capacity(1 << 20, Syncing::new(temporary));
            write(&mut out)?;
            out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
        };
        let temporary = attempt().map_err(|cause| Failure::of_writing(path, cause))?;
        Ok(Self { path: path.to_owned(), temporary })
    }

    /// Opens what is written, to be read.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(self.temporary.path())
    }

    /// Writes the same content for another place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn copy_for(&self, path: &Path) -> Result<Self, Failure> {
        Self::write(path, |out| io::copy(&mut self.open()?, out).map(|_| ()))
    }

    /// Renames the file over what was in its place, and syncs the folder, so that this survives a power cut.
    ///
    /// # Errors
    /// When it cannot be renamed: what was there before then still is. When the folder cannot be synced: the new file
    /// is there, but a power cut may bring the old one back.
    pub fn commit(self) -> Result<(), Failure> {
        let Self { path, temporary } = self;
        let attempt = || -> io::Result<()> {
            temporary.persist(&path).map_err(|error| error.error)?;
            File::open(folder_of(&path))?.sync_all()
        };
        attempt().map_err(|cause| Failure::output(&path, cause))
    }
}

/// So many bytes are written before they begin to go to the disk.
const SYNC_BYTES: usize = 4 << 20;

/// A file that goes to the disk while it is written: at its end there is little left to wait for.
struct Syncing {
    temporary: tempfile::NamedTempFile,
    unsynced_bytes: usize,
    syncs: Option<Syncs>,
}

/// A thread that syncs a file as often as it is told to, and once more for what it is told meanwhile.
struct Syncs {
    wanted: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Syncs {
    fn of(file: File) -> io::Result<Self> {
        let (wanted, told) = sync_channel(1);
        let sync = move || told.into_iter().try_for_each(|()| file.sync_data());
        Ok(Self { wanted, thread: std::thread::Builder::new().spawn(sync)? })
    }

    /// What all syncs came to: the operating system tells a failure once, and to nobody after.
    fn finish(self) -> io::Result<()> {
        drop(self.wanted);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that syncs it broke")))
    }
}

impl Syncing {
    fn new(temporary: tempfile::NamedTempFile) -> Self {
        Self { temporary, unsynced_bytes: 0, syncs: None }
    }

    fn finish(self) -> io::Result<tempfile::NamedTempFile> {
        self.syncs.map_or(Ok(()), Syncs::finish)?;
        self.temporary.as_file().sync_all()?;
        Ok(self.temporary)
    }
}

impl Write for Syncing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.temporary.write(bytes)?;
        self.unsynced_bytes += written;
        if self.unsynced_bytes >= SYNC_BYTES {
            if self.syncs.is_none() {
                // Where there is no thread to be had, the sync at the end does it all.
                self.syncs = self.temporary.as_file().try_clone().and_then(Syncs::of).ok();
            }
            // One that is wanted already comes after these bytes too; one that failed is told of at the end.
            if let Some(syncs) = &self.syncs {
                let _ = syncs.wanted.try_send(());
            }
            self.unsynced_bytes = 0;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.temporary.flush()
    }
}

/// [`Whole::write`] and [`Whole::commit`].
///
/// # Errors
/// See there.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), Failure> {
    Whole::write(path, write)?.commit()
}

/// Makes sure that a file can be made in a folder.
pub(crate) fn check_writable(folder: &Path) -> Result<(), Failure> {
    // It has no name, and is gone when it is closed.
    tempfile::tempfile_in(folder).map(|_| ()).map_err(|cause| Failure::output(folder, cause))
}

/// The folder a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

const LEFTOVER_SUFFIX: &str = ".part";

fn leftover_prefix(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// How the temporary file or folder of an output begins and ends: whose it is can be told.
pub(super) fn temporary_name(path: &Path) -> (String, &'static str) {
    (format!("{}{}-", leftover_prefix(path), std::process::id()), LEFTOVER_SUFFIX)
}

/// Whether a process of this number is at work: one that was killed has its number until whoever began it asks after it.
pub(super) fn is_running(process: u32) -> bool {
    let folder = Path::new("/proc").join(process.to_string());
    // Of another user's it may not be told.
    let Ok(about) = fs::read_to_string(folder.join("stat")) else { return folder.exists() };
    // Behind its name, which may have brackets itself, stands its state: Z and X are of dead ones.
    let state = about.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, Some('Z' | 'X'))
}

/// Removes a file, unless there is none.
pub(super) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Removes the temporary files and folders of this output that processes left which were killed. What cannot be removed is
/// left: it is in nobody's way.
pub(super) fn remove_leftovers(path: &Path) {
    let prefix = leftover_prefix(path);
    let _ = remove_leftovers_of(folder_of(path), |file| file.starts_with(&prefix));
}

/// Removes those of every output of a folder.
///
/// # Errors
/// When the folder cannot be read or one cannot be removed.
pub(super) fn remove_leftovers_in(folder: &Path) -> Result<(), Failure> {
    let removed = remove_leftovers_of(folder, |_| true);
    removed.map_err(|cause| Failure::output(folder, cause))
}

/// All are tried, and the first that cannot be removed is told.
fn remove_leftovers_of(folder: &Path, is_meant: impl Fn(&str) -> bool) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    let mut outcome = Ok(());
    for entry in entries.flatten() {
        let file = entry.file_name();
        let process = file.to_str().filter(|file| is_meant(file)).and_then(writer_of);
        if process.is_some_and(|process| !is_running(process)) {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let remove = if is_folder { fs::remove_dir_all } else { fs::remove_file };
            outcome = outcome.and(remove(entry.path()));
        }
    }
    outcome
}

/// The process that writes or wrote a temporary file or folder; `None` of any other.
fn writer_of(file: &str) -> Option<u32> {
    let (rest, _) = file.strip_prefix('.')?.strip_suffix(LEFTOVER_SUFFIX)?.rsplit_once('-')?;
    rest.rsplit_once('.')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Kind;

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
    fn a_file_that_is_synced_on_the_way_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        let piece: Vec<u8> = (0..=250).cycle().take(3 << 20).collect();
        write_whole(&path, |out| {
            (0..2 * SYNC_BYTES / piece.len() + 1).try_for_each(|_| out.write_all(&piece))
        })
        .unwrap();
        let written = fs::read(&path).unwrap();
        assert!(written.len() > 2 * SYNC_BYTES && written.chunks(piece.len()).all(|some| some == piece));
    }

    #[test]
    fn who_was_killed_and_is_not_asked_after_is_not_at_work() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(is_running(child.id()) && is_running(std::process::id()));
        child.kill().unwrap();
        let waited = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            !is_running(child.id())
        });
        assert!(waited && Path::new("/proc").join(child.id().to_string()).exists());
        child.wait().unwrap();
        assert!(!is_running(child.id()));
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: String| folder.path().join(name);
        let (left, living, other) = (
            at(".out.csv.4194305-Abc123.part".to_owned()),
            at(format!(".out.csv.{}-Abc123.part", std::process::id())),
            at(".other.csv.4194305-Abc123.part".to_owned()),
        );
        for path in [&left, &living, &other] {
            fs::write(path, b"half").unwrap();
        }
        write_whole(&at("out.csv".to_owned()), |out| out.write_all(b"whole")).unwrap();
        assert!(!left.exists() && living.exists() && other.exists(), "no process has a number above 2²²");
        remove_leftovers_in(folder.path()).unwrap();
        assert!(!other.exists() && living.exists() && at("out.csv".to_owned()).exists());
    }
}
