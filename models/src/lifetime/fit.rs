//! Maximum likelihood over a few positive parameters: L-BFGS (argmin) on their logarithms, so that none leaves its range.

use std::cell::RefCell;

use argmin::core::{CostFunction, Error, Executor, Gradient, State};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::quasinewton::LBFGS;

/// With fewer customers who came back, parameters are a guess.
pub(super) const FEWEST_REPEAT_CUSTOMERS: u64 = 30;

/// The search stops where the parameters' logarithms move the mean log-likelihood by no more than this (at a tenth of it
/// rounding hides which step is better), or where a step does not move it at all…
const GRADIENT: f64 = 1e-7;
/// …which is refused above this one: parameters would differ in the digits shown.
const REFUSED_GRADIENT: f64 = 1e-6;
const MAX_ITERATIONS: u64 = 500;
/// How many steps back curvature is remembered.
const MEMORY: usize = 7;

/// Why a model of purchases cannot be fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
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
    /// A parameter is where no shop is.
    #[error("the greatest likelihood lies at {name} = {value}, where the model says nothing")]
    Implausible {
        /// The parameter.
        name: &'static str,
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
    let failed = |error: Error| FitError::DidNotConverge(error.to_string());
    let search =
        LBFGS::new(MoreThuenteLineSearch::new(), MEMORY).with_tolerance_grad(GRADIENT).map_err(failed)?;
    let descent = Descent { likelihood: &likelihood, last: RefCell::default() };
    let found = Executor::new(descent, search)
        .configure(|state| state.param(start.map(f64::ln).to_vec()).max_iters(MAX_ITERATIONS))
        .timer(false)
        .run()
        .map_err(failed)?;
    let logarithms =
        found.state().get_best_param().ok_or_else(|| FitError::DidNotConverge("no step".into()))?;
    let parameters = std::array::from_fn(|i| logarithms[i].exp());
    let slope = likelihood(&parameters);
    let steepest = (0..N).map(|i| (slope.gradient[i] * parameters[i]).abs()).fold(0.0, f64::max);
    let finite = slope.mean_log_likelihood.is_finite() && slope.gradient.iter().all(|g| g.is_finite());
    if !finite || steepest > REFUSED_GRADIENT {
        return Err(FitError::DidNotConverge(format!(
            "the gradient is still {steepest:e} at {parameters:?}"
        )));
    }
    Ok((parameters, slope.mean_log_likelihood))
}

/// argmin asks for value and gradient one after the other at the same place: the last answer is kept.
struct Descent<'a, F, const N: usize> {
    likelihood: &'a F,
    last: RefCell<Option<([f64; N], Slope<N>)>>,
}

impl<F: Fn(&[f64; N]) -> Slope<N>, const N: usize> Descent<'_, F, N> {
    fn at<T>(&self, logarithms: &[f64], answer: impl Fn(&[f64; N], &Slope<N>) -> T) -> T {
        let parameters: [f64; N] = std::array::from_fn(|i| logarithms[i].exp());
        let known = self.last.take().filter(|(place, _)| *place == parameters);
        let (place, slope) = known.unwrap_or_else(|| (parameters, (self.likelihood)(&parameters)));
        let answer = answer(&place, &slope);
        self.last.replace(Some((place, slope)));
        answer
    }
}

impl<F: Fn(&[f64; N]) -> Slope<N>, const N: usize> CostFunction for Descent<'_, F, N> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logarithms: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.at(logarithms, |_, slope| -slope.mean_log_likelihood))
    }
}

impl<F: Fn(&[f64; N]) -> Slope<N>, const N: usize> Gradient for Descent<'_, F, N> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, logarithms: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.at(logarithms, |parameters, slope| {
            parameters.iter().zip(slope.gradient).map(|(parameter, up)| -parameter * up).collect()
        }))
    }
}
