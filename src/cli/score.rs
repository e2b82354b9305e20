//! `mainstay score`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::language::Language;
use mainstay_models::monitor::Likeness;
use serde_json::json;

use super::input::InputArgs;
use super::list::note_other_question;
use super::newcomers;
use super::output;
use super::progress::Progress;
use super::reading;
use super::running::{Found, Run, input};
use super::scored_out::{ListOut, ROWS_PER_FILE};
use super::settings::{MoneyArgs, StoreArgs};
use super::totals::Totals;
use crate::failure::{Failure, Kind};
use crate::scores::{Aside, Format, ListAbout, ListBasis, ListFile, ScoredPopulation};
use crate::service::Service;
use crate::store::{NewList, Store};
use crate::suppressed::Suppressed;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// Score as of this instant [default: the last order's, or start of a contract]
    #[arg(long, value_name = "INSTANT")]
    as_of: Option<Instant>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    money: MoneyArgs,
    /// In which language its reasons and evidence are told: en or zh. `mainstay list` tells them in any
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    language: Language,
    /// What to write: a .parquet or .csv file, or a folder, ending in /, for a partition of the day scored at
    #[arg(long, value_name = "FILE|FOLDER/")]
    out: PathBuf,
    /// Leave the store's newest list as it is, as for a day of the past
    #[arg(long)]
    apart: bool,
    /// How many customers a file of a partition has
    #[arg(long, value_name = "N", default_value_t = ROWS_PER_FILE)]
    rows_per_file: NonZeroUsize,
    /// Do everything but write
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let out = ListOut::parse(&args.out, args.rows_per_file)?;
    out.check()?;
    let store = Store::at(&args.store.store);
    let service = Service::new(store.load_model()?, args.money.catalogue()?, args.money.assumptions());
    if !args.dry_run {
        store.prepare()?;
    }
    let mut run = Run::begin(&store, "score", args.dry_run)?;
    let result = work(args, &out, &store, &service, &mut run);
    run.end(&result);
    output::print(&result?)
}

fn work(
    args: &Args,
    out: &ListOut,
    store: &Store,
    service: &Service,
    run: &mut Run<'_>,
) -> Result<String, Failure> {
    let progress = Progress::new();
    run.record.model = Some(service.artifact().name());
    run.record.inputs.push(input("model", &store.model_path(), true));
    let history = run.step("read", |record, _| {
        let read = if args.dry_run { InputArgs::read_only } else { InputArgs::read };
        let history = read(&args.input, store, &[&args.out], &progress)?;
        record.inputs.extend(args.input.on_record(store)?);
        Ok(history)
    })?;
    let as_of = reading::as_of(args.as_of, &history)?;
    run.record.as_of = Some(as_of.to_string());
    args.money.note_assumed();
    doubts(service, &history, as_of).iter().for_each(|doubt| output::note(doubt));
    let objecting = store.load_suppressed()?;
    let scored = run.step("score", |_, found| {
        let scored = score(service, store, &history, as_of, !args.dry_run, &progress)?;
        note_resumed(&scored, found);
        Ok(scored)
    })?;
    if scored.is_empty() {
        return Err(nobody(service, as_of));
    }
    let likeness = run.step("compare", |_, found| {
        let likeness = Likeness::of(service.artifact(), scored.tally());
        found.insert("features_far_from_training".to_owned(), json!(likeness.far));
        found.insert("features".to_owned(), json!(likeness.columns));
        Ok(likeness)
    })?;
    let place = format!("in {}", out.place(as_of).display());
    let totals = if args.dry_run {
        put_aside(&scored, service)?
    } else {
        run.step("write", |record, _| {
            // All are whole beside their places before any is put there.
            let (list, totals) = write(&scored, service, store, args.language, &progress)?;
            let new = out.write(&scored, service, &list, args.language)?;
            (record.rows, record.suppressed) = (Some(totals.rows), Some(totals.suppressed));
            if args.apart {
                drop(list);
            } else {
                list.commit()?;
                record.outputs.push(store.scores_path().display().to_string());
            }
            new.commit()?;
            record.outputs.push(out.place(as_of).display().to_string());
            note_objections_since(store, &objecting, &out.place(as_of))?;
            if !args.apart {
                note_other_question(store);
            }
            Ok(totals)
        })?
    };
    let place = if args.dry_run { "(dry run: nothing was written)" } else { &place };
    Ok(warning(likeness) + &totals.summary(service, place))
}

