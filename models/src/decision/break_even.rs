//! Break-evens: at which churn probability, save rate, incentive and lifetime value an offer begins to pay.

use std::fmt;

use mainstay_features::units::{Money, Probability};

use super::Terms;

/// Where an offer begins to pay, or, for an incentive, ceases to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakEven {
    /// It pays anywhere in the possible range.
    Always,
    /// It pays on one side of this number.
    At(f64),
    /// It pays nowhere.
    Never,
}

impl BreakEven {
    /// The lower of two from which on something pays.
    pub fn lower(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, lower) | (lower, Self::Never) => lower,
            (Self::At(a), Self::At(b)) => Self::At(a.min(b)),
        }
    }

    /// From where on something pays that is only done between two numbers.
    pub fn within(self, from: f64, to: f64) -> Self {
        match self {
            Self::Always if from > 0.0 => Self::At(from),
            Self::At(at) if at > to => Self::Never,
            Self::At(at) => Self::At(at.max(from)),
            other => other,
        }
    }

    /// start / slope, from where on a line that starts at −start and rises with slope is above 0, within [0, most].
    fn from_line(start: f64, slope: f64, most: f64) -> Self {
        // The line starts at or below 0: what does not rise never pays.
        if slope <= 0.0 {
            return Self::Never;
        }
        let at = start / slope;
        if at <= 0.0 {
            Self::Always
        } else if at <= most {
            Self::At(at)
        } else {
            Self::Never
        }
    }
}

impl fmt::Display for BreakEven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::At(number) => number.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

/// The break-evens of terms for one customer, each with all else as it is (docs/economics.md).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakEvens {
    /// p*: the lowest churn probability.
    pub churn_probability: BreakEven,
    /// γ*: the lowest save rate.
    pub save_rate: BreakEven,
    /// δ*: the highest incentive; "always" where nobody redeems it.
    pub incentive: BreakEven,
    /// V*: the lowest lifetime value.
    pub lifetime_value: BreakEven,
}

impl Terms {
    /// Where the terms begin to pay for a customer.
    pub fn break_evens(&self, p: Probability, lifetime_value: Money) -> BreakEvens {
        let (c, delta) = (self.contact_cost.get(), self.incentive.get());
        let (p, v) = (p.get(), lifetime_value.get());
        let stayer = self.take_up * delta + self.driven_away * v;
        let tau = p * self.save_rate - (1.0 - p) * self.driven_away;
        let rho = p * self.save_rate + (1.0 - p) * self.take_up;
        BreakEvens {
            churn_probability: self.break_even_probability(lifetime_value),
            save_rate: BreakEven::from_line(c + (1.0 - p) * stayer, p * (v - delta), 1.0),
            incentive: highest_incentive(v * tau - c, rho),
            lifetime_value: BreakEven::from_line(c + rho * delta, tau, f64::MAX),
        }
    }

    /// p* = (c + ψδ + λV) / (γ(V − δ) + ψδ + λV): the lowest churn probability at which the terms pay. The net value is a
    /// line in p that starts at −(c + ψδ + λV).
    pub fn break_even_probability(&self, lifetime_value: Money) -> BreakEven {
        let (delta, v) = (self.incentive.get(), lifetime_value.get());
        let stayer = self.take_up * delta + self.driven_away * v;
        let slope = self.save_rate * (v - delta) + stayer;
        BreakEven::from_line(self.contact_cost.get() + stayer, slope, 1.0)
    }
}

/// δ* = (Vτ − c)/ρ: with no incentive the offer earns Vτ − c, and each unit of it takes ρ off.
fn highest_incentive(without: f64, rho: f64) -> BreakEven {
    if without <= 0.0 {
        BreakEven::Never
    } else if rho <= 0.0 {
        BreakEven::Always
    } else {
        let at = without / rho;
        if at.is_finite() { BreakEven::At(at) } else { BreakEven::Always }
    }
}

#[cfg(test)]
mod tests {
    use super::super::terms::tests::{any_terms, money, p, terms};
    use super::*;
    use proptest::prelude::*;

