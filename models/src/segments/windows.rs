//! A customer's newest window against the one before it, told from chance.

use super::Signs;

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
mod tests {
    use proptest::prelude::*;

    use super::super::signs::tests::STEADY;
    use super::*;

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
