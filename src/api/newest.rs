//! What is newest in the store: read again when another file has taken the old one's place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::failure::Failure;

/// How a file's content becomes what is kept of it.
type Load<T> = Box<dyn Fn() -> Result<T, Failure> + Send + Sync>;

/// The newest content of a file.
pub(super) struct Newest<T> {
    path: PathBuf,
    load: Load<T>,
    /// Whether content that was loaded stays when what takes its place cannot be.
    keeps: bool,
    kept: Mutex<Option<Kept<T>>>,
}

struct Kept<T> {
    version: Option<Version>,
    content: Arc<T>,
}

/// What tells one file from the next in its place: a rename brings another inode.
type Version = (u64, SystemTime);

impl<T> Newest<T> {
    /// What the file holds, or why it cannot be loaded.
    pub(super) fn of(path: PathBuf, load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static) -> Self {
        Self { path, load: Box::new(load), keeps: false, kept: Mutex::new(None) }
    }

    /// What the file holds, at first this; while another in its place cannot be loaded, what was loaded before.
    pub(super) fn holding(
        content: T,
        path: PathBuf,
        load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Self {
        let newest = Self { keeps: true, ..Self::of(path, load) };
        let kept = Kept { version: newest.version(), content: Arc::new(content) };
        Self { kept: Mutex::new(Some(kept)), ..newest }
    }

    /// The content of the file as it is now.
    ///
    /// # Errors
    /// When it cannot be loaded and nothing is kept.
    pub(super) fn get(&self) -> Result<Arc<T>, Failure> {
        let version = self.version();
        // Whoever panicked while holding the lock left either the old content or the new.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref()
            && version.is_some()
            && kept.version == version
        {
            return Ok(kept.content.clone());
        }
        let content = match ((self.load)(), kept.as_ref()) {
            (Ok(content), _) => Arc::new(content),
            // Kept under the new version: the file is not tried again until another takes its place.
            (Err(_), Some(kept)) if self.keeps => kept.content.clone(),
            (Err(failure), _) => return Err(failure),
        };
        *kept = Some(Kept { version, content: content.clone() });
        Ok(content)
    }

    fn version(&self) -> Option<Version> {
        let about = fs::metadata(&self.path).ok()?;
        Some((about.ino(), about.modified().ok()?))
    }
}
