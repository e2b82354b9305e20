//! Everything of a model file but the forest, as JSON.

use mainstay_features::label::Label;
use mainstay_features::registry::CORE;
use mainstay_features::units::{Days, Instant};
use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactError};
use crate::evaluate::Metrics;
use crate::forest::Forest;
use crate::logistic::Logistic;
use crate::model::{Kind, Models};
use crate::training::{Settings, SnapshotSummary, Validation};

/// The header, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    features: Vec<String>,
    /// Models were of purchases before there were contracts.
    #[serde(default = "no_purchase")]
    label: String,
    horizon_days: u32,
    lookback_days: u32,
    seed: u64,
    first_order: String,
    last_order: String,
    snapshots: Vec<HeaderSnapshot>,
    validation: Option<HeaderValidation>,
    selected: Kind,
    logistic: Logistic,
}

fn no_purchase() -> String {
    Label::NoPurchase.to_string()
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderSnapshot {
    cutoff: String,
    rows: usize,
    churned: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderValidation {
    cutoff: String,
    logistic: Metrics,
    forest: Metrics,
}

impl Header {
    pub(super) fn of(artifact: &Artifact) -> Self {
        Self {
            features: CORE.iter().map(|feature| feature.name.to_owned()).collect(),
            label: artifact.label.to_string(),
            horizon_days: artifact.settings.horizon.get(),
            lookback_days: artifact.settings.lookback.get(),
            seed: artifact.settings.seed,
            first_order: artifact.data_span.0.to_string(),
            last_order: artifact.data_span.1.to_string(),
            snapshots: artifact
                .snapshots
                .iter()
                .map(|s| HeaderSnapshot { cutoff: s.cutoff.to_string(), rows: s.rows, churned: s.churned })
                .collect(),
            validation: artifact.validation.map(|on| HeaderValidation {
                cutoff: on.cutoff.to_string(),
                logistic: on.logistic,
                forest: on.forest,
            }),
            selected: artifact.models.selected,
            logistic: artifact.models.logistic.clone(),
        }
    }

    pub(super) fn artifact(self, forest: Forest, id: String) -> Result<Artifact, ArtifactError> {
        let bad = |what: &str| ArtifactError::Impossible { what: what.to_owned() };
        let ours: Vec<&str> = CORE.iter().map(|feature| feature.name).collect();
        if self.features != ours {
            return Err(ArtifactError::OtherFeatures {
                theirs: self.features.join(", "),
                ours: ours.join(", "),
            });
        }
        let days = |days| Days::new(days).ok_or_else(|| bad("a number of days is out of range"));
        let instant = |text: &str| text.parse::<Instant>().map_err(|error| bad(&error.to_string()));
        let possible = |term: &crate::logistic::Term| {
            term.column < CORE.len()
                && term.scale > 0.0
                && [term.mean, term.scale, term.coefficient].iter().all(|number| number.is_finite())
        };
        if !self.logistic.terms.iter().all(possible) || !self.logistic.intercept.is_finite() {
            return Err(bad("a term of the logistic regression is out of range"));
        }
        if self.snapshots.iter().all(|s| s.rows == 0) || self.snapshots.iter().any(|s| s.churned > s.rows) {
            return Err(bad("the snapshots do not add up"));
        }
        Ok(Artifact {
            id,
            label: self.label.parse::<Label>().map_err(|error| bad(&error.to_string()))?,
            settings: Settings {
                horizon: days(self.horizon_days)?,
                lookback: days(self.lookback_days)?,
                seed: self.seed,
            },
            data_span: (instant(&self.first_order)?, instant(&self.last_order)?),
            snapshots: self
                .snapshots
                .iter()
                .map(|s| {
                    Ok(SnapshotSummary { cutoff: instant(&s.cutoff)?, rows: s.rows, churned: s.churned })
                })
                .collect::<Result<_, ArtifactError>>()?,
            validation: match self.validation {
                Some(on) => Some(Validation {
                    cutoff: instant(&on.cutoff)?,
                    logistic: on.logistic,
                    forest: on.forest,
                }),
                None => None,
            },
            models: Models { logistic: self.logistic, forest, selected: self.selected },
        })
    }
}
