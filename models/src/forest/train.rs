//! Training a forest: how large it may grow, and by which of the two trainers.

use mainstay_features::watch::Watch;
use serde::{Deserialize, Serialize};

use super::{Forest, grow, smartcore};
use crate::TrainingError;
use crate::dataset::Dataset;

/// Who grows the forest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trainer {
    /// Our own, on histograms.
    #[default]
    Histogram,
    /// smartcore's: slow, and there to be compared with.
    Smartcore,
}

/// How a forest grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// How many trees, at least one.
    pub trees: usize,
    /// The most splits between the root and a leaf; `None` for as many as the rows allow.
    pub depth: Option<u32>,
    /// The fewest different rows in a leaf, a row that the bootstrap drew several times counted once.
    pub min_leaf: u32,
    /// How many columns are drawn for a split; `None` for the square root of how many vary, rounded down.
    pub features_per_split: Option<usize>,
    /// Where the randomness starts.
    pub seed: u64,
}

impl Default for Growth {
    fn default() -> Self {
        Self { trees: 300, depth: None, min_leaf: 20, features_per_split: None, seed: 0 }
    }
}

/// Grows a forest; the same for one seed whatever the number of threads. `watch` is told of every tree.
///
/// # Errors
/// When there is no row, or the trainer refuses the table.
pub fn train(
    data: &Dataset,
    trainer: Trainer,
    growth: &Growth,
    watch: &dyn Watch,
) -> Result<Forest, TrainingError> {
    if data.is_empty() {
        return Err(TrainingError::NobodyToTrainOn);
    }
    match trainer {
        Trainer::Histogram => grow::grow(data, growth, watch).map_err(|error| error.to_string()),
        Trainer::Smartcore => smartcore::grow(data, growth, watch),
    }
    .map_err(TrainingError::Forest)
}
