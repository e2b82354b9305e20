//! The feed, day by day: days that are missing, thin or too full. A missing day looks like mass churn.

use std::collections::BTreeMap;

use crate::history::Histories;

/// A last day so many days after the one before it may be a wrong date.
const ALONE_DAYS: i64 = 60;

/// What came on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) lines: u64,
    /// In millionths.
    pub(super) amount: i128,
}

/// A weekday on which lines come in so many weeks of ten is one on which they should.
const OPEN_SHARE: f64 = 0.8;
/// Where no line comes on so many days in a row the feed has failed, whatever its weekdays: they do not count when weekdays are
/// looked at, and each of them is missing.
const SILENT_DAYS: i64 = 14;
/// A day with so little of what its weekday usually has is thin.
const THIN: f64 = 0.1;
/// A day with so many times what its weekday usually has is too full.
const FULL: f64 = 5.0;
/// What a weekday usually has must be so much for a day to be called thin or too full.
const LEAST_LINES: u64 = 20;

/// The feed's days.
#[derive(Clone, Debug, PartialEq)]
pub struct DayReport {
    /// The first and the last day with a line, as days since 1970-01-01.
    pub span: (i64, i64),
    /// Days with a line.
    pub with_lines: u64,
    /// How long after the day before it the last day with lines comes, where that is so long that its date may be wrong.
    pub alone_at_the_end: Option<i64>,
    /// What is odd, by day.
    pub odd: Vec<OddDay>,
}

/// A day that is not as its weekday usually is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OddDay {
    /// Days since 1970-01-01.
    pub day: i64,
    /// What is odd about it.
    pub oddity: Oddity,
    /// Its lines.
    pub lines: u64,
    /// The median of its weekday's days with lines.
    pub usual_lines: u64,
}

/// What is odd about a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// No line, on a weekday that usually has some, or on many days in a row.
    Missing,
    /// Less than a tenth of what is usual.
    Thin,
    /// More than five times what is usual.
    Full,
}

impl DayReport {
    /// The first of the days at the end that are all missing or thin: until it begins the log is whole. `None` where the last
    /// day is neither.
    pub fn thin_end(&self) -> Option<i64> {
        let mut begin = self.span.1 + 1;
        for odd in self.odd.iter().rev() {
            if odd.day != begin - 1 || odd.oddity == Oddity::Full {
                break;
            }
            begin = odd.day;
        }
        (begin <= self.span.1).then_some(begin)
    }

    /// The days of a history by its orders, each on the day it began; [`OddDay::lines`] are orders. `None` without one.
    pub fn of_orders(histories: &Histories) -> Option<Self> {
        let days = histories.orders_by_day().into_iter();
        report(&days.map(|(day, lines)| (day, Day { lines, amount: 0 })).collect())
    }
}

/// Compares every day with its weekday; `None` without days.
pub(super) fn report(days: &BTreeMap<i64, Day>) -> Option<DayReport> {
    let (&first, &last) = (days.keys().next()?, days.keys().next_back()?);
    let mut by_weekday: [Vec<u64>; 7] = Default::default();
    for (day, of) in days {
        by_weekday[weekday(*day)].push(of.lines);
    }
    let usual: [u64; 7] = std::array::from_fn(|weekday| {
        let lines = &mut by_weekday[weekday];
        lines.sort_unstable();
        lines.get(lines.len() / 2).copied().unwrap_or(0)
    });
    let silences = silences(days);
    let in_silence = |day: i64| {
        let after = silences.partition_point(|&(begin, _)| begin <= day);
        after.checked_sub(1).is_some_and(|before| day <= silences[before].1)
    };
    let is_open: [bool; 7] = std::array::from_fn(|of| {
        let weeks = (first..=last).filter(|&day| weekday(day) == of && !in_silence(day)).count();
        by_weekday[of].len() as f64 >= OPEN_SHARE * weeks as f64
    });
    let oddity = |day: i64| {
        let (lines, of) = (days.get(&day).map_or(0, |of| of.lines), weekday(day));
        let usual_lines = usual[of];
        let oddity = match lines {
            0 if is_open[of] || in_silence(day) => Oddity::Missing,
            0 => return None,
            _ if usual_lines < LEAST_LINES => return None,
            _ if (lines as f64) < THIN * usual_lines as f64 => Oddity::Thin,
            _ if lines as f64 > FULL * usual_lines as f64 => Oddity::Full,
            _ => return None,
        };
        Some(OddDay { day, oddity, lines, usual_lines })
    };
    let odd = (first..=last).filter_map(oddity).collect();
    let before_last = days.keys().rev().nth(1);
    let alone_at_the_end = before_last.map(|&before| last - before).filter(|&days| days > ALONE_DAYS);
    Some(DayReport { span: (first, last), with_lines: days.len() as u64, alone_at_the_end, odd })
}

/// The first and the last of many days in a row without a line, where days with lines usually follow each other closely.
fn silences(days: &BTreeMap<i64, Day>) -> Vec<(i64, i64)> {
    let gaps = || days.keys().zip(days.keys().skip(1)).map(|(&day, &next)| (day + 1, next - 1));
    let mut lengths: Vec<i64> = gaps().map(|(begin, end)| end - begin + 1).collect();
    lengths.sort_unstable();
    // A shop that sells once a month is not silent in between.
    let usual = lengths.get(lengths.len() * 9 / 10).copied().unwrap_or(0);
    let long = SILENT_DAYS.max(5 * usual);
    // What comes alone so long after all else is a wrong date, and no feed that has begun again.
    let last = days.keys().next_back();
    let is_wrong_date = |length: i64, end: i64| length >= ALONE_DAYS && last == Some(&(end + 1));
    gaps()
        .filter(|&(begin, end)| {
            let length = end - begin + 1;
            length >= long && !is_wrong_date(length, end)
        })
        .collect()
}

fn weekday(day: i64) -> usize {
    day.rem_euclid(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_odd_by_what_its_weekday_usually_has() {
        // Ten weeks of 100 lines a day and none on weekday 3; one day missing, one thin, one too full.
        let mut days: BTreeMap<i64, Day> = (700..770)
            .filter(|&day| weekday(day) != 3)
            .map(|day| (day, Day { lines: 100, amount: 0 }))
            .collect();
        days.remove(&714);
        days.insert(722, Day { lines: 9, amount: 0 });
        days.insert(730, Day { lines: 501, amount: 0 });
        let odd = |day, oddity, lines| OddDay { day, oddity, lines, usual_lines: 100 };
        let report = report(&days).unwrap();
        let expected = [odd(714, Oddity::Missing, 0), odd(722, Oddity::Thin, 9), odd(730, Oddity::Full, 501)];
        assert_eq!(report.odd, expected);
        assert_eq!((report.span, report.with_lines), ((700, 769), 59));
        assert_eq!(report.alone_at_the_end, None);

        // However long nothing comes, each of the days is missing, and the weekdays are judged by the others.
        for silent in [30, 100, 365, 2_000] {
            let mut with_hole = days.clone();
            with_hole.extend((0..100).map(|day| (770 + silent + day, Day { lines: 100, amount: 0 })));
            let missing = super::report(&with_hole).unwrap().odd;
            let missing = missing
                .iter()
                .filter(|odd| odd.oddity == Oddity::Missing && (770..770 + silent).contains(&odd.day));
            assert_eq!(missing.count() as i64, silent);
        }
        days.insert(4_400, Day { lines: 1, amount: 0 });
        assert_eq!(super::report(&days).unwrap().alone_at_the_end, Some(4_400 - 769));
    }
}
