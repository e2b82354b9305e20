//! Gamma-Gamma: what a customer spends at a time (Fader, Hardie and Lee, *RFM and CLV: Using Iso-value Curves for Customer
//! Base Analysis*, Journal of Marketing Research 42, 2005; Fader and Hardie, *The Gamma-Gamma Model of Monetary Value*,
//! 2013).
//!
//! What is spent at a time is Gamma(p, ν) with a scale of each customer's own, and over customers ν is Gamma(q, v). So the
//! more often someone bought, the more their own mean tells, and the less everyone's.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use super::fit::{FEWEST_REPEAT_CUSTOMERS, FitError, Slope, maximise};

/// So many customers are added up at a time, on any thread: the sum does not depend on how many there are.
const CHUNK_CUSTOMERS: usize = 4096;
/// Where the search for p begins, and that for q: customers who spend now more, now less regularly.
const SHAPES: [f64; 3] = [1.0, 10.0, 100.0];
const START_Q: f64 = 3.0;
/// Beyond these no parameter tells anything about customers.
const LEAST: f64 = 1e-9;
const MOST: f64 = 1e15;

/// What one customer spends: how often, and how much at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spending {
    /// x: how many amounts there are, at least one.
    pub times: u32,
    /// m̄: their mean, above zero.
    pub mean_amount: f64,
}

/// The model's three parameters; q > 1, as there is no mean otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct GammaGamma {
    p: f64,
    q: f64,
    v: f64,
}

/// The parameters by name, not yet looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Shape of what one customer spends at a time.
    pub p: f64,
    /// Shape of the customers' inverse scales.
    pub q: f64,
    /// Their inverse scale, in units of money.
    pub v: f64,
}

impl TryFrom<Parameters> for GammaGamma {
    type Error = FitError;

    fn try_from(Parameters { p, q, v }: Parameters) -> Result<Self, FitError> {
        for (name, value, least) in [("p", p, LEAST), ("q", q, 1.0 + LEAST), ("v", v, LEAST)] {
            if !(least..=MOST).contains(&value) {
                return Err(FitError::Implausible { name: name.to_owned(), value });
            }
        }
        Ok(Self { p, q, v })
    }
}

impl From<GammaGamma> for Parameters {
    fn from(GammaGamma { p, q, v }: GammaGamma) -> Self {
        Self { p, q, v }
    }
}

impl GammaGamma {
    /// Fits by maximum likelihood on customers who bought repeatedly; their order does not matter, and one thread or many
    /// give the same bits.
    ///
    /// # Errors
    /// When there are too few, the search does not converge, or it ends where the model says nothing.
    pub fn fit(customers: impl IntoIterator<Item = Spending>) -> Result<Self, FitError> {
        let customers = sorted(customers);
        let repeat_customers = customers.len() as u64;
        if repeat_customers < FEWEST_REPEAT_CUSTOMERS {
            return Err(FitError::TooFewRepeatCustomers {
                repeat_customers,
                needed: FEWEST_REPEAT_CUSTOMERS,
            });
        }
        let mean =
            customers.iter().map(|customer| customer.mean_amount).sum::<f64>() / customers.len() as f64;
        let likelihood = |&[p, q, v]: &[f64; 3]| slope(&Self { p, q, v }, &customers);
        // The likelihood can have several tops. At each start customers spend `mean` on average.
        let starts = SHAPES.map(|p| [p, START_Q, mean * (START_Q - 1.0) / p]);
        let found = starts.map(|start| maximise(likelihood, start));
        let greatest = found.iter().flatten().max_by(|(_, a), (_, b)| a.total_cmp(b));
        let &([p, q, v], _) = greatest.ok_or_else(|| FitError::DidNotConverge("from any start".into()))?;
        Self::try_from(Parameters { p, q, v })
    }

    /// The parameters.
    pub fn parameters(&self) -> Parameters {
        (*self).into()
    }

    /// E[M]: what customers about whom nothing is known spend at a time, p·v/(q − 1).
    pub fn population_mean(&self) -> f64 {
        self.p * self.v / (self.q - 1.0)
    }

    /// E[M | x, m̄] = p·(v + x·m̄)/(p·x + q − 1): what the customer will spend at a time on average.
    pub fn expected_mean(&self, customer: &Spending) -> f64 {
        let x = f64::from(customer.times);
        self.p * (self.v + x * customer.mean_amount) / (self.p * x + self.q - 1.0)
    }

    /// Var[M | x, m̄] / E[M | x, m̄]² = 1/(p·x + q − 2) of the mean that the customer will spend at a time; infinite where
    /// there is no variance.
    pub fn relative_variance(&self, customer: &Spending) -> f64 {
        let shape = self.p * f64::from(customer.times) + self.q;
        if shape > 2.0 { 1.0 / (shape - 2.0) } else { f64::INFINITY }
    }
}

