//! Rhythm: how regularly the customer comes, and how long the present silence is by that measure.
//!
//! A visit is a calendar day (UTC) with a purchase and stands at its first purchase; a gap is the elapsed time from
//! one visit to the next. Two orders of one day are one visit, or whoever orders twice would seem to come every hour.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::known::Known;
use crate::monetary::spread;

/// The usual gap.
pub const GAP_MEAN_DAYS: Feature = Feature {
    name: "gap_mean_days",
    topic: Topic::Activity,
    unit: Unit::DaysAndHours,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: Some("with purchases on fewer than two days"),
    meaning: "Mean gap between visits (days with a purchase, each at its first purchase).",
    compute: mean_gap,
};

/// How far gaps lie apart.
pub const GAP_SPREAD_DAYS: Feature = Feature {
    name: "gap_spread_days",
    meaning: "Standard deviation of the gaps between visits (of the population: 0 for one gap).",
    compute: |known| spread(known.gaps_days(), mean_gap(known)),
    ..GAP_MEAN_DAYS
};

/// The longest gap.
pub const GAP_LONGEST_DAYS: Feature = Feature {
    name: "gap_longest_days",
    meaning: "The longest gap between visits.",
    compute: |known| known.gaps_days().fold(f64::NAN, f64::max),
    ..GAP_MEAN_DAYS
};

/// The present silence by the customer's own measure.
pub const SILENCE_RATIO: Feature = Feature {
    name: "silence_ratio",
    topic: Topic::Silence,
    unit: Unit::Ratio,
    meaning: "Elapsed days since the last purchase, as a multiple of the customer's own mean gap.",
    compute: |known| known.as_of().elapsed_days_since(known.last_purchase().instant) / mean_gap(known),
    ..GAP_MEAN_DAYS
};

/// The gaps add up to the time from the first visit to the last; NaN with one visit.
fn mean_gap(known: &Known<'_>) -> f64 {
    match known.visits() {
        [first, .., last] => last.elapsed_days_since(*first) / (known.visits().len() - 1) as f64,
        _ => f64::NAN,
    }
}
