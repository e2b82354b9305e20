//! Reading what the input flags name, and saying what was read and what was left out.

use std::collections::BTreeSet;
use std::path::Path;

use mainstay_features::check::{DayReport, Oddity};
use mainstay_features::history::Histories;
use mainstay_features::ingest::{self, Collected, Counts, IngestError, Ingested, Input};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::language::Language;

use super::check::date;
use super::input::{InputArgs, Settled};
use super::output;
use super::progress::Progress;
use super::running::input;
use super::strangers;
use crate::clock;
use crate::events::{self, Since};
use crate::failure::{Failure, Kind};
use crate::quarantine_file::write_quarantine;
use crate::store::{RunInput, Store};

impl InputArgs {
    /// Reads the files, or the history that the store keeps where no file is named, and notes what has been found out of that.
    /// Refuses an output that is one of the files.
    pub(super) fn read(
        &self,
        store: &Store,
        outputs: &[&Path],
        progress: &Progress,
    ) -> Result<Histories, Failure> {
        let history = self.read_only(store, outputs, progress)?;
        if self.say_nothing() {
            // Where that cannot be written, the next run finds it out again.
            let _ = store.history()?.note(&history);
        }
        Ok(history)
    }

    /// [`Self::read`], and nothing is noted.
    pub(super) fn read_only(
        &self,
        store: &Store,
        outputs: &[&Path],
        progress: &Progress,
    ) -> Result<Histories, Failure> {
        if self.say_nothing() {
            return self.read_kept(store, progress);
        }
        self.read_files(store, outputs, None, progress)
    }

    /// [`Self::read`], for who asks for nothing after an instant.
    pub(super) fn read_until(
        &self,
        until: Instant,
        store: &Store,
        outputs: &[&Path],
        progress: &Progress,
    ) -> Result<Histories, Failure> {
        if self.say_nothing() {
            return self.read(store, outputs, progress);
        }
        self.read_files(store, outputs, Some(until), progress)
    }

    fn read_files(
        &self,
        store: &Store,
        outputs: &[&Path],
        until: Option<Instant>,
        progress: &Progress,
    ) -> Result<Histories, Failure> {
        let mut settled = self.with_purchases()?;
        settled.refuse_as_outputs(outputs)?;
        settled.input.needed_until = until;
        settled.input.forgotten = store.is_forgotten()?;
        read(&settled, progress)
    }

    /// What the record of a run says of what was read: of files their size and when they were changed, as they may be too
    /// large to be read once more; of the kept history what it is of.
    pub(super) fn on_record(&self, store: &Store) -> Result<Vec<RunInput>, Failure> {
        if self.say_nothing() {
            return Ok(vec![input("history", &store.history()?.manifest_path(), true)]);
        }
        Ok(self.settled()?.files.iter().map(|path| input("file", path, false)).collect())
    }

    fn read_kept(&self, store: &Store, progress: &Progress) -> Result<Histories, Failure> {
        // In this order: what is taken into the history meanwhile is then found in both, and counts once.
        let Since { rows, events, to_come } = events::all(store, clock::now())?;
        note_to_come(to_come);
        let kept = store.history()?;
        if kept.is_empty() && events == 0 {
            let none = format!("no --purchases, and no history in {}", store.history_folder().display());
            return Err(Failure::new(Kind::Usage, format!("{none}; keep one with mainstay ingest")));
        }
        note_currencies(kept.currencies(), Language::English);
        progress.begin("read the kept history", None);
        let history = if events == 0 {
            kept.history(self.memory)?
        } else {
            output::note(&format!(
                "with {events} events that came over the API since the last mainstay ingest; what the kept history has \
                 of them already counts once"
            ));
            kept.history_since(rows, self.memory)?
        };
        progress.end();
        note_history(&history, false);
        Ok(history)
    }
}