/// Pearson's correlation of how often and how much at a time, in [−1, 1]; `None` where either is the same for all. The
/// model takes both to be independent: the further from 0, the less its amounts can be trusted for the most frequent.
pub fn correlation(customers: impl IntoIterator<Item = Spending>) -> Option<f64> {
    let customers = sorted(customers);
    let mean = |of: &dyn Fn(&Spending) -> f64| customers.iter().map(of).sum::<f64>() / customers.len() as f64;
    let (mean_times, mean_amount) = (mean(&|c| f64::from(c.times)), mean(&|c| c.mean_amount));
    let times = |c: &Spending| f64::from(c.times) - mean_times;
    let amount = |c: &Spending| c.mean_amount - mean_amount;
    let spread = mean(&|c| times(c).powi(2)).sqrt() * mean(&|c| amount(c).powi(2)).sqrt();
    (spread > 0.0).then(|| (mean(&|c| times(c) * amount(c)) / spread).clamp(-1.0, 1.0))
}

/// In an order of their own, so that sums are the same bits whatever order the customers came in.
fn sorted(customers: impl IntoIterator<Item = Spending>) -> Vec<Spending> {
    let mut customers: Vec<Spending> = customers.into_iter().collect();
    customers
        .par_sort_unstable_by(|a, b| a.times.cmp(&b.times).then(a.mean_amount.total_cmp(&b.mean_amount)));
    customers
}

/// The mean log-likelihood and its derivatives after p, q and v. Of one customer
///
/// ln L = ln Γ(px+q) − ln Γ(px) − ln Γ(q) + q·ln v + (px−1)·ln m̄ + px·ln x − (px+q)·ln(v + x·m̄).
fn slope(&GammaGamma { p, q, v }: &GammaGamma, customers: &[Spending]) -> Slope<3> {
    let (log_v, digamma_q, ln_gamma_q) = (v.ln(), digamma(q), ln_gamma(q));
    let of_chunk = |chunk: &[Spending]| {
        let mut sum = [0.0; 4];
        // The same number of times, the same gamma functions: customers are sorted by it.
        for same in chunk.chunk_by(|a, b| a.times == b.times) {
            let x = f64::from(same[0].times);
            let shape = p * x;
            let gammas = ln_gamma(shape + q) - ln_gamma(shape) - ln_gamma_q;
            let (digamma_both, digamma_shape) = (digamma(shape + q), digamma(shape));
            for customer in same {
                let total = x * customer.mean_amount;
                let (log_total, log_scale) = (total.ln(), (v + total).ln());
                let parts = [
                    gammas + q * log_v + shape * log_total
                        - customer.mean_amount.ln()
                        - (shape + q) * log_scale,
                    x * (digamma_both - digamma_shape + log_total - log_scale),
                    digamma_both - digamma_q + log_v - log_scale,
                    q / v - (shape + q) / (v + total),
                ];
                sum = std::array::from_fn(|i| sum[i] + parts[i]);
            }
        }
        sum
    };
    let sums: Vec<[f64; 4]> = customers.par_chunks(CHUNK_CUSTOMERS).map(of_chunk).collect();
    let total = sums.into_iter().fold([0.0; 4], |sum, other| std::array::from_fn(|i| sum[i] + other[i]));
    let [mean_log_likelihood, gradient @ ..] = total.map(|sum| sum / customers.len() as f64);
    Slope { mean_log_likelihood, gradient }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ECONOMICS.md section 2, published on CDNOW's sample.
    const CDNOW: GammaGamma = GammaGamma { p: 6.25, q: 3.74, v: 15.44 };

    #[test]
    fn checked_amounts() {
        let expected = |times, mean_amount| CDNOW.expected_mean(&Spending { times, mean_amount });
        assert!((expected(2, 22.35) - 24.6637).abs() < 5.1e-5);
        assert!((expected(7, 73.74) - 71.4697).abs() < 5.1e-5);
        assert!((CDNOW.population_mean() - 35.2190).abs() < 5.1e-5);
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let customers = sorted(
            [(1, 12.5), (1, 80.0), (4, 33.0), (19, 7.25)]
                .map(|(times, mean_amount)| Spending { times, mean_amount }),
        );
        let at = [3.1, 2.2, 20.0];
        let of = |[p, q, v]: [f64; 3]| slope(&GammaGamma { p, q, v }, &customers);
        for (i, gradient) in of(at).gradient.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut there = at;
                there[i] += by * at[i];
                of(there).mean_log_likelihood
            };
            let difference = (moved(1e-5) - moved(-1e-5)) / (2e-5 * at[i]);
            assert!((difference / gradient - 1.0).abs() < 1e-6, "{i}: {difference}, {gradient}");
        }
    }

    #[test]
    fn correlation_worked_out_by_hand() {
        let customers = |amounts: [f64; 3]| {
            amounts.into_iter().zip(1..).map(|(mean_amount, times)| Spending { times, mean_amount })
        };
        assert!((correlation(customers([5.0, 6.0, 7.0])).unwrap() - 1.0).abs() < 1e-12);
        // Deviations (−1, 0, 1) and (1, −2, 1) are orthogonal.
        assert!(correlation(customers([6.0, 3.0, 6.0])).unwrap().abs() < 1e-12);
        assert_eq!(correlation(customers([6.0; 3])), None);
        assert_eq!(correlation([]), None);
    }

    #[test]
    fn a_mean_that_does_not_exist_is_refused() {
        let refused = GammaGamma::try_from(Parameters { p: 6.0, q: 1.0, v: 15.0 });
        assert_eq!(refused, Err(FitError::Implausible { name: "q".to_owned(), value: 1.0 }));
    }
}
