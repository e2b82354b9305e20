//! The languages in which people read what is said about a customer.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::names::{UnknownName, of_name};

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Simplified Chinese.
    #[serde(rename = "zh")]
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Its code, as in files and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh",
        }
    }

    /// What stands behind a percentage.
    pub const fn percent_sign(self) -> &'static str {
        match self {
            Self::English => " %",
            Self::Chinese => "%",
        }
    }

    /// Of one thing in both languages the one that is read.
    pub fn either<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

impl FromStr for Language {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_name("language", &Self::ALL, Self::name, text)
    }
}
