//! The time of year, as a clock: it runs the faster the more is bought, so that on it customers buy at a constant rate.
//!
//! BG/NBD knows no season: just after the season's height everybody seems to buy more often than they do over a year. Counted in the
//! days of this clock, purchases have none. (Covariates of time enter the models of this family in the same way: Bachmann, Meierer and
//! Näf, *The Role of Time-Varying Contextual Factors in Latent Attrition Models*, Marketing Science 40, 2021.)

use mainstay_features::history::{Histories, History, HistoryError};
use mainstay_features::known::Cut;
use mainstay_features::units::Instant;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::customers::MIN_CUSTOMERS;
use super::{BgNbd, Purchases};

/// A year has so many days…
const YEAR_DAYS: f64 = 365.2425;
/// …and so many parts of equal length.
const PARTS: usize = 12;
const PART_DAYS: f64 = YEAR_DAYS / PARTS as f64;

/// A log that lacks so few days of a whole number of years has them.
const GRACE_DAYS: f64 = 7.0;
/// Older days tell nothing of today's season; who came before them counts as come on the first of them.
const MOST_DAYS: i64 = 20 * 366;
/// With fewer years, a season cannot be told from a trend.
const FEWEST_YEARS: usize = 2;
/// No part of a year has less or more than this of what a part has on average: what is closed for a month opens again.
const LEAST: f64 = 0.05;
const MOST: f64 = 12.0;
/// By so much must the other years raise the log-likelihood of a year's purchases, over all years: more than as many weights gain
/// that tell nothing.
const LEAST_GAIN: f64 = PARTS as f64;
/// How often a new customer is expected to buy is asked at so many ages; between two of them it is as good as a line.
const AGES: usize = 400;

/// How much is bought in each twelfth of the year, beside the average: their mean is 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; PARTS]", into = "[f64; PARTS]")]
pub struct Season([f64; PARTS]);

/// Weights that no year has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a season's weights are from {LEAST} to {MOST}, and 1 on average")]
pub struct NoSeason;

impl TryFrom<[f64; PARTS]> for Season {
    type Error = NoSeason;

    fn try_from(weights: [f64; PARTS]) -> Result<Self, NoSeason> {
        let mean = weights.iter().sum::<f64>() / PARTS as f64;
        let is_possible = weights.iter().all(|weight| (LEAST..=MOST).contains(weight));
        (is_possible && (mean - 1.0).abs() < 1e-9).then_some(Self(weights)).ok_or(NoSeason)
    }
}

impl From<Season> for [f64; PARTS] {
    fn from(season: Season) -> Self {
        season.0
    }
}

impl Season {
    /// How much is bought in each twelfth of the year, from January on.
    pub fn weights(&self) -> [f64; PARTS] {
        self.0
    }

    /// How many of its days lie between two calendar days, which count from 1970-01-01.
    pub(super) fn days_between(&self, from: f64, to: f64) -> f64 {
        self.until(to) - self.until(from)
    }

    fn until(&self, day: f64) -> f64 {
        let years = (day / YEAR_DAYS).floor();
        let rest = (day - years * YEAR_DAYS) / PART_DAYS;
        let part = (rest as usize).min(PARTS - 1);
        let parts = self.0[..part].iter().sum::<f64>() + (rest - part as f64) * self.0[part];
        years * YEAR_DAYS + parts * PART_DAYS
    }

    /// Weights of this size, brought to a mean of 1; `None` of nothing.
    fn of(sizes: [f64; PARTS]) -> Option<Self> {
        let sum: f64 = sizes.iter().sum();
        let mut weights = sizes.map(|size| size / sum * PARTS as f64);
        // What is lifted to the least is taken off the others, by which some may get there themselves.
        for _ in 0..PARTS {
            let low = weights.iter().filter(|weight| **weight <= LEAST).count() as f64;
            let others: f64 = weights.iter().filter(|weight| **weight > LEAST).sum();
            let scale = (PARTS as f64 - low * LEAST) / others;
            weights = weights.map(|weight| if weight > LEAST { weight * scale } else { LEAST });
        }
        Self::try_from(weights).ok()
    }
}

