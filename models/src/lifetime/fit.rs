//! Maximum likelihood over a few positive parameters: BFGS on their logarithms, so that none leaves its range.
//!
//! Not argmin's: its line search has no end where rounding hides the way, and a step may take a parameter to 10¹¹ where the
//! likelihood is flat. With three or four parameters the whole method is a page.

use serde::{Deserialize, Serialize};

/// With fewer customers who came back, parameters are a guess.
pub(super) const FEWEST_REPEAT_CUSTOMERS: u64 = 30;

/// The search stops where no parameter's logarithm moves the mean log-likelihood by more than this (at a tenth of it
/// rounding hides which step is better), or where no step is better at all…
const GRADIENT: f64 = 1e-7;
/// …which is refused above this one: parameters would differ in the digits shown.
const REFUSED_GRADIENT: f64 = 1e-6;
const MAX_STEPS: u32 = 500;
/// No parameter grows or shrinks by more than e to this in one step: farther off the curvature tells nothing.
const LONGEST_STEP: f64 = 2.0;
/// A step is halved so often before the search gives up on its direction.
const MAX_HALVINGS: u32 = 40;
/// The share of what the gradient promises that a step has to bring (Armijo's rule).
const KEPT_PROMISE: f64 = 1e-4;

/// Why a model of purchases cannot be fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum FitError {
    /// Too few customers bought more than once.
    #[error("{repeat_customers} customers bought on more than one day; {needed} are needed")]
    TooFewRepeatCustomers {
        /// How many did.
        repeat_customers: u64,
        /// How many it takes.
        needed: u64,
    },
    /// The search stopped before the optimum.
    #[error("the search for the greatest likelihood did not converge: {0}")]
    DidNotConverge(String),
    /// The likelihood rises beyond what parameters may be.
    #[error("the greatest likelihood lies beyond all limits: within them it is lower by {lost} a customer")]
    Unsettled {
        /// By how much, per customer.
        lost: f64,
    },
    /// A parameter is where no shop is.
    #[error("the greatest likelihood lies at {name} = {value}, where the model says nothing")]
    Implausible {
        /// The parameter.
        name: String,
        /// Its value.
        value: f64,
    },
}

/// A mean log-likelihood and its derivatives after the parameters.
pub(super) struct Slope<const N: usize> {
    pub(super) mean_log_likelihood: f64,
    pub(super) gradient: [f64; N],
}

/// Where the likelihood is greatest: the parameters, and the mean log-likelihood there.
pub(super) fn maximise<const N: usize>(
    likelihood: impl Fn(&[f64; N]) -> Slope<N>,
    start: [f64; N],
) -> Result<([f64; N], f64), FitError> {
    let at = |logarithms: [f64; N]| Place::at(logarithms, &likelihood);
    let mut place = at(start.map(f64::ln));
    let mut curvature = Curvature::unknown();
    for _ in 0..MAX_STEPS {
        if place.steepest() <= GRADIENT {
            break;
        }
        let mut next = step(&place, curvature.uphill(&place.gradient), at);
        if next.is_none() {
            // What was learnt of the curvature may mislead: once more straight uphill.
            curvature = Curvature::unknown();
            next = step(&place, place.gradient, at);
        }
        let Some(next) = next else { break };
        curvature.learn(&place, &next);
        place = next;
    }
    let parameters = place.logarithms.map(f64::exp);
    // NaN is not at most anything.
    if place.height.is_finite() && place.steepest() <= REFUSED_GRADIENT {
        Ok((parameters, place.height))
    } else {
        Err(FitError::DidNotConverge(format!(
            "the gradient is still {:e} at {parameters:?}",
            place.steepest()
        )))
    }
}

/// A point of the search, in logarithms of the parameters.
struct Place<const N: usize> {
    logarithms: [f64; N],
    height: f64,
    gradient: [f64; N],
}

impl<const N: usize> Place<N> {
    fn at(logarithms: [f64; N], likelihood: &impl Fn(&[f64; N]) -> Slope<N>) -> Self {
        let parameters = logarithms.map(f64::exp);
        let Slope { mean_log_likelihood: height, gradient } = likelihood(&parameters);
        Self { logarithms, height, gradient: std::array::from_fn(|i| gradient[i] * parameters[i]) }
    }

