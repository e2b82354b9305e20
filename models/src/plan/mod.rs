//! Who gets which offer, where the budget and the capacities are limited (ECONOMICS.md section 4).
//!
//! ```text
//! choices, limits ──► prices, bound ──► a plan within the limits ──► branch and bound, where it can be searched
//! ```
//!
//! Each customer gets one offer or none. Spends are compared in whole millionths, each rounded up, so a plan is
//! within its budget to the last digit. The same choices and limits give the same plan on any number of threads.

mod choices;
mod curve;
mod draft;
mod linear;
mod mixture;
mod prices;
mod repair;
mod rounding;
mod search;
#[cfg(test)]
mod tests;

use mainstay_features::units::Money;

pub use self::choices::{Choices, PlanOption};
pub use self::curve::{Point, curve};
use self::draft::{Draft, ExactLimits};
use self::prices::{Prices, Response, Row};
use self::search::Found;

/// So many customers at most are searched for the best plan; more only get a good one.
const SEARCHED: usize = 10_000;
/// By how many prices the search bounds what is left.
const PRICES: usize = 16;
/// What a plan may miss of its bound and still be proven, as a share.
const PROVEN: f64 = 1e-10;

/// What a plan must keep within.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// The most that can be expected to be spent; below 0 is 0, `None` is no limit.
    pub budget: Option<Money>,
    /// How many customers can get each offer, by its place in the catalogue; offers beyond the list have no limit.
    pub capacities: Vec<Option<u64>>,
}

/// Who gets which offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Each customer's offer, by its place in the catalogue; `None` is to do nothing.
    pub chosen: Vec<Option<u8>>,
    /// What is expected to be spent: the options' spends, each rounded up to a millionth.
    pub spend: Money,
    /// What the plan is expected to earn over doing nothing; the spend is taken off already.
    pub net_value: Money,
    /// How many customers get each offer, as long as the list of capacities or the highest offer.
    pub per_offer: Vec<u64>,
    /// What no plan within the limits earns more than.
    pub bound: Money,
    /// What one more unit of budget would earn (shadow price of the linear problem); 0 where the budget does not bind.
    /// Of no budget at all, what the first unit would earn.
    pub budget_price: f64,
    /// What one more customer who can have the offer would earn, as long as `per_offer`; 0 where the capacity does not bind.
    pub capacity_prices: Vec<f64>,
    /// Whether it is proven that no plan within the limits earns more, to a share of 10⁻¹⁰.
    pub is_proven: bool,
}

/// The plan that earns most within the limits: proven to be the best where `is_proven`, and otherwise within
/// `bound − net_value` of it.
pub fn plan(choices: &Choices, limits: &Limits) -> Plan {
    plan_with(choices, limits, &mut Vec::new())
}

/// As [`plan`], where customers may have been asked before.
fn plan_with(choices: &Choices, limits: &Limits, answers: &mut Vec<Response>) -> Plan {
    let limits = ExactLimits::new(limits, choices.offers());
    let rows = linear::rows(limits.budget(), &limits.capacities);
    let linear = linear::solve(choices, &rows, limits.capacities.len(), answers);
    let (chosen, undecided) = rounding::round(choices, &linear);
    let mut draft = Draft::new(choices, &limits, chosen);
    if !is_met(linear.bound, &draft) || !draft.is_within() {
        repair::repair(&mut draft, &linear.prices, &undecided);
    }
    debug_assert!(draft.is_within());
    let is_searched = choices.customers() <= SEARCHED;
    let mut bound = linear.bound;
    if is_searched && !is_met(bound, &draft) {
        let others: Vec<Prices> = nearest(answers, &rows);
        match search::improve(&mut draft, &rows, &linear.prices, &others, bound) {
            Found::Bound(found) => bound = bound.min(found),
            Found::TooMany => {}
        }
    }
    let is_proven = is_met(bound, &draft);
    draft.finish(bound, linear.prices.of_first_units(&rows, choices), is_proven)
}

/// Whether a draft earns what no plan earns more than.
fn is_met(bound: f64, draft: &Draft<'_>) -> bool {
    bound - draft.net_value() <= PROVEN * bound
}

/// The prices of the lowest bounds, each once.
fn nearest(answers: &[Response], rows: &[Row]) -> Vec<Prices> {
    let mut bounds: Vec<(f64, &Prices)> =
        answers.iter().map(|answer| (answer.bound(rows), &answer.prices)).collect();
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    bounds.into_iter().take(PRICES).map(|(_, prices)| prices.clone()).collect()
}
