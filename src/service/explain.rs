//! Why a customer scores as they do.

use mainstay_features::registry::CORE;
use mainstay_features::units::Instant;
use mainstay_models::calibrate::probability;
use mainstay_models::dataset::Rows;
use mainstay_models::drift::Tally;
use mainstay_models::explain::{Told, nothing_stands_out};
use mainstay_models::language::Language;
use mainstay_models::model::{Basis, Explained};

use smallvec::SmallVec;

use super::{Answering, AsOf, Assessed, Scored, Service};

/// So many reasons of a customer are told at most.
pub const REASONS: usize = 3;

/// Reasons, at most [`REASONS`]; millions of customers have some, and none of them in a place of its own.
pub type Why = SmallVec<[Told; REASONS]>;

/// Why a customer scores as they do: base + Σ contributions + calibration + shift are the log-odds of the probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The raw log-odds of a customer who is usual in everything, as those the model was trained on are on average.
    pub base: f64,
    /// Every column that what answers could see, the largest contribution first.
    pub reasons: Vec<Reason>,
    /// What calibration adds to the raw log-odds.
    pub calibration: f64,
    /// What the expected shift of the churn rate adds.
    pub shift: f64,
    /// The reasons to leave that stand out, the strongest first, at most [`REASONS`]; none where none does.
    pub why: Why,
}

/// [`Explanation::why`] in sentences; where no reason stands out, one that says so.
pub fn why_in(why: &[Told], language: Language) -> Vec<String> {
    if why.is_empty() {
        return vec![nothing_stands_out(language).to_owned()];
    }
    why.iter().map(|told| told.sentence(language)).collect()
}

/// One feature's part in a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The feature.
    pub feature: &'static str,
    /// The customer's value; NaN where there is none.
    pub value: f64,
    /// What it contributes to the log-odds, more or less than usual: see
    /// [`mainstay_models::model::Models::contributions`].
    pub contribution: f64,
    /// What it tells of the customer.
    pub told: Option<Told>,
}

/// A customer's score and what weighs in it.
struct Weighed<'a> {
    scored: Scored,
    /// A value for every column of the model.
    row: &'a [f64],
    /// The raw log-odds of a usual customer…
    base: f64,
    /// …and what each column adds for this one.
    contributions: Vec<f64>,
}

impl Service {
    /// Scores rows of features, one after the other, each of which [`Self::check_row`] lets pass, with all there is to say why.
    pub fn explain(&self, values: &[f64], as_of: AsOf<'_>, basis: Basis) -> Vec<(Scored, Explanation)> {
        let names = self.artifact.training.models.inputs.names();
        let width = self.features().width();
        let is_beyond_the_core = |place: usize| (CORE.len()..width).contains(&place);
        let seen = |place: &usize| basis == Basis::AllFeatures || !is_beyond_the_core(*place);
        self.each((values, &self.columns_of(values)), as_of, basis, |one| {
            let contributions = &one.contributions;
            let reason = |place| Reason {
                feature: names[place],
                value: one.row[place],
                contribution: contributions[place],
                told: self.explainer.told(place, one.row, contributions[place]),
            };
            let mut reasons: Vec<Reason> = (0..names.len()).filter(seen).map(reason).collect();
            reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
            // Of what the parts come to, so that all lines add up.
            let raw = one.base + contributions.iter().sum::<f64>();
            let Answering { serving, shift, .. } = self.answering(basis);
            let calibration = serving.calibration.apply(raw) - raw;
            let why = self.why(one.row, contributions);
            (one.scored, Explanation { base: one.base, reasons, calibration, shift: *shift, why })
        })
    }

    /// Scores rows of features like [`Self::explain`], with why each may leave and no more.
    pub fn assess(&self, values: &[f64], as_of: AsOf<'_>, basis: Basis) -> Vec<Assessed> {
        self.assessed((values, &self.columns_of(values)), as_of, basis)
    }

