//! What the measures of this module look at: a handful of a customer's features.

use mainstay_features::feature::Feature;
use mainstay_features::history::Given;
use mainstay_features::known::Known;
use mainstay_features::registry;

use crate::inputs::FeatureList;

macro_rules! signs {
    ($($name:ident),+ $(,)?) => {
        /// The features that the measures look at, under the registry's names (docs/features.md); NaN is unknown.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the registry says what each is")]
        pub struct Signs {
            $(pub $name: f64,)+
        }

        /// Their names.
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        impl Signs {
            /// The value of each, by its place among the names.
            #[inline]
            fn by_place(mut value: impl FnMut(usize) -> f64) -> Self {
                let mut places = 0..;
                $(let $name = places.next().map_or(f64::NAN, &mut value);)+
                Self { $($name),+ }
            }

            /// Nothing is known.
            pub const UNKNOWN: Self = Self { $($name: f64::NAN),+ };
        }
    };
}

signs! {
    recency_days, frequency, tenure_days, monetary, net_monetary, amount_spread, gap_mean_days, silence_ratio,
    purchases_30d, purchases_90d, purchases_180d, purchases_365d,
    purchases_30d_change, purchases_90d_change, purchases_180d_change, purchases_365d_change,
    money_30d, money_90d, money_180d, money_365d,
    money_30d_change, money_90d_change, money_180d_change, money_365d_change,
    return_share, complaints_90d, days_since_complaint, open_complaints, products_per_purchase, discount_share,
}

/// Reads signs from rows of a model's features; where each column is, is found once.
#[derive(Clone, Debug)]
pub struct SignsReader(Vec<Option<usize>>);

impl SignsReader {
    /// For rows with a value for each of these features; more columns may follow.
    pub fn new(features: &FeatureList) -> Self {
        let place = |name: &&str| features.names().position(|known| known == *name);
        Self(NAMES.iter().map(place).collect())
    }

    /// The signs of one row; what the row does not have is unknown.
    #[inline]
    pub fn read(&self, row: &[f64]) -> Signs {
        let value = |place: usize| self.0.get(place).copied().flatten().and_then(|column| row.get(column));
        Signs::by_place(|place| value(place).copied().unwrap_or(f64::NAN))
    }
}

/// Computes signs of what is known about customers; which a history can tell is found once.
#[derive(Clone, Debug)]
pub struct SignsSource(Vec<Option<&'static Feature>>);

impl SignsSource {
    /// For a history with this in it.
    pub fn told_by(given: Given) -> Self {
        let told = registry::told_by(given);
        let feature = |name: &&str| told.iter().copied().find(|feature| feature.name == *name);
        Self(NAMES.iter().map(feature).collect())
    }

    /// The signs of one customer.
    pub fn compute(&self, known: &Known<'_>) -> Signs {
        Signs::by_place(|place| match self.0.get(place) {
            Some(Some(feature)) => (feature.compute)(known),
            _ => f64::NAN,
        })
    }
}

/// What was bought in a window and in the one of the same length before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Windows {
    /// The days of each.
    pub days: f64,
    /// Purchases in the last one.
    pub purchases: f64,
    /// Purchases in the one before.
    pub purchases_before: f64,
    /// What those of the last one came to.
    pub money: f64,
    /// What those of the one before came to.
    pub money_before: f64,
}

/// So many purchases are to be expected in a window at least: of a steady customer none in it after four in the one
/// before is chance once in sixteen times, after three once in eight.
pub const LEAST_GAPS: f64 = 4.0;