/// When customers first bought and came back.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    /// The day before which all is known.
    end: i64,
    /// Of each day, the last of them the one before `end`: who bought for the first time, and who once more.
    days: Vec<(u64, u64)>,
}

impl Feed {
    /// That of everyone with a purchase at or before an instant.
    pub(super) fn at(histories: &Histories, as_of: Instant) -> Result<Self, HistoryError> {
        let end = as_of.calendar_day() + 1;
        let first = histories.summary().span.map_or(as_of, |(first, _)| first).calendar_day();
        let first = first.max(end - MOST_DAYS);
        let none = || vec![(0_u64, 0_u64); usize::try_from(end - first).unwrap_or_default()];
        let joined = |mut all: Vec<(u64, u64)>, own: Vec<(u64, u64)>| {
            all.iter_mut().zip(own).for_each(|(all, own)| *all = (all.0 + own.0, all.1 + own.1));
            all
        };
        let of_part = |part: &History| -> Vec<(u64, u64)> {
            let one = |(mut cut, mut days): (Cut, Vec<(u64, u64)>), customer: usize| {
                if let Some(known) = cut.at(part.customer(customer), as_of) {
                    for (number, visit) in known.visits().iter().enumerate() {
                        let place = visit.calendar_day() - first;
                        let place = usize::try_from(if number == 0 { place.max(0) } else { place });
                        if let Some(day) = place.ok().and_then(|place| days.get_mut(place)) {
                            *if number == 0 { &mut day.0 } else { &mut day.1 } += 1;
                        }
                    }
                }
                (cut, days)
            };
            let customers = (0..part.len()).into_par_iter().with_min_len(MIN_CUSTOMERS);
            let folded = customers.fold(|| (Cut::default(), none()), one);
            folded.map(|(_, days)| days).reduce(none, joined)
        };
        let days = histories.each(of_part)?.into_iter().fold(none(), joined);
        Ok(Self { end, days })
    }

    /// The season in it, by a model of purchases that knows the one so far; `None` where there is none, or it cannot be told.
    pub(super) fn season(&self, model: &BgNbd, so_far: Option<&Season>) -> Option<Season> {
        let years = ((self.days.len() as f64 + GRACE_DAYS) / YEAR_DAYS) as usize;
        if years < FEWEST_YEARS {
            return None;
        }
        let years = self.years(years, model, so_far);
        let gain: f64 = (0..years.len())
            .map(|out| {
                let others = years.iter().enumerate().filter(|(year, _)| *year != out).map(|(_, year)| year);
                sizes(others).map_or(f64::NEG_INFINITY, |season| years[out].gain(&season))
            })
            .sum();
        (gain >= LEAST_GAIN).then(|| sizes(years.iter())).flatten()
    }

    /// What was bought once more in each part of each of so many last years, and what the model expects without a season.
    fn years(&self, count: usize, model: &BgNbd, so_far: Option<&Season>) -> Vec<Year> {
        let begin = self.end - self.days.len() as i64;
        let clock = |place: usize| {
            let day = (begin + place as i64) as f64;
            so_far.map_or(day, |season| season.until(day))
        };
        let clocks: Vec<f64> = (0..=self.days.len()).map(clock).collect();
        let ages = Ages::of(model, clocks.last().unwrap_or(&0.0) - clocks.first().unwrap_or(&0.0));
        let expected = |place: usize| -> f64 {
            // Of everybody who came on an earlier day.
            let cohorts = self.days[..place].iter().zip(&clocks).filter(|((new, _), _)| *new > 0);
            let each = cohorts.map(|(&(new, _), begin)| {
                new as f64 * (ages.expected(clocks[place + 1] - begin) - ages.expected(clocks[place] - begin))
            });
            each.sum()
        };
        let expected: Vec<f64> = (0..self.days.len()).into_par_iter().map(expected).collect();
        let mut years = vec![Year::default(); count];
        for (place, (&(_, again), expected)) in self.days.iter().zip(expected).enumerate() {
            let ago = (self.end - 1 - (begin + place as i64)) as f64 / YEAR_DAYS;
            let day = (begin + place as i64) as f64 + 0.5;
            let part = ((day.rem_euclid(YEAR_DAYS) / PART_DAYS) as usize).min(PARTS - 1);
            if let Some(year) = years.get_mut(ago as usize) {
                let weight = so_far.map_or(1.0, |season| season.0[part]);
                year.bought[part] += again as f64;
                year.expected[part] += expected / weight;
            }
        }
        years
    }
}

