//! How a shop writes what its files hold: its clock, its numbers for instants, its separator.

use std::borrow::Cow;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::{Encoding, Numbers, TimeFormat};
use crate::units::{Amount, Instant, ParseUnitError};

/// How files are written where they do not say so themselves.
#[derive(Clone, Debug, Default)]
pub struct Convention {
    /// Where times without a zone were on the clock; UTC unless said. Dates without a time are midnight UTC.
    pub time_zone: Option<Zone>,
    /// What whole numbers that stand for instants count.
    pub ts_unit: Option<EpochUnit>,
    /// How times are written that are not in ISO 8601; the first that fits counts.
    pub ts_formats: Vec<TimeFormat>,
    /// How numbers in texts are written.
    pub numbers: Numbers,
    /// How the characters of CSV files are written; UTF-8 unless said, or UTF-16 where a file says so.
    pub encoding: Option<Encoding>,
    /// What separates the columns of CSV files; what the header has most of unless said.
    pub delimiter: Option<u8>,
}

impl Convention {
    /// The instant of a text.
    pub(crate) fn instant(&self, text: &str) -> Result<Instant, ParseUnitError> {
        // Not every file of a shop writes numbers: what is none is read as a text.
        if let Some(unit) = self.ts_unit
            && let Ok(number) = text.trim().parse()
        {
            return unit.instant(number).ok_or_else(|| {
                ParseUnitError::new(text, "a number that stands for an instant in the years 1 to 9999")
            });
        }
        let formats = || self.ts_formats.iter();
        if let Some(instant) =
            formats().find_map(|format| format.instant(text.trim(), self.time_zone.as_ref()))
        {
            return Ok(instant);
        }
        if let Some(zone) = &self.time_zone
            && text.contains([':', 'T', ' '])
            && !text.contains('[')
            && Instant::zoned(text.trim()).is_none()
            && let Ok(civil) = text.trim().parse::<DateTime>()
            && let Some(instant) = zone.instant(civil)
        {
            return Ok(instant);
        }
        text.parse().map_err(|_| {
            ParseUnitError::new(
                text,
                "a date (2024-03-01), a timestamp (2024-03-01T18:00:00Z), or what --ts-format says",
            )
        })
    }

    /// The end that a text gives a contract; `None` where it is in the year 9999, with which many systems say that there is none.
    pub(crate) fn end(&self, text: &str) -> Result<Option<Instant>, ParseUnitError> {
        match self.instant(text) {
            Ok(end) => Ok(Some(end).filter(|&end| !is_never(end.micros()))),
            // The last days of that year are no instants in every zone.
            Err(_) if text.contains("9999") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The amount of a text.
    pub(crate) fn amount(&self, text: &str) -> Result<Amount, ParseUnitError> {
        let with_point = |expected| {
            let amount = self.numbers.with_point(text).and_then(|number| number.parse().ok());
            amount.ok_or_else(|| ParseUnitError::new(text, expected))
        };
        match self.numbers {
            Numbers::Plain => plain_amount(text),
            Numbers::DecimalComma => with_point("an amount such as 1.234,50, within ±10¹²"),
            Numbers::ThousandsComma => with_point("an amount such as 1,234.50, within ±10¹²"),
        }
    }

    /// A number as it is with a decimal point; any other text as it is.
    pub(crate) fn plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.numbers.with_point(text).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// The instant of a time on the clock, given as the microseconds since 1970 that it would be in UTC.
    pub(crate) fn on_the_clock(&self, micros: i64) -> Option<Instant> {
        let Some(zone) = &self.time_zone else { return Instant::from_micros(micros) };
        let clock = jiff::Timestamp::from_microsecond(micros).ok()?;
        zone.instant(TimeZone::UTC.to_datetime(clock))
    }
}

/// An amount with a decimal point and nothing between its thousands.
fn plain_amount(text: &str) -> Result<Amount, ParseUnitError> {
    text.parse().map_err(|error| match text.contains(',') {
            true => ParseUnitError::new(
                text,
                "an amount such as 1234.50, with a decimal point and no commas (1.234,50 is read with --decimal-comma, 1,234.50 with \
                 --thousands-comma)",
            ),
            false => error,
        })
}

/// Whether a time, in microseconds since 1970, is in the year 9999 or later.
pub(super) const fn is_never(micros: i64) -> bool {
    /// 9999-01-01T00:00:00Z
    const NEVER: i64 = 253_370_764_800_000_000;
    micros >= NEVER
}

/// A time zone of the IANA database, which comes with the program: Europe/London.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

/// UTC.
impl Default for Zone {
    fn default() -> Self {
        Self(TimeZone::UTC)
    }
}

impl Zone {
    /// The day that an instant is on.
    pub(crate) fn date(&self, instant: Instant) -> Option<Date> {
        let timestamp = jiff::Timestamp::from_microsecond(instant.micros()).ok()?;
        Some(self.0.to_datetime(timestamp).date())
    }

    /// The first instant of a day.
    pub(crate) fn midnight(&self, day: Date) -> Option<Instant> {
        self.instant(day.at(0, 0, 0, 0))
    }

    /// The first instant of the day that an instant is on.
    pub fn start_of_day(&self, instant: Instant) -> Instant {
        self.date(instant).and_then(|day| self.midnight(day)).unwrap_or(Instant::MIN)
    }

    /// The first instant of the next day.
    pub fn end_of_day(&self, instant: Instant) -> Instant {
        let next = self.date(instant).and_then(|day| day.tomorrow().ok());
        next.and_then(|day| self.midnight(day)).unwrap_or(Instant::MAX)
    }

    /// Its name, such as Europe/London.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// When the clock shows this. A time the clock shows twice is the first of the two; one that it skips is as much
    /// later.
    pub(super) fn instant(&self, civil: DateTime) -> Option<Instant> {
        Instant::from_micros(self.0.to_timestamp(civil).ok()?.as_microsecond())
    }
}

impl FromStr for Zone {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        TimeZone::get(text)
            .map(Self)
            .map_err(|_| ParseUnitError::new(text, "a time zone of the IANA database, such as Europe/London"))
    }
}

/// What a whole number that stands for an instant counts since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl EpochUnit {
    /// The instant of a number; `None` outside the years 1 to 9999.
    pub fn instant(self, number: i64) -> Option<Instant> {
        let micros = match self {
            Self::Seconds => number.checked_mul(1_000_000)?,
            Self::Millis => number.checked_mul(1_000)?,
            Self::Micros => number,
            Self::Nanos => number.div_euclid(1_000),
        };
        Instant::from_micros(micros)
    }
}

