//! `mainstay features`.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use mainstay_features::feature::Feature;
use mainstay_features::profile::{self, Attribute};
use mainstay_features::registry;
use mainstay_features::table::Table;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use super::input::{InputArgs, temporary_folder};
use super::output;
use super::progress::Progress;
use super::settings::{StoreArgs, check_folder};
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
    /// The population is who bought within this time, or with contracts whose runs
    #[arg(long, value_name = "DAYS", default_value = "365d")]
    lookback: Days,
    /// Which features or families of features (docs/features.md), separated by commas; the attributes of customers files
    /// are the family attributes [default: all that the files can tell]
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
    // Attributes are known once they are read; where there are none, a wrong name is told before that.
    if !args.input.may_have_customers() {
        chosen(&args.features, &[])?;
    }
    check_folder(&args.out)?;
    let mut as_of = args.as_of.clone();
    as_of.sort_unstable();
    as_of.dedup();

    let progress = Progress::new();
    let (store, outputs) = (Store::at(&args.store.store), [args.out.as_path()]);
    let last = *as_of.last().unwrap_or(&Instant::MAX);
    let history = args.input.read_until(last, &store, &outputs, &progress)?;
    let mut attributes = profile::attributes(&history);
    note_undated(&attributes);
    attributes.retain(Attribute::is_feature);
    let Columns { features, attributes } = if args.features.is_empty() {
        Columns { features: registry::told_by(history.given()), attributes }
    } else {
        chosen(&args.features, &attributes)?
    };
    let table = Table { as_of, lookback: args.lookback, features, attributes };
    let mut rows = 0;
    progress.begin("compute and write features", Some(history.summary().customers as u64));
    write_whole(&args.out, |out| {
        rows = write_features(&history, &table, &temporary_folder(), &progress, out)?;
        Ok(())
    })?;
    progress.end();
    if rows == 0 {
        output::note("nobody is in the population at any of the instants: the file has columns and no rows");
    }
    let attributes = match table.attributes.len() {
        0 => String::new(),
        number => format!(" and {number} attributes"),
    };
    let features = table.features.len();
    output::print(&format!("{rows} rows of {features} features{attributes} in {}\n", args.out.display()))
}

/// The columns of a table.
#[derive(Default)]
struct Columns {
    features: Vec<&'static Feature>,
    attributes: Vec<Attribute>,
}

/// The features and attributes of these names, each once.
fn chosen(names: &[String], attributes: &[Attribute]) -> Result<Columns, Failure> {
    let mut chosen = Columns::default();
    for name in names {
        if let Some(found) = registry::named(name) {
            for feature in found {
                if chosen.features.iter().all(|known| known.name != feature.name) {
                    chosen.features.push(feature);
                }
            }
            continue;
        }
        let found = attributes.iter().filter(|attribute| name == "attributes" || attribute.name == *name);
        let found: Vec<&Attribute> = found.collect();
        if found.is_empty() {
            return Err(unknown(name));
        }
        for attribute in found {
            if !chosen.attributes.contains(attribute) {
                chosen.attributes.push(attribute.clone());
            }
        }
    }
    Ok(chosen)
}

fn unknown(name: &str) -> Failure {
    let families: Vec<&str> = registry::FAMILIES.iter().map(|family| family.name).collect();
    let known = format!("docs/features.md lists them; the families are {}", families.join(", "));
    Failure::new(
        Kind::Usage,
        format!(
            "--features {name}: no feature or family has this name; {known}, and attributes where customers files say \
             from when on they are valid (valid_from)"
        ),
    )
}

/// Says which attributes have rows that are part of no feature.
fn note_undated(attributes: &[Attribute]) {
    let undated = attributes.iter().filter(|attribute| attribute.has_undated && !attribute.is_private());
    let names: Vec<&str> = undated.map(|attribute| attribute.name.as_str()).collect();
    if !names.is_empty() {
        output::note(&format!(
            "rows without valid_from are part of no feature, as nothing says since when they are so: {}",
            names.join(", ")
        ));
    }
}
