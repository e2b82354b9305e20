//! The back-test: train on what was known one horizon before the end, score everyone, compare with what happened.

use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::recency::RECENCY_DAYS;
use mainstay_features::registry::place;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::evaluate::Metrics;
use crate::logistic::Logistic;
use crate::model::Kind;
use crate::training::{self, Labelled, Settings};

/// The rule everyone has without a model, as a logistic regression on recency alone.
pub const RECENCY_RULE: &str = "days since the last order";

/// One model on the test rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The model's name.
    pub name: String,
    /// Whether it is the one that would have been used.
    pub selected: bool,
    /// How it did.
    pub metrics: Metrics,
}

/// The outcome of a back-test.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// What leaving means in the history.
    pub label: Label,
    /// The last order's instant less the horizon.
    pub test_cutoff: Instant,
    /// Rows trained on: snapshots whose labels end at or before the test cutoff.
    pub train_rows: usize,
    /// Customers in the population at the test cutoff.
    pub test_rows: usize,
    /// Share of them who churned.
    pub churn_rate: f64,
    /// The models; the selection was made before the test rows were looked at.
    pub models: Vec<Judged>,
    /// What they must beat.
    pub baselines: Vec<Judged>,
}

/// Runs the back-test. The stage in which a model of the result is fitted is called "fit {name}".
///
/// # Errors
/// See [`TrainingError`].
pub fn backtest(
    histories: &Histories,
    settings: &Settings,
    watch: &dyn Watch,
) -> Result<Backtest, TrainingError> {
    let last = histories.summary().span.map_or(Instant::MIN, |(_, last)| last);
    let test_cutoff = last.minus(settings.horizon);
    let labelled =
        training::snapshots(histories, settings, test_cutoff, watch).map_err(|error| match error {
            // To train one horizon earlier takes a history one horizon longer.
            TrainingError::HistoryTooShort { first, needed_days, .. } => TrainingError::HistoryTooShort {
                first,
                last,
                needed_days: needed_days + u64::from(settings.horizon.get()),
            },
            other => other,
        })?;
    let label = Label::where_given(histories.given());
    let data = training::stack(&labelled);
    let trained = training::train_on(&labelled, &data, label, settings, watch)?;
    watch.begin(&format!("fit {RECENCY_RULE}"), None);
    let rule = Logistic::fit(&data, &[place(&RECENCY_DAYS)])?;
    watch.end();

    watch.begin("test", None);
    let test = Labelled::take(histories, test_cutoff, settings)?;
    let nobody = || match label {
        Label::NoPurchase => {
            TrainingError::NobodyToTest { cutoff: test_cutoff, lookback_days: settings.lookback.get() }
        }
        Label::ContractEnd => TrainingError::NoContractRuns,
    };
    let judge = |kind: Kind| -> Result<Judged, TrainingError> {
        let metrics = test.measure(|rows| trained.models.probabilities(kind, rows)).ok_or_else(nobody)?;
        Ok(Judged { name: kind.to_string(), selected: kind == trained.models.selected, metrics })
    };
    let models = vec![judge(Kind::Logistic)?, judge(Kind::Forest)?];
    let metrics =
        test.measure(|rows| rows.iter().map(|row| rule.probability(row)).collect()).ok_or_else(nobody)?;
    watch.end();
    let summary = test.summary();
    Ok(Backtest {
        label,
        test_cutoff,
        train_rows: trained.rows(),
        test_rows: summary.rows,
        churn_rate: summary.churn_rate().ok_or_else(nobody)?,
        models,
        baselines: vec![Judged { name: RECENCY_RULE.to_owned(), selected: false, metrics }],
    })
}
