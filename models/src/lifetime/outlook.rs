//! What every customer will do if kept and how well that is known, remembered: how many purchases are to come depends on
//! two whole numbers, repeats and days since the first purchase, that many customers of a shop share.

use std::sync::{Mutex, PoisonError};

use mainstay_features::registry::Row;
use mainstay_features::units::Instant;

use super::to_come::{Clock, ToCome};
use super::value::spending;
use super::{BgNbd, Expected, Lifetime, Purchases, Returning, Spread, YearlyDiscount};

/// So many customers who differ in these numbers are remembered; who comes to the place of another takes it.
const PLACES: usize = 1 << 16;
/// Customers of up to so many days, five years, are in places of their own, up to 31 repeats.
const DAYS: usize = 1 << 11;

/// A model of lifetime value, by one discount.
#[derive(Debug)]
pub struct Outlook {
    lifetime: Lifetime,
    discount: YearlyDiscount,
    spread: Spread,
    remembered: Box<[Mutex<Option<Remembered>>]>,
}

/// The purchases that are to come of customers with these numbers.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    repeats: u32,
    tenure_days: u32,
    /// The day of the season's clock.
    day: i64,
    to_come: ToCome,
    relative_variance: f64,
}

impl Outlook {
    /// By this model and discount; nothing is remembered yet.
    pub fn new(lifetime: Lifetime, discount: YearlyDiscount) -> Self {
        let spread = Spread::new(&lifetime, discount);
        Self { lifetime, discount, spread, remembered: (0..PLACES).map(|_| Mutex::default()).collect() }
    }

    /// What a customer with these core features at an instant will do if kept and if not, [`Lifetime::expected`], and the standard deviation
    /// of what keeping them is worth as a share of it: that of [`Spread::relative_sd`], and how well it is known what leavers buy anyway.
    /// The same bits, whoever was asked about before.
    pub fn of(&self, row: &Row, as_of: Option<Instant>) -> (Expected, f64) {
        self.less(self.lifetime.returning(), row, as_of)
    }

    /// The same of who has left and is won back: nothing of what they then buy would have come anyway.
    pub fn of_won_back(&self, row: &Row, as_of: Option<Instant>) -> (Expected, f64) {
        self.less(None, row, as_of)
    }

    /// Less what leavers buy anyway.
    fn less(&self, returning: Option<&Returning>, row: &Row, as_of: Option<Instant>) -> (Expected, f64) {
        let spending = spending(row);
        let Lifetime::BgNbd { purchases, purchases_per_day, amounts, season, .. } = &self.lifetime else {
            return (
                self.lifetime.expected(row, as_of, self.discount),
                self.spread.relative_sd(&Purchases::of(row), &spending),
            );
        };
        let clock = Clock::new(season.as_ref(), as_of);
        let Remembered { repeats, to_come, relative_variance, .. } = self.to_come(purchases, &clock, row);
        let expected = to_come.expected(repeats, *purchases_per_day, returning, amounts.expected_mean(row));
        let of_leavers = returning.map_or(0.0, |returning| returning.relative_variance(repeats, to_come));
        (expected, self.spread.with_amount(relative_variance, of_leavers, &spending))
    }

    fn to_come(&self, model: &BgNbd, clock: &Clock<'_>, row: &Row) -> Remembered {
        let (customer, day) = (clock.customer(row), clock.day());
        let Purchases { repeats, tenure_days, .. } = customer;
        let place = (repeats as usize * DAYS) ^ tenure_days as usize;
        let place = &self.remembered[place % PLACES];
        let there = *place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) =
            there.filter(|known| (known.repeats, known.tenure_days, known.day) == (repeats, tenure_days, day))
        {
            return known;
        }
        let new = Remembered {
            repeats,
            tenure_days,
            day,
            to_come: model.discounted_if_alive(&customer, clock, self.discount, self.lifetime.returning()),
            relative_variance: self.spread.of_purchases(&customer),
        };
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::super::returning::Share;
    use super::super::{Amounts, Retention, bg_nbd, gamma_gamma};
    use super::*;
    use proptest::prelude::*;

