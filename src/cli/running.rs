//! A run that writes to a store: alone, step by step, and on record.

use std::path::Path;
use std::time::Instant;

use mainstay_features::ingest::Source;
use serde_json::{Map, Value};

use super::output;
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::store::{Outcome, RunInput, RunLock, RunRecord, RunStep, Store};

/// A run under way.
pub(super) struct Run<'a> {
    store: &'a Store,
    /// None where the run is a rehearsal: it leaves nothing.
    lock: Option<RunLock>,
    began: Instant,
    pub(super) record: RunRecord,
}

/// What a step found, for the record.
pub(super) type Found = Map<String, Value>;

impl<'a> Run<'a> {
    /// Begins; a rehearsal (`dry_run`) takes no lock and leaves no record.
    pub(super) fn begin(store: &'a Store, command: &str, dry_run: bool) -> Result<Self, Failure> {
        let began = clock::second().to_string();
        let lock = if dry_run { None } else { Some(store.lock_runs(command, &began)?) };
        let run = Self { store, lock, began: Instant::now(), record: RunRecord::new(command, began) };
        if run.lock.is_some() {
            store.tidy_runs();
            store.save_run(&run.record)?;
        }
        Ok(run)
    }

    /// Does a step; what it puts into its findings is on record.
    pub(super) fn step<T>(
        &mut self,
        step: &str,
        work: impl FnOnce(&mut RunRecord, &mut Found) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let (began, mut found) = (Instant::now(), Found::new());
        let done = work(&mut self.record, &mut found);
        let outcome = done.as_ref().map_or_else(ended_by, |_| Outcome::Done);
        let seconds = began.elapsed().as_secs_f64();
        self.record.steps.push(RunStep { step: step.to_owned(), outcome, seconds, found });
        self.save();
        done
    }

    /// Ends: returns the record.
    pub(super) fn end<T>(mut self, result: &Result<T, Failure>) -> RunRecord {
        match result {
            Ok(_) => (self.record.outcome, self.record.exit_code) = (Outcome::Done, Some(0)),
            Err(failure) => fail(&mut self.record, failure),
        }
        self.record.seconds = self.began.elapsed().as_secs_f64();
        self.save();
        self.record
    }

    fn save(&self) {
        if self.lock.is_some()
            && let Err(failure) = self.store.save_run(&self.record)
        {
            output::note(&format!("the run is not on record: {failure}"));
        }
    }
}

/// The record of a run that has not even begun.
pub(super) fn unbegun(command: &str, failure: &Failure) -> RunRecord {
    let mut record = RunRecord::new(command, clock::second().to_string());
    fail(&mut record, failure);
    record
}

fn fail(record: &mut RunRecord, failure: &Failure) {
    record.outcome = ended_by(failure);
    record.exit_code = Some(failure.kind.told().run_exit_code);
    record.message = Some(failure.message.clone());
}

/// A reason not to go on, or a failure.
fn ended_by(failure: &Failure) -> Outcome {
    match failure.kind {
        Kind::BadInput | Kind::TooLittleData | Kind::NoModel | Kind::OtherLabel | Kind::Drifted => {
            Outcome::Stopped
        }
        _ => Outcome::Failed,
    }
}

/// What the record says of a file; its fingerprint where it is small enough to be read once more.
pub(super) fn input(table: &str, path: &Path, with_fingerprint: bool) -> RunInput {
    let about = std::fs::metadata(path).ok();
    let modified = about.as_ref().and_then(|about| about.modified().ok());
    let fingerprint = || Source::File(path.to_owned()).fingerprint().ok();
    RunInput {
        table: table.to_owned(),
        path: path.display().to_string(),
        bytes: about.map(|about| about.len()),
        modified: modified.map(|time| clock::instant(time).to_string()),
        xxh3_128: with_fingerprint.then(fingerprint).flatten().map(|print| format!("{print:032x}")),
    }
}
