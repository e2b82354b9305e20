//! The value of policies, three ways, with intervals.

use ndarray::Array2;

use super::records::{FEWEST_OF_EACH, Records};
use super::{Policy, PolicyError, outcome};
use crate::bootstrap;
use crate::drift::Interval;

/// How a value is estimated. With w = 1\[the policy asks for what was assigned\]/propensity, y the profit and q the profit
/// predicted by a model that has not seen the customer:
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// mean of w·y (Horvitz and Thompson 1952). Right on average, whatever the model; restless where profits are far from 0.
    InversePropensity,
    /// mean of w·y / mean of w (Hájek 1971): of one action for everybody, the mean of those who got it. Off by less than
    /// chance makes, and steadier.
    SelfNormalised,
    /// mean of q(the policy's action) + w·(y − q(the action assigned)) (Robins, Rotnitzky and Zhao 1994; Dudík, Langford
    /// and Li 2011). Right on average, whatever the model, as the propensities are known; steadier the better the model is.
    DoublyRobust,
}

/// What a policy is worth, in money a record.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyValue {
    /// What it is called.
    pub name: String,
    /// Whether it was learnt from the records it is valued on: its intervals are of what was learnt, and too narrow for what
    /// other records would have taught.
    pub learnt_here: bool,
    /// How many records it asks for each action, in their order.
    pub asked: Vec<usize>,
    /// How many records got what it asks for.
    pub followed: usize,
    /// (Σw)²/Σw²: so many records, all with one weight, would tell as much.
    pub effective_sample_size: f64,
    /// mean of w; near 1 where the propensities are right.
    pub mean_weight: Interval,
    draws: Draws,
}

/// Means of w, w·y and the doubly robust terms, and the same by draw of the bootstrap.
#[derive(Clone, Debug, PartialEq)]
struct Draws {
    means: [f64; 3],
    by_draw: [Vec<f64>; 3],
}

impl Draws {
    fn value(&self, estimator: Estimator) -> f64 {
        of(estimator, self.means)
    }

    fn by_draw(&self, estimator: Estimator) -> impl Iterator<Item = f64> + '_ {
        let [weight, weighted, robust] = &self.by_draw;
        let together = weight.iter().zip(weighted).zip(robust);
        together.map(move |((&weight, &weighted), &robust)| of(estimator, [weight, weighted, robust]))
    }
}

/// An estimate from the means of w, w·y and the doubly robust terms.
fn of(estimator: Estimator, [weight, weighted, robust]: [f64; 3]) -> f64 {
    match estimator {
        Estimator::InversePropensity => weighted,
        Estimator::SelfNormalised => weighted / weight,
        Estimator::DoublyRobust => robust,
    }
}

impl PolicyValue {
    /// The value, with what 95 % of the draws of customers lie between. What the policy asks for is the same in every draw.
    pub fn value(&self, estimator: Estimator) -> Interval {
        with_interval(self.draws.value(estimator), self.draws.by_draw(estimator))
    }

    /// How much more it is worth than another policy of the same evaluation; the interval is of the difference, customer by
    /// customer, and narrower than those of the values tell.
    pub fn more_than(&self, other: &Self, estimator: Estimator) -> Interval {
        let differences =
            self.draws.by_draw(estimator).zip(other.draws.by_draw(estimator)).map(|(a, b)| a - b);
        with_interval(self.draws.value(estimator) - other.draws.value(estimator), differences)
    }
}

fn with_interval(estimate: f64, draws: impl Iterator<Item = f64>) -> Interval {
    let (low, high) = bootstrap::interval(draws).unwrap_or((f64::NAN, f64::NAN));
    Interval { estimate, low, high }
}

/// What policies are worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// How many records it rests on.
    pub records: usize,
    /// The policies, in the order asked.
    pub policies: Vec<PolicyValue>,
}

