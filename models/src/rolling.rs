//! Rolling backtests: from origin to origin, oldest first, everything is chosen by what came before and fitted on what
//! was known, then held against what happened. What the gate judges is made this way, and what is chosen at the end
//! rests on all origins.
//!
//! A model that serves today knows how the same season went a year ago, once the history is that long. Origins that did not
//! tell how another model would do, so the gate judges those that did, as soon as they make a year themselves.

use mainstay_features::season::YEAR_DAYS;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::calibrate::Calibration;
use crate::choice::{Evidence, MENDED, Mending, PENALTIES, Spacing, place_of};
use crate::evaluate::Metrics;
use crate::fitting::{by_recency, fit, fit_logistic};
use crate::ground::Ground;
use crate::model::{Basis, Kind, Serving, completed, probabilities};
use crate::odds::log_loss;
use crate::season::{Residuals, ShiftKind};
use crate::snapshots::Labelled;
use crate::training::Settings;

/// One rolling backtest: what was chosen, and how it did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The cutoff tested at, as text.
    pub cutoff: String,
    /// The customers there.
    pub rows: usize,
    /// Those who churned.
    pub churned: usize,
    /// The kind chosen by the origins before.
    pub kind: Kind,
    /// How far apart the snapshots learnt from were.
    pub spacing: Spacing,
    /// How the shift was estimated, and what came out.
    pub shift_kind: ShiftKind,
    /// In log-odds.
    pub shift: f64,
    /// How what was chosen did.
    pub model: Metrics,
    /// How the rule did.
    pub rule: Metrics,
}

impl Origin {
    /// Whether it is one: read from a file, it may be anything.
    pub(crate) fn is_possible(&self) -> bool {
        self.cutoff.parse::<Instant>().is_ok() && self.churned <= self.rows
    }
}

/// What was said at all origins, one row a customer and origin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// Whose row it is.
    pub(crate) customers: Vec<u64>,
    /// What happened.
    pub(crate) churned: Vec<bool>,
    /// What the chosen model said.
    pub(crate) model: Vec<f64>,
    /// What the model on the core features said.
    pub(crate) core: Vec<f64>,
    /// What the rule said.
    pub(crate) rule: Vec<f64>,
    /// What days since the last order said alone.
    pub(crate) recency: Vec<f64>,
    /// How many of the last rows are of snapshots that the model in service had not seen; and what it said there.
    pub(crate) incumbent: Vec<f64>,
}

impl Said {
    /// Leaves out the first rows.
    fn forget(&mut self, rows: usize) {
        self.customers.drain(..rows);
        self.churned.drain(..rows);
        for said in [&mut self.model, &mut self.core, &mut self.rule, &mut self.recency] {
            said.drain(..rows);
        }
        let of_incumbent = self.incumbent.len().saturating_sub(self.churned.len());
        self.incumbent.drain(..of_incumbent);
    }

    /// The same with the model on the core features in the place of the chosen one; what serves is not compared with it.
    pub(crate) fn by_core(&self) -> Self {
        Self { model: self.core.clone(), incumbent: Vec::new(), ..self.clone() }
    }
}

/// The outcome of the walk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    pub(crate) evidence: Evidence,
    pub(crate) origins: Vec<Origin>,
    /// What was said at those that the gate judges.
    pub(crate) said: Said,
    /// How many of the origins, the newest, knew how the same season went a year before.
    knew_a_year: usize,
    /// How many of the origins, the newest, the gate judges; what was said at the others is left out of [`Self::said`].
    pub(crate) judged: usize,
}

impl Walk {
    /// Leaves what was said at origins that did not know a year before, where as many as come nearest to a year did.
    fn leave_to_judge(&mut self, horizon: Days) {
        let of_a_year = (f64::from(YEAR_DAYS) / f64::from(horizon.get())).round().max(1.0) as usize;
        self.judged = if self.knew_a_year >= of_a_year { self.knew_a_year } else { self.origins.len() };
        let before = &self.origins[..self.origins.len() - self.judged];
        self.said.forget(before.iter().map(|origin| origin.rows).sum());
    }
}

