//! How often a customer is billed whose contract runs: a rate of their own, of which a newcomer's few days tell little, and
//! everybody's the rest.
//!
//! Rates are Gamma(r, α) distributed over customers, and with x repeats in T days the customer's own is (r + k·x)/(α + k·T) in
//! the mean: with k = 1 this is the pattern of consumer purchases (Ehrenberg, Applied Statistics 8, 1959), bills that come at
//! random. Bills that come by the clock tell more: gaps whose variance is cv² of their mean's square count 1/cv² times.
//! And since the last of them nothing was due: of the time since then, up to a usual gap, 1 − cv² does not count. Over all
//! customers their number falls short of the rate by (1 − cv²)/2 each (Cox, *Renewal theory*, 1962, section 4.2). All is
//! estimated by moments: sums of whole numbers, which come to the same in any order.

use mainstay_features::known::Known;
use mainstay_features::registry;
use serde::{Deserialize, Serialize};

use super::Purchases;

/// The least and the largest that r may be: bills that come like clockwork spread less than at random, and without a limit
/// everybody's rate would count alone.
const SHAPES: (f64, f64) = (0.05, 50.0);
/// Gaps are taken to spread by a twentieth of their mean's square at least.
const LEAST_SPREAD: f64 = 0.05;
/// With fewer customers with several gaps, those of all customers are compared with each other.
const FEWEST_WITH_SEVERAL_GAPS: u64 = 30;

/// The distribution of rates over customers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurchaseRate {
    /// r, above zero.
    r: f64,
    /// α in days, above zero.
    alpha_days: f64,
    /// By how much less than at random gaps spread: 1 − cv², from 0 to 1.
    regularity: f64,
}

/// What a customer was billed so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Billed {
    purchases: Purchases,
    /// The days between one purchase day and the next, added up, and their squares.
    gaps: u64,
    gaps_squared: u64,
}

impl Billed {
    /// As known at an instant.
    pub fn of(known: &Known<'_>) -> Self {
        let days = known.visits().windows(2);
        let days = days.map(|pair| pair[1].calendar_day().abs_diff(pair[0].calendar_day()));
        let (gaps, gaps_squared) =
            days.fold((0, 0), |(sum, squares), gap| (sum + gap, squares + gap.saturating_mul(gap)));
        Self { purchases: Purchases::of(&registry::compute(known)), gaps, gaps_squared }
    }
}

/// Whole numbers added up over customers.
#[derive(Default)]
struct Sums {
    repeats: u128,
    days: u128,
    repeats_squared: u128,
    repeats_times_days: u128,
    days_squared: u128,
    customers: u128,
    gaps: u128,
    gaps_squared: u128,
    of_several: Gaps,
    with_several: u64,
}

/// Gaps between purchases: how they spread.
#[derive(Clone, Copy, Default)]
struct Gaps {
    /// n times the sum of squares, less the square of the sum.
    spread: u128,
    /// The square of the sum.
    square: u128,
}

impl Gaps {
    fn add(&mut self, count: u128, sum: u128, squares: u128) {
        self.spread += (count * squares).saturating_sub(sum * sum);
        self.square += sum * sum;
    }

    /// Their variance over their mean squared.
    fn relative_variance(&self) -> f64 {
        if self.square == 0 { 1.0 } else { self.spread as f64 / self.square as f64 }
    }
}

impl Sums {
    fn add(&mut self, &Billed { purchases, gaps, gaps_squared }: &Billed) {
        let (x, t) = (u128::from(purchases.repeats), u128::from(purchases.tenure_days));
        self.repeats += x;
        self.days += t;
        self.repeats_squared += x * x;
        self.repeats_times_days += x * t;
        self.days_squared += t * t;
        self.customers += 1;
        let (gaps, gaps_squared) = (u128::from(gaps), u128::from(gaps_squared));
        self.gaps += gaps;
        self.gaps_squared += gaps_squared;
        if x > 1 {
            self.of_several.add(x, gaps, gaps_squared);
            self.with_several += 1;
        }
    }

    /// How the gaps of one customer spread, or, where too few have several, those of all.
    fn spread_of_gaps(&self) -> Gaps {
        if self.with_several >= FEWEST_WITH_SEVERAL_GAPS {
            return self.of_several;
        }
        let mut of_all = Gaps::default();
        of_all.add(self.repeats, self.gaps, self.gaps_squared);
        of_all
    }

    fn rate(&self) -> Option<PurchaseRate> {
        if self.repeats == 0 || self.days == 0 {
            return None;
        }
        let regularity = (1.0 - self.spread_of_gaps().relative_variance()).max(0.0);
        let short = 0.5 * regularity;
        let [x, t, customers] = [self.repeats, self.days, self.customers].map(|sum| sum as f64);
        let [xx, xt, tt] =
            [self.repeats_squared, self.repeats_times_days, self.days_squared].map(|sum| sum as f64);
        // With what every count falls short by: x + e for x.
        let (counted, xx, xt) =
            (x + customers * short, xx + 2.0 * short * x + customers * short * short, xt + short * t);
        let mean = counted / t;
        // Counts spread by what is random, their mean, and by what customers differ in, (mean·T)²/r.
        let beyond_random = xx - 2.0 * mean * xt + mean * mean * tt - counted;
        let r = if beyond_random > 0.0 { mean * mean * tt / beyond_random } else { f64::INFINITY };
        let r = r.clamp(SHAPES.0, SHAPES.1);
        Some(PurchaseRate { r, alpha_days: r / mean, regularity })
    }
}

