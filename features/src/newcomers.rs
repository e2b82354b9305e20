//! Newcomers: whether those who came last come back soon as those before them did. A campaign, or other goods, changes whom a shop
//! wins, and whoever learns from the past knows it only when their time is up.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::history::History;
use crate::known::purchases_between;
use crate::units::Instant;

/// Who buys again on another day within so many days of the first comes back soon.
pub const SOON_DAYS: i64 = 45;
/// Newcomers are told by so many days: whole weeks, so that every weekday is in each as often.
const WAVE_DAYS: i64 = 28;
/// Who bought before the log began looks like a newcomer when they first buy in it: so many days are left out.
const UNSURE_DAYS: i64 = 180;
/// A wave of fewer newcomers is not judged…
const LEAST_NEWCOMERS: u64 = 100;
/// …nor by fewer waves before it; more than so many are too long ago.
const LEAST_BEFORE: usize = 4;
const MOST_BEFORE: usize = 12;
/// A wave that differs by so many standard deviations is odd…
const BEYOND_CHANCE: f64 = 4.0;
/// …of which so much of the usual share is taken to be there between any two.
const LEAST_SPREAD: f64 = 0.1;
/// So many waves before it is the season of a year ago.
const WAVES_IN_A_YEAR: usize = 13;
/// So few customers are not worth another thread.
const MIN_CUSTOMERS: usize = 1024;

/// Customers by the day of their first purchase, as amounts stand today.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Newcomers(BTreeMap<i64, Came>);

/// Who came, and who of them came back soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Came {
    newcomers: u64,
    back_soon: u64,
}

impl Came {
    fn and(self, other: Self) -> Self {
        Self { newcomers: self.newcomers + other.newcomers, back_soon: self.back_soon + other.back_soon }
    }

    fn share(self) -> f64 {
        self.back_soon as f64 / self.newcomers as f64
    }
}

/// The newcomers of four weeks, of whom more or fewer came back soon than of those who came before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OddWave {
    /// The first and the last day of their first purchases, as days since 1970-01-01.
    pub days: (i64, i64),
    /// How many they are.
    pub newcomers: u64,
    /// The share of them who came back soon, in [0, 1].
    pub back_soon: f64,
    /// The same of those who came in the weeks before.
    pub usual: f64,
}

impl Newcomers {
    /// Looks at every customer.
    pub fn of(history: &History) -> Self {
        let customers = (0..history.len()).into_par_iter().with_min_len(MIN_CUSTOMERS);
        let came = customers.filter_map(|customer| {
            let purchases = purchases_between(history.customer(customer), Instant::MIN, Instant::MAX);
            let mut days = purchases.map(|purchase| purchase.instant.calendar_day());
            let first = days.next()?;
            let again = days.find(|&day| day != first);
            let back_soon = again.is_some_and(|day| day - first <= SOON_DAYS);
            Some((first, Came { newcomers: 1, back_soon: u64::from(back_soon) }))
        });
        came.fold(Self::default, |mut all, (day, came)| {
            all.add(day, came);
            all
        })
        .reduce(Self::default, Self::and)
    }

    /// With those of other customers.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        other.0.into_iter().for_each(|(day, came)| self.add(day, came));
        self
    }

    fn add(&mut self, day: i64, came: Came) {
        let of_day = self.0.entry(day).or_default();
        *of_day = of_day.and(came);
    }

    /// By day: how many came, and how many of them came back soon.
    pub fn in_numbers(&self) -> Vec<(i64, u64, u64)> {
        self.0.iter().map(|(&day, came)| (day, came.newcomers, came.back_soon)).collect()
    }

    /// What [`Self::in_numbers`] tells.
    pub fn of_numbers(numbers: &[(i64, u64, u64)]) -> Self {
        let came = |&(day, newcomers, back_soon)| (day, Came { newcomers, back_soon });
        Self(numbers.iter().map(came).collect())
    }

    /// The waves of whom it is known at an instant who came back soon, and who did so otherwise than those before them, the oldest
    /// first. As a year ago is not odd: that may be the season.
    pub fn odd_waves(&self, as_of: Instant) -> Vec<OddWave> {
        let Some(&first_day) = self.0.keys().next() else { return Vec::new() };
        let last_day = as_of.calendar_day() - SOON_DAYS - 1;
        let count = (last_day - first_day - UNSURE_DAYS).max(0) / WAVE_DAYS;
        let waves: Vec<(i64, Came)> = (0..count)
            .rev()
            .map(|back| {
                let end = last_day - back * WAVE_DAYS;
                let days = self.0.range(end - WAVE_DAYS + 1..=end);
                (end, days.fold(Came::default(), |all, (_, &came)| all.and(came)))
            })
            .collect();
        let (mut odd, mut usual): (Vec<OddWave>, Vec<Came>) = (Vec::new(), Vec::new());
        for (place, &(end, wave)) in waves.iter().enumerate() {
            if wave.newcomers < LEAST_NEWCOMERS {
                continue;
            }
            let before = &usual[usual.len().saturating_sub(MOST_BEFORE)..];
            let a_year_ago = place.checked_sub(WAVES_IN_A_YEAR).map(|place| waves[place].1);
            let as_a_year_ago =
                a_year_ago.filter(|wave| wave.newcomers >= LEAST_NEWCOMERS).is_some_and(|then| {
                    let chance = wave_variance(then.share(), then.newcomers)
                        + wave_variance(then.share(), wave.newcomers);
                    (wave.share() - then.share()).abs()
                        <= BEYOND_CHANCE * (chance + (LEAST_SPREAD * then.share()).powi(2)).sqrt()
                });
            match is_odd(wave, before) {
                Some(usual) if !as_a_year_ago => odd.push(OddWave {
                    days: (end - WAVE_DAYS + 1, end),
                    newcomers: wave.newcomers,
                    back_soon: wave.share(),
                    usual,
                }),
                _ => usual.push(wave),
            }
        }
        odd
    }
}