impl Signs {
    /// The two newest windows of the shortest length in which a customer with this usual gap buys [`LEAST_GAPS`] times;
    /// the longest there is for who buys more rarely. `None` without a usual gap.
    pub fn windows(&self) -> Option<Windows> {
        let of = |days, purchases: f64, change: f64, money: f64, money_change: f64| Windows {
            days,
            purchases,
            purchases_before: purchases - change,
            money,
            money_before: money - money_change,
        };
        let needed_days = LEAST_GAPS * self.gap_mean_days;
        let windows = if needed_days.is_nan() {
            return None;
        } else if needed_days <= 30.0 {
            of(30.0, self.purchases_30d, self.purchases_30d_change, self.money_30d, self.money_30d_change)
        } else if needed_days <= 90.0 {
            of(90.0, self.purchases_90d, self.purchases_90d_change, self.money_90d, self.money_90d_change)
        } else if needed_days <= 180.0 {
            of(
                180.0,
                self.purchases_180d,
                self.purchases_180d_change,
                self.money_180d,
                self.money_180d_change,
            )
        } else {
            of(
                365.0,
                self.purchases_365d,
                self.purchases_365d_change,
                self.money_365d,
                self.money_365d_change,
            )
        };
        (windows.purchases.is_finite() && windows.purchases_before.is_finite()).then_some(windows)
    }
}

/// One time in ten, chance alone does as much: the quantile of the normal distribution.
const ONE_IN_TEN: f64 = 1.2816;

/// Amounts that fall by less are of no matter, however surely they do.
const LEAST_FALL: f64 = 0.2;

impl Windows {
    /// Whether there are so many fewer purchases than before as chance makes of a steady customer's at most one time in
    /// ten (sign test, one-sided, with the normal approximation and its continuity correction).
    pub fn purchases_fell(&self) -> bool {
        differ(self.purchases, self.purchases_before)
    }

    /// The same, more purchases.
    pub fn purchases_rose(&self) -> bool {
        differ(self.purchases_before, self.purchases)
    }

    /// Whether orders are smaller than before, by a fifth or more, and by so much as chance makes of orders with this
    /// spread at most one time in ten.
    pub fn amounts_fell(&self, amount_spread: f64) -> bool {
        let (mean, before) = self.mean_amounts();
        mean <= (1.0 - LEAST_FALL) * before && before - mean > self.chance(amount_spread)
    }

    /// The same, larger orders.
    pub fn amounts_rose(&self, amount_spread: f64) -> bool {
        let (mean, before) = self.mean_amounts();
        before <= (1.0 - LEAST_FALL) * mean && mean - before > self.chance(amount_spread)
    }

    /// The mean amount of an order in the last window and in the one before; NaN without orders.
    pub fn mean_amounts(&self) -> (f64, f64) {
        (self.money / self.purchases, self.money_before / self.purchases_before)
    }

    /// By how much the means of orders with this spread differ by chance at most four times in five; either way one
    /// in ten.
    fn chance(&self, amount_spread: f64) -> f64 {
        ONE_IN_TEN * amount_spread * (1.0 / self.purchases + 1.0 / self.purchases_before).sqrt()
    }
}

/// Whether the fewer purchases are fewer than chance makes them.
fn differ(fewer: f64, more: f64) -> bool {
    let all = fewer + more;
    fewer <= 0.5 * (all - ONE_IN_TEN * all.sqrt()) - 0.5
}

#[cfg(test)]
pub(super) mod tests {
    use mainstay_features::history::{History, HistoryBuilder};
    use mainstay_features::known::Cut;
    use mainstay_features::units::{Amount, Instant};
    use proptest::prelude::*;

    use super::*;

    /// A customer who buys 10 days apart, as always.
    pub(in crate::segments) const STEADY: Signs = Signs {
        recency_days: 5.0,
        frequency: 20.0,
        tenure_days: 195.0,
        monetary: 50.0,
        net_monetary: 50.0,
        amount_spread: 10.0,
        gap_mean_days: 10.0,
        silence_ratio: 0.5,
        purchases_30d: 3.0,
        purchases_90d: 9.0,
        purchases_180d: 18.0,
        purchases_365d: 20.0,
        purchases_30d_change: 0.0,
        purchases_90d_change: 0.0,
        purchases_180d_change: 16.0,
        purchases_365d_change: 20.0,
        money_30d: 150.0,
        money_90d: 450.0,
        money_180d: 900.0,
        money_365d: 1000.0,
        money_30d_change: 0.0,
        money_90d_change: 0.0,
        money_180d_change: 800.0,
        money_365d_change: 1000.0,
        return_share: 0.0,
        complaints_90d: 0.0,
        days_since_complaint: f64::NAN,
        open_complaints: 0.0,
        products_per_purchase: f64::NAN,
        discount_share: f64::NAN,
    };