/// How many purchases after the first a new customer makes by each of some ages.
struct Ages {
    step: f64,
    by: Vec<f64>,
}

impl Ages {
    fn of(model: &BgNbd, most: f64) -> Self {
        let step = (most / (AGES - 1) as f64).max(f64::MIN_POSITIVE);
        Self { step, by: (0..AGES).map(|place| model.expected_of_new(place as f64 * step)).collect() }
    }

    fn expected(&self, age: f64) -> f64 {
        let place = (age / self.step).clamp(0.0, (AGES - 1) as f64);
        let below = (place as usize).min(AGES - 2);
        self.by[below] + (place - below as f64) * (self.by[below + 1] - self.by[below])
    }
}

/// The parts of one year.
#[derive(Clone, Copy, Debug, Default)]
struct Year {
    bought: [f64; PARTS],
    expected: [f64; PARTS],
}

impl Year {
    /// How many times as much was bought as expected, in all of it.
    fn level(&self) -> f64 {
        self.bought.iter().sum::<f64>() / self.expected.iter().sum::<f64>()
    }

    /// By how much a season raises the log-likelihood of when in the year the purchases were.
    fn gain(&self, season: &Season) -> f64 {
        let flat: f64 = self.expected.iter().sum();
        let with: f64 = self.expected.iter().zip(season.0).map(|(expected, weight)| expected * weight).sum();
        self.bought.iter().zip(season.0).map(|(bought, weight)| bought * (weight * flat / with).ln()).sum()
    }
}

/// The season of some years: each counts by what was bought in it, whatever the level it was at.
fn sizes<'a>(years: impl Iterator<Item = &'a Year>) -> Option<Season> {
    let (mut bought, mut expected) = ([0.0; PARTS], [0.0; PARTS]);
    for year in years {
        let level = year.level();
        for part in 0..PARTS {
            bought[part] += year.bought[part];
            expected[part] += level * year.expected[part];
        }
    }
    Season::of(std::array::from_fn(|part| bought[part] / expected[part]))
}

