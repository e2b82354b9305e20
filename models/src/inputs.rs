//! What a model sees of a customer: features of the registry, and what BG/NBD expects of them.

use mainstay_features::feature::Feature;
use mainstay_features::history::Given;
use mainstay_features::known::Known;
use mainstay_features::registry::{self, CORE, Row};
use mainstay_features::units::Days;
use rayon::prelude::*;

use crate::dataset::Rows;
use crate::lifetime::{BgNbd, Purchases};

/// The name of the column after the features: the purchases BG/NBD expects within the horizon.
pub const EXPECTED_PURCHASES: &str = "expected_purchases";

/// So many rows are completed at a time on one thread.
const BLOCK_ROWS: usize = 4096;

/// Features that a history can tell, the core first, and none that is left out.
#[derive(Clone, Debug)]
pub struct FeatureList(Vec<&'static Feature>);

impl PartialEq for FeatureList {
    fn eq(&self, other: &Self) -> bool {
        self.names().eq(other.names())
    }
}

impl FeatureList {
    /// Every feature a history can tell something about.
    pub fn told_by(given: Given) -> Self {
        Self(registry::told_by(given))
    }

    /// The features of these names; `None` if one is unknown or there twice, or the core does not come first.
    pub fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<Self> {
        let features: Option<Vec<_>> =
            names.map(|name| registry::all().find(|feature| feature.name == name)).collect();
        let has_core = |features: &[&Feature]| {
            features.len() >= CORE.len() && features.iter().zip(&CORE).all(|(a, b)| a.name == b.name)
        };
        let are_all_others = |features: &[&Feature]| {
            let mut names: Vec<&str> = features.iter().map(|feature| feature.name).collect();
            names.sort_unstable();
            names.windows(2).all(|pair| pair[0] != pair[1])
        };
        features.filter(|features| has_core(features) && are_all_others(features)).map(Self)
    }

    /// How many there are.
    pub fn width(&self) -> usize {
        self.0.len()
    }

    /// The features.
    pub fn features(&self) -> &[&'static Feature] {
        &self.0
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|feature| feature.name)
    }

    /// Those that a history cannot tell anything about: they have no value there.
    pub fn untold_by(&self, given: Given) -> impl Iterator<Item = &'static Feature> + '_ {
        self.0.iter().copied().filter(move |feature| !feature.needs.are_met(given))
    }

    /// Adds the values for what is known about a customer to a row; NaN where there is none, or where the history
    /// cannot tell.
    pub fn compute(&self, known: &Known<'_>, given: Given, row: &mut Vec<f64>) {
        row.extend(self.0.iter().map(|feature| match feature.needs.are_met(given) {
            true => (feature.compute)(known),
            false => f64::NAN,
        }));
    }
}

/// The core of a row of a [`FeatureList`].
pub fn core_of(row: &[f64]) -> Row {
    std::array::from_fn(|place| row.get(place).copied().unwrap_or(f64::NAN))
}

/// From features to a model's columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// The first columns.
    pub features: FeatureList,
    /// What the last column comes from; without, there is none.
    pub purchasing: Option<BgNbd>,
    /// The time in which purchases are expected.
    pub horizon: Days,
}

impl Inputs {
    /// The number of a model's columns.
    pub fn width(&self) -> usize {
        self.features.width() + usize::from(self.purchasing.is_some())
    }

    /// Their names.
    pub fn names(&self) -> Vec<&'static str> {
        self.features.names().chain(self.purchasing.map(|_| EXPECTED_PURCHASES)).collect()
    }

    /// Completes rows of features: they are cast to `f32` already, once, so that training and scoring see the same.
    pub fn complete(&self, features: Rows<'_>) -> Vec<f32> {
        let Some(purchasing) = &self.purchasing else { return features.values().to_vec() };
        let width = self.width();
        let mut values = vec![0.0; features.len() * width];
        values.par_chunks_mut(width * BLOCK_ROWS).enumerate().for_each(|(block, out)| {
            for (place, out) in out.chunks_exact_mut(width).enumerate() {
                let row = features.row(block * BLOCK_ROWS + place);
                out[..row.len()].copy_from_slice(row);
                let core: Row = std::array::from_fn(|place| f64::from(row[place]));
                let expected =
                    purchasing.expected_purchases(f64::from(self.horizon.get()), &Purchases::of(&core));
                out[row.len()] = expected as f32;
            }
        });
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_the_core_first_and_nothing_twice() {
        let list = |more: &[&'static str]| {
            let core = CORE.iter().map(|feature| feature.name);
            FeatureList::of_names(core.chain(more.iter().copied())).map(|list| list.width())
        };
        assert_eq!(list(&["silence_ratio"]), Some(CORE.len() + 1));
        assert_eq!(list(&["silence_ratio", "silence_ratio"]), None);
        assert_eq!(list(&["shoe_size"]), None);
        assert!(FeatureList::of_names(["silence_ratio"].into_iter()).is_none());
    }
}
