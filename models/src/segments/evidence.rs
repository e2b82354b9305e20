//! What speaks for a cause, in words.

use super::Cause;
use super::wording::{number, percent};
use crate::language::Language;

/// What speaks for a cause.
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

impl Evidence {
    /// It in a sentence; of what the shop recorded it says the cause.
    pub fn sentence(self, cause: Cause, language: Language) -> String {
        match language {
            Language::English => self.in_english(cause),
            Language::Chinese => self.in_chinese(cause),
        }
    }

    fn in_english(self, cause: Cause) -> String {
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
            Self::MostReturned(share) => format!("returned {} of what was bought", percent(share)),
            Self::DiscountsAndSilence { discount_share, recency_days } => format!(
                "bought with {} off on average, and purchases are stopping: none for {recency_days:.0} days",
                percent(discount_share)
            ),
            Self::SmallerOrders { now, before, days } => format!(
                "still buys, but {now:.2} an order in the last {days:.0} days after {before:.2} in the {days:.0} before"
            ),
            Self::NarrowRange { now, before, days, products_per_purchase } => format!(
                "still buys, but {now:.0} orders in the last {days:.0} days after {before:.0} in the {days:.0} before, and \
                 hardly anything new: {} different products a purchase",
                number(products_per_purchase)
            ),
            Self::Nothing => "nothing in the data tells why".to_owned(),
        }
    }

    fn in_chinese(self, cause: Cause) -> String {
        match self {
            Self::Recorded => format!("商家记录的原因：{}", cause.words(Language::Chinese)),
            Self::OpenComplaints(count) => format!("有{count:.0}件投诉尚未解决"),
            Self::RecentComplaints(count, days) => {
                format!("近90天投诉{count:.0}件，最近一次在{days:.0}天前")
            }
            Self::MostReturned(share) => format!("退货占购买金额的{}", percent(share)),
            Self::DiscountsAndSilence { discount_share, recency_days } => format!(
                "平均享受原价{}的折扣，购买正在停止：已{recency_days:.0}天未下单",
                percent(discount_share)
            ),
            Self::SmallerOrders { now, before, days } => {
                format!("仍在购买，但近{days:.0}天每单{now:.2}，此前{days:.0}天每单{before:.2}")
            }
            Self::NarrowRange { now, before, days, products_per_purchase } => format!(
                "仍在购买，但近{days:.0}天下单{now:.0}次，此前{days:.0}天{before:.0}次，且很少购买新商品：\
                 平均每次购买{}种不同商品",
                number(products_per_purchase)
            ),
            Self::Nothing => "数据中没有能说明原因的证据".to_owned(),
        }
    }
}
