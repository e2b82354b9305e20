//! Warning signs: what a customer does before leaving, each a number with a threshold.

use super::Signs;
use crate::figure::Figure;
use crate::language::Language;

/// A warning sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Days since the last order, as a multiple of the own usual gap.
    Silence,
    /// Purchases in the window as a share of those in the one before ([`Signs::windows`]).
    FewerOrders,
    /// The mean amount of an order in the window as a share of that in the one before.
    SmallerOrders,
    /// Complaints that are not resolved.
    OpenComplaint,
    /// Complaints in the last 90 days.
    RecentComplaint,
    /// What was returned, as a share of what was bought.
    Returns,
    /// Different products for each purchase.
    NarrowRange,
    /// Discounts, as a share of what the purchases would have come to without them.
    Discounts,
}

/// Silent for so many usual gaps: gaps that vary as chance makes them are as long once in seven times (e⁻²).
pub const LATE_GAPS: f64 = 2.0;
/// So much of what was bought came back: shops live with a tenth to a quarter.
pub const MUCH_RETURNED: f64 = 1.0 / 3.0;
/// At so few different products a purchase, at least every second purchase brought nothing new.
pub const FEW_PRODUCTS: f64 = 0.5;
/// What is bought anew can only be told after so many days with a purchase.
pub const LEAST_VISITS: f64 = 4.0;
/// So much was taken off prices over all purchases: with usual discounts of 20 to 30 % that is nearly every purchase.
pub const MUCH_DISCOUNT: f64 = 0.2;

