//! Complaints: how often the customer has complained.

use crate::feature::{Feature, Unit, Window};

/// Complaints at or before the as-of instant.
pub const COMPLAINT_COUNT: Feature = Feature {
    name: "complaint_count",
    unit: Unit::Count,
    window: Window::WholeHistory,
    least: 0.0,
    meaning: "Complaints so far.",
    compute: |known| known.complaints().len() as f64,
};
