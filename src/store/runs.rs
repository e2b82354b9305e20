//! Runs that write to a store: one at a time, and each leaves a record of what it read, did and wrote.

use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::whole::is_running;
use super::{Store, paths_in, unreadable, write_json};
use crate::failure::{Failure, Kind};

/// So many records are kept: more than a year of nights.
const MOST_RECORDS: usize = 400;

/// The right to run on a store, for as long as it is held. The operating system takes it from whoever ends, however that
/// may be: nothing is left to clean up.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl Drop for RunLock {
    /// Nobody holds it then. (What a process that is killed leaves there is not believed.)
    fn drop(&mut self) {
        let _ = self.file.set_len(0);
    }
}

/// Who holds it.
#[derive(Serialize, Deserialize)]
struct Holder {
    command: String,
    pid: u32,
    since: String,
}

/// What a run read.
#[derive(Clone, Debug, Serialize)]
pub struct RunInput {
    /// Which table it was read as, or what it is: history, model, config, offers.
    pub table: String,
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// When it was last changed.
    pub modified: Option<String>,
    /// Its XXH3 fingerprint of 128 bits, in hexadecimal; `None` of files that are read only once, and too large for twice.
    pub xxh3_128: Option<String>,
}

/// How a run, or a step of one, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It has not ended.
    Running,
    /// It did what it should.
    Done,
    /// It found a reason not to go on.
    Stopped,
    /// Something failed.
    Failed,
}

/// A step of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunStep {
    /// Its name.
    pub step: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub seconds: f64,
    /// What it found.
    #[serde(flatten)]
    pub found: Map<String, Value>,
}

/// The record of a run.
#[derive(Clone, Debug, Serialize)]
pub struct RunRecord {
    /// The command.
    pub command: String,
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// When it began.
    pub began: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The process's exit code, once it is known.
    pub exit_code: Option<u8>,
    /// Why it did not do what it should.
    pub message: Option<String>,
    /// How long it took.
    pub seconds: f64,
    /// What it read.
    pub inputs: Vec<RunInput>,
    /// The model that scored.
    pub model: Option<String>,
    /// The instant the scores are of.
    pub as_of: Option<String>,
    /// Customers scored.
    pub rows: Option<usize>,
    /// Customers left out as they object to marketing.
    pub suppressed: Option<usize>,
    /// Bad rows left out.
    pub quarantined: Option<u64>,
    /// Its steps, in order.
    pub steps: Vec<RunStep>,
    /// The files it wrote.
    pub outputs: Vec<String>,
    /// What tells it from others of the same second and process number, as all are in containers.
    #[serde(skip)]
    unique: u64,
}

impl RunRecord {
    /// Of a run that begins.
    pub fn new(command: &str, began: String) -> Self {
        Self {
            command: command.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            began,
            outcome: Outcome::Running,
            exit_code: None,
            message: None,
            seconds: 0.0,
            inputs: Vec::new(),
            model: None,
            as_of: None,
            rows: None,
            suppressed: None,
            quarantined: None,
            steps: Vec::new(),
            outputs: Vec::new(),
            // Hashers begin with a random number of their own.
            unique: RandomState::new().build_hasher().finish(),
        }
    }

    /// The name of its file: records sort by when they began.
    fn file_name(&self) -> String {
        let Self { began, command, pid, unique, .. } = self;
        format!("{}-{command}-{pid}-{unique:016x}.json", began.replace(':', "-"))
    }
}

