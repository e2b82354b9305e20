//! The input's configuration: a TOML file that says what the flags say, once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mainstay_features::ingest::{
    Condition, Encoding, EpochUnit, MaxBadRows, MemorySize, Numbers, TimeFormat, Zone,
};
use serde::Deserialize;

use super::input::{Renamed, parse_delimiter, parse_named};
use super::nightly::config as nightly;
use super::small;
use crate::failure::{Failure, Kind};
use crate::store::folder_of;

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    purchases: Vec<PathBuf>,
    #[serde(default)]
    complaints: Vec<PathBuf>,
    #[serde(default)]
    contacts: Vec<PathBuf>,
    #[serde(default)]
    customers: Vec<PathBuf>,
    #[serde(default)]
    contracts: Vec<PathBuf>,
    #[serde(default)]
    columns: BTreeMap<String, String>,
    #[serde(default, rename = "where")]
    conditions: Vec<String>,
    exclude: Option<PathBuf>,
    time_zone: Option<String>,
    ts_unit: Option<String>,
    #[serde(default)]
    ts_formats: Vec<String>,
    #[serde(default)]
    decimal_comma: bool,
    #[serde(default)]
    thousands_comma: bool,
    encoding: Option<String>,
    delimiter: Option<String>,
    max_bad_rows: Option<String>,
    #[serde(default)]
    drop_duplicates: bool,
    memory: Option<String>,
    quarantine: Option<PathBuf>,
    nightly: Option<nightly::Written>,
}

/// What it says; paths in it are from its own folder.
#[derive(Default)]
pub(super) struct Config {
    pub(super) purchases: Vec<PathBuf>,
    pub(super) complaints: Vec<PathBuf>,
    pub(super) contacts: Vec<PathBuf>,
    pub(super) customers: Vec<PathBuf>,
    pub(super) contracts: Vec<PathBuf>,
    pub(super) columns: Vec<Renamed>,
    pub(super) conditions: Vec<Condition>,
    pub(super) exclude: Option<PathBuf>,
    pub(super) time_zone: Option<Zone>,
    pub(super) ts_unit: Option<EpochUnit>,
    pub(super) ts_formats: Vec<TimeFormat>,
    pub(super) numbers: Numbers,
    pub(super) encoding: Option<Encoding>,
    pub(super) delimiter: Option<u8>,
    pub(super) max_bad_rows: Option<MaxBadRows>,
    pub(super) drop_duplicates: bool,
    pub(super) memory: Option<MemorySize>,
    pub(super) quarantine: Option<PathBuf>,
    /// What only `mainstay nightly` reads.
    pub(super) nightly: Option<nightly::Config>,
}

impl Config {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = small::read(path, small::SETTINGS)?;
        Self::parse(&text, folder_of(path)).map_err(|error| {
            Failure::new(Kind::BadInput, format!("{}: {}", path.display(), error.trim_end()))
        })
    }

    fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
        let here = |path: PathBuf| if path.as_os_str() == "-" { path } else { folder.join(path) };
        let all_here = |paths: Vec<PathBuf>| paths.into_iter().map(here).collect();
        let column = |(name, column): (String, String)| -> Result<Renamed, String> {
            let (table, named) = parse_named(&name).map_err(|error| format!("columns: {error}"))?;
            Ok((table, named, column))
        };
        Ok(Self {
            purchases: all_here(written.purchases),
            complaints: all_here(written.complaints),
            contacts: all_here(written.contacts),
            customers: all_here(written.customers),
            contracts: all_here(written.contracts),
            columns: written.columns.into_iter().map(column).collect::<Result<_, _>>()?,
            conditions: written
                .conditions
                .iter()
                .map(|text| text.parse().map_err(|error| format!("where: {error}")))
                .collect::<Result<_, String>>()?,
            exclude: written.exclude.map(here),
            time_zone: parsed("time_zone", written.time_zone)?,
            ts_unit: parsed("ts_unit", written.ts_unit)?,
            ts_formats: written
                .ts_formats
                .iter()
                .map(|text| text.parse().map_err(|error| format!("ts_formats: {error}")))
                .collect::<Result<_, String>>()?,
            numbers: Numbers::of_commas(written.decimal_comma, written.thousands_comma)
                .ok_or("decimal_comma and thousands_comma: a comma is one of both")?,
            encoding: parsed("encoding", written.encoding)?,
            delimiter: written
                .delimiter
                .map(|text| parse_delimiter(&text).map_err(|error| format!("delimiter: {error}")))
                .transpose()?,
            max_bad_rows: parsed("max_bad_rows", written.max_bad_rows)?,
            drop_duplicates: written.drop_duplicates,
            memory: parsed("memory", written.memory)?,
            quarantine: written.quarantine.map(here),
            nightly: written.nightly.map(|nightly| nightly.parsed(folder)).transpose()?,
        })
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(name: &str, text: Option<String>) -> Result<Option<T>, String> {
    text.map(|text| text.parse().map_err(|error| format!("{name}: {error}"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_documents_is_read() {
        let documented = include_str!("../../docs/input.md");
        let example = documented.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        let config = Config::parse(example, Path::new("/shop")).unwrap();
        assert_eq!(config.purchases, [PathBuf::from("/shop/orders/*.parquet")]);
        assert_eq!((config.columns.len(), config.conditions.len()), (2, 1));
        assert!(config.time_zone.is_some() && config.max_bad_rows.is_some());
    }

    #[test]
    fn what_it_does_not_know_is_refused_with_the_place() {
        for (text, message) in [
            ("purchase = []", "unknown field `purchase`"),
            ("time_zone = \"Mars\"", "time_zone: \"Mars\" is not a time zone"),
            ("where = [\"a ~ b\"]", "where: \"a ~ b\" is not a condition"),
            ("[columns]\n\"orders.ts\" = \"t\"", "columns: \"orders\" is not purchases"),
        ] {
            let error = Config::parse(text, Path::new(".")).err().unwrap();
            assert!(error.contains(message), "{error}");
        }
    }
}
