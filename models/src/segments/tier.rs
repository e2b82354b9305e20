//! Tiers: how much of the shop's business a customer is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::{UnknownName, of_name};

/// How much of the shop's business a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The most valuable fifth.
    Key,
    /// The next three tenths.
    Ordinary,
    /// The other half.
    Small,
    /// Loss-making, abusive or in breach, whatever the value.
    Problem,
}

impl Tier {
    /// All of them, the most valuable first.
    pub const ALL: [Self; 4] = [Self::Key, Self::Ordinary, Self::Small, Self::Problem];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Ordinary => "ordinary",
            Self::Small => "small",
            Self::Problem => "problem",
        }
    }
}

impl FromStr for Tier {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_name("tier", &Self::ALL, Self::name, text)
    }
}
