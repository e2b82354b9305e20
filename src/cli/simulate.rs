//! `mainstay simulate`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::simulate::Shop;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;
use serde_json::{Map, Value, json};

use super::output;
use super::progress::Progress;
use crate::failure::{Failure, Kind};
use crate::simulated_files::{FILES, TRUTH_JSON, write_shop};

#[derive(ClapArgs)]
pub(super) struct Args {
    /// The folder to write the files into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many customers there are
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    customers: u64,
    /// Where the randomness starts
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// The shop's first instant
    #[arg(long, value_name = "INSTANT", default_value = "2022-01-01")]
    begin: Instant,
    /// The instant the files end before, and at which truth is told
    #[arg(long, value_name = "INSTANT", default_value = "2024-01-01")]
    end: Instant,
    /// Churned means no purchase within this time after the end; a contact works for as long
    #[arg(long, value_name = "DAYS", default_value = "90d")]
    horizon: Days,
    /// Print the outcome as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let shop = Shop::new(args.seed, args.customers, args.begin, args.end, args.horizon)
        .map_err(|error| Failure::new(Kind::Usage, error.to_string()))?;
    let replaced = args.out.join(TRUTH_JSON).exists();
    let progress = Progress::new();
    // Every file is a pass over the customers.
    progress.begin("simulate", Some(shop.customers() * FILES.len() as u64));
    let rows = write_shop(&shop, &args.out, &progress)?;
    progress.end();

    let folder = args.out.display();
    if replaced {
        output::note(&format!(
            "the made-up shop that was in {folder} is no more: this one has taken its place"
        ));
    }
    if args.json {
        let files: Map<String, Value> =
            FILES.iter().zip(rows).map(|(&name, rows)| (name.to_owned(), json!(rows))).collect();
        return output::print_json(&json!({
            "out": folder.to_string(),
            "customers": shop.customers(),
            "seed": shop.seed(),
            "rows": files,
            "seconds": progress.seconds("simulate"),
        }));
    }
    let files: Vec<Vec<String>> =
        FILES.iter().zip(rows).map(|(&name, rows)| vec![name.to_owned(), rows.to_string()]).collect();
    let table = output::table(&["file", "rows"], &files);
    output::print(&format!("{table}\n{TRUTH_JSON} has the settings and parameters; all in {folder}\n"))
}