    #[test]
    fn every_name_is_a_feature() {
        for name in NAMES {
            assert!(registry::all().any(|feature| feature.name == *name), "{name}");
        }
    }

    #[test]
    fn a_row_and_a_history_say_the_same() {
        let mut builder = HistoryBuilder::default();
        for (order, day) in ["2024-01-01", "2024-01-11", "2024-02-01"].into_iter().enumerate() {
            let instant: Instant = day.parse().unwrap();
            builder.add_line("a", &order.to_string(), instant, Amount::new(5.0).unwrap());
        }
        let history = History::fold(vec![builder]).unwrap();
        let mut cut = Cut::default();
        let known = cut.at(history.customer(0), "2024-02-11".parse().unwrap()).unwrap();
        let features = FeatureList::told_by(history.given());
        let mut row = Vec::new();
        features.compute(&known, history.given(), &mut row);
        row.push(17.0);
        let (read, computed) =
            (SignsReader::new(&features).read(&row), SignsSource::told_by(history.given()).compute(&known));
        assert_eq!(format!("{read:?}"), format!("{computed:?}"));
        assert_eq!((read.recency_days, read.gap_mean_days, read.purchases_30d), (10.0, 15.5, 1.0));
        assert!(read.discount_share.is_nan(), "the log has no discounts");
    }

    #[test]
    fn the_window_is_the_shortest_with_room_for_four_purchases() {
        let days = |gap_mean_days| Signs { gap_mean_days, ..STEADY }.windows().map(|windows| windows.days);
        assert_eq!(
            [0.0, 7.5, 8.0, 22.5, 23.0, 46.0, 400.0].map(days),
            [Some(30.0), Some(30.0), Some(90.0), Some(90.0), Some(180.0), Some(365.0), Some(365.0)]
        );
        assert_eq!(days(f64::NAN), None);
    }

    /// Of the binomial distribution with one half, P(X ≤ fewer) of all.
    fn tail(fewer: u32, all: u32) -> f64 {
        let mut term = 0.5_f64.powi(all as i32);
        let mut sum = term;
        for k in 1..=fewer {
            term *= f64::from(all - k + 1) / f64::from(k);
            sum += term;
        }
        sum
    }

    #[test]
    fn fewer_is_what_chance_makes_one_time_in_ten() {
        for all in 1..200 {
            for fewer in 0..=all / 2 {
                let (said, chance) = (differ(f64::from(fewer), f64::from(all - fewer)), tail(fewer, all));
                assert!(said == (chance <= 0.1) || (chance - 0.1).abs() < 0.01, "{fewer} of {all}: {chance}");
            }
        }
        assert!(differ(0.0, 4.0) && !differ(0.0, 3.0) && !differ(f64::NAN, 4.0));
    }

    #[test]
    fn smaller_orders_are_told_from_scattered_ones() {
        let windows =
            Windows { days: 90.0, purchases: 4.0, purchases_before: 4.0, money: 120.0, money_before: 200.0 };
        assert!(windows.amounts_fell(10.0), "30 after 50, give or take 9");
        assert!(!windows.amounts_fell(30.0), "give or take 27");
        assert!(!Windows { money: 164.0, ..windows }.amounts_fell(0.0), "less than a fifth");
        assert!(!Windows { purchases: 0.0, money: 0.0, ..windows }.amounts_fell(0.0), "nothing was bought");
    }

    proptest! {
        #[test]
        fn nothing_falls_and_rises(purchases in 0_u32..50, before in 0_u32..50, money in 0.0..1e4, money_before in 0.0..1e4, spread in 0.0..100.0) {
            let windows = Windows {
                days: 90.0,
                purchases: f64::from(purchases),
                purchases_before: f64::from(before),
                money,
                money_before,
            };
            prop_assert!(!(windows.purchases_fell() && windows.purchases_rose()));
            prop_assert!(!(windows.amounts_fell(spread) && windows.amounts_rose(spread)));
        }
    }
}
