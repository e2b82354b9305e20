//! What a customer is worth by a rate at which customers are kept: exact for contracts, and for purchases the fallback of
//! those who are too few for BG/NBD.

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::monetary::MONETARY;
use mainstay_features::registry::{Row, place};
use mainstay_features::tenure::TENURE_DAYS;
use mainstay_features::units::{Days, Money};
use serde::{Deserialize, Serialize};

use super::assumptions::{Margin, YearlyDiscount};
use super::to_come::DAYS_PER_YEAR;
use super::{PurchaseRate, Purchases};

/// At what rate customers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The share of the population that leaves within the horizon, in [0, 1].
    pub churn_rate: f64,
    /// How well it is known: its standard deviation; 0 in models of before 2026-12, which did not keep it.
    #[serde(default)]
    pub churn_rate_sd: f64,
    /// The horizon in days, 1 to 36,500.
    pub horizon_days: u32,
    /// How often who is kept is billed, where contracts say who is; else, and in models of before 2026-12, it is reckoned
    /// from the customer's own purchases alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<PurchaseRate>,
}

impl Retention {
    /// From how many of a population left within a horizon of so many days. How well the rate is known is the standard
    /// deviation of Beta(churned + ½, stayed + ½), what is known of a share that nothing was known of (Jeffreys, *Theory of
    /// Probability*, 3rd edition, 1961).
    pub fn of_population(churned: usize, population: usize, horizon: Days) -> Self {
        let (churned, population) = (churned as f64, population as f64);
        let (a, b) = (churned + 0.5, population - churned + 0.5);
        Self {
            churn_rate: if population > 0.0 { churned / population } else { 1.0 },
            churn_rate_sd: (a * b / (a + b + 1.0)).sqrt() / (a + b),
            horizon_days: horizon.get(),
            rate: None,
        }
    }

    /// Whether it is one: read from a file, it may be anything.
    pub(super) fn is_possible(&self) -> bool {
        (0.0..=1.0).contains(&self.churn_rate)
            && (0.0..=1.0).contains(&self.churn_rate_sd)
            && Days::new(self.horizon_days).is_some()
            && self.rate.is_none_or(|rate| rate.is_possible())
    }

    /// What a customer with these core features buys in a year.
    pub fn yearly_purchases(&self, row: &Row) -> f64 {
        self.rate
            .map_or_else(|| yearly_purchases(row), |rate| DAYS_PER_YEAR * rate.per_day(&Purchases::of(row)))
    }

    /// How many years a kept customer is expected to stay, discounted: see [`expected_years_kept`].
    pub fn expected_years_kept(&self, discount: YearlyDiscount) -> f64 {
        years_kept(self.churn_rate, f64::from(self.horizon_days), discount)
    }

    /// The relative variance of the years kept by how well the churn rate is known: of their logarithm, half the way from one
    /// standard deviation below to one above.
    pub(super) fn relative_variance_of_years(&self, discount: YearlyDiscount) -> f64 {
        let years = |churn_rate: f64| {
            years_kept(churn_rate.clamp(0.0, 1.0), f64::from(self.horizon_days), discount).ln()
        };
        let (low, high) = (self.churn_rate - self.churn_rate_sd, self.churn_rate + self.churn_rate_sd);
        (0.5 * (years(low) - years(high))).powi(2)
    }

    /// How many of the next so many years, discounted: the same sum, of the horizons that begin within them.
    pub fn expected_years_kept_within(&self, years: f64, discount: YearlyDiscount) -> f64 {
        let period_years = f64::from(self.horizon_days) / DAYS_PER_YEAR;
        let kept = (1.0 - self.churn_rate).clamp(0.0, 1.0) * discount.after_years(period_years);
        self.expected_years_kept(discount) * (1.0 - kept.powf(years / period_years))
    }
}

/// Below a year of tenure the purchases so far count as a whole year's: a rate from three days of history would be
/// an invention.
const SHORTEST_TENURE_DAYS: f64 = DAYS_PER_YEAR;

/// How many years a kept customer is expected to stay, discounted: with r = 1 − churn rate, the share kept from one
/// horizon of h days to the next, and the discount d a year,
///
/// years = h/365 · Σₖ₌₀ (r·(1+d)^(−h/365))ᵏ = h/365 / (1 − r·(1+d)^(−h/365)).
///
/// This is the retention formula with the first margin at once, m·(1+d)/(1+d−r), on periods of one horizon. The
/// customer's own probability is not in it: the net value multiplies by that already.
pub fn expected_years_kept(churn_rate: f64, horizon: Days, discount: YearlyDiscount) -> f64 {
    years_kept(churn_rate, f64::from(horizon.get()), discount)
}

