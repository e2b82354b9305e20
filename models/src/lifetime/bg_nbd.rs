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

/// Where a and b are both below this, the chance to leave is 0 or 1 for about everybody…
const AT_ONCE_OR_NEVER: f64 = 1e-2;
/// …and where their sum is this, about the same for all.
const OF_ONE_CHANCE: f64 = 10_000.0;
/// A log-likelihood greater by this is no more than chance: half the 95 % quantile of chi-squared with one degree of freedom.
const BY_CHANCE: f64 = 1.92;

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
        let start = [0.5, 0.5 * days_a_repeat, 1.0, 2.0];
        let found = maximise(likelihood, start)?;
        let ([r, alpha_days, a, b], greatest) =
            or_alike(found, |start| maximise(likelihood, start), customers.customers());
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

/// The parameters found, and the mean log-likelihood there.
type Found = ([f64; 4], f64);

/// Of a short log with few who left the likelihood may be greatest where some leave at once and the others never do, which
/// makes everybody else a customer for good, and hardly smaller where all leave by about one chance. If chance explains the
/// difference, the latter is taken.
fn or_alike(found: Found, maximise: impl Fn([f64; 4]) -> Result<Found, FitError>, customers: u64) -> Found {
    let ([r, alpha_days, a, b], greatest) = found;
    if a.max(b) > AT_ONCE_OR_NEVER {
        return found;
    }
    let left = a / (a + b);
    let alike = maximise([r, alpha_days, left * OF_ONE_CHANCE, (1.0 - left) * OF_ONE_CHANCE]);
    match alike {
        Ok(alike) if (greatest - alike.1) * customers as f64 <= BY_CHANCE => alike,
        _ => found,
    }
}

/// Where all customers are alike the likelihood rises towards infinite parameters, where none leaves towards one that is zero, and
/// where some leave at once and the others never towards two in whose ratio these are: a pair of parameters brought back to
/// where it is flat, in the same ratio as far as both are then within limits.
fn settled(pair: [f64; 2], largest: f64) -> [f64; 2] {
    let [smaller, greater] = if pair[0] < pair[1] { pair } else { [pair[1], pair[0]] };
    let raised = (LEAST / smaller).min(1.0 / greater).max(1.0);
    pair.map(|parameter| (parameter * (ALIKE / largest).min(1.0) * raised).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

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

    /// Of customers who leave after their first repeat or never, the likeliest chances to leave are 0 and 1: both parameters of
    /// the Beta distribution go to zero, in a ratio that tells how many are which.
    #[test]
    fn some_who_leave_at_once_among_others_who_never_do() {
        for (pair, within) in
            [([1e-9, 3e-8], [1e-6, 3e-5]), ([1e-12, 2.0], [1e-6, 2.0]), ([0.8, 2.5], [0.8, 2.5])]
        {
            let settled = settled(pair, pair[1]);
            for (parameter, expected) in settled.iter().zip(within) {
                assert!((parameter / expected - 1.0).abs() < 1e-12, "{settled:?}");
            }
        }
        let stayers = (0..900).map(|i| customer(2 + i * i % 37, 199 - i % 9, 200));
        let leavers = (0..100).map(|i| customer(1, 10 + i % 20, 200));
        let model = BgNbd::fit(&stayers.chain(leavers).collect()).unwrap();
        let Parameters { a, b, .. } = model.parameters();
        assert!((0.08..0.2).contains(&(a / (a + b))) && b < 0.01, "{model:?}");
    }

    /// Young shops of 1,500 customers who leave with a chance of 3 in 100 after every purchase: whatever the likelihood makes of so
    /// few, who is alive is said to buy about as much as they do.
    #[test]
    fn who_leaves_in_young_shops_is_no_matter_of_all_or_nothing() {
        for seed in 0..30 {
            let mut random = SplitMix64::new(seed);
            let mut below_one = || (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
            let customers: PurchaseCounts = (0..1500)
                .map(|_| {
                    let (tenure_days, mean_gap) = (30.0 + 170.0 * below_one(), -80.0 / below_one().ln());
                    let (mut repeats, mut last_days) = (0, 0.0);
                    loop {
                        let next = last_days - mean_gap * below_one().ln();
                        if next > tenure_days || (repeats > 0 && below_one() < 0.03) {
                            break customer(repeats, last_days as u32, tenure_days as u32);
                        }
                        (repeats, last_days) = (repeats + 1, next);
                    }
                })
                .collect();
            let model = BgNbd::fit(&customers).unwrap();
            let within_five_years = model.expected_if_alive(1825.0, &customer(2, 90, 120));
            assert!((8.0..50.0).contains(&within_five_years), "{seed}: {model:?} {within_five_years}");
        }
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