/// How far a share of so many customers varies by chance.
fn wave_variance(share: f64, newcomers: u64) -> f64 {
    share * (1.0 - share) / newcomers as f64
}

/// The usual share of those before a wave, if the wave's is another beyond chance and beyond how these vary among themselves.
fn is_odd(wave: Came, before: &[Came]) -> Option<f64> {
    if before.len() < LEAST_BEFORE {
        return None;
    }
    let all = before.iter().fold(Came::default(), |all, &came| all.and(came));
    let (usual, number) = (all.share(), before.len() as f64);
    let spread = before.iter().map(|came| (came.share() - usual).powi(2)).sum::<f64>() / (number - 1.0);
    let by_chance = before.iter().map(|came| wave_variance(usual, came.newcomers)).sum::<f64>() / number;
    let between = (spread - by_chance).max((LEAST_SPREAD * usual).powi(2));
    let variance = between * (1.0 + 1.0 / number) + wave_variance(usual, wave.newcomers);
    ((wave.share() - usual).abs() > BEYOND_CHANCE * variance.sqrt()).then_some(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::units::{Amount, MICROS_PER_DAY};

    fn day(day: i64) -> Instant {
        Instant::from_micros(day * MICROS_PER_DAY).unwrap()
    }

    /// A log of so many days in which ten customers come a day, of whom `back` of ten come back soon.
    fn newcomers(days: i64, back: impl Fn(i64) -> u64) -> Newcomers {
        let numbers: Vec<_> = (0..days).map(|day| (day, 10, back(day))).collect();
        Newcomers::of_numbers(&numbers)
    }

    #[test]
    fn who_comes_back_on_another_day_and_soon_is_counted() {
        let mut builder = HistoryBuilder::default();
        let mut buys = |customer: &str, days: &[i64]| {
            for (number, &at) in days.iter().enumerate() {
                builder.add_line(
                    customer,
                    &format!("{customer}{number}"),
                    day(at),
                    Amount::new(5.0).unwrap(),
                );
            }
        };
        buys("once", &[3]);
        buys("twice on a day", &[3, 3]);
        buys("soon", &[3, 3, 3 + SOON_DAYS]);
        buys("late", &[4, 5 + SOON_DAYS]);
        let all = Newcomers::of(&History::fold(vec![builder]).unwrap());
        assert_eq!(all.in_numbers(), [(3, 3, 1), (4, 1, 0)]);
        assert_eq!(Newcomers::of_numbers(&all.in_numbers()), all);
        let twice = all.clone().and(all);
        assert_eq!(twice.in_numbers(), [(3, 6, 2), (4, 2, 0)]);
    }

    #[test]
    fn newcomers_of_another_kind_are_told_from_when_on() {
        let changed = newcomers(700, |day| if day < 560 { 4 } else { 1 });
        assert_eq!(changed.odd_waves(day(590)), [], "what they will do is not known yet");
        let odd = changed.odd_waves(day(700));
        let first = odd.first().unwrap();
        assert!(odd.len() >= 3 && first.days.0 >= 540 && first.back_soon < 0.25, "{odd:?}");
        assert!(odd.iter().all(|wave| wave.newcomers == 280 && (wave.usual - 0.4).abs() < 0.01), "{odd:?}");
        assert_eq!(odd.last().unwrap().days, (700 - 46 - 27, 700 - 46));
    }

    #[test]
    fn nothing_is_odd_where_nothing_changes_nor_in_the_beginning_of_a_log_nor_with_the_season() {
        assert_eq!(newcomers(900, |_| 4).odd_waves(day(900)), []);
        assert_eq!(Newcomers::default().odd_waves(day(900)), []);
        // Who comes in the log's first months was there before, and buys more often.
        assert_eq!(newcomers(500, |day| if day < 170 { 8 } else { 3 }).odd_waves(day(500)), []);
        // Presents are bought in December.
        let seasonal = newcomers(1_000, |day| if day % 364 > 330 { 1 } else { 4 });
        let odd = seasonal.odd_waves(day(364 * 2 + 100));
        assert!(odd.iter().all(|wave| wave.days.1 < 364 + 30), "{odd:?}");
        // A few newcomers tell nothing.
        let few =
            Newcomers::of_numbers(&(0..700).map(|day| (day, 1, u64::from(day < 560))).collect::<Vec<_>>());
        assert_eq!(few.odd_waves(day(700)), []);
    }
}
