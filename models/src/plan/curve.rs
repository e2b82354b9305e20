//! Profit against budget.

use mainstay_features::units::Money;

use super::{Choices, Limits, plan_with};

/// What a budget can earn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The budget.
    pub budget: Money,
    /// What of it is expected to be spent.
    pub spend: Money,
    /// What that is expected to earn.
    pub net_value: Money,
    /// How many customers get an offer.
    pub customers: u64,
    /// What no plan within this budget earns more than.
    pub bound: Money,
}

/// What each budget can earn, by rising budget. The best plan for a smaller budget is kept where none better was found,
/// so that more budget never shows less.
pub fn curve(choices: &Choices, capacities: &[Option<u64>], budgets: &[Money]) -> Vec<Point> {
    let mut budgets = budgets.to_vec();
    budgets.sort_by(|a, b| a.get().total_cmp(&b.get()));
    let mut answers = Vec::new();
    let mut points: Vec<Point> = Vec::with_capacity(budgets.len());
    for budget in budgets {
        let limits = Limits { budget: Some(budget), capacities: capacities.to_vec() };
        let plan = plan_with(choices, &limits, &mut answers);
        let found = Point {
            budget,
            spend: plan.spend,
            net_value: plan.net_value,
            customers: plan.per_offer.iter().sum(),
            bound: plan.bound,
        };
        let before = points.last().filter(|before| before.net_value >= found.net_value);
        points.push(before.map_or(found, |before| Point { budget, bound: found.bound, ..*before }));
    }
    points
}
