//! Season: what the customer did at this time of the year before.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::trend::total;

/// How long ago a year ago is.
pub const YEAR_DAYS: u32 = 365;

/// Purchases in the quarter that ended a year ago.
pub const PURCHASES_90D_YEAR_AGO: Feature = Feature {
    name: "purchases_90d_year_ago",
    topic: Topic::Season,
    unit: Unit::Count,
    window: Window::YearAgo(90),
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Purchases in the window, which is the last 90 days' own a year before.",
    compute: |known| known.purchases_between_days_ago(YEAR_DAYS + 90, YEAR_DAYS).len() as f64,
};

/// What they came to.
pub const MONEY_90D_YEAR_AGO: Feature = Feature {
    name: "money_90d_year_ago",
    unit: Unit::Money,
    meaning: "What the purchases in the window came to.",
    compute: |known| total(known.purchases_between_days_ago(YEAR_DAYS + 90, YEAR_DAYS)),
    ..PURCHASES_90D_YEAR_AGO
};

/// Purchases in the quarter that began a year ago.
pub const PURCHASES_NEXT_90D_YEAR_AGO: Feature = Feature {
    name: "purchases_next_90d_year_ago",
    window: Window::YearAgoNext(90),
    meaning: "Purchases in the window, which is the coming 90 days' own a year before.",
    compute: |known| known.purchases_between_days_ago(YEAR_DAYS, YEAR_DAYS - 90).len() as f64,
    ..PURCHASES_90D_YEAR_AGO
};

/// What they came to.
pub const MONEY_NEXT_90D_YEAR_AGO: Feature = Feature {
    name: "money_next_90d_year_ago",
    unit: Unit::Money,
    meaning: "What the purchases in the window came to.",
    compute: |known| total(known.purchases_between_days_ago(YEAR_DAYS, YEAR_DAYS - 90)),
    ..PURCHASES_NEXT_90D_YEAR_AGO
};
