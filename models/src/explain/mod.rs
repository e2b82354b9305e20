//! Reasons: what a score rests on, in sentences with the customer's own numbers.
//!
//! Contributions come from the models, in log-odds, less what is usual among the customers of the training's newest
//! snapshot ([`crate::drift::Reference::usual_contributions`]): where everyone is silent, silence is no reason. Features of one
//! topic say much the same, and share out between them what it contributes; so contributions are added up by topic, and
//! of each topic that stands out the feature that contributes most speaks for all.

mod chinese;
mod english;
#[cfg(test)]
mod tests;
mod wording;

use mainstay_features::feature::Topic;
use mainstay_features::registry;

use self::chinese::CHINESE;
use self::english::ENGLISH;
use self::wording::{Sentence, Table, window_days};
use crate::language::Language;

/// A topic stands out if it multiplies the odds of leaving, or of staying, by at least 1.15: ln 1.15 in log-odds. At even
/// odds that is 3.5 points of probability.
pub const STANDS_OUT: f64 = 0.139_761_942_375_158_7;

/// One topic's part in a score.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// What it is about.
    pub topic: Topic,
    /// The column of the feature that speaks for the topic.
    pub column: usize,
    /// What the topic's features contribute together, in log-odds; above zero towards leaving.
    pub contribution: f64,
    /// The sentence.
    pub text: String,
}

/// Tells the reasons of rows with certain columns.
#[derive(Clone, Debug)]
pub struct Explainer {
    features: Vec<Explained>,
    unknown: &'static str,
}

#[derive(Clone, Debug)]
struct Explained {
    name: String,
    topic: Topic,
    leaving: Vec<Sentence>,
    staying: Vec<Sentence>,
    missing: &'static str,
}

impl Explainer {
    /// In English, for rows whose columns are these features.
    pub fn new(columns: &[String]) -> Self {
        Self::in_language(Language::English, columns)
    }

    /// In a language, for rows whose columns are these features.
    pub fn in_language(language: Language, columns: &[String]) -> Self {
        let table = table(language);
        let explained = |name: &String| {
            let days = window_days(name);
            let sentences = |texts: &[&str]| -> Vec<Sentence> {
                texts.iter().filter_map(|text| Sentence::new(text, days, columns, table.percent)).collect()
            };
            let wording = table.of(name);
            Explained {
                name: name.clone(),
                topic: topic(name),
                leaving: wording.map_or(Vec::new(), |wording| sentences(wording.leaving)),
                staying: wording.map_or(Vec::new(), |wording| sentences(wording.staying)),
                missing: wording.map_or("", |wording| wording.missing),
            }
        };
        Self { features: columns.iter().map(explained).collect(), unknown: table.unknown }
    }

    /// What is said where no reason stands out.
    pub fn unknown(&self) -> &'static str {
        self.unknown
    }

    /// What a feature says of a customer, given what it contributes to their score. A column that is none of the rows'
    /// says nothing.
    pub fn sentence(&self, column: usize, row: &[f64], contribution: f64) -> String {
        let (Some(feature), Some(value)) = (self.features.get(column), row.get(column)) else {
            return String::new();
        };
        if value.is_nan() && !feature.missing.is_empty() {
            return feature.missing.to_owned();
        }
        let sentences = if contribution < 0.0 { &feature.staying } else { &feature.leaving };
        let told = sentences.iter().find_map(|sentence| sentence.with(row));
        // What no table words: a name and a number are better than nothing.
        told.unwrap_or_else(|| format!("{}: {value}", feature.name.replace('_', " ")))
    }

    /// Why a customer may leave: the topics that stand out towards leaving, the largest first; none where nothing
    /// stands out. Row and contributions are in the order of the columns.
    pub fn leaving(&self, row: &[f64], contributions: &[f64]) -> Vec<Reason> {
        self.reasons(row, contributions, 1.0)
    }

    /// Why a customer may stay, like [`Self::leaving`].
    pub fn staying(&self, row: &[f64], contributions: &[f64]) -> Vec<Reason> {
        self.reasons(row, contributions, -1.0)
    }

    fn reasons(&self, row: &[f64], contributions: &[f64], sign: f64) -> Vec<Reason> {
        // By topic: what its features contribute together, and which contributes most in the direction asked for.
        let mut topics: Vec<(Topic, f64, usize)> = Vec::new();
        for (column, (feature, &contribution)) in self.features.iter().zip(contributions).enumerate() {
            match topics.iter_mut().find(|(topic, ..)| *topic == feature.topic) {
                Some((_, sum, most)) => {
                    *sum += contribution;
                    if sign * contribution > sign * contributions[*most] {
                        *most = column;
                    }
                }
                None => topics.push((feature.topic, contribution, column)),
            }
        }
        topics.retain(|&(_, sum, _)| sign * sum >= STANDS_OUT);
        topics.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
        let told = topics.into_iter().map(|(topic, contribution, column)| Reason {
            topic,
            column,
            contribution,
            text: self.sentence(column, row, contribution),
        });
        told.collect()
    }
}

/// All that is of a language.
fn table(language: Language) -> &'static Table {
    match language {
        Language::English => &ENGLISH,
        Language::Chinese => &CHINESE,
    }
}

/// What a feature is about; one that no history tells, such as expected purchases, is made of the orders.
fn topic(name: &str) -> Topic {
    registry::all().find(|feature| feature.name == name).map_or(Topic::Activity, |feature| feature.topic)
}
