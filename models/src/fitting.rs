//! What is fitted at an instant on what was known then: the rule, the logistic regressions and the forest.

use std::ops::RangeInclusive;

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::recency::RECENCY_DAYS;
use mainstay_features::registry::{CORE, place};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::choice::Spacing;
use crate::dataset::{Dataset, Rows};
use crate::forest::{self, train::Growth};
use crate::ground::Ground;
use crate::inputs::Inputs;
use crate::logistic::{Logistic, Scale};
use crate::model::{Kind, Models, probabilities};
use crate::training::Settings;

/// Fits everything at an instant on what was known then. The watcher is told of stages "fit logistic" and "fit forest".
pub(crate) fn fit(
    ground: &Ground,
    settings: &Settings,
    at: Instant,
    spacing: Spacing,
    penalty: f64,
    watch: &dyn Watch,
) -> Result<Models, TrainingError> {
    let inputs = ground.inputs(at);
    let data = ground.data(at, spacing, &inputs);
    watch.begin("fit rule", None);
    let rule = fit_rule(&ground.data(at, Spacing::Horizon, &inputs))?;
    watch.end();
    watch.begin(&format!("fit {}", Kind::Logistic), None);
    let logistic = fit_logistic(&data, penalty)?;
    watch.end();
    let core = fit_core(&data, &inputs, penalty)?;
    let growth = growth(ground, at, &data, settings.seed);
    watch.begin(&format!("fit {}", Kind::Forest), Some(growth.trees as u64));
    let forest = forest::train::train(&data, settings.trainer, &growth, watch)?;
    watch.end();
    Ok(Models { inputs, logistic, forest, rule, core })
}

/// A leaf holds so many different customers, about: one that is in several snapshots tells little more than once. In a
/// shop of few customers it is one of a hundred, down to the least.
const LEAF_CUSTOMERS: RangeInclusive<usize> = 20..=50;
const TREES: usize = 100;
/// The most splits down a tree. Rows walk in step, and wait for the one whose way is longest: few ways are longer, and they
/// tell next to nothing.
const DEPTH: u32 = 12;

fn growth(ground: &Ground, at: Instant, data: &Dataset, seed: u64) -> Growth {
    let newest =
        ground.learnt_from(at, Spacing::Horizon).map(|snapshot| snapshot.data.len()).max().unwrap_or(1);
    let rows_of_a_customer = data.len().div_ceil(newest.max(1));
    let leaf_customers = (newest / 100).clamp(*LEAF_CUSTOMERS.start(), *LEAF_CUSTOMERS.end());
    let min_leaf = u32::try_from(leaf_customers * rows_of_a_customer).unwrap_or(u32::MAX);
    Growth { trees: TREES, depth: Some(DEPTH), min_leaf, features_per_split: None, seed }
}

pub(crate) fn fit_logistic(data: &Dataset, penalty: f64) -> Result<Logistic, TrainingError> {
    let every_column: Vec<usize> = (0..data.width()).collect();
    Logistic::fit(data, &every_column, Scale::Log, penalty)
}

/// A logistic regression on the core features and, where there is one, the column that comes from them.
fn fit_core(data: &Dataset, inputs: &Inputs, penalty: f64) -> Result<Logistic, TrainingError> {
    let columns: Vec<usize> = (0..CORE.len()).chain(inputs.features.width()..inputs.width()).collect();
    Logistic::fit(data, &columns, Scale::Log, penalty)
}

/// A logistic regression on recency and frequency. By recency alone those who buy often, and are worth most, would be said to
/// leave as often as anybody as long silent.
fn fit_rule(data: &Dataset) -> Result<Logistic, TrainingError> {
    Logistic::fit(data, &[place(&RECENCY_DAYS), place(&FREQUENCY)], Scale::Log, 1.0)
}

/// What a logistic regression on recency alone, as it is, says of rows: the yardstick that most shops have. It never serves.
pub(crate) fn by_recency(
    ground: &Ground,
    at: Instant,
    inputs: &Inputs,
    rows: Rows<'_>,
) -> Result<Vec<f64>, TrainingError> {
    let data = ground.data(at, Spacing::Horizon, inputs);
    let recency = Logistic::fit(&data, &[place(&RECENCY_DAYS)], Scale::Plain, 1.0)?;
    let log_odds: Vec<f64> = rows.iter().map(|row| recency.log_odds(row)).collect();
    Ok(probabilities(&log_odds, 0.0))
}