fn years_kept(churn_rate: f64, horizon_days: f64, discount: YearlyDiscount) -> f64 {
    let period_years = horizon_days / DAYS_PER_YEAR;
    let kept = (1.0 - churn_rate).clamp(0.0, 1.0);
    period_years / (1.0 - kept * discount.after_years(period_years))
}

/// What a customer buys in a year: purchase days over tenure, a tenure under a year counted as a year.
pub fn yearly_purchases(row: &Row) -> f64 {
    let tenure_days = row[place(&TENURE_DAYS)].max(SHORTEST_TENURE_DAYS);
    row[place(&FREQUENCY)] * DAYS_PER_YEAR / tenure_days
}

/// V = yearly purchases × mean amount × margin × expected years kept.
pub fn lifetime_value(row: &Row, margin: Margin, years_kept: f64) -> Money {
    let amount = Money::new(row[place(&MONETARY)]).unwrap_or_default();
    amount * yearly_purchases(row) * margin.get() * years_kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(frequency: f64, monetary: f64, tenure_days: f64) -> Row {
        [10.0, frequency, monetary, 0.0, tenure_days]
    }

    #[test]
    fn a_yearly_period_gives_the_contractual_formula() {
        // ECONOMICS.md section 2: (m, r, d) = (100, .8, .1) → 366.6667 with the first margin at once.
        let years = expected_years_kept(0.2, Days::new(365).unwrap(), YearlyDiscount::DEFAULT);
        assert!((100.0 * years - 366.6667).abs() < 1e-4);
    }

    #[test]
    fn nobody_kept_is_worth_one_horizon_and_everybody_kept_a_perpetuity() {
        let quarter = Days::new(73).unwrap();
        assert!((expected_years_kept(1.0, quarter, YearlyDiscount::DEFAULT) - 0.2).abs() < 1e-12);
        let forever = expected_years_kept(0.0, Days::new(365).unwrap(), YearlyDiscount::DEFAULT);
        assert!((forever - 11.0).abs() < 1e-9, "1.1 / 0.1");
    }

    /// Five years of fifths, of which nine tenths are kept each time.
    #[test]
    fn years_kept_within_five_are_fewer() {
        let retention = Retention { churn_rate: 0.1, churn_rate_sd: 0.0, horizon_days: 73, rate: None };
        let within = retention.expected_years_kept_within(5.0, YearlyDiscount::DEFAULT);
        let q = 0.9 / 1.1_f64.powf(0.2);
        let sum: f64 = (0..25).map(|period| 0.2 * q.powi(period)).sum();
        assert!((within - sum).abs() < 1e-12, "{within} {sum}");
        let nobody_leaves = Retention { churn_rate: 0.0, ..retention };
        assert!(nobody_leaves.expected_years_kept_within(5.0, YearlyDiscount::DEFAULT) < 5.0);
    }

    #[test]
    fn how_well_the_years_are_known_is_how_well_the_churn_rate_is() {
        let month = Days::new(30).unwrap();
        let spread = |churned, population| {
            let of = Retention::of_population(churned, population, month);
            of.relative_variance_of_years(YearlyDiscount::DEFAULT).sqrt()
        };
        // 37 of 6,256: with ln years = −ln(1 − (1 − c)·q) + …, the slope is −q / (1 − (1 − c)·q), q = 1.1^(−30/365).
        let (c, q): (f64, f64) = (37.0 / 6256.0, 1.1_f64.powf(-30.0 / 365.0));
        let by_slope = (c * (1.0 - c) / 6257.0).sqrt() * q / (1.0 - (1.0 - c) * q);
        assert!((spread(37, 6256) / by_slope - 1.0).abs() < 0.02, "{} {by_slope}", spread(37, 6256));
        assert!(spread(1, 337) > 0.2, "of one who left little is known");
        assert!(spread(0, 10) > spread(0, 1000) && spread(0, 1000) > 0.0);
    }

    #[test]
    fn a_short_tenure_counts_as_a_year() {
        assert_eq!(yearly_purchases(&row(2.0, 50.0, 3.0)), 2.0);
        assert_eq!(yearly_purchases(&row(2.0, 50.0, 365.0)), 2.0);
        assert_eq!(yearly_purchases(&row(2.0, 50.0, 730.0)), 1.0);
        let value = lifetime_value(&row(2.0, 50.0, 730.0), Margin::DEFAULT, 2.0);
        assert!((value.get() - 1.0 * 50.0 * 0.3 * 2.0).abs() < 1e-12);
    }
}