/// What comes before everything else where the customers are hardly those the model is of.
fn warning(likeness: Likeness) -> String {
    let Likeness { far, columns, amounts_are_far } = likeness;
    if !likeness.is_doubtful() {
        let amounts = "WARNING: what purchases come to is far from what it was in the model's training. Are they in another currency or \
                       unit? Then no value is right: train anew\n\n";
        return if amounts_are_far { amounts.to_owned() } else { String::new() };
    }
    format!(
        "WARNING: {far} of the {columns} features that the model sees are far from what they were in its training. Is it a model \
         of this shop? Then train it anew; mainstay drift tells what moved\n\n"
    )
}

/// What the list amounts to, without writing it.
pub(super) fn put_aside(scored: &ScoredPopulation, service: &Service) -> Result<Totals, Failure> {
    let mut totals = Totals::of(scored, service);
    let added = scored.each(service.catalogue(), |scores| {
        totals.add(scores);
        Ok(())
    });
    added.map_err(|cause| Failure::new(Kind::Output, format!("rows put aside cannot be read: {cause}")))?;
    Ok(totals)
}

/// Scores a history; rows are put aside in the store's folder, where the list will be. With `goes_on`, customers of a kept history
/// are taken over that a run before has scored, which was killed, and a kill of this one leaves those for the next: only who
/// has the lock of runs may ask for that.
pub(super) fn score(
    service: &Service,
    store: &Store,
    history: &Histories,
    as_of: Instant,
    goes_on: bool,
    progress: &Progress,
) -> Result<ScoredPopulation, Failure> {
    let (suppressed, folder) = (store.load_suppressed()?, store.folder());
    let aside = if goes_on {
        Aside::of(folder, service, history, as_of, &suppressed)
    } else {
        Aside::nameless(folder)
    };
    let aside = aside.map_err(|cause| Failure::output(folder, cause))?;
    ScoredPopulation::of(service, history, as_of, &suppressed, aside, progress)
}

/// Says how many objected while a list was made that is not the store's: from that one they are left out when it is read.
pub(super) fn note_objections_since(store: &Store, before: &Suppressed, place: &Path) -> Result<(), Failure> {
    let since = store.load_suppressed()?.since(before);
    if since > 0 {
        output::note(&format!(
            "WARNING: {since} customers objected to marketing while this ran, and may be in {}: make it again before it is used",
            place.display()
        ));
    }
    Ok(())
}

/// Says how many customers a run before had scored.
pub(super) fn note_resumed(scored: &ScoredPopulation, found: &mut Found) {
    if let resumed @ 1.. = scored.resumed() {
        output::note(&format!("{resumed} customers were scored already, by a run that was killed"));
        found.insert("customers_resumed".to_owned(), json!(resumed));
    }
}

/// Writes the store's list.
pub(super) fn write(
    scored: &ScoredPopulation,
    service: &Service,
    store: &Store,
    language: Language,
    progress: &Progress,
) -> Result<(NewList, Totals), Failure> {
    let mut totals = Totals::of(scored, service);
    progress.begin("write", Some(scored.len() as u64));
    let list = store.write_list(scored.as_of(), |out| {
        let mut file = ListFile::new(Format::Parquet, language, out);
        scored.each(service.catalogue(), |scores| {
            totals.add(scores);
            progress.advance(scores.rows.len() as u64);
            file.add(scores)
        })?;
        file.finish_telling(&ListAbout::new(scored.as_of(), scored.tiers(), ListBasis::of(service)))
    })?;
    progress.end();
    Ok((list, totals))
}

