//! Every feature, defined once. Training, batch, API and documentation read this list and no other.

use crate::known::Known;
use crate::{complaints, frequency, monetary, recency, tenure};

/// What a feature's number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole days of elapsed time.
    Days,
    /// A whole number of things.
    Count,
    /// An amount in the log's currency.
    Money,
}

impl Unit {
    /// Whether values are whole numbers.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Days | Self::Count)
    }
}

/// Which part of the history a feature looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Everything at or before the as-of instant.
    WholeHistory,
}

/// One feature: what it is and how it is computed.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// The column's name; units are in it.
    pub name: &'static str,
    /// What the number counts.
    pub unit: Unit,
    /// Which part of the history it looks at.
    pub window: Window,
    /// The least value there can be; there is no greatest but for money's and time's own.
    pub least: f64,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The value for what is known about a customer.
    pub compute: fn(&Known<'_>) -> f64,
}

/// The features, in the order of the table's columns.
pub const FEATURES: [Feature; 5] = [
    recency::RECENCY_DAYS,
    frequency::FREQUENCY,
    monetary::MONETARY,
    complaints::COMPLAINT_COUNT,
    tenure::TENURE_DAYS,
];

/// The values of one row, in the order of [`FEATURES`].
pub type Row = [f64; FEATURES.len()];

/// Computes a row.
pub fn compute(known: &Known<'_>) -> Row {
    FEATURES.map(|feature| (feature.compute)(known))
}

/// The place of a feature in [`FEATURES`].
pub fn position(name: &str) -> Option<usize> {
    FEATURES.iter().position(|feature| feature.name == name)
}