/// A customer's numbers on the season's clock, as of a calendar day; a day is the nearest whole one.
pub(super) fn on_clock(customer: &Purchases, season: &Season, day: i64) -> Purchases {
    let (now, tenure) = (day as f64, f64::from(customer.tenure_days));
    let first = now - tenure;
    let whole = |days: f64| days.round() as u32;
    let tenure_days = whole(season.days_between(first, now));
    let last = first + f64::from(customer.last_days);
    let last_days = whole(season.days_between(first, last)).min(tenure_days);
    Purchases { repeats: customer.repeats, last_days, tenure_days }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_features::history::HistoryBuilder;
    use mainstay_features::units::Amount;
    use proptest::prelude::*;

    fn season(weights: [f64; PARTS]) -> Season {
        Season::of(weights).unwrap()
    }

    #[test]
    fn a_year_of_the_clock_is_a_year() {
        let christmas = season([0.6, 0.6, 0.7, 0.8, 0.9, 0.9, 0.9, 1.0, 1.1, 1.2, 1.5, 2.5]);
        for day in [-1.0, 0.0, 17_000.0, 19_723.4] {
            let year = christmas.days_between(day, day + YEAR_DAYS);
            assert!((year - YEAR_DAYS).abs() < 1e-6, "{day}: {year}");
        }
        // The twelve days before a new year, which begins at a multiple of the year's length.
        let new_year = (50.0 * YEAR_DAYS).ceil();
        assert!(christmas.days_between(new_year - 12.0, new_year) > 2.0 * 12.0);
    }

    #[test]
    fn a_shop_that_is_closed_most_of_the_year_has_a_season_and_one_that_sells_nothing_has_none() {
        let mut weights = [0.0; PARTS];
        weights[11] = 1.0;
        let only_december = season(weights);
        assert!(only_december.0[0] >= LEAST && only_december.0[11] > 11.0, "{only_december:?}");
        assert!(Season::of([0.0; PARTS]).is_none());
        assert!(Season::of([f64::NAN; PARTS]).is_none());
        let json = serde_json::to_string(&only_december).unwrap();
        assert_eq!(serde_json::from_str::<Season>(&json).unwrap(), only_december);
        assert!(serde_json::from_str::<Season>("[2,1,1,1,1,1,1,1,1,1,1,1]").is_err());
    }

    /// A log that ends with a year and began so many days before: new customers every day, who come back as a model says, times a
    /// factor by calendar day.
    fn feed(days: usize, model: &BgNbd, factor: impl Fn(f64) -> f64) -> Feed {
        let end = (53.0 * YEAR_DAYS).ceil() as i64;
        let again = |place: usize| {
            let age = |began: usize| (place - began) as f64;
            let each = (0..place)
                .map(|began| model.expected_of_new(age(began) + 1.0) - model.expected_of_new(age(began)));
            each.sum::<f64>() * 40.0 * factor((end - (days - place) as i64) as f64)
        };
        Feed { end, days: (0..days).map(|place| (40, again(place).round() as u64)).collect() }
    }

    fn model() -> BgNbd {
        serde_json::from_str(r#"{"r":0.8,"alpha_days":35.0,"a":0.8,"b":7.0}"#).unwrap()
    }

    #[test]
    fn a_season_of_two_years_is_found_and_what_is_none_is_not() {
        let wave = |day: f64| 1.0 + 0.4 * (std::f64::consts::TAU * (day - 345.0) / YEAR_DAYS).cos();
        let found = feed(731, &model(), wave).season(&model(), None).unwrap();
        for (part, weight) in found.weights().into_iter().enumerate() {
            let middle = wave((part as f64 + 0.5) * PART_DAYS);
            assert!((weight / middle - 1.0).abs() < 0.03, "{part}: {weight} {middle}");
        }
        // Known already, it is found again.
        let again = feed(731, &model(), wave).season(&model(), Some(&found)).unwrap();
        assert!(
            again.weights().iter().zip(found.weights()).all(|(a, b)| (a / b - 1.0).abs() < 0.05),
            "{again:?}"
        );
        // Of less than two years nothing is told; nor of what rises, or is one year so and the other otherwise.
        assert!(feed(715, &model(), wave).season(&model(), None).is_none());
        assert!(feed(731, &model(), |_| 1.0).season(&model(), None).is_none());
        let half = 53.0 * YEAR_DAYS - YEAR_DAYS;
        assert!(
            feed(731, &model(), |day| if day > half { wave(day) } else { 2.0 - wave(day) })
                .season(&model(), None)
                .is_none()
        );
    }

    #[test]
    fn a_date_of_long_ago_makes_no_long_work() {
        let mut builder = HistoryBuilder::default();
        for (id, order, ts) in [("a", "1", "0001-02-03"), ("a", "2", "2023-06-01"), ("b", "3", "2023-05-01")]
        {
            builder.add_line(id, order, ts.parse().unwrap(), Amount::new(5.0).unwrap());
        }
        let histories = Histories::fold(vec![builder]).unwrap();
        let Feed { days, .. } = Feed::at(&histories, "2024-01-01".parse().unwrap()).unwrap();
        assert_eq!(days.len() as i64, MOST_DAYS);
        assert_eq!(days.iter().fold((0, 0), |all, day| (all.0 + day.0, all.1 + day.1)), (2, 1));
        assert_eq!(days[0], (1, 0));
    }

    proptest! {
        #[test]
        fn customers_stay_possible_on_any_clock(
            weights in prop::array::uniform12(0.1_f64..3.0),
            day in 10_000_i64..25_000,
            (repeats, last_days, more) in (0_u32..50, 0_u32..3_000, 0_u32..3_000),
        ) {
            let customer = Purchases { repeats, last_days, tenure_days: last_days + more };
            let seen = on_clock(&customer, &season(weights), day);
            prop_assert_eq!(seen.repeats, repeats);
            prop_assert!(seen.last_days <= seen.tenure_days);
            // Beside whole years at most half of one is off.
            prop_assert!((f64::from(seen.tenure_days) - f64::from(customer.tenure_days)).abs() < YEAR_DAYS);
        }
    }
}
