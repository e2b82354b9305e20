//! `mainstay features`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::feature::Feature;
use mainstay_features::registry;
use mainstay_features::table::Table;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use super::input::{InputArgs, StoreArgs, check_folder};
use super::output;
use super::progress::Progress;
use crate::failure::{Failure, Kind};
use crate::feature_file::write_features;
use crate::scores::Format;
use crate::store::{Store, write_whole};

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    store: StoreArgs,
    /// The instants to compute the features at; several give an as_of column
    #[arg(long, required = true, num_args = 1.., value_name = "INSTANT")]
    as_of: Vec<Instant>,
    /// The population is who bought within this time
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// Which features or families of features (docs/features.md), separated by commas [default: all that the files
    /// can tell]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    features: Vec<String>,
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
    let asked_for = chosen(&args.features)?;
    check_folder(&args.out)?;
    let mut as_of = args.as_of.clone();
    as_of.sort_unstable();
    as_of.dedup();

    let progress = Progress::new();
    let history = args.input.read(&Store::at(&args.store.store), &progress)?;
    let features = if asked_for.is_empty() { registry::told_by(history.given()) } else { asked_for };
    let table = Table { as_of, lookback: args.lookback, features };
    let mut rows = 0;
    progress.begin("compute and write features", Some(history.len() as u64));
    write_whole(&args.out, |out| {
        rows = write_features(&history, &table, &progress, out)?;
        Ok(())
    })?;
    progress.end();
    output::print(&format!("{rows} rows of {} features in {}\n", table.features.len(), args.out.display()))
}

/// The features of these names, each once.
fn chosen(names: &[String]) -> Result<Vec<&'static Feature>, Failure> {
    let mut chosen: Vec<&Feature> = Vec::new();
    for name in names {
        let found = registry::named(name).ok_or_else(|| {
            let families: Vec<&str> = registry::FAMILIES.iter().map(|family| family.name).collect();
            let known = format!("docs/features.md lists them; the families are {}", families.join(", "));
            Failure::new(
                Kind::Usage,
                format!("--features {name}: no feature or family has this name; {known}"),
            )
        })?;
        for feature in found {
            if chosen.iter().all(|known| known.name != feature.name) {
                chosen.push(feature);
            }
        }
    }
    Ok(chosen)
}
