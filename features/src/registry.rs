//! Every feature, defined once. Training, batch, API and documentation read this list and no other.

use std::fmt;

use crate::known::Known;
use crate::{complaints, frequency, monetary, recency, tenure};

/// What a feature's number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole days of elapsed time.
    Days,
    /// A whole number of things.
    Count,
    /// An amount in the log's currency.
    Money,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "days",
            Self::Count => "count",
            Self::Money => "money",
        })
    }
}

impl Unit {
    /// Whether values are whole numbers.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Days | Self::Count)
    }
}

/// Which part of the history a feature looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Everything at or before the as-of instant.
    WholeHistory,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeHistory => f.write_str("whole history"),
        }
    }
}

/// One feature: what it is and how it is computed.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// The column's name; units are in it.
    pub name: &'static str,
    /// What the number counts.
    pub unit: Unit,
    /// Which part of the history it looks at.
    pub window: Window,
    /// The least value there can be; there is no greatest but for money's and time's own.
    pub least: f64,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The value for what is known about a customer.
    pub compute: fn(&Known<'_>) -> f64,
}

/// The features, in the order of the table's columns.
pub const FEATURES: [Feature; 5] = [
    recency::RECENCY_DAYS,
    frequency::FREQUENCY,
    monetary::MONETARY,
    complaints::COMPLAINT_COUNT,
    tenure::TENURE_DAYS,
];

/// The values of one row, in the order of [`FEATURES`].
pub type Row = [f64; FEATURES.len()];

/// Computes a row.
pub fn compute(known: &Known<'_>) -> Row {
    FEATURES.map(|feature| (feature.compute)(known))
}

/// The place of a feature in [`FEATURES`], found when the program is built.
///
/// # Panics
/// Without such a feature: as a constant, that is a build that fails.
pub const fn place(feature: &Feature) -> usize {
    let mut place = 0;
    while !same(FEATURES[place].name.as_bytes(), feature.name.as_bytes()) {
        place += 1;
    }
    place
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    a.len() == b.len() && at == a.len()
}

/// The dictionary of the features, as a table in Markdown: docs/features.md.
pub fn dictionary() -> String {
    let mut text = "| feature | unit | window | least | meaning |\n|---|---|---|---|---|\n".to_owned();
    for feature in &FEATURES {
        let Feature { name, unit, window, least, meaning, .. } = feature;
        text += &format!("| `{name}` | {unit} | {window} | {least} | {meaning} |\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_columns() {
        for (i, feature) in FEATURES.iter().enumerate() {
            assert_eq!(place(feature), i, "{} has a name of its own", feature.name);
        }
    }

    #[test]
    fn the_dictionary_in_the_documents_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/features.md");
        let documented = std::fs::read_to_string(path).unwrap();
        assert!(documented.ends_with(&dictionary()), "docs/features.md should end with\n{}", dictionary());
    }
}
