//! Recency: how long ago the customer last bought.

use crate::feature::{Feature, Needs, Topic, Unit, Window};

/// Whole days since the last purchase.
pub const RECENCY_DAYS: Feature = Feature {
    name: "recency_days",
    topic: Topic::Silence,
    unit: Unit::Days,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Whole days since the last purchase.",
    compute: |known| known.as_of().days_since(known.last_purchase().instant) as f64,
};
