//! How well it is known what keeping a customer is worth: the standard deviation of what the customer's own rates may be,
//! given what they bought so far.
//!
//! BG/NBD: of a customer alive after x repeats in T days, the purchase rate is Gamma(r + x, α + T) and the chance of
//! leaving after a purchase Beta(a, b + x), independent of each other. With λ and c known, purchases discounted at ϱ a day
//! come to λ·(1 − e^(−kH))/k in H days, k = λc + ϱ. Gamma-Gamma: the mean amount is p/ν with ν Gamma(p·x + q, v + x·m̄), whose
//! relative variance is 1/(p·x + q − 2).

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::checked_gamma_lr;

use super::to_come::{DAYS_PER_YEAR, YEARS};
use super::{Amounts, BgNbd, Lifetime, PurchaseRate, Purchases, Spending, YearlyDiscount};
use crate::normal::MIDDLES;

/// Rates are taken at the middles of so many equally likely parts of their distribution…
const RATES: usize = 2 * MIDDLES.len();
/// …and chances of leaving of so many, brought from the nearest of these numbers of repeats, not above the customer's, to
/// the mean they have with the customer's.
const CHANCES: usize = 8;
const REPEATS: [u32; 14] = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128];
/// So often is an interval halved in the search for a quantile.
const HALVINGS: usize = 48;
/// The largest relative standard deviation told: beyond, what is known is next to nothing.
const MOST: f64 = 10.0;

/// How well lifetime values are known.
#[derive(Clone, Debug)]
pub struct Spread {
    purchases: Option<PurchaseSpread>,
    /// That of contracts.
    rate: Option<PurchaseRate>,
    /// The relative variance of how long everybody stays, where that is one rate for all.
    years: f64,
    amounts: Option<super::GammaGamma>,
}

#[derive(Clone, Debug)]
struct PurchaseSpread {
    model: BgNbd,
    daily_discount: f64,
    /// The rates times α + T of who did not come back.
    rates_without_repeats: [f64; RATES],
    /// The chances for each of [`REPEATS`].
    chances: [[f64; CHANCES]; REPEATS.len()],
}

impl Spread {
    /// That of lifetime values discounted so.
    pub fn new(lifetime: &Lifetime, discount: YearlyDiscount) -> Self {
        let Lifetime::BgNbd { purchases: model, amounts, .. } = *lifetime else {
            let (rate, years) = match lifetime {
                Lifetime::Contractual(retention) | Lifetime::Rate(retention) => {
                    (retention.rate, retention.relative_variance_of_years(discount))
                }
                Lifetime::BgNbd { .. } => (None, 0.0),
            };
            return Self { purchases: None, rate, years, amounts: None };
        };
        let rate = |y: f64| checked_gamma_lr(model.r, y.exp()).unwrap_or(f64::NAN);
        let chance = |y: f64| 1.0 / (1.0 + (-y).exp());
        let chances = REPEATS.map(|repeats| {
            let b = model.b + f64::from(repeats);
            middles(|y| checked_beta_reg(model.a, b, chance(y)).unwrap_or(f64::NAN)).map(chance)
        });
        let purchases = PurchaseSpread {
            model,
            daily_discount: -discount.after_years(1.0).ln() / DAYS_PER_YEAR,
            rates_without_repeats: middles(rate).map(f64::exp),
            chances,
        };
        let amounts = match amounts {
            Amounts::GammaGamma(model) => Some(model),
            Amounts::OwnMean => None,
        };
        Self { purchases: Some(purchases), rate: None, years: 0.0, amounts }
    }

    /// The standard deviation of a customer's lifetime value as a share of it, from 0 to 10. Without BG/NBD that of a
    /// count, 1/√x of the purchases so far.
    pub fn relative_sd(&self, purchases: &Purchases, spending: &Spending) -> f64 {
        let of_purchases = match (&self.purchases, &self.rate) {
            (Some(spread), _) => spread.relative_variance(purchases),
            (None, Some(rate)) => rate.relative_variance(purchases),
            (None, None) => 1.0 / f64::from(spending.times.max(1)),
        };
        self.with_amount(of_purchases, 0.0, spending)
    }

    /// The relative variance of the purchases to come by BG/NBD; NaN without it.
    pub(super) fn of_purchases(&self, purchases: &Purchases) -> f64 {
        self.purchases.as_ref().map_or(f64::NAN, |spread| spread.relative_variance(purchases))
    }

    /// [`Self::relative_sd`], given the relative variance of the purchases to come, and that by how well it is known what leavers buy anyway.
    pub(super) fn with_amount(&self, of_purchases: f64, of_leavers: f64, spending: &Spending) -> f64 {
        let of_amount = self.amounts.map_or(0.0, |model| model.relative_variance(spending));
        let variance =
            (1.0 + of_purchases) * (1.0 + self.years) * (1.0 + of_leavers) * (1.0 + of_amount) - 1.0;
        // Not known at all, it is no number.
        if variance.is_nan() { MOST } else { variance.max(0.0).sqrt().min(MOST) }
    }
}

