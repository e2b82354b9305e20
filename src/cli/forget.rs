//! `mainstay forget`: erasing a customer.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::ids::{note_strangers, read_ids, strangers};
use super::output;
use super::settings::StoreArgs;
use crate::erasure::{Erased, forget};
use crate::events::check_id;
use crate::failure::{Failure, Kind};

#[derive(ClapArgs)]
pub(super) struct Args {
    /// The customers; without any, those who were forgotten before and have come back, as by a backup
    #[arg(value_name = "CUSTOMER")]
    customers: Vec<String>,
    /// A file with a customer a line; blanks around count where quotation marks are around them
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut customers = args.customers.clone();
    if let Some(path) = &args.file {
        customers.extend(read_ids(path)?);
    }
    customers.iter().try_for_each(|id| check_id(|| "customer".to_owned(), id))?;
    let store = args.store.existing()?;
    if customers.is_empty() && store.load_forgotten()?.is_none() {
        return Err(Failure::new(Kind::Usage, "nobody has been forgotten yet: name a customer"));
    }
    let strangers = strangers(&store, &customers);
    let erased = forget(&store, &customers)?;
    // Who was forgotten before is none either.
    if erased.newly_marked > 0 {
        note_strangers(strangers);
    }
    if args.json {
        let told = serde_json::to_value(&erased);
        return output::print_json(&told.map_err(|error| Failure::new(Kind::Internal, error.to_string()))?);
    }
    output::print(&to_text(&erased))?;
    output::note(
        "backups, lists and other files outside the store have them still: remove those, or forget again once a backup is \
         restored (docs/operations.md)",
    );
    Ok(())
}

fn to_text(erased: &Erased) -> String {
    let Erased { newly_marked, marked, in_history, events, list_rows, objections, run_messages } = erased;
    format!(
        "{newly_marked} customers marked as forgotten, {marked} in all: what comes of them is left out\n\
         taken out: {in_history} customers of the kept history, {events} events, {list_rows} rows of scored lists, {objections} \
         objections, {run_messages} messages of runs\n"
    )
}