impl Store {
    /// Takes the right to run on this store. `began` is now.
    ///
    /// # Errors
    /// When another process holds it: the message says which, and since when. When the folder cannot be written to.
    pub fn lock_runs(&self, command: &str, began: &str) -> Result<RunLock, Failure> {
        self.create()?;
        let path = self.folder().join("run.lock");
        let unwritable = |cause| Failure::output(&path, cause);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(self.busy(&mut file)),
            Err(TryLockError::Error(cause)) => return Err(unwritable(cause)),
        }
        let holder = Holder { command: command.to_owned(), pid: std::process::id(), since: began.to_owned() };
        let text = serde_json::to_string(&holder)
            .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(unwritable)?;
        Ok(RunLock { file })
    }

    fn busy(&self, file: &mut File) -> Failure {
        let mut text = String::new();
        // Whoever has just taken it may not have written yet who they are.
        let holder = file.read_to_string(&mut text).ok().and_then(|_| serde_json::from_str(&text).ok());
        let who = match holder {
            Some(Holder { command, pid, since }) if is_running(pid) => {
                format!("mainstay {command} (process {pid}, since {since}) runs on this store")
            }
            // Whoever wrote that has been killed: it is another who holds it now.
            _ => "another program holds run.lock: a run that begins, or a backup".to_owned(),
        };
        let why = format!("{}: {who}; try again when it is done", self.folder().display());
        Failure::new(Kind::Output, why)
    }

    /// Keeps a record in place of the one before of the same run.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_run(&self, record: &RunRecord) -> Result<(), Failure> {
        let folder = self.runs_folder();
        fs::create_dir_all(&folder).map_err(|cause| Failure::output(&folder, cause))?;
        write_json(&folder.join(record.file_name()), record)
    }

    /// Takes the message out of every record that names one of some customers, or that a run over its data ended with: what such a
    /// one quotes of a row may be theirs. How many that were.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub(crate) fn forget_in_runs(&self, customers: &[String]) -> Result<usize, Failure> {
        let mut taken = 0;
        for path in paths_in(&self.runs_folder())? {
            let text = fs::read(&path).map_err(|cause| unreadable(&path, cause))?;
            let Ok(mut record) = serde_json::from_slice::<Value>(&text) else { continue };
            let message = record.get("message").and_then(Value::as_str);
            let quotes = record.get("exit_code").and_then(Value::as_i64) == Some(OVER_DATA);
            let is_theirs = |message: &str| {
                message != TAKEN_OUT && (quotes || customers.iter().any(|id| names(message, id)))
            };
            if message.is_some_and(is_theirs) {
                record["message"] = Value::from(TAKEN_OUT);
                write_json(&path, &record)?;
                taken += 1;
            }
        }
        Ok(taken)
    }

    /// Notes of runs that were killed that they were, and removes the oldest records. Who calls it holds the lock: no
    /// other run is under way. What cannot be read or removed is in nobody's way.
    pub fn tidy_runs(&self) {
        let Ok(entries) = fs::read_dir(self.runs_folder()) else { return };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
        paths.sort();
        let old = paths.len().saturating_sub(MOST_RECORDS);
        for path in paths.drain(..old) {
            let _ = fs::remove_file(path);
        }
        for path in paths {
            let record = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
            let Some(mut record) = record else { continue };
            if record.get("outcome").is_some_and(|outcome| outcome == "running") {
                record["outcome"] = Value::from("killed");
                let _ = write_json(&path, &record);
            }
        }
    }
}

/// What stands for a message.
const TAKEN_OUT: &str = "it named a customer who has been forgotten, or quoted a row";
/// The exit code of a run that ended over what it read.
const OVER_DATA: i64 = 3;

/// Whether a text has an identifier in it, and not only as a part of something longer.
fn names(text: &str, id: &str) -> bool {
    let is_apart = |next: Option<char>| !next.is_some_and(char::is_alphanumeric);
    text.match_indices(id).any(|(at, _)| {
        is_apart(text[..at].chars().next_back()) && is_apart(text[at + id.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_run_at_a_time_and_who_is_in_the_way_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let lock = store.lock_runs("score", "2026-11-28T21:00:00Z").unwrap();
        let refused = store.lock_runs("nightly", "2026-11-28T21:00:01Z").unwrap_err();
        let who = format!("mainstay score (process {}, since 2026-11-28T21:00:00Z)", std::process::id());
        assert!(refused.message.contains(&who), "{refused}");
        drop(lock);
        store.lock_runs("nightly", "2026-11-28T21:00:02Z").unwrap();
        let backup = File::open(folder.path().join("run.lock")).unwrap();
        backup.lock().unwrap();
        let refused = store.lock_runs("nightly", "2026-11-28T21:00:03Z").unwrap_err();
        assert!(refused.message.contains("another program holds run.lock"), "{refused}");
    }

    #[test]
    fn a_run_that_was_killed_is_told_from_one_that_ended() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        // Of one second, and in containers of one process number.
        let mut record = RunRecord::new("score", "2026-11-28T21:00:00Z".to_owned());
        store.save_run(&record).unwrap();
        record = RunRecord::new("score", "2026-11-28T21:00:00Z".to_owned());
        record.outcome = Outcome::Done;
        store.save_run(&record).unwrap();
        store.tidy_runs();
        let mut outcomes: Vec<String> = fs::read_dir(store.runs_folder())
            .unwrap()
            .map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .map(|text| serde_json::from_slice::<Value>(&text).unwrap()["outcome"].to_string())
            .collect();
        outcomes.sort();
        assert_eq!(outcomes, ["\"done\"", "\"killed\""]);
    }
}