/// What a model in service says at a snapshot; `None` where it has learnt from what happened after it.
pub type Incumbent<'a> = dyn Fn(&Labelled) -> Option<Vec<f64>> + 'a;

/// Walks over the origins.
pub(crate) fn walk(
    ground: &Ground,
    settings: &Settings,
    incumbent: Option<&Incumbent<'_>>,
    watch: &dyn Watch,
) -> Result<Walk, TrainingError> {
    let mut walk = Walk::default();
    watch.begin("roll backtests", Some(ground.origins.len() as u64));
    for &origin in &ground.origins {
        match step(ground, settings, origin, incumbent, &mut walk) {
            // Where all left or all stayed, or nobody was there, an origin teaches nothing.
            Ok(()) | Err(TrainingError::OneClass { .. } | TrainingError::NobodyToTrainOn) => {}
            Err(other) => return Err(other),
        }
        watch.advance(1);
    }
    watch.end();
    walk.leave_to_judge(settings.horizon);
    Ok(walk)
}

fn step(
    ground: &Ground,
    settings: &Settings,
    origin: Instant,
    incumbent: Option<&Incumbent<'_>>,
    walk: &mut Walk,
) -> Result<(), TrainingError> {
    let Some(snapshot) = ground.at(origin).filter(|snapshot| !snapshot.data.is_empty()) else {
        return Ok(());
    };
    let evidence = &mut walk.evidence;
    let (spacing, penalty) = (evidence.spacing(), evidence.penalty());
    let models = fit(ground, settings, origin, spacing, penalty, &crate::training::Quiet)?;
    let test = completed(&models.inputs, &snapshot.data);
    let raw: Vec<Vec<f64>> = MENDED.iter().map(|&kind| models.raw(kind, test.rows())).collect();

    // What would have been used, on either basis.
    let mended = Basis::ALL.map(|basis| Mended::of(evidence, basis, &raw));
    let residuals = ground.residuals(origin, &models, mended.each_ref().map(|own| &own.serving));
    let [shift, core_shift] =
        std::array::from_fn(|at| mended[at].shift_kind.estimate(&residuals[at]).unwrap_or(0.0));
    let [all, core] = &mended;
    let said = probabilities(&all.answers, shift);
    let rule = probabilities(&models.raw(Kind::Rule, test.rows()), 0.0);
    let recency = by_recency(ground, origin, &models.inputs, test.rows())?;
    walk.knew_a_year += usize::from(residuals[0].year_ago.is_some());
    walk.origins.push(Origin {
        cutoff: origin.to_string(),
        rows: test.len(),
        churned: test.churned_count(),
        kind: all.serving.kind,
        spacing,
        shift_kind: all.shift_kind,
        shift,
        model: Metrics::of(&said, &test.churned),
        rule: Metrics::of(&rule, &test.churned),
    });
    walk.said.customers.extend_from_slice(&snapshot.customers);
    walk.said.churned.extend_from_slice(&test.churned);
    walk.said.model.extend(said);
    walk.said.core.extend(probabilities(&core.answers, core_shift));
    walk.said.rule.extend(rule);
    walk.said.recency.extend(recency);
    if let Some(incumbent) = incumbent.and_then(|ask| ask(snapshot)) {
        walk.said.incumbent.extend(incumbent);
    }

    // How every alternative would have done.
    let losses: Vec<f64> = raw.iter().map(|raw| loss(raw, &test.churned)).collect();
    for ((basis, own), residuals) in Basis::ALL.into_iter().zip(&mended).zip(&residuals) {
        own.add_to(evidence.mending_mut(basis), &raw, residuals, &test.churned);
    }
    evidence.add_kinds(&raw, &test.churned, &losses);
    let fitted = (spacing, penalty);
    let data = ground.data(origin, spacing, &models.inputs);
    let linear = |spacing: Spacing, penalty: f64| -> Result<f64, TrainingError> {
        let model = match (spacing, penalty) {
            // What was fitted already.
            alternative if alternative == fitted => &models.logistic,
            (same, _) if same == fitted.0 => &fit_logistic(&data, penalty)?,
            _ => &fit_logistic(&ground.data(origin, spacing, &models.inputs), penalty)?,
        };
        Ok(loss(&test.rows().iter().map(|row| model.log_odds(row)).collect::<Vec<_>>(), &test.churned))
    };
    let by_spacing =
        Spacing::ALL.iter().map(|&spacing| linear(spacing, penalty)).collect::<Result<Vec<_>, _>>()?;
    let by_penalty =
        PENALTIES.iter().map(|&penalty| linear(spacing, penalty)).collect::<Result<Vec<_>, _>>()?;
    evidence.add_spacings(&by_spacing);
    evidence.add_penalties(&by_penalty);
    Ok(())
}

