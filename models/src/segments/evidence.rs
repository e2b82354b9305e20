//! What speaks for a cause: facts, as a code and in words.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::Cause;
use crate::facts;
use crate::figure::Figure;
use crate::language::Language;

/// What speaks for a cause, with the digits that are written. As a text it is a code, which reads back:
/// `recent_complaints complaints_90d=2 days_since_complaint=12`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Evidence {
    /// The shop has recorded it.
    Recorded,
    /// So many complaints are not resolved.
    OpenComplaints(f64),
    /// So many complaints in the last 90 days, the last so many days ago.
    RecentComplaints(f64, f64),
    /// So large a share of what was bought came back.
    MostReturned(f64),
    /// Discounts were so large a share of the prices, and the customer is late or buys less often.
    DiscountsAndSilence {
        /// Discounts, as a share of what the purchases would have come to without them.
        discount_share: f64,
        /// Days since the last order.
        recency_days: f64,
    },
    /// The customer still buys, but orders of so much after so much.
    SmallerOrders {
        /// The mean amount of an order in the last window.
        now: f64,
        /// The same in the window before.
        before: f64,
        /// The days of a window.
        days: f64,
    },
    /// The customer still buys, but less often than before and hardly anything new.
    NarrowRange {
        /// Purchases in the last window.
        now: f64,
        /// The same in the window before.
        before: f64,
        /// The days of a window.
        days: f64,
        /// Different products for each purchase.
        products_per_purchase: f64,
    },
    /// Nothing.
    Nothing,
}

/// A text that is no code of an [`Evidence`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no evidence known here")]
pub struct UnknownEvidence(String);

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, facts): (&str, &[(&str, f64)]) = match *self {
            Self::Recorded => ("recorded", &[]),
            Self::OpenComplaints(count) => ("open_complaints", &[("open_complaints", count)]),
            Self::RecentComplaints(count, days) => {
                ("recent_complaints", &[("complaints_90d", count), ("days_since_complaint", days)])
            }
            Self::MostReturned(share) => ("most_returned", &[("return_share", share)]),
            Self::DiscountsAndSilence { discount_share, recency_days } => (
                "discounts_and_silence",
                &[("discount_share", discount_share), ("recency_days", recency_days)],
            ),
            Self::SmallerOrders { now, before, days } => (
                "smaller_orders",
                &[("mean_amount", now), ("mean_amount_before", before), ("window_days", days)],
            ),
            Self::NarrowRange { now, before, days, products_per_purchase } => (
                "narrow_range",
                &[
                    ("purchases", now),
                    ("purchases_before", before),
                    ("window_days", days),
                    ("products_per_purchase", products_per_purchase),
                ],
            ),
            Self::Nothing => ("nothing", &[]),
        };
        f.write_str(name)?;
        facts::write(f, facts.iter().copied())
    }
}

impl FromStr for Evidence {
    type Err = UnknownEvidence;

    fn from_str(text: &str) -> Result<Self, UnknownEvidence> {
        let unknown = || UnknownEvidence(text.to_owned());
        let (name, rest) = text.split_once(' ').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let facts = rest.into_iter().flat_map(|rest| rest.split(' ')).map(facts::read);
        let facts: Vec<(&str, f64)> = facts.collect::<Option<_>>().ok_or_else(unknown)?;
        Ok(match (name, facts.as_slice()) {
            ("recorded", []) => Self::Recorded,
            ("open_complaints", &[("open_complaints", count)]) => Self::OpenComplaints(count),
            ("recent_complaints", &[("complaints_90d", count), ("days_since_complaint", days)]) => {
                Self::RecentComplaints(count, days)
            }
            ("most_returned", &[("return_share", share)]) => Self::MostReturned(share),
            (
                "discounts_and_silence",
                &[("discount_share", discount_share), ("recency_days", recency_days)],
            ) => Self::DiscountsAndSilence { discount_share, recency_days },
            (
                "smaller_orders",
                &[("mean_amount", now), ("mean_amount_before", before), ("window_days", days)],
            ) => Self::SmallerOrders { now, before, days },
            (
                "narrow_range",
                &[
                    ("purchases", now),
                    ("purchases_before", before),
                    ("window_days", days),
                    ("products_per_purchase", products_per_purchase),
                ],
            ) => Self::NarrowRange { now, before, days, products_per_purchase },
            ("nothing", []) => Self::Nothing,
            _ => return Err(unknown()),
        })
    }
}

