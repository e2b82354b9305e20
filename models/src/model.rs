//! The two kinds of model, and what both answer.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dataset::Rows;
use crate::forest::Forest;
use crate::logistic::Logistic;

/// A kind of model that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// [`Logistic`] on all features.
    Logistic,
    /// [`Forest`].
    Forest,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Logistic => "logistic",
            Self::Forest => "forest",
        })
    }
}

/// Both models, and which of them answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Models {
    /// The logistic regression.
    pub logistic: Logistic,
    /// The forest.
    pub forest: Forest,
    /// The one that is used.
    pub selected: Kind,
}

impl Models {
    /// The probability of churn of each row by one of the models; the same bits for a row alone and among others.
    pub fn probabilities(&self, kind: Kind, rows: Rows<'_>) -> Vec<f64> {
        match kind {
            Kind::Logistic => rows.iter().map(|row| self.logistic.probability(row)).collect(),
            Kind::Forest => self.forest.probabilities(rows),
        }
    }

    /// What each feature contributes to the selected model's raw score of a row: log-odds for the logistic
    /// regression (against the average training row), probability for the forest (against the training rows' churn
    /// rate).
    pub fn contributions(&self, row: &[f32]) -> Vec<f64> {
        match self.selected {
            Kind::Logistic => {
                let mut contributions = vec![0.0; row.len()];
                for term in &self.logistic.terms {
                    contributions[term.column] += term.contribution(row);
                }
                contributions
            }
            Kind::Forest => self.forest.contributions(row),
        }
    }
}
