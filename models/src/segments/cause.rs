//! Causes: why a customer is likely to leave.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::{UnknownName, of_name};

/// Why a customer is likely to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Moved, died, closed the business.
    Natural,
    /// Needs something else now.
    #[serde(rename = "need changed")]
    NeedChanged,
    /// The price, or a competitor's.
    Price,
    /// A fault or a complaint.
    Disappointment,
    /// The shop ended it, for a breach or fraud.
    Forced,
    /// Nothing speaks for any of the others.
    Unknown,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Natural, Self::NeedChanged, Self::Price, Self::Disappointment, Self::Forced, Self::Unknown];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Natural => "natural",
            Self::NeedChanged => "need changed",
            Self::Price => "price",
            Self::Disappointment => "disappointment",
            Self::Forced => "forced",
            Self::Unknown => "unknown",
        }
    }
}

impl FromStr for Cause {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_name("cause", &Self::ALL, Self::name, text)
    }
}
