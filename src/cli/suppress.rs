//! `mainstay suppress`: who has objected to marketing.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::ids::{note_strangers, read_ids, strangers};
use super::output;
use super::settings::StoreArgs;
use crate::events::check_id;
use crate::failure::Failure;
use crate::store::Store;
use crate::suppressed::Suppressed;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Add customers: they are in no list from now on, and the API recommends nothing for them
    Add(WhoArgs),
    /// Take customers off again
    Remove(WhoArgs),
    /// Print the customers who have objected, one a line
    List(ListArgs),
}

#[derive(ClapArgs)]
struct WhoArgs {
    /// The customers
    #[arg(value_name = "CUSTOMER", required_unless_present = "file")]
    customers: Vec<String>,
    /// A file with a customer a line; blanks around count where quotation marks are around them
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(ClapArgs)]
struct ListArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl WhoArgs {
    fn ids(&self) -> Result<Vec<String>, Failure> {
        let mut ids = self.customers.clone();
        if let Some(path) = &self.file {
            ids.extend(read_ids(path)?);
        }
        ids.iter().try_for_each(|id| check_id(|| "customer".to_owned(), id))?;
        Ok(ids)
    }

    /// Changes who is suppressed; says how many of those named changed.
    fn change(
        &self,
        change: fn(&mut Suppressed, &str) -> bool,
        done: &str,
        not_needed: &str,
    ) -> Result<(), Failure> {
        let ids = self.ids()?;
        // An objection in a folder that nobody looks into would be lost.
        let (suppressed, changed) = self
            .store
            .existing()?
            .change_suppressed(|suppressed| ids.iter().filter(|id| change(suppressed, id)).count())?;
        let rest = match ids.len() - changed {
            0 => String::new(),
            rest => format!("; {rest} {not_needed}"),
        };
        output::print(&format!("{changed} {done}{rest}; {} have objected in all\n", suppressed.len()))
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Add(who) => {
            who.change(Suppressed::add, "added", "were there already")?;
            note_strangers(strangers(&Store::at(&who.store.store), &who.ids()?));
            Ok(())
        }
        Command::Remove(who) => who.change(Suppressed::remove, "taken off", "were not there"),
        Command::List(args) => {
            let suppressed = args.store.existing()?.load_suppressed()?;
            if args.json {
                return output::print_json(&json!(suppressed.ids().collect::<Vec<_>>()));
            }
            output::print(&suppressed.ids().map(output::line).collect::<String>())
        }
    }
}
