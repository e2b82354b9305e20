//! What training and rolling backtests stand on: which snapshots there are, and what can be fitted at an instant on
//! what was known then.

use std::collections::BTreeMap;

use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::choice::Spacing;
use crate::dataset::Dataset;
use crate::inputs::{FeatureList, Inputs};
use crate::lifetime::{BgNbd, PurchaseCounts};
use crate::model::{Models, Serving, completed};
use crate::odds::shift_to;
use crate::season::{self, Residuals};
use crate::snapshots::{Labelled, Question, Snapshots};
use crate::training::Settings;

/// A model learns from the snapshots of so many horizons before an instant: what is older tells of another shop.
const HORIZONS: usize = 4;
/// Of larger shops, a fair draw of about so many customers is learnt from: what more rows would add is far below what
/// one season differs from the next.
pub(crate) const MOST_CUSTOMERS: usize = 100_000;

/// The snapshots of a history up to an instant.
pub(crate) struct Ground {
    pub(crate) label: Label,
    pub(crate) features: FeatureList,
    /// Instants at which something is fitted and tested, ascending.
    pub(crate) origins: Vec<Instant>,
    horizon: Days,
    earliest: Instant,
    snapshots: Snapshots,
    purchasing: BTreeMap<Instant, Option<BgNbd>>,
}

impl Ground {
    /// Takes every snapshot that is needed, of about so many customers at most, in one walk over them.
    pub(crate) fn survey(
        histories: &Histories,
        settings: &Settings,
        known_until: Instant,
        most_customers: usize,
        watch: &dyn Watch,
    ) -> Result<Self, TrainingError> {
        let Settings { horizon, lookback, .. } = *settings;
        let summary = histories.summary();
        let first = summary.span.map_or(known_until, |(first, _)| first);
        // The population needs time to form.
        let earliest = first.plus(lookback.min(horizon));
        let origins: Vec<Instant> = horizons_before(known_until, horizon)
            .take_while(|origin| origin.minus(horizon) >= earliest)
            .collect();
        let mut ground = Self {
            label: Label::where_given(histories.given()),
            features: FeatureList::told_by(histories.given()),

            origins: origins.into_iter().rev().collect(),
            horizon,
            earliest,
            snapshots: Snapshots::default(),
            purchasing: BTreeMap::new(),
        };
        if ground.cutoffs(known_until, Spacing::Horizon).is_empty() {
            let needed_days = u64::from(horizon.get()) + u64::from(horizon.min(lookback).get());
            return Err(TrainingError::HistoryTooShort { first, last: known_until, needed_days });
        }
        let instants: Vec<Instant> = ground.origins.iter().copied().chain([known_until]).collect();
        let mut cutoffs = ground.origins.clone();
        for &instant in &instants {
            cutoffs.extend(Spacing::ALL.iter().flat_map(|&spacing| ground.cutoffs(instant, spacing)));
            cutoffs
                .extend(season::cutoffs(instant, horizon).into_iter().filter(|&cutoff| cutoff >= earliest));
        }
        watch.begin("take snapshots", None);
        let share = (most_customers as f64 / summary.customers.max(1) as f64).min(1.0);
        let question = Question { features: &ground.features, horizon, lookback, share };
        ground.snapshots = Snapshots::take(histories, &cutoffs, &question)?;
        watch.end();
        watch.begin("fit purchases", Some(instants.len() as u64));
        if ground.label == Label::NoPurchase {
            for (&instant, counts) in instants.iter().zip(PurchaseCounts::at_each(histories, &instants)?) {
                // Too few customers who came back, or none that the search can tell apart: the column is left out.
                ground.purchasing.insert(instant, BgNbd::fit(&counts).ok());
                watch.advance(1);
            }
        }
        watch.end();
        Ok(ground)
    }

    /// The cutoffs learnt from at an instant, newest first: their outcomes are known by then.
    fn cutoffs(&self, at: Instant, spacing: Spacing) -> Vec<Instant> {
        let steps = spacing.per_horizon();
        let newest = at.minus(self.horizon).micros();
        let step_micros = (at.micros() - newest) / steps as i64;
        (0..(HORIZONS * steps) as i64)
            .map_while(|step| Instant::from_micros(newest - step * step_micros))
            .take_while(|&cutoff| cutoff >= self.earliest && cutoff > Instant::MIN)
            .collect()
    }

    /// The snapshots learnt from at an instant, newest first.
    pub(crate) fn learnt_from(&self, at: Instant, spacing: Spacing) -> impl Iterator<Item = &Labelled> {
        self.cutoffs(at, spacing).into_iter().filter_map(|cutoff| self.snapshots.at(cutoff))
    }

    /// The snapshot at an instant.
    pub(crate) fn at(&self, cutoff: Instant) -> Option<&Labelled> {
        self.snapshots.at(cutoff)
    }

    /// The columns of models fitted at an instant.
    pub(crate) fn inputs(&self, at: Instant) -> Inputs {
        let purchasing = self.purchasing.get(&at).copied().flatten();
        Inputs { features: self.features.clone(), purchasing, horizon: self.horizon }
    }

    /// The rows learnt from at an instant, newest first.
    pub(crate) fn data(&self, at: Instant, spacing: Spacing, inputs: &Inputs) -> Dataset {
        let mut data = Dataset::empty(inputs.width());
        for snapshot in self.learnt_from(at, spacing) {
            data.extend(&completed(inputs, &snapshot.data));
        }
        data
    }

    /// Gives what became of the customers of each snapshot to others of it: nothing can be learnt then.
    #[cfg(test)]
    pub(crate) fn shuffle_outcomes(&mut self, seed: u64) {
        self.snapshots.shuffle_outcomes(seed);
    }

    /// How far each of what answers was off at the snapshots that tell about an instant and whose outcomes are known by then:
    /// with a horizon of more than a year, not those of a year before.
    pub(crate) fn residuals<const N: usize>(
        &self,
        at: Instant,
        models: &Models,
        servings: [&Serving; N],
    ) -> [Residuals; N] {
        let off = season::cutoffs(at, self.horizon).map(|cutoff| {
            let is_known = cutoff >= self.earliest && cutoff <= at.minus(self.horizon);
            let Some(snapshot) = self.at(cutoff).filter(|_| is_known) else {
                return [None; N];
            };
            let data = completed(&models.inputs, &snapshot.data);
            servings.map(|serving| shift_to(&serving.log_odds(models, data.rows()), &data.churned))
        });
        std::array::from_fn(|place| {
            let [newest, year_ago, newest_year_ago] = off.each_ref().map(|off| off[place]);
            Residuals { newest, year_ago, newest_year_ago }
        })
    }
}

/// Instants one horizon apart, the first one horizon before.
fn horizons_before(instant: Instant, horizon: Days) -> impl Iterator<Item = Instant> {
    std::iter::successors(Some(instant.minus(horizon)), move |at| Some(at.minus(horizon)))
        .take_while(|&at| at > Instant::MIN)
}
