//! `mainstay features`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::table::Snapshot;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use super::input::{InputArgs, check_folder};
use super::output;
use super::progress::Progress;
use crate::failure::{Failure, Kind};
use crate::scores::{Format, write_features};
use crate::store::write_whole;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    /// The instants to compute the features at; several give an as_of column
    #[arg(long, required = true, num_args = 1.., value_name = "INSTANT")]
    as_of: Vec<Instant>,
    /// The population is who bought within this time
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// The Parquet file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if Format::of(&args.out) != Some(Format::Parquet) {
        return Err(Failure::new(
            Kind::Usage,
            format!("--out {}: features are written as .parquet", args.out.display()),
        ));
    }
    check_folder(&args.out)?;
    let mut instants = args.as_of.clone();
    instants.sort_unstable();
    instants.dedup();

    let progress = Progress::new();
    let history = args.input.read(&progress)?;
    progress.begin("compute features", Some(instants.len() as u64));
    let snapshots: Vec<Snapshot> = instants
        .iter()
        .map(|&as_of| {
            let snapshot = Snapshot::take(&history, as_of, args.lookback);
            progress.advance(1);
            snapshot
        })
        .collect();
    progress.end();
    write_whole(&args.out, |out| write_features(&history, &snapshots, out))?;
    let rows: usize = snapshots.iter().map(|snapshot| snapshot.rows.len()).sum();
    output::print(&format!("{rows} rows in {}\n", args.out.display()))
}
