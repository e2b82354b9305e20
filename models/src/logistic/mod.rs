//! Logistic regression on transformed features, fitted by Newton's method and held against linfa-logistic.

pub(crate) mod newton;
mod transform;

use ndarray::Array2;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::transform::{Scale, Transform};
use crate::TrainingError;
use crate::dataset::{Dataset, Rows};
use crate::odds::is_possible;

/// log-odds = intercept + Σ over its features of coefficient·z, or of what no value counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logistic {
    /// The log-odds of a row that is average in everything.
    pub intercept: f64,
    /// One term per feature used, in the order of the columns.
    pub terms: Vec<Term>,
}

/// One feature's part in the log-odds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The feature's column.
    pub column: usize,
    /// From its value to z.
    pub transform: Transform,
    /// Change of the log-odds for one standard deviation.
    pub coefficient: f64,
    /// Change of the log-odds where there is no value; 0 where every training row had one.
    pub missing: f64,
}

impl Logistic {
    /// Fits on the given columns; the penalty is that of ½·penalty·‖coefficients‖² against the summed log loss (1 is
    /// scikit-learn's default, C = 1). The intercept is free.
    ///
    /// # Errors
    /// When there are no rows, when only one class is present, or when the optimum is not reached.
    pub fn fit(data: &Dataset, columns: &[usize], scale: Scale, penalty: f64) -> Result<Self, TrainingError> {
        if data.is_empty() {
            return Err(TrainingError::NobodyToTrainOn);
        }
        if !data.has_both_classes() {
            let churned = data.churned_count();
            let advice = if churned == 0 { "shorter" } else { "longer" };
            return Err(TrainingError::OneClass { rows: data.len(), churned, advice });
        }
        let rows = data.rows();
        let transforms: Vec<(usize, Transform, bool)> = columns
            .par_iter()
            .map(|&column| {
                let misses = rows.iter().any(|row| row[column].is_nan());
                (column, Transform::learn(rows, column, scale), misses)
            })
            .collect();
        let x = design(rows, &transforms);
        let (intercept, coefficients) = newton::fit(x.view(), &data.churned, penalty)
            .map_err(|error| TrainingError::LogisticDidNotConverge(error.to_string()))?;
        let mut indicators = coefficients.iter().skip(transforms.len());
        let terms = transforms
            .iter()
            .zip(&coefficients)
            .map(|(&(column, transform, misses), &coefficient)| {
                let missing = if misses { indicators.next().copied().unwrap_or(0.0) } else { 0.0 };
                Term { column, transform, coefficient, missing }
            })
            .collect();
        Ok(Self { intercept, terms })
    }

    /// The log-odds of churn.
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        self.intercept + self.terms.iter().map(|term| term.contribution(row)).sum::<f64>()
    }

    /// What each column adds to the intercept.
    pub fn contributions(&self, row: &[f32]) -> Vec<f64> {
        let mut contributions = vec![0.0; row.len()];
        for term in &self.terms {
            contributions[term.column] += term.contribution(row);
        }
        contributions
    }

    /// Whether it can be computed for rows of a width, a column having one term at most: read from a file, it may be
    /// anything.
    pub(crate) fn is_possible(&self, width: usize) -> bool {
        is_possible(self.intercept)
            && self.terms.iter().all(|term| term.column < width && term.is_possible())
            && self.terms.windows(2).all(|pair| pair[0].column < pair[1].column)
    }
}

impl Term {
    /// The feature's part in the log-odds of a row.
    pub fn contribution(&self, row: &[f32]) -> f64 {
        self.transform.apply(row[self.column]).map_or(self.missing, |z| self.coefficient * z)
    }

    /// Whether what it gives are log-odds: read from a file, it may be anything. Between the ends of what a value can come
    /// to, all is.
    fn is_possible(&self) -> bool {
        let Transform { low, high, .. } = self.transform;
        let at_ends = [low, high].map(|end| self.coefficient * self.transform.standardised(end));
        self.transform.is_possible() && at_ends.into_iter().chain([self.missing]).all(is_possible)
    }
}

