//! Why a customer scores as they do.

use mainstay_features::registry::CORE;
use mainstay_models::calibrate::probability;
use mainstay_models::dataset::Rows;
use mainstay_models::explain::{Told, unknown};
use mainstay_models::language::Language;
use mainstay_models::model::{Basis, Explained};

use super::{Answering, Assessed, Scored, Service};
use crate::failure::{Failure, Kind};

/// So many reasons of a customer are told at most.
pub const REASONS: usize = 3;

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
    pub why: Box<[Told]>,
}

/// [`Explanation::why`] in sentences; where no reason stands out, one that says so.
pub fn why_in(why: &[Told], language: Language) -> Vec<String> {
    if why.is_empty() {
        return vec![unknown(language).to_owned()];
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

impl Service {
    /// Scores a row of features, which [`Self::check_row`] lets pass, with all there is to say why.
    ///
    /// # Errors
    /// None that a row can cause.
    pub fn explain(&self, row: &[f64], basis: Basis) -> Result<(Scored, Explanation), Failure> {
        let Answering { serving, shift } = self.answering(basis);
        let models = &self.artifact.training.models;
        let columns = self.columns_of(row);
        let explained = models.explained(serving.kind, Rows::new(&columns, models.inputs.width())).pop();
        let Explained { raw, base, contributions } =
            explained.ok_or_else(|| Failure::new(Kind::Internal, "one row gave no score"))?;
        let scored = self.scored(row, probability(serving.calibration.apply(raw) + shift));
        let (base, contributions) = self.against_the_usual(basis, (base, contributions));
        let row = &completed(row, &columns);
        let why = self.why(row, &contributions);
        let width = self.features().width();
        let is_beyond_the_core = |place| (CORE.len()..width).contains(&place);
        let mut reasons: Vec<Reason> = models
            .inputs
            .names()
            .into_iter()
            .enumerate()
            .filter(|&(place, _)| basis == Basis::AllFeatures || !is_beyond_the_core(place))
            .map(|(place, feature)| Reason {
                feature,
                value: row[place],
                contribution: contributions[place],
                told: self.explainer.told(place, row, contributions[place]),
            })
            .collect();
        reasons.sort_by(|a, b| b.contribution.abs().total_cmp(&a.contribution.abs()));
        // Of what the parts come to, so that all lines add up.
        let raw = base + contributions.iter().sum::<f64>();
        let calibration = serving.calibration.apply(raw) - raw;
        Ok((scored, Explanation { base, reasons, calibration, shift: *shift, why }))
    }

    /// The raw log-odds of a usual customer and what each column adds for this one, of what [`mainstay_models::model::Models`]
    /// says: the sum stays.
    fn against_the_usual(&self, basis: Basis, (base, mut contributions): (f64, Vec<f64>)) -> (f64, Vec<f64>) {
        let usual = self.artifact.training.usual_contributions_on(basis);
        contributions.iter_mut().zip(usual).for_each(|(own, usual)| *own -= usual);
        (base + usual.iter().sum::<f64>(), contributions)
    }

    /// The reasons to leave that stand out; the row has a value for every column of the model.
    fn why(&self, row: &[f64], contributions: &[f64]) -> Box<[Told]> {
        let leaving = self.explainer.leaving(row, contributions);
        leaving.into_iter().take(REASONS).map(|reason| reason.told).collect()
    }

    /// Scores rows of features, one after the other, each of which [`Self::check_row`] lets pass, with why each may leave.
    pub fn assess(&self, values: &[f64], basis: Basis) -> Vec<Assessed> {
        let Answering { serving, shift } = self.answering(basis);
        let models = &self.artifact.training.models;
        let columns = self.columns_of(values);
        let columns = Rows::new(&columns, models.inputs.width());
        let explained = models.explained(serving.kind, columns);
        let rows = values.chunks_exact(self.features().width()).zip(columns.iter()).zip(explained);
        let of = |((row, columns), explained): ((&[f64], &[f32]), Explained)| {
            let Explained { raw, base, contributions } = explained;
            let log_odds = serving.calibration.apply(raw);
            let (_, contributions) = self.against_the_usual(basis, (base, contributions));
            let why = self.why(&completed(row, columns), &contributions);
            Assessed { scored: self.scored(row, probability(log_odds + shift)), why }
        };
        rows.map(of).collect()
    }
}

/// A row of features with the values of the model's further columns.
fn completed(row: &[f64], columns: &[f32]) -> Vec<f64> {
    row.iter().copied().chain(columns.iter().skip(row.len()).map(|&value| f64::from(value))).collect()
}
