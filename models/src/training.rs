//! Training: rolling backtests choose, the gate judges, and what was chosen is fitted on everything known.

use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::dataset::Rows;
use crate::drift::Reference;
use crate::evaluate::Metrics;
use crate::fitting;
use crate::forest::train::Trainer;
use crate::gate::Verdict;
use crate::ground::{Ground, MOST_CUSTOMERS};
use crate::inputs::FeatureList;
use crate::language::Language;
use crate::lifetime::{Fitted, Lifetime, Retention, Returning};
use crate::model::{Basis, Kind, Models, Serving, probabilities};
pub use crate::rolling::Incumbent;
use crate::rolling::{self, Origin};
use crate::season::{Residuals, ShiftKind};
pub use crate::snapshots::SnapshotSummary;

/// What to train for, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Churned means no purchase, or the contract's end, within this time after the cutoff.
    pub horizon: Days,
    /// The population is who bought within this time before the cutoff, unless contracts say.
    pub lookback: Days,
    /// Where all randomness starts.
    pub seed: u64,
    /// Who grows the forests.
    pub trainer: Trainer,
}

/// How the churn rate is expected to differ on the day of training from what was learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SeasonShift {
    /// How it is estimated.
    pub kind: ShiftKind,
    /// From what.
    pub residuals: Residuals,
    /// What is added to log-odds.
    pub log_odds: f64,
}

/// The outcome of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct Training {
    /// What leaving means in the history.
    pub label: Label,
    /// Whether there were complaints to learn from.
    pub complaints: bool,
    /// The models, fitted on all snapshots.
    pub models: Models,
    /// What the rolling backtests chose; whether it may serve, [`Self::verdict`] says.
    pub chosen: Serving,
    /// The shift for what was chosen.
    pub shift: SeasonShift,
    /// What the gate found.
    pub verdict: Verdict,
    /// What answers where only the core features are known.
    pub core: Core,
    /// The rolling backtests, oldest first.
    pub origins: Vec<Origin>,
    /// The snapshots learnt from, newest first.
    pub snapshots: Vec<SnapshotSummary>,
    /// How the columns were spread at the newest snapshot with customers.
    pub reference: Reference,
    /// What keeping a customer is worth.
    pub lifetime: Fitted,
}

/// What answers about customers of whom only the core features are known: a kind of its own, mended and judged as the
/// chosen one is.
#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    /// [`Kind::Core`], and how it is mended.
    pub chosen: Serving,
    /// The shift for it.
    pub shift: SeasonShift,
    /// What the gate found: whether it beats the rule.
    pub verdict: Verdict,
    /// What each column of what serves contributes on average: [`Models::contributions`].
    pub usual_contributions: Vec<f64>,
}

impl Training {
    /// The rows of all snapshots.
    pub fn rows(&self) -> usize {
        self.snapshots.iter().map(|snapshot| snapshot.rows).sum()
    }

    /// What serves: what was chosen where it passed the gate, and the rule otherwise, with the shift of log-odds.
    pub fn serving(&self) -> (Serving, f64) {
        self.serving_on(Basis::AllFeatures)
    }

    /// The same for what is known of a customer.
    pub fn serving_on(&self, basis: Basis) -> (Serving, f64) {
        match self.chosen_on(basis) {
            Some((chosen, shift)) => (chosen.clone(), shift.log_odds),
            None => (Serving { kind: Kind::Rule, calibration: Default::default() }, 0.0),
        }
    }

    /// The kind of what serves.
    pub fn kind(&self) -> Kind {
        self.kind_on(Basis::AllFeatures)
    }

    /// The same for what is known of a customer.
    pub fn kind_on(&self, basis: Basis) -> Kind {
        self.chosen_on(basis).map_or(Kind::Rule, |(chosen, _)| chosen.kind)
    }

