//! Times that are not written in ISO 8601: 31.12.2024 18:30, 12/31/2024 6:30 PM.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::Zone;
use crate::units::{Instant, ParseUnitError};

/// How a shop writes its times, as strftime says it: `%d.%m.%Y %H:%M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat(String);

impl TimeFormat {
    /// The instant of a text; `None` of one that is not written so. A time without a zone is on the clock of `zone`, a date
    /// without a time midnight UTC.
    pub(super) fn instant(&self, text: &str, zone: Option<&Zone>) -> Option<Instant> {
        let read = BrokenDownTime::parse(&self.0, text).ok()?;
        if read.offset().is_some() {
            return Instant::from_micros(read.to_timestamp().ok()?.as_microsecond());
        }
        let civil = read.to_datetime().ok()?;
        match zone.filter(|_| read.hour().is_some()) {
            Some(zone) => zone.instant(civil),
            None => Instant::from_micros(TimeZone::UTC.to_timestamp(civil).ok()?.as_microsecond()),
        }
    }
}

impl FromStr for TimeFormat {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        /// An evening, so that a clock of twelve hours without AM and PM is found out.
        const EVENING: DateTime = DateTime::constant(2024, 12, 31, 18, 0, 0, 0);
        let format = Self(text.trim().to_owned());
        // What is written so must read as the same day and, where there is a time, the same hour.
        let zoned = TimeZone::UTC.to_zoned(EVENING);
        let written = zoned.ok().and_then(|evening| jiff::fmt::strtime::format(&format.0, &evening).ok());
        let read = written.and_then(|written| format.instant(&written, None));
        let evening = "2024-12-31T18:00:00Z".parse();
        let day = "2024-12-31".parse();
        match read {
            Some(read) if Ok(read) == evening || Ok(read) == day => Ok(format),
            _ => Err(ParseUnitError::new(
                text,
                "a day, with or without a time, as strftime writes it, such as '%d.%m.%Y %H:%M'",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str, zone: Option<&str>) -> Option<String> {
        let zone: Option<Zone> = zone.map(|zone| zone.parse().unwrap());
        let instant = format.parse::<TimeFormat>().unwrap().instant(text, zone.as_ref());
        instant.map(|instant| instant.to_string())
    }

    #[test]
    fn days_and_times_are_read_as_they_are_written() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(read("%d.%m.%Y", "01.02.2024", None), text("2024-02-01T00:00:00Z"));
        assert_eq!(read("%d.%m.%Y", "1.2.2024", None), text("2024-02-01T00:00:00Z"));
        assert_eq!(read("%m/%d/%Y %H:%M", "12/1/2010 8:26", None), text("2010-12-01T08:26:00Z"));
        assert_eq!(read("%m/%d/%Y %I:%M %p", "12/1/2010 8:26 PM", None), text("2010-12-01T20:26:00Z"));
        assert_eq!(read("%d.%m.%y", "01.02.24", None), text("2024-02-01T00:00:00Z"));
        assert_eq!(read("%Y%m%d", "20240201", None), text("2024-02-01T00:00:00Z"));
        assert_eq!(read("%Y年%m月%d日", "2024年2月1日", None), text("2024-02-01T00:00:00Z"));
        assert_eq!(read("%d.%m.%Y", "30.02.2024", None), None);
        assert_eq!(read("%d.%m.%Y", "2024-02-01", None), None);
        assert_eq!(read("%d.%m.%Y", "01.02.2024 10:00", None), None, "what is left over is not dropped");
    }

    #[test]
    fn a_time_is_on_the_shops_clock_and_a_day_is_not() {
        let berlin = Some("Europe/Berlin");
        let noon = Some("2024-07-01T10:00:00Z".to_owned());
        assert_eq!(read("%d.%m.%Y %H:%M", "01.07.2024 12:00", berlin), noon);
        assert_eq!(read("%d.%m.%Y %H:%M %z", "01.07.2024 12:00 +0200", Some("Asia/Tokyo")), noon);
        assert_eq!(read("%d.%m.%Y", "01.07.2024", berlin), Some("2024-07-01T00:00:00Z".to_owned()));
    }

    #[test]
    fn what_says_no_day_is_no_format() {
        for bad in ["", "dd.mm.yyyy", "%d.%m", "%H:%M", "%d.%m.%Y %I:%M", "%Q", "%d.%m.%Y%"] {
            assert!(bad.parse::<TimeFormat>().is_err(), "{bad}");
        }
    }
}
