//! The scored list: one row per customer in the population, sorted by customer; written, read back and ranked.

mod read;
mod write;

pub use read::read;
pub use write::{Format, write_scores};

use std::cmp::Ordering;

use mainstay_features::history::{Histories, History};
use mainstay_features::id::IdKind;
use mainstay_features::profile::{self, Attribute};
use mainstay_features::registry::{CORE, Row};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::lifetime::Expected;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::service::{REASONS, Service};

/// The names of the columns of a scored list before the features.
pub const SCORE_COLUMNS: [&str; 6] =
    ["customer_id", "as_of", "churn_probability", "lifetime_value", "action", "net_value"];

/// The names of the columns after the features: what the lifetime value is the product of, with the margin.
pub const VALUE_COLUMNS: [&str; 2] = ["purchases_if_kept", "purchase_amount"];
/// The names of the columns after these: why a customer may leave, in sentences.
pub const REASON_COLUMNS: [&str; REASONS] = ["reason_1", "reason_2", "reason_3"];

/// The columns that every list has, in order.
fn known_columns() -> impl Iterator<Item = &'static str> {
    let features = CORE.iter().map(|feature| feature.name);
    SCORE_COLUMNS.into_iter().chain(features).chain(VALUE_COLUMNS).chain(REASON_COLUMNS)
}

/// Scores of one population at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The instant.
    pub as_of: Instant,
    /// How customer identifiers are written.
    pub id_kind: IdKind,
    /// The names of the actions the rows point at.
    pub actions: Vec<String>,
    /// What customers files say for a list to show: the names of its last columns.
    pub shown: Vec<String>,
    /// The rows.
    pub rows: Vec<ScoreRow>,
}

/// One customer's score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreRow {
    /// Who.
    pub customer_id: Box<str>,
    /// The probability of churn.
    pub churn_probability: f64,
    /// What keeping the customer is worth.
    pub lifetime_value: f64,
    /// The action's place in [`Scores::actions`].
    pub action: u32,
    /// What the action is expected to earn over doing nothing.
    pub net_value: f64,
    /// The features.
    pub features: Row,
    /// What the customer will do if kept.
    pub expected: Expected,
    /// Why the customer may leave: at most [`REASONS`] sentences, one a line.
    pub reasons: Box<str>,
    /// What customers files say, as known at the instant; as many as [`Scores::shown`].
    pub shown: Box<[Option<Box<str>>]>,
}

impl ScoreRow {
    /// A sentence for each of [`REASON_COLUMNS`], the strongest reason first; `None` where there is none more.
    pub fn reasons(&self) -> [Option<&str>; REASONS] {
        let mut lines = self.reasons.lines();
        std::array::from_fn(|_| lines.next())
    }
}

impl Scores {
    /// Scores the population of a history at an instant.
    ///
    /// # Errors
    /// When the model is none for this history (see [`Service::check_label`]), or a part of it cannot be read.
    pub fn of(
        service: &Service,
        histories: &Histories,
        as_of: Instant,
        watch: &dyn Watch,
    ) -> Result<Self, Failure> {
        service.check_label(histories.given())?;
        let listed = profile::listed(profile::attributes(histories)?);
        let kind = histories.id_kind();
        let none = Self {
            as_of,
            id_kind: kind,
            actions: Vec::new(),
            shown: listed.iter().map(|attribute| attribute.name.clone()).collect(),
            rows: Vec::new(),
        };
        watch.begin("score", None);
        let mut parts = histories.each(|part| none.clone().with(service, part, &listed, watch))?;
        watch.end();
        if histories.whole().is_some() {
            return Ok(parts.pop().unwrap_or(none));
        }
        let mut scores = none;
        for mut part in parts {
            let actions: Vec<u32> = part.actions.iter().map(|name| scores.action(name)).collect();
            part.rows.iter_mut().for_each(|row| row.action = actions[row.action as usize]);
            scores.rows.append(&mut part.rows);
        }
        scores.rows.par_sort_unstable_by(|a, b| kind.compare(&a.customer_id, &b.customer_id));
        Ok(scores)
    }

