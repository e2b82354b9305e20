//! How a population is spread over the bins of the one a model was trained on: counts, which of parts of it add up to those
//! of the whole.

use serde::{Deserialize, Serialize};

use super::{Counted, Reference, cast, column};
use crate::dataset::Rows;

/// How many rows of a population fell in each bin of a [`Reference`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// By column; nothing by [`Tally::default`].
    pub(super) features: Vec<Counted>,
    pub(super) probabilities: Counted,
}

impl Tally {
    /// How many rows there are.
    pub fn rows(&self) -> u64 {
        self.features.first().map_or(0, Counted::rows)
    }

    /// With those of others by the same reference.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        self.features.resize_with(self.features.len().max(others.features.len()), Counted::default);
        self.features.iter_mut().zip(&others.features).for_each(|(own, others)| own.add(others));
        self.probabilities.add(&others.probabilities);
        self
    }
}

impl Reference {
    /// Counts rows of the reference's columns, and what the model says of each.
    pub fn tally(&self, rows: Rows<'_>, probabilities: &[f64]) -> Tally {
        let features = self.features.iter().enumerate();
        Tally {
            features: features.map(|(place, feature)| feature.count(column(rows, place))).collect(),
            probabilities: self.probabilities.count(cast(probabilities)),
        }
    }
}
