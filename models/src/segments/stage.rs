//! Stages: how far along the life with the shop a customer is.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::{UnknownName, of_name};

/// How far along the life with the shop a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Exploring: came lately, and has no rhythm yet.
    New,
    /// Buys more than before.
    Building,
    /// Buys as before.
    Stable,
    /// Buys less than before, or is late.
    Declining,
    /// Silent for so long that a return would be a surprise.
    Lapsed,
}

impl Stage {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [Self::New, Self::Building, Self::Stable, Self::Declining, Self::Lapsed];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Building => "building",
            Self::Stable => "stable",
            Self::Declining => "declining",
            Self::Lapsed => "lapsed",
        }
    }
}

impl FromStr for Stage {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_name("stage", &Self::ALL, Self::name, text)
    }
}
