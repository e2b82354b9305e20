//! Frequency: on how many days the customer bought.

use crate::feature::{Feature, Needs, Topic, Unit, Window};

/// Distinct calendar days (UTC) with a purchase; BG/NBD's x is this less one.
pub const FREQUENCY: Feature = Feature {
    name: "frequency",
    topic: Topic::Activity,
    unit: Unit::Count,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 1.0,
    missing: None,
    meaning: "Distinct calendar days (UTC) with a purchase.",
    compute: |known| known.visits().len() as f64,
};
