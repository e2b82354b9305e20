//! A plan as it is being made: what is chosen, and exactly what it uses.

use mainstay_features::units::Money;

use super::{Choices, Limits, Plan, PlanOption};

/// Where nothing is chosen for a customer.
pub(super) const NOTHING: usize = usize::MAX;

/// Millionths of the log's currency, of which sums are exact.
pub(super) const PER_UNIT: f64 = 1e6;
/// A share that a number may be off its decimal by: 0.07 × 10⁶ is a hair above 70,000 in floating point, and no
/// millionth more.
const NOISE: f64 = 1.0 / (1_u64 << 50) as f64;

/// A spend in millionths, rounded up.
#[inline]
pub(super) fn spend_millionths(spend: f64) -> i128 {
    (spend * PER_UNIT * (1.0 - NOISE)).ceil() as i128
}

/// A budget in millionths, rounded down.
fn budget_millionths(budget: f64) -> i128 {
    (budget.max(0.0) * PER_UNIT * (1.0 + NOISE)).floor() as i128
}

/// Limits as they are compared: whole millionths, and a capacity for every offer.
#[derive(Clone, Debug)]
pub(super) struct ExactLimits {
    /// In millionths; the largest number where there is no limit.
    pub(super) budget: i128,
    /// The largest number where there is no limit.
    pub(super) capacities: Vec<u64>,
}

impl ExactLimits {
    /// The limits of so many offers.
    pub(super) fn new(limits: &Limits, offers: usize) -> Self {
        let offers = offers.max(limits.capacities.len());
        let capacity = |offer: usize| limits.capacities.get(offer).copied().flatten().unwrap_or(u64::MAX);
        Self {
            budget: limits.budget.map_or(i128::MAX, |budget| budget_millionths(budget.get())),
            capacities: (0..offers).map(capacity).collect(),
        }
    }

    /// The budget in the log's currency, where there is one.
    pub(super) fn budget(&self) -> Option<f64> {
        (self.budget < i128::MAX).then(|| self.budget as f64 / PER_UNIT)
    }
}

/// What is chosen for whom.
#[derive(Clone, Debug)]
pub(super) struct Draft<'a> {
    pub(super) choices: &'a Choices,
    pub(super) limits: &'a ExactLimits,
    /// The place of each customer's option, or [`NOTHING`].
    pub(super) chosen: Vec<usize>,
    /// In millionths.
    pub(super) spend: i128,
    /// How many get each offer.
    pub(super) counts: Vec<u64>,
}

impl<'a> Draft<'a> {
    /// The draft with these choices.
    pub(super) fn new(choices: &'a Choices, limits: &'a ExactLimits, chosen: Vec<usize>) -> Self {
        let mut counts = vec![0; limits.capacities.len()];
        let mut spend = 0_i128;
        for option in chosen.iter().filter(|&&place| place != NOTHING).map(|&place| choices.option(place)) {
            counts[usize::from(option.offer)] += 1;
            spend = spend.saturating_add(spend_millionths(option.spend));
        }
        Self { choices, limits, chosen, spend, counts }
    }

    /// What is chosen for a customer.
    #[inline]
    pub(super) fn current(&self, customer: usize) -> Option<PlanOption> {
        let place = self.chosen[customer];
        (place != NOTHING).then(|| self.choices.option(place))
    }

    /// By how much a customer's spend would rise, in millionths.
    #[inline]
    pub(super) fn more_spend(&self, customer: usize, place: usize) -> i128 {
        let millionths = |place| match place {
            NOTHING => 0,
            place => spend_millionths(self.choices.option(place).spend),
        };
        millionths(place) - millionths(self.chosen[customer])
    }

    /// Whether one more customer can have an offer.
    #[inline]
    pub(super) fn is_open(&self, offer: u8) -> bool {
        self.counts[usize::from(offer)] < self.limits.capacities[usize::from(offer)]
    }

    /// Whether an option's offer can be made to a customer, whatever it costs.
    #[inline]
    pub(super) fn can_have(&self, customer: usize, place: usize) -> bool {
        if place == NOTHING {
            return true;
        }
        let offer = self.choices.option(place).offer;
        self.is_open(offer) || self.current(customer).is_some_and(|current| current.offer == offer)
    }

    /// Whether a customer can have an option instead of what they have, with every limit kept.
    #[inline]
    pub(super) fn fits(&self, customer: usize, place: usize) -> bool {
        self.can_have(customer, place) && self.more_spend(customer, place) <= self.left()
    }

    /// What is left of the budget, in millionths; below 0 where it is exceeded.
    #[inline]
    pub(super) fn left(&self) -> i128 {
        self.limits.budget - self.spend
    }

    /// Gives a customer an option instead of what they have.
    pub(super) fn switch(&mut self, customer: usize, place: usize) {
        self.spend = self.spend.saturating_add(self.more_spend(customer, place));
        if let Some(current) = self.current(customer) {
            self.counts[usize::from(current.offer)] -= 1;
        }
        self.chosen[customer] = place;
        if let Some(new) = self.current(customer) {
            self.counts[usize::from(new.offer)] += 1;
        }
    }

    /// Whether every limit is kept.
    pub(super) fn is_within(&self) -> bool {
        self.spend <= self.limits.budget
            && self.counts.iter().zip(&self.limits.capacities).all(|(count, capacity)| count <= capacity)
    }

    /// What it earns, added customer by customer.
    pub(super) fn net_value(&self) -> f64 {
        let values = self.chosen.iter().filter(|&&place| place != NOTHING);
        values.map(|&place| self.choices.option(place).net_value).sum()
    }

    /// The plan, of which nothing can earn more than `bound`.
    pub(super) fn finish(self, bound: f64, prices: super::prices::Prices, is_proven: bool) -> Plan {
        let net_value = self.net_value();
        let offer = |&place: &usize| (place != NOTHING).then(|| self.choices.option(place).offer);
        Plan {
            chosen: self.chosen.iter().map(offer).collect(),
            spend: finite(self.spend as f64 / PER_UNIT),
            net_value: finite(net_value),
            per_offer: self.counts,
            // A bound can be a rounding below what is reached.
            bound: finite(if is_proven { net_value } else { bound.max(net_value) }),
            budget_price: prices.budget,
            capacity_prices: prices.offers,
            is_proven,
        }
    }
}

/// The amount; what is no number is taken for 0, which sums of finite numbers up to 10²⁰⁰ never are.
fn finite(amount: f64) -> Money {
    Money::new(amount).unwrap_or(Money::ZERO)
}