impl Warning {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Silence,
        Self::FewerOrders,
        Self::SmallerOrders,
        Self::OpenComplaint,
        Self::RecentComplaint,
        Self::Returns,
        Self::NarrowRange,
        Self::Discounts,
    ];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::FewerOrders => "fewer orders",
            Self::SmallerOrders => "smaller orders",
            Self::OpenComplaint => "open complaint",
            Self::RecentComplaint => "recent complaint",
            Self::Returns => "returns",
            Self::NarrowRange => "narrow range",
            Self::Discounts => "discounts",
        }
    }

    /// Its number for a customer; NaN where it is unknown.
    pub fn number(self, signs: &Signs) -> f64 {
        match self {
            Self::Silence => signs.silence_ratio,
            Self::FewerOrders => {
                signs.windows().map_or(f64::NAN, |windows| windows.purchases / windows.purchases_before)
            }
            Self::SmallerOrders => signs.windows().map_or(f64::NAN, |windows| {
                let (mean, before) = windows.mean_amounts();
                mean / before
            }),
            Self::OpenComplaint => signs.open_complaints,
            Self::RecentComplaint => signs.complaints_90d,
            Self::Returns => signs.return_share,
            Self::NarrowRange => signs.products_per_purchase,
            Self::Discounts => signs.discount_share,
        }
    }

    /// Whether it warns; what is unknown does not.
    pub fn is_raised(self, signs: &Signs) -> bool {
        let number = || self.number(signs);
        match self {
            Self::Silence => number() >= LATE_GAPS,
            Self::FewerOrders => signs.windows().is_some_and(|windows| windows.purchases_fell()),
            Self::SmallerOrders => {
                signs.windows().is_some_and(|windows| windows.amounts_fell(signs.amount_spread))
            }
            Self::OpenComplaint | Self::RecentComplaint => number() >= 1.0,
            Self::Returns => number() >= MUCH_RETURNED,
            Self::NarrowRange => number() <= FEW_PRODUCTS && signs.frequency >= LEAST_VISITS,
            Self::Discounts => number() >= MUCH_DISCOUNT,
        }
    }

    /// Those raised for a customer, in the order of [`Self::ALL`].
    pub fn raised(signs: &Signs) -> impl Iterator<Item = Self> + '_ {
        Self::ALL.into_iter().filter(|warning| warning.is_raised(signs))
    }

    /// It with its number, in a sentence; `None` where the number is unknown.
    pub fn sentence(self, signs: &Signs, language: Language) -> Option<String> {
        use Language::{Chinese, English};
        let own = self.number(signs);
        if own.is_nan() {
            return None;
        }
        let measure = || Figure::Measure.written(own, language);
        let share = || Figure::Share.written(own, language);
        let days = signs.recency_days;
        Some(match (self, language) {
            (Self::Silence, English) => {
                format!("no order for {days:.0} days, {} times the usual gap", measure())
            }
            (Self::Silence, Chinese) => {
                format!("已{days:.0}天未下单，是平时间隔的{}倍", measure())
            }
            (Self::FewerOrders, _) => {
                let windows = signs.windows()?;
                let (now, before, days) = (windows.purchases, windows.purchases_before, windows.days);
                match language {
                    English => format!(
                        "{now:.0} orders in the last {days:.0} days, {before:.0} in the {days:.0} before"
                    ),
                    Chinese => format!("近{days:.0}天下单{now:.0}次，此前{days:.0}天{before:.0}次"),
                }
            }
            (Self::SmallerOrders, _) => {
                let windows = signs.windows()?;
                let ((now, before), days) = (windows.mean_amounts(), windows.days);
                match language {
                    English => format!(
                        "{now:.2} an order in the last {days:.0} days, {before:.2} in the {days:.0} before"
                    ),
                    Chinese => format!("近{days:.0}天每单{now:.2}，此前{days:.0}天每单{before:.2}"),
                }
            }
            (Self::OpenComplaint, English) => format!("complaints not resolved: {own:.0}"),
            (Self::OpenComplaint, Chinese) => format!("未解决的投诉{own:.0}件"),
            (Self::RecentComplaint, English) => format!("complaints in the last 90 days: {own:.0}"),
            (Self::RecentComplaint, Chinese) => format!("近90天投诉{own:.0}件"),
            (Self::Returns, English) => format!("returned {} of what was bought", share()),
            (Self::Returns, Chinese) => format!("退货占购买金额的{}", share()),
            (Self::NarrowRange, English) => format!("{} different products a purchase", measure()),
            (Self::NarrowRange, Chinese) => format!("平均每次购买{}种不同商品", measure()),
            (Self::Discounts, English) => format!("{} taken off prices by discounts", share()),
            (Self::Discounts, Chinese) => format!("优惠金额占原价的{}", share()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::signs::tests::STEADY;
    use super::*;

    fn raised(signs: Signs) -> Vec<&'static str> {
        Warning::raised(&signs).map(Warning::name).collect()
    }

    #[test]
    fn each_sign_of_section_6_has_its_number_and_warns() {
        assert!(raised(STEADY).is_empty());
        assert!(raised(Signs::UNKNOWN).is_empty());
        let with = |change: fn(&mut Signs)| {
            let mut signs = STEADY;
            change(&mut signs);
            raised(signs)
        };
        assert_eq!(with(|s| s.silence_ratio = 2.0), ["silence"]);
        assert_eq!(with(|s| (s.purchases_90d, s.purchases_90d_change) = (2.0, -7.0)), ["fewer orders"]);
        assert_eq!(with(|s| (s.money_90d, s.money_90d_change) = (270.0, -180.0)), ["smaller orders"]);
        assert_eq!(with(|s| s.open_complaints = 1.0), ["open complaint"]);
        assert_eq!(with(|s| s.complaints_90d = 2.0), ["recent complaint"]);
        assert_eq!(with(|s| s.return_share = 0.4), ["returns"]);
        assert_eq!(with(|s| s.products_per_purchase = 0.4), ["narrow range"]);
        assert_eq!(with(|s| s.discount_share = 0.25), ["discounts"]);
    }

    #[test]
    fn the_sentences_have_the_customers_numbers() {
        let signs = Signs {
            recency_days: 35.0,
            silence_ratio: 3.5,
            purchases_90d: 2.0,
            purchases_90d_change: -7.0,
            money_90d: 60.0,
            return_share: 0.4,
            ..STEADY
        };
        let said = |warning: Warning, language| warning.sentence(&signs, language).unwrap();
        assert_eq!(
            said(Warning::Silence, Language::English),
            "no order for 35 days, 3.5 times the usual gap"
        );
        assert_eq!(said(Warning::Silence, Language::Chinese), "已35天未下单，是平时间隔的3.5倍");
        assert_eq!(
            said(Warning::FewerOrders, Language::English),
            "2 orders in the last 90 days, 9 in the 90 before"
        );
        assert_eq!(said(Warning::Returns, Language::English), "returned 40 % of what was bought");
        assert_eq!(said(Warning::Returns, Language::Chinese), "退货占购买金额的40%");
        assert_eq!(Warning::Discounts.sentence(&signs, Language::English), None);
        for warning in Warning::ALL {
            for language in Language::ALL {
                let text = warning
                    .sentence(&Signs { discount_share: 0.3, products_per_purchase: 1.25, ..signs }, language);
                assert!(text.is_some_and(|text| !text.contains("NaN")), "{warning:?} {language:?}");
            }
        }
    }
}