/// A log that ends so many days before the instant is rarely whole.
const SILENT_DAYS: i64 = 3;
/// A log of less has no season twice.
const TWO_YEARS_DAYS: i64 = 730;

/// What makes scores of this history at this instant less than the model promises.
pub(super) fn doubts(service: &Service, history: &Histories, as_of: Instant) -> Vec<String> {
    let (mut doubts, given) = (Vec::new(), history.given());
    let silent_days = history.summary().span.map_or(0, |(_, last)| as_of.days_since(last));
    if silent_days >= SILENT_DAYS {
        doubts.push(format!(
            "the log's last order is {silent_days} days before {as_of}: orders that came since and are not in it count as silence, and \
             everybody looks like leaving"
        ));
    }
    let artifact = service.artifact();
    let (_, known_until) = artifact.data_span;
    if as_of < known_until {
        doubts.push(format!(
            "the model was trained on what was known at {known_until}, after {as_of}: these scores are no fair test of it"
        ));
    }
    let age_days = as_of.days_since(known_until);
    let (_, shift) = artifact.training.serving();
    // A third of a horizon on, other customers are at stake in another season.
    if shift != 0.0 && age_days > i64::from(artifact.settings.horizon.get()) / 3 {
        doubts.push(format!(
            "the model's shift for the season was estimated for {known_until}, {age_days} days before: train again"
        ));
    }
    if artifact.training.label == Label::NoPurchase {
        let learnt_from = known_until.minus(artifact.settings.horizon).calendar_day();
        let mut unknown = history.newcomers().odd_waves(as_of);
        unknown.retain(|wave| wave.days.0.midpoint(wave.days.1) > learnt_from);
        if let Some(unknown) = newcomers::told(&unknown) {
            doubts.push(format!(
                "{unknown}. The model learnt from no such newcomers, and takes them for those before: what it says of customers with \
                 few orders since then is not to be relied on: train again when a horizon has passed since they came"
            ));
        }
    }
    let (first, _) = artifact.data_span;
    let log_days = known_until.days_since(first);
    if shift != 0.0 && log_days < TWO_YEARS_DAYS {
        doubts.push(format!(
            "all probabilities are shifted by {shift:+.2} in log-odds for what was seen last, and the log of {log_days} days is too short to \
             tell a season, which may end, from a trend"
        ));
    }
    if artifact.training.complaints && !given.complaints {
        doubts.push(
            "the model was trained with complaints, and there are none here: give --complaints, or everyone counts as content"
                .to_owned(),
        );
    }
    let untold: Vec<&str> = service.features().untold_by(given).map(|feature| feature.name).collect();
    if !untold.is_empty() {
        doubts.push(format!(
            "the model was trained with {}, which these files cannot tell: they count as unknown",
            untold.join(", ")
        ));
    }
    let waits =
        service.catalogue().offers().iter().find(|offer| offer.eligibility().days_since_contact > 0.0);
    if let Some(offer) = waits.filter(|_| !given.contacts) {
        doubts.push(format!(
            "the offer {} waits for days since the last contact, and nothing is told of contacts: give --contacts, or it is made as if \
             nobody had been contacted",
            offer.name()
        ));
    }
    doubts
}

/// The population is empty.
pub(super) fn nobody(service: &Service, as_of: Instant) -> Failure {
    let artifact = service.artifact();
    let why = match artifact.training.label {
        Label::NoPurchase => {
            format!("nobody bought in the {} days before {as_of}", artifact.settings.lookback.get())
        }
        Label::ContractEnd => format!("no contract of a customer with a purchase runs at {as_of}"),
    };
    Failure::new(Kind::TooLittleData, format!("{why}; nothing was written"))
}