    fn steepest(&self) -> f64 {
        // NaN comes out as what is refused.
        self.gradient
            .iter()
            .map(|slope| slope.abs())
            .fold(0.0, |a, b| if a.is_nan() || b <= a { a } else { b })
    }
}

/// A better place in a direction, if there is one: the longest of ever shorter steps that keeps the gradient's promise.
fn step<const N: usize>(
    from: &Place<N>,
    direction: [f64; N],
    at: impl Fn([f64; N]) -> Place<N>,
) -> Option<Place<N>> {
    let promise = dot(&from.gradient, &direction);
    let longest = direction.iter().map(|part| part.abs()).fold(0.0, f64::max);
    let mut length = (LONGEST_STEP / longest).min(1.0);
    (0..MAX_HALVINGS).find_map(|_| {
        let next = at(std::array::from_fn(|i| from.logarithms[i] + length * direction[i]));
        let is_better =
            next.height > from.height && next.height >= from.height + KEPT_PROMISE * length * promise;
        length /= 2.0;
        is_better.then_some(next)
    })
}

/// What the steps so far tell of the inverse of the second derivatives.
struct Curvature<const N: usize> {
    inverse: [[f64; N]; N],
    steps: u32,
}

impl<const N: usize> Curvature<N> {
    fn unknown() -> Self {
        Self { inverse: scaled_identity(1.0), steps: 0 }
    }

    fn uphill(&self, gradient: &[f64; N]) -> [f64; N] {
        std::array::from_fn(|i| dot(&self.inverse[i], gradient))
    }

    /// The update of Broyden, Fletcher, Goldfarb and Shanno (Nocedal and Wright, *Numerical Optimization*, equation 6.17).
    fn learn(&mut self, from: &Place<N>, to: &Place<N>) {
        let moved: [f64; N] = std::array::from_fn(|i| to.logarithms[i] - from.logarithms[i]);
        let flatter: [f64; N] = std::array::from_fn(|i| from.gradient[i] - to.gradient[i]);
        let curved = dot(&moved, &flatter);
        if curved <= 0.0 {
            return;
        }
        if self.steps == 0 {
            self.inverse = scaled_identity(curved / dot(&flatter, &flatter));
        }
        self.steps += 1;
        let seen = self.uphill(&flatter);
        let stretch = (1.0 + dot(&flatter, &seen) / curved) / curved;
        for i in 0..N {
            for j in 0..N {
                self.inverse[i][j] +=
                    stretch * moved[i] * moved[j] - (seen[i] * moved[j] + moved[i] * seen[j]) / curved;
            }
        }
    }
}

fn scaled_identity<const N: usize>(scale: f64) -> [[f64; N]; N] {
    std::array::from_fn(|i| std::array::from_fn(|j| if i == j { scale } else { 0.0 }))
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curved_valley_is_followed_to_its_end() {
        // Rosenbrock's function of the logarithms, least at (1, 1).
        let valley = |&[a, b]: &[f64; 2]| {
            let (x, y) = (a.ln(), b.ln());
            let height = -((1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2));
            let (dx, dy) = (2.0 * (1.0 - x) + 400.0 * x * (y - x * x), -200.0 * (y - x * x));
            Slope { mean_log_likelihood: height, gradient: [dx / a, dy / b] }
        };
        let ([a, b], _) = maximise(valley, [(-1.2_f64).exp(), 1.0_f64.exp()]).unwrap();
        assert!((a.ln() - 1.0).abs() < 1e-6 && (b.ln() - 1.0).abs() < 1e-6, "{a} {b}");
    }

    #[test]
    fn no_top_and_no_number_are_refused() {
        let slope = |&[a]: &[f64; 1]| Slope { mean_log_likelihood: a.ln(), gradient: [1.0 / a] };
        assert!(matches!(maximise(slope, [1.0]), Err(FitError::DidNotConverge(_))));
        let nothing = |_: &[f64; 1]| Slope { mean_log_likelihood: f64::NAN, gradient: [f64::NAN] };
        assert!(matches!(maximise(nothing, [1.0]), Err(FitError::DidNotConverge(_))));
    }
}
