//! The models that were fitted side by side, and which of them answers.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::calibrate::Calibration;
use crate::dataset::{Dataset, Rows};
use crate::forest::Forest;
use crate::inputs::Inputs;
use crate::logistic::Logistic;
use crate::odds::{log_odds, sigmoid};

/// A kind of model that can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// [`Logistic`] on all columns.
    Logistic,
    /// [`Forest`].
    Forest,
    /// The mean of both in log-odds.
    Average,
    /// The rule everyone has without a model: days since the last order and on how many days there was one, as a logistic
    /// regression.
    Rule,
    /// A logistic regression on the core features and what BG/NBD expects of them: it answers where only those are known.
    Core,
}

impl Kind {
    /// Those that must beat the rule, the simplest first.
    pub const CANDIDATES: [Self; 3] = [Self::Logistic, Self::Forest, Self::Average];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Logistic => "logistic",
            Self::Forest => "forest",
            Self::Average => "average",
            Self::Rule => "rule",
            Self::Core => "core",
        })
    }
}

/// What was fitted on the same rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Models {
    /// From features to the models' columns.
    pub inputs: Inputs,
    /// The logistic regression.
    pub logistic: Logistic,
    /// The forest.
    pub forest: Forest,
    /// The rule.
    pub rule: Logistic,
    /// What answers where only the core features are known.
    pub core: Logistic,
}

/// What is known of a customer who is scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Every feature the model sees, as far as the history tells it.
    #[default]
    AllFeatures,
    /// The five core features, and nothing of the others.
    CoreFeatures,
}

impl Basis {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AllFeatures, Self::CoreFeatures];
}

/// How many rows are scored at a time on one thread.
const BLOCK_ROWS: usize = 4096;
/// So many rows tell the mean of a contribution to a hundredth.
const USUAL_ROWS: usize = 2000;

impl Models {
    /// The raw log-odds of churn of rows of the models' columns; the same bits for a row alone and among others.
    pub fn raw(&self, kind: Kind, rows: Rows<'_>) -> Vec<f64> {
        let blocks: Vec<Rows<'_>> = rows.chunks(BLOCK_ROWS).collect();
        blocks.into_par_iter().flat_map_iter(|rows| self.raw_block(kind, rows)).collect()
    }

    fn raw_block(&self, kind: Kind, rows: Rows<'_>) -> Vec<f64> {
        let linear = |model: &Logistic| rows.iter().map(|row| model.log_odds(row)).collect();
        let forest = || self.forest.probabilities(rows).into_iter().map(log_odds);
        match kind {
            Kind::Rule => linear(&self.rule),
            Kind::Core => linear(&self.core),
            Kind::Logistic => linear(&self.logistic),
            Kind::Forest => forest().collect(),
            Kind::Average => {
                let linear: Vec<f64> = linear(&self.logistic);
                linear.into_iter().zip(forest()).map(|(a, b)| 0.5 * (a + b)).collect()
            }
        }
    }

    /// What each column adds to the raw log-odds of a row, and what they are added to: the sum is [`Self::raw`].
    ///
    /// Of a linear model, its terms, against the average training row. Of a forest, the changes of the share of
    /// churners along the row's paths (Saabas 2014), brought from probability to log-odds by one factor, so that they
    /// still add up; against the training rows' own share of churners.
    pub fn contributions(&self, kind: Kind, row: &[f32]) -> (f64, Vec<f64>) {
        let explained = self.explained(kind, Rows::new(row, row.len())).pop();
        explained.map(|explained| (explained.base, explained.contributions)).unwrap_or_default()
    }

