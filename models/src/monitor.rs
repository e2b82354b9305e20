//! Watching a model in use: are customers as those it was trained on, and did what it said come true.

use mainstay_features::history::{Histories, History, HistoryError};
use mainstay_features::units::Instant;

use crate::artifact::Artifact;
use crate::dataset::Dataset;
use crate::drift::{ChurnShift, Honesty, Shift, Verdict};
use crate::model::{completed, probabilities};
use crate::snapshots::{Question, Snapshots};

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
    pub rows: usize,
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

/// Compares the population at an instant with the one a model was trained on. The history's label is the model's.
///
/// # Errors
/// When a part of the history cannot be read.
pub fn monitor(artifact: &Artifact, histories: &Histories, as_of: Instant) -> Result<Report, HistoryError> {
    let training = &artifact.training;
    let (inputs, settings) = (&training.models.inputs, &artifact.settings);
    let matured_at = as_of.minus(settings.horizon);
    // An earlier one's outcomes are in part those that were learnt from.
    let is_new = matured_at >= artifact.data_span.1;
    let cutoffs = if is_new { vec![as_of, matured_at] } else { vec![as_of] };
    let question = Question {
        features: &inputs.features,
        horizon: settings.horizon,
        lookback: settings.lookback,
        share: 1.0,
    };
    let snapshots = Snapshots::take(histories, &cutoffs, &question)?;
    let reference = &training.reference;
    let (serving, shift) = training.serving();
    let say = |data: &Dataset| probabilities(&serving.log_odds(&training.models, data.rows()), shift);
    let now = snapshots.at(as_of).map(|snapshot| completed(inputs, &snapshot.data));
    let matured = snapshots.at(matured_at).filter(|_| is_new).and_then(|snapshot| {
        let data = completed(inputs, &snapshot.data);
        let left = (data.churned_count() as u64, data.len() as u64);
        Some(Matured {
            cutoff: matured_at,
            churn: ChurnShift::of((reference.churned, reference.rows), left)?,
            honesty: Honesty::of(&say(&data), &data.churned)?,
        })
    });
    Ok(Report {
        as_of,
        days_since_training: as_of.days_since(artifact.data_span.1),
        trained_rows: reference.rows,
        rows: now.as_ref().map_or(0, |now| now.len()),
        said: reference.compare_probabilities(&now.as_ref().map_or_else(Vec::new, say)),
        shifts: now.map_or_else(Vec::new, |now| reference.compare(now.rows())),
        matured,
    })
}

/// So many customers at most are looked at for a [`Likeness`]: a shift that is far shows in fewer.
const MOST_LOOKED_AT: usize = 20_000;

/// How many of the columns a model sees are far from what they were in its training: of a few customers, for who scores them
/// and must not wait for [`monitor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// So many columns moved far.
    pub far: usize,
    /// Of so many.
    pub columns: usize,
}

impl Likeness {
    /// That of the population at an instant.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn of(artifact: &Artifact, histories: &Histories, as_of: Instant) -> Result<Self, HistoryError> {
        let inputs = &artifact.training.models.inputs;
        let shifts = histories.some(|part: &History| {
            let question = Question {
                features: &inputs.features,
                horizon: artifact.settings.horizon,
                lookback: artifact.settings.lookback,
                share: MOST_LOOKED_AT as f64 / part.len().max(1) as f64,
            };
            let snapshots = Snapshots::of_some(part, as_of, &question);
            let now = snapshots.at(as_of).map(|snapshot| completed(inputs, &snapshot.data));
            now.map_or_else(Vec::new, |now| artifact.training.reference.compare(now.rows()))
        })?;
        let far = shifts.iter().filter(|shift| shift.verdict() == Verdict::MovedFar).count();
        Ok(Self { far, columns: shifts.len() })
    }

    /// Whether these may be no customers of the shop that the model is of: half of the columns are far. Of a shop's own
    /// customers up to a year after the training a quarter were, of other shops' half and more (docs/models.md).
    pub fn is_doubtful(self) -> bool {
        self.far > 0 && 2 * self.far >= self.columns
    }
}
