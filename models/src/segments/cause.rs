//! Causes: why a customer is likely to leave.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::warning::{FEW_PRODUCTS, LATE_GAPS, MUCH_DISCOUNT, Warning};
use super::{Evidence, Signs};
use crate::language::Language;
use crate::names::{UnknownName, of_words};

/// Why a customer is likely to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Moved, died, closed the business.
    Natural,
    /// Needs something else now.
    #[serde(rename = "need changed")]
    NeedChanged,
    /// The price, or a competitor's.
    Price,
    /// A fault or a complaint.
    Disappointment,
    /// The shop ended it, for a breach or fraud.
    Forced,
    /// Nothing speaks for any of the others.
    Unknown,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Natural, Self::NeedChanged, Self::Price, Self::Disappointment, Self::Forced, Self::Unknown];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Natural => "natural",
            Self::NeedChanged => "need changed",
            Self::Price => "price",
            Self::Disappointment => "disappointment",
            Self::Forced => "forced",
            Self::Unknown => "unknown",
        }
    }
}

impl Cause {
    /// What people call it.
    pub const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (_, Language::English) => self.name(),
            (Self::Natural, Language::Chinese) => "自然流失",
            (Self::NeedChanged, Language::Chinese) => "需求变化",
            (Self::Price, Language::Chinese) => "价格",
            (Self::Disappointment, Language::Chinese) => "失望",
            (Self::Forced, Language::Chinese) => "被动终止",
            (Self::Unknown, Language::Chinese) => "未知",
        }
    }

    /// What a shop has written about a customer, in any letter case and either language; `None` where it is none of the
    /// causes, or says that it is unknown.
    pub fn recorded(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_called = |cause: &Self| {
            Language::ALL.iter().any(|&language| cause.words(language).eq_ignore_ascii_case(text))
        };
        Self::ALL.into_iter().find(is_called).filter(|&cause| cause != Self::Unknown)
    }
}

impl FromStr for Cause {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_words("cause", &Self::ALL, Self::words, text)
    }
}

/// So much of what was bought came back: most of it.
const MOST_RETURNED: f64 = 0.5;
/// So many purchases in the window say that a customer still buys.
const STILL_BUYING: f64 = 2.0;

/// A cause and what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LikelyCause {
    /// The cause; unknown without evidence.
    pub cause: Cause,
    /// What speaks for it.
    pub evidence: Evidence,
}

impl LikelyCause {
    /// The likely cause; `recorded` is what the shop had written about the customer by then, if anything.
    ///
    /// The first that has evidence: what the shop recorded; a complaint that is open or of the last 90 days, or most of
    /// what was bought returned: disappointment; much bought at a discount, and purchases stopping: price; still buying, but
    /// smaller orders, or fewer and hardly anything new: the need changed. Nothing in a log can tell a natural or a
    /// forced end: these are recorded or not known.
    pub fn of(signs: &Signs, recorded: Option<&str>) -> Self {
        if let Some(cause) = recorded.and_then(Cause::recorded) {
            return Self { cause, evidence: Evidence::Recorded };
        }
        let found = disappointment(signs)
            .map(|evidence| (Cause::Disappointment, evidence))
            .or_else(|| price(signs).map(|evidence| (Cause::Price, evidence)))
            .or_else(|| need_changed(signs).map(|evidence| (Cause::NeedChanged, evidence)));
        let (cause, evidence) = found.unwrap_or((Cause::Unknown, Evidence::Nothing));
        Self { cause, evidence: evidence.rounded() }
    }

    /// What speaks for it, in a sentence.
    pub fn sentence(&self, language: Language) -> String {
        self.evidence.sentence(self.cause, language)
    }
}

/// What was complained of, or did not please.
fn disappointment(signs: &Signs) -> Option<Evidence> {
    if signs.open_complaints >= 1.0 {
        Some(Evidence::OpenComplaints(signs.open_complaints))
    } else if signs.complaints_90d >= 1.0 {
        Some(Evidence::RecentComplaints(signs.complaints_90d, signs.days_since_complaint))
    } else if signs.return_share >= MOST_RETURNED {
        Some(Evidence::MostReturned(signs.return_share))
    } else {
        None
    }
}

/// Came for discounts, and stops.
fn price(signs: &Signs) -> Option<Evidence> {
    let stops = signs.silence_ratio >= LATE_GAPS || Warning::FewerOrders.is_raised(signs);
    (signs.discount_share >= MUCH_DISCOUNT && stops).then_some(Evidence::DiscountsAndSilence {
        discount_share: signs.discount_share,
        recency_days: signs.recency_days,
    })
}

