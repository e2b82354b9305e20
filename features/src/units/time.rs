//! Moments in time, and spans of whole days.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::ParseUnitError;

pub(crate) const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A moment in time: microseconds since 1970-01-01T00:00:00Z, in the years 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// The earliest instant, 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(-62_135_596_800_000_000);
    /// The latest instant, 9999-12-29T23:59:59.999999Z: in any time zone still the year 9999.
    pub const MAX: Self = Self(253_402_127_999_999_999);

    /// The instant so many microseconds after 1970-01-01T00:00:00Z; `None` outside the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole days elapsed from `earlier` to `self`: ⌊(self − earlier) / 86,400 s⌋, never a count of midnights.
    ///
    /// ```
    /// use mainstay_features::units::Instant;
    /// let bought: Instant = "2024-03-01T18:00:00Z".parse()?;
    /// let now: Instant = "2024-03-03T09:00:00Z".parse()?;
    /// assert_eq!(now.days_since(bought), 1);
    /// # Ok::<(), mainstay_features::units::ParseUnitError>(())
    /// ```
    pub const fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).div_euclid(MICROS_PER_DAY)
    }

    /// Elapsed days from `earlier` to `self`, with their fraction.
    pub fn elapsed_days_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MICROS_PER_DAY as f64
    }

    /// The calendar day in UTC, as days since 1970-01-01.
    pub const fn calendar_day(self) -> i64 {
        self.0.div_euclid(MICROS_PER_DAY)
    }

    /// `days` before this instant, or the earliest instant there is.
    pub fn minus(self, days: Days) -> Self {
        Self((self.0 - i64::from(days.0) * MICROS_PER_DAY).max(Self::MIN.0))
    }

    /// `days` after this instant, or the latest instant there is.
    pub fn plus(self, days: Days) -> Self {
        Self((self.0 + i64::from(days.0) * MICROS_PER_DAY).min(Self::MAX.0))
    }
}

/// RFC 3339 in UTC, with a fraction of a second only where there is one.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(timestamp) => timestamp.fmt(f),
            Err(_) => write!(f, "{} µs", self.0),
        }
    }
}

impl Instant {
    /// The instant of a text that tells which one it is: a date, which is its midnight in UTC, or a time that says its zone.
    pub fn with_zone(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains([':', ' ', 'T', 't']) {
            Self::from_micros(Self::zoned(text)?.as_microsecond())
        } else {
            text.parse().ok()
        }
    }

    /// The timestamp that a text with a zone is: ISO 8601, or as databases write it, with ` UTC` or the offset after a space.
    pub(crate) fn zoned(text: &str) -> Option<Timestamp> {
        text.parse().ok().or_else(|| {
            let (clock, zone) = text.rsplit_once(' ')?;
            match zone {
                "UTC" | "Z" => format!("{clock}Z").parse().ok(),
                _ if zone.starts_with(['+', '-']) => format!("{clock}{zone}").parse().ok(),
                _ => None,
            }
        })
    }
}

/// Reads a date (midnight UTC), an RFC 3339 timestamp, or a timestamp without a zone (taken as UTC).
impl FromStr for Instant {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || ParseUnitError::new(text, "a date (2024-03-01) or a timestamp (2024-03-01T18:00:00Z)");
        let trimmed = text.trim();
        // A time without an offset but with a zone in brackets is not UTC, and the zone's rules are not here.
        let zoned = trimmed.contains('[');
        let timestamp = match Self::zoned(trimmed) {
            None if zoned => return Err(bad()),
            Some(timestamp) => timestamp,
            None => {
                let civil = trimmed.parse::<DateTime>().map_err(|_| bad())?;
                TimeZone::UTC.to_timestamp(civil).map_err(|_| bad())?
            }
        };
        Self::from_micros(timestamp.as_microsecond()).ok_or_else(bad)
    }
}

/// A number of whole days, 1 to 36,500: a horizon or a lookback. Written `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(u32);

impl Days {
    const MAX: u32 = 36_500;

    /// `None` outside 1 to 36,500.
    pub const fn new(days: u32) -> Option<Self> {
        if days == 0 || days > Self::MAX { None } else { Some(Self(days)) }
    }

    /// The number of days.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}d", self.0)
    }
}

impl FromStr for Days {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_suffix('d')
            .and_then(|digits| digits.parse().ok())
            .and_then(Self::new)
            .ok_or_else(|| ParseUnitError::new(text, "a number of days from 1d to 36500d, such as 90d"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_elapsed_time_not_midnights() {
        let as_of = at("2024-03-02T00:00:00Z");
        assert_eq!(as_of.days_since(at("2024-03-01T23:59:59Z")), 0);
        assert_eq!(as_of.days_since(at("2024-03-01")), 1);
        assert_eq!(at("2024-03-01T23:59:59.999999Z").days_since(at("2024-03-01")), 0);
    }

    #[test]
    fn instants_read_dates_zones_and_naive_times() {
        assert_eq!(at("1970-01-02").micros(), MICROS_PER_DAY);
        assert_eq!(at("2024-03-01T02:00:00+02:00"), at("2024-03-01"));
        assert_eq!(at("2024-03-01 18:30:00"), at("2024-03-01T18:30:00Z"));
        assert_eq!(at("2024-03-01 18:30:00 UTC"), at("2024-03-01T18:30:00Z"));
        assert_eq!(at("2024-03-01 18:30:00.25 +0200"), at("2024-03-01T16:30:00.25Z"));
        assert_eq!(at("1998-04-01").to_string(), "1998-04-01T00:00:00Z");
        for bad in [
            "",
            "yesterday",
            "2024-13-01",
            "2023-02-29",
            "12/31/2024",
            "-0001-01-01",
            "2024-03-01T10:00:00[Asia/Tokyo]",
            "2024-03-01 10:00:00 CET",
            "2024-03-01 UTC",
        ] {
            assert!(bad.parse::<Instant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_says_its_zone_or_is_a_date() {
        for text in ["2024-03-01", "20240301", "2024-03-01T18:30:00Z", " 2024-03-01 18:30:00+08:00"] {
            assert_eq!(Instant::with_zone(text), Some(at(text)));
        }
        for text in ["2024-03-01T18:30:00", "2024-03-01 18:30", "20240301T1830"] {
            assert_eq!(Instant::with_zone(text), None);
        }
    }

    #[test]
    fn the_ends_of_time_are_in_the_years_1_and_9999() {
        assert_eq!(Instant::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Instant::MAX.to_string(), "9999-12-29T23:59:59.999999Z");
        let century = Days::new(36_500).unwrap();
        assert_eq!(Instant::MIN.minus(century), Instant::MIN);
        assert_eq!(Instant::MAX.plus(century), Instant::MAX);
    }

    #[test]
    fn days_are_written_with_a_d() {
        assert_eq!("90d".parse::<Days>().unwrap().get(), 90);
        for bad in ["90", "0d", "-1d", "1.5d", "36501d", "d", ""] {
            assert!(bad.parse::<Days>().is_err(), "{bad}");
        }
    }
}
