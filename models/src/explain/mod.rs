//! Reasons: what a score rests on, in sentences with the customer's own numbers.
//!
//! Contributions come from the models, in log-odds, less what is usual among the customers of the training's newest
//! snapshot ([`crate::drift::Reference::usual_contributions`]): where everyone is silent, silence is no reason. Features of one
//! topic say much the same, and share out between them what it contributes; so contributions are added up by topic, and
//! of each topic that stands out the feature that contributes most speaks for all.

mod chinese;
mod english;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn every_feature() -> Vec<String> {
        registry::all()
            .map(|feature| feature.name.to_owned())
            .chain(["expected_purchases".to_owned()])
            .collect()
    }

    fn said(values: &[(&str, f64)], of: &str, contribution: f64) -> String {
        said_in(Language::English, values, of, contribution)
    }

    /// The sentences of a row in which these features have these values and all others none.
    fn said_in(language: Language, values: &[(&str, f64)], of: &str, contribution: f64) -> String {
        let columns = every_feature();
        let mut row = vec![f64::NAN; columns.len()];
        for (name, value) in values {
            row[columns.iter().position(|column| column == name).unwrap()] = *value;
        }
        let column = columns.iter().position(|column| column == of).unwrap();
        Explainer::in_language(language, &columns).sentence(column, &row, contribution)
    }

    #[test]
    fn the_customers_own_numbers_are_told() {
        let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.85)];
        assert_eq!(said(&silent, "recency_days", 1.0), "no order for 47 days; usual gap 12");
        assert_eq!(said(&silent, "recency_days", -1.0), "last order 47 days ago; usual gap 12");
        assert_eq!(
            said(&silent, "silence_ratio", 1.0),
            "no order for 47 days, 3.9 times the usual gap of 12"
        );
        assert_eq!(said(&silent[..1], "recency_days", 1.0), "no order for 47 days");
        assert_eq!(said(&silent[..1], "silence_ratio", 1.0), "ordered on one day only");
        let complaints = [("complaint_count", 3.0), ("days_since_complaint", 8.0)];
        assert_eq!(said(&complaints, "complaint_count", 1.0), "3 complaints, the last 8 days ago");
        assert_eq!(said(&[("complaint_count", 0.0)], "complaint_count", -1.0), "no complaint so far");
        assert_eq!(said(&complaints[..1], "days_since_complaint", -1.0), "no complaint so far");
        let money = [("money_90d", 40.0), ("money_90d_change", -80.0)];
        assert_eq!(
            said(&money, "money_90d_change", 1.0),
            "spent 40.00 in the last 90 days, 120.00 in the 90 before"
        );
        let orders = [("purchases_30d", 0.0), ("purchases_30d_change", -1.0)];
        assert_eq!(
            said(&orders, "purchases_30d_change", 1.0),
            "no order in the last 30 days, 1 in the 30 before"
        );
        assert_eq!(
            said(&orders[1..], "purchases_30d_change", 1.0),
            "orders in the last 30 days less those in the 30 before: −1"
        );
        assert_eq!(
            said(&[("expected_purchases", 0.4)], "expected_purchases", 1.0),
            "0.4 orders to be expected, going by the orders so far"
        );
    }

    #[test]
    fn the_same_is_told_in_chinese() {
        let said = |values: &[(&str, f64)], of: &str, contribution: f64| {
            said_in(Language::Chinese, values, of, contribution)
        };
        let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.85)];
        assert_eq!(said(&silent, "recency_days", 1.0), "已47天未下单，平时约12天下单一次");
        assert_eq!(said(&silent, "recency_days", -1.0), "最近一次下单在47天前，平时约12天下单一次");
        assert_eq!(said(&silent, "silence_ratio", 1.0), "已47天未下单，是平时间隔（约12天）的3.9倍");
        assert_eq!(said(&silent[..1], "silence_ratio", 1.0), "只在一天里下过单");
        let complaints = [("complaint_count", 3.0), ("days_since_complaint", 8.0)];
        assert_eq!(said(&complaints, "complaint_count", 1.0), "投诉过3次，最近一次在8天前");
        let once = [("complaint_count", 1.0), ("days_since_complaint", 0.0)];
        assert_eq!(said(&once, "complaint_count", 1.0), "投诉过1次，在今天");
        assert_eq!(said(&[("complaint_count", 0.0)], "complaint_count", -1.0), "至今没有投诉");
        let orders = [("purchases_30d", 0.0), ("purchases_30d_change", -1.0)];
        assert_eq!(said(&orders, "purchases_30d_change", 1.0), "近30天没有下单，此前30天下单1次");
        assert_eq!(said(&[("return_share", 0.256)], "return_share", 1.0), "退货占购买金额的26%");
        assert_eq!(Explainer::in_language(Language::Chinese, &[]).unknown(), "原因不明");
    }

    /// In every language, every feature has a sentence in both directions that tells its value, and one where it has none.
    #[test]
    fn every_feature_of_the_registry_is_worded() {
        for language in Language::ALL {
            every_feature_is_worded(language);
        }
    }

    fn every_feature_is_worded(language: Language) {
        let columns = every_feature();
        let explainer = Explainer::in_language(language, &columns);
        let row: Vec<f64> = (0..columns.len()).map(|column| 11.0 + column as f64).collect();
        for (column, name) in columns.iter().enumerate() {
            let missing = registry::all().find(|feature| feature.name == name).and_then(|f| f.missing);
            let mut unknown = row.clone();
            unknown[column] = f64::NAN;
            for contribution in [1.0, -1.0] {
                let sentence = explainer.sentence(column, &row, contribution);
                let fallback = name.replace('_', " ") + ":";
                assert!(!sentence.starts_with(&fallback), "{name} has no wording: {sentence}");
                assert!(!sentence.contains(['{', '}', '#', '@', '|', '_']), "{name}: {sentence}");
                let mut other = row.clone();
                other[column] += 100.0;
                assert_ne!(
                    explainer.sentence(column, &other, contribution),
                    sentence,
                    "{name} tells its value"
                );
                let without = explainer.sentence(column, &unknown, contribution);
                assert!(missing.is_none() || !without.contains("NaN"), "{name} without a value: {without}");
                // What stands alone where other features have no value, and what is said where there is nothing to count.
                let alone: Vec<f64> =
                    (0..columns.len()).map(|place| if place == column { 11.0 } else { f64::NAN }).collect();
                let nothing = vec![0.0; columns.len()];
                let unknown = if missing.is_some() { &unknown } else { &row };
                for row in [&row, unknown, &alone, &nothing] {
                    let sentence = explainer.sentence(column, row, contribution);
                    let is_english = sentence.chars().any(|c| c.is_ascii_alphabetic());
                    assert_eq!(is_english, language == Language::English, "{name}: {sentence}");
                }
            }
        }
        for wording in table(language).wordings {
            let is_used = columns
                .iter()
                .any(|name| table(language).of(name).is_some_and(|w| w.feature == wording.feature));
            assert!(is_used, "{} words no feature", wording.feature);
        }
    }

    #[test]
    fn the_languages_word_the_same_features() {
        let [english, chinese] = Language::ALL.map(|language| table(language).wordings);
        assert_eq!(english.len(), chinese.len());
        for (english, chinese) in english.iter().zip(chinese) {
            let about = english.feature;
            assert_eq!(about, chinese.feature);
            assert_eq!(english.missing.is_empty(), chinese.missing.is_empty(), "{about} without a value");
            assert_eq!(english.leaving.len(), chinese.leaving.len(), "{about}");
            assert_eq!(english.staying.len(), chinese.staying.len(), "{about}");
        }
    }

    #[test]
    fn one_topic_speaks_once_and_what_does_not_stand_out_not_at_all() {
        let columns = ["recency_days", "frequency", "complaint_count", "silence_ratio", "tenure_days"];
        let columns = columns.map(str::to_owned);
        let explainer = Explainer::new(&columns);
        let row = [60.0, 2.0, 1.0, 3.0, 400.0];
        let leaving = explainer.leaving(&row, &[0.5, -0.3, 0.9, 0.6, 0.1]);
        assert_eq!(leaving.iter().map(|reason| reason.column).collect::<Vec<_>>(), [3, 2]);
        assert!((leaving[0].contribution - 1.1).abs() < 1e-12, "the topic's features together");
        assert_eq!(leaving[1].text, "1 complaint so far");
        let staying = explainer.staying(&row, &[0.5, -0.3, 0.9, 0.6, 0.2]);
        assert_eq!(staying.len(), 1);
        assert_eq!(staying[0].text, "ordered on 2 days in all");
        // Two that pull against each other are no reason.
        assert_eq!(explainer.leaving(&row, &[0.9, 0.0, 0.1, -0.8, 0.0]), []);
        assert!((STANDS_OUT - 1.15_f64.ln()).abs() < 1e-15);
    }
}
