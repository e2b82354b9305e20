//! Why a model cannot be trained.

use mainstay_features::history::HistoryError;
use mainstay_features::units::Instant;

/// Why a model cannot be trained, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The history is too short for one snapshot with its label.
    #[error(
        "the history runs from {first} to {last}: too short for a snapshot and its label. \
         {needed_days} days are needed with this horizon and lookback; use a shorter --horizon or a longer history"
    )]
    HistoryTooShort {
        /// The first order.
        first: Instant,
        /// Until when the labels may look.
        last: Instant,
        /// How many days it would take.
        needed_days: u64,
    },
    /// Nobody is in the population at any snapshot.
    #[error("nobody bought in the lookback before any of the snapshots; use a longer --lookback")]
    NobodyToTrainOn,
    /// No contract of a customer with a purchase runs at any snapshot, or at the test cutoff.
    #[error(
        "no contract of a customer with a purchase runs where the models are trained or tested; \
         is customer_id written the same way in all files?"
    )]
    NoContractRuns,
    /// Everyone left or everyone stayed.
    #[error(
        "of {rows} rows from the snapshots, {churned} churned: a model needs both kinds. \
         Choose a {advice} --horizon"
    )]
    OneClass {
        /// The rows.
        rows: usize,
        /// Those that churned.
        churned: usize,
        /// "longer" or "shorter".
        advice: &'static str,
    },
    /// Nobody is in the population at the test cutoff.
    #[error(
        "no customer bought in the {lookback_days} days before the test cutoff {cutoff}; use a longer --lookback"
    )]
    NobodyToTest {
        /// The test cutoff.
        cutoff: Instant,
        /// The lookback.
        lookback_days: u32,
    },
    /// The optimiser stopped before the optimum.
    #[error("the logistic regression did not converge: {0}")]
    LogisticDidNotConverge(String),
    /// The forest's trainer refused.
    #[error("the forest could not be trained: {0}")]
    Forest(String),
}