impl PurchaseRate {
    /// Estimates it on customers; `None` where nobody came back.
    pub fn estimate(customers: impl Iterator<Item = Billed>) -> Option<Self> {
        let mut sums = Sums::default();
        customers.for_each(|customer| sums.add(&customer));
        sums.rate()
    }

    /// How many purchases a customer makes in a day, in the mean.
    pub fn per_day(&self, customer: &Purchases) -> f64 {
        let &Purchases { repeats, last_days, tenure_days } = customer;
        let [x, last, tenure] = [repeats, last_days, tenure_days].map(f64::from);
        if repeats == 0 {
            // Before the first gap is over nobody knows how long it is.
            return (self.r + 0.5 * self.regularity) / (self.alpha_days + tenure);
        }
        let (open, usual) = (tenure - last, last / x);
        let days = last + open - self.regularity * open.min(usual);
        let times = self.times();
        (self.r + times * x) / (self.alpha_days + times * days)
    }

    /// The variance of a customer's rate over its mean squared.
    pub(super) fn relative_variance(&self, customer: &Purchases) -> f64 {
        1.0 / (self.r + self.times() * f64::from(customer.repeats))
    }

    /// How many times a purchase counts.
    fn times(&self) -> f64 {
        1.0 / (1.0 - self.regularity).max(LEAST_SPREAD)
    }

    /// Whether it is one: read from a file, it may be anything.
    pub(super) fn is_possible(&self) -> bool {
        (SHAPES.0..=SHAPES.1).contains(&self.r)
            && self.alpha_days > 0.0
            && self.alpha_days.is_finite()
            && (0.0..=1.0).contains(&self.regularity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Customers billed every so many days, of all tenures up to two years.
    fn billed_every(days: u32) -> impl Iterator<Item = Billed> {
        (1..=730).map(move |tenure_days| {
            let repeats = tenure_days / days;
            let (count, gap) = (u64::from(repeats), u64::from(days));
            Billed {
                purchases: Purchases { repeats, last_days: repeats * days, tenure_days },
                gaps: count * gap,
                gaps_squared: count * gap * gap,
            }
        })
    }

    fn yearly(rate: &PurchaseRate, repeats: u32, gap_days: u32, tenure_days: u32) -> f64 {
        365.0 * rate.per_day(&Purchases { repeats, last_days: repeats * gap_days, tenure_days })
    }

    #[test]
    fn a_newcomer_is_billed_as_others_are_and_who_is_known_as_they_were() {
        let monthly = PurchaseRate::estimate(billed_every(30)).unwrap();
        for (repeats, tenure_days) in [(0, 3), (0, 16), (2, 70), (24, 730)] {
            let rate = yearly(&monthly, repeats, 30, tenure_days);
            assert!((11.8..12.7).contains(&rate), "{repeats} in {tenure_days}: {rate}");
        }
        let annual = PurchaseRate::estimate(billed_every(365)).unwrap();
        for (repeats, tenure_days) in [(0, 3), (0, 300), (1, 366), (2, 730)] {
            let rate = yearly(&annual, repeats, 365, tenure_days);
            assert!((0.95..1.1).contains(&rate), "{repeats} in {tenure_days}: {rate}");
        }
        let both = PurchaseRate::estimate(billed_every(30).chain(billed_every(365))).unwrap();
        assert!((5.0..10.0).contains(&yearly(&both, 0, 0, 1)), "who has just come may be either");
        assert!(
            yearly(&both, 0, 0, 300) < 3.0,
            "and who was not billed again for most of a year is not monthly"
        );
        assert!((11.5..12.5).contains(&yearly(&both, 12, 30, 365)));
        assert!(
            (0.9..1.2).contains(&yearly(&both, 1, 365, 366)),
            "two bills in a year and a day are one a year"
        );
        assert!((0.9..1.2).contains(&yearly(&both, 1, 365, 700)));
        assert!(yearly(&both, 12, 30, 1_000) < 6.0, "bills that have stopped");
    }

    #[test]
    fn it_is_that_of_drawing_rates_and_counts() {
        // Rates of Gamma(2, 60 days), counts of Poisson, by a generator of the test's own.
        let mut state = 5_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let customers: Vec<Billed> = (0..40_000)
            .map(|number| {
                let rate = -(uniform().ln() + uniform().ln()) / 60.0;
                let tenure_days = 100 + number % 600;
                let mut billed = Billed {
                    purchases: Purchases { repeats: 0, last_days: 0, tenure_days },
                    gaps: 0,
                    gaps_squared: 0,
                };
                let (mut at, mut last) = (-uniform().ln() / rate, 0);
                while at < f64::from(tenure_days) {
                    let gap = at as u64 - last;
                    billed.purchases.repeats += 1;
                    (billed.gaps, billed.gaps_squared) = (billed.gaps + gap, billed.gaps_squared + gap * gap);
                    last = at as u64;
                    at -= uniform().ln() / rate;
                }
                billed
            })
            .collect();
        let PurchaseRate { r, alpha_days, regularity } =
            PurchaseRate::estimate(customers.into_iter()).unwrap();
        assert!((r / 2.0 - 1.0).abs() < 0.15 && (alpha_days / 60.0 - 1.0).abs() < 0.15, "{r} {alpha_days}");
        assert!(regularity < 0.3, "{regularity}");
    }

    #[test]
    fn where_nobody_came_back_there_is_none() {
        assert_eq!(PurchaseRate::estimate(billed_every(1_000)), None);
        assert_eq!(PurchaseRate::estimate(std::iter::empty()), None);
    }
}
