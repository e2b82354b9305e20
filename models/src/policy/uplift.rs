//! What an action does to churn: the difference between those assigned to it and the control (ECONOMICS.md section 5).
//!
//! Those assigned, and not those reached: whom an action reaches is not left to chance. The difference is τ, the net share
//! kept. How many would-be leavers it kept (γ) and how many others it drove away (λ), no such difference tells apart.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::drift::{ChurnShift, Interval};
use crate::evaluate::beta::Beta;

/// A credible interval leaves out this share on either side.
const OUTSIDE: f64 = 0.05;
/// The posterior is summed in so many steps.
const STEPS: u32 = 2000;

/// The customers assigned to one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    customers: u64,
    churned: u64,
}

/// What an action does, against the control.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Uplift {
    /// τ̂: the control's share of churners less the treated's; above zero, the action keeps customers. The 95 % interval is
    /// Newcombe's (1998, method 10).
    pub kept: Interval,
    /// √(p(1 − p)/n of the one + of the other).
    pub standard_error: f64,
    /// The same, from "every share is equally likely" on.
    pub posterior: Posterior,
    /// How many customers each group needs to find a difference as large as this one; `None` where there is none.
    pub needed_per_group: Option<u64>,
}

/// What is known of τ where both shares were anything with equal chance before, Beta(1, 1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Posterior {
    /// Its mean.
    pub mean: f64,
    /// It is below this with a chance of 5 %…
    pub low: f64,
    /// …and above this with 5 %.
    pub high: f64,
    /// The chance that it is above 0.
    pub above_zero: f64,
}

impl Group {
    /// So many customers, of whom so many churned; `None` without customers, or where more churned than there are.
    pub fn new(customers: u64, churned: u64) -> Option<Self> {
        (customers > 0 && churned <= customers).then_some(Self { customers, churned })
    }

    /// How many customers.
    pub fn customers(&self) -> u64 {
        self.customers
    }

    /// The share who churned.
    pub fn churn(&self) -> f64 {
        self.churned as f64 / self.customers as f64
    }

    /// How many did what fewer of them did: left, or stayed.
    pub fn rarer(&self) -> u64 {
        self.churned.min(self.customers - self.churned)
    }

    fn variance(&self) -> f64 {
        self.churn() * (1.0 - self.churn()) / self.customers as f64
    }

    fn posterior(&self) -> Option<Beta> {
        let (churned, kept) = (self.churned as f64, (self.customers - self.churned) as f64);
        Beta::try_from((1.0 + churned, 1.0 + kept)).ok()
    }
}

impl Uplift {
    /// Of the treated against the control; `None` only where a count is beyond what a float holds.
    pub fn of(treated: Group, control: Group) -> Option<Self> {
        let counts = |group: Group| (group.churned, group.customers);
        let shift = ChurnShift::of(counts(treated), counts(control))?;
        Some(Self {
            kept: shift.change,
            standard_error: (treated.variance() + control.variance()).sqrt(),
            posterior: Posterior::of(&treated.posterior()?, &control.posterior()?),
            needed_per_group: needed_per_group(control.churn(), treated.churn()),
        })
    }
}

/// γ as an experiment shows it where λ is taken to be 0: of those who would have left, the share whom the action kept.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SaveRateSeen {
    /// 1 − p/q, with the treated's share of churners p and the control's q; below 0 where more of the treated left.
    pub estimate: f64,
    /// Its standard error by the delta method, √(var p + (p/q)²·var q)/q, of both shares as they are known from "every share is
    /// equally likely" on: no share is taken to be certain because nobody left.
    pub standard_error: f64,
}

impl SaveRateSeen {
    /// Of the treated against the control; `None` where nobody of the control left.
    pub fn of(treated: Group, control: Group) -> Option<Self> {
        if control.churned == 0 {
            return None;
        }
        let variance = |group: Group| {
            let (customers, churned) = (group.customers as f64, group.churned as f64);
            let mean = (churned + 1.0) / (customers + 2.0);
            mean * (1.0 - mean) / (customers + 3.0)
        };
        let (left, q) = (treated.churn() / control.churn(), control.churn());
        let standard_error = (variance(treated) + left * left * variance(control)).sqrt() / q;
        Some(Self { estimate: 1.0 - left, standard_error })
    }
}

