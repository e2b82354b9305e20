//! Every feature, defined once. Training, batch, API and documentation read this list and no other.

use crate::feature::Feature;
use crate::known::Known;
use crate::{complaints, frequency, monetary, recency, tenure};

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
