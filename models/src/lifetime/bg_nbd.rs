//! BG/NBD: how often a customer will buy (Fader, Hardie and Lee, *"Counting Your Customers" the Easy Way*, Marketing
//! Science 24, 2005).
//!
//! While alive a customer buys at random, at a rate of their own; after every purchase they leave for good with a chance of
//! their own. Over customers the rate is Gamma(r, α), the chance Beta(a, b).

use serde::{Deserialize, Serialize};

use super::expected::purchases_while_alive;
use super::fit::{FEWEST_REPEAT_CUSTOMERS, FitError, maximise};
use super::likelihood::slope;
use super::purchases::{PurchaseCounts, Purchases};

/// Beyond these a parameter is as good as none or infinite.
const LEAST: f64 = 1e-6;
const MOST: f64 = 1e9;
/// From this on, customers are as good as all alike: what r/α or a/(a + b) is matters, and no longer r or a.
const ALIKE: f64 = 1e6;
/// By so much per customer may the log-likelihood fall where parameters are brought within these limits.
const TOLERANCE: f64 = 1e-5;

/// The model's four parameters; time in days. α of the literature, which counts weeks, is `alpha_days` / 7; the others
/// have no unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct BgNbd {
    pub(super) r: f64,
    pub(super) alpha_days: f64,
    pub(super) a: f64,
    pub(super) b: f64,
}

/// The parameters by name, not yet looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Shape of the rates' Gamma distribution.
    pub r: f64,
    /// Its inverse scale, in days: the mean rate is r/α purchases a day.
    pub alpha_days: f64,
    /// Of the Beta distribution of the chance to leave after a purchase, whose mean is a/(a + b).
    pub a: f64,
    /// The same.
    pub b: f64,
}

impl TryFrom<Parameters> for BgNbd {
    type Error = FitError;

    fn try_from(Parameters { r, alpha_days, a, b }: Parameters) -> Result<Self, FitError> {
        for (name, value) in [("r", r), ("alpha_days", alpha_days), ("a", a), ("b", b)] {
            if !(LEAST..=MOST).contains(&value) {
                return Err(FitError::Implausible { name: name.to_owned(), value });
            }
        }
        Ok(Self { r, alpha_days, a, b })
    }
}

impl From<BgNbd> for Parameters {
    fn from(BgNbd { r, alpha_days, a, b }: BgNbd) -> Self {
        Self { r, alpha_days, a, b }
    }
}

impl BgNbd {
    /// Fits by maximum likelihood; one thread or many give the same bits.
    ///
    /// # Errors
    /// When too few customers came back, the search does not converge, or it ends where the model says nothing.
    pub fn fit(customers: &PurchaseCounts) -> Result<Self, FitError> {
        let repeat_customers = customers.repeat_customers();
        if repeat_customers < FEWEST_REPEAT_CUSTOMERS {
            return Err(FitError::TooFewRepeatCustomers {
                repeat_customers,
                needed: FEWEST_REPEAT_CUSTOMERS,
            });
        }
        // So that r/α is the customers' mean rate; the rest is of the size it has in most shops.
        let total = |of: fn(&Purchases) -> u32| -> f64 {
            customers.iter().map(|(kind, number)| f64::from(of(kind)) * *number as f64).sum()
        };
        let days_a_repeat = total(|kind| kind.tenure_days.max(1)) / total(|kind| kind.repeats);
        let likelihood = |&[r, alpha_days, a, b]: &[f64; 4]| slope(&Self { r, alpha_days, a, b }, customers);
        let ([r, alpha_days, a, b], greatest) = maximise(likelihood, [0.5, 0.5 * days_a_repeat, 1.0, 2.0])?;
        let ([r, alpha_days], [a, b]) = (settled([r, alpha_days], r), settled([a, b], a.max(b)));
        let model = Self::try_from(Parameters { r, alpha_days, a, b })?;
        let lost = greatest - slope(&model, customers).mean_log_likelihood;
        if lost > TOLERANCE { Err(FitError::Unsettled { lost }) } else { Ok(model) }
    }

    /// The parameters.
    pub fn parameters(&self) -> Parameters {
        (*self).into()
    }

    /// The natural logarithm of the chance of seeing these customers, time counted in days. Counted in weeks it is greater
    /// by ln 7 for every repeat purchase.
    pub fn log_likelihood(&self, customers: &PurchaseCounts) -> f64 {
        slope(self, customers).mean_log_likelihood * customers.customers() as f64
    }

    /// E[X(t)]: how many repeat purchases a customer about whom nothing is known makes in the `days` (≥ 0) after the first
    /// purchase.
    pub fn expected_of_new(&self, days: f64) -> f64 {
        self.expected_if_alive(days, &Purchases { repeats: 0, last_days: 0, tenure_days: 0 })
    }

