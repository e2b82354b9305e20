//! BG/NBD: how often a customer will buy (Fader, Hardie and Lee, *"Counting Your Customers" the Easy Way*, Marketing
//! Science 24, 2005).
//!
//! While alive a customer buys at random, at a rate of their own; after every purchase they leave for good with a chance of
//! their own. Over customers the rate is Gamma(r, α), the chance Beta(a, b).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::expected::purchases_while_alive;
use super::fit::{FEWEST_REPEAT_CUSTOMERS, FitError, Slope, maximise};
use super::purchases::{PurchaseCounts, Purchases};

/// So many kinds of customers are added up at a time, on any thread: the sum does not depend on how many there are.
const CHUNK_KINDS: usize = 4096;
/// Beyond these no parameter tells anything about customers, and a table of them would.
const LEAST: f64 = 1e-9;
const MOST: f64 = 1e9;

/// The model's four parameters; time in days. α of the literature, which counts weeks, is `alpha_days` / 7; the others
/// have no unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parameters", into = "Parameters")]
pub struct BgNbd {
    r: f64,
    alpha_days: f64,
    a: f64,
    b: f64,
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
                return Err(FitError::Implausible { name, value });
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
        let ([r, alpha_days, a, b], _) = maximise(likelihood, [0.5, 0.5 * days_a_repeat, 1.0, 2.0])?;
        Self::try_from(Parameters { r, alpha_days, a, b })
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
    fn log_odds_gone(&self, x: f64, log_silence: f64) -> f64 {
        (self.a / (self.b + x - 1.0)).ln() + (self.r + x) * log_silence
    }
}

/// The part of the log-likelihood that depends on x alone, ln[Γ(r+x)/Γ(r) · B(a, b+x)/B(a, b)], and its derivatives after
/// r, a and b. As x is whole, both are sums over 0 ≤ i < x, and no gamma function is needed.
#[derive(Clone, Copy, Default)]
struct OfRepeats {
    log: f64,
    r: f64,
    a: f64,
    b: f64,
}

impl OfRepeats {
    /// For x = 0, 1, … up to `most`.
    fn up_to(most: u32, &BgNbd { r, a, b, .. }: &BgNbd) -> Vec<Self> {
        let mut sums = Vec::with_capacity(most as usize + 1);
        let mut sum = Self::default();
        sums.push(sum);
        for i in 0..most {
            let i = f64::from(i);
            sum.log += ((r + i) * (b + i) / (a + b + i)).ln();
            sum.r += 1.0 / (r + i);
            sum.a -= 1.0 / (a + b + i);
            sum.b += 1.0 / (b + i) - 1.0 / (a + b + i);
            sums.push(sum);
        }
        sums
    }
}

/// The mean log-likelihood and its derivatives after r, α, a and b.
///
/// Of one customer, with w the chance that they have left:
/// ln L = ln[Γ(r+x)/Γ(r) · B(a, b+x)/B(a, b)] + r·ln α − (r+x)·ln(α+T) − ln(1 − w), w = 0 for x = 0.
fn slope(model: &BgNbd, customers: &PurchaseCounts) -> Slope<4> {
    let &BgNbd { r, alpha_days: alpha, a, b } = model;
    let kinds = customers.as_slice();
    let most = kinds.iter().map(|(kind, _)| kind.repeats).max().unwrap_or_default();
    let of_repeats = OfRepeats::up_to(most, model);
    let log_alpha = alpha.ln();
    let of_kind = |kind: &Purchases| -> [f64; 5] {
        let of_repeats = of_repeats[kind.repeats as usize];
        let x = f64::from(kind.repeats);
        let (last, now) = (alpha + f64::from(kind.last_days), alpha + f64::from(kind.tenure_days));
        let log_now = now.ln();
        let alive = of_repeats.log + r * log_alpha - (r + x) * log_now;
        let d_alpha = r / alpha - (r + x) / now;
        if kind.repeats == 0 {
            return [alive, of_repeats.r + log_alpha - log_now, d_alpha, of_repeats.a, of_repeats.b];
        }
        let log_silence = log_now - last.ln();
        let odds = model.log_odds_gone(x, log_silence);
        // e^−|odds| cannot overflow.
        let small = (-odds.abs()).exp();
        let gone = if odds > 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) };
        [
            alive + odds.max(0.0) + small.ln_1p(),
            of_repeats.r + log_alpha - log_now + gone * log_silence,
            d_alpha + gone * (r + x) * (1.0 / now - 1.0 / last),
            of_repeats.a + gone / a,
            of_repeats.b - gone / (b + x - 1.0),
        ]
    };
    let add = |sum: [f64; 5], other: [f64; 5]| std::array::from_fn(|i| sum[i] + other[i]);
    let sums: Vec<[f64; 5]> = kinds
        .par_chunks(CHUNK_KINDS)
        .map(|chunk| {
            let weighted = chunk.iter().map(|(kind, number)| of_kind(kind).map(|part| part * *number as f64));
            weighted.fold([0.0; 5], add)
        })
        .collect();
    let total = customers.customers() as f64;
    let [log_likelihood, gradient @ ..] = sums.into_iter().fold([0.0; 5], add).map(|sum| sum / total);
    Slope { mean_log_likelihood: log_likelihood, gradient }
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
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let customers: PurchaseCounts =
            [customer(0, 0, 200), customer(1, 20, 85), customer(6, 260, 265), customer(6, 60, 265)]
                .into_iter()
                .collect();
        let at = [0.7, 40.0, 0.9, 2.2];
        let of = |[r, alpha_days, a, b]: [f64; 4]| slope(&BgNbd { r, alpha_days, a, b }, &customers);
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