/// Says how many events of the state are still to come.
pub(super) fn note_to_come(events: usize) {
    if events > 0 {
        output::note(&format!(
            "{events} events that came over the API are dated later than now: they are set aside, in state.sqlite, \
             and count from their instant on"
        ));
    }
}

/// Reads an input into a history, and notes what is in it and what was left out.
pub(super) fn read(settled: &Settled, progress: &Progress) -> Result<Histories, Failure> {
    let Ingested { history, counts, .. } = collect(settled, progress)?.fold(progress)?;
    note_counts(&counts, Some(&settled.quarantine));
    note_history(&history, counts.later + counts.unread > 0);
    Ok(history)
}

/// Reads the rows of an input, and puts the bad ones into the quarantine file where any may be left out.
pub(super) fn collect(settled: &Settled, progress: &Progress) -> Result<Collected, Failure> {
    let Settled { input, quarantine, .. } = settled;
    note_left_alone(settled);
    match ingest::collect(input, progress) {
        Err(IngestError::TooManyBadRows { rows, quarantine: bad }) => {
            write_quarantine(quarantine, &bad)?;
            let error = IngestError::TooManyBadRows { rows, quarantine: bad };
            let kept = format!("{error}. All of them are in {}", quarantine.display());
            Err(Failure::new(Kind::BadInput, kept))
        }
        Err(other) => Err(other.into()),
        Ok(collected) => {
            if !input.max_bad_rows.is_none() {
                write_quarantine(quarantine, &collected.quarantine)?;
            }
            if !settled.is_addition {
                note_excluded(input, &collected);
            }
            note_currencies(&collected.currencies, Language::English);
            Ok(collected)
        }
    }
}

/// Says which customers are to be left out and are in none of the rows that were read.
fn note_excluded(input: &Input, collected: &Collected) {
    let nobody: Vec<&String> = input.excluded.difference(&collected.excluded).collect();
    // Theirs may be among the rows that were not read.
    if let [first, ..] = nobody[..]
        && collected.counts.unread == 0
    {
        let (missed, all) = (nobody.len(), input.excluded.len());
        output::note(&format!(
            "--exclude: {missed} of its {all} customers have no row here, as {first:?}: are they written as in the files?"
        ));
    }
}

/// Says that amounts are in several currencies, where they are.
pub(super) fn note_currencies(currencies: &BTreeSet<String>, language: Language) {
    let currencies: Vec<&str> = currencies.iter().map(String::as_str).collect();
    if let [first, _, ..] = currencies[..] {
        let all = currencies.join(", ");
        output::note(&language.either(
            format!(
                "WARNING: purchases are in several currencies ({all}), and their amounts are added up as if they were in one: convert \
                 them, or read one with --where 'COLUMN = {first}', COLUMN being the files' name of the currency's column"
            ),
            format!(
                "警告：购买记录含有多种货币（{all}），金额被当作同一种货币相加：请先换算，或用 --where '列名 = {first}' 只读取其中一种\
                 （列名是文件中货币列的名称）"
            ),
        ));
    }
}

/// [`collect`], and nothing is written: the quarantine file has the rows of the last real run.
pub(super) fn rehearse(settled: &Settled, progress: &Progress) -> Result<Collected, Failure> {
    note_left_alone(settled);
    Ok(ingest::collect(&settled.input, progress)?)
}

/// Says which files of the folders are not read.
fn note_left_alone(settled: &Settled) {
    let files: Vec<String> = settled.left_alone.iter().map(|file| file.display().to_string()).collect();
    if !files.is_empty() {
        output::note(&format!(
            "{} files are left alone, as they are not called as data files are (.parquet, .csv, .tsv, .txt, packed or not): {}",
            files.len(),
            output::first_few(&files)
        ));
    }
}

