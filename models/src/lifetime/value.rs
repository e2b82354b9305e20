//! What keeping a customer is worth, by the model that the data allow.

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::history::{Histories, HistoryError};
use mainstay_features::label::Label;
use mainstay_features::monetary::MONETARY;
use mainstay_features::registry::{self, Row, place};
use mainstay_features::units::{Days, Instant, Money};
use serde::{Deserialize, Serialize};

use super::customers::of_everyone;
use super::gamma_gamma::{self, GammaGamma, Spending};
use super::season::Feed;
use super::to_come::{Clock, YEARS};
use super::{
    BgNbd, Billed, FitError, Margin, PurchaseCounts, PurchaseRate, Retention, Returning, Season,
    YearlyDiscount,
};

/// The season is asked of the model, and the model fitted by the season, so often: after that both hardly move.
const SEASON_ROUNDS: usize = 2;
/// No customers buy so often in a day.
const MOST_PURCHASES_PER_DAY: f64 = 1e9;

/// A model of what keeping a customer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a model has one, and it is copied about freely")]
pub enum Lifetime {
    /// Customers come and go as they like, and enough of them came back to learn how.
    BgNbd {
        /// On how many days they buy.
        purchases: BgNbd,
        /// Purchases on a day with any, over all customers so far; at least 1.
        purchases_per_day: f64,
        /// What a purchase comes to.
        amounts: Amounts,
        /// The season on whose clock `purchases` counts its days; without, they are those of the calendar.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        season: Option<Season>,
        /// Who leaves and comes back by themselves; without, it is not known, and nobody is taken to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        returning: Option<Returning>,
    },
    /// The same, but too few came back: the plain formula.
    Rate(Retention),
    /// Contracts say who stays.
    Contractual(Retention),
}

/// What a customer's purchases come to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amounts {
    /// Something between everyone's mean and their own, the nearer to their own the more often they bought.
    GammaGamma(GammaGamma),
    /// Their own mean so far.
    OwnMean,
}

/// What a customer will do if kept, and if not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// How many purchases they will make if kept, each discounted to today.
    pub discounted_purchases: f64,
    /// How many of them they will make, likewise discounted, even if they leave, as some come back by themselves; `None` where that is not
    /// known, and nothing is taken off for it.
    pub discounted_if_left: Option<f64>,
    /// What a purchase will come to on average.
    pub mean_amount: f64,
}

impl Expected {
    /// V: what keeping the customer is worth, margin × mean amount × the discounted purchases that are made only if they are kept.
    pub fn value(&self, margin: Margin) -> Money {
        let purchases = self.discounted_purchases - self.discounted_if_left.unwrap_or_default();
        Money::new(self.mean_amount).unwrap_or_default() * purchases * margin.get()
    }
}

impl Lifetime {
    /// What a customer with these core features at an instant will do if kept. Where no instant is told, the time of year is not
    /// heeded.
    pub fn expected(&self, row: &Row, as_of: Option<Instant>, discount: YearlyDiscount) -> Expected {
        match self {
            Self::BgNbd { purchases, purchases_per_day, amounts, season, returning } => {
                let clock = Clock::new(season.as_ref(), as_of);
                let customer = clock.customer(row);
                let returning = returning.as_ref();
                let to_come = purchases.discounted_if_alive(&customer, &clock, discount, returning);
                to_come.expected(customer.repeats, *purchases_per_day, returning, amounts.expected_mean(row))
            }
            Self::Rate(retention) | Self::Contractual(retention) => Expected {
                discounted_purchases: retention.yearly_purchases(row)
                    * self.years_kept(discount).unwrap_or_default(),
                discounted_if_left: None,
                mean_amount: row[place(&MONETARY)],
            },
        }
    }

    /// What a customer with these core features at an instant spends in the days after it, whether or not they have left by then;
    /// `None` where no model tells who has.
    pub fn spending_within(&self, row: &Row, as_of: Instant, days: Days) -> Option<f64> {
        let Self::BgNbd { purchases, purchases_per_day, amounts, season, .. } = self else { return None };
        let clock = Clock::new(season.as_ref(), Some(as_of));
        let to_come = purchases.expected_purchases(clock.next(days.get().into()), &clock.customer(row));
        Some(to_come * purchases_per_day * amounts.expected_mean(row))
    }

    /// What a purchase of a customer with these core features at an instant comes to, and how many they make within each of some numbers
    /// of days after it, ascending, if they have not left; `None` where no model tells.
    pub(super) fn purchases_if_kept_by<const N: usize>(
        &self,
        row: &Row,
        as_of: Instant,
        days: [f64; N],
    ) -> Option<(f64, [f64; N])> {
        let Self::BgNbd { purchases, purchases_per_day, amounts, season, .. } = self else { return None };
        let clock = Clock::new(season.as_ref(), Some(as_of));
        let days = days.map(|days| clock.next(days));
        let made = purchases.expected_if_alive_by(days, &clock.customer(row));
        Some((amounts.expected_mean(row), made.map(|made| made * purchases_per_day)))
    }