/// Estimates what policies are worth. All randomness (folds and draws) starts at the seed.
///
/// # Errors
/// When a policy asks for what a record had no chance of, or hardly any record got what it asks for.
pub fn evaluate(records: &Records, policies: &[Policy], seed: u64) -> Result<Evaluation, PolicyError> {
    let predicted = outcome::cross_fitted(records, seed);
    let mut columns = Vec::with_capacity(3 * policies.len());
    let mut values = Vec::with_capacity(policies.len());
    for policy in policies {
        let (name, choices) = chosen(policy, records, &predicted)?;
        let mut asked = vec![0; records.actions().len()];
        choices.iter().for_each(|&action| asked[action] += 1);
        let [weight, weighted, robust] = terms(records, &choices, &predicted);
        let followed = weight.iter().filter(|&&weight| weight > 0.0).count();
        if followed < FEWEST_OF_EACH {
            return Err(PolicyError::HardlyFollowed { policy: name, records: followed });
        }
        let (sum, squares) = weight.iter().fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
        values.push((name, asked, followed, sum * sum / squares));
        columns.extend([weight, weighted, robust]);
    }
    let mut by_draw = bootstrap::means(records.customers(), &columns, seed).into_iter();
    let mean = |column: &Vec<f64>| column.iter().sum::<f64>() / records.len() as f64;
    let policies = values
        .into_iter()
        .zip(policies)
        .zip(columns.chunks_exact(3))
        .map(|(((name, asked, followed, effective_sample_size), policy), columns)| {
            let mut next = || by_draw.next().unwrap_or_default();
            let draws = Draws {
                means: [mean(&columns[0]), mean(&columns[1]), mean(&columns[2])],
                by_draw: [next(), next(), next()],
            };
            let mean_weight = with_interval(draws.means[0], draws.by_draw[0].iter().copied());
            let learnt_here = matches!(policy, Policy::ByModel);
            PolicyValue { name, learnt_here, asked, followed, effective_sample_size, mean_weight, draws }
        })
        .collect();
    Ok(Evaluation { records: records.len(), policies })
}

/// What a policy is called, and what it asks for.
fn chosen(
    policy: &Policy,
    records: &Records,
    predicted: &Array2<f64>,
) -> Result<(String, Vec<usize>), PolicyError> {
    let actions = records.actions();
    let (name, choices) = match policy {
        Policy::Always(action) => {
            let name = actions.get(*action).ok_or(PolicyError::NoSuchAction { record: 0 })?;
            (format!("{name} for all"), vec![*action; records.len()])
        }
        Policy::Recommended { name, choices } => (name.clone(), choices.clone()),
        Policy::ByModel => {
            let best = |record: usize| {
                let of = |action: usize| predicted[[record, action]];
                let possible = (0..actions.len()).filter(|&action| records.could_have(record, action));
                // Of equals, the first.
                possible.reduce(|best, next| if of(next) > of(best) { next } else { best }).unwrap_or(0)
            };
            ("by model".to_owned(), (0..records.len()).map(best).collect())
        }
    };
    if choices.len() != records.len() {
        return Err(PolicyError::Lengths { found: choices.len(), expected: records.len() });
    }
    for (record, &action) in choices.iter().enumerate() {
        let Some(asked) = actions.get(action) else { return Err(PolicyError::NoSuchAction { record }) };
        if !records.could_have(record, action) {
            return Err(PolicyError::OutOfReach { record, policy: name, action: asked.clone() });
        }
    }
    Ok((name, choices))
}

/// By record: w, w·y, and the doubly robust term.
fn terms(records: &Records, choices: &[usize], predicted: &Array2<f64>) -> [Vec<f64>; 3] {
    let mut terms = [(); 3].map(|()| Vec::with_capacity(records.len()));
    let got = records.assigned().iter().zip(records.propensities()).zip(records.profits());
    for (record, (((&assigned, &propensity), &profit), &asked)) in got.zip(choices).enumerate() {
        let weight = if asked == assigned { 1.0 / propensity } else { 0.0 };
        terms[0].push(weight);
        terms[1].push(weight * profit);
        terms[2].push(predicted[[record, asked]] + weight * (profit - predicted[[record, assigned]]));
    }
    terms
}
