//! The scored list: one row per customer in the population, sorted by customer; written, read back and ranked.

mod about;
mod aside;
mod decide;
mod fields;
mod lapsed;
mod ledger;
#[cfg(test)]
pub(crate) mod made_up;
mod read;
mod record;
mod scoring;
mod shown;
mod stream;
mod write;

pub use about::{ListAbout, ListBasis, Question};
pub use aside::Aside;
pub use aside::FILE as ASIDE;
pub use decide::ConsentColumns;
pub(crate) use fields::known_fields;
pub use fields::{Cell, Field, FieldKind};
pub use ledger::write_ledger;
pub(crate) use read::read;
pub use stream::ScoredPopulation;
pub use write::{Format, ListFile, write_cell};

use std::borrow::Cow;

use compact_str::CompactString;
use mainstay_features::contacts::days_since_contact_until;
use mainstay_features::history::{Histories, History};
use mainstay_features::id::IdKind;
use mainstay_features::profile;
use mainstay_features::recency::RECENCY_DAYS;
use mainstay_features::registry::{Row, place};
use mainstay_features::units::{Instant, Money, Probability};
use mainstay_models::decision::{Ledger, Stakes, Terms, Worth};
use mainstay_models::explain;
use mainstay_models::language::Language;
use mainstay_models::lifetime::Expected;
use mainstay_models::segments::{Cause, Evidence, LikelyCause, Stage, Tier, TierCuts, is_problem};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use self::shown::Shown;
use crate::service::{Assessed, Population, Service, Why};
use crate::suppressed::Suppressed;

/// Scores of one population at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The instant.
    pub as_of: Instant,
    /// How customer identifiers are written.
    pub id_kind: IdKind,
    /// The actions the rows point at.
    pub actions: Vec<Action>,
    /// What customers files say for a list to show: the names of its last columns.
    pub shown: Vec<String>,
    /// How many customers of the population are not in it, because they object to marketing; of a list read from a file
    /// only those who objected after it was written.
    pub suppressed: usize,
    /// What it was decided by; `None` where it is not read from a file that tells it.
    pub basis: Option<ListBasis>,
    /// The rows.
    pub rows: Vec<ScoreRow>,
}

/// Up to when contacts keep a list's customers from being turned to again: as of an earlier instant than the last order, up to
/// that; else up to now, as nights are of the last order's instant, and offers have been made since.
fn contacts_until(histories: &Histories, as_of: Instant) -> Instant {
    let is_newest = histories.summary().span.is_none_or(|(_, last)| last <= as_of);
    if is_newest { Instant::MAX } else { as_of }
}

/// An action of a list: an offer, or doing nothing, whose terms are all 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it comes to, but for the incentive, which is the row's own.
    pub terms: Terms,
}

/// One customer's score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Who.
    pub customer_id: CompactString,
    /// The probability of churn.
    pub churn_probability: f64,
    /// What keeping the customer is worth.
    pub lifetime_value: f64,
    /// The standard deviation of the lifetime value as a share of it.
    pub lifetime_value_relative_sd: f64,
    /// How much of the shop's business the customer is.
    pub tier: Tier,
    /// How far along the customer is.
    pub stage: Stage,
    /// Why the customer is likely to leave.
    pub cause: Cause,
    /// What speaks for that; `None` where the cause is unknown.
    pub evidence: Option<Evidence>,
    /// Whole days since the shop last turned to the customer, if it ever did.
    pub days_since_contact: Option<f64>,
    /// The action's place in [`Scores::actions`].
    pub action: u32,
    /// δ: what the action's incentive comes to.
    pub incentive: f64,
    /// What the action is expected to earn over doing nothing.
    pub net_value: f64,
    /// The probability that the action earns anything; `None` where nothing is done.
    pub pays: Option<f64>,
    /// The features.
    pub features: Row,
    /// What the customer will do if kept.
    pub expected: Expected,
    /// Why the customer may leave: at most [`crate::service::REASONS`], the strongest first; none where nothing stands out.
    pub reasons: Why,
    /// What customers files say, as known at the instant; as many as [`Scores::shown`].
    pub shown: Box<[Option<CompactString>]>,
}