    /// E[X(t) | x, t_x, T]: how many purchases (days with one) the customer makes in the next `days` (≥ 0). Finite, not
    /// negative, and rising with `days`.
    pub fn expected_purchases(&self, days: f64, customer: &Purchases) -> f64 {
        self.p_alive(customer) * self.expected_if_alive(days, customer)
    }

    /// E[X(t) | alive, x, T]: the same of a customer who has not left yet; does not depend on t_x.
    pub fn expected_if_alive(&self, days: f64, customer: &Purchases) -> f64 {
        let [purchases] = self.expected_if_alive_by([days], customer);
        purchases
    }

    /// The same within each of some numbers of days, ascending; costs little more than the last alone.
    pub fn expected_if_alive_by<const N: usize>(&self, days: [f64; N], customer: &Purchases) -> [f64; N] {
        let (x, tenure_days) = (f64::from(customer.repeats), f64::from(customer.tenure_days));
        let age_days = self.alpha_days + tenure_days;
        purchases_while_alive(self.r + x, self.a, self.b + x, days.map(|days| days / age_days))
    }

    /// P(alive | x, t_x, T). A customer without repeats is alive for certain, as leaving comes after a repeat purchase: this
    /// is no churn probability.
    pub fn p_alive(&self, customer: &Purchases) -> f64 {
        if customer.repeats == 0 {
            return 1.0;
        }
        let alpha = self.alpha_days;
        let (last, now) = (alpha + f64::from(customer.last_days), alpha + f64::from(customer.tenure_days));
        1.0 / (1.0 + self.log_odds_gone(f64::from(customer.repeats), (now / last).ln()).exp())
    }

    /// ln[P(left) / P(alive)] = ln(a / (b + x − 1)) + (r + x)·ln((α + T)/(α + t_x)), for x > 0.
    pub(super) fn log_odds_gone(&self, x: f64, log_silence: f64) -> f64 {
        (self.a / (self.b + x - 1.0)).ln() + (self.r + x) * log_silence
    }
}

/// Where all customers are alike the likelihood rises towards infinite parameters, and where none leaves towards zero: a
/// pair of parameters brought back to where it is flat.
fn settled(pair: [f64; 2], largest: f64) -> [f64; 2] {
    pair.map(|parameter| (parameter * (ALIKE / largest).min(1.0)).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAYS_PER_WEEK: f64 = 7.0;

    /// CDNOW's published parameters (ECONOMICS.md section 2), in weeks there.
    fn cdnow() -> BgNbd {
        let alpha_days = 4.413602 * DAYS_PER_WEEK;
        BgNbd::try_from(Parameters { r: 0.242595, alpha_days, a: 0.792922, b: 2.425907 }).unwrap()
    }

    fn customer(repeats: u32, last_days: u32, tenure_days: u32) -> Purchases {
        Purchases { repeats, last_days, tenure_days }
    }

    #[test]
    fn checked_customers() {
        // ECONOMICS.md section 2. Weeks to two digits are whole hundredths, and the model does not mind the unit.
        let model = BgNbd { alpha_days: 441.3602, ..cdnow() };
        for (repeats, last_days, p_alive, expected) in [
            (2, 3043, 0.726609, 1.225907),
            (1, 171, 0.212232, 0.203255),
            (7, 1000, 0.003688, 0.019177),
            (0, 0, 1.0, 0.194782),
        ] {
            let customer = customer(repeats, last_days, 3886);
            assert!((model.p_alive(&customer) - p_alive).abs() < 5.1e-7);
            assert!((model.expected_purchases(3900.0, &customer) - expected).abs() < 5.1e-7);
        }
    }

    #[test]
    fn checked_purchases_of_a_new_customer() {
        for (weeks, expected) in [
            (0.1429, 0.0078),
            (1.0, 0.0532),
            (3.0, 0.1506),
            (31.8571, 1.0405),
            (32.0, 1.0437),
            (78.0, 1.8580),
        ] {
            assert!((cdnow().expected_of_new(weeks * DAYS_PER_WEEK) - expected).abs() < 5.1e-5, "{weeks}");
        }
        let just_came = customer(0, 0, 0);
        assert_eq!(cdnow().expected_of_new(30.0), cdnow().expected_purchases(30.0, &just_came));
    }

    #[test]
    fn too_few_are_told() {
        let customers = [customer(0, 0, 30); 100].into_iter().chain([customer(1, 3, 12); 29]).collect();
        let told = FitError::TooFewRepeatCustomers { repeat_customers: 29, needed: 30 };
        assert_eq!(BgNbd::fit(&customers), Err(told));
    }

    #[test]
    fn impossible_parameters_are_refused_in_files_too() {
        let json = serde_json::to_string(&cdnow()).unwrap();
        assert_eq!(serde_json::from_str::<BgNbd>(&json).unwrap(), cdnow());
        for bad in ["0.0", "-1.0", "1e300"] {
            assert!(serde_json::from_str::<BgNbd>(&json.replace("0.242595", bad)).is_err(), "{bad}");
        }
    }
}
