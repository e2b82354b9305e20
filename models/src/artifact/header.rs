//! Everything of a model file but the forest, as JSON.

use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use serde::{Deserialize, Serialize};

use super::{Artifact, ArtifactError};
use crate::drift::Reference;
use crate::forest::Forest;
use crate::forest::train::Trainer;
use crate::gate::Verdict;
use crate::inputs::{FeatureList, Inputs};
use crate::lifetime::{BgNbd, Fitted};
use crate::logistic::Logistic;
use crate::model::{Kind, Models, Serving};
use crate::odds::is_possible;
use crate::rolling::Origin;
use crate::season::{Residuals, ShiftKind};
use crate::training::{Core, SeasonShift, Settings, SnapshotSummary, Training};

/// The header, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    features: Vec<String>,
    purchasing: Option<BgNbd>,
    label: String,
    complaints: bool,
    horizon_days: u32,
    lookback_days: u32,
    seed: u64,
    trainer: Trainer,
    first_order: String,
    last_order: String,
    snapshots: Vec<HeaderSnapshot>,
    verdict: Verdict,
    origins: Vec<Origin>,
    chosen: Serving,
    shift: HeaderShift,
    core: HeaderCore,
    rule: Logistic,
    logistic: Logistic,
    reference: Reference,
    lifetime: Fitted,
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
struct HeaderShift {
    kind: ShiftKind,
    residuals: Residuals,
    log_odds: f64,
}

impl HeaderShift {
    fn of(shift: &SeasonShift) -> Self {
        Self { kind: shift.kind, residuals: shift.residuals, log_odds: shift.log_odds }
    }

    fn shift(self) -> SeasonShift {
        let Self { kind, residuals, log_odds } = self;
        SeasonShift { kind, residuals, log_odds }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderCore {
    logistic: Logistic,
    chosen: Serving,
    shift: HeaderShift,
    verdict: Verdict,
    usual_contributions: Vec<f64>,
}

impl HeaderCore {
    fn of(core: &Core, logistic: &Logistic) -> Self {
        Self {
            logistic: logistic.clone(),
            chosen: core.chosen.clone(),
            shift: HeaderShift::of(&core.shift),
            verdict: core.verdict.clone(),
            usual_contributions: core.usual_contributions.clone(),
        }
    }

    /// Whether it can answer rows of so many columns.
    fn is_possible(&self, width: usize) -> bool {
        self.logistic.is_possible(width)
            && self.chosen.kind == Kind::Core
            && self.chosen.calibration.is_possible()
            && is_possible(self.shift.log_odds)
            && self.usual_contributions.len() == width
            && self.usual_contributions.iter().all(|&contribution| is_possible(contribution))
    }

    fn core(self) -> (Core, Logistic) {
        let Self { logistic, chosen, shift, verdict, usual_contributions } = self;
        (Core { chosen, shift: shift.shift(), verdict, usual_contributions }, logistic)
    }
}

impl Header {
    pub(super) fn of(artifact: &Artifact) -> Self {
        let Training {
            label,
            complaints,
            models,
            chosen,
            shift,
            verdict,
            core,
            origins,
            snapshots,
            reference,
            lifetime,
        } = &artifact.training;
        let Settings { horizon, lookback, seed, trainer } = artifact.settings;
        Self {
            features: models.inputs.features.names().map(str::to_owned).collect(),
            purchasing: models.inputs.purchasing,
            label: label.to_string(),
            complaints: *complaints,
            horizon_days: horizon.get(),
            lookback_days: lookback.get(),
            seed,
            trainer,
            first_order: artifact.data_span.0.to_string(),
            last_order: artifact.data_span.1.to_string(),
            snapshots: snapshots
                .iter()
                .map(|s| HeaderSnapshot { cutoff: s.cutoff.to_string(), rows: s.rows, churned: s.churned })
                .collect(),
            verdict: verdict.clone(),
            origins: origins.clone(),
            chosen: chosen.clone(),
            shift: HeaderShift::of(shift),
            core: HeaderCore::of(core, &models.core),
            rule: models.rule.clone(),
            logistic: models.logistic.clone(),
            reference: reference.clone(),
            lifetime: lifetime.clone(),
        }
    }

    /// The number of columns of the models.
    pub(super) fn width(&self) -> usize {
        self.features.len() + usize::from(self.purchasing.is_some())
    }

    pub(super) fn artifact(self, forest: Forest, id: String) -> Result<Artifact, ArtifactError> {
        let bad = |what: &str| ArtifactError::Impossible { what: what.to_owned() };
        let width = self.width();
        let features = FeatureList::of_names(self.features.iter().map(String::as_str))
            .ok_or_else(|| ArtifactError::OtherFeatures { theirs: self.features.join(", ") })?;
        let days = |days| Days::new(days).ok_or_else(|| bad("a number of days is out of range"));
        let instant = |text: &str| text.parse::<Instant>().map_err(|error| bad(&error.to_string()));
        if !self.logistic.is_possible(width) || !self.rule.is_possible(width) {
            return Err(bad("a term of a logistic regression is out of range"));
        }
        if !self.chosen.calibration.is_possible() || !is_possible(self.shift.log_odds) {
            return Err(bad("the calibration is out of range"));
        }
        if !self.core.is_possible(width) {
            return Err(bad("the model on the core features is out of range"));
        }
        let rows = self.snapshots.iter().try_fold(0_usize, |sum, snapshot| sum.checked_add(snapshot.rows));
        if rows.is_none_or(|rows| rows == 0) || self.snapshots.iter().any(|s| s.churned > s.rows) {
            return Err(bad("the snapshots do not add up"));
        }
        if !self.origins.iter().all(Origin::is_possible) {
            return Err(bad("a rolling backtest is none"));
        }
        if !self.lifetime.is_possible() {
            return Err(bad("the lifetime values are out of range"));
        }
        let horizon = days(self.horizon_days)?;
        let inputs = Inputs { features, purchasing: self.purchasing, horizon };
        let names: Vec<String> = inputs.names().into_iter().map(str::to_owned).collect();
        if !self.reference.is_of(&names) {
            return Err(bad("the customers it compares with are not of its columns"));
        }
        let (core, core_logistic) = self.core.core();
        Ok(Artifact {
            id,
            settings: Settings {
                horizon,
                lookback: days(self.lookback_days)?,
                seed: self.seed,
                trainer: self.trainer,
            },
            data_span: (instant(&self.first_order)?, instant(&self.last_order)?),
            training: Training {
                label: self.label.parse::<Label>().map_err(|error| bad(&error.to_string()))?,
                complaints: self.complaints,
                models: Models {
                    inputs,
                    logistic: self.logistic,
                    forest,
                    rule: self.rule,
                    core: core_logistic,
                },
                chosen: self.chosen,
                shift: self.shift.shift(),
                verdict: self.verdict,
                core,
                origins: self.origins,
                snapshots: self
                    .snapshots
                    .iter()
                    .map(|s| {
                        let cutoff = instant(&s.cutoff)?;
                        Ok(SnapshotSummary { cutoff, rows: s.rows, churned: s.churned })
                    })
                    .collect::<Result<_, ArtifactError>>()?,
                reference: self.reference,
                lifetime: self.lifetime,
            },
        })
    }
}
