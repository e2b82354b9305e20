//! What everyone's features and attributes are at an instant, to the last bit, to compare histories by.

use mainstay_features::history::{Histories, History};
use mainstay_features::known::Cut;
use mainstay_features::merge::SortedParts;
use mainstay_features::profile::{self, Attribute};
use mainstay_features::registry;
use mainstay_features::table::{Rows, Table};
use mainstay_features::units::{Days, Instant};

/// Every attribute's value that everyone has at an instant, with identifiers and names.
pub(crate) fn attributes(history: &History, as_of: Instant) -> Vec<(String, String, String)> {
    let (mut values, mut cut) = (Vec::new(), Cut::default());
    let mut attributes = profile::Said::of(history).attributes(|word| history.text(word));
    attributes.retain(Attribute::is_feature);
    for customer in 0..history.len() {
        let Some(known) = cut.at(history.customer(customer), as_of) else { continue };
        let id = history.customer_id(customer);
        values.extend(attributes.iter().filter_map(|attribute| {
            let value = history.text(attribute.known(history, &known)?);
            Some((id.to_owned(), attribute.name.clone(), value.to_owned()))
        }));
    }
    values
}

/// Every feature of everyone at an instant, with their identifiers, down to the last bit.
pub(crate) fn features(history: &History, as_of: Instant, lookback: u32) -> Vec<(String, Vec<u64>)> {
    bits(&table(as_of, lookback).rows(history, 0..history.len()))
}

/// The same of a history in parts, merged, a few rows at a time.
pub(crate) fn features_of_all(
    histories: &Histories,
    as_of: Instant,
    lookback: u32,
) -> Vec<(String, Vec<u64>)> {
    let table = table(as_of, lookback);
    let folder = std::env::temp_dir();
    let mut parts = SortedParts::new(&folder, histories.id_kind(), table.features.len(), 0).unwrap();
    for rows in histories.each(|part| table.rows(part, 0..part.len())).unwrap() {
        parts.add(&rows).unwrap();
    }
    let mut all = Vec::new();
    parts
        .merge(3, |rows| {
            all.extend(bits(&rows));
            Ok(())
        })
        .unwrap();
    all
}

pub(crate) fn table(as_of: Instant, lookback: u32) -> Table {
    Table {
        as_of: vec![as_of],
        lookback: Days::new(lookback).unwrap(),
        features: registry::all().collect(),
        attributes: Vec::new(),
    }
}

pub(crate) fn bits(rows: &Rows) -> Vec<(String, Vec<u64>)> {
    let bits = |row: usize| rows.columns.iter().map(|column| column[row].to_bits()).collect();
    rows.ids.iter().enumerate().map(|(row, id)| (id.to_owned(), bits(row))).collect()
}