    /// What was chosen, where it passed the gate.
    fn chosen_on(&self, basis: Basis) -> Option<(&Serving, &SeasonShift)> {
        let (chosen, shift) = match basis {
            Basis::AllFeatures => (&self.chosen, &self.shift),
            Basis::CoreFeatures => (&self.core.chosen, &self.core.shift),
        };
        self.verdict_on(basis).passes().then_some((chosen, shift))
    }

    /// What the gate found of what was chosen for what is known of a customer.
    pub fn verdict_on(&self, basis: Basis) -> &Verdict {
        match basis {
            Basis::AllFeatures => &self.verdict,
            Basis::CoreFeatures => &self.core.verdict,
        }
    }

    /// The gate's verdict in words: [`Verdict::words`].
    pub fn judged(&self) -> &'static str {
        self.judged_on(Basis::AllFeatures)
    }

    /// The same for what is known of a customer.
    pub fn judged_on(&self, basis: Basis) -> &'static str {
        self.verdict_on(basis).words(self.rule_log_loss(), Language::English)
    }

    /// The rule's log loss on all rows of the rolling backtests that the gate judged; `None` without any.
    pub fn rule_log_loss(&self) -> Option<f64> {
        let judged = || self.origins.iter().rev().take(self.verdict.origins);
        let rows: usize = judged().map(|origin| origin.rows).sum();
        let sum: f64 = judged().map(|origin| origin.rows as f64 * origin.rule.log_loss).sum();
        (rows > 0).then(|| sum / rows as f64)
    }

    /// What each column of what serves contributes on average: [`Models::contributions`].
    pub fn usual_contributions_on(&self, basis: Basis) -> &[f64] {
        match basis {
            Basis::AllFeatures => &self.reference.usual_contributions,
            Basis::CoreFeatures => &self.core.usual_contributions,
        }
    }
}

impl Training {
    /// What serves says of rows of the models' features: the probability of each.
    pub fn probabilities(&self, features: Rows<'_>) -> Vec<f64> {
        let (serving, shift) = self.serving();
        let columns = self.models.inputs.complete(features);
        let rows = Rows::new(&columns, self.models.inputs.width());
        probabilities(&serving.log_odds(&self.models, rows), shift)
    }

    /// The same of a snapshot of other features: those it lacks have no value.
    pub fn probabilities_of_other(&self, features: &FeatureList, rows: Rows<'_>) -> Vec<f64> {
        let own = &self.models.inputs.features;
        let places: Vec<Option<usize>> =
            own.names().map(|name| features.names().position(|other| other == name)).collect();
        let value = |row: &[f32], place: &Option<usize>| place.map_or(f32::NAN, |place| row[place]);
        let values: Vec<f32> = rows
            .iter()
            .flat_map(|row| places.iter().map(|place| value(row, place)).collect::<Vec<_>>())
            .collect();
        self.probabilities(Rows::new(&values, own.width()))
    }
}

/// Nobody is told of stages within a stage.
pub(crate) use mainstay_features::watch::Unwatched as Quiet;

/// Trains on what was known at `known_until`: nothing later is looked at, outcomes included.
///
/// # Errors
/// See [`TrainingError`].
pub fn train(
    histories: &Histories,
    settings: &Settings,
    known_until: Instant,
    incumbent: Option<&Incumbent<'_>>,
    watch: &dyn Watch,
) -> Result<Training, TrainingError> {
    let ground = Ground::survey(histories, settings, known_until, MOST_CUSTOMERS, watch)?;
    train_on(&ground, histories, settings, known_until, incumbent, watch)
}

