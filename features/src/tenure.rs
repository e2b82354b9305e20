//! Tenure: how long the customer has been one.

use crate::feature::{Feature, Unit, Window};

/// Whole days since the first purchase.
pub const TENURE_DAYS: Feature = Feature {
    name: "tenure_days",
    unit: Unit::Days,
    window: Window::WholeHistory,
    least: 0.0,
    meaning: "Whole days since the first purchase.",
    compute: |known| known.as_of().days_since(known.first_purchase().instant) as f64,
};