    fn models() -> [Lifetime; 4] {
        // CDNOW's published parameters (ECONOMICS.md section 2).
        let weeks = bg_nbd::Parameters { r: 0.242595, alpha_days: 4.413602 * 7.0, a: 0.792922, b: 2.425907 };
        let amounts = gamma_gamma::Parameters { p: 6.25, q: 3.74, v: 15.44 };
        let bg_nbd = |amounts| Lifetime::BgNbd {
            purchases: weeks.try_into().unwrap(),
            purchases_per_day: 1.25,
            amounts,
            season: None,
            returning: None,
        };
        let rate =
            Lifetime::Rate(Retention { churn_rate: 0.2, churn_rate_sd: 0.02, horizon_days: 90, rate: None });
        let seasonal = match bg_nbd(Amounts::OwnMean) {
            Lifetime::BgNbd { purchases, purchases_per_day, amounts, .. } => {
                let season = serde_json::from_str("[1.5,0.5,1,1,1,1,1,1,1,1,0.5,1.5]").unwrap();
                let (season, returning) = (Some(season), None);
                Lifetime::BgNbd { purchases, purchases_per_day, amounts, season, returning }
            }
            other => other,
        };
        let classes = [0.3, 0.4, 0.2, 1.0].map(|share| Some(Share { share, sd: 0.02 }));
        let back = Returning { classes, leavers: 900, horizon_days: 100, watched_days: 365 };
        let seasonal = seasonal.with_returning(Some(back));
        [bg_nbd(Amounts::GammaGamma(amounts.try_into().unwrap())), bg_nbd(Amounts::OwnMean), seasonal, rate]
    }

    proptest! {
        /// Of few days and repeats, so that customers meet in their places, and of many, so that places are taken away.
        #[test]
        fn what_is_remembered_is_what_is_asked_for(
            few in prop::collection::vec((0_u32..4, 1_u32..5, 0_u32..6), 1..30),
            many in prop::collection::vec((0_u32..900, 1_u32..99, 0_u32..9_000), 1..30),
            days in prop::collection::vec(0_i64..400, 1..5),
        ) {
            for lifetime in models() {
                let outlook = Outlook::new(lifetime, YearlyDiscount::DEFAULT);
                let spread = Spread::new(&lifetime, YearlyDiscount::DEFAULT);
                let asked = few.iter().chain(&many).chain(&few).zip(days.iter().cycle());
                for ((recency, frequency, more), &day) in asked {
                    let as_of = (day > 0).then(|| Instant::from_micros(86_400_000_000 * (19_000 + day)).unwrap());
                    let tenure = recency + frequency + more;
                    let row = [recency, frequency, &35, &0, &tenure].map(|&value| f64::from(value));
                    let (expected, relative_sd) = outlook.of(&row, as_of);
                    prop_assert_eq!(expected, lifetime.expected(&row, as_of, YearlyDiscount::DEFAULT));
                    let customer = Clock::new(lifetime.season(), as_of).customer(&row);
                    let spending = spending(&row);
                    let if_kept = spread.relative_sd(&customer, &spending);
                    let (won_back, of_won_back) = outlook.of_won_back(&row, as_of);
                    prop_assert_eq!(won_back, Expected { discounted_if_left: None, ..expected });
                    prop_assert_eq!(of_won_back, if_kept);
                    let of_leavers = match &lifetime {
                        Lifetime::BgNbd { purchases, season, returning: Some(returning), .. } => {
                            let clock = Clock::new(season.as_ref(), as_of);
                            let discount = YearlyDiscount::DEFAULT;
                            let to_come =
                                purchases.discounted_if_alive(&customer, &clock, discount, Some(returning));
                            returning.relative_variance(customer.repeats, to_come)
                        }
                        _ => 0.0,
                    };
                    match of_leavers > 0.0 {
                        true => {
                            let of_purchases = spread.of_purchases(&customer);
                            prop_assert_eq!(relative_sd, spread.with_amount(of_purchases, of_leavers, &spending));
                        }
                        false => prop_assert_eq!(relative_sd, if_kept),
                    }
                }
            }
        }
    }
}