    /// [`Self::assess`] of rows of all features, and how they are spread over the bins of the customers the model was trained on.
    pub(super) fn tallied(&self, values: &[f64], as_of: Instant) -> (Vec<Assessed>, Tally) {
        let columns = self.columns_of(values);
        let assessed = self.assessed((values, &columns), AsOf::All(Some(as_of)), Basis::AllFeatures);
        let said: Vec<f64> = assessed.iter().map(|one| one.scored.churn_probability.get()).collect();
        let training = &self.artifact.training;
        let tally = training.reference.tally(Rows::new(&columns, training.models.inputs.width()), &said);
        (assessed, tally)
    }

    fn assessed(&self, rows: (&[f64], &[f32]), as_of: AsOf<'_>, basis: Basis) -> Vec<Assessed> {
        self.each(rows, as_of, basis, |one| Assessed {
            scored: one.scored,
            why: self.why(one.row, &one.contributions),
        })
    }

    /// Scores rows of features like [`Self::explain`], the same bits, and does not ask why.
    pub fn score(&self, values: &[f64], as_of: AsOf<'_>, basis: Basis) -> Vec<Scored> {
        let models = &self.artifact.training.models;
        let columns = self.columns_of(values);
        let raw = models.raw(self.answering(basis).serving.kind, Rows::new(&columns, models.inputs.width()));
        let rows = values.chunks_exact(self.features().width()).zip(raw).enumerate();
        rows.map(|(place, (row, raw))| self.scored_at(row, as_of.of(place), raw, basis)).collect()
    }

    /// A row's score, from its raw log-odds of churn.
    fn scored_at(&self, row: &[f64], as_of: Option<Instant>, raw: f64, basis: Basis) -> Scored {
        let Answering { serving, shift, .. } = self.answering(basis);
        let probability = probability(serving.calibration.apply(raw) + shift);
        self.scored(row, probability, |core| self.outlook.of(core, as_of))
    }

    /// What is made of each of some rows of features, which also stand as the models see them.
    fn each<T>(
        &self,
        (values, columns): (&[f64], &[f32]),
        as_of: AsOf<'_>,
        basis: Basis,
        make: impl Fn(Weighed<'_>) -> T,
    ) -> Vec<T> {
        // Of the kinds of customers that one request may have, most are of one.
        if values.is_empty() {
            return Vec::new();
        }
        let models = &self.artifact.training.models;
        let columns = Rows::new(columns, models.inputs.width());
        let explained = models.explained(self.answering(basis).serving.kind, columns);
        let rows = values.chunks_exact(self.features().width()).zip(columns.iter()).zip(explained);
        // The log-odds of a usual customer and what each column adds for one: the sum stays what the models say.
        let usual = self.artifact.training.usual_contributions_on(basis);
        let usual_together: f64 = usual.iter().sum();
        let mut row = Vec::with_capacity(columns.width());
        let mut of = |place: usize, features: &[f64], columns: &[f32], explained: Explained| {
            let Explained { raw, base, mut contributions } = explained;
            contributions.iter_mut().zip(usual).for_each(|(own, usual)| *own -= usual);
            complete(&mut row, features, columns);
            let scored = self.scored_at(features, as_of.of(place), raw, basis);
            make(Weighed { scored, row: &row, base: base + usual_together, contributions })
        };
        let rows = rows.enumerate();
        rows.map(|(place, ((features, columns), explained))| of(place, features, columns, explained))
            .collect()
    }

    /// The reasons to leave that stand out; the row has a value for every column of the model.
    fn why(&self, row: &[f64], contributions: &[f64]) -> Why {
        let leaving = self.explainer.leaving(row, contributions);
        leaving.take(REASONS).map(|reason| reason.told).collect()
    }
}

/// Makes it a row of features with the values of the model's further columns.
fn complete(row: &mut Vec<f64>, features: &[f64], columns: &[f32]) {
    row.clear();
    row.extend_from_slice(features);
    row.extend(columns.iter().skip(features.len()).map(|&value| f64::from(value)));
}
