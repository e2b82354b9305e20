//! `mainstay nightly`: all of a night, in one run.

pub(super) mod config;
mod feed;
mod line;

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::history::SentAgain;
use mainstay_features::ingest::MemorySize;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::decision::Catalogue;
use mainstay_models::model;
use mainstay_models::monitor::monitor;
use serde_json::json;

use self::config::Config;
use super::config::Config as InputConfig;
use super::ingest::{new_files, note_excluded_but_kept, note_sent_again};
use super::input::InputArgs;
use super::list;
use super::output;
use super::progress::Progress;
use super::reading::{collect, known_until, note_counts, note_to_come, rehearse};
use super::running::{Found, Run, input, unbegun};
use super::score::{doubts, nobody, note_objections_since, note_resumed, put_aside, score, write};
use super::scored_out::{ListOut, NewOut, ROWS_PER_FILE};
use super::settings::{built_in_offers, check_folder, read_offers};
use super::show::OutArgs;
use crate::clock;
use crate::events::{self, TakenIn};
use crate::failure::{Failure, Kind};
use crate::scores::ListBasis;
use crate::service::Service;
use crate::store::{RunInput, RunRecord, Store};

#[derive(ClapArgs)]
pub(super) struct Args {
    /// A TOML file that says what to read (docs/input.md), with a section [nightly] (docs/operations.md)
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// How old the feed is is told as of this instant [default: now]
    #[arg(long, value_name = "INSTANT")]
    now: Option<Instant>,
    /// Do everything but change or write anything
    #[arg(long)]
    dry_run: bool,
    /// Print the run's record as JSON instead of a line
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    // Whoever waits for the line gets one, however early a night ends; that it cannot be printed is not why.
    let not_begun = |failure: &Failure| drop(tell(&unbegun("nightly", failure), args));
    let evening = Evening::of(args).inspect_err(not_begun)?;
    let mut run = Run::begin(&evening.store, "nightly", args.dry_run).inspect_err(|failure| {
        let record = unbegun("nightly", failure);
        let _ = tell(&record, args);
        if !args.dry_run {
            let _ = evening.store.save_run(&record);
        }
    })?;
    let result = evening.night(args).work(&mut run, &evening);
    let record = run.end(&result);
    tell(&record, args)?;
    result
}

/// Prints how a night ended.
fn tell(record: &RunRecord, args: &Args) -> Result<(), Failure> {
    if args.json {
        let record =
            serde_json::to_value(record).map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
        output::print_json(&record)
    } else {
        output::print(&format!("{}\n", line::of(record, args.dry_run)))
    }
}

/// What a night goes by.
struct Evening {
    config: Config,
    memory: Option<MemorySize>,
    catalogue: Catalogue,
    list: Option<OutArgs>,
    scores: Option<ListOut>,
    store: Store,
}

impl Evening {
    fn of(args: &Args) -> Result<Self, Failure> {
        // A mistake in a file that is written by hand is one of usage: no feed is to blame.
        let mistake = |failure: Failure| Failure { kind: Kind::Usage, ..failure };
        let whole = InputConfig::read(&args.config).map_err(mistake)?;
        let config = whole.nightly.ok_or_else(|| {
            let none =
                format!("{}: there is no section [nightly]; see docs/operations.md", args.config.display());
            Failure::new(Kind::Usage, none)
        })?;
        let catalogue =
            config.offers.as_deref().map_or_else(built_in_offers, read_offers).map_err(mistake)?;
        let list = config.list.as_deref().map(|out| OutArgs::all_in(out, config.language));
        let scores = config.scores.as_deref().map(|out| ListOut::parse(out, ROWS_PER_FILE)).transpose();
        let scores = scores.map_err(mistake)?;
        scores.iter().try_for_each(ListOut::check)?;
        list.iter().try_for_each(|out| out.check(list::sheet).map(drop)).map_err(mistake)?;
        config.list.iter().try_for_each(|out| check_folder(out))?;
        let store = Store::at(&config.store);
        if !args.dry_run {
            store.prepare()?;
        }
        Ok(Self { config, memory: whole.memory, catalogue, list, scores, store })
    }

    fn night<'a>(&'a self, args: &'a Args) -> Night<'a> {
        let Self { config, memory, store, .. } = self;
        Night { args, config, store, memory: *memory, progress: Progress::new() }
    }
}

