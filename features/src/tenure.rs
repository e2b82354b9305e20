//! Tenure: how long the customer has been one.

use crate::feature::{Feature, Needs, Topic, Unit, Window};

/// Whole days since the first purchase.
pub const TENURE_DAYS: Feature = Feature {
    name: "tenure_days",
    topic: Topic::Tenure,
    unit: Unit::Days,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Whole days since the first purchase.",
    compute: |known| known.as_of().days_since(known.first_purchase().instant) as f64,
};
