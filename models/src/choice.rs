//! What is chosen among by rolling backtests, and what speaks for each of them so far.

use serde::{Deserialize, Serialize};

use crate::calibrate::{Calibration, CalibrationKind};
use crate::model::{Basis, Kind};
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
    /// How the kinds that were chosen were mended.
    mending: Mending,
    /// How the model on the core features was.
    core: Mending,
    /// Raw log-odds and outcomes of each of [`MENDED`] at origins so far, to calibrate on.
    scored: Vec<(Vec<f64>, Vec<bool>)>,
}

/// The kinds whose raw log-odds are mended: the candidates, in their order, and the one on the core features.
pub(crate) const MENDED: [Kind; 4] = [Kind::Logistic, Kind::Forest, Kind::Average, Kind::Core];

/// What has mended raw log-odds best so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mending {
    calibrations: Losses,
    shifts: Losses,
}

impl Mending {
    /// How the shift is estimated.
    pub(crate) fn shift(&self) -> ShiftKind {
        ShiftKind::ALL[self.shifts.best()]
    }

    /// Which of [`Evidence::calibrations`] is used.
    pub(crate) fn calibration(&self) -> usize {
        self.calibrations.best()
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

impl Evidence {
    pub(crate) fn spacing(&self) -> Spacing {
        Spacing::ALL[self.spacings.best()]
    }

    pub(crate) fn penalty(&self) -> f64 {
        PENALTIES[self.penalties.best()]
    }

    /// What answers on a basis. Of all features, without any evidence, the average: it is rarely worse than the better of
    /// both.
    pub(crate) fn kind(&self, basis: Basis) -> Kind {
        if basis == Basis::CoreFeatures {
            return Kind::Core;
        }
        if self.kinds.0.is_empty() { Kind::Average } else { Kind::CANDIDATES[self.kinds.best()] }
    }

    /// The calibrations there could be for a kind.
    pub(crate) fn calibrations(&self, kind: Kind) -> Vec<Calibration> {
        let place = place_of(kind);
        let none = (Vec::new(), Vec::new());
        let (raw, churned) = self.scored.get(place).unwrap_or(&none);
        let fitted = |of: CalibrationKind| of.fit(raw, churned).unwrap_or_default();
        CalibrationKind::ALL.map(fitted).to_vec()
    }

    /// What speaks for each way to mend what answers on a basis.
    pub(crate) fn mending(&self, basis: Basis) -> &Mending {
        match basis {
            Basis::AllFeatures => &self.mending,
            Basis::CoreFeatures => &self.core,
        }
    }

    /// The same, to be added to.
    pub(crate) fn mending_mut(&mut self, basis: Basis) -> &mut Mending {
        match basis {
            Basis::AllFeatures => &mut self.mending,
            Basis::CoreFeatures => &mut self.core,
        }
    }

    pub(crate) fn add_spacings(&mut self, losses: &[f64]) {
        self.spacings.add(losses);
    }

    pub(crate) fn add_penalties(&mut self, losses: &[f64]) {
        self.penalties.add(losses);
    }

    /// Adds what each of [`MENDED`] said at an origin, and how it did.
    pub(crate) fn add_kinds(&mut self, raw: &[Vec<f64>], churned: &[bool], losses: &[f64]) {
        self.kinds.add(&losses[..Kind::CANDIDATES.len()]);
        self.scored.resize(raw.len(), (Vec::new(), Vec::new()));
        for ((all, outcomes), raw) in self.scored.iter_mut().zip(raw) {
            all.extend_from_slice(raw);
            outcomes.extend_from_slice(churned);
        }
    }
}

/// Where a kind is in [`MENDED`]; the first for any other.
pub(crate) fn place_of(kind: Kind) -> usize {
    MENDED.iter().position(|&mended| mended == kind).unwrap_or(0)
}
