//! Frequency: on how many days the customer bought.

use crate::feature::{Feature, Unit, Window};

/// Distinct calendar days (UTC) with a purchase; BG/NBD's x is this less one.
pub const FREQUENCY: Feature = Feature {
    name: "frequency",
    unit: Unit::Count,
    window: Window::WholeHistory,
    least: 1.0,
    meaning: "Distinct calendar days with a purchase.",
    // Purchases are in time order, so equal days are neighbours.
    compute: |known| {
        known.purchases().chunk_by(|a, b| a.instant.calendar_day() == b.instant.calendar_day()).count() as f64
    },
};