struct Night<'a> {
    args: &'a Args,
    config: &'a Config,
    store: &'a Store,
    memory: Option<MemorySize>,
    progress: Progress,
}

impl Night<'_> {
    /// The instant it is, or is said to be.
    fn now(&self) -> Instant {
        self.args.now.unwrap_or_else(clock::now)
    }

    fn work(&self, run: &mut Run<'_>, evening: &Evening) -> Result<(), Failure> {
        let Evening { catalogue, list, scores, .. } = evening;
        let Self { args, config, store, progress, .. } = self;
        run.record.inputs.push(input("config", &args.config, true));
        run.record.inputs.extend(config.offers.iter().map(|path| input("offers", path, true)));
        let service = run.step("model", |record, found| {
            let artifact = store.load_model()?;
            record.model = Some(artifact.name());
            record.inputs.push(input("model", &store.model_path(), true));
            let judged = artifact.training.judged();
            found.insert("judged".to_owned(), json!(judged));
            if config.need_model && artifact.training.kind() == model::Kind::Rule {
                let why = format!(
                    "{} was judged {judged}, and need_model lets no rule serve: train on more history, or take need_model out",
                    artifact.name()
                );
                return Err(Failure::new(Kind::NoModel, why));
            }
            Ok(Service::new(artifact, catalogue.clone(), config.assumptions))
        })?;

        let mut kept = store.history_to_add()?;
        let mut orders_before = None;
        if config.anew {
            orders_before = Some(kept.history(self.memory)?.summary().orders);
            kept.begin_anew();
        }
        let addition = run.step("read", |record, found| self.read(&kept, record, found))?;
        let history = run.step("check", |_, found| {
            progress.begin("read the history", None);
            let history = match &addition {
                Some(addition) => kept.history_with(addition, self.memory)?,
                None => kept.history(self.memory)?,
            };
            progress.end();
            let days_old = feed::check(&history, config, self.now())?;
            orders_before.map_or(Ok(()), |before| feed::check_complete(before, history.summary().orders))?;
            service.check_label(history.given())?;
            found.insert("days_old".to_owned(), json!(days_old));
            found.insert("orders".to_owned(), json!(history.summary().orders));
            found.insert("customers".to_owned(), json!(history.summary().customers));
            Ok(history)
        })?;
        if let (Some(addition), false) = (addition, args.dry_run) {
            run.step("ingest", |_, _| kept.commit(addition))?;
        }
        // After the files: what is in both is then found to be kept already, and counts once.
        let history = if args.dry_run {
            history
        } else {
            let events = run.step("events", |_, found| {
                let TakenIn { events, to_come } = events::take_in(store, &mut kept, self.now())?;
                note_to_come(to_come);
                found.insert("events_taken_in".to_owned(), json!(events));
                found.insert("events_set_aside".to_owned(), json!(to_come));
                Ok(events)
            })?;
            let history = if events > 0 { kept.history(self.memory)? } else { history };
            kept.note(&history)?;
            history
        };
        let currencies = kept.currencies().clone();
        drop(kept);
        let as_of = known_until(&history, self.now())?;
        run.record.as_of = Some(as_of.to_string());
        let doubts = doubts(&service, &history, as_of);
        doubts.iter().for_each(|doubt| output::note(doubt));

        let objecting = store.load_suppressed()?;
        let (scored, new) = run.step("score", |record, found| {
            let scored = score(&service, store, &history, as_of, !args.dry_run, progress)?;
            note_resumed(&scored, found);
            if scored.is_empty() {
                return Err(nobody(&service, as_of));
            }
            let (new, totals) = if args.dry_run {
                (None, put_aside(&scored, &service)?)
            } else {
                let (new, totals) = write(&scored, &service, store, config.language, progress)?;
                (Some(new), totals)
            };
            (record.rows, record.suppressed) = (Some(totals.rows), Some(totals.suppressed));
            found.insert("actions".to_owned(), json!(totals.caveats.actions));
            found.insert("net_value".to_owned(), json!(totals.caveats.net_value));
            let sentences = totals.sentences(&service);
            sentences.iter().for_each(|caveat| output::note(caveat));
            found.insert("caveats".to_owned(), json!(sentences));
            found.insert("doubts".to_owned(), json!(doubts));
            found.insert("currencies".to_owned(), json!(currencies));
            let beyond = totals.caveats.beyond_capacity(catalogue);
            found.insert(
                "beyond_capacity".to_owned(),
                beyond.iter().map(|(offer, customers, capacity)| json!({"offer": offer, "customers": customers, "capacity": capacity})).collect(),
            );
            // Of the list before: this one is not in its place yet. One that cannot be read is in nobody's way.
            let before = store.load_list_about().ok().flatten().and_then(|about| about.basis);
            let others = before.map_or(Vec::new(), |before| ListBasis::of(&service).differences(&before));
            found.insert("decided_otherwise".to_owned(), json!(others));
            Ok((scored, new))
        })?;
        run.step("drift", |_, found| {
            progress.begin("drift", None);
            let report = monitor(service.artifact(), &history, as_of, scored.tally())?;
            progress.end();
            let (drifted, psi) = (report.has_drifted(), report.said.psi);
            found.insert("drifted".to_owned(), json!(drifted));
            found.insert("train_again".to_owned(), json!(report.calls_for_training()));
            found.insert("churn_probability_psi".to_owned(), json!(psi));
            if drifted && config.stop_on_drift {
                let then = if report.calls_for_training() { ", and train again" } else { "" };
                let why = format!(
                    "the customers are no longer those the model was trained on, and stop_on_drift is set: the list before is \
                     still the newest; see mainstay drift{then}"
                );
                return Err(Failure::new(Kind::Drifted, why));
            }
            Ok(())
        })?;
        let Some(new) = new else { return Ok(()) };
        run.step("list", |record, found| {
            let out =
                scores.as_ref().map(|out| out.write(&scored, &service, &new, config.language)).transpose()?;
            new.commit()?;
            out.map_or(Ok(()), NewOut::commit)?;
            record.outputs.push(store.scores_path().display().to_string());
            if let Some(out) = scores {
                record.outputs.push(out.place(as_of).display().to_string());
                note_objections_since(store, &objecting, &out.place(as_of))?;
            }
            let Some(out) = list else {
                list::note_other_question(store);
                return Ok(());
            };
            let rows = list::write_newest(store, service.catalogue(), out, config.list_top)?;
            found.insert("rows".to_owned(), json!(rows));
            record.outputs.extend(config.list.iter().map(|out| out.display().to_string()));
            Ok(())
        })
    }

    /// Reads what is new of the files, and writes it beside the history.
    fn read(
        &self,
        kept: &crate::store::Kept,
        record: &mut RunRecord,
        found: &mut Found,
    ) -> Result<Option<crate::store::Addition>, Failure> {
        let mut settled = InputArgs::of_config(&self.args.config).settled()?;
        settled.input.forgotten = self.store.is_forgotten()?;
        let (new, known) = new_files(&mut settled, kept, &self.progress)?;
        found.insert("excluded_but_kept".to_owned(), json!(note_excluded_but_kept(&settled, kept)?));
        found.insert("files_new".to_owned(), json!(new.len()));
        found.insert("files_known".to_owned(), json!(known.len()));
        record.quarantined = Some(0);
        if kept.manifest_path().exists() {
            record.inputs.push(input("history", &kept.manifest_path(), true));
        }
        if new.is_empty() {
            return Ok(None);
        }
        record.inputs.extend(new.iter().map(|file| RunInput {
            xxh3_128: Some(file.fingerprint.clone()),
            ..input(&file.table, Path::new(&file.name), false)
        }));
        let collect = if self.args.dry_run { rehearse } else { collect };
        let collected = collect(&settled, &self.progress)?;
        note_counts(&collected.counts, (!self.args.dry_run).then_some(&settled.quarantine));
        record.quarantined = Some(collected.counts.bad);
        found.insert("purchase_lines".to_owned(), json!(collected.counts.purchase_lines));
        let leave_out = settled.input.drop_duplicates;
        let mut addition = kept.write(collected.builders, new, leave_out)?;
        addition.currencies = collected.currencies;
        note_sent_again(addition.sent_again, leave_out);
        let SentAgain { same, other_amount, other_instant } = addition.sent_again;
        found.insert("orders_sent_again".to_owned(), json!(same));
        found.insert("orders_sent_again_with_other_amounts".to_owned(), json!(other_amount));
        found.insert("orders_sent_again_at_other_instants".to_owned(), json!(other_instant));
        found.insert("sent_again_left_out".to_owned(), json!(leave_out));
        Ok(Some(addition))
    }
}