    /// Who leaves and comes back by themselves, where that is known.
    pub fn returning(&self) -> Option<&Returning> {
        match self {
            Self::BgNbd { returning, .. } => returning.as_ref(),
            Self::Rate(_) | Self::Contractual(_) => None,
        }
    }

    /// The same, knowing who leaves and comes back.
    pub fn with_returning(mut self, known: Option<Returning>) -> Self {
        if let Self::BgNbd { returning, .. } = &mut self {
            *returning = known;
        }
        self
    }

    /// The season on whose clock purchases are counted, if there is one.
    pub fn season(&self) -> Option<&Season> {
        match self {
            Self::BgNbd { season, .. } => season.as_ref(),
            Self::Rate(_) | Self::Contractual(_) => None,
        }
    }

    /// How many discounted years a kept customer goes on, where that is the same for all: of contracts without an end, of
    /// purchases within the five years that BG/NBD looks at.
    pub fn years_kept(&self, discount: YearlyDiscount) -> Option<f64> {
        match self {
            Self::BgNbd { .. } => None,
            Self::Rate(retention) => Some(retention.expected_years_kept_within(YEARS, discount)),
            Self::Contractual(retention) => Some(retention.expected_years_kept(discount)),
        }
    }

    /// V: see [`Expected::value`].
    pub fn value(
        &self,
        row: &Row,
        as_of: Option<Instant>,
        margin: Margin,
        discount: YearlyDiscount,
    ) -> Money {
        self.expected(row, as_of, discount).value(margin)
    }
}

impl Amounts {
    /// What a purchase of a customer with these core features will come to on average.
    pub fn expected_mean(&self, row: &Row) -> f64 {
        match self {
            Self::GammaGamma(model) => model.expected_mean(&spending(row)),
            Self::OwnMean => row[place(&MONETARY)],
        }
    }
}

/// Days with a purchase, and the mean amount of a purchase.
pub fn spending(row: &Row) -> Spending {
    Spending { times: row[place(&FREQUENCY)] as u32, mean_amount: row[place(&MONETARY)] }
}

/// A model, and what was met on the way to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// The model.
    pub lifetime: Lifetime,
    /// Why it is not BG/NBD, if purchases are what the data tell.
    pub no_bg_nbd: Option<FitError>,
    /// Why amounts are not Gamma-Gamma's.
    pub no_gamma_gamma: Option<FitError>,
    /// How far repeat buyers' frequency and mean amount go together, which Gamma-Gamma takes to be 0.
    pub correlation: Option<f64>,
}

impl Fitted {
    /// Whether it gives every customer a worth: read from a file, it may be anything. Parameters are looked at where they
    /// are read.
    pub(crate) fn is_possible(&self) -> bool {
        let is_possible = match self.lifetime {
            Lifetime::BgNbd { purchases_per_day, returning, .. } => {
                (1.0..=MOST_PURCHASES_PER_DAY).contains(&purchases_per_day)
                    && returning.is_none_or(|returning| returning.is_possible())
            }
            Lifetime::Rate(retention) | Lifetime::Contractual(retention) => retention.is_possible(),
        };
        is_possible && self.correlation.is_none_or(|correlation| (-1.0..=1.0).contains(&correlation))
    }
}

impl Lifetime {
    /// Fits what the data allow on what was known at an instant; `retention` is what there is to fall back on.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn fit(histories: &Histories, as_of: Instant, retention: Retention) -> Result<Fitted, HistoryError> {
        let fallback =
            |lifetime, no_bg_nbd| Fitted { lifetime, no_bg_nbd, no_gamma_gamma: None, correlation: None };
        if Label::where_given(histories.given()) == Label::ContractEnd {
            let billed =
                of_everyone(histories, as_of, |known, _| known.has_contract().then(|| Billed::of(known)))?;
            let rate = PurchaseRate::estimate(billed.into_iter().flatten());
            return Ok(fallback(Self::Contractual(Retention { rate, ..retention }), None));
        }
        let told =
            of_everyone(histories, as_of, |known, _| (registry::compute(known), known.purchases().len()))?;
        let (rows, numbers): (Vec<Row>, Vec<usize>) = told.into_iter().unzip();
        let on = |season: Option<&Season>| -> PurchaseCounts {
            let clock = Clock::new(season, Some(as_of));
            rows.iter().map(|row| clock.customer(row)).collect()
        };
        let mut purchases = match BgNbd::fit(&on(None)) {
            Ok(purchases) => purchases,
            Err(error) => return Ok(fallback(Self::Rate(retention), Some(error))),
        };
        let feed = Feed::at(histories, as_of)?;
        let mut season = None;
        for _ in 0..SEASON_ROUNDS {
            let Some(next) = feed.season(&purchases, season.as_ref()) else { break };
            let Ok(by_it) = BgNbd::fit(&on(Some(&next))) else { break };
            (purchases, season) = (by_it, Some(next));
        }
        let repeat_buyers = || rows.iter().map(spending).filter(|spending| spending.times > 1);
        let correlation = gamma_gamma::correlation(repeat_buyers());
        let (amounts, no_gamma_gamma) = match GammaGamma::fit(repeat_buyers()) {
            Ok(model) => (Amounts::GammaGamma(model), None),
            Err(error) => (Amounts::OwnMean, Some(error)),
        };
        // Whole numbers, whose sums are exact in any order.
        let days: f64 = rows.iter().map(|row| row[place(&FREQUENCY)]).sum();
        let purchases_per_day = numbers.iter().sum::<usize>() as f64 / days;
        let lifetime = Self::BgNbd { purchases, purchases_per_day, amounts, season, returning: None };
        Ok(Fitted { lifetime, no_bg_nbd: None, no_gamma_gamma, correlation })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{bg_nbd, gamma_gamma};
    use super::*;

