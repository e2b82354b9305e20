//! Training: snapshots of the history, both models, and which of them to use.

use mainstay_features::cutoff::training_cutoffs;
use mainstay_features::history::{Histories, HistoryError, TooManyCustomers};
use mainstay_features::id::{Ids, merged};
use mainstay_features::label::Label;
use mainstay_features::registry::{CORE, Row};
use mainstay_features::table::Snapshot;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::dataset::{Dataset, Rows};
use crate::evaluate::Metrics;
use crate::forest::train::{Growth, Trainer, train as train_forest};
use crate::logistic::Logistic;
use crate::model::{Kind, Models};

/// What to train for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Churned means no purchase, or the contract's end, within this time after the cutoff.
    pub horizon: Days,
    /// The population is who bought within this time before the cutoff, unless contracts say.
    pub lookback: Days,
    /// Where the forest's randomness starts.
    pub seed: u64,
}

/// A labelled snapshot, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// The cutoff.
    pub cutoff: Instant,
    /// Customers in the population.
    pub rows: usize,
    /// Those who churned.
    pub churned: usize,
}

impl SnapshotSummary {
    /// The share who churned; `None` of nobody.
    pub fn churn_rate(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.churned as f64 / self.rows as f64)
    }
}

/// Both models fitted on the older snapshots and measured on the newest: forward in time, like their use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// The newest cutoff.
    pub cutoff: Instant,
    /// How the logistic regression did there.
    pub logistic: Metrics,
    /// How the forest did there.
    pub forest: Metrics,
}

/// The outcome of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// What leaving means in the history.
    pub label: Label,
    /// The models, fitted on all snapshots.
    pub models: Models,
    /// The snapshots, newest first.
    pub snapshots: Vec<SnapshotSummary>,
    /// On what the selection rests; `None` where the newest snapshot has no customer, or those before it not both
    /// kinds.
    pub validation: Option<Validation>,
}

impl Training {
    /// The rows of all snapshots.
    pub fn rows(&self) -> usize {
        self.snapshots.iter().map(|snapshot| snapshot.rows).sum()
    }
}

/// The population at a cutoff with what became of it.
pub(crate) struct Labelled {
    pub(crate) cutoff: Instant,
    pub(crate) data: Dataset,
}

impl Labelled {
    pub(crate) fn take(
        histories: &Histories,
        cutoff: Instant,
        settings: &Settings,
    ) -> Result<Self, HistoryError> {
        let is_whole = histories.whole().is_some();
        let mut parts = histories.each(|part| {
            let snapshot = Snapshot::take(part, cutoff, settings.lookback);
            let churned = snapshot.labels(part, settings.horizon);
            let ids = if is_whole { Ids::default() } else { snapshot.ids(part) };
            (ids, snapshot.rows, churned)
        })?;
        if is_whole && let Some((_, rows, churned)) = parts.pop() {
            return Ok(Self { cutoff, data: dataset(&rows, churned) });
        }
        // In the order of identifiers, as the whole is: what is learnt depends on it.
        let ids: Vec<&Ids> = parts.iter().map(|(ids, ..)| ids).collect();
        let order = merged(&ids, histories.id_kind()).ok_or(TooManyCustomers)?;
        let (mut rows, mut churned) = (Vec::with_capacity(order.len()), Vec::with_capacity(order.len()));
        for (part, number) in order {
            let (_, part_rows, part_churned) = &parts[part];
            rows.push(part_rows[number]);
            churned.push(part_churned[number]);
        }
        Ok(Self { cutoff, data: dataset(&rows, churned) })
    }

    pub(crate) fn summary(&self) -> SnapshotSummary {
        SnapshotSummary { cutoff: self.cutoff, rows: self.data.len(), churned: self.data.churned_count() }
    }

