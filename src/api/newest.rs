//! What is newest in the store: read again when another file has taken the old one's place.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime};

use crate::failure::Failure;

/// How long it is taken for granted that no other file is there: less than a program that writes one takes to end, so
/// that whoever asks after it has ended is answered by what it wrote.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// After so long what could not be loaded is tried again, though no other file is there: what kept it from being read may have
/// passed.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// How a file's content becomes what is kept of it.
type Load<T> = Box<dyn Fn() -> Result<T, Failure> + Send + Sync>;

/// What stands for content that cannot be loaded, given what was loaded before; nothing where that is a failure.
type Otherwise<T> = fn(Option<&Arc<T>>) -> Option<Arc<T>>;

/// The newest content of a file.
pub(super) struct Newest<T> {
    path: PathBuf,
    load: Load<T>,
    otherwise: Otherwise<T>,
    try_again: Duration,
    /// Whether whoever asks while another is loaded waits for it; else what was loaded before answers.
    is_patient: bool,
    /// Held for no longer than it takes to look.
    kept: Mutex<Option<Kept<T>>>,
    /// Held while a file is loaded: by one at a time.
    loading: Mutex<()>,
}

struct Kept<T> {
    version: Option<Version>,
    content: Arc<T>,
    /// When it was seen last that the file is of this version.
    seen: Instant,
    /// When it is tried again, where this is not what the file holds.
    again: Option<Instant>,
}

/// What tells one file from the next in its place: a rename brings another inode. No file is a version too.
type Version = (u64, SystemTime);

impl<T> Newest<T> {
    /// What the file holds, or why it cannot be loaded.
    pub(super) fn of(path: PathBuf, load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static) -> Self {
        Self {
            path,
            load: Box::new(load),
            otherwise: |_| None,
            try_again: TRY_AGAIN,
            is_patient: true,
            kept: Mutex::default(),
            loading: Mutex::default(),
        }
    }

    /// The same of what takes so long to load that meanwhile all but the first who asks are answered by what was there before.
    pub(super) fn or_before_meanwhile(self) -> Self {
        Self { is_patient: false, ..self }
    }

    /// What the file holds; while another in its place cannot be loaded, what was loaded before.
    ///
    /// # Errors
    /// When nothing can be loaded yet.
    pub(super) fn or_before(
        path: PathBuf,
        load: impl Fn() -> Result<T, Failure> + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let newest = Self { otherwise: |before| before.cloned(), ..Self::of(path, load) };
        newest.get()?;
        Ok(newest)
    }

    /// The content of the file as it is now.
    ///
    /// # Errors
    /// When it cannot be loaded and nothing stands for it.
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

    /// Whether [`Self::get`] has nothing to load now.
    pub(super) fn is_loaded(&self) -> bool {
        self.current(LOOK_AGAIN).is_some()
    }

    fn seen_within(&self, age: Duration) -> Result<Arc<T>, Failure> {
        if let Some(content) = self.current(age) {
            return Ok(content);
        }
        let _loading = match self.loading.try_lock() {
            Ok(loading) => loading,
            Err(TryLockError::Poisoned(loading)) => loading.into_inner(),
            Err(TryLockError::WouldBlock) => {
                if let Some(before) = self.kept().as_ref().filter(|_| !self.is_patient) {
                    return Ok(before.content.clone());
                }
                self.loading.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        // Another may have loaded it by now.
        if let Some(content) = self.current(age) {
            return Ok(content);
        }
        // Before it is loaded: what takes its place meanwhile is of another version.
        let (now, version) = (Instant::now(), self.version());
        let (content, again) = match (self.load)() {
            Ok(content) => (Arc::new(content), None),
            Err(failure) => {
                let before = self.kept().as_ref().map(|kept| kept.content.clone());
                ((self.otherwise)(before.as_ref()).ok_or(failure)?, Some(now + self.try_again))
            }
        };
        *self.kept() = Some(Kept { version, content: content.clone(), seen: now, again });
        Ok(content)
    }

    /// What was loaded, where the file is still that one; it is looked at again if it was not within the age.
    fn current(&self, age: Duration) -> Option<Arc<T>> {
        let mut kept = self.kept();
        let kept = kept.as_mut()?;
        let now = Instant::now();
        if now.duration_since(kept.seen) >= age {
            if kept.version != self.version() || kept.again.is_some_and(|again| again <= now) {
                return None;
            }
            kept.seen = now;
        }
        Some(kept.content.clone())
    }

    /// Whoever panicked while holding the lock left either the old content or the new.
    fn kept(&self) -> MutexGuard<'_, Option<Kept<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn version(&self) -> Option<Version> {
        let about = fs::metadata(&self.path).ok()?;
        Some((about.ino(), about.modified().ok()?))
    }
}

impl<T> Newest<Option<T>> {
    /// What the file holds; nothing while it cannot be loaded.
    pub(super) fn or_nothing(
        path: PathBuf,
        load: impl Fn() -> Result<Option<T>, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self { otherwise: |_| Some(Arc::new(None)), ..Self::of(path, load) }
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
        let newest = Newest::or_before(path.clone(), move || number(&own)).unwrap();
        put(&path, "x");
        assert_eq!(*newest.get().unwrap(), Some(1));
        put(&path, "2");
        assert_eq!(*newest.get().unwrap(), Some(2));
    }

    #[test]
    fn what_could_not_be_loaded_is_tried_again_after_a_while_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let (path, tries) = (folder.path().join("file"), Arc::new(AtomicUsize::new(0)));
        put(&path, "1");
        let (own, count) = (path.clone(), tries.clone());
        let load = move || match count.fetch_add(1, Ordering::Relaxed) {
            0 | 1 => Err(Failure::new(Kind::BadStore, "no file handle is left")),
            _ => number(&own),
        };
        let mut newest = Newest::or_nothing(path, load);
        let get = |newest: &Newest<Option<u32>>| {
            std::thread::sleep(LOOK_AGAIN);
            *newest.get().unwrap()
        };
        assert_eq!((get(&newest), get(&newest)), (None, None));
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        newest.try_again = Duration::ZERO;
        newest.kept = Mutex::default();
        assert_eq!((get(&newest), get(&newest), get(&newest)), (None, Some(1), Some(1)));
        assert_eq!(tries.load(Ordering::Relaxed), 3);
    }

    /// A model or a list takes a while to load: nobody but who loads it waits, where what was there before will do.
    #[test]
    fn while_one_loads_others_look_and_are_answered_by_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        put(&path, "1");
        let own = path.clone();
        let (begun, begins) = std::sync::mpsc::sync_channel::<()>(0);
        let (end, ends) = std::sync::mpsc::sync_channel::<()>(0);
        let ends = Mutex::new(ends);
        let newest = Newest::of(path.clone(), move || {
            let read = number(&own)?;
            if read == Some(2) {
                begun.send(()).unwrap();
                ends.lock().unwrap().recv().unwrap();
            }
            Ok(read)
        })
        .or_before_meanwhile();
        assert_eq!(*newest.get().unwrap(), Some(1));
        put(&path, "2");
        std::thread::scope(|scope| {
            let loads = scope.spawn(|| *newest.get().unwrap());
            begins.recv().unwrap();
            assert!(!newest.is_loaded());
            assert_eq!(*newest.get().unwrap(), Some(1));
            end.send(()).unwrap();
            assert_eq!(loads.join().unwrap(), Some(2));
        });
        assert!(newest.is_loaded());
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
