//! What happens to a customer, as a history keeps it.

use std::fmt;
use std::str::FromStr;

use crate::id::fingerprint;
use crate::units::{Amount, Instant, ParseUnitError};

/// An order as it stood at its own instant: the lines that share customer, order and the order's first instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The order's earliest line.
    pub instant: Instant,
    /// The sum of the lines at that instant.
    pub amount: Amount,
}

/// A line of an order that came after the order's first instant, or that cancels some of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaterLine {
    /// Which of the customer's orders it belongs to.
    pub order: u32,
    /// When the line came.
    pub instant: Instant,
    /// What it adds to the order's amount.
    pub amount: Amount,
}

/// A complaint. What becomes of it later is known only from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// When it was made.
    pub instant: Instant,
    /// When it was resolved, if ever.
    pub resolved_at: Option<Instant>,
    /// How grave it is.
    pub severity: Option<Severity>,
    /// What it is about.
    pub category: Option<Word>,
}

impl Complaint {
    /// What was known of it when it was made.
    pub(crate) const fn as_made(self) -> Self {
        Self { resolved_at: None, ..self }
    }

    /// A complaint of which nothing but its instant is known.
    pub const fn at(instant: Instant) -> Self {
        Self { instant, resolved_at: None, severity: None, category: None }
    }

    /// As it stood at an instant: a resolution that came later is not known yet.
    #[must_use]
    pub fn as_known_at(self, instant: Instant) -> Self {
        Self { resolved_at: self.resolved_at.filter(|&resolved| resolved <= instant), ..self }
    }

    /// Whether it is not resolved, as far as is known.
    pub const fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }
}

/// How grave a complaint is, on the file's own scale: 0 to 1,000,000 in hundredths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Severity(u32);

impl Severity {
    const PER_UNIT: f64 = 100.0;
    const MAX: f64 = 1e6;
    /// What stands for 1, 2, 3 and 4.
    pub const WORDS: [&str; 4] = ["low", "medium", "high", "critical"];
    pub(crate) const EXPECTED: &str =
        "a severity: a number from 0 to 1000000, or low, medium, high or critical";

    /// The nearest hundredth; `None` outside 0 to 1,000,000.
    pub fn new(severity: f64) -> Option<Self> {
        (0.0..=Self::MAX).contains(&severity).then(|| Self((severity * Self::PER_UNIT).round() as u32))
    }
}

impl Severity {
    pub(super) const fn hundredths(self) -> u32 {
        self.0
    }

    pub(super) fn from_hundredths(hundredths: u32) -> Option<Self> {
        (f64::from(hundredths) <= Self::MAX * Self::PER_UNIT).then_some(Self(hundredths))
    }
}

impl From<Severity> for f64 {
    fn from(severity: Severity) -> Self {
        Self::from(severity.0) / Severity::PER_UNIT
    }
}

/// Reads a number, or low, medium, high and critical as 1, 2, 3 and 4.
impl FromStr for Severity {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let named = Self::WORDS.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = named.map_or_else(|| text.parse().ok(), |place| Some(place as f64 + 1.0));
        number.and_then(Self::new).ok_or_else(|| ParseUnitError::new(text, Self::EXPECTED))
    }
}

/// A time the shop turned to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact {
    /// When.
    pub instant: Instant,
    /// How.
    pub channel: Option<Word>,
    /// With which offer.
    pub offer: Option<Word>,
}

/// What a customers file says of a customer: the value of one attribute, from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile {
    /// Which attribute.
    pub attribute: Word,
    /// From when on it is valid; `None` where the file does not say.
    pub from: Option<Instant>,
    /// The value; `None` where there is none from then on.
    pub value: Option<Word>,
}

/// A time for which a customer has a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contract {
    /// The first instant it runs.
    pub start: Instant,
    /// The first instant it no longer runs, not before the start; `None` where it has no end yet.
    pub end: Option<Instant>,
}

impl Contract {
    /// Whether it runs at an instant.
    pub fn runs_at(&self, instant: Instant) -> bool {
        self.start <= instant && self.end.is_none_or(|end| end > instant)
    }
}

/// Money taken off what was bought at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discount {
    /// When.
    pub instant: Instant,
    /// How much; above zero.
    pub amount: Amount,
}

/// A word that rows share (a category, a channel, an offer, an attribute and its values), by its fingerprint; [`Words`](super::Words) has its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(pub(super) u64);

impl Word {
    /// The word of a text, whether or not a history has it.
    pub(crate) fn of(text: &str) -> Self {
        Self(fingerprint(text))
    }

    /// What stands where no word has come yet.
    pub(super) const BLANK: Self = Self(0);

    /// The word as a number; no word has 0 but by a chance of 1 in 2⁶⁴.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// The word of a number; 0 is that of none.
    pub fn of_number(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }
}

/// What there is in a history beyond purchases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Complaints.
    pub complaints: bool,
    /// Severities of complaints.
    pub severities: bool,
    /// Which products were bought.
    pub products: bool,
    /// What was taken off prices.
    pub discounts: bool,
    /// When the shop turned to customers.
    pub contacts: bool,
    /// What customers are like, from a customers file.
    pub profiles: bool,
    /// From when to when customers have contracts.
    pub contracts: bool,
    /// Complaints from a file that does not say of any when it was resolved: which are open is then unknown.
    pub complaints_unresolved: bool,
}

impl Given {
    const NAMES: [&'static str; 8] = [
        "complaints",
        "severities",
        "products",
        "discounts",
        "contacts",
        "profiles",
        "contracts",
        "complaints without resolved_at",
    ];

    /// Each of them, in the order of [`Self::NAMES`], which is the order of their bits in a kept history.
    fn each(&mut self) -> [&mut bool; 8] {
        [
            &mut self.complaints,
            &mut self.severities,
            &mut self.products,
            &mut self.discounts,
            &mut self.contacts,
            &mut self.profiles,
            &mut self.contracts,
            &mut self.complaints_unresolved,
        ]
    }

    pub(super) fn flags(mut self) -> [bool; 8] {
        self.each().map(|own| *own)
    }

    pub(super) fn from_flags(flags: [bool; 8]) -> Self {
        let mut given = Self::default();
        given.each().into_iter().zip(flags).for_each(|(own, flag)| *own = flag);
        given
    }

    /// What either has.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (own, theirs) = (self.flags(), other.flags());
        Self::from_flags(std::array::from_fn(|i| own[i] || theirs[i]))
    }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Self::NAMES.iter().zip(self.flags()).filter(|(_, given)| *given).map(|(name, _)| *name);
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_open_until_it_is_resolved() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let complaint = Complaint { resolved_at: Some(at("2024-03-05")), ..Complaint::at(at("2024-03-01")) };
        assert!(complaint.as_known_at(at("2024-03-04")).is_open());
        assert!(!complaint.as_known_at(at("2024-03-05")).is_open());
    }

    #[test]
    fn severities_are_numbers_or_four_words() {
        let read = |text: &str| text.parse::<Severity>().map(f64::from);
        assert_eq!(read("2.5"), Ok(2.5));
        assert_eq!(read("Critical"), Ok(4.0));
        for bad in ["", "-1", "NaN", "grave", "1e9"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