impl Evidence {
    /// It as numbers: which evidence, as this version counts them, and what is in it.
    pub fn numbered(self) -> (u8, [f64; 4]) {
        match self {
            Self::Recorded => (0, [0.0; 4]),
            Self::OpenComplaints(count) => (1, [count, 0.0, 0.0, 0.0]),
            Self::RecentComplaints(count, days) => (2, [count, days, 0.0, 0.0]),
            Self::MostReturned(share) => (3, [share, 0.0, 0.0, 0.0]),
            Self::DiscountsAndSilence { discount_share, recency_days } => {
                (4, [discount_share, recency_days, 0.0, 0.0])
            }
            Self::SmallerOrders { now, before, days } => (5, [now, before, days, 0.0]),
            Self::NarrowRange { now, before, days, products_per_purchase } => {
                (6, [now, before, days, products_per_purchase])
            }
            Self::Nothing => (7, [0.0; 4]),
        }
    }

    /// What [`Self::numbered`] gave; `None` of a number that no evidence has.
    pub fn of_numbered(which: u8, numbers: [f64; 4]) -> Option<Self> {
        let [first, second, third, fourth] = numbers;
        Some(match which {
            0 => Self::Recorded,
            1 => Self::OpenComplaints(first),
            2 => Self::RecentComplaints(first, second),
            3 => Self::MostReturned(first),
            4 => Self::DiscountsAndSilence { discount_share: first, recency_days: second },
            5 => Self::SmallerOrders { now: first, before: second, days: third },
            6 => Self::NarrowRange { now: first, before: second, days: third, products_per_purchase: fourth },
            7 => Self::Nothing,
            _ => return None,
        })
    }

    /// With the digits that are written, and no more.
    pub(super) fn rounded(self) -> Self {
        let (whole, money) = (|n| Figure::Whole.rounded(n), |n| Figure::Money.rounded(n));
        match self {
            Self::OpenComplaints(count) => Self::OpenComplaints(whole(count)),
            Self::RecentComplaints(count, days) => Self::RecentComplaints(whole(count), whole(days)),
            Self::MostReturned(share) => Self::MostReturned(Figure::Share.rounded(share)),
            Self::DiscountsAndSilence { discount_share, recency_days } => Self::DiscountsAndSilence {
                discount_share: Figure::Share.rounded(discount_share),
                recency_days: whole(recency_days),
            },
            Self::SmallerOrders { now, before, days } => {
                Self::SmallerOrders { now: money(now), before: money(before), days: whole(days) }
            }
            Self::NarrowRange { now, before, days, products_per_purchase } => Self::NarrowRange {
                now: whole(now),
                before: whole(before),
                days: whole(days),
                products_per_purchase: Figure::Measure.rounded(products_per_purchase),
            },
            Self::Recorded | Self::Nothing => self,
        }
    }

    /// It in a sentence; of what the shop recorded it says the cause.
    pub fn sentence(self, cause: Cause, language: Language) -> String {
        match language {
            Language::English => self.in_english(cause),
            Language::Chinese => self.in_chinese(cause),
        }
    }

    fn in_english(self, cause: Cause) -> String {
        let share = |share| Figure::Share.written(share, Language::English);
        let measure = |rate| Figure::Measure.written(rate, Language::English);
        match self {
            Self::Recorded => format!("the shop recorded: {}", cause.name()),
            Self::OpenComplaints(count) => match count {
                1.0 => "a complaint is not resolved".to_owned(),
                many => format!("{many:.0} complaints are not resolved"),
            },
            Self::RecentComplaints(count, days) => {
                let last = match days {
                    0.0 => "today".to_owned(),
                    1.0 => "1 day ago".to_owned(),
                    many => format!("{many:.0} days ago"),
                };
                match count {
                    1.0 => format!("complained {last}"),
                    many => format!("complained {many:.0} times in the last 90 days, the last time {last}"),
                }
            }
            Self::MostReturned(returned) => format!("returned {} of what was bought", share(returned)),
            Self::DiscountsAndSilence { discount_share, recency_days } => format!(
                "bought with {} off on average, and purchases are stopping: none for {recency_days:.0} days",
                share(discount_share)
            ),
            Self::SmallerOrders { now, before, days } => format!(
                "still buys, but {now:.2} an order in the last {days:.0} days after {before:.2} in the {days:.0} before"
            ),
            Self::NarrowRange { now, before, days, products_per_purchase } => format!(
                "still buys, but {now:.0} orders in the last {days:.0} days after {before:.0} in the {days:.0} before, and \
                 hardly anything new: {} different products a purchase",
                measure(products_per_purchase)
            ),
            Self::Nothing => "nothing in the data tells why".to_owned(),
        }
    }

