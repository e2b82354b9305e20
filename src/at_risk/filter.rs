//! Which rows of a scored list are shown, and in what order.

use std::cmp::Ordering;
use std::str::FromStr;

use mainstay_features::units::ParseUnitError;
use mainstay_models::language::Language;
use mainstay_models::segments::{Cause, Stage, Tier};

use crate::scores::{ScoreRow, Scores};

/// Numbers from one to another, both included; either may be left out, as in `0.3..0.8`, `50..` and `..0.2`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    from: f64,
    to: f64,
}

impl Band {
    /// Reads a band of probabilities: one that no probability is in is a mistake.
    ///
    /// # Errors
    /// When it is no band of numbers from 0 to 1.
    pub fn of_probabilities(text: &str) -> Result<Self, ParseUnitError> {
        let bad = || {
            ParseUnitError::new(text, "a band of probabilities from 0 to 1, such as 0.3..0.8, 0.5.. or ..0.2")
        };
        let band: Self = text.parse().map_err(|_| bad())?;
        let is_one = |end: f64| end.is_infinite() || (0.0..=1.0).contains(&end);
        if is_one(band.from) && is_one(band.to) { Ok(band) } else { Err(bad()) }
    }

    fn has(self, number: f64) -> bool {
        (self.from..=self.to).contains(&number)
    }
}

impl FromStr for Band {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        let bad = || ParseUnitError::new(text, "a band of numbers, such as 0.3..0.8, 50.. or ..0.2");
        let (from, to) = text.split_once("..").ok_or_else(bad)?;
        let end = |end: &str, otherwise: f64| match end.trim() {
            "" => Ok(otherwise),
            end => end.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(bad),
        };
        let band = Self { from: end(from, f64::NEG_INFINITY)?, to: end(to, f64::INFINITY)? };
        if band.from <= band.to { Ok(band) } else { Err(bad()) }
    }
}

/// What a customers file says of a customer, as in `region=north`; nothing behind the sign is that it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The attribute.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

impl FromStr for Said {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        let (attribute, value) = text
            .split_once('=')
            .ok_or_else(|| ParseUnitError::new(text, "an attribute and its value, such as region=north"))?;
        Ok(Self { attribute: attribute.to_owned(), value: value.to_owned() })
    }
}

/// What a row must be like to be shown; what is empty asks for nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// The churn probability.
    pub churn_probability: Option<Band>,
    /// p × V.
    pub value_at_risk: Option<Band>,
    /// What the action is expected to earn.
    pub net_value: Option<Band>,
    /// Any of these tiers.
    pub tiers: Vec<Tier>,
    /// Any of these causes.
    pub causes: Vec<Cause>,
    /// Any of these stages.
    pub stages: Vec<Stage>,
    /// Any of these actions.
    pub actions: Vec<String>,
    /// What customers files say: of each attribute that is named any of the values given for it.
    pub attributes: Vec<Said>,
    /// A text that one of the reasons has, as it is told in the language of the list, in any letter case.
    pub reason: Option<String>,
}

impl Filter {
    /// An attribute it asks for that a list does not show.
    pub fn unknown_attribute(&self, scores: &Scores) -> Option<&str> {
        let mut asked = self.attributes.iter().map(|asked| &asked.attribute);
        asked.find(|name| !scores.shown.contains(name)).map(String::as_str)
    }

