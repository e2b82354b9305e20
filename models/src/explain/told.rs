//! What is told of a customer, in no language yet.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::saying::{MOST_FACTS, Saying, Towards, numbered, sayings_of};
use crate::facts;
use crate::language::Language;

/// What a feature tells of a customer: which feature, whether towards leaving or staying, and the numbers in the sentence,
/// with the digits that are written. As a text it is a code, which reads back: `silence_ratio leaving recency_days=47
/// silence_ratio=3.9 gap_mean_days=12`; without numbers it tells that the feature has no value.
#[derive(Clone, Copy, PartialEq)]
pub struct Told {
    saying: &'static Saying,
    /// As many as there are facts; the others are 0.
    numbers: [f64; MOST_FACTS],
}

/// A text that is no code of a [`Told`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no reason known here")]
pub struct UnknownReason(String);

impl Told {
    /// With the numbers of a saying's facts, in their order; `None` where one of them has no value.
    pub(super) fn new(saying: &'static Saying, values: impl Iterator<Item = f64>) -> Option<Self> {
        let mut numbers = [0.0; MOST_FACTS];
        for ((number, fact), value) in numbers.iter_mut().zip(&saying.facts).zip(values) {
            if !value.is_finite() {
                return None;
            }
            *number = fact.figure.rounded(value);
        }
        Some(Self { saying, numbers })
    }

    /// The feature that speaks.
    pub fn feature(&self) -> &'static str {
        self.saying.feature
    }

    /// What it makes more likely.
    pub fn towards(&self) -> Towards {
        self.saying.towards
    }

    /// Whether it tells that the feature has no value.
    pub fn is_of_no_value(&self) -> bool {
        self.saying.facts.is_empty()
    }

    /// The numbers that are told, by the feature's name, or `a-b` for a difference.
    pub fn facts(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.saying.facts.iter().map(|fact| fact.name.as_str()).zip(self.numbers)
    }

    /// It as numbers: which saying, as this version counts them, and what is in it.
    pub fn numbered(&self) -> (u16, [f64; MOST_FACTS]) {
        (self.saying.number, self.numbers)
    }

    /// What [`Self::numbered`] gave; `None` of a number that no saying has.
    pub fn of_numbered(saying: u16, numbers: [f64; MOST_FACTS]) -> Option<Self> {
        Some(Self { saying: numbered(saying)?, numbers })
    }

    /// The sentence.
    pub fn sentence(&self, language: Language) -> String {
        self.saying.with(&self.numbers, language)
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.feature(), self.towards().name())?;
        facts::write(f, self.facts())
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Told {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        let of = |saying: &'static Saying| -> Option<Self> {
            let mut words = text.split(' ').skip(1);
            let mut numbers = [0.0; MOST_FACTS];
            if words.next()? != saying.towards.name() {
                return None;
            }
            for (number, fact) in numbers.iter_mut().zip(&saying.facts) {
                let (name, told) = facts::read(words.next()?)?;
                *number = (name == fact.name).then_some(told)?;
            }
            words.next().is_none().then_some(Self { saying, numbers })
        };
        let feature = text.split(' ').next().unwrap_or_default();
        sayings_of(feature).iter().find_map(of).ok_or_else(|| UnknownReason(text.to_owned()))
    }
}
