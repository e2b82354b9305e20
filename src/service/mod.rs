//! History → features → probability → value → decision. Batch and API ask here and nowhere else.

mod as_of;
mod explain;

pub use as_of::AsOf;
pub use explain::{Explanation, REASONS, Reason, Why, why_in};

use std::ops::Range;

use mainstay_features::contacts::DAYS_SINCE_CONTACT;
use mainstay_features::frequency::FREQUENCY;
use mainstay_features::history::{CustomerHistory, Given, History};
use mainstay_features::known::{Cut, Known};
use mainstay_features::label::Label;
use mainstay_features::recency::RECENCY_DAYS;
use mainstay_features::registry::{CORE, Row, place};
use mainstay_features::tenure::TENURE_DAYS;
use mainstay_features::units::{Days, Instant, Money, Probability};
use mainstay_features::watch::{Unwatched, Watch};
use mainstay_models::artifact::Artifact;
use mainstay_models::dataset::Rows;
use mainstay_models::decision::{Catalogue, Stakes, Worth};
use mainstay_models::drift::Tally;
use mainstay_models::explain::Explainer;
use mainstay_models::inputs::{FeatureList, core_of};
use mainstay_models::lifetime::{Expected, Margin, Outlook, YearlyDiscount};
use mainstay_models::model::{Basis, Serving};
use mainstay_models::segments::{Signs, SignsReader};
use rayon::prelude::*;

use crate::failure::{Failure, Kind};

/// What lifetime values rest on besides the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assumptions {
    /// The share of the amount paid that is left after the cost of goods.
    pub margin: Margin,
    /// By how much a year's wait lowers what an amount is worth.
    pub discount: YearlyDiscount,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { margin: Margin::DEFAULT, discount: YearlyDiscount::DEFAULT }
    }
}

/// A model, a catalogue of offers and the assumptions behind the money.
#[derive(Debug)]
pub struct Service {
    artifact: Artifact,
    catalogue: Catalogue,
    assumptions: Assumptions,
    /// What answers, by [`Basis`].
    answering: [Answering; Basis::ALL.len()],
    explainer: Explainer,
    outlook: Outlook,
    signs: SignsReader,
    /// Where a row has the days since the last contact, if the model sees them.
    days_since_contact: Option<usize>,
}

/// What answers for what is known of a customer.
#[derive(Debug)]
struct Answering {
    serving: Serving,
    /// What is added to its log-odds.
    shift: f64,
    /// How it was judged, in words.
    judged: &'static str,
}

/// One customer's features, probability and value, and where they stand.
#[derive(Clone, Copy, Debug)]
pub struct Scored {
    /// The core features.
    pub row: Row,
    /// The probability of churn within the model's horizon if nothing is done.
    pub churn_probability: Probability,
    /// What the customer will do if kept.
    pub expected: Expected,
    /// What keeping the customer is worth, and how well that is known.
    pub worth: Worth,
    /// What was seen of the customer that may mean leaving.
    pub signs: Signs,
}

impl Scored {
    /// The numbers that decide.
    pub fn stakes(&self) -> Stakes {
        Stakes {
            churn_probability: self.churn_probability,
            worth: self.worth,
            next_order: Money::new(self.expected.mean_amount).unwrap_or_default(),
        }
    }
}

/// One customer's score and what speaks for it.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The score.
    pub scored: Scored,
    /// Why the customer may leave: [`Explanation::why`].
    pub why: Why,
}

/// A population's scores, in the order of the customers' numbers in the history.
#[derive(Debug, Default)]
pub struct Population {
    /// The customers' numbers, ascending.
    pub customers: Vec<u32>,
    /// Their scores, and why each may leave.
    pub assessed: Vec<Assessed>,
    /// How they are spread over the bins of the customers the model was trained on; empty of customers it says nothing of.
    pub tally: Tally,
}

/// The most a feature given from outside may be; a history cannot give more.
const MOST: f64 = 1e13;

/// So many customers are scored at a time on one thread.
pub(crate) const CHUNK_CUSTOMERS: usize = 4096;

impl Service {
    /// A service that answers with this model.
    pub fn new(artifact: Artifact, catalogue: Catalogue, assumptions: Assumptions) -> Self {
        let answering = Basis::ALL.map(|basis| {
            let (serving, shift) = artifact.training.serving_on(basis);
            Answering { serving, shift, judged: artifact.training.judged_on(basis) }
        });
        let names = artifact.training.models.inputs.names();
        let explainer = Explainer::new(&names.into_iter().map(str::to_owned).collect::<Vec<_>>());
        let outlook = Outlook::new(artifact.training.lifetime.lifetime, assumptions.discount);
        let features = &artifact.training.models.inputs.features;
        let signs = SignsReader::new(features);
        let days_since_contact = features.names().position(|name| name == DAYS_SINCE_CONTACT.name);
        Self { artifact, catalogue, assumptions, answering, explainer, outlook, signs, days_since_contact }
    }