/// The standardised columns, then a column of zeros and ones for each that misses values: 1 where it does.
fn design(rows: Rows<'_>, transforms: &[(usize, Transform, bool)]) -> Array2<f64> {
    let width = transforms.len() + transforms.iter().filter(|(.., misses)| *misses).count();
    let mut values = vec![0.0; rows.len() * width];
    values.par_chunks_mut(width.max(1)).enumerate().for_each(|(place, out)| {
        let row = rows.row(place);
        let mut indicator = transforms.len();
        for (column_place, (column, transform, misses)) in transforms.iter().enumerate() {
            let z = transform.apply(row[*column]);
            out[column_place] = z.unwrap_or(0.0);
            if *misses {
                out[indicator] = f64::from(u8::from(z.is_none()));
                indicator += 1;
            }
        }
    });
    // As many values as rows times columns, by construction.
    Array2::from_shape_vec((rows.len(), width), values).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use linfa::DatasetBase;
    use linfa::traits::Fit;
    use linfa_logistic::LogisticRegression;
    use ndarray::Array1;

    /// A deterministic spread of rows of three columns in which the first drives churn, and the last sometimes misses.
    fn rows(n: usize, churn_share: f64) -> Dataset {
        let mut data = Dataset::empty(3);
        for i in 0..n {
            let u = (i * 7919 % n) as f64 / n as f64;
            let noise = (i * 104_729 % 97) as f64 / 97.0 - 0.5;
            let third = if i % 5 == 0 { f32::NAN } else { (i % 11) as f32 };
            data.push(&[1000.0 * u as f32, (i % 7) as f32, third], u + 0.6 * noise > 1.0 - churn_share);
        }
        data
    }

    fn fit(data: &Dataset) -> Logistic {
        Logistic::fit(data, &[0, 1, 2], Scale::Log, 1.0).unwrap()
    }

    #[test]
    fn the_optimum_is_linfas() {
        for churn_share in [0.2, 0.8] {
            let data = rows(3000, churn_share);
            let ours = fit(&data);
            let transforms: Vec<_> =
                ours.terms.iter().map(|term| (term.column, term.transform, term.column == 2)).collect();
            let x = design(data.rows(), &transforms);
            let y: Array1<bool> = data.churned.iter().copied().collect();
            // linfa's tolerance is on the summed gradient, and it answers Ok whether or not it converged.
            let theirs = LogisticRegression::default()
                .alpha(1.0)
                .gradient_tolerance(1e-7 * 3000.0)
                .max_iterations(1000)
                .fit(&DatasetBase::new(x, y))
                .unwrap();
            // linfa models the probability of the more frequent class; which one that is, only its labels tell.
            let sign = if theirs.labels().pos.class { 1.0 } else { -1.0 };
            assert!((ours.intercept - sign * theirs.intercept()).abs() < 1e-4);
            for (term, &coefficient) in ours.terms.iter().zip(theirs.params()) {
                assert!((term.coefficient - sign * coefficient).abs() < 1e-4, "column {}", term.column);
            }
            assert!((ours.terms[2].missing - sign * theirs.params()[3]).abs() < 1e-4);
        }
    }

    #[test]
    fn probability_rises_with_churn_and_its_mean_is_the_share_that_churned() {
        for churn_share in [0.2, 0.8] {
            let data = rows(1000, churn_share);
            let model = fit(&data);
            let low = model.log_odds(&[0.0, 3.0, 3.0]);
            let high = model.log_odds(&[1000.0, 3.0, 3.0]);
            assert!(low < 0.0 && high > 0.0, "{churn_share}: {low} {high}");
            // At the optimum with a free intercept, the mean probability is the share that churned.
            let sum: f64 = data.rows().iter().map(|row| crate::odds::sigmoid(model.log_odds(row))).sum();
            assert!((sum - data.churned_count() as f64).abs() < 1e-6);
        }
    }

    #[test]
    fn contributions_add_up_to_the_log_odds() {
        let data = rows(500, 0.4);
        let model = fit(&data);
        for row in data.rows().iter() {
            let sum = model.intercept + model.contributions(row).iter().sum::<f64>();
            assert!((sum - model.log_odds(row)).abs() < 1e-12);
        }
    }

    #[test]
    fn one_class_is_refused() {
        let mut data = rows(100, 0.5);
        data.churned.fill(true);
        let refused = Logistic::fit(&data, &[0], Scale::Plain, 1.0);
        assert!(matches!(refused, Err(TrainingError::OneClass { advice: "longer", .. })));
    }

    #[test]
    fn a_perfectly_separable_table_still_converges() {
        let mut data = rows(500, 0.5);
        data.churned = data.rows().iter().map(|row| row[0] > 500.0).collect();
        let model = fit(&data);
        assert!(model.log_odds(&[900.0, 3.0, 3.0]) > 4.0);
        let free = Logistic::fit(&data, &[0], Scale::Plain, 1e-9);
        assert!(free.is_ok(), "hardly any penalty: {free:?}");
    }

    #[test]
    fn the_bits_do_not_depend_on_the_number_of_threads() {
        let data = rows(20_000, 0.3);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&data))
        };
        assert_eq!(on(1), on(2));
    }
}
