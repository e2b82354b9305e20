//! What the store keeps in a database, `state.sqlite`: small things that change while the API runs. What was acknowledged
//! is on disk.
//!
//! One process writes at a time and the others wait for it; reading waits for nobody. To add a table: a file in
//! `migrations/`, its line in [`migrations::ALL`], and a module beside this one that is all that knows the table.

mod error;
pub mod events;
pub mod keys;
mod migrations;
pub mod once;

pub use error::StateError;

use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::marks;

/// How long a process waits for another to finish writing.
const BUSY: Duration = Duration::from_secs(5);
/// After how long it tries again what SQLite does not wait for by itself.
const AGAIN: Duration = Duration::from_millis(5);

/// The open database. Its calls block: in the API they belong on a blocking thread.
pub struct State {
    path: PathBuf,
    /// The file that is open, whatever the path leads to by now.
    file: FileId,
    /// The one connection that writes.
    writer: Mutex<Connection>,
    /// Another for reading, so that it need not wait for a write's sync.
    reader: Mutex<Connection>,
}

impl State {
    /// Opens the database, creates it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// When it is newer than this program, damaged, or cannot be written.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let failed = |cause| StateError::of(path, &cause);
        let is_new = !fs::metadata(path).is_ok_and(|about| about.len() > 0);
        // Without it there are no keys, and whoever asks without one would be answered.
        if is_new && marks::is_left(path) {
            return Err(StateError::Lost { path: path.to_owned() });
        }
        // Whose keys these are is nobody else's business.
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(|cause| StateError::Unwritable { path: path.to_owned(), cause: cause.to_string() })?;
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
        keep_log(&writer).map_err(failed)?;
        writer.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        writer.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        // What is deleted is overwritten: events are of people.
        writer.pragma_update(None, "secure_delete", true).map_err(failed)?;
        migrations::run(&mut writer, migrations::ALL, path)?;
        let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed)?;
        if !is_new {
            let marked = marks::leave(path);
            marked.map_err(|cause| StateError::Unwritable {
                path: path.to_owned(),
                cause: cause.to_string(),
            })?;
        }
        let file = FileId::of(path).ok_or_else(|| StateError::Replaced { path: path.to_owned() })?;
        Ok(Self { path: path.to_owned(), file, writer: Mutex::new(writer), reader: Mutex::new(reader) })
    }

    /// Runs something that only reads, on one consistent view of the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        let mut connection = lock(&self.reader);
        let attempt = || {
            let transaction = connection.transaction()?;
            read(&transaction)
        };
        attempt().map_err(|cause| self.failed(&cause))
    }

    /// Runs something that writes, whole or not at all: when this returns `Ok`, it is on disk. An error undoes it.
    ///
    /// # Errors
    /// What `write` fails with; when the database cannot be written.
    pub fn write<T, E: From<StateError>>(
        &self,
        write: impl FnOnce(&Writing<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = lock(&self.writer);
        // What is written to a file that is no longer there is lost with this process.
        self.check_place()?;
        let begun = connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(|cause| self.failed(&cause))?;
        let writing = Writing { transaction, path: &self.path };
        let written = write(&writing)?;
        writing.transaction.commit().map_err(|cause| self.failed(&cause))?;
        Ok(written)
    }

    /// A number that is another one after anybody has written, in this process or another. It costs a few microseconds.
    ///
    /// # Errors
    /// When the database cannot be read, or is no longer the one at its path.
    pub fn version(&self) -> Result<i64, StateError> {
        self.check_place()?;
        let version = lock(&self.reader).pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(|cause| self.failed(&cause))
    }

    /// That the file that is open is the one that others open.
    fn check_place(&self) -> Result<(), StateError> {
        let is_there = FileId::of(&self.path) == Some(self.file);
        if is_there { Ok(()) } else { Err(StateError::Replaced { path: self.path.clone() }) }
    }

    /// Empties the write-ahead log into the database, so that nothing deleted is left in it. Where somebody reads meanwhile, it
    /// is left to who does this next.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn settle(&self) -> Result<(), StateError> {
        self.check_place()?;
        let settled = lock(&self.writer).query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        settled.map_err(|cause| self.failed(&cause))
    }

    fn failed(&self, cause: &rusqlite::Error) -> StateError {
        StateError::of(&self.path, cause)
    }
}

/// Which file a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        Some(Self { device: about.dev(), inode: about.ino() })
    }
}

/// A write under way: nothing of it is there for others before it is committed.
pub struct Writing<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
}

impl Writing<'_> {
    /// Runs statements of it.
    ///
    /// # Errors
    /// When one fails.
    pub fn run<T>(&self, run: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StateError> {
        run(&self.transaction).map_err(|cause| StateError::of(self.path, &cause))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// Has the database keep a write-ahead log. SQLite does not wait for another process that is at the same, so we do.
fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    let began = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < BUSY =>
            {
                std::thread::sleep(AGAIN);
            }
            done => return done,
        }
    }
}

/// Whoever panicked while holding a connection left a transaction that was undone.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