    /// With the rows of a history, or a part of one.
    fn with(mut self, service: &Service, history: &History, listed: &[Attribute], watch: &dyn Watch) -> Self {
        let as_of = self.as_of;
        let population = service.score_population(history, as_of, watch);
        self.rows.reserve_exact(population.customers.len());
        let scored = population.scored.into_iter().zip(population.reasons);
        for (&customer, (scored, reasons)) in population.customers.iter().zip(scored) {
            let customer = customer as usize;
            let shown = listed.iter().map(|attribute| {
                let value = attribute.shown(history, history.customer(customer), as_of)?;
                Some(history.text(value).into())
            });
            let action = self.action(scored.decision.action());
            self.rows.push(ScoreRow {
                customer_id: history.customer_id(customer).into(),
                churn_probability: scored.churn_probability.get(),
                lifetime_value: scored.lifetime_value.get(),
                action,
                net_value: scored.decision.net_value.get(),
                features: scored.row,
                expected: scored.expected,
                reasons,
                shown: shown.collect(),
            });
        }
        self
    }

    /// The place of an action's name, new or known.
    fn action(&mut self, name: &str) -> u32 {
        let place = self.actions.iter().position(|action| action == name).unwrap_or_else(|| {
            self.actions.push(name.to_owned());
            self.actions.len() - 1
        });
        place as u32
    }

    /// The name of a row's action.
    pub fn action_of(&self, row: &ScoreRow) -> &str {
        self.actions.get(row.action as usize).map_or("", String::as_str)
    }

    /// The `top` rows for a retention team: highest net value first, then the most value at risk (probability ×
    /// lifetime value), then in the list's own order.
    pub fn ranked(&self, top: usize) -> Vec<&ScoreRow> {
        let by_rank = |a: &(usize, &ScoreRow), b: &(usize, &ScoreRow)| -> Ordering {
            let at_risk = |row: &ScoreRow| row.churn_probability * row.lifetime_value;
            (b.1.net_value.total_cmp(&a.1.net_value))
                .then_with(|| at_risk(b.1).total_cmp(&at_risk(a.1)))
                .then_with(|| a.0.cmp(&b.0))
        };
        let mut rows: Vec<(usize, &ScoreRow)> = self.rows.iter().enumerate().collect();
        if top < rows.len() {
            rows.select_nth_unstable_by(top, by_rank);
            rows.truncate(top);
        }
        rows.sort_unstable_by(by_rank);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// A row as a JSON object, with the columns' names.
    pub fn to_json(&self, row: &ScoreRow) -> Value {
        let mut object = Map::new();
        object.insert("customer_id".into(), self.id_to_json(&row.customer_id));
        object.insert("as_of".into(), json!(self.as_of.to_string()));
        object.insert("churn_probability".into(), json!(row.churn_probability));
        object.insert("lifetime_value".into(), json!(row.lifetime_value));
        object.insert("action".into(), json!(self.action_of(row)));
        object.insert("net_value".into(), json!(row.net_value));
        for (feature, &value) in CORE.iter().zip(&row.features) {
            let value = if feature.unit.is_whole() { json!(value as i64) } else { json!(value) };
            object.insert(feature.name.into(), value);
        }
        for (name, value) in VALUE_COLUMNS.into_iter().zip(values_of(&row.expected)) {
            object.insert(name.into(), json!(value));
        }
        for (name, reason) in REASON_COLUMNS.iter().zip(row.reasons()) {
            object.insert((*name).to_owned(), json!(reason));
        }
        for (name, value) in self.shown.iter().zip(&row.shown) {
            object.insert(name.clone(), json!(value));
        }
        Value::Object(object)
    }

    fn id_to_json(&self, id: &str) -> Value {
        match (self.id_kind, id.parse::<i64>()) {
            (IdKind::Integer, Ok(number)) => json!(number),
            _ => json!(id),
        }
    }
}

/// What is in the columns of [`VALUE_COLUMNS`].
fn values_of(expected: &Expected) -> [f64; VALUE_COLUMNS.len()] {
    [expected.discounted_purchases, expected.mean_amount]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_customers_files_say_cannot_take_the_name_of_a_column() {
        known_columns().for_each(|name| assert!(profile::is_reserved(name), "{name}"));
    }
}
