//! The plan of a scored list: who gets which offer where the budget or the offers' capacities do not reach for everybody
//! whom one would pay for.
//!
//! ```text
//! scored list, offers ──► choices ──models::plan──► plan ──► the list with the plan's actions
//!                                      └──► curve            └──► fairness: who gets better terms
//! ```

mod fairness;
mod figure;

pub use fairness::{Comparison, Group, StandsOut, Value, compare};
pub use figure::{Curve, curve};

use mainstay_features::units::Money;
use mainstay_models::decision::{Catalogue, Choice};
use mainstay_models::plan::{Choices, Limits, Plan, PlanOption, plan};
use rayon::prelude::*;

use crate::scores::{ConsentColumns, ScoreRow, Scores};

/// So many customers' options are found at a time.
const CUSTOMERS_AT_A_TIME: usize = 4096;

/// A plan has room for so many offers.
pub const MOST_OFFERS: usize = 256;

/// What offers of a catalogue would earn with every customer of a list, of those that may be made to them; offers beyond
/// [`MOST_OFFERS`] are none.
pub fn choices(scores: &Scores, catalogue: &Catalogue) -> Choices {
    let consents = ConsentColumns::of(scores);
    let options = |row: &ScoreRow| -> Vec<PlanOption> {
        let stakes = row.stakes();
        let value = stakes.worth.lifetime_value;
        consents.circumstances(row, |circumstances| {
            let eligible = catalogue.eligible(&stakes, circumstances);
            eligible
                .filter_map(|(place, terms)| {
                    let ledger = terms.ledger(stakes.churn_probability, value);
                    let (spend, net_value) = (ledger.spend().get(), ledger.net_value().get());
                    Some(PlanOption { offer: u8::try_from(place).ok()?, spend, net_value })
                })
                .collect()
        })
    };
    let mut choices = Choices::with_capacity(scores.rows.len(), scores.rows.len());
    for rows in scores.rows.chunks(CUSTOMERS_AT_A_TIME) {
        let found: Vec<Vec<PlanOption>> = rows.par_iter().map(options).collect();
        found.into_iter().for_each(|options| choices.push_customer(options));
    }
    choices
}

/// A list by a plan, beside what the same offers would earn without a budget.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The plan within the same capacities, without a budget.
    pub without_budget: Plan,
    /// What the plan was held to.
    pub limits: Limits,
}

impl Planned {
    /// The plan that earns most within limits.
    pub fn of(choices: &Choices, limits: Limits) -> Self {
        let without_budget = plan(choices, &Limits { budget: None, ..limits.clone() });
        let plan = if limits.budget.is_none_or(|budget| without_budget.spend <= budget) {
            without_budget.clone()
        } else {
            plan(choices, &limits)
        };
        Self { plan, without_budget, limits }
    }

    /// How many customers get an offer.
    pub fn customers(&self) -> u64 {
        self.plan.per_offer.iter().sum()
    }

    /// The rows that get an offer, with its place in the catalogue.
    pub fn picked<'a>(&'a self, scores: &'a Scores) -> impl Iterator<Item = (&'a ScoreRow, usize)> {
        let rows = scores.rows.iter().zip(&self.plan.chosen);
        rows.filter_map(|(row, offer)| Some((row, usize::from((*offer)?))))
    }

    /// Gives every row of the list the plan's offer, or nothing; nothing to who is held out.
    pub fn apply(
        &self,
        scores: &mut Scores,
        catalogue: &Catalogue,
        is_held_out: impl Fn(&ScoreRow) -> bool + Sync,
    ) {
        let rows = scores.rows.par_iter().zip(&self.plan.chosen);
        let choice = |(row, offer): (&ScoreRow, &Option<u8>)| {
            let offer = offer.filter(|_| !is_held_out(row))?;
            catalogue.choice(usize::from(offer), &row.stakes())
        };
        let choices: Vec<Option<Choice>> = rows.map(choice).collect();
        scores.take(catalogue, choices);
    }

    /// What each offer is expected to spend and to earn, by its place in the catalogue.
    pub fn by_offer(&self, choices: &Choices) -> Vec<(Money, Money)> {
        let mut sums = vec![(0.0, 0.0); self.plan.per_offer.len()];
        for (customer, offer) in self.plan.chosen.iter().enumerate() {
            let chosen =
                offer.and_then(|offer| choices.options(customer).find(|option| option.offer == offer));
            if let Some((option, sum)) =
                chosen.and_then(|option| Some((option, sums.get_mut(usize::from(option.offer))?)))
            {
                sum.0 += option.spend;
                sum.1 += option.net_value;
            }
        }
        let money = |amount| Money::new(amount).unwrap_or_default();
        sums.into_iter().map(|(spend, net_value)| (money(spend), money(net_value))).collect()
    }
}