    fn in_chinese(self, cause: Cause) -> String {
        let share = |share| Figure::Share.written(share, Language::Chinese);
        let measure = |rate| Figure::Measure.written(rate, Language::Chinese);
        match self {
            Self::Recorded => format!("商家记录的原因：{}", cause.words(Language::Chinese)),
            Self::OpenComplaints(count) => format!("有{count:.0}起投诉尚未解决"),
            Self::RecentComplaints(count, days) => {
                let last = match days {
                    0.0 => "今天".to_owned(),
                    many => format!("{many:.0}天前"),
                };
                match count {
                    1.0 => format!("{last}投诉过"),
                    many => format!("近90天投诉{many:.0}次，最近一次在{last}"),
                }
            }
            Self::MostReturned(returned) => format!("退货占购买金额的{}", share(returned)),
            Self::DiscountsAndSilence { discount_share, recency_days } => format!(
                "平均优惠幅度为原价的{}，且已{recency_days:.0}天未下单，有停购迹象",
                share(discount_share)
            ),
            Self::SmallerOrders { now, before, days } => {
                format!("仍在购买，但近{days:.0}天每单{now:.2}，此前{days:.0}天每单{before:.2}")
            }
            Self::NarrowRange { now, before, days, products_per_purchase } => format!(
                "仍在购买，但近{days:.0}天下单{now:.0}次，此前{days:.0}天{before:.0}次，且很少尝试新商品：\
                 平均每次购买{}种不同商品",
                measure(products_per_purchase)
            ),
            Self::Nothing => "数据中没有能说明原因的证据".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every kind, of some numbers.
    fn every_kind([a, b, c, d]: [f64; 4]) -> [Evidence; 8] {
        [
            Evidence::Recorded,
            Evidence::OpenComplaints(a),
            Evidence::RecentComplaints(a, b),
            Evidence::MostReturned(a),
            Evidence::DiscountsAndSilence { discount_share: a, recency_days: b },
            Evidence::SmallerOrders { now: a, before: b, days: c },
            Evidence::NarrowRange { now: a, before: b, days: c, products_per_purchase: d },
            Evidence::Nothing,
        ]
    }

    #[test]
    fn a_code_names_its_numbers() {
        let codes = every_kind([1.5, 2.0, 90.0, 0.25]).map(|evidence| evidence.to_string());
        assert_eq!(codes[2], "recent_complaints complaints_90d=1.5 days_since_complaint=2");
        assert_eq!(codes[5], "smaller_orders mean_amount=1.5 mean_amount_before=2 window_days=90");
        for bad in
            ["", "guess", "recorded ", "most_returned", "most_returned return_share=NaN", "recorded x=1"]
        {
            let error = bad.parse::<Evidence>().unwrap_err();
            assert_eq!(error.to_string(), format!("{bad:?} is no evidence known here"));
        }
    }

    #[test]
    fn both_languages_tell_the_same_numbers() {
        // Numbers that no other part of a sentence has.
        let told = |evidence: Evidence, language| {
            let sentence = evidence.sentence(Cause::Price, language);
            let numbers = sentence.split(|c: char| !c.is_ascii_digit() && c != '.');
            let mut numbers: Vec<String> = numbers
                .filter(|text| text.starts_with(|c: char| c.is_ascii_digit()))
                .map(str::to_owned)
                .collect();
            numbers.sort();
            numbers
        };
        for evidence in every_kind([0.37, 41.0, 365.0, 0.29]).map(Evidence::rounded) {
            if matches!(evidence, Evidence::OpenComplaints(_) | Evidence::RecentComplaints(..)) {
                continue;
            }
            assert_eq!(told(evidence, Language::English), told(evidence, Language::Chinese), "{evidence}");
        }
        for evidence in [Evidence::OpenComplaints(3.0), Evidence::RecentComplaints(3.0, 12.0)] {
            assert_eq!(told(evidence, Language::English), told(evidence, Language::Chinese), "{evidence}");
        }
        let today = Evidence::RecentComplaints(1.0, 0.0);
        assert_eq!(today.sentence(Cause::Disappointment, Language::English), "complained today");
        assert_eq!(today.sentence(Cause::Disappointment, Language::Chinese), "今天投诉过");
        let returned = Evidence::MostReturned(0.62).sentence(Cause::Disappointment, Language::Chinese);
        assert_eq!(returned, "退货占购买金额的62%");
    }

    proptest! {
        #[test]
        fn a_code_reads_back(numbers in proptest::array::uniform4(-1e9..1e9_f64)) {
            for evidence in every_kind(numbers).into_iter().flat_map(|evidence| [evidence, evidence.rounded()]) {
                prop_assert_eq!(evidence.to_string().parse(), Ok(evidence));
                let (which, numbers) = evidence.numbered();
                prop_assert_eq!(Evidence::of_numbered(which, numbers), Some(evidence));
            }
        }
    }
}