    /// [`Self::raw`] and [`Self::contributions`] of many rows: the same bits, and a forest is walked once for both.
    pub fn explained(&self, kind: Kind, rows: Rows<'_>) -> Vec<Explained> {
        let linear = |model: &Logistic| {
            let of = |row| Explained {
                raw: model.log_odds(row),
                base: model.intercept,
                contributions: model.contributions(row),
            };
            rows.iter().map(of).collect::<Vec<_>>()
        };
        match kind {
            Kind::Rule => linear(&self.rule),
            Kind::Core => linear(&self.core),
            Kind::Logistic => linear(&self.logistic),
            Kind::Forest => self.explained_by_forest(rows),
            Kind::Average => {
                let mut all = self.explained_by_forest(rows);
                for (own, linear) in all.iter_mut().zip(linear(&self.logistic)) {
                    own.raw = 0.5 * (linear.raw + own.raw);
                    own.base = 0.5 * (own.base + linear.base);
                    for (sum, term) in own.contributions.iter_mut().zip(linear.contributions) {
                        *sum = 0.5 * (*sum + term);
                    }
                }
                all
            }
        }
    }

    /// What each column contributes on average over some rows, looked at on up to [`USUAL_ROWS`] of them.
    pub(crate) fn usual_contributions(&self, kind: Kind, rows: Rows<'_>) -> Vec<f64> {
        let step = rows.len().div_ceil(USUAL_ROWS).max(1);
        let looked_at: Vec<usize> = (0..rows.len()).step_by(step).collect();
        let values: Vec<f32> = looked_at.iter().flat_map(|&row| rows.row(row)).copied().collect();
        let explained = self.explained(kind, Rows::new(&values, rows.width()));
        let mut sums = vec![0.0; rows.width()];
        for own in &explained {
            sums.iter_mut().zip(&own.contributions).for_each(|(sum, own)| *sum += own);
        }
        sums.iter_mut().for_each(|sum| *sum /= explained.len().max(1) as f64);
        sums
    }

    fn explained_by_forest(&self, rows: Rows<'_>) -> Vec<Explained> {
        let (probabilities, parts) = self.forest.contributions(rows);
        let parts = parts.chunks_exact(rows.width());
        let explained = probabilities.into_iter().zip(parts).map(|(p, parts)| {
            let (base, contributions) = in_log_odds(p, parts);
            Explained { raw: log_odds(p), base, contributions }
        });
        explained.collect()
    }
}

/// A row's raw log-odds, and what they are the sum of.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The raw log-odds.
    pub raw: f64,
    /// What is known before any column.
    pub base: f64,
    /// What each column adds.
    pub contributions: Vec<f64>,
}

/// The parts of a probability as parts of its log-odds, and what they are added to.
fn in_log_odds(p: f64, parts: &[f64]) -> (f64, Vec<f64>) {
    let change: f64 = parts.iter().sum();
    let base = log_odds((p - change).clamp(0.0, 1.0));
    // Where the paths come back to where they began, there is nothing to spread but rounding.
    let factor = if change.abs() > 1e-12 { (log_odds(p) - base) / change } else { 0.0 };
    let base = if factor == 0.0 { log_odds(p) } else { base };
    (base, parts.iter().map(|part| part * factor).collect())
}

/// What answers: a kind of model, how its raw log-odds are mended, and by how much they are shifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serving {
    /// The model.
    pub kind: Kind,
    /// How its raw log-odds are mended.
    pub calibration: Calibration,
}

impl Serving {
    /// Calibrated log-odds, before any shift.
    pub fn log_odds(&self, models: &Models, rows: Rows<'_>) -> Vec<f64> {
        let mut scores = models.raw(self.kind, rows);
        scores.iter_mut().for_each(|score| *score = self.calibration.apply(*score));
        scores
    }
}

/// The probabilities of log-odds, shifted by the same amount.
pub fn probabilities(log_odds: &[f64], shift: f64) -> Vec<f64> {
    log_odds.iter().map(|z| sigmoid(z + shift)).collect()
}

/// Rows of features completed to the models' columns, with their outcomes.
pub fn completed(inputs: &Inputs, features: &Dataset) -> Dataset {
    Dataset::new(inputs.width(), inputs.complete(features.rows()), features.churned.clone())
}
