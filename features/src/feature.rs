//! What a feature is: a name, a unit, a window, a range, a meaning and a function of what is known.

use std::fmt;

use crate::known::Known;

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

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "days",
            Self::Count => "count",
            Self::Money => "money",
        })
    }
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

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeHistory => f.write_str("whole history"),
        }
    }
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
