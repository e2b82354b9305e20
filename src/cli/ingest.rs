//! `mainstay ingest`.

use std::collections::HashSet;

use clap::Args as ClapArgs;
use mainstay_features::history::SentAgain;
use mainstay_features::ingest::Table;
use mainstay_features::watch::Watch;
use serde_json::json;

use super::input::{InputArgs, Settled};
use super::output;
use super::progress::Progress;
use super::reading::{collect, note_counts, note_to_come};
use super::settings::StoreArgs;
use crate::clock;
use crate::events::{self, TakenIn};
use crate::failure::{Failure, Kind};
use crate::store::{Kept, KeptFile, Store};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// Make the history of these files alone, in place of what is kept, as after corrections upstream. What came over the API
    /// before counts no longer, unless the files have it
    #[arg(long)]
    anew: bool,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let progress = Progress::new();
    let mut settled = args.input.settled()?;
    let store = Store::at(&args.store.store);
    if settled.input.has_no_files() && args.anew {
        let why = "no files to make the history of anew: give --purchases and the like, or --config";
        return Err(Failure::new(Kind::Usage, why));
    }
    if settled.input.has_no_files() && store.history()?.is_empty() && !store.has_state() {
        let why = "no files: give --purchases and the like, or --config; without any, ingest takes in what has come over the API";
        return Err(Failure::new(Kind::Usage, why));
    }
    let mut kept = store.history_to_add()?;
    if args.anew {
        kept.begin_anew();
    }

    settled.input.forgotten = store.is_forgotten()?;
    let (new, known) = new_files(&mut settled, &kept, &progress)?;
    let excluded_but_kept = note_excluded_but_kept(&settled, &kept)?;
    let is_contracts = |file: &KeptFile| file.table == Table::Contracts.to_string();
    if new.iter().any(is_contracts) && kept.files().iter().any(is_contracts) {
        output::note(
            "there are contracts in the history already: one that was kept without an end and comes again with it \
             counts twice, and runs on",
        );
    }
    let (mut lines, mut sent_again) = (0, SentAgain::default());
    let count = new.len();
    if !new.is_empty() {
        let collected = collect(&settled, &progress)?;
        note_counts(&collected.counts, Some(&settled.quarantine));
        lines = collected.counts.purchase_lines;
        progress.begin("keep", None);
        let leave_out = settled.input.drop_duplicates;
        let mut addition = kept.write(collected.builders, new, leave_out)?;
        addition.currencies = collected.currencies;
        sent_again = addition.sent_again;
        kept.commit(addition)?;
        progress.end();
        note_sent_again(sent_again, leave_out);
    }
    // After the files: what is in both is then found to be kept already, and counts once.
    let TakenIn { events, to_come } = events::take_in(&store, &mut kept, clock::now())?;
    note_to_come(to_come);
    if let Some(most) = args.input.memory {
        progress.begin("count", None);
        kept.look(most)?;
        progress.end();
    }
    if args.json {
        return output::print_json(&json!({
            "events_taken_in": events,
            "events_set_aside": to_come,
            "files_added": count,
            "files_known": known.len(),
            "purchase_lines_read": lines,
            "orders_sent_again": sent_again.same,
            "orders_sent_again_with_other_amounts": sent_again.other_amount,
            "orders_sent_again_at_other_instants": sent_again.other_instant,
            "left_out": settled.input.drop_duplicates,
            "excluded_but_kept": excluded_but_kept,
            "files": kept.files().len(),
        }));
    }
    if events > 0 {
        output::note(&format!("{events} events that came over the API are in the history now"));
    }
    output::print(&format!(
        "{count} files added, {} known already; the history in {} is of {} files\n",
        known.len(),
        store.history_folder().display(),
        kept.files().len()
    ))
}

/// Takes the files out of an input that are kept already. Returns those that are left, and the names of those taken out.
pub(super) fn new_files(
    settled: &mut Settled,
    kept: &Kept,
    progress: &Progress,
) -> Result<(Vec<KeptFile>, Vec<String>), Failure> {
    progress.begin("compare with what is kept", None);
    settled.is_addition = !kept.is_empty();
    let (mut new, mut known): (Vec<KeptFile>, Vec<String>) = (Vec::new(), Vec::new());
    let kept: HashSet<&KeptFile> = kept.files().iter().collect();
    let mut seen: HashSet<(String, String)> = kept.iter().map(|file| file.identity()).collect();
    for table in Table::ALL {
        let mut to_read = Vec::new();
        for source in std::mem::take(settled.input.files_mut(table)) {
            if source.is_stdin() {
                let why =
                    "-: ingest reads files, as it must know one that is sent again; write it to a file first";
                return Err(Failure::new(Kind::Usage, why));
            }
            let bytes = source.fingerprint()?;
            let of = |told: &str| KeptFile::new(table, source.name(), bytes, told);
            let file = of(&settled.input.told_by_folders(table, &source));
            // Before 2026-12 a file was known by its bytes alone, whatever its folders tell.
            if kept.contains(&of("")) || !seen.insert(file.identity()) {
                known.push(file.name);
            } else {
                new.push(file);
                to_read.push(source);
            }
        }
        *settled.input.files_mut(table) = to_read;
    }
    progress.end();
    if let [first, rest @ ..] = known.as_slice() {
        let and_more =
            if rest.is_empty() { String::new() } else { format!(" and {} files more are", rest.len()) };
        let is = if rest.is_empty() { " is" } else { "" };
        output::note(&format!(
            "{first}{and_more}{is} in the history already, and left as they were read. To read all by other rules, or as they \
             are now: mainstay ingest --anew"
        ));
    }
    Ok((new, known))
}

/// Says which customers are to be left out and are in the history since before; returns how many.
pub(super) fn note_excluded_but_kept(settled: &Settled, kept: &Kept) -> Result<usize, Failure> {
    let excluded = &settled.input.excluded;
    if excluded.is_empty() || kept.is_empty() {
        return Ok(0);
    }
    let known = kept.known(excluded.iter().map(String::as_str))?;
    if let [first, ..] = known[..] {
        output::note(&format!(
            "--exclude: {} of its {} customers are in the history since before, as {first:?}, and stay in it: mainstay ingest --anew \
             (a night: anew = true) makes it without them",
            known.len(),
            excluded.len()
        ));
    }
    Ok(known.len())
}

/// Says which orders came again.
pub(super) fn note_sent_again(orders: SentAgain, left_out: bool) {
    let SentAgain { same, other_amount, other_instant } = orders;
    if same > 0 {
        let what_then = if left_out {
            "they were left out"
        } else {
            "they count twice; --drop-duplicates leaves them out"
        };
        output::note(&format!(
            "{same} orders are in the history already, with their instant and amount: {what_then}"
        ));
    }
    if other_amount > 0 {
        output::note(&format!(
            "{other_amount} orders are in the history already with their instant and another amount: what came now counts \
             beside what is kept. (Were both files read with --drop-duplicates, or both without?)"
        ));
    }
    if other_instant > 0 {
        output::note(&format!(
            "{other_instant} orders are in the history already with their amount and another instant: what came now counts beside \
             what is kept. (Does the feed write its times otherwise than it did? mainstay ingest --anew takes the files as they \
             are now)"
        ));
    }
}