impl PurchaseSpread {
    fn relative_variance(&self, customer: &Purchases) -> f64 {
        let place = REPEATS.partition_point(|&repeats| repeats <= customer.repeats) - 1;
        let rates = match customer.repeats {
            0 => self.rates_without_repeats,
            repeats => gamma_middles(self.model.r + f64::from(repeats)),
        };
        let BgNbd { a, b, .. } = self.model;
        let fewer = (a + b + f64::from(REPEATS[place])) / (a + b + f64::from(customer.repeats));
        let scale = 1.0 / (self.model.alpha_days + f64::from(customer.tenure_days));
        let (mut sum, mut squares) = (0.0, 0.0);
        for rate in rates.map(|rate| rate * scale) {
            for chance in self.chances[place].map(|chance| chance * fewer) {
                let k = rate * chance + self.daily_discount;
                let purchases = rate * (1.0 - (-k * YEARS * DAYS_PER_YEAR).exp()) / k;
                sum += purchases;
                squares += purchases * purchases;
            }
        }
        let (mean, square) = (sum / (RATES * CHANCES) as f64, squares / (RATES * CHANCES) as f64);
        square / (mean * mean) - 1.0
    }
}

/// The middles of equally likely parts of Gamma(shape, 1), for a shape of at least 1: as near as a cube of the normal
/// distribution's comes (Wilson and Hilferty, *The distribution of chi-square*, PNAS 17, 1931).
fn gamma_middles(shape: f64) -> [f64; RATES] {
    let (centre, width) = (1.0 - 1.0 / (9.0 * shape), 1.0 / (3.0 * shape.sqrt()));
    std::array::from_fn(|k| {
        let middle = MIDDLES[k / 2];
        let normal = if k % 2 == 0 { middle } else { -middle };
        shape * (centre + width * normal).max(0.0).powi(3)
    })
}

/// The middles of equally likely parts of a distribution over the whole line: where its cumulative share is (k + ½)/n.
fn middles<const N: usize>(share_below: impl Fn(f64) -> f64) -> [f64; N] {
    // e^±700 are the least and the largest that a number can be.
    std::array::from_fn(|k| {
        let share = (k as f64 + 0.5) / N as f64;
        let (mut from, mut to) = (-700.0, 700.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (from + to);
            if share_below(middle) < share { from = middle } else { to = middle }
        }
        0.5 * (from + to)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Retention, bg_nbd, gamma_gamma};
    use super::*;

    fn cdnow() -> Lifetime {
        // CDNOW's published parameters (ECONOMICS.md section 2).
        let weeks = bg_nbd::Parameters { r: 0.242595, alpha_days: 4.413602 * 7.0, a: 0.792922, b: 2.425907 };
        let amounts = gamma_gamma::Parameters { p: 6.25, q: 3.74, v: 15.44 };
        Lifetime::BgNbd {
            purchases: weeks.try_into().unwrap(),
            purchases_per_day: 1.0,
            amounts: Amounts::GammaGamma(amounts.try_into().unwrap()),
            season: None,
            returning: None,
        }
    }

    fn relative_sd(lifetime: &Lifetime, repeats: u32, tenure_days: u32) -> f64 {
        let purchases = Purchases { repeats, last_days: 0, tenure_days };
        let spending = Spending { times: repeats + 1, mean_amount: 30.0 };
        Spread::new(lifetime, YearlyDiscount::DEFAULT).relative_sd(&purchases, &spending)
    }

    /// Against two million draws of λ, c and ν with numpy 2 (seed 0). Sixteen by eight places leave out the tails: up to a
    /// seventh less where nothing is known of a customer, a thirtieth where they came back.
    #[test]
    fn it_is_that_of_drawing_rates_chances_and_amounts() {
        for (repeats, tenure_days, drawn, within) in
            [(0, 0, 2.251, 0.14), (2, 272, 0.790, 0.03), (7, 272, 0.684, 0.03), (30, 300, 0.642, 0.03)]
        {
            let ours = relative_sd(&cdnow(), repeats, tenure_days);
            assert!((ours / drawn - 1.0).abs() < within, "{repeats} in {tenure_days}: {ours} and {drawn}");
        }
    }

    #[test]
    fn the_plain_formula_knows_a_count() {
        let rate =
            Lifetime::Rate(Retention { churn_rate: 0.2, churn_rate_sd: 0.0, horizon_days: 365, rate: None });
        assert_eq!(relative_sd(&rate, 3, 100), 0.5);
    }

    #[test]
    fn parameters_at_their_limits_give_a_number() {
        for r in [1e-6, 1e9] {
            for a in [1e-6, 1e9] {
                let model = bg_nbd::Parameters { r, alpha_days: 1e-6, a, b: 1e9 };
                let lifetime = Lifetime::BgNbd {
                    purchases: model.try_into().unwrap(),
                    purchases_per_day: 1.0,
                    amounts: Amounts::OwnMean,
                    season: None,
                    returning: None,
                };
                for (repeats, tenure_days) in [(0, 0), (u32::MAX - 1, u32::MAX)] {
                    assert!((0.0..=MOST).contains(&relative_sd(&lifetime, repeats, tenure_days)));
                }
            }
        }
    }
}