/// Not late, and yet buys less.
fn need_changed(signs: &Signs) -> Option<Evidence> {
    let windows = signs.windows()?;
    let still_buys = signs.silence_ratio < LATE_GAPS && windows.purchases >= STILL_BUYING;
    if !still_buys {
        None
    } else if windows.amounts_fell(signs.amount_spread) {
        let (now, before) = windows.mean_amounts();
        Some(Evidence::SmallerOrders { now, before, days: windows.days })
    } else if windows.purchases_fell() && signs.products_per_purchase <= FEW_PRODUCTS {
        Some(Evidence::NarrowRange {
            now: windows.purchases,
            before: windows.purchases_before,
            days: windows.days,
            products_per_purchase: signs.products_per_purchase,
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::signs::tests::STEADY;
    use super::*;

    fn cause(change: fn(&mut Signs)) -> LikelyCause {
        let mut signs = STEADY;
        change(&mut signs);
        LikelyCause::of(&signs, None)
    }

    fn said(likely: LikelyCause) -> (Cause, String) {
        (likely.cause, likely.sentence(Language::English))
    }

    /// ECONOMICS.md section 6: "unknown" without evidence.
    #[test]
    fn without_evidence_the_cause_is_unknown() {
        let unknown = (Cause::Unknown, "nothing in the data tells why".to_owned());
        assert_eq!(said(cause(|_| ())), unknown);
        assert_eq!(said(LikelyCause::of(&Signs::UNKNOWN, None)), unknown);
        assert_eq!(said(LikelyCause::of(&STEADY, Some("unknown"))), unknown);
        assert_eq!(said(LikelyCause::of(&STEADY, Some("fell off the list"))), unknown);
        assert_eq!(said(cause(|s| s.silence_ratio = 9.0)), unknown, "silence alone says nothing of why");
        assert_eq!(
            said(cause(|s| s.discount_share = 0.5)),
            unknown,
            "nor do discounts of who goes on buying"
        );
        assert_eq!(said(cause(|s| s.products_per_purchase = 0.1)), unknown, "nor does a narrow range");
    }

    #[test]
    fn what_the_shop_recorded_comes_first() {
        let complained = Signs { open_complaints: 1.0, ..STEADY };
        for (text, expected) in [
            ("natural", Cause::Natural),
            (" Need Changed ", Cause::NeedChanged),
            ("FORCED", Cause::Forced),
            ("价格", Cause::Price),
        ] {
            let likely = LikelyCause::of(&complained, Some(text));
            assert_eq!(likely, LikelyCause { cause: expected, evidence: Evidence::Recorded }, "{text}");
        }
        let likely = LikelyCause::of(&complained, Some("need changed"));
        assert_eq!(likely.sentence(Language::English), "the shop recorded: need changed");
        assert_eq!(likely.sentence(Language::Chinese), "商家记录的原因：需求变化");
    }

    #[test]
    fn complaints_and_returns_are_disappointment() {
        let of = |change| said(cause(change));
        let disappointed = |text: &str| (Cause::Disappointment, text.to_owned());
        assert_eq!(of(|s| s.open_complaints = 1.0), disappointed("a complaint is not resolved"));
        let recent = |s: &mut Signs| (s.complaints_90d, s.days_since_complaint) = (2.0, 12.0);
        assert_eq!(
            of(recent),
            disappointed("complained 2 times in the last 90 days, the last time 12 days ago")
        );
        assert_eq!(of(|s| s.return_share = 0.62), disappointed("returned 62 % of what was bought"));
    }

    #[test]
    fn discounts_and_then_silence_are_the_price() {
        let likely = cause(|s| (s.discount_share, s.silence_ratio, s.recency_days) = (0.3, 4.0, 40.0));
        let text = "bought with 30 % off on average, and purchases are stopping: none for 40 days";
        assert_eq!(said(likely), (Cause::Price, text.to_owned()));
    }

    #[test]
    fn less_of_who_still_buys_is_a_need_that_changed() {
        let smaller = |s: &mut Signs| (s.money_90d, s.money_90d_change) = (270.0, -180.0);
        let text = "still buys, but 30.00 an order in the last 90 days after 50.00 in the 90 before";
        assert_eq!(said(cause(smaller)), (Cause::NeedChanged, text.to_owned()));
        let narrower = cause(|s| {
            (s.purchases_90d, s.purchases_90d_change, s.money_90d, s.money_90d_change) =
                (2.0, -7.0, 100.0, -350.0);
            s.products_per_purchase = 0.4;
        });
        assert_eq!(narrower.cause, Cause::NeedChanged);
        assert!(narrower.sentence(Language::English).ends_with("0.4 different products a purchase"));
        let late = Signs { money_90d: 270.0, money_90d_change: -180.0, silence_ratio: 2.5, ..STEADY };
        assert_eq!(LikelyCause::of(&late, None).cause, Cause::Unknown, "no longer buys");
    }

    proptest! {
        #[test]
        fn natural_and_forced_are_never_guessed(values in proptest::array::uniform8(0.0..10.0_f64)) {
            let [silence_ratio, open_complaints, complaints_90d, return_share, discount_share, products_per_purchase, now, before] = values;
            let signs = Signs {
                silence_ratio, open_complaints, complaints_90d, return_share, discount_share, products_per_purchase,
                purchases_90d: now.round(),
                purchases_90d_change: now.round() - before.round(),
                ..STEADY
            };
            let likely = LikelyCause::of(&signs, None);
            prop_assert!(!matches!(likely.cause, Cause::Natural | Cause::Forced));
            prop_assert_eq!(likely.cause == Cause::Unknown, likely.evidence == Evidence::Nothing);
            for language in Language::ALL {
                let text = likely.sentence(language);
                prop_assert!(!text.is_empty() && !text.contains("inf"));
            }
        }
    }
}