    const NOTHING_BACK: Retention =
        Retention { churn_rate: 0.2, churn_rate_sd: 0.01, horizon_days: 365, rate: None };

    /// CDNOW's published parameters (ECONOMICS.md section 2).
    fn cdnow() -> Lifetime {
        let weeks = bg_nbd::Parameters { r: 0.242595, alpha_days: 4.413602 * 7.0, a: 0.792922, b: 2.425907 };
        let amounts = gamma_gamma::Parameters { p: 6.25, q: 3.74, v: 15.44 };
        Lifetime::BgNbd {
            purchases: weeks.try_into().unwrap(),
            purchases_per_day: 1.0,
            amounts: Amounts::GammaGamma(amounts.try_into().unwrap()),
            season: None,
            returning: None,
        }
    }

    #[test]
    fn checked_values() {
        // mpmath 1.4.1: E[X(k) | alive] by hyp2f1 at quarters k, ECONOMICS.md section 2's sum with d = 0.1, margin 0.3.
        for (row, purchases, amount, worth) in [
            ([59.0, 3.0, 22.35, 0.0, 272.0], 5.59013456680333, 23.9908096789204, 40.2335563415199),
            ([0.0, 1.0, 50.0, 0.0, 0.0], 3.02245437655074, 45.4949944382647, 41.2519635153254),
        ] {
            let expected = cdnow().expected(&row, None, YearlyDiscount::DEFAULT);
            assert!((expected.discounted_purchases / purchases - 1.0).abs() < 1e-11);
            assert!((expected.mean_amount / amount - 1.0).abs() < 1e-11);
            let value = cdnow().value(&row, None, Margin::DEFAULT, YearlyDiscount::DEFAULT);
            assert!((value.get() / worth - 1.0).abs() < 1e-11);
        }
    }

    #[test]
    fn how_likely_the_customer_has_left_is_not_in_the_value() {
        let value = |recency| {
            cdnow()
                .value(&[recency, 5.0, 30.0, 0.0, 272.0], None, Margin::DEFAULT, YearlyDiscount::DEFAULT)
                .get()
        };
        assert_eq!(value(3.0), value(200.0));
    }

    #[test]
    fn without_bg_nbd_the_value_is_the_plain_formula() {
        let (row, discount) = ([10.0, 2.0, 50.0, 0.0, 730.0], YearlyDiscount::DEFAULT);
        let without_end = NOTHING_BACK.expected_years_kept(discount);
        let of_five = NOTHING_BACK.expected_years_kept_within(5.0, discount);
        for (lifetime, years) in
            [(Lifetime::Rate(NOTHING_BACK), of_five), (Lifetime::Contractual(NOTHING_BACK), without_end)]
        {
            let plain = super::super::lifetime_value(&row, Margin::DEFAULT, years);
            let value = lifetime.value(&row, None, Margin::DEFAULT, discount);
            assert!((value.get() / plain.get() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn files_keep_every_bit() {
        let rate = serde_json::from_str(r#"{"r":2.5,"alpha_days":70.1,"regularity":0.3}"#).unwrap();
        let billed = Lifetime::Contractual(Retention { rate: Some(rate), ..NOTHING_BACK });
        for lifetime in [cdnow(), Lifetime::Rate(NOTHING_BACK), Lifetime::Contractual(NOTHING_BACK), billed] {
            let json = serde_json::to_string(&lifetime).unwrap();
            assert_eq!(serde_json::from_str::<Lifetime>(&json).unwrap(), lifetime, "{json}");
        }
    }
}
