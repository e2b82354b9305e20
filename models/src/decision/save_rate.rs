//! The save rate and how well it is known, and with it how sure it is that an offer pays.

use mainstay_features::units::{Money, Probability};

use super::Terms;
use crate::evaluate::beta::Beta;
use crate::normal::MIDDLES;

/// So many points of the distribution are kept, evenly over…
const POINTS: usize = 1024;
/// …so many standard deviations to both sides of the mean: between two points it is as good as a line.
const REACH: f64 = 8.0;

/// γ, the share of would-be churners whom an offer keeps: Beta distributed with a mean and a standard deviation, or
/// exact where that is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct SaveRate {
    mean: f64,
    sd: f64,
    /// The chance of being above each of the points; empty where the rate is exact.
    above: Vec<f64>,
}

impl SaveRate {
    /// The rate with this mean, in [0, 1], and standard deviation; `None` where no Beta distribution has them: the
    /// standard deviation is below √(mean·(1 − mean)).
    pub fn new(mean: f64, sd: f64) -> Option<Self> {
        if !(0.0..=1.0).contains(&mean) || sd.is_nan() || sd < 0.0 {
            return None;
        }
        let mut rate = Self { mean, sd, above: Vec::new() };
        if sd > 0.0 {
            let size = mean * (1.0 - mean) / (sd * sd) - 1.0;
            let beta = Beta::try_from((mean * size, (1.0 - mean) * size)).ok()?;
            let (from, step) = rate.grid();
            rate.above = (0..POINTS).map(|point| beta.above(from + step * point as f64).share).collect();
        }
        Some(rate)
    }

    /// The mean, with which net values are reckoned: they are linear in it.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation.
    pub fn sd(&self) -> f64 {
        self.sd
    }

    /// The chance that the rate is above a threshold.
    pub fn above(&self, threshold: f64) -> f64 {
        if self.above.is_empty() {
            return if self.mean > threshold { 1.0 } else { 0.0 };
        }
        let (from, step) = self.grid();
        let place = (threshold - from) / step;
        if place.is_nan() || place >= (POINTS - 1) as f64 {
            return 0.0;
        }
        if place <= 0.0 {
            return 1.0;
        }
        let point = place as usize;
        let (left, right) = (self.above[point], self.above[point + 1]);
        left + (right - left) * (place - point as f64)
    }

    /// The first point and the step to the next.
    fn grid(&self) -> (f64, f64) {
        let from = (self.mean - REACH * self.sd).max(0.0);
        let to = (self.mean + REACH * self.sd).min(1.0);
        (from, (to - from) / (POINTS - 1) as f64)
    }
}

/// What keeping a customer is worth, and how well that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// V: what is expected.
    pub lifetime_value: Money,
    /// Its standard deviation as a share of it, not negative.
    pub relative_sd: f64,
}

impl SaveRate {
    /// The probability that terms pay for a customer: that NV is above 0, with this save rate in place of the terms' and
    /// the lifetime value lognormal, the two independent. The lifetime value is taken at sixteen equally likely places.
    pub fn pays(&self, terms: &Terms, p: Probability, worth: &Worth) -> f64 {
        let mean = worth.lifetime_value.get();
        if mean <= 0.0 || worth.relative_sd <= 0.0 {
            return self.pays_at(terms, p.get(), mean);
        }
        let variance = (1.0 + worth.relative_sd * worth.relative_sd).ln();
        let (median, sd) = (mean * (-0.5 * variance).exp(), variance.sqrt());
        let at = |middle: f64| {
            let factor = (sd * middle).exp();
            self.pays_at(terms, p.get(), median * factor) + self.pays_at(terms, p.get(), median / factor)
        };
        MIDDLES.into_iter().map(at).sum::<f64>() / (2 * MIDDLES.len()) as f64
    }

    /// The same where the lifetime value is known: γ is above γ*.
    fn pays_at(&self, terms: &Terms, p: f64, v: f64) -> f64 {
        let delta = terms.incentive.get();
        let slope = p * (v - delta);
        // Who is worth no more than the incentive is not worth saving.
        if slope <= 0.0 {
            return 0.0;
        }
        let stayer = terms.take_up * delta + terms.driven_away * v;
        self.above((terms.contact_cost.get() + (1.0 - p) * stayer) / slope)
    }
}

#[cfg(test)]
mod tests {
    use super::super::terms::tests::{money, p, terms};
    use super::*;

    #[test]
    fn impossible_rates_are_none() {
        for (mean, sd) in
            [(-0.1, 0.0), (1.1, 0.0), (f64::NAN, 0.0), (0.3, -0.1), (0.3, 0.46), (0.0, 0.1), (1.0, 0.1)]
        {
            assert_eq!(SaveRate::new(mean, sd), None, "{mean} ± {sd}");
        }
    }

    #[test]
    fn the_chance_of_being_above_is_scipys() {
        // Mean .3 and √(.3·.7/21) are Beta(6, 14): scipy.stats.beta(6, 14).sf(x).
        let rate = SaveRate::new(0.3, 0.1).unwrap();
        for (threshold, share) in [
            (-1.0, 1.0),
            (0.164, 0.922_688_763_324_772_6),
            (0.3, 0.473_862_525_274_243),
            (0.7, 0.000_108),
            (1.5, 0.0),
        ] {
            assert!((rate.above(threshold) - share).abs() < 1e-4, "{threshold}: {}", rate.above(threshold));
        }
        let exact = SaveRate::new(0.3, 0.0).unwrap();
        assert_eq!([0.29, 0.3].map(|threshold| exact.above(threshold)), [1.0, 0.0]);
    }

    /// Against four million draws with numpy 2 (seed 0), to a hundredth: c 1, δ 10, γ Beta(6, 14), V lognormal.
    #[test]
    fn the_chance_to_pay_is_that_of_drawing_save_rates_and_values() {
        let rate = SaveRate::new(0.3, 0.1).unwrap();
        for (churn, lifetime_value, relative_sd, psi, lambda, pays) in [
            (0.2, 200.0, 0.8, 1.0, 0.0, 0.4603),
            (0.5, 60.0, 0.5, 0.5, 0.05, 0.6529),
            (0.1, 500.0, 1.5, 0.3, 0.01, 0.5841),
        ] {
            let worth = Worth { lifetime_value: money(lifetime_value), relative_sd };
            let ours = rate.pays(&terms([1.0, 10.0, 0.3, psi, lambda]), p(churn), &worth);
            assert!((ours - pays).abs() < 0.01, "{ours} and {pays}");
        }
    }

    #[test]
    fn what_is_known_exactly_pays_surely_or_not_at_all() {
        let rate = SaveRate::new(0.3, 0.0).unwrap();
        let pays = |v: f64| {
            let worth = Worth { lifetime_value: money(v), relative_sd: 0.0 };
            rate.pays(&terms([1.0, 10.0, 0.3, 1.0, 0.0]), p(0.5), &worth)
        };
        // NV = .5·.3·(V − 10) − .5·10 − 1 is 0 at V = 50.
        assert_eq!([49.9, 50.1].map(pays), [0.0, 1.0]);
    }
}