/// The same on what was surveyed already, up to that instant.
pub(crate) fn train_on(
    ground: &Ground,
    histories: &Histories,
    settings: &Settings,
    known_until: Instant,
    incumbent: Option<&Incumbent<'_>>,
    watch: &dyn Watch,
) -> Result<Training, TrainingError> {
    if ground.label == Label::ContractEnd
        && ground.learnt_from(known_until, crate::choice::Spacing::Horizon).all(|s| s.data.is_empty())
    {
        return Err(TrainingError::NoContractRuns);
    }
    let walk = rolling::walk(ground, settings, incumbent, watch)?;
    let verdict = Verdict::of(&walk.said, walk.judged, settings.seed);
    let core_verdict = Verdict::of(&walk.said.by_core(), walk.judged, settings.seed);
    let evidence = &walk.evidence;
    let spacing = evidence.spacing();
    let models = fitting::fit(ground, settings, known_until, spacing, evidence.penalty(), watch)?;
    let mended = Basis::ALL.map(|basis| {
        let (kind, mending) = (evidence.kind(basis), evidence.mending(basis));
        let calibration = evidence.calibrations(kind).swap_remove(mending.calibration());
        Serving { kind, calibration }
    });
    let residuals = ground.residuals(known_until, &models, mended.each_ref());
    let [shift, core_shift] = std::array::from_fn(|place| {
        let (kind, residuals) = (evidence.mending(Basis::ALL[place]).shift(), residuals[place]);
        SeasonShift { kind, residuals, log_odds: kind.estimate(&residuals).unwrap_or(0.0) }
    });
    let [chosen, core] = mended;
    let snapshots: Vec<SnapshotSummary> =
        ground.learnt_from(known_until, spacing).map(|snapshot| snapshot.summary()).collect();
    let retention = retention(ground, settings, known_until);
    watch.begin("fit lifetime value", None);
    let mut lifetime = Lifetime::fit(histories, known_until, retention)?;
    let returning = Returning::measure(histories, &lifetime.lifetime, known_until, settings)?;
    lifetime.lifetime = lifetime.lifetime.with_returning(returning);
    watch.end();
    let newest = ground.learnt_from(known_until, spacing).find(|snapshot| !snapshot.data.is_empty());
    let names: Vec<String> = models.inputs.names().into_iter().map(str::to_owned).collect();
    let reference = newest.map(|snapshot| crate::model::completed(&models.inputs, &snapshot.data));
    let reference = reference.unwrap_or_else(|| crate::dataset::Dataset::empty(names.len()));
    let mut training = Training {
        label: ground.label,
        complaints: histories.given().complaints,
        reference: Reference::new(&names, reference.rows(), &reference.churned),
        models,
        chosen,
        shift,
        verdict,
        core: Core {
            chosen: core,
            shift: core_shift,
            verdict: core_verdict,
            usual_contributions: Vec::new(),
        },
        origins: walk.origins,
        snapshots,
        lifetime,
    };
    // What was said of the newest customers before it was known what became of them: of rows it has learnt from, a model
    // is too sure.
    let said = if training.verdict.passes() { &walk.said.model } else { &walk.said.rule };
    let newest = training.origins.last().map_or(0, |origin| origin.rows).min(said.len());
    let kind = training.kind();
    let usual = training.models.usual_contributions(kind, reference.rows());
    let core_kind = training.kind_on(Basis::CoreFeatures);
    training.core.usual_contributions = training.models.usual_contributions(core_kind, reference.rows());
    training.reference = training.reference.answered(&said[said.len() - newest..], usual);
    Ok(training)
}

/// At what rate customers are kept, by all horizons that a model learns from, none of them overlapping: by the newest alone a
/// few more or fewer who left would make everybody worth half as much again.
fn retention(ground: &Ground, settings: &Settings, known_until: Instant) -> Retention {
    let horizons = ground.learnt_from(known_until, crate::choice::Spacing::Horizon).map(|s| s.summary());
    let (churned, population) = horizons.fold((0, 0), |(churned, population), horizon| {
        (churned + horizon.churned, population + horizon.rows)
    });
    Retention::of_population(churned, population, settings.horizon)
}

/// How probabilities do on labelled rows; `None` without rows.
pub(crate) fn measure(probabilities: &[f64], churned: &[bool]) -> Option<Metrics> {
    (!churned.is_empty()).then(|| Metrics::of(probabilities, churned))
}
