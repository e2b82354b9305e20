//! Every feature, defined once. Training, batch, API and documentation read these lists and no other.

use crate::feature::Feature;
use crate::history::Given;
use crate::known::Known;
use crate::{
    complaints, contacts, contracts, frequency, monetary, recency, returns, rhythm, season, tenure, trend,
    variety,
};

/// The five core features: what lists show, and what the API takes alone. Models see every feature that the files can tell.
pub const CORE: [Feature; 5] = [
    recency::RECENCY_DAYS,
    frequency::FREQUENCY,
    monetary::MONETARY,
    complaints::COMPLAINT_COUNT,
    tenure::TENURE_DAYS,
];

/// A family of features.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// Its features, in the order of the table's columns.
    pub features: &'static [Feature],
}

/// Every feature by family, the core first.
pub const FAMILIES: [Family; 11] = [
    Family { name: "core", features: &CORE },
    Family { name: "trend", features: &trend::WINDOWS },
    Family { name: "change", features: &trend::CHANGES },
    Family {
        name: "amounts",
        features: &[monetary::LARGEST_AMOUNT, monetary::AMOUNT_SPREAD, monetary::NET_MONETARY],
    },
    Family {
        name: "rhythm",
        features: &[
            rhythm::GAP_MEAN_DAYS,
            rhythm::GAP_SPREAD_DAYS,
            rhythm::GAP_LONGEST_DAYS,
            rhythm::SILENCE_RATIO,
        ],
    },
    Family {
        name: "returns",
        features: &[returns::RETURN_COUNT, returns::RETURNED_MONEY, returns::RETURN_SHARE],
    },
    Family {
        name: "complaints",
        features: &[
            complaints::COMPLAINTS_90D,
            complaints::DAYS_SINCE_COMPLAINT,
            complaints::COMPLAINTS_PER_PURCHASE,
            complaints::OPEN_COMPLAINTS,
            complaints::COMPLAINT_SEVERITY_WORST,
            complaints::COMPLAINT_SEVERITY_MEAN,
        ],
    },
    Family {
        name: "variety",
        features: &[variety::PRODUCT_COUNT, variety::PRODUCTS_PER_PURCHASE, variety::DISCOUNT_SHARE],
    },
    Family {
        name: "season",
        features: &[
            season::PURCHASES_90D_YEAR_AGO,
            season::MONEY_90D_YEAR_AGO,
            season::PURCHASES_NEXT_90D_YEAR_AGO,
            season::MONEY_NEXT_90D_YEAR_AGO,
        ],
    },
    Family { name: "contacts", features: &[contacts::CONTACTS_90D, contacts::DAYS_SINCE_CONTACT] },
    Family {
        name: "contracts",
        features: &[contracts::CONTRACT_AGE_DAYS, contracts::CONTRACT_COUNT, contracts::CONTRACT_BEFORE_DAYS],
    },
];

/// Every feature, by family.
pub fn all() -> impl Iterator<Item = &'static Feature> {
    FAMILIES.iter().flat_map(|family| family.features)
}

/// The features a history can tell something about.
pub fn told_by(given: Given) -> Vec<&'static Feature> {
    all().filter(|feature| feature.needs.are_met(given)).collect()
}

/// The feature or the features of the family of a name; `None` without either.
pub fn named(name: &str) -> Option<Vec<&'static Feature>> {
    let family = FAMILIES.iter().find(|family| family.name == name);
    match family {
        Some(family) => Some(family.features.iter().collect()),
        None => all().find(|feature| feature.name == name).map(|feature| vec![feature]),
    }
}

/// The values of the core features, in the order of [`CORE`].
pub type Row = [f64; CORE.len()];

/// Computes the core features.
pub fn compute(known: &Known<'_>) -> Row {
    CORE.map(|feature| (feature.compute)(known))
}

/// The place of a feature in [`CORE`], found when the program is built.
///
/// # Panics
/// Without such a feature: as a constant, that is a build that fails.
pub const fn place(feature: &Feature) -> usize {
    let mut place = 0;
    while !same(CORE[place].name.as_bytes(), feature.name.as_bytes()) {
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

/// The dictionary of the features in Markdown, a table for each family: docs/features.md.
pub fn dictionary() -> String {
    let mut text = String::new();
    for family in &FAMILIES {
        text += &format!("## {}\n\n", family.name);
        text += "| feature | unit | window | least | needs | no value | meaning |\n|---|---|---|---|---|---|---|\n";
        for feature in family.features {
            let Feature { name, unit, window, needs, least, missing, meaning, .. } = feature;
            let least = if least.is_finite() { least.to_string() } else { "none".to_owned() };
            let missing = missing.unwrap_or("never");
            text +=
                &format!("| `{name}` | {unit} | {window} | {least} | {needs} | {missing} | {meaning} |\n");
        }
        text += "\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_columns() {
        for (i, feature) in CORE.iter().enumerate() {
            assert_eq!(place(feature), i, "{} has a name of its own", feature.name);
        }
    }

    #[test]
    fn every_name_is_one_features_or_one_familys() {
        let families = FAMILIES.iter().map(|family| family.name);
        let mut names: Vec<&str> = families.chain(all().map(|feature| feature.name)).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_dictionary_in_the_documents_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/features.md");
        let documented = std::fs::read_to_string(path).unwrap();
        assert!(documented.ends_with(&dictionary()), "docs/features.md should end with\n{}", dictionary());
    }
}