impl FromStr for EpochUnit {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "s" => Ok(Self::Seconds),
            "ms" => Ok(Self::Millis),
            "us" => Ok(Self::Micros),
            "ns" => Ok(Self::Nanos),
            _ => Err(ParseUnitError::new(text, "s, ms, us or ns")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn london() -> Convention {
        Convention { time_zone: Some("Europe/London".parse().unwrap()), ..Convention::default() }
    }

    #[test]
    fn times_without_a_zone_are_on_the_shops_clock() {
        let read = |text: &str| london().instant(text).unwrap().to_string();
        assert_eq!(read("2024-07-01 10:00:00"), "2024-07-01T09:00:00Z");
        assert_eq!(read("2024-01-01T10:00:00"), "2024-01-01T10:00:00Z");
        assert_eq!(read("2024-07-01T10:00:00Z"), "2024-07-01T10:00:00Z", "a zone of its own stays");
        assert_eq!(read("2024-07-01"), "2024-07-01T00:00:00Z", "a date is midnight UTC");
        assert_eq!(read("2024-10-27 01:30:00"), "2024-10-27T00:30:00Z", "shown twice: the first");
        assert_eq!(read("2024-03-31 01:30:00"), "2024-03-31T01:30:00Z", "skipped: as much later");
        let ten: Instant = "2024-07-01T10:00:00Z".parse().unwrap();
        let nine: Instant = "2024-07-01T09:00:00Z".parse().unwrap();
        assert_eq!(london().on_the_clock(ten.micros()), Some(nine), "a column means what a text does");
        assert!("Mars/Olympus".parse::<Zone>().is_err());
    }

    #[test]
    fn a_shops_own_format_comes_before_iso_and_does_not_replace_it() {
        let formats = ["%d.%m.%Y %H:%M", "%d.%m.%Y"].map(|format| format.parse().unwrap());
        let german = Convention { ts_formats: formats.into(), ..london() };
        let read = |text: &str| german.instant(text).map(|instant| instant.to_string());
        assert_eq!(read(" 01.07.2024 10:00 ").unwrap(), "2024-07-01T09:00:00Z");
        assert_eq!(read("01.07.2024").unwrap(), "2024-07-01T00:00:00Z");
        assert_eq!(read("2024-07-01T10:00:00").unwrap(), "2024-07-01T09:00:00Z");
        let error = read("07/01/2024").unwrap_err().to_string();
        assert!(error.contains("--ts-format"), "{error}");
    }

    #[test]
    fn the_year_9999_is_no_end() {
        let convention =
            Convention { ts_formats: vec!["%d.%m.%Y".parse().unwrap()], ..Convention::default() };
        let end = |text: &str| convention.end(text);
        for never in ["9999-12-31", "31.12.9999", "9999-01-01", "9999-12-31T23:59:59Z"] {
            assert_eq!(end(never), Ok(None), "{never}");
        }
        assert_eq!(end("9998-12-31"), "9998-12-31".parse().map(Some));
        assert!(end("soon").is_err());
        let first: Instant = "9999-01-01".parse().unwrap();
        assert!(is_never(first.micros()) && !is_never(first.micros() - 1));
    }

    #[test]
    fn a_comma_is_a_decimal_comma_only_where_that_is_said() {
        let german = Convention { numbers: Numbers::DecimalComma, ..Convention::default() };
        assert_eq!(german.amount("-1.234,50"), Ok(Amount::new(-1234.5).unwrap()));
        assert!(german.amount("1234.50").is_err(), "a point parts thousands");
        assert_eq!((german.plain("1,5"), german.plain("north")), ("1.5".into(), "north".into()));
        let english = Convention::default();
        assert_eq!(english.amount("1234.50"), Ok(Amount::new(1234.5).unwrap()));
        assert_eq!(english.plain("1,5"), "1,5");
        let error = english.amount("1,234.50").unwrap_err().to_string();
        assert!(error.contains("no commas") && error.contains("--decimal-comma"), "{error}");
    }

    #[test]
    fn numbers_are_instants_only_with_a_unit() {
        let of = |unit: &str| Convention { ts_unit: Some(unit.parse().unwrap()), ..Convention::default() };
        let day = "2024-03-01T00:00:00Z".parse::<Instant>();
        assert_eq!(of("s").instant("1709251200"), day);
        assert_eq!(of("ms").instant("1709251200000"), day);
        assert_eq!(of("us").instant("1709251200000000"), day);
        assert_eq!(of("ns").instant("1709251200000000999"), day);
        assert!(of("s").instant("1709251200000000").is_err(), "far beyond the year 9999");
        assert_eq!(of("s").instant("2024-03-01"), day, "what is no number is a text");
        assert!(Convention::default().instant("1709251200").is_err());
    }
}
