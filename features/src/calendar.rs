//! Whole weeks, months, quarters and years of a calendar, as spans of time.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

use crate::ingest::Zone;
use crate::units::{Instant, ParseUnitError};

/// What a calendar is divided into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// Monday to Sunday, numbered as in ISO 8601.
    Week,
    /// A month.
    Month,
    /// Three months from January, April, July or October.
    Quarter,
    /// January to December.
    Year,
}

/// One period of a calendar.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendarPeriod {
    /// Its name: 2024-W05, 2024-03, 2024-Q1 or 2024.
    pub name: String,
    /// Its first instant.
    pub start: Instant,
    /// Its end, which is the next one's first instant.
    pub end: Instant,
    /// Months from January of the year 0 to its first day, with the fraction of the month's days: where it lies on an
    /// axis of time.
    pub month: f64,
}

impl CalendarPeriod {
    /// The last instant that is before the period; a purchase at its first instant belongs to it.
    pub fn just_before(&self) -> Instant {
        before(self.start)
    }

    /// The period's last instant.
    pub fn last(&self) -> Instant {
        before(self.end)
    }
}

fn before(instant: Instant) -> Instant {
    Instant::from_micros(instant.micros() - 1).unwrap_or(Instant::MIN)
}

impl Period {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The periods, in time order and without gaps, from the one an instant is in to the one another is in, on the
    /// clock of a zone.
    pub fn between(self, zone: &Zone, from: Instant, until: Instant) -> Vec<CalendarPeriod> {
        let mut periods = Vec::new();
        let mut first = zone.date(from).and_then(|date| self.first_day(date));
        while let Some(day) = first {
            let next = day.checked_add(self.length()).ok();
            let bounds = zone.midnight(day).zip(next.and_then(|next| zone.midnight(next)));
            let Some((start, end)) = bounds.filter(|&(start, _)| start <= until) else { break };
            periods.push(CalendarPeriod { name: self.name_of(day), start, end, month: month(day) });
            first = next;
        }
        periods
    }

    fn first_day(self, day: Date) -> Option<Date> {
        match self {
            Self::Week => {
                let since_monday = i64::from(day.weekday().since(Weekday::Monday));
                day.checked_sub(since_monday.days()).ok()
            }
            Self::Month => Some(day.first_of_month()),
            Self::Quarter => Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).ok(),
            Self::Year => Some(day.first_of_year()),
        }
    }

    fn length(self) -> Span {
        match self {
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        }
    }

    fn name_of(self, day: Date) -> String {
        let year = day.year();
        match self {
            Self::Week => {
                let week = day.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{year:04}-{:02}", day.month()),
            Self::Quarter => format!("{year:04}-Q{}", (day.month() - 1) / 3 + 1),
            Self::Year => format!("{year:04}"),
        }
    }
}

fn month(day: Date) -> f64 {
    let whole = i32::from(day.year()) * 12 + i32::from(day.month()) - 1;
    f64::from(whole) + f64::from(day.day() - 1) / f64::from(day.days_in_month())
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Period {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let period = Self::ALL.into_iter().find(|period| period.name() == text);
        period.ok_or_else(|| ParseUnitError::new(text, "a period: week, month, quarter or year"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn named(period: Period, from: &str, until: &str) -> Vec<(String, String)> {
        let periods = period.between(&Zone::default(), at(from), at(until));
        assert!(periods.windows(2).all(|pair| pair[0].end == pair[1].start));
        periods.into_iter().map(|period| (period.name, period.start.to_string()[..10].to_owned())).collect()
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        let pairs = |expected: &[(&str, &str)]| -> Vec<(String, String)> {
            expected.iter().map(|&(name, start)| (name.to_owned(), start.to_owned())).collect()
        };
        assert_eq!(
            named(Period::Month, "2023-12-31T23:59:59Z", "2024-02-01"),
            pairs(&[("2023-12", "2023-12-01"), ("2024-01", "2024-01-01"), ("2024-02", "2024-02-01")])
        );
        assert_eq!(
            named(Period::Quarter, "2024-03-31", "2024-04-01"),
            pairs(&[("2024-Q1", "2024-01-01"), ("2024-Q2", "2024-04-01")])
        );
        assert_eq!(
            named(Period::Week, "2024-12-29", "2025-01-01"),
            pairs(&[("2024-W52", "2024-12-23"), ("2025-W01", "2024-12-30")])
        );
        assert_eq!(named(Period::Year, "2024-06-01", "2024-06-01"), pairs(&[("2024", "2024-01-01")]));
        assert!(named(Period::Month, "2024-02-01", "2024-01-01").is_empty());
    }

    #[test]
    fn a_zone_has_midnights_of_its_own() {
        let months = Period::Month.between(
            &"America/New_York".parse().unwrap(),
            at("2024-03-01T04:00:00Z"),
            at("2024-03-01T05:00:00Z"),
        );
        let names: Vec<&str> = months.iter().map(|month| month.name.as_str()).collect();
        assert_eq!(names, ["2024-02", "2024-03"], "it is still February there");
        assert_eq!(months[1].start, at("2024-03-01T05:00:00Z"));
        assert_eq!(months[1].end, at("2024-04-01T04:00:00Z"), "summer time has begun");
        assert_eq!(months[1].just_before(), months[0].last());
        assert_eq!(months[1].just_before().to_string(), "2024-03-01T04:59:59.999999Z");
    }

    #[test]
    fn the_ends_of_time_end_the_calendar() {
        for period in Period::ALL {
            assert!(period.between(&Zone::default(), Instant::MAX, Instant::MAX).len() <= 1);
            assert!(period.between(&Zone::default(), Instant::MIN, Instant::MIN).len() <= 1);
            assert_eq!(period.name().parse(), Ok(period));
        }
        assert!("day".parse::<Period>().is_err());
    }
}