    /// Whether a row is shown, to people who read it in a language.
    pub fn passes(&self, scores: &Scores, row: &ScoreRow, language: Language) -> bool {
        let within = |band: Option<Band>, number: f64| band.is_none_or(|band| band.has(number));
        fn any<T: PartialEq>(asked: &[T], own: &T) -> bool {
            asked.is_empty() || asked.contains(own)
        }
        within(self.churn_probability, row.churn_probability)
            && within(self.value_at_risk, row.value_at_risk())
            && within(self.net_value, row.net_value)
            && any(&self.tiers, &row.tier)
            && any(&self.causes, &row.cause)
            && any(&self.stages, &row.stage)
            && (self.actions.is_empty() || self.actions.iter().any(|action| action == scores.action_of(row)))
            && self.attributes.iter().all(|asked| {
                let mut same = self.attributes.iter().filter(|other| other.attribute == asked.attribute);
                let said = scores.shown.iter().position(|name| *name == asked.attribute);
                let said = said.and_then(|place| row.shown.get(place)?.as_deref()).unwrap_or_default();
                same.any(|other| other.value == said)
            })
            && self.reason.as_ref().is_none_or(|reason| {
                let reason = reason.to_lowercase();
                let mut told = (0..).map_while(|place| row.reason(place, language));
                told.any(|sentence| sentence.to_lowercase().contains(&reason))
            })
    }
}

/// In what order rows are shown; of rows that are equal in it the one with more value at risk first, then in the list's
/// own order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// What the action earns, the highest first.
    #[default]
    NetValue,
    /// p × V, the highest first.
    ValueAtRisk,
    /// The churn probability, the highest first.
    ChurnProbability,
    /// The lifetime value, the highest first.
    LifetimeValue,
    /// By customer.
    Customer,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::NetValue, Self::ValueAtRisk, Self::ChurnProbability, Self::LifetimeValue, Self::Customer];

    /// Its name in queries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetValue => "net_value",
            Self::ValueAtRisk => "value_at_risk",
            Self::ChurnProbability => "probability",
            Self::LifetimeValue => "lifetime_value",
            Self::Customer => "customer",
        }
    }

    /// What a row is ordered by, the highest first, and of equals the next.
    pub(super) fn keys(self, row: &ScoreRow) -> [f64; 2] {
        match self {
            Self::NetValue => [row.net_value, row.value_at_risk()],
            Self::ValueAtRisk => [row.value_at_risk(); 2],
            Self::ChurnProbability => [row.churn_probability, row.value_at_risk()],
            Self::LifetimeValue => [row.lifetime_value, row.value_at_risk()],
            Self::Customer => [0.0; 2],
        }
    }

    /// The first `top` of some rows in this order.
    pub fn first(self, rows: Vec<&ScoreRow>, top: usize) -> Vec<&ScoreRow> {
        self.places(&rows, top).into_iter().map(|place| rows[place]).collect()
    }

    /// The same by their places.
    pub(super) fn places(self, rows: &[&ScoreRow], top: usize) -> Vec<usize> {
        let by_rank = |&a: &usize, &b: &usize| -> Ordering {
            by_keys(self.keys(rows[a]), self.keys(rows[b])).then_with(|| a.cmp(&b))
        };
        let mut places: Vec<usize> = (0..rows.len()).collect();
        if top < places.len() {
            places.select_nth_unstable_by(top, by_rank);
            places.truncate(top);
        }
        places.sort_unstable_by(by_rank);
        places
    }
}

impl FromStr for Order {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, ParseUnitError> {
        let named = Self::ALL.into_iter().find(|order| order.name() == text);
        let expected = "net_value, value_at_risk, probability, lifetime_value or customer";
        named.ok_or_else(|| ParseUnitError::new(text, expected))
    }
}

/// The highest first.
pub(super) fn by_keys(a: [f64; 2], b: [f64; 2]) -> Ordering {
    b[0].total_cmp(&a[0]).then_with(|| b[1].total_cmp(&a[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_has_both_ends_or_is_open() {
        let band = |text: &str| text.parse::<Band>().unwrap();
        assert!(band("0.3..0.8").has(0.3) && band("0.3..0.8").has(0.8) && !band("0.3..0.8").has(0.81));
        assert!(band("50..").has(1e9) && !band("50..").has(49.9));
        assert!(band("..0.2").has(-1.0) && band("..").has(0.0));
        for bad in ["", "0.3", "0.8..0.3", "a..b", "NaN..", "..inf"] {
            assert!(bad.parse::<Band>().is_err(), "{bad}");
        }
    }
}