impl ScoreRow {
    /// The sentence of a reason, the strongest first; `None` where there is none more. Where nothing stands out, the first
    /// says so.
    pub fn reason(&self, place: usize, language: Language) -> Option<Cow<'static, str>> {
        match self.reasons.get(place) {
            Some(told) => Some(told.sentence(language).into()),
            None => (place == 0).then(|| explain::nothing_stands_out(language).into()),
        }
    }

    /// The sentence of what speaks for the cause; `None` where the cause is unknown.
    pub fn cause_evidence(&self, language: Language) -> Option<String> {
        self.evidence.as_ref().map(|evidence| evidence.sentence(self.cause, language))
    }

    /// Whole days since the last purchase.
    pub fn recency_days(&self) -> f64 {
        self.features[place(&RECENCY_DAYS)]
    }

    /// p × V: what is expected to be lost if nothing is done.
    pub fn value_at_risk(&self) -> f64 {
        self.churn_probability * self.lifetime_value
    }

    /// The numbers that decide.
    pub fn stakes(&self) -> Stakes {
        Stakes {
            churn_probability: Probability::nearest(self.churn_probability),
            worth: Worth {
                lifetime_value: Money::new(self.lifetime_value).unwrap_or_default(),
                relative_sd: self.lifetime_value_relative_sd,
            },
            next_order: Money::new(self.expected.mean_amount).unwrap_or_default(),
        }
    }
}

impl Scores {
    /// No rows yet, at an instant, with these attributes of customers to show.
    fn empty(as_of: Instant, id_kind: IdKind, shown: Vec<String>) -> Self {
        Self { as_of, id_kind, actions: Vec::new(), shown, suppressed: 0, basis: None, rows: Vec::new() }
    }

    /// The same list with nobody in it.
    pub fn without_rows(&self) -> Self {
        let Self { as_of, id_kind, actions, shown, suppressed, basis, rows: _ } = self;
        Self {
            as_of: *as_of,
            id_kind: *id_kind,
            actions: actions.clone(),
            shown: shown.clone(),
            suppressed: *suppressed,
            basis: basis.clone(),
            rows: Vec::new(),
        }
    }

    /// Without who has objected to marketing since.
    pub fn without(mut self, suppressed: &Suppressed) -> Self {
        let before = self.rows.len();
        self.rows.retain(|row| !suppressed.has(&row.customer_id));
        self.suppressed += before - self.rows.len();
        self
    }

    /// With the rows of customers of a history, or a part of one; not yet in tiers, and without decisions. To whom the shop has
    /// turned is known up to an instant of its own: see [`contacts_until`].
    fn with(
        mut self,
        service: &Service,
        history: &History,
        (population, contacts_until): (Population, Instant),
        shown: &Shown,
        suppressed: &Suppressed,
    ) -> Self {
        let as_of = self.as_of;
        let horizon = service.artifact().settings.horizon;
        let column = |name| self.shown.iter().position(|shown| shown == name);
        let (cause_column, problem_column) = (column(profile::CHURN_CAUSE), column(profile::PROBLEM));
        self.rows.reserve_exact(population.customers.len());
        let Population { customers, assessed, .. } = population;
        let texts = shown.texts(history, &customers, as_of);
        for ((&customer, Assessed { scored, why }), shown) in customers.iter().zip(assessed).zip(texts) {
            let customer_id = history.customer_id(customer as usize);
            if suppressed.has(customer_id) {
                self.suppressed += 1;
                continue;
            }
            let said = |column: Option<usize>| shown.get(column?)?.as_deref();
            let likely = LikelyCause::of(&scored.signs, said(cause_column));
            let cause = likely.cause;
            let recorded = said(problem_column).and_then(profile::yes_or_no) == Some(true);
            let tier = if is_problem(&scored.signs, recorded, cause) { Tier::Problem } else { Tier::Small };
            self.rows.push(ScoreRow {
                customer_id: customer_id.into(),
                churn_probability: scored.churn_probability.get(),
                lifetime_value: scored.worth.lifetime_value.get(),
                lifetime_value_relative_sd: scored.worth.relative_sd,
                tier,
                stage: Stage::of(&scored.signs, horizon),
                cause,
                evidence: (cause != Cause::Unknown).then_some(likely.evidence),
                days_since_contact: days_since_contact_until(
                    history.customer(customer as usize).contacts,
                    as_of,
                    contacts_until,
                ),
                action: 0,
                incentive: 0.0,
                net_value: 0.0,
                pays: None,
                features: scored.row,
                expected: scored.expected,
                reasons: why,
                shown,
            });
        }
        self
    }

