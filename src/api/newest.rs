//! What is newest in the store: read again when another file has taken the old one's place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::failure::Failure;

/// How long it is taken for granted that no other file is there: less than a program that writes one takes to end, so
/// that whoever asks after it has ended is answered by what it wrote.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

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
    /// When it was seen last that the file is of this version.
    seen: Instant,
}

/// What tells one file from the next in its place: a rename brings another inode. No file is a version too.
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
        let kept = Kept { version: newest.version(), content: Arc::new(content), seen: Instant::now() };
        Self { kept: Mutex::new(Some(kept)), ..newest }
    }

    /// The content of the file as it is now.
    ///
    /// # Errors
    /// When it cannot be loaded and nothing is kept.
    pub(super) fn get(&self) -> Result<Arc<T>, Failure> {
        self.seen_within(LOOK_AGAIN)
    }

    /// [`Self::get`] by whoever has just written the file, and is answered by it.
    ///
    /// # Errors
    /// As there.
    pub(super) fn written(&self) -> Result<Arc<T>, Failure> {
        self.seen_within(Duration::ZERO)
    }

    fn seen_within(&self, age: Duration) -> Result<Arc<T>, Failure> {
        // Whoever panicked while holding the lock left either the old content or the new.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(kept) = kept.as_ref()
            && now.duration_since(kept.seen) < age
        {
            return Ok(kept.content.clone());
        }
        let version = self.version();
        if let Some(kept) = kept.as_mut()
            && kept.version == version
        {
            kept.seen = now;
            return Ok(kept.content.clone());
        }
        let content = match ((self.load)(), kept.as_ref()) {
            (Ok(content), _) => Arc::new(content),
            // Kept under the new version: the file is not tried again until another takes its place.
            (Err(_), Some(kept)) if self.keeps => kept.content.clone(),
            (Err(failure), _) => return Err(failure),
        };
        *kept = Some(Kept { version, content: content.clone(), seen: now });
        Ok(content)
    }

    fn version(&self) -> Option<Version> {
        let about = fs::metadata(&self.path).ok()?;
        Some((about.ino(), about.modified().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::failure::Kind;

    /// A number in a file; none, where there is no file.
    fn number(path: &Path) -> Result<Option<u32>, Failure> {
        let Ok(text) = fs::read_to_string(path) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| Failure::new(Kind::BadStore, "no number"))
    }

    fn put(path: &Path, text: &str) {
        let new = path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
        std::thread::sleep(LOOK_AGAIN);
    }

    #[test]
    fn what_a_file_holds_is_loaded_once_until_another_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, loads) = (folder.path().join("file"), Arc::new(AtomicUsize::new(0)));
        let (own, count) = (path.clone(), loads.clone());
        let newest = Newest::of(path.clone(), move || {
            count.fetch_add(1, Ordering::Relaxed);
            number(&own)
        });
        let get = || newest.get().map(|content| *content).map_err(|failure| failure.message);
        assert_eq!((get(), get()), (Ok(None), Ok(None)), "there is none yet");
        put(&path, "1");
        assert_eq!((get(), get()), (Ok(Some(1)), Ok(Some(1))));
        assert_eq!(*newest.written().unwrap(), Some(1));
        put(&path, "x");
        assert_eq!(get(), Err("no number".to_owned()));
        put(&path, "2");
        std::thread::sleep(LOOK_AGAIN);
        assert_eq!((get(), get()), (Ok(Some(2)), Ok(Some(2))));
        fs::remove_file(&path).unwrap();
        std::thread::sleep(LOOK_AGAIN);
        assert_eq!(get(), Ok(None));
        assert_eq!(loads.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn what_was_loaded_stays_where_the_next_cannot_be() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        put(&path, "1");
        let own = path.clone();
        let newest = Newest::holding(Some(1), path.clone(), move || number(&own));
        put(&path, "x");
        assert_eq!(*newest.get().unwrap(), Some(1));
        put(&path, "2");
        assert_eq!(*newest.get().unwrap(), Some(2));
    }

    #[test]
    fn whoever_writes_a_file_is_answered_by_it_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "0").unwrap();
        let own = path.clone();
        let newest = Newest::of(path.clone(), move || number(&own));
        for content in 1..100 {
            newest.get().unwrap();
            let new = path.with_extension("new");
            fs::write(&new, content.to_string()).unwrap();
            fs::rename(new, &path).unwrap();
            assert_eq!(*newest.written().unwrap(), Some(content));
            assert_eq!(*newest.get().unwrap(), Some(content), "and so is everyone after");
        }
    }
}
