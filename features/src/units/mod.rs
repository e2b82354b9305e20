//! Instants, days, money and probabilities as types, so that a bad one cannot exist past the edge.

mod money;
mod time;

pub use money::{Amount, Money};
pub(crate) use time::MICROS_PER_DAY;
pub use time::{Days, Instant};

/// A probability, in [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Certain.
    pub const ONE: Self = Self(1.0);
    /// It does not.
    pub const ZERO: Self = Self(0.0);

    /// `None` outside [0, 1].
    pub const fn new(p: f64) -> Option<Self> {
        if p >= 0.0 && p <= 1.0 { Some(Self(p)) } else { None }
    }

    /// The nearest probability to an estimate that rounding may have put a hair outside [0, 1]; NaN becomes 0.5,
    /// the answer of someone who knows nothing.
    pub const fn nearest(p: f64) -> Self {
        if p.is_nan() { Self(0.5) } else { Self(p.clamp(0.0, 1.0)) }
    }

    /// The probability as a number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// A text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ParseUnitError {
    text: String,
    expected: &'static str,
}

impl ParseUnitError {
    /// The text, as much of it as is kept.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text is not what is `expected` (said with its article: "an amount").
    pub fn new(text: &str, expected: &'static str) -> Self {
        // A hostile field may be megabytes long; a message should not be.
        Self { text: text.chars().take(60).collect(), expected }
    }
}
