//! The optimum of the penalised log loss, by Newton's method (iteratively reweighted least squares): a handful of
//! passes over the rows, where first-order methods take hundreds.

use linfa_linalg::cholesky::SolveC;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rayon::prelude::*;

use crate::odds::{log_loss, sigmoid};

/// So many rows make one partial sum. Sums of blocks are added in order: the same bits on any number of threads.
const BLOCK_ROWS: usize = 4096;
/// Newton's steps double the digits, so few are needed; halved steps included, this is far more than any fit takes.
const MAX_STEPS: usize = 100;
/// The answer is taken when no component of the gradient is above this, per row.
const GRADIENT_PER_ROW: f64 = 1e-10;
/// What is left may be this much where the loss can no longer tell one step from the next; more is an error.
const REFUSED_GRADIENT_PER_ROW: f64 = 1e-7;

/// Why there is no optimum.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a gradient of {gradient:.1e} a row is left, {REFUSED_GRADIENT_PER_ROW:.0e} would do")]
pub(crate) struct NoOptimum {
    gradient: f64,
}

/// The intercept and the coefficients that minimise Σ log loss + ½·penalty·‖coefficients‖² over rows of `x`, each with
/// whether it is of the first kind; the intercept is free.
///
/// # Errors
/// When the optimum is not reached.
pub(crate) fn fit(x: ArrayView2<'_, f64>, y: &[bool], penalty: f64) -> Result<(f64, Array1<f64>), NoOptimum> {
    let rows = y.len() as f64;
    let positives = y.iter().filter(|&&y| y).count() as f64;
    let mut weights = Array1::zeros(x.ncols() + 1);
    // The optimum of the intercept alone; with one kind only, any number far out.
    weights[x.ncols()] = ((positives + 0.5) / (rows - positives + 0.5)).ln();
    let mut at = Pass::over(x, y, &weights, penalty);
    for _ in 0..MAX_STEPS {
        if at.largest_slope() <= GRADIENT_PER_ROW * rows {
            break;
        }
        let Some(step) = at.newton_step() else { break };
        let Some((next, better)) = shorten(x, y, &weights, &step, penalty, at.loss) else { break };
        weights = next;
        at = better;
    }
    let gradient = at.largest_slope() / rows;
    // Not a number is no optimum either.
    if gradient <= REFUSED_GRADIENT_PER_ROW {
        let intercept = weights[x.ncols()];
        Ok((intercept, weights.slice_move(s![..x.ncols()])))
    } else {
        Err(NoOptimum { gradient })
    }
}

/// The whole step, or the half of it, and so on, until the loss is no higher; `None` when none helps.
fn shorten(
    x: ArrayView2<'_, f64>,
    y: &[bool],
    weights: &Array1<f64>,
    step: &Array1<f64>,
    penalty: f64,
    loss: f64,
) -> Option<(Array1<f64>, Pass)> {
    (0..30).map(|halvings| 0.5_f64.powi(halvings)).find_map(|share| {
        let next = weights - &(step * share);
        let pass = Pass::over(x, y, &next, penalty);
        // At the optimum, rounding may show as a rise.
        (pass.loss <= loss + 1e-12 * loss.abs()).then_some((next, pass))
    })
}

/// The loss at some weights, with its slopes and curvature; the intercept's are the last.
struct Pass {
    loss: f64,
    gradient: Array1<f64>,
    curvature: Array2<f64>,
}

impl Pass {
    fn over(x: ArrayView2<'_, f64>, y: &[bool], weights: &Array1<f64>, penalty: f64) -> Self {
        let width = x.ncols();
        let blocks: Vec<(ArrayView2<'_, f64>, &[bool])> =
            x.axis_chunks_iter(Axis(0), BLOCK_ROWS).zip(y.chunks(BLOCK_ROWS)).collect();
        let blocks: Vec<Self> = blocks.into_par_iter().map(|(x, y)| Self::block(x, y, weights)).collect();
        let mut sum = Self {
            loss: 0.0,
            gradient: Array1::zeros(width + 1),
            curvature: Array2::zeros((width + 1, width + 1)),
        };
        for block in blocks {
            sum.loss += block.loss;
            sum.gradient += &block.gradient;
            sum.curvature += &block.curvature;
        }
        for (place, &weight) in weights.iter().take(width).enumerate() {
            sum.loss += 0.5 * penalty * weight * weight;
            sum.gradient[place] += penalty * weight;
            sum.curvature[[place, place]] += penalty;
        }
        sum
    }

    fn block(x: ArrayView2<'_, f64>, y: &[bool], weights: &Array1<f64>) -> Self {
        let width = x.ncols();
        let z = x.dot(&weights.slice(s![..width])) + weights[width];
        let mut loss = 0.0;
        let mut residuals = Array1::zeros(y.len());
        let mut bends = Array1::zeros(y.len());
        for (row, (&z, &y)) in z.iter().zip(y).enumerate() {
            let p = sigmoid(z);
            loss += log_loss(z, y);
            residuals[row] = p - f64::from(u8::from(y));
            bends[row] = p * (1.0 - p);
        }
        let mut gradient = Array1::zeros(width + 1);
        gradient.slice_mut(s![..width]).assign(&x.t().dot(&residuals));
        gradient[width] = residuals.sum();
        let weighted = &x * &bends.view().insert_axis(Axis(1));
        let edge = weighted.sum_axis(Axis(0));
        let mut curvature = Array2::zeros((width + 1, width + 1));
        curvature.slice_mut(s![..width, ..width]).assign(&x.t().dot(&weighted));
        curvature.slice_mut(s![..width, width]).assign(&edge);
        curvature.slice_mut(s![width, ..width]).assign(&edge);
        curvature[[width, width]] = bends.sum();
        Self { loss, gradient, curvature }
    }

    fn largest_slope(&self) -> f64 {
        let largest = self.gradient.iter().fold(0.0, |most: f64, slope| most.max(slope.abs()));
        if self.gradient.iter().any(|slope| slope.is_nan()) { f64::NAN } else { largest }
    }

    /// Curvature⁻¹ · gradient; where the loss is flat (every row certain), with a little curvature added.
    fn newton_step(&self) -> Option<Array1<f64>> {
        let width = self.gradient.len();
        let largest = self.curvature.diag().iter().fold(0.0, |most: f64, &bend| most.max(bend));
        let column = self.gradient.view().insert_axis(Axis(1));
        [0.0, 1e-12, 1e-8, 1e-4].into_iter().find_map(|share| {
            let mut curvature = self.curvature.clone();
            curvature.diag_mut().iter_mut().for_each(|bend| *bend += share * largest);
            let solved = curvature.solvec(&column.to_owned()).ok()?;
            let step = solved.into_shape_with_order(width).ok()?;
            step.iter().all(|part| part.is_finite()).then_some(step)
        })
    }
}