impl Posterior {
    /// Of the control's share less the treated's, each with its own distribution.
    fn of(treated: &Beta, control: &Beta) -> Self {
        // In each step the chance that the control's share is there; the treated's against the step's middle.
        let edge = |step: u32| f64::from(step) / f64::from(STEPS);
        let here: Vec<(f64, f64)> = (0..STEPS)
            .map(|step| {
                let chance = control.above(edge(step)).share - control.above(edge(step + 1)).share;
                (0.5 * (edge(step) + edge(step + 1)), chance)
            })
            .filter(|&(_, chance)| chance > 1e-12)
            .collect();
        let above = |tau: f64| -> f64 {
            here.iter().map(|&(middle, chance)| chance * (1.0 - treated.above(middle - tau).share)).sum()
        };
        let with_chance_above = |chance: f64| {
            let (mut low, mut high) = (-1.0, 1.0);
            for _ in 0..40 {
                let middle = 0.5 * (low + high);
                if above(middle) > chance { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        };
        Self {
            mean: control.mean() - treated.mean(),
            low: with_chance_above(1.0 - OUTSIDE),
            high: with_chance_above(OUTSIDE),
            above_zero: above(0.0),
        }
    }
}

/// How many customers each of two groups needs so that a difference between these shares is found four times in five, and
/// one that is not there once in twenty: (z₀.₉₇₅·√(2p̄(1 − p̄)) + z₀.₈·√(p₁(1 − p₁) + p₂(1 − p₂)))²/(p₁ − p₂)², p̄ their mean
/// (ECONOMICS.md section 5: two-sided, the variance pooled under the null). `None` where they are the same.
pub fn needed_per_group(one: f64, other: f64) -> Option<u64> {
    let normal = Normal::standard();
    let (significance, power) = (normal.inverse_cdf(0.975), normal.inverse_cdf(0.8));
    let (mean, variance) = (0.5 * (one + other), |share: f64| share * (1.0 - share));
    let spread =
        significance * (2.0 * variance(mean)).sqrt() + power * (variance(one) + variance(other)).sqrt();
    let needed = (spread / (one - other)).powi(2).ceil();
    (needed.is_finite() && one != other).then_some(needed as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_checked_experiment() {
        // ECONOMICS.md section 5, Checked: treated 180/900 churned, control 30/100, Beta(1,1): mean τ 0.1033, 90 % interval
        // 0.028 to 0.183, P(τ > 0) 0.989; frequentist 0.100 ± 0.048, which is one standard error.
        let uplift = Uplift::of(Group::new(900, 180).unwrap(), Group::new(100, 30).unwrap()).unwrap();
        let Posterior { mean, low, high, above_zero } = uplift.posterior;
        assert!((mean - 0.1033).abs() < 5e-5, "{mean}");
        assert!((low - 0.028).abs() < 5e-4 && (high - 0.183).abs() < 5e-4, "{low} {high}");
        assert!((above_zero - 0.989).abs() < 5e-4, "{above_zero}");
        assert!((uplift.kept.estimate - 0.100).abs() < 1e-12, "{}", uplift.kept.estimate);
        assert!((uplift.standard_error - 0.048).abs() < 5e-4, "{}", uplift.standard_error);
    }

    #[test]
    fn the_checked_sizes() {
        // ECONOMICS.md section 5, sample per arm.
        for (from, to, needed) in [(0.25, 0.2, 1094), (0.3, 0.25, 1251), (0.3, 0.27, 3554), (0.1, 0.08, 3213)]
        {
            assert_eq!(needed_per_group(from, to), Some(needed), "{from} to {to}");
            assert_eq!(needed_per_group(to, from), Some(needed));
        }
        assert_eq!(needed_per_group(0.3, 0.3), None);
        assert_eq!(needed_per_group(0.0, 0.0), None);
    }

    #[test]
    fn the_save_rate_is_what_the_control_lost_more() {
        // ECONOMICS.md section 5's trial: 1 − 0.2/0.3. Its spread: a million draws of Beta(181, 721) and Beta(31, 71) with numpy 2
        // give 1 − p/q a standard deviation of 0.114 (a ratio has a longer tail than the delta method knows).
        let (treated, control) = (Group::new(900, 180).unwrap(), Group::new(100, 30).unwrap());
        let seen = SaveRateSeen::of(treated, control).unwrap();
        assert!((seen.estimate - 1.0 / 3.0).abs() < 1e-12, "{}", seen.estimate);
        assert!((seen.standard_error - 0.107).abs() < 5e-3, "{}", seen.standard_error);
        assert_eq!(SaveRateSeen::of(treated, Group::new(100, 0).unwrap()), None);
        assert!(SaveRateSeen::of(Group::new(100, 0).unwrap(), control).unwrap().standard_error > 0.0);
    }

    #[test]
    fn groups_that_cannot_be_are_none() {
        assert_eq!(Group::new(0, 0), None);
        assert_eq!(Group::new(3, 4), None);
    }

    proptest! {
        #[test]
        fn who_is_which_turns_the_sign_and_nothing_else(
            (n, m) in (1_u64..3000, 1_u64..3000),
            (p, q) in (0.0_f64..=1.0, 0.0_f64..=1.0),
        ) {
            let group = |n: u64, share: f64| Group::new(n, (n as f64 * share) as u64).unwrap();
            let (a, b) = (group(n, p), group(m, q));
            let (one, other) = (Uplift::of(a, b).unwrap(), Uplift::of(b, a).unwrap());
            prop_assert!((one.kept.estimate + other.kept.estimate).abs() < 1e-12);
            prop_assert!((one.posterior.low + other.posterior.high).abs() < 2e-3);
            prop_assert!((one.posterior.above_zero + other.posterior.above_zero - 1.0).abs() < 2e-3);
            prop_assert!(one.posterior.low <= one.posterior.mean && one.posterior.mean <= one.posterior.high);
            prop_assert!((0.0..=1.0 + 1e-9).contains(&one.posterior.above_zero));
            prop_assert_eq!(one.needed_per_group, other.needed_per_group);
        }
    }
}
