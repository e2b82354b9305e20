//! Recency: how long ago the customer last bought.

use crate::feature::{Feature, Unit, Window};

/// Whole days since the last purchase.
pub const RECENCY_DAYS: Feature = Feature {
    name: "recency_days",
    unit: Unit::Days,
    window: Window::WholeHistory,
    least: 0.0,
    meaning: "Whole days since the last purchase.",
    compute: |known| known.as_of().days_since(known.last_purchase().instant) as f64,
};