/// What would have answered on a basis, and what it would have said.
struct Mended {
    serving: Serving,
    calibrations: Vec<Calibration>,
    shift_kind: ShiftKind,
    /// Calibrated log-odds, before any shift.
    answers: Vec<f64>,
}

impl Mended {
    fn of(evidence: &Evidence, basis: Basis, raw: &[Vec<f64>]) -> Self {
        let (kind, mending) = (evidence.kind(basis), evidence.mending(basis));
        let calibrations = evidence.calibrations(kind);
        let serving = Serving { kind, calibration: calibrations[mending.calibration()].clone() };
        let answers = calibrated(&raw[place_of(kind)], &serving.calibration);
        Self { serving, calibrations, shift_kind: mending.shift(), answers }
    }

    /// Adds how each other way to mend it would have done.
    fn add_to(&self, mending: &mut Mending, raw: &[Vec<f64>], residuals: &Residuals, churned: &[bool]) {
        let raw = &raw[place_of(self.serving.kind)];
        let losses: Vec<f64> =
            self.calibrations.iter().map(|by| loss(&calibrated(raw, by), churned)).collect();
        mending.add_calibrations(&losses);
        mending.add_shifts(residuals, |shift| {
            loss(&self.answers.iter().map(|z| z + shift).collect::<Vec<_>>(), churned)
        });
    }
}

fn calibrated(raw: &[f64], by: &Calibration) -> Vec<f64> {
    raw.iter().map(|&z| by.apply(z)).collect()
}

