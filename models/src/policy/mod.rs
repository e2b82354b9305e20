//! What deciding in some way would have earned, by records of what was tried at random.
//!
//! ```text
//! records ──► outcome model per action ──► policies ──► value, interval
//!    └──────► uplift of an action against the control
//! ```
//!
//! A policy says which action a customer gets. Where actions were assigned by chance, and the chance of each is known,
//! the records that got what the policy asks for stand for all others, each weighted by one over its chance
//! (ECONOMICS.md section 5). Nothing is assumed of how the profit comes about. Assigned means meant to get it: what the
//! action earns includes those whom it did not reach.

mod chance;
mod design;
mod means;
mod outcome;
mod records;
mod uplift;
mod value;

pub use self::chance::chance_of_as_many;
pub use self::design::Design;
pub use self::means::Amounts;
pub use self::records::{FEWEST_OF_EACH, Logged, Propensities, Records};
pub use self::uplift::{Group, Posterior, SaveRateSeen, Uplift, needed_per_group};
pub use self::value::{Estimator, Evaluation, PolicyValue, evaluate};

/// A way to decide who gets which action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// One action for everybody, by its place among the records' actions.
    Always(usize),
    /// What something else recommended, one action per record.
    Recommended {
        /// What to call it.
        name: String,
        /// The places of the actions.
        choices: Vec<usize>,
    },
    /// The action of the highest predicted profit, of those the record could have had. The prediction comes from other
    /// customers' records; of equals, the first. So it is five policies, each learnt on four fifths of the customers and
    /// asked about the fifth that is left.
    ByModel,
}

/// Why records cannot tell what a policy is worth. Records are counted from 0.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// Lists that belong together differ in length.
    #[error("there are {expected} records, but a list of {found}")]
    Lengths {
        /// How long it is.
        found: usize,
        /// How long it should be.
        expected: usize,
    },
    /// There is nothing to compare.
    #[error("there is nothing to compare: at least two actions must have been tried")]
    OneAction,
    /// An action by a place that there is none at.
    #[error("there is no such action")]
    NoSuchAction {
        /// The record.
        record: usize,
    },
    /// An action was hardly tried.
    #[error(
        "there are {records} records of {action:?}, too few to tell what it is worth; at least {FEWEST_OF_EACH} are needed"
    )]
    TooFew {
        /// The action.
        action: String,
        /// How many records.
        records: usize,
    },
    /// A propensity is no chance that something could have happened by.
    #[error("the propensity of {action:?} is {propensity}; what happened had a chance above 0 and at most 1")]
    Propensity {
        /// The record.
        record: usize,
        /// What it was assigned.
        action: String,
        /// The propensity.
        propensity: f64,
    },
    /// The propensities of a record are not chances that add up to 1.
    #[error("the propensities of all actions add up to {sum}; they must be chances that add up to 1")]
    Sum {
        /// The record.
        record: usize,
        /// What they add up to.
        sum: f64,
    },
    /// A profit or covariate is not finite.
    #[error("profits and covariates must be finite numbers")]
    NoNumber {
        /// The record.
        record: usize,
    },
    /// A policy asks for what a record had no chance of.
    #[error(
        "{policy:?} asks for {action:?}, which had no chance of being assigned here: what it would have earned is not known"
    )]
    OutOfReach {
        /// The record.
        record: usize,
        /// The policy.
        policy: String,
        /// The action.
        action: String,
    },
    /// Hardly any record got what a policy asks for.
    #[error(
        "only {records} records got what {policy:?} asks for, too few to tell what it is worth; \
         at least {FEWEST_OF_EACH} are needed"
    )]
    HardlyFollowed {
        /// The policy.
        policy: String,
        /// How many records.
        records: usize,
    },
}

impl PolicyError {
    /// Whether the records are sound and cannot tell what was asked.
    pub fn is_unanswerable(&self) -> bool {
        matches!(
            self,
            Self::OneAction | Self::TooFew { .. } | Self::OutOfReach { .. } | Self::HardlyFollowed { .. }
        )
    }

    /// The record it is about, counted from 0.
    pub fn record(&self) -> Option<usize> {
        match self {
            Self::NoSuchAction { record }
            | Self::Propensity { record, .. }
            | Self::Sum { record, .. }
            | Self::NoNumber { record }
            | Self::OutOfReach { record, .. } => Some(*record),
            Self::Lengths { .. } | Self::OneAction | Self::TooFew { .. } | Self::HardlyFollowed { .. } => {
                None
            }
        }
    }
}
