//! Locks of what is read, changed and written as a whole, so that of two who do so at once neither undoes the other's work.

use std::fs::{File, OpenOptions};

use super::Store;
use crate::failure::Failure;

/// Held by one process, and in it by one thread, until it is dropped or the process ends.
pub(super) struct Lock {
    pub(super) file: File,
}

impl Store {
    /// Waits until nobody else holds the lock of this name.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(super) fn lock(&self, name: &str) -> Result<Lock, Failure> {
        self.create()?;
        let path = self.folder.join(name);
        let opened = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let locked = opened.and_then(|file| file.lock().map(|()| file));
        Ok(Lock { file: locked.map_err(|cause| Failure::output(&path, cause))? })
    }
}