/// The summed log loss of log-odds.
fn loss(log_odds: &[f64], churned: &[bool]) -> f64 {
    log_odds.iter().zip(churned).map(|(&z, &churned)| log_loss(z, churned)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Verdict;
    use mainstay_features::ingest::{Input, Source, read};
    use mainstay_features::watch::Unwatched;

    const CDNOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../notebooks-data/cdnow/purchases.parquet");

    fn ground(settings: &Settings, most_customers: usize) -> Ground {
        let input = Input { purchases: vec![Source::File(CDNOW.into())], ..Input::default() };
        let histories = read(&input, &Unwatched).unwrap().history;
        let until = "1998-07-01".parse().unwrap();
        Ground::survey(&histories, settings, until, most_customers, &Unwatched).unwrap()
    }

    fn settings() -> Settings {
        Settings {
            horizon: "90d".parse().unwrap(),
            lookback: "180d".parse().unwrap(),
            seed: 3,
            trainer: Default::default(),
        }
    }

    fn passes(ground: &Ground, settings: &Settings) -> bool {
        let walk = walk(ground, settings, None, &Unwatched).unwrap();
        Verdict::of(&walk.said, walk.judged, settings.seed).passes()
    }

    /// Nothing can be learnt from outcomes that were given to others, so whatever passes passes by chance.
    #[test]
    fn with_shuffled_outcomes_hardly_any_model_passes() {
        let settings = settings();
        assert!(passes(&ground(&settings, 8000), &settings), "with the true outcomes it shows");
        let mut ground = ground(&settings, 600);
        let passed = (0..200_u64)
            .filter(|&run| {
                ground.shuffle_outcomes(run);
                passes(&ground, &Settings { seed: run, ..settings })
            })
            .count();
        assert!(passed <= 18, "{passed} of 200 passed");
    }

    /// A walk over origins of two rows each, of which the newest knew a year before, with a model in service that had not
    /// seen the newest three.
    fn walked(origins: usize, knew_a_year: usize, horizon: &str) -> Walk {
        let origin = Origin {
            cutoff: "2024-01-01T00:00:00Z".to_owned(),
            rows: 2,
            churned: 1,
            kind: Kind::Average,
            spacing: Spacing::Horizon,
            shift_kind: ShiftKind::None,
            shift: 0.0,
            model: Metrics::of(&[0.2, 0.8], &[false, true]),
            rule: Metrics::of(&[0.4, 0.6], &[false, true]),
        };
        let rows = 2 * origins;
        let said: Vec<f64> = (0..rows).map(|row| row as f64).collect();
        let said = Said {
            customers: (0..rows as u64).collect(),
            churned: (0..rows).map(|row| row % 2 == 1).collect(),
            core: said.clone(),
            rule: said.clone(),
            recency: said.clone(),
            incumbent: said[rows - 6..].to_vec(),
            model: said,
        };
        let mut walk = Walk { origins: vec![origin; origins], said, knew_a_year, ..Walk::default() };
        walk.leave_to_judge(horizon.parse().unwrap());
        walk
    }

    #[test]
    fn origins_that_knew_a_year_before_judge_where_they_make_a_year() {
        let judged = |origins, knew, horizon| walked(origins, knew, horizon).judged;
        assert_eq!(judged(8, 3, "90d"), 8, "three quarters are no year");
        assert_eq!(judged(8, 4, "90d"), 4);
        assert_eq!(judged(8, 5, "60d"), 8);
        assert_eq!(judged(8, 6, "60d"), 6);
        assert_eq!(judged(3, 1, "270d"), 1);
        assert_eq!(judged(3, 3, "365d"), 3);
        assert_eq!(judged(3, 0, "400d"), 3, "what became of a year before is known of none");

        let said = walked(8, 4, "90d").said;
        let newest: Vec<f64> = (8..16).map(f64::from).collect();
        for kept in [&said.model, &said.core, &said.rule, &said.recency] {
            assert_eq!(*kept, newest);
        }
        assert_eq!((said.customers[0], said.churned.len()), (8, 8));
        assert_eq!(said.incumbent, newest[2..], "it judges who serves by the same three");
        assert_eq!(walked(4, 2, "180d").said.incumbent, [4.0, 5.0, 6.0, 7.0]);
    }

    /// With a horizon of more than a year, what became of the customers of a year ago is not known yet: nothing after the instant
    /// changes what is estimated from them.
    #[test]
    fn a_year_before_is_not_looked_at_while_its_horizon_runs() {
        let settings =
            Settings { horizon: "400d".parse().unwrap(), lookback: "60d".parse().unwrap(), ..settings() };
        let input = Input { purchases: vec![Source::File(CDNOW.into())], ..Input::default() };
        let histories = read(&input, &Unwatched).unwrap().history;
        let until = "1998-05-01".parse().unwrap();
        let training = crate::training::train(&histories, &settings, until, None, &Unwatched).unwrap();
        let residuals = training.shift.residuals;
        assert!(residuals.newest.is_some(), "{residuals:?}");
        assert_eq!((residuals.year_ago, residuals.newest_year_ago), (None, None));
    }

    /// Everything chosen at an origin rests on origins before it: what comes later cannot change it.
    #[test]
    fn what_is_chosen_at_an_origin_does_not_look_ahead() {
        let settings = settings();
        let mut ground = ground(&settings, 2000);
        let all = walk(&ground, &settings, None, &Unwatched).unwrap().origins;
        assert_eq!(all.len(), 4);
        ground.origins.truncate(2);
        let some = walk(&ground, &settings, None, &Unwatched).unwrap().origins;
        assert_eq!(all[..2], some[..]);
    }
}