    fn number(break_even: BreakEven) -> f64 {
        let BreakEven::At(number) = break_even else { panic!("{break_even:?} is a number") };
        number
    }

    /// ECONOMICS.md section 1, "Checked".
    #[test]
    fn section_1_checked_break_evens() {
        for (lambda, expected) in [(0.0, 0.164_179), (0.02, 0.211_268)] {
            // ψ = 1 beside λ = .02 is what the section checks, though no catalogue may hold it.
            let at = terms([1.0, 10.0, 0.3, 1.0, lambda]).break_even_probability(money(200.0));
            assert!((number(at) - expected).abs() < 5e-7, "{at:?}");
        }
    }

    #[test]
    fn always_and_never() {
        let probability = |numbers, v: f64| terms(numbers).break_even_probability(money(v));
        assert_eq!(probability([0.0, 0.0, 0.3, 0.0, 0.0], 10.0), BreakEven::Always);
        assert_eq!(
            probability([1.0, 20.0, 0.3, 0.0, 0.0], 10.0),
            BreakEven::Never,
            "the incentive is worth more"
        );
        assert_eq!(probability([9.0, 0.0, 0.3, 0.0, 0.0], 10.0), BreakEven::Never, "only beyond p = 1");
        assert_eq!(probability([0.0, 0.0, 0.0, 0.0, 0.0], 10.0), BreakEven::Never, "it saves nobody");
        let at = |numbers, churn: f64, v: f64| terms(numbers).break_evens(p(churn), money(v));
        let free = at([0.0, 0.0, 0.5, 0.0, 0.0], 0.5, 100.0);
        assert_eq!((free.save_rate, free.lifetime_value), (BreakEven::Always, BreakEven::Always));
        assert_eq!(number(free.incentive), 100.0);
        let for_nobody = at([1.0, 0.0, 0.5, 0.0, 0.0], 0.0, 100.0);
        assert_eq!(for_nobody.save_rate, BreakEven::Never, "there is nobody to save");
        assert_eq!((for_nobody.incentive, for_nobody.lifetime_value), (BreakEven::Never, BreakEven::Never));
        assert_eq!(
            at([60.0, 0.0, 0.5, 0.0, 0.0], 0.5, 100.0).save_rate,
            BreakEven::Never,
            "only above γ = 1"
        );
    }

    proptest! {
        /// Each is where the net value is 0, and it pays on its one side; "always" and "never" are true too.
        #[test]
        fn the_net_value_is_0_there(terms in any_terms(), churn in 0.001..=1.0_f64, v in 0.01..1e4_f64) {
            let all = terms.break_evens(p(churn), money(v));
            let tolerance = 1e-7 * (1.0 + v + terms.incentive.get());
            let nv = |terms: Terms, churn: f64, v: f64| terms.net_value(p(churn), money(v)).get();
            let pays = nv(terms, churn, v) > tolerance;
            if let BreakEven::At(at) = all.churn_probability {
                prop_assert!(nv(terms, at, v).abs() < tolerance);
                prop_assert!(!pays || churn > at);
            }
            if let BreakEven::At(at) = all.save_rate {
                let lowest = Terms { save_rate: at, ..terms };
                prop_assert!(nv(lowest, churn, v).abs() < tolerance);
                prop_assert!(!pays || terms.save_rate > at);
            }
            if let BreakEven::At(at) = all.incentive {
                let dearest = Terms { incentive: money(at), ..terms };
                prop_assert!(nv(dearest, churn, v).abs() < 1e-7 * (1.0 + v + at));
                prop_assert!(!pays || terms.incentive.get() < at);
            }
            if let BreakEven::At(at) = all.lifetime_value && at < 1e12 {
                prop_assert!(nv(terms, churn, at).abs() < 1e-7 * (1.0 + at));
                prop_assert!(!pays || v > at);
            }
            for never in [all.churn_probability, all.save_rate, all.incentive, all.lifetime_value] {
                prop_assert!(never != BreakEven::Never || !pays);
            }
        }
    }
}