/// Says how many rows were read and which were left out, and where the bad ones are kept, if they are.
pub(super) fn note_counts(counts: &Counts, quarantine: Option<&Path>) {
    output::note(&format!(
        "{} purchase lines, {} complaints, {} contacts, {} rows about customers, {} contracts",
        counts.purchase_lines, counts.complaints, counts.contacts, counts.profiles, counts.contracts
    ));
    let left_out = |count: u64, which: &str| {
        if count > 0 {
            output::note(&format!("{count} rows {which} were left out"));
        }
    };
    left_out(counts.without_customer, "without a customer_id");
    left_out(counts.excluded, "of excluded or forgotten customers");
    left_out(counts.filtered, "that do not meet --where");
    left_out(counts.repeated, "that repeat another");
    left_out(counts.later, "later than what is asked for");
    if counts.unread > 0 {
        output::note(&format!(
            "{} rows were not read: their row groups begin later than what is asked for",
            counts.unread
        ));
    }
    let kept = quarantine.map_or(String::new(), |path| format!(", kept in {},", path.display()));
    left_out(counts.bad, &format!("with bad values{kept}"));
}

/// Says what is in a history; `is_cut` is whether orders that came later were left out.
fn note_history(history: &Histories, is_cut: bool) {
    let summary = history.summary();
    output::note(&format!("{} orders of {} customers", summary.orders, summary.buyers));
    if history.whole().is_none() {
        output::note(
            "they are more than --memory lets be in memory: the work goes part by part, through files",
        );
    }
    // Of whom something is told before a first order that was left out is no stranger.
    if !is_cut {
        strangers::doubts(&summary.told).iter().for_each(|doubt| output::note(doubt));
    }
}

/// So many days in a row without an order make a model learn of them, and not of customers.
const LONG_HOLE_DAYS: usize = 7;

/// Says where the feed has failed for long: who learns from it takes a hole for customers who left, and came back.
pub(super) fn note_holes(history: &Histories) {
    // Where contracts say who has left, a day without orders looks like nothing.
    let days = DayReport::of_orders(history).filter(|_| !history.given().contracts);
    let odd = days.map_or(Vec::new(), |days| days.odd);
    let missing: Vec<i64> =
        odd.iter().filter(|day| day.oddity == Oddity::Missing).map(|day| day.day).collect();
    let holes: Vec<String> = missing
        .chunk_by(|day, next| day + 1 == *next)
        .filter(|hole| hole.len() >= LONG_HOLE_DAYS)
        .map(|hole| format!("{} to {}", date(hole[0]), date(hole[hole.len() - 1])))
        .collect();
    if !holes.is_empty() {
        output::note(&format!(
            "WARNING: there is no order from {}: that looks like mass churn, and whatever is learnt from it is wrong (mainstay check)",
            output::first_few(&holes)
        ));
    }
}

/// The instant that was asked for, or until when a log knows.
pub(super) fn as_of(asked: Option<Instant>, history: &Histories) -> Result<Instant, Failure> {
    asked.map_or_else(|| known_until(history, clock::now()), Ok)
}

/// Until when a log knows, or one that ended at the instant asked for.
pub(super) fn known_at(asked: Option<Instant>, history: &Histories) -> Result<Instant, Failure> {
    let Some(as_of) = asked else { return known_until(history, clock::now()) };
    history.known_until(as_of)?.ok_or_else(|| {
        Failure::new(Kind::TooLittleData, format!("the log has no order at or before {as_of}"))
    })
}

/// Until when a log knows: see [`Histories::known_until`]. What is dated later than now has not happened.
pub(super) fn known_until(history: &Histories, now: Instant) -> Result<Instant, Failure> {
    let (first, last) = history.summary().span.ok_or_else(no_orders)?;
    if last > now {
        output::note(&format!(
            "orders are dated as late as {last}, which is still to come: they count from then on"
        ));
    }
    history.known_until(now)?.ok_or_else(|| {
        Failure::new(
            Kind::BadInput,
            format!("all orders are still to come, the first at {first}: is the clock right?"),
        )
    })
}

pub(super) fn no_orders() -> Failure {
    Failure::new(Kind::TooLittleData, "the log has no orders")
}
