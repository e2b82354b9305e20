//! What a record would bring under each action: a ridge regression per action, cross-fitted.
//!
//! A record's prediction comes from records of other customers alone, so that what happened to it cannot speak for
//! itself. How strongly a regression is held to its action's mean is chosen inside what it is fitted on: where the
//! covariates tell nothing, the mean is what is left.

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use rayon::prelude::*;

use super::records::Records;
use crate::bootstrap::mix;

/// So many folds.
const FOLDS: usize = 5;
/// Penalties a row, the strongest first; before them comes the mean alone. Covariates are standardised.
const PENALTIES_PER_ROW: [f64; 5] = [10.0, 1.0, 0.1, 0.01, 0.001];

/// The predicted profit of every record (row) under every action (column).
pub(super) fn cross_fitted(records: &Records, seed: u64) -> Array2<f64> {
    let x = standardised(records.covariates());
    let key = mix(seed);
    let fold = |customer: &u64| ((u128::from(mix(customer ^ key)) * FOLDS as u128) >> 64) as usize;
    let folds: Vec<usize> = records.customers().iter().map(fold).collect();
    let actions = records.actions().len();
    // By action, then by fold: all that fitting needs to know of their records.
    let moments: Vec<Vec<Moments>> = (0..actions * FOLDS)
        .into_par_iter()
        .map(|part| {
            let (action, fold) = (part / FOLDS, part % FOLDS);
            let is_of = |&row: &usize| records.assigned()[row] == action && folds[row] == fold;
            let rows: Vec<usize> = (0..records.len()).filter(is_of).collect();
            Moments::of(&x, records.profits(), &rows)
        })
        .collect::<Vec<_>>()
        .chunks(FOLDS)
        .map(<[Moments]>::to_vec)
        .collect();
    let models: Vec<Vec<Array1<f64>>> =
        (0..FOLDS).map(|out| moments.iter().map(|of_action| fit_without(of_action, out)).collect()).collect();
    Array2::from_shape_fn((records.len(), actions), |(row, action)| {
        predict(&models[folds[row]][action], x.row(row))
    })
}

/// Each column less its mean, in standard deviations, with a column of ones before; of what is the same everywhere, 0.
fn standardised(covariates: &Array2<f64>) -> Array2<f64> {
    let mut x = Array2::ones((covariates.nrows(), covariates.ncols() + 1));
    for (place, column) in covariates.axis_iter(Axis(1)).enumerate() {
        let mean = column.mean().unwrap_or(0.0);
        let deviation = column.std(0.0);
        let scale = if deviation > 1e-12 * mean.abs() { 1.0 / deviation } else { 0.0 };
        x.column_mut(place + 1).assign(&column.mapv(|value| (value - mean) * scale));
    }
    x
}

/// Sums of products over records: of the covariates (the first is 1) with each other, with the profit, and of the profit
/// with itself.
#[derive(Clone, Debug)]
struct Moments {
    with_each_other: Array2<f64>,
    with_profit: Array1<f64>,
    of_profit: f64,
}

impl Moments {
    fn none(width: usize) -> Self {
        Self {
            with_each_other: Array2::zeros((width, width)),
            with_profit: Array1::zeros(width),
            of_profit: 0.0,
        }
    }

    fn of(x: &Array2<f64>, profits: &[f64], rows: &[usize]) -> Self {
        let x = x.select(Axis(0), rows);
        let y: Array1<f64> = rows.iter().map(|&row| profits[row]).collect();
        Self { with_each_other: x.t().dot(&x), with_profit: x.t().dot(&y), of_profit: y.dot(&y) }
    }

    fn add(mut self, other: &Self) -> Self {
        self.with_each_other += &other.with_each_other;
        self.with_profit += &other.with_profit;
        self.of_profit += other.of_profit;
        self
    }

    fn rows(&self) -> f64 {
        self.with_each_other[[0, 0]]
    }

    /// The mean alone; 0 of no records.
    fn mean(&self) -> Array1<f64> {
        let mut coefficients = Array1::zeros(self.with_profit.len());
        coefficients[0] = self.with_profit[0] / self.rows().max(1.0);
        coefficients
    }

