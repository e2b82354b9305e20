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
    kept: Mutex<Option<Kept<T>>>,
}

struct Kept<T> {
    version: Option<Version>,
    content: Arc<T>,
}

/// What tells one file from the next in its place: a rename brings another inode.
type Version = (u64, SystemTime);

impl<T> Newest<T> {
    pub(super) fn of(path: PathBuf, load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static) -> Self {
        Self { path, load: Box::new(load), kept: Mutex::new(None) }
    }

    /// The same, with content that is loaded already.
    pub(super) fn holding(
        content: T,
        path: PathBuf,
        load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Self {
        let newest = Self::of(path, load);
        let kept = Kept { version: newest.version(), content: Arc::new(content) };
        *newest.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        newest
    }

    /// The content of the file as it is now.
    ///
    /// # Errors
    /// When it cannot be loaded.
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
        let content = Arc::new((self.load)()?);
        *kept = Some(Kept { version, content: content.clone() });
        Ok(content)
    }

    /// The content of the file as it is now, or if that cannot be loaded, what was kept of it.
    pub(super) fn get_or_kept(&self) -> Result<Arc<T>, Failure> {
        self.get().or_else(|failure| {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.as_ref().map(|kept| kept.content.clone()).ok_or(failure)
        })
    }

    fn version(&self) -> Option<Version> {
        let about = fs::metadata(&self.path).ok()?;
        Some((about.ino(), about.modified().ok()?))
    }
}
