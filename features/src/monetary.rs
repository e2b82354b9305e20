//! Monetary value: what the customer spends at a time.

use crate::feature::{Feature, Unit, Window};
use crate::units::Amount;

/// Mean amount per purchase, returns excluded.
pub const MONETARY: Feature = Feature {
    name: "monetary",
    unit: Unit::Money,
    window: Window::WholeHistory,
    least: 0.0,
    meaning: "Mean amount per purchase, returns excluded.",
    compute: |known| Amount::mean(known.purchases().iter().map(|purchase| purchase.amount)),
};
