//! The only clock: the command line and the API read it, and hand on what it says.

use std::time::SystemTime;

use mainstay_features::units::Instant;

/// The instant it is.
pub fn now() -> Instant {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).ok().and_then(Instant::from_micros).unwrap_or(Instant::MAX)
}
