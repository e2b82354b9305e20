//! Stages: how far along the life with the shop a customer is, by the customer's own rhythm.

use std::str::FromStr;

use mainstay_features::units::Days;
use serde::{Deserialize, Serialize};

use super::Signs;
use super::warning::LATE_GAPS;
use crate::language::Language;
use crate::names::{UnknownName, of_words};

/// How far along the life with the shop a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Exploring: came lately, and has no rhythm yet.
    New,
    /// Buys more than before, or is at the beginning of a rhythm.
    Building,
    /// Buys as before.
    Stable,
    /// Buys less than before, or is late.
    Declining,
    /// Silent for so long that a return would be a surprise. Not who has lapsed: those are in no population, and have no
    /// stage.
    Silent,
}

/// With fewer days with a purchase there is no rhythm yet: two gaps are the least that can agree.
const RHYTHM_VISITS: f64 = 3.0;

/// Silent for so many usual gaps: gaps that vary as chance makes them are as long once in fifty times (e⁻⁴).
const SILENT_GAPS: f64 = 4.0;

impl Stage {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [Self::New, Self::Building, Self::Stable, Self::Declining, Self::Silent];

    /// The stage of a customer; `horizon` is how long a silence the shop takes for churn.
    ///
    /// The first that holds: silent, without an order for the horizon and four usual gaps; new, bought on one or two days, the first
    /// within two horizons; declining, silent for two usual gaps, or spends less than in the window before
    /// ([`Signs::windows`]) as orders are fewer or smaller than chance makes them; building, the first order within two
    /// horizons, or spends more than in the window before as orders are more or larger than chance makes them; otherwise
    /// stable. What is unknown holds for nothing.
    pub fn of(signs: &Signs, horizon: Days) -> Self {
        let horizon_days = f64::from(horizon.get());
        let is_young = signs.tenure_days <= 2.0 * horizon_days;
        // One gap is no rhythm, but all there is to go by.
        if signs.recency_days >= horizon_days
            && (signs.silence_ratio.is_nan() || signs.silence_ratio >= SILENT_GAPS)
        {
            Self::Silent
        } else if is_young && signs.frequency < RHYTHM_VISITS {
            Self::New
        } else if signs.silence_ratio >= LATE_GAPS || spends_less(signs) {
            Self::Declining
        } else if is_young || spends_more(signs) {
            Self::Building
        } else {
            Self::Stable
        }
    }

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Building => "building",
            Self::Stable => "stable",
            Self::Declining => "declining",
            Self::Silent => "silent",
        }
    }

    /// What people call it.
    pub const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (_, Language::English) => self.name(),
            (Self::New, Language::Chinese) => "考察期",
            (Self::Building, Language::Chinese) => "形成期",
            (Self::Stable, Language::Chinese) => "稳定期",
            (Self::Declining, Language::Chinese) => "退化期",
            (Self::Silent, Language::Chinese) => "沉默期",
        }
    }
}

fn spends_less(signs: &Signs) -> bool {
    signs.windows().is_some_and(|windows| {
        windows.money < windows.money_before
            && (windows.purchases_fell() || windows.amounts_fell(signs.amount_spread))
    })
}

/// Of who came in the middle of the window before, it tells too little.
fn spends_more(signs: &Signs) -> bool {
    signs.windows().filter(|windows| signs.tenure_days >= 2.0 * windows.days).is_some_and(|windows| {
        windows.money > windows.money_before
            && (windows.purchases_rose() || windows.amounts_rose(signs.amount_spread))
    })
}

impl FromStr for Stage {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_words("stage", &Self::ALL, Self::words, text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::signs::tests::STEADY;
    use super::*;

    fn stage(change: impl Fn(&mut Signs)) -> Stage {
        let mut signs = STEADY;
        change(&mut signs);
        Stage::of(&signs, Days::new(90).unwrap())
    }

    #[test]
    fn a_life_with_the_shop_goes_through_the_stages() {
        let once = |signs: &mut Signs| {
            (signs.frequency, signs.tenure_days, signs.recency_days) = (1.0, 20.0, 20.0);
            (signs.gap_mean_days, signs.silence_ratio) = (f64::NAN, f64::NAN);
        };
        let bought = |signs: &mut Signs, now: (f64, f64), before: (f64, f64)| {
            (signs.purchases_90d, signs.money_90d) = now;
            (signs.purchases_90d_change, signs.money_90d_change) = (now.0 - before.0, now.1 - before.1);
        };
        assert_eq!(stage(once), Stage::New);
        assert_eq!(stage(|s| (s.frequency, s.tenure_days) = (5.0, 50.0)), Stage::Building, "a young rhythm");
        let changes = |now, before| {
            let mut signs = STEADY;
            bought(&mut signs, now, before);
            Stage::of(&signs, Days::new(90).unwrap())
        };
        assert_eq!(changes((12.0, 600.0), (3.0, 150.0)), Stage::Building, "more orders");
        assert_eq!(changes((9.0, 450.0), (9.0, 300.0)), Stage::Building, "larger orders");
        assert_eq!(changes((9.0, 450.0), (9.0, 450.0)), Stage::Stable);
        assert_eq!(changes((8.0, 380.0), (9.0, 450.0)), Stage::Stable, "as chance has it");
        assert_eq!(changes((2.0, 100.0), (9.0, 450.0)), Stage::Declining, "fewer orders");
        assert_eq!(changes((9.0, 270.0), (9.0, 450.0)), Stage::Declining, "smaller orders");
        assert_eq!(changes((18.0, 540.0), (6.0, 300.0)), Stage::Building, "smaller, and so many more");
        assert_eq!(stage(|s| (s.recency_days, s.silence_ratio) = (20.0, 2.0)), Stage::Declining, "late");
        assert_eq!(stage(|s| (s.recency_days, s.silence_ratio) = (89.0, 8.9)), Stage::Declining);
        assert_eq!(stage(|s| (s.recency_days, s.silence_ratio) = (90.0, 9.0)), Stage::Silent);
    }

    #[test]
    fn who_buys_rarely_is_not_silent_after_a_horizon() {
        let rarely = |signs: &mut Signs| {
            (signs.gap_mean_days, signs.recency_days, signs.silence_ratio) = (200.0, 100.0, 0.5);
            (signs.tenure_days, signs.purchases_365d, signs.purchases_365d_change) = (900.0, 2.0, 0.0);
            (signs.money_365d, signs.money_365d_change) = (100.0, 0.0);
        };
        assert_eq!(stage(rarely), Stage::Stable);
    }

    #[test]
    fn who_bought_once_is_silent_from_the_horizon_on() {
        let once_long_ago = |signs: &mut Signs| {
            (signs.frequency, signs.tenure_days, signs.recency_days) = (1.0, 90.0, 90.0);
            (signs.gap_mean_days, signs.silence_ratio) = (f64::NAN, f64::NAN);
        };
        assert_eq!(stage(once_long_ago), Stage::Silent);
        assert_eq!(stage(|signs| *signs = Signs::UNKNOWN), Stage::Stable);
    }
}