    /// A customer's row.
    pub fn row_of(&self, customer_id: &str) -> Option<&ScoreRow> {
        let found = self.rows.binary_search_by(|row| self.id_kind.compare(&row.customer_id, customer_id));
        let row = self.rows.get(found.ok()?)?;
        (&*row.customer_id == customer_id).then_some(row)
    }

    /// The lifetime values between the tiers.
    pub fn tier_cuts(&self) -> TierCuts {
        TierCuts::of(self.rows.iter().map(|row| row.lifetime_value))
    }

    fn place_in_tiers(&mut self, cuts: TierCuts) {
        self.rows
            .par_iter_mut()
            .for_each(|row| row.tier = cuts.tier(row.lifetime_value, row.tier == Tier::Problem));
    }

    /// The place of an action, new or known.
    fn action(&mut self, name: &str, terms: Terms) -> u32 {
        let terms = Terms { incentive: Money::ZERO, ..terms };
        let is_it = |action: &Action| action.name == name && action.terms == terms;
        let place = self.actions.iter().position(is_it).unwrap_or_else(|| {
            self.actions.push(Action { name: name.to_owned(), terms });
            self.actions.len() - 1
        });
        place as u32
    }

    /// Adds the rows of another list of the same instant and columns, which come after these; of no rows yet the instant is the
    /// other's.
    pub(crate) fn append(&mut self, other: Self) {
        if self.rows.is_empty() {
            self.as_of = other.as_of;
        }
        self.suppressed += other.suppressed;
        let places: Vec<u32> = other.actions.iter().map(|of| self.action(&of.name, of.terms)).collect();
        self.rows.extend(other.rows.into_iter().map(|mut row| {
            // A row points at an action of its own list.
            row.action = places.get(row.action as usize).copied().unwrap_or(row.action);
            row
        }));
    }

    /// The name of a row's action.
    pub fn action_of(&self, row: &ScoreRow) -> &str {
        self.actions.get(row.action as usize).map_or("", |action| &action.name)
    }

    /// What a row's action comes to.
    pub fn terms_of(&self, row: &ScoreRow) -> Terms {
        let terms = self.actions.get(row.action as usize).map_or_else(Terms::default, |action| action.terms);
        Terms { incentive: Money::new(row.incentive).unwrap_or_default(), ..terms }
    }

    /// The parts of a row's net value.
    pub fn ledger_of(&self, row: &ScoreRow) -> Ledger {
        let stakes = row.stakes();
        self.terms_of(row).ledger(stakes.churn_probability, stakes.worth.lifetime_value)
    }

    /// A row as a JSON object, with the columns' names; its sentences are in a language.
    pub fn to_json(&self, row: &ScoreRow, language: Language) -> Value {
        let mut object = Map::new();
        for field in self.fields(language) {
            object.insert(field.name.clone(), self.cell_to_json(field.cell(self, row)));
        }
        Value::Object(object)
    }

    /// A cell as JSON.
    pub fn cell_to_json(&self, cell: Cell<'_>) -> Value {
        match cell {
            Cell::Id(id) => self.id_to_json(id),
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number),
            Cell::Whole(number) => json!(number),
            Cell::AsOf => json!(self.as_of.to_string()),
            Cell::Nothing => Value::Null,
        }
    }

    fn id_to_json(&self, id: &str) -> Value {
        match (self.id_kind, id.parse::<i64>()) {
            (IdKind::Integer, Ok(number)) => json!(number),
            _ => json!(id),
        }
    }
}
