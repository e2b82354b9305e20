//! Watching a model in use: are customers as those it was trained on, and did what it said come true.

use mainstay_features::history::{Histories, HistoryError};
use mainstay_features::monetary::MONETARY;
use mainstay_features::units::Instant;
use rayon::prelude::*;

use crate::artifact::Artifact;
use crate::dataset::Dataset;
use crate::drift::{ChurnShift, Honesty, Shift, Tally, Verdict};
use crate::model::{completed, probabilities};
use crate::snapshots::{Labelled, Question, Snapshots};

/// A churn rate that changed by less is none to act on, however sure the change is.
pub const CHURN_WORTH_A_LOOK: f64 = 0.05;
/// The same for the distance of what was said from what happened.
pub const GAP_WORTH_A_LOOK: f64 = 0.03;
/// So many days of history teach a model what it did not know; of fewer, a training again comes to much the same.
pub const WORTH_TRAINING_DAYS: i64 = 7;

/// What a model's customers are like now.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The instant of the comparison.
    pub as_of: Instant,
    /// Customers at the newest snapshot of the training.
    pub trained_rows: u64,
    /// Customers now.
    pub rows: u64,
    /// What the model says of them: [`crate::drift::PROBABILITY`].
    pub said: Shift,
    /// Every column the model sees, the farthest moved first.
    pub shifts: Vec<Shift>,
    /// How many days of history have come since the training.
    pub days_since_training: i64,
    /// What became of customers after the training; `None` while none of that is known.
    pub matured: Option<Matured>,
}

/// Outcomes that the training did not know.
#[derive(Clone, Debug, PartialEq)]
pub struct Matured {
    /// One horizon before the comparison, and not before the end of what was learnt from.
    pub cutoff: Instant,
    /// How many left, against the newest snapshot of the training.
    pub churn: ChurnShift,
    /// How many left, against what the model says of them.
    pub honesty: Honesty,
}

impl Report {
    /// Whether anything moved by more than chance explains, and far enough to act on.
    pub fn has_drifted(&self) -> bool {
        self.shifts.iter().chain([&self.said]).any(|shift| shift.verdict() >= Verdict::Moved)
            || self.matured.as_ref().is_some_and(|matured| {
                let (change, gap) = (matured.churn.change, matured.honesty.gap);
                (change.excludes_zero() && change.estimate.abs() >= CHURN_WORTH_A_LOOK)
                    || (gap.excludes_zero() && gap.estimate.abs() >= GAP_WORTH_A_LOOK)
            })
    }

    /// Whether there is drift, and a training again could do something about it: it sees outcomes of customers up to one
    /// horizon ago, and moves on by no more days than have come since.
    pub fn calls_for_training(&self) -> bool {
        self.has_drifted() && self.days_since_training >= WORTH_TRAINING_DAYS
    }
}

/// How the population at an instant is spread over the bins of the one a model was trained on. The history's label is the
/// model's.
///
/// # Errors
/// When a part of the history cannot be read.
pub fn population(artifact: &Artifact, histories: &Histories, as_of: Instant) -> Result<Tally, HistoryError> {
    let reference = &artifact.training.reference;
    let tally = |some: &Labelled| {
        let data = completed(&artifact.training.models.inputs, &some.data);
        reference.tally(data.rows(), &said(artifact, &data))
    };
    let join = |some: Tally, others: Tally| some.and(&others);
    Ok(Snapshots::reduce(histories, as_of, &question(artifact), tally, join)?.unwrap_or_default())
}

/// Compares a population at an instant ([`population`]) with the one a model was trained on, and what became of that of one
/// horizon before with what the model says of it.
///
/// # Errors
/// When a part of the history cannot be read.
pub fn monitor(
    artifact: &Artifact,
    histories: &Histories,
    as_of: Instant,
    population: &Tally,
) -> Result<Report, HistoryError> {
    let reference = &artifact.training.reference;
    let matured_at = as_of.minus(artifact.settings.horizon);
    // An earlier one's outcomes are in part those that were learnt from.
    let is_new = matured_at >= artifact.data_span.1;
    let matured = if is_new { matured(artifact, histories, matured_at)? } else { None };
    Ok(Report {
        as_of,
        days_since_training: as_of.days_since(artifact.data_span.1),
        trained_rows: reference.rows,
        rows: population.rows(),
        said: reference.compare_probabilities(population),
        shifts: reference.compare(population),
        matured,
    })
}

/// What became of the population at a cutoff; `None` where nobody was in it.
fn matured(
    artifact: &Artifact,
    histories: &Histories,
    cutoff: Instant,
) -> Result<Option<Matured>, HistoryError> {
    let outcomes = |some: &Labelled| {
        let data = completed(&artifact.training.models.inputs, &some.data);
        said(artifact, &data).into_iter().zip(data.churned).collect::<Vec<_>>()
    };
    let join = |mut some: Vec<_>, others| {
        some.extend(others);
        some
    };
    let outcomes = Snapshots::reduce(histories, cutoff, &question(artifact), outcomes, join)?;
    let mut outcomes = outcomes.unwrap_or_default();
    // So that sums come to the same in whatever parts the customers came.
    outcomes.par_sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (said, churned): (Vec<f64>, Vec<bool>) = outcomes.into_iter().unzip();
    let left = churned.iter().filter(|&&churned| churned).count() as u64;
    let reference = &artifact.training.reference;
    let churn = ChurnShift::of((reference.churned, reference.rows), (left, churned.len() as u64));
    let compared = churn.zip(Honesty::of(&said, &churned));
    Ok(compared.map(|(churn, honesty)| Matured { cutoff, churn, honesty }))
}

/// What the model says of rows.
fn said(artifact: &Artifact, data: &Dataset) -> Vec<f64> {
    let (serving, shift) = artifact.training.serving();
    probabilities(&serving.log_odds(&artifact.training.models, data.rows()), shift)
}

fn question(artifact: &Artifact) -> Question<'_> {
    Question {
        features: &artifact.training.models.inputs.features,
        horizon: artifact.settings.horizon,
        lookback: artifact.settings.lookback,
        share: 1.0,
    }
}

/// How many of the columns a model sees are far from what they were in its training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// So many columns moved far.
    pub far: usize,
    /// Of so many.
    pub columns: usize,
    /// Whether what a purchase comes to is one of them.
    pub amounts_are_far: bool,
}

impl Likeness {
    /// That of a population.
    pub fn of(artifact: &Artifact, population: &Tally) -> Self {
        let shifts = artifact.training.reference.compare(population);
        let far = || shifts.iter().filter(|shift| shift.verdict() == Verdict::MovedFar);
        let amounts_are_far = far().any(|shift| shift.feature == MONETARY.name);
        Self { far: far().count(), columns: shifts.len(), amounts_are_far }
    }

    /// Whether these may be no customers of the shop that the model is of: half of the columns are far. Of a shop's own
    /// customers up to a year after the training a quarter were, of other shops' half and more (docs/models.md).
    pub fn is_doubtful(self) -> bool {
        self.far > 0 && 2 * self.far >= self.columns
    }
}
