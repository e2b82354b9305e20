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
/// What lasts is seen in up to so many waves together where it is not in one.
const MOST_TOGETHER: usize = 4;
/// A wave that differs by so many standard deviations is odd…
const BEYOND_CHANCE: f64 = 4.0;
/// …of which so much of share × (1 − share) is taken to be there between any two.
const LEAST_SPREAD: f64 = 0.1;
/// So many waves before it is the season of a year ago.
const WAVES_IN_A_YEAR: usize = 13;
/// Where nobody comes for so many days the shop is closed, or the feed has a hole: who came before could not come back.
const CLOSED_DAYS: i64 = 14;
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
        let waves: Vec<Wave> = (0..count).rev().map(|back| self.wave(last_day - back * WAVE_DAYS)).collect();
        let mut usual: Vec<Option<f64>> = vec![None; waves.len()];
        for last in 0..waves.len() {
            for number in 1..=MOST_TOGETHER.min(last + 1) {
                let together = last + 1 - number..last + 1;
                if together.clone().any(|place| !waves[place].is_judged || usual[place].is_some()) {
                    break;
                }
                let before = (0..together.start).rev();
                let before = before.filter(|&place| waves[place].is_judged && usual[place].is_none());
                let before: Vec<Came> = before.take(MOST_BEFORE).map(|place| waves[place].came).collect();
                let came = sum(&waves[together.clone()]);
                let Some(other) = odd(came, &before, number) else { continue };
                let by = came.share() - other;
                let a_year_ago = together
                    .start
                    .checked_sub(WAVES_IN_A_YEAR)
                    .map(|begin| sum(&waves[begin..begin + number]));
                if a_year_ago
                    .is_some_and(|then| then.newcomers >= LEAST_NEWCOMERS && is_as_far(then, other, by))
                {
                    continue;
                }
                together
                    .filter(|&place| is_as_far(waves[place].came, other, by))
                    .for_each(|place| usual[place] = Some(other));
            }
            // What has begun goes on, though one wave alone would not tell.
            if let (None, Some(before)) = (usual[last], last.checked_sub(1))
                && let Some(other) = usual[before]
                && waves[last].is_judged
                && is_as_far(waves[last].came, other, waves[before].came.share() - other)
            {
                usual[last] = Some(other);
            }
        }
        let odd = waves.iter().zip(usual).filter_map(|(wave, usual)| {
            Some(OddWave {
                days: (wave.end - WAVE_DAYS + 1, wave.end),
                newcomers: wave.came.newcomers,
                back_soon: wave.came.share(),
                usual: usual?,
            })
        });
        odd.collect()
    }

    /// The wave that ends on a day.
    fn wave(&self, end: i64) -> Wave {
        let begin = end - WAVE_DAYS + 1;
        let came = self.0.range(begin..=end).fold(Came::default(), |all, (_, &came)| all.and(came));
        let days = self.0.range(begin..=end + SOON_DAYS).map(|(&day, _)| day);
        let with_ends = std::iter::once(begin - 1).chain(days).chain([end + SOON_DAYS + 1]);
        let (mut is_closed, mut before) = (false, begin - 1);
        for day in with_ends {
            is_closed |= day - before > CLOSED_DAYS;
            before = day;
        }
        Wave { end, came, is_judged: came.newcomers >= LEAST_NEWCOMERS && !is_closed }
    }
}

/// The newcomers of four weeks.
#[derive(Clone, Copy, Debug)]
struct Wave {
    /// The last day of their first purchases.
    end: i64,
    came: Came,
    /// Whether they are enough, and could come back.
    is_judged: bool,
}

fn sum(waves: &[Wave]) -> Came {
    waves.iter().fold(Came::default(), |all, wave| all.and(wave.came))
}

/// Whether a share differs from the usual one as another does: in the same way, and by half as much or more.
fn is_as_far(came: Came, usual: f64, by: f64) -> bool {
    (came.share() - usual) * by.signum() >= 0.5 * by.abs()
}

/// How far a share of so many customers varies by chance.
fn by_chance(share: f64, newcomers: u64) -> f64 {
    share * (1.0 - share) / newcomers as f64
}

/// How far shares are taken to vary beyond chance at the least.
fn least_spread(share: f64) -> f64 {
    (LEAST_SPREAD * share * (1.0 - share)).powi(2)
}

/// The usual share of the waves before so many together, if theirs is another beyond chance and beyond how waves vary among
/// themselves.
fn odd(together: Came, before: &[Came], number: usize) -> Option<f64> {
    if before.len() < LEAST_BEFORE {
        return None;
    }
    let all = before.iter().fold(Came::default(), |all, &came| all.and(came));
    let (usual, count) = (all.share(), before.len() as f64);
    let spread = before.iter().map(|came| (came.share() - usual).powi(2)).sum::<f64>() / (count - 1.0);
    let chance = before.iter().map(|came| by_chance(usual, came.newcomers)).sum::<f64>() / count;
    let between = (spread - chance).max(least_spread(usual));
    let variance = between * (1.0 / number as f64 + 1.0 / count)
        + by_chance(usual, together.newcomers)
        + by_chance(usual, all.newcomers);
    ((together.share() - usual).abs() > BEYOND_CHANCE * variance.sqrt()).then_some(usual)
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
        assert!(odd.len() >= 3 && first.days.0 >= 540 && first.back_soon < 0.3, "{odd:?}");
        assert!(odd.iter().all(|wave| wave.newcomers == 280 && (wave.usual - 0.4).abs() < 0.01), "{odd:?}");
        assert_eq!(odd.last().unwrap().days, (700 - 46 - 27, 700 - 46));
    }

    #[test]
    fn what_lasts_is_told_of_where_a_wave_alone_does_not_tell() {
        // Four customers a day, of whom one in five comes back where two did.
        let numbers: Vec<_> = (0..900_i64)
            .map(|day| {
                (day, 4, if day < 700 { [1, 2, 2, 1, 2][day as usize % 5] } else { u64::from(day % 5 != 0) })
            })
            .collect();
        let odd = Newcomers::of_numbers(&numbers).odd_waves(day(900));
        assert!(!odd.is_empty() && odd.iter().all(|wave| wave.days.1 >= 700), "{odd:?}");
        // Where nearly all come back, a tenth fewer is much.
        let regulars = newcomers(900, |day| {
            if day < 700 { 10 - u64::from(day % 4 == 0) } else { 9 - u64::from(day % 2 == 0) }
        });
        assert!(!regulars.odd_waves(day(900)).is_empty());
        let rare = Newcomers::of_numbers(
            &(0..900_i64).map(|day| (day, 40, u64::from(day < 700 || day % 5 == 0))).collect::<Vec<_>>(),
        );
        assert!(!rare.odd_waves(day(900)).is_empty());
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
        // Who came before the shop closed could not come back.
        let numbers: Vec<_> = (0..900)
            .filter(|day| !(600..640).contains(day))
            .map(|day| (day, 10, if (565..600).contains(&day) { 0 } else { 4 }))
            .collect();
        assert_eq!(Newcomers::of_numbers(&numbers).odd_waves(day(900)), []);
        // A few newcomers tell nothing.
        let few =
            Newcomers::of_numbers(&(0..700).map(|day| (day, 1, u64::from(day < 560))).collect::<Vec<_>>());
        assert_eq!(few.odd_waves(day(700)), []);
    }
}
