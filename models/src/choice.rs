//! What is chosen among by rolling backtests, and what speaks for each of them so far.

use serde::{Deserialize, Serialize};

use crate::calibrate::{Calibration, CalibrationKind};
use crate::model::Kind;
use crate::season::{Residuals, ShiftKind};

/// How far apart the training snapshots are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// A third of the horizon: more rows of the same customers.
    ThirdOfHorizon,
    /// One horizon: no outcome counts twice.
    Horizon,
}

impl Spacing {
    /// Both.
    pub const ALL: [Self; 2] = [Self::ThirdOfHorizon, Self::Horizon];

    /// How many snapshots there are in one horizon.
    pub const fn per_horizon(self) -> usize {
        match self {
            Self::ThirdOfHorizon => 3,
            Self::Horizon => 1,
        }
    }
}

/// Penalties of the logistic regression that are tried.
pub const PENALTIES: [f64; 3] = [10.0, 100.0, 1000.0];

/// Log loss summed over rows, for each alternative of something; the rows are the same for all.
#[derive(Clone, Debug, Default)]
struct Losses(Vec<f64>);

impl Losses {
    fn add(&mut self, losses: &[f64]) {
        self.0.resize(losses.len(), 0.0);
        self.0.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += loss);
    }

    /// The place of the least; of equals the first, and the first where nothing is known.
    fn best(&self) -> usize {
        let mut best = 0;
        for (place, loss) in self.0.iter().enumerate() {
            if *loss < self.0[best] {
                best = place;
            }
        }
        best
    }
}

/// What the rolling backtests have shown up to an origin. Everything chosen at an origin rests on origins before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    spacings: Losses,
    penalties: Losses,
    kinds: Losses,
    calibrations: Losses,
    shifts: Losses,
    /// Raw log-odds and outcomes of every kind at origins so far, to calibrate on.
    scored: Vec<(Vec<f64>, Vec<bool>)>,
}

impl Evidence {
    pub(crate) fn spacing(&self) -> Spacing {
        Spacing::ALL[self.spacings.best()]
    }

    pub(crate) fn penalty(&self) -> f64 {
        PENALTIES[self.penalties.best()]
    }

    /// Without any evidence, the average: it is rarely worse than the better of both.
    pub(crate) fn kind(&self) -> Kind {
        if self.kinds.0.is_empty() { Kind::Average } else { Kind::CANDIDATES[self.kinds.best()] }
    }

    pub(crate) fn shift(&self) -> ShiftKind {
        ShiftKind::ALL[self.shifts.best()]
    }

    /// The calibrations there could be for a kind.
    pub(crate) fn calibrations(&self, kind: Kind) -> Vec<Calibration> {
        let place = Kind::CANDIDATES.iter().position(|&candidate| candidate == kind).unwrap_or(0);
        let none = (Vec::new(), Vec::new());
        let (raw, churned) = self.scored.get(place).unwrap_or(&none);
        let fitted = |of: CalibrationKind| of.fit(raw, churned).unwrap_or_default();
        CalibrationKind::ALL.map(fitted).to_vec()
    }

    /// Which of [`Self::calibrations`] is used.
    pub(crate) fn calibration(&self) -> usize {
        self.calibrations.best()
    }

    pub(crate) fn add_spacings(&mut self, losses: &[f64]) {
        self.spacings.add(losses);
    }

    pub(crate) fn add_penalties(&mut self, losses: &[f64]) {
        self.penalties.add(losses);
    }

    /// Adds what every kind said at an origin, and how it did.
    pub(crate) fn add_kinds(&mut self, raw: &[Vec<f64>], churned: &[bool], losses: &[f64]) {
        self.kinds.add(losses);
        self.scored.resize(raw.len(), (Vec::new(), Vec::new()));
        for ((all, outcomes), raw) in self.scored.iter_mut().zip(raw) {
            all.extend_from_slice(raw);
            outcomes.extend_from_slice(churned);
        }
    }

    pub(crate) fn add_calibrations(&mut self, losses: &[f64]) {
        self.calibrations.add(losses);
    }

    /// Adds how each way to estimate the shift did; what could not be estimated counts as no shift.
    pub(crate) fn add_shifts(&mut self, residuals: &Residuals, loss: impl Fn(f64) -> f64) {
        let losses = ShiftKind::ALL.map(|kind| loss(kind.estimate(residuals).unwrap_or(0.0)));
        self.shifts.add(&losses);
    }
}