    fn answering(&self, basis: Basis) -> &Answering {
        let [all_features, core_features] = &self.answering;
        match basis {
            Basis::AllFeatures => all_features,
            Basis::CoreFeatures => core_features,
        }
    }

    /// How what answers for what is known of a customer was judged, in words.
    pub fn judged(&self, basis: Basis) -> &'static str {
        self.answering(basis).judged
    }

    /// The offers there are.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The model.
    pub fn artifact(&self) -> &Artifact {
        &self.artifact
    }

    /// What lifetime values rest on besides the data.
    pub fn assumptions(&self) -> Assumptions {
        self.assumptions
    }

    /// Whether the model is one for a history with this in it.
    ///
    /// # Errors
    /// When leaving means something else in the history than it did where the model was trained.
    pub fn check_label(&self, given: Given) -> Result<(), Failure> {
        let (learnt, label) = (self.artifact.training.label, Label::where_given(given));
        if learnt != label {
            return Err(Failure::new(
                Kind::OtherLabel,
                format!(
                    "the model's label is \"{learnt}\", and that of the history is \"{label}\": \
                     train a model on this history with mainstay train"
                ),
            ));
        }
        Ok(())
    }

    /// Scores everyone in the population at the instant. The watcher is told of a step for each customer of the history.
    pub fn score_population(&self, history: &History, as_of: Instant, watch: &dyn Watch) -> Population {
        self.score_some(history, 0..history.len(), as_of, watch)
    }

    /// [`Self::score_population`] of some of the customers, by their numbers in the history.
    pub fn score_some(
        &self,
        history: &History,
        customers: Range<usize>,
        as_of: Instant,
        watch: &dyn Watch,
    ) -> Population {
        let of_rows = |values: &[f64]| self.tallied(values, as_of);
        self.walk((history, customers), as_of, watch, Label::has_in_population, of_rows)
    }

    /// Everyone who has lapsed by the instant ([`Label::has_lapsed`]): no model says whether they will leave, they have, p = 1;
    /// nor why. The watcher is told of a step for each customer of the history.
    pub fn lapsed(&self, history: &History, as_of: Instant, watch: &dyn Watch) -> Population {
        let left = |values: &[f64]| (self.left(values, as_of), Tally::default());
        self.walk((history, 0..history.len()), as_of, watch, Label::has_lapsed, left)
    }

    /// What everyone in the population at the instant would be worth, had they left and were won back, by their numbers in the history.
    pub fn worth_of_population(&self, history: &History, as_of: Instant) -> Vec<(u32, Worth)> {
        let all = (history, 0..history.len());
        let left = |values: &[f64]| (self.left(values, as_of), Tally::default());
        let population = self.walk(all, as_of, &Unwatched, Label::has_in_population, left);
        population.customers.into_iter().zip(population.assessed.iter().map(|one| one.scored.worth)).collect()
    }

    /// Those customers of a range who are of a kind, in chunks of rows of features.
    fn walk(
        &self,
        (history, customers): (&History, Range<usize>),
        as_of: Instant,
        watch: &dyn Watch,
        is_one: fn(Label, &Known<'_>, Days) -> bool,
        of_rows: impl Fn(&[f64]) -> (Vec<Assessed>, Tally) + Sync,
    ) -> Population {
        let label = self.artifact.training.label;
        let lookback = self.artifact.settings.lookback;
        let end = customers.end.min(history.len());
        let chunks: Vec<Population> = customers
            .into_par_iter()
            .step_by(CHUNK_CUSTOMERS)
            .map_init(Cut::default, |cut, first| {
                let (mut customers, mut values) = (Vec::new(), Vec::new());
                let chunk = first..end.min(first + CHUNK_CUSTOMERS);
                for customer in chunk.clone() {
                    let known = cut.at(history.customer(customer), as_of);
                    if let Some(known) = known.filter(|known| is_one(label, known, lookback)) {
                        customers.push(customer as u32);
                        self.features().compute(&known, history.given(), &mut values);
                    }
                }
                let (assessed, tally) = of_rows(&values);
                watch.advance(chunk.len() as u64);
                Population { customers, assessed, tally }
            })
            .collect();
        let mut population = Population::default();
        for chunk in chunks {
            population.customers.extend(chunk.customers);
            population.assessed.extend(chunk.assessed);
            population.tally = population.tally.and(&chunk.tally);
        }
        population
    }

    /// The row of one customer's history: a value for each of [`Self::features`].
    ///
    /// # Errors
    /// When the customer has never bought, or, where leaving is to buy no more, not within the lookback: no churn is left to
    /// predict. Where it is a contract's end, the caller says that the contract runs.
    pub fn row_of(
        &self,
        customer: CustomerHistory<'_>,
        given: Given,
        as_of: Instant,
    ) -> Result<Vec<f64>, Failure> {
        let lookback = self.artifact.settings.lookback;
        let mut cut = Cut::default();
        let known = cut.at(customer, as_of).ok_or_else(|| {
            Failure::new(
                Kind::TooLittleData,
                format!("no purchase at or before {as_of}: there is nothing to lose yet"),
            )
        })?;
        if self.artifact.training.label == Label::NoPurchase && !known.bought_within(lookback) {
            return Err(lapsed(known.as_of().days_since(known.last_purchase().instant), lookback.get()));
        }
        let mut row = Vec::with_capacity(self.features().width());
        self.features().compute(&known, given, &mut row);
        Ok(row)
    }

    /// The features the model sees, in the order of a row.
    pub fn features(&self) -> &FeatureList {
        &self.artifact.training.models.inputs.features
    }

    /// Whole days since the shop last turned to the customer, as a row of features has it; `None` where it never did, or the
    /// model does not see it.
    pub fn days_since_contact(&self, row: &[f64]) -> Option<f64> {
        self.days_since_contact.map(|place| row[place]).filter(|days| !days.is_nan())
    }

    /// Whether a row of features, a value for each of [`Self::features`], can be scored: NaN is where there is none, which
    /// the core always has.
    ///
    /// # Errors
    /// When a value is impossible or the customer has lapsed.
    pub fn check_row(&self, row: &[f64]) -> Result<(), Failure> {
        let impossible = |what: String| Err(Failure::new(Kind::BadInput, what));
        for (place, (feature, &value)) in self.features().features().iter().zip(row).enumerate() {
            if value.is_nan() && place >= CORE.len() {
                continue;
            }
            if value.is_nan() || value < feature.least {
                return impossible(format!(
                    "{}: {value} is below the least possible, {}",
                    feature.name, feature.least
                ));
            }
            if value > MOST {
                return impossible(format!("{}: {value} is more than {MOST:e}", feature.name));
            }
            if feature.unit.is_whole() && value.fract() != 0.0 {
                return impossible(format!("{}: {value} is not a whole number", feature.name));
            }
        }
        let (recency_days, tenure_days) = (row[place(&RECENCY_DAYS)], row[place(&TENURE_DAYS)]);
        if recency_days > tenure_days {
            return impossible(format!(
                "recency_days: the last purchase, {recency_days} days ago, is before the first, {tenure_days} days ago"
            ));
        }
        let frequency = row[place(&FREQUENCY)];
        // n × 24 hours touch n + 1 calendar days, or one more when they do not begin at midnight.
        if frequency > tenure_days + 2.0 {
            return impossible(format!(
                "frequency: {frequency} days with a purchase do not fit in {tenure_days} days"
            ));
        }
        let lookback_days = self.artifact.settings.lookback.get();
        if self.artifact.training.label == Label::NoPurchase && recency_days >= f64::from(lookback_days) {
            return Err(lapsed(recency_days as i64, lookback_days));
        }
        Ok(())
    }

    /// Whether a customer who is scored for the end of a contract has one that runs.
    ///
    /// # Errors
    /// When none does.
    pub fn check_contract(&self, customer: CustomerHistory<'_>, as_of: Instant) -> Result<(), Failure> {
        let runs = || customer.contracts.iter().any(|contract| contract.runs_at(as_of));
        if self.artifact.training.label == Label::ContractEnd && !runs() {
            return Err(Failure::new(
                Kind::Lapsed,
                format!("no contract of the customer runs at {as_of}: there is no end to predict"),
            ));
        }
        Ok(())
    }

    /// Rows of features as the models see them.
    fn columns_of(&self, values: &[f64]) -> Vec<f32> {
        let cast: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        self.artifact.training.models.inputs.complete(Rows::new(&cast, self.features().width()))
    }

    /// Rows of features of customers who have left, for whom there is nothing to predict.
    fn left(&self, values: &[f64], as_of: Instant) -> Vec<Assessed> {
        let left = |row| {
            let outlook = |core: &Row| self.outlook.of_won_back(core, Some(as_of));
            let mut scored = self.scored(row, Probability::ONE, outlook);
            // Late by any rhythm: of nobody who has left may a cause say that they still buy.
            scored.signs.silence_ratio = f64::INFINITY;
            Assessed { scored, why: Why::new() }
        };
        values.chunks_exact(self.features().width()).map(left).collect()
    }

    /// What a row of features says besides the probability; `outlook` tells what the customer will do, and how well the worth of it is known.
    fn scored(
        &self,
        row: &[f64],
        churn_probability: Probability,
        outlook: impl FnOnce(&Row) -> (Expected, f64),
    ) -> Scored {
        let core = core_of(row);
        let (expected, relative_sd) = outlook(&core);
        Scored {
            row: core,
            churn_probability,
            expected,
            worth: Worth { lifetime_value: expected.value(self.assumptions.margin), relative_sd },
            signs: self.signs.read(row),
        }
    }
}

fn lapsed(days_ago: i64, lookback_days: u32) -> Failure {
    Failure::new(
        Kind::Lapsed,
        format!(
            "the last purchase was {days_ago} days ago and the model looks back {lookback_days} days: \
             the customer has left already, so there is no churn to predict"
        ),
    )
}
