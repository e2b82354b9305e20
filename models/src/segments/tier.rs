//! Tiers: how much of the shop's business a customer is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Cause, Signs};
use crate::language::Language;
use crate::names::{UnknownName, of_words};

/// How much of the shop's business a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The most valuable fifth.
    Key,
    /// The next three tenths.
    Ordinary,
    /// The other half.
    Small,
    /// Loss-making, abusive or in breach, whatever the value.
    Problem,
}

impl Tier {
    /// All of them, the most valuable first.
    pub const ALL: [Self; 4] = [Self::Key, Self::Ordinary, Self::Small, Self::Problem];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Ordinary => "ordinary",
            Self::Small => "small",
            Self::Problem => "problem",
        }
    }

    /// What people call it.
    pub const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (_, Language::English) => self.name(),
            (Self::Key, Language::Chinese) => "关键客户",
            (Self::Ordinary, Language::Chinese) => "普通客户",
            (Self::Small, Language::Chinese) => "小客户",
            (Self::Problem, Language::Chinese) => "问题客户",
        }
    }
}

impl FromStr for Tier {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_words("tier", &Self::ALL, Self::words, text)
    }
}

/// The shares of a population that make the most valuable hundredth, the key fifth, and that with the ordinary, in
/// percent.
const TOP_PERCENT: usize = 1;
const KEY_PERCENT: usize = 20;
const ORDINARY_PERCENT: usize = 50;

/// From which value on a customer of a population is in which tier. Values, and not ranks: customers of one value
/// are in one tier, the lower where they would be in two, so that no upper tier holds more than its share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TierCuts {
    /// The least value in the most valuable hundredth; `None` where nobody is in it.
    pub top: Option<f64>,
    /// The least value of a key customer, in the most valuable fifth.
    pub key: Option<f64>,
    /// The least value of an ordinary customer, in the more valuable half.
    pub ordinary: Option<f64>,
}

impl TierCuts {
    /// The cuts of a population with these values, in any order; what is not a number has no part in it.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        let mut cut = |percent: usize| {
            let most = (values.len() * percent).div_ceil(100);
            if most == values.len() {
                return values.iter().copied().reduce(f64::min);
            }
            // Who is worth more than the first who is beyond the share.
            let (above, &mut next, _) = values.select_nth_unstable_by(most, |a, b| b.total_cmp(a));
            above.iter().copied().filter(|&value| value > next).reduce(f64::min)
        };
        Self { top: cut(TOP_PERCENT), key: cut(KEY_PERCENT), ordinary: cut(ORDINARY_PERCENT) }
    }

    /// The tier of a customer.
    pub fn tier(&self, value: f64, is_problem: bool) -> Tier {
        if is_problem {
            Tier::Problem
        } else if reaches(value, self.key) {
            Tier::Key
        } else if reaches(value, self.ordinary) {
            Tier::Ordinary
        } else {
            Tier::Small
        }
    }

    /// Whether a customer is in the most valuable hundredth.
    pub fn is_top(&self, value: f64) -> bool {
        reaches(value, self.top)
    }
}

fn reaches(value: f64, least: Option<f64>) -> bool {
    least.is_some_and(|least| value >= least)
}

/// Whether a customer is a problem: the shop says so itself (abusive, in breach), ended it for a breach or fraud, or has
/// lost money on it, as far as the log tells: as much came back as was bought.
pub fn is_problem(signs: &Signs, recorded: bool, cause: Cause) -> bool {
    recorded || cause == Cause::Forced || is_loss_making(signs)
}

/// Whether as much came back as was bought, or more.
pub fn is_loss_making(signs: &Signs) -> bool {
    signs.return_share >= 1.0 || signs.net_monetary <= 0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::signs::tests::STEADY;
    use super::*;

    fn count(cuts: &TierCuts, values: &[f64], tier: Tier) -> usize {
        values.iter().filter(|&&value| cuts.tier(value, false) == tier).count()
    }

    /// ECONOMICS.md section 6: key is the top 1 % and the next 19 %, ordinary the next 30 %, small the last 50 %.
    #[test]
    fn the_shares_are_those_of_section_6() {
        let values: Vec<f64> = (0..1000).map(|i| f64::from(i * 7 % 1000)).collect();
        let cuts = TierCuts::of(values.iter().copied());
        assert_eq!(
            [Tier::Key, Tier::Ordinary, Tier::Small].map(|tier| count(&cuts, &values, tier)),
            [200, 300, 500]
        );
        assert_eq!(values.iter().filter(|&&value| cuts.is_top(value)).count(), 10);
        assert_eq!(cuts, TierCuts { top: Some(990.0), key: Some(800.0), ordinary: Some(500.0) });
        assert_eq!(cuts.tier(1e9, true), Tier::Problem, "whatever the value");
        assert_eq!(cuts.tier(f64::NAN, false), Tier::Small);
    }

    #[test]
    fn equals_share_the_lower_tier() {
        let values = [9.0, 5.0, 5.0, 5.0, 5.0, 5.0, 5.0, 1.0, 1.0, 1.0];
        let cuts = TierCuts::of(values);
        assert_eq!(
            [Tier::Key, Tier::Ordinary, Tier::Small].map(|tier| count(&cuts, &values, tier)),
            [1, 0, 9]
        );
        assert_eq!(TierCuts::of([3.0; 50]), TierCuts::default(), "nobody stands out");
        assert_eq!(TierCuts::of([]), TierCuts::default());
        assert_eq!(TierCuts::of([4.0]).tier(4.0, false), Tier::Key);
    }

    #[test]
    fn cuts_are_kept_as_json() {
        let cuts = TierCuts { top: None, key: Some(20.5), ordinary: Some(0.0) };
        let text = serde_json::to_string(&cuts).unwrap();
        assert_eq!(text, r#"{"top":null,"key":20.5,"ordinary":0.0}"#);
        assert_eq!(serde_json::from_str::<TierCuts>(&text).unwrap(), cuts);
    }

    #[test]
    fn a_problem_is_who_returns_it_all_or_is_recorded_as_one() {
        assert!(!is_problem(&STEADY, false, Cause::Disappointment));
        assert!(!is_problem(&Signs::UNKNOWN, false, Cause::Unknown));
        assert!(is_problem(&STEADY, true, Cause::Unknown));
        assert!(is_problem(&STEADY, false, Cause::Forced));
        assert!(is_problem(&Signs { return_share: 1.0, ..STEADY }, false, Cause::Unknown));
        assert!(is_problem(&Signs { net_monetary: 0.0, ..STEADY }, false, Cause::Unknown));
    }

    proptest! {
        #[test]
        fn no_upper_tier_holds_more_than_its_share(values in proptest::collection::vec(0_u8..20, 1..300)) {
            let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let cuts = TierCuts::of(values.iter().copied());
            let at_most = |percent: usize| (values.len() * percent).div_ceil(100);
            let (key, ordinary) = (count(&cuts, &values, Tier::Key), count(&cuts, &values, Tier::Ordinary));
            prop_assert!(key <= at_most(20) && key + ordinary <= at_most(50));
            values.sort_unstable_by(f64::total_cmp);
            prop_assert!(values.windows(2).all(|pair| cuts.tier(pair[0], false) >= cuts.tier(pair[1], false)));
            prop_assert_eq!(TierCuts::of(values), cuts, "the order does not show");
        }
    }
}