    /// How a model's probabilities do here; `None` without rows.
    pub(crate) fn measure(&self, probabilities: impl FnOnce(Rows<'_>) -> Vec<f64>) -> Option<Metrics> {
        (!self.data.is_empty()).then(|| Metrics::of(&probabilities(self.data.rows()), &self.data.churned))
    }
}

fn dataset(rows: &[Row], churned: Vec<bool>) -> Dataset {
    Dataset::new(CORE.len(), rows.iter().flatten().map(|&value| value as f32).collect(), churned)
}

/// The labelled snapshots whose labels end at or before `known_until`, newest first.
pub(crate) fn snapshots(
    histories: &Histories,
    settings: &Settings,
    known_until: Instant,
    watch: &dyn Watch,
) -> Result<Vec<Labelled>, TrainingError> {
    let first = histories.summary().span.map_or(known_until, |(first, _)| first);
    let cutoffs = training_cutoffs(first, known_until, settings.horizon, settings.lookback);
    if cutoffs.is_empty() {
        let needed_days =
            u64::from(settings.horizon.get()) + u64::from(settings.horizon.min(settings.lookback).get());
        return Err(TrainingError::HistoryTooShort { first, last: known_until, needed_days });
    }
    watch.begin("take snapshots", Some(cutoffs.len() as u64));
    let snapshots = cutoffs
        .into_iter()
        .map(|cutoff| {
            let labelled = Labelled::take(histories, cutoff, settings);
            watch.advance(1);
            labelled
        })
        .collect::<Result<_, _>>()?;
    watch.end();
    Ok(snapshots)
}

/// Stacks snapshots, newest first.
pub(crate) fn stack(snapshots: &[Labelled]) -> Dataset {
    let mut data = Dataset::empty(CORE.len());
    for snapshot in snapshots {
        data.extend(&snapshot.data);
    }
    data
}

/// Trains on what was known at `known_until`: nothing later is looked at, labels included.
///
/// Which model is used is decided forward in time and never on rows the models were fitted on: both are fitted on all
/// snapshots but the newest, and the one with the lower log loss on the newest is selected. Without a second snapshot
/// the logistic regression is, being the simpler.
///
/// # Errors
/// See [`TrainingError`].
pub fn train(
    histories: &Histories,
    settings: &Settings,
    known_until: Instant,
    watch: &dyn Watch,
) -> Result<Training, TrainingError> {
    let labelled = snapshots(histories, settings, known_until, watch)?;
    train_on(&labelled, &stack(&labelled), Label::where_given(histories.given()), settings, watch)
}

/// [`train`], on snapshots already taken, and stacked.
pub(crate) fn train_on(
    labelled: &[Labelled],
    data: &Dataset,
    label: Label,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Training, TrainingError> {
    if data.is_empty() && label == Label::ContractEnd {
        return Err(TrainingError::NoContractRuns);
    }
    let validation = validate(labelled, settings, watch)?;
    let selected = match &validation {
        Some(on) if on.forest.log_loss < on.logistic.log_loss => Kind::Forest,
        _ => Kind::Logistic,
    };
    let models = fit(data, settings, selected, "fit", watch)?;
    let snapshots = labelled.iter().map(Labelled::summary).collect();
    Ok(Training { label, models, snapshots, validation })
}

fn validate(
    labelled: &[Labelled],
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Option<Validation>, TrainingError> {
    let Some((newest, older)) = labelled.split_first() else { return Ok(None) };
    let data = stack(older);
    if newest.data.is_empty() || !data.has_both_classes() {
        return Ok(None);
    }
    let models = fit(&data, settings, Kind::Logistic, "validate", watch)?;
    let measure = |kind| newest.measure(|rows| models.probabilities(kind, rows));
    Ok(measure(Kind::Logistic).zip(measure(Kind::Forest)).map(|(logistic, forest)| Validation {
        cutoff: newest.cutoff,
        logistic,
        forest,
    }))
}

/// Fits both; the stages are called "{verb} logistic" and "{verb} forest".
fn fit(
    data: &Dataset,
    settings: &Settings,
    selected: Kind,
    verb: &str,
    watch: &dyn Watch,
) -> Result<Models, TrainingError> {
    let every_column: Vec<usize> = (0..data.width()).collect();
    let stage = |kind: Kind, total| watch.begin(&format!("{verb} {kind}"), total);
    stage(Kind::Logistic, None);
    let logistic = Logistic::fit(data, &every_column)?;
    watch.end();
    let growth = Growth { seed: settings.seed, ..Growth::default() };
    stage(Kind::Forest, Some(growth.trees as u64));
    let forest = train_forest(data, Trainer::Histogram, &growth, watch)?;
    watch.end();
    Ok(Models { logistic, forest, selected })
}
