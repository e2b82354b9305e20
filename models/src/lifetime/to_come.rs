//! How many purchases of a customer who has not left are to come, quarter by quarter, discounted.

use mainstay_features::registry::Row;
use mainstay_features::units::Instant;

use super::season::on_clock;
use super::{BgNbd, Expected, Purchases, Returning, Season, YearlyDiscount};

/// Purchases are counted by the quarter, and their margin comes at its end…
const PERIODS_PER_YEAR: usize = 4;
/// …for five years: what lies beyond is neither told by a log of a year or two nor worth much today.
pub(super) const YEARS: f64 = 5.0;
const PERIODS: usize = YEARS as usize * PERIODS_PER_YEAR;
pub(super) const DAYS_PER_YEAR: f64 = 365.0;
const PERIOD_DAYS: f64 = DAYS_PER_YEAR / PERIODS_PER_YEAR as f64;

/// The clock that purchases are counted by, at an instant: the season's, where there is one and the instant is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock<'a>(Option<(&'a Season, i64)>);

impl<'a> Clock<'a> {
    pub(super) fn new(season: Option<&'a Season>, as_of: Option<Instant>) -> Self {
        Self(season.zip(as_of.map(Instant::calendar_day)))
    }

    /// The calendar day it stands at; 0 where every day is the same to it.
    pub(super) fn day(&self) -> i64 {
        self.0.map_or(0, |(_, day)| day)
    }

    /// A customer's numbers by it.
    pub(super) fn customer(&self, row: &Row) -> Purchases {
        let customer = Purchases::of(row);
        self.0.map_or(customer, |(season, day)| on_clock(&customer, season, day))
    }

    /// How many of its days the next so many days of the calendar are.
    pub(super) fn next(&self, days: f64) -> f64 {
        self.0.map_or(days, |(season, day)| season.days_between(day as f64, day as f64 + days))
    }
}

impl BgNbd {
    /// Σₖ (E[X(k) | alive] − E[X(k−1) | alive]) / (1 + d)^k over the quarters k of the next five years, and of it what comes after the
    /// horizon that leavers buy nothing in: of the quarter that it ends in, by the days.
    pub(super) fn discounted_if_alive(
        &self,
        customer: &Purchases,
        clock: &Clock<'_>,
        discount: YearlyDiscount,
        returning: Option<&Returning>,
    ) -> ToCome {
        let until: [f64; PERIODS] =
            std::array::from_fn(|period| clock.next((period + 1) as f64 * PERIOD_DAYS));
        let step = discount.after_years(1.0 / PERIODS_PER_YEAR as f64);
        let (mut worth, mut before, mut in_all, mut after_horizon) = (1.0, 0.0, 0.0, 0.0);
        let horizon_periods =
            f64::from(returning.map_or(0, |returning| returning.horizon_days)) / PERIOD_DAYS;
        for (period, purchases) in self.expected_if_alive_by(until, customer).into_iter().enumerate() {
            worth *= step;
            let made = (purchases - before) * worth;
            in_all += made;
            after_horizon += made * ((period + 1) as f64 - horizon_periods).clamp(0.0, 1.0);
            before = purchases;
        }
        ToCome { in_all, after_horizon }
    }
}

/// Days with a purchase that are to come of a customer who has not left, discounted.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToCome {
    pub(super) in_all: f64,
    /// Of these, those after the horizon.
    pub(super) after_horizon: f64,
}

impl ToCome {
    /// What a customer with so many repeats will do, of whom a purchase comes to so much.
    pub(super) fn expected(
        self,
        repeats: u32,
        purchases_per_day: f64,
        returning: Option<&Returning>,
        mean_amount: f64,
    ) -> Expected {
        let if_left =
            |returning: &Returning| self.after_horizon * purchases_per_day * returning.share_of(repeats);
        Expected {
            discounted_purchases: self.in_all * purchases_per_day,
            discounted_if_left: returning.map(if_left),
            mean_amount,
        }
    }
}