    /// The coefficients that minimise Σ(y − xb)² + penalty·‖b‖², the first of them free.
    fn ridge(&self, penalty_per_row: f64) -> Option<Array1<f64>> {
        let mut held = self.with_each_other.clone();
        let penalty = penalty_per_row * self.rows();
        held.diag_mut().slice_mut(s![1..]).iter_mut().for_each(|entry| *entry += penalty);
        let column = self.with_profit.clone().insert_axis(Axis(1));
        let solved = held.solvec(&column).ok()?.into_shape_with_order(self.with_profit.len()).ok()?;
        solved.iter().all(|coefficient| coefficient.is_finite()).then_some(solved)
    }

    /// Σ(y − xb)² over these records.
    fn squared_error(&self, b: &Array1<f64>) -> f64 {
        self.of_profit - 2.0 * b.dot(&self.with_profit) + b.dot(&self.with_each_other.dot(b))
    }
}

/// The regression on all of an action's folds but one, held as strongly as predicts each of those folds best from the others.
fn fit_without(folds: &[Moments], out: usize) -> Array1<f64> {
    let all_but = |out: &[usize]| {
        let kept =
            folds.iter().enumerate().filter(|(fold, _)| !out.contains(fold)).map(|(_, moments)| moments);
        kept.fold(Moments::none(folds[0].with_profit.len()), Moments::add)
    };
    let inner: Vec<usize> = (0..folds.len()).filter(|&fold| fold != out).collect();
    let error = |fit: &dyn Fn(&Moments) -> Option<Array1<f64>>| -> Option<f64> {
        let errors = inner
            .iter()
            .map(|&inner_out| Some(folds[inner_out].squared_error(&fit(&all_but(&[out, inner_out]))?)));
        errors.sum()
    };
    let all = all_but(&[out]);
    let mut best = (error(&|moments| Some(moments.mean())).unwrap_or(f64::INFINITY), all.mean());
    for penalty in PENALTIES_PER_ROW {
        let (Some(error), Some(fit)) = (error(&|moments| moments.ridge(penalty)), all.ridge(penalty)) else {
            continue;
        };
        if error < best.0 {
            best = (error, fit);
        }
    }
    best.1
}

fn predict(coefficients: &Array1<f64>, row: ArrayView1<'_, f64>) -> f64 {
    coefficients.dot(&row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Logged, Records};

    /// Records whose profit under the second action is what `tells` says of the covariate, and noise.
    fn records(tells: fn(f64) -> f64) -> Records {
        let unit = |number: u64| (mix(number) >> 11) as f64 / (1_u64 << 53) as f64;
        let covariate: Vec<f64> = (0..2000).map(unit).collect();
        let assigned: Vec<usize> = (0..2000).map(|row| usize::from(unit(row ^ 0xabcd) < 0.5)).collect();
        let profit = |row: usize| {
            let told = if assigned[row] == 1 { tells(covariate[row]) } else { 1.0 };
            told + unit(row as u64 ^ 0x5555) - 0.5
        };
        Records::new(Logged {
            customers: (0..2000).map(mix).collect(),
            actions: vec!["nothing".to_owned(), "mail".to_owned()],
            profits: (0..2000).map(profit).collect(),
            covariates: vec![covariate, vec![3.0; 2000]],
            assigned,
            ..Logged::default()
        })
        .unwrap()
    }

    #[test]
    fn what_covariates_tell_is_found_and_what_they_do_not_is_left_out() {
        let records_of = records(|x| 5.0 * x);
        let predicted = cross_fitted(&records_of, 1);
        let x = records_of.covariates().column(0);
        for row in 0..2000 {
            assert!((predicted[[row, 0]] - 1.0).abs() < 0.1, "{}", predicted[[row, 0]]);
            assert!((predicted[[row, 1]] - 5.0 * x[row]).abs() < 0.15, "{} {}", predicted[[row, 1]], x[row]);
        }
        assert_ne!(predicted, cross_fitted(&records_of, 2), "other folds");
    }

    #[test]
    fn a_ridge_solves_its_equations() {
        // Two records, x = −1 and 1, y = 0 and 2, penalty 1 a row: b = Σxy / (Σx² + 2) = 2 / 4.
        let x = Array2::from_shape_vec((2, 2), vec![1.0, -1.0, 1.0, 1.0]).unwrap();
        let moments = Moments::of(&x, &[0.0, 2.0], &[0, 1]);
        let b = moments.ridge(1.0).unwrap();
        assert!((b[0] - 1.0).abs() < 1e-12 && (b[1] - 0.5).abs() < 1e-12, "{b}");
        assert!((moments.squared_error(&b) - 0.5).abs() < 1e-12);
    }
}
