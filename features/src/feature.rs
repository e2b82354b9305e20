//! What a feature is: a name, a unit, a window, a range, a meaning and a function of what is known.

use std::fmt;

use crate::history::Given;
use crate::known::Known;

/// What a feature's number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Whole days of elapsed time.
    Days,
    /// Days of elapsed time with their fraction.
    DaysAndHours,
    /// A whole number of things.
    Count,
    /// An amount in the log's currency.
    Money,
    /// One thing for each of another: a share, a rate, a multiple.
    Ratio,
    /// A severity on the complaint file's own scale.
    Severity,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Days => "days",
            Self::DaysAndHours => "days with fraction",
            Self::Count => "count",
            Self::Money => "money",
            Self::Ratio => "ratio",
            Self::Severity => "severity",
        })
    }
}

impl Unit {
    /// Whether values are whole numbers.
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Days | Self::Count)
    }
}

/// Which part of the history a feature looks at; n days are elapsed time, and end at the as-of instant unless said
/// otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Everything at or before the as-of instant.
    WholeHistory,
    /// The last n days.
    Last(u32),
    /// The last n days against the n days before them.
    LastAgainstBefore(u32),
    /// The n days that ended a year (365 days) before the as-of instant.
    YearAgo(u32),
    /// The n days that began a year (365 days) before the as-of instant.
    YearAgoNext(u32),
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WholeHistory => f.write_str("whole history"),
            Self::Last(days) => write!(f, "last {days} days"),
            Self::LastAgainstBefore(days) => write!(f, "last {days} days less the {days} before"),
            Self::YearAgo(days) => write!(f, "{days} days until a year ago"),
            Self::YearAgoNext(days) => write!(f, "{days} days from a year ago on"),
        }
    }
}

impl Feature {
    /// Whether it has a value of every customer, whatever is in the files.
    pub fn is_always_given(&self) -> bool {
        self.missing.is_none() && self.needs == Needs::Purchases
    }
}

/// What must be in the files for a feature to say anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Purchases alone.
    Purchases,
    /// A `product_id` column.
    Products,
    /// A `discount` column.
    Discounts,
    /// Complaints with a `severity` column.
    Severities,
    /// Complaints of which it is said when they were resolved, if any are.
    Resolutions,
    /// A contacts file.
    Contacts,
    /// A contracts file.
    Contracts,
}

impl Needs {
    /// Whether a history has it.
    pub const fn are_met(self, given: Given) -> bool {
        match self {
            Self::Purchases => true,
            Self::Products => given.products,
            Self::Discounts => given.discounts,
            Self::Severities => given.severities,
            Self::Resolutions => !given.complaints_unresolved,
            Self::Contacts => given.contacts,
            Self::Contracts => given.contracts,
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Purchases => "purchases",
            Self::Products => "purchases' `product_id`",
            Self::Discounts => "purchases' `discount`",
            Self::Severities => "complaints' `severity`",
            Self::Resolutions => "complaints' `resolved_at`, if there are any",
            Self::Contacts => "contacts",
            Self::Contracts => "contracts",
        })
    }
}

/// What a feature is about. Features of one topic say much the same of a customer, so that of all reasons of a topic one
/// is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// How long the customer has been silent.
    Silence,
    /// How often, how regularly and for how much the customer buys.
    Activity,
    /// What the customer spends at a time.
    Amounts,
    /// How long the customer has been one.
    Tenure,
    /// What the customer complained of.
    Complaints,
    /// What came back.
    Returns,
    /// How many different products, and how cheaply.
    Variety,
    /// What the customer did at this time of the year before.
    Season,
    /// How often the shop turned to the customer.
    Contacts,
    /// Since when the contract runs, and which came before.
    Contracts,
}

/// One feature: what it is and how it is computed.
#[derive(Clone, Copy, Debug)]
pub struct Feature {
    /// The column's name; units are in it.
    pub name: &'static str,
    /// What it is about.
    pub topic: Topic,
    /// What the number counts.
    pub unit: Unit,
    /// Which part of the history it looks at.
    pub window: Window,
    /// What must be in the files for it.
    pub needs: Needs,
    /// The least value there can be; there is no greatest but for money's and time's own.
    pub least: f64,
    /// When there is no value, in words; `None` where there always is one. No value is NaN in a row and null in a
    /// file.
    pub missing: Option<&'static str>,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// The value for what is known about a customer.
    pub compute: fn(&Known<'_>) -> f64,
}
