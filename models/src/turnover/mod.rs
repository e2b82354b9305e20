//! Who came, stayed and went from one instant to the next, in all and by segment.

mod cuts;
mod walk;

use std::collections::BTreeMap;

use mainstay_features::history::{Histories, HistoryError, Word};
use mainstay_features::known::Known;
use mainstay_features::label::Label;
use mainstay_features::profile::Attribute;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;
use thiserror::Error;

use crate::segments::{Cell, Stage, Tier, Turnover};

/// A table of more values of an attribute than this tells nobody anything.
pub const MOST_VALUES: usize = 50;

/// What is asked of a history.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The instants from one of which to the next turnover is told, ascending.
    pub instants: &'a [Instant],
    /// A customer at an instant is who bought within this time before it, or, with contracts, whose contract runs. What was
    /// bought within this time before a start is also what lost customers are weighed by.
    pub lookback: Days,
    /// How long a silence is taken for churn: see [`Stage::of`].
    pub horizon: Days,
    /// An attribute of customers files to tell turnover by.
    pub by: Option<&'a Attribute>,
}

/// Why turnover cannot be told.
#[derive(Debug, Error)]
pub enum TurnoverError {
    /// A part of the history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The attribute has more values than a table has room for.
    #[error(
        "{attribute} has more than {MOST_VALUES} different values: turnover is told by what groups customers; give one that has fewer, such as a region"
    )]
    TooManyValues {
        /// The attribute.
        attribute: String,
    },
}

/// The turnover of one period: in all, and of its customers at the start by what they were then. Segments have nobody
/// new.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeriodTurnover {
    /// All customers.
    pub total: Turnover,
    /// Of the new, how many had been customers before, or had bought before their contract.
    pub returned: u64,
    /// By tier of what they had bought so far, in the order of [`Tier::ALL`].
    pub tiers: [Turnover; Tier::ALL.len()],
    /// By cell of the value matrix of what they had bought so far, in the order of [`Cell::ALL`].
    pub cells: [Turnover; Cell::ALL.len()],
    /// By stage, in the order of [`Stage::ALL`].
    pub stages: [Turnover; Stage::ALL.len()],
    /// By the attribute; `None` is of customers without a value.
    pub by: BTreeMap<Option<Word>, Turnover>,
}

impl PeriodTurnover {
    /// That of both groups of customers, or of both periods.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.total = self.total.and(other.total);
        self.returned += other.returned;
        let add = |own: &mut [Turnover], others: &[Turnover]| {
            own.iter_mut().zip(others).for_each(|(own, other)| *own = own.and(*other));
        };
        add(&mut self.tiers, &other.tiers);
        add(&mut self.cells, &other.cells);
        add(&mut self.stages, &other.stages);
        for (value, turnover) in other.by {
            let own = self.by.entry(value).or_default();
            *own = own.and(turnover);
        }
        self
    }
}

/// Whether somebody is a customer from the last instant of one period into the next.
fn is_customer(label: Label, known: &Known<'_>, lookback: Days) -> bool {
    match label {
        Label::NoPurchase => known.bought_within(lookback),
        Label::ContractEnd => known.has_contract_that_goes_on(),
    }
}

/// The turnover from each of the instants to the next: one walk over the customers for the cuts of tiers and value matrix
/// at each, and one for who is in what.
///
/// # Errors
/// When a part of the history cannot be read, or the attribute has too many values.
pub fn turnover(
    histories: &Histories,
    question: &Question<'_>,
    watch: &dyn Watch,
) -> Result<Vec<PeriodTurnover>, TurnoverError> {
    watch.begin("find tiers", None);
    let cuts = cuts::at_each(histories, question)?;
    watch.end();
    watch.begin("count who stays", None);
    let periods = walk::walk(histories, question, &cuts)?;
    watch.end();
    let has_too_many = periods.iter().any(|period| period.by.len() > MOST_VALUES);
    match question.by.filter(|_| has_too_many) {
        Some(by) => Err(TurnoverError::TooManyValues { attribute: by.name.clone() }),
        None => Ok(periods),
    }
}
