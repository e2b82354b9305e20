//! What can go wrong with the database.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::BUSY;
use crate::failure::{Failure, Kind};
use crate::marks;

/// Why the database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// A newer program has written it.
    #[error("{}: version {found} of the state, and this program knows up to {known}: use a newer mainstay", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// Another process was writing for too long.
    #[error("{}: another process has been writing to it for {} s: try again when it is done", path.display(), BUSY.as_secs())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is no such database, or a damaged one.
    #[error("{}: cannot be read: {cause}; put a backup in its place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// It has been removed, or another stands in its place, while it was open.
    #[error("{}: has been removed or replaced while the program ran: put it back from a copy, and start the program again", path.display())]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// There has been one, and there is none.
    #[error("{}: {}", path.display(), marks::gone(path))]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("{}: cannot be written: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
}

impl StateError {
    pub(super) fn of(path: &Path, cause: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::SystemIoFailure,
            ) => Self::Unwritable { path, cause: cause.to_string() },
            _ => Self::Damaged { path, cause: cause.to_string() },
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let kind = match error {
            StateError::Newer { .. }
            | StateError::Damaged { .. }
            | StateError::Replaced { .. }
            | StateError::Lost { .. } => Kind::BadStore,
            StateError::Unwritable { .. } => Kind::Output,
            StateError::Busy { .. } => Kind::Busy,
        };
        Self::new(kind, error.to_string())
    }
}
