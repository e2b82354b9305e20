//! The only clock: the command line and the API read it, and hand on what it says.

use std::time::SystemTime;

use mainstay_features::units::{Days, Instant};

/// By so much a local time that is read as UTC may be ahead, and more.
const AHEAD: Days = Days::new(1).unwrap();

/// The instant it is.
pub fn now() -> Instant {
    instant(SystemTime::now())
}

/// What is later than this has not happened by anyone's clock: local times that are read as UTC are ahead by less than a day.
pub fn latest() -> Instant {
    now().plus(AHEAD)
}

/// The instant it is, to the second: a report that is asked for today is about today.
pub fn second() -> Instant {
    let micros = now().micros();
    Instant::from_micros(micros - micros.rem_euclid(1_000_000)).unwrap_or(Instant::MAX)
}

/// An instant of the operating system's.
pub fn instant(time: SystemTime) -> Instant {
    let since_1970 = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).ok().and_then(Instant::from_micros).unwrap_or(Instant::MAX)
}
