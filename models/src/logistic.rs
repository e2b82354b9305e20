//! Standardised logistic regression (linfa-logistic), with its convergence checked.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2, Axis};
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::dataset::Dataset;

/// Weight of the L2 penalty ½·α·‖w‖² against the summed log loss; the intercept is free. The same as
/// scikit-learn's default C = 1.
const PENALTY: f64 = 1.0;
/// The optimiser stops at this gradient per row: coefficients are then right to six digits, and the loss can still
/// tell one step from the next (at 1e-9 it cannot, and the line search wanders)…
const GRADIENT_PER_ROW: f64 = 1e-7;
/// …and the result is refused above this one: it would differ in the digits shown.
const REFUSED_GRADIENT_PER_ROW: f64 = 1e-5;
const MAX_ITERATIONS: u64 = 1_000;

/// log-odds = intercept + Σ coefficient·(value − mean)/scale over its features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// The log-odds of a row that is average in everything.
    pub intercept: f64,
    /// One term per feature used.
    pub terms: Vec<Term>,
}

/// One feature's part in the log-odds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The feature's column.
    pub column: usize,
    /// Its mean over the training rows.
    pub mean: f64,
    /// Its standard deviation over the training rows (divisor n); 1 where it is constant.
    pub scale: f64,
    /// Change of the log-odds for one standard deviation.
    pub coefficient: f64,
}

impl Logistic {
    /// Fits on the given columns.
    ///
    /// # Errors
    /// When only one class is present or the optimiser does not get to the optimum.
    pub fn fit(data: &Dataset, columns: &[usize]) -> Result<Self, TrainingError> {
        if data.is_empty() {
            return Err(TrainingError::NobodyToTrainOn);
        }
        if !data.has_both_classes() {
            let churned = data.churned_count();
            let advice = if churned == 0 { "shorter" } else { "longer" };
            return Err(TrainingError::OneClass { rows: data.len(), churned, advice });
        }
        let mut x = data.rows().columns(columns);
        let (means, scales) = standardise(&mut x);
        let y: Array1<bool> = data.churned.iter().copied().collect();
        let rows = data.len() as f64;

        let dataset = DatasetBase::new(x, y);
        let fitted = LogisticRegression::default()
            .alpha(PENALTY)
            .gradient_tolerance(GRADIENT_PER_ROW * rows)
            .max_iterations(MAX_ITERATIONS)
            .fit(&dataset)
            .map_err(|error| TrainingError::LogisticDidNotConverge(error.to_string()))?;
        // linfa models the probability of the more frequent class; which one that is, only its labels tell.
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let intercept = sign * fitted.intercept();
        let coefficients = fitted.params() * sign;

        // linfa answers Ok whether or not it converged, so the gradient at its answer decides.
        let gradient = gradient_per_row(dataset.records(), &data.churned, intercept, &coefficients);
        if gradient.is_nan() || gradient > REFUSED_GRADIENT_PER_ROW {
            return Err(TrainingError::LogisticDidNotConverge(format!(
                "a gradient of {gradient:.1e} a row is left, {REFUSED_GRADIENT_PER_ROW:.0e} would do"
            )));
        }
        let terms = columns
            .iter()
            .enumerate()
            .map(|(i, &column)| Term {
                column,
                mean: means[i],
                scale: scales[i],
                coefficient: coefficients[i],
            })
            .collect();
        Ok(Self { intercept, terms })
    }

    /// The log-odds of churn.
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        self.intercept + self.terms.iter().map(|term| term.contribution(row)).sum::<f64>()
    }

    /// The probability of churn.
    pub fn probability(&self, row: &[f32]) -> f64 {
        sigmoid(self.log_odds(row))
    }
}

impl Term {
    /// The feature's part in the log-odds of a row.
    pub fn contribution(&self, row: &[f32]) -> f64 {
        self.coefficient * (f64::from(row[self.column]) - self.mean) / self.scale
    }
}

/// 1 / (1 + e⁻ᶻ).
fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// Shifts every column to mean 0 and scales it to standard deviation 1; returns what was taken out.
fn standardise(x: &mut Array2<f64>) -> (Vec<f64>, Vec<f64>) {
    let rows = x.nrows() as f64;
    x.axis_iter_mut(Axis(1))
        .map(|mut column| {
            let mean = column.sum() / rows;
            column -= mean;
            let deviation = (column.iter().map(|value| value * value).sum::<f64>() / rows).sqrt();
            // A constant column may show the rounding of its mean instead of 0.
            let scale = if deviation > 1e-12 * (1.0 + mean.abs()) { deviation } else { 1.0 };
            column /= scale;
            (mean, scale)
        })
        .unzip()
}

/// The largest component of the gradient of the penalised log loss, per row.
fn gradient_per_row(x: &Array2<f64>, churned: &[bool], intercept: f64, coefficients: &Array1<f64>) -> f64 {
    let residuals: Array1<f64> = x
        .dot(coefficients)
        .iter()
        .zip(churned)
        .map(|(z, &churned)| sigmoid(z + intercept) - f64::from(u8::from(churned)))
        .collect();
    let slopes = x.t().dot(&residuals) + coefficients * PENALTY;
    let largest = slopes.iter().fold(residuals.sum().abs(), |most: f64, slope| most.max(slope.abs()));
    if slopes.iter().any(|slope| slope.is_nan()) { f64::NAN } else { largest / x.nrows() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A deterministic spread of rows in which `column` drives churn.
    fn rows(n: usize, column: usize, churn_share: f64) -> Dataset {
        let mut data = Dataset::empty(5);
        for i in 0..n {
            let u = (i * 7919 % n) as f64 / n as f64;
            let mut row = [0.0; 5];
            row[column] = 1000.0 * u as f32;
            let noise = (i * 104_729 % 97) as f64 / 97.0 - 0.5;
            data.push(&row, u + 0.6 * noise > 1.0 - churn_share);
        }
        data
    }

    #[test]
    fn probability_rises_with_churn_whichever_class_is_more_frequent() {
        // linfa's class polarity: its probability is that of the most frequent class.
        for churn_share in [0.2, 0.8] {
            let data = rows(1000, 0, churn_share);
            let model = Logistic::fit(&data, &[0, 1]).unwrap();
            let low = model.probability(&[0.0; 5]);
            let high = model.probability(&[1000.0, 0.0, 0.0, 0.0, 0.0]);
            assert!(low < 0.5 && high > 0.5, "{churn_share}: {low} {high}");
            assert_eq!(model.terms[1].coefficient, 0.0, "a constant column says nothing");
            // At the optimum with a free intercept, the mean probability is the share that churned.
            let mean = data.rows().iter().map(|row| model.probability(row)).sum::<f64>() / 1000.0;
            assert!((mean - data.churned_count() as f64 / 1000.0).abs() < 1e-5);
        }
    }

    #[test]
    fn one_class_is_refused() {
        let mut data = rows(100, 0, 0.5);
        data.churned.fill(true);
        assert!(matches!(Logistic::fit(&data, &[0]), Err(TrainingError::OneClass { advice: "longer", .. })));
    }

    #[test]
    fn a_perfectly_separable_table_still_converges() {
        let mut data = rows(500, 0, 0.5);
        data.churned = data.rows().iter().map(|row| row[0] > 500.0).collect();
        let model = Logistic::fit(&data, &[0]).unwrap();
        assert!(model.probability(&[900.0, 0.0, 0.0, 0.0, 0.0]) > 0.99);
    }
}
