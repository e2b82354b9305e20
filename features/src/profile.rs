//! What customers files say of customers, as it was known at an instant: attributes, which are features where it is said
//! from when on they are valid, and what lists show.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::history::{CustomerHistory, Histories, History, Profile, Word};
use crate::known::{Known, said_until};
use crate::registry;
use crate::units::Instant;

/// So few customers are not worth another thread.
const MIN_CUSTOMERS: usize = 1024;

/// What whoever calls a customer needs to know; no feature is made of it.
pub const LISTED: [&str; 3] = ["name", "phone", "account_owner"];

/// What decisions read, and no feature is made of: why a customer leaves, as far as the shop has recorded it; whether
/// the customer is a problem…
pub const CHURN_CAUSE: &str = "churn_cause";
/// The same.
pub const PROBLEM: &str = "problem";
/// …and consent to being contacted, by channel, as in `consent_phone`.
pub const CONSENT_PREFIX: &str = "consent_";

/// What lists show where there are contracts: when the customer's ends.
pub const CONTRACT_END: &str = "contract_end";

/// The columns of outputs besides features and attributes.
const OUTPUT_COLUMNS: [&str; 40] = [
    "customer_id",
    "as_of",
    "churn_probability",
    "lifetime_value",
    "action",
    "net_value",
    "purchases_if_kept",
    "purchases_if_left",
    "purchase_amount",
    "lifetime_value_relative_sd",
    "value_tier",
    "lifecycle_stage",
    "likely_cause",
    "cause_evidence",
    "cause_evidence_code",
    "contact_cost",
    "incentive",
    "save_rate",
    "take_up",
    "driven_away",
    "value_saved",
    "incentive_to_saved",
    "incentive_to_loyal",
    "value_driven_away",
    "pays_probability",
    "reason_1",
    "reason_2",
    "reason_3",
    "reason_codes",
    "value_at_risk",
    "change",
    "say",
    "rfm_score",
    "value_matrix",
    "play",
    "why_nothing",
    "break_even_probability",
    "break_even_save_rate",
    "break_even_incentive",
    "break_even_lifetime_value",
];

/// Whether an attribute cannot have this name, because another column of an output or a field has it.
pub fn is_reserved(name: &str) -> bool {
    OUTPUT_COLUMNS.contains(&name)
        || LISTED.contains(&name)
        || name == "valid_from"
        || name == "attributes"
        || registry::FAMILIES.iter().any(|family| family.name == name)
        || registry::all().any(|feature| feature.name == name)
}

/// What customers files say under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The column's name.
    pub name: String,
    /// Whether there are values and all of them, whenever they are valid, read as finite numbers.
    pub is_number: bool,
    /// Whether some rows say from when on they are valid.
    pub has_dated: bool,
    /// Whether some rows do not.
    pub has_undated: bool,
    word: Word,
}

/// What is found out about an attribute, row by row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    dated: bool,
    undated: bool,
    number: bool,
    text: bool,
}

/// What is found out about all attributes of some of the customers; of others merges into that of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said(BTreeMap<Word, Seen>);

impl Said {
    /// Looks at every customer of a history.
    pub fn of(history: &History) -> Self {
        if !history.given().profiles {
            return Self::default();
        }
        (0..history.len())
            .into_par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .fold(Self::default, |said, customer| said.with(history, history.customer(customer).profiles))
            .reduce(Self::default, Self::and)
    }

    fn with(mut self, history: &History, rows: &[Profile]) -> Self {
        for row in rows {
            let seen = self.0.entry(row.attribute).or_default();
            seen.dated |= row.from.is_some();
            seen.undated |= row.from.is_none();
            // One text is enough to know.
            if let Some(value) = row.value.filter(|_| !seen.text) {
                let is_number = number(history.text(value)).is_some();
                seen.number |= is_number;
                seen.text |= !is_number;
            }
        }
        self
    }

    /// What is found out of both.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (word, other) in others.0 {
            let seen = self.0.entry(word).or_default();
            seen.dated |= other.dated;
            seen.undated |= other.undated;
            seen.number |= other.number;
            seen.text |= other.text;
        }
        self
    }

    /// The same in numbers, for a file: of each attribute the word, and whether there are rows that say from when on they are
    /// valid, rows that do not, values that are numbers, and values that are none.
    pub fn in_numbers(&self) -> Vec<(u64, [bool; 4])> {
        let in_numbers = |(word, seen): (&Word, &Seen)| {
            (word.number(), [seen.dated, seen.undated, seen.number, seen.text])
        };
        self.0.iter().map(in_numbers).collect()
    }

    /// What [`Self::in_numbers`] gave.
    pub fn of_numbers(numbers: &[(u64, [bool; 4])]) -> Self {
        let seen = |&(word, [dated, undated, number, text]): &(u64, [bool; 4])| {
            Some((Word::of_number(word)?, Seen { dated, undated, number, text }))
        };
        Self(numbers.iter().filter_map(seen).collect())
    }

    /// The attributes, sorted by name; `text` tells the text of a word.
    pub fn attributes<'a>(&self, text: impl Fn(Word) -> &'a str) -> Vec<Attribute> {
        let attribute = |(&word, seen): (&Word, &Seen)| Attribute {
            name: text(word).to_owned(),
            is_number: seen.number && !seen.text,
            has_dated: seen.dated,
            has_undated: seen.undated,
            word,
        };
        let mut attributes: Vec<Attribute> = self.0.iter().map(attribute).collect();
        attributes.sort_by(|a, b| a.name.cmp(&b.name));
        attributes
    }
}

/// Everything that customers files say, sorted by name.
pub fn attributes(histories: &Histories) -> Vec<Attribute> {
    histories.said().attributes(|word| histories.text(word))
}

/// In the order lists show them: name, phone and account owner, then the others, sorted by name.
pub fn listed(attributes: Vec<Attribute>) -> Vec<Attribute> {
    let mut listed = attributes;
    let place = |attribute: &Attribute| LISTED.iter().position(|name| *name == attribute.name);
    listed.sort_by_key(|attribute| place(attribute).unwrap_or(LISTED.len()));
    listed
}

impl Attribute {
    /// Whether it is for people and decisions only, whatever is known of it: name, phone, account owner, consents,
    /// recorded causes of churn, problems.
    pub fn is_private(&self) -> bool {
        let name = self.name.as_str();
        LISTED.contains(&name) || is_for_decisions(name)
    }

    /// Whether it is a feature: it says from when on it is valid, so that what was known at an instant can be told.
    pub fn is_feature(&self) -> bool {
        self.has_dated && !self.is_private()
    }

    /// The value as a feature: that of the newest row that says it is valid at the instant.
    pub fn known(&self, history: &History, known: &Known<'_>) -> Option<Word> {
        newest(history, known.profile(self.word))
    }

    /// The value for a list: that of the newest row valid at the instant, where rows that do not say from when on are
    /// valid from the beginning of time.
    pub fn shown(&self, history: &History, customer: CustomerHistory<'_>, as_of: Instant) -> Option<Word> {
        newest(history, said_until(customer, self.word, as_of))
    }
}

/// [`Attribute::shown`] of the attribute of a name, as a text; `None` also where there is no such attribute.
pub fn shown<'a>(
    history: &'a History,
    customer: CustomerHistory<'_>,
    name: &str,
    as_of: Instant,
) -> Option<&'a str> {
    let value = newest(history, said_until(customer, Word::of(name), as_of))?;
    Some(history.text(value))
}

/// The value of the last of some rows, in time order. Of several at one instant that whose text is the greatest in byte
/// order, so that the order of rows in files does not show; none is the least.
fn newest(history: &History, rows: &[Profile]) -> Option<Word> {
    let from = rows.last()?.from;
    let text = |row: &Profile| row.value.map(|value| history.text(value));
    let at_once = rows.iter().rev().take_while(|row| row.from == from);
    at_once.max_by(|a, b| text(a).cmp(&text(b)))?.value
}

/// Yes and no as systems write them, in English, German, French and Chinese.
const YES: [&str; 9] = ["yes", "true", "1", "y", "ja", "wahr", "oui", "vrai", "是"];
const NO: [&str; 9] = ["no", "false", "0", "n", "nein", "falsch", "non", "faux", "否"];

/// What a yes-or-no attribute of a customers file says; `None` where it is neither.
pub fn yes_or_no(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    is(&YES).then_some(true).or_else(|| is(&NO).then_some(false))
}

/// Whether decisions read an attribute of this name: consents, recorded causes of churn, problems.
pub fn is_for_decisions(name: &str) -> bool {
    [CHURN_CAUSE, PROBLEM].contains(&name) || name.starts_with(CONSENT_PREFIX)
}

/// Whether an attribute of this name must say yes or no.
pub fn is_yes_or_no(name: &str) -> bool {
    name == PROBLEM || name.starts_with(CONSENT_PREFIX)
}

/// A text as a finite number.
pub fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::known::Cut;
    use crate::units::Amount;

    fn attributes(history: &History) -> Vec<Attribute> {
        Said::of(history).attributes(|word| history.text(word))
    }

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// A customer who bought on 2024-01-01, with rows of attribute, from when on, and value.
    fn history(rows: &[(&str, Option<&str>, Option<&str>)]) -> History {
        let mut builder = HistoryBuilder::default();
        builder.add_line("a", "1", at("2024-01-01"), Amount::new(5.0).unwrap());
        for &(attribute, from, value) in rows {
            let profile = Profile {
                attribute: builder.word(attribute),
                from: from.map(at),
                value: value.map(|value| builder.word(value)),
            };
            builder.add_profile("a", profile);
        }
        History::fold(vec![builder]).unwrap()
    }

    /// Every feature's value at an instant.
    fn known(history: &History, as_of: &str) -> Vec<(String, Option<String>)> {
        let mut cut = Cut::default();
        let known = cut.at(history.customer(0), at(as_of)).unwrap();
        let value = |attribute: &Attribute| attribute.known(history, &known);
        attributes(history)
            .into_iter()
            .filter(Attribute::is_feature)
            .map(|of| (of.name.clone(), value(&of).map(|value| history.text(value).to_owned())))
            .collect()
    }

    fn pairs(expected: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
        expected.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn the_newest_value_that_is_valid_counts_and_an_empty_one_ends_it() {
        let rows = [
            ("tier", Some("2024-03-01"), Some("gold")),
            ("region", Some("2024-01-05"), Some("north")),
            ("tier", Some("2024-02-01"), Some("silver")),
            ("tier", Some("2024-04-01"), None),
        ];
        let history = history(&rows);
        for (as_of, region, tier) in [
            ("2024-01-02", None, None),
            ("2024-02-01", Some("north"), Some("silver")),
            ("2024-02-29", Some("north"), Some("silver")),
            ("2024-03-01", Some("north"), Some("gold")),
            ("2024-04-01", Some("north"), None),
        ] {
            assert_eq!(known(&history, as_of), pairs(&[("region", region), ("tier", tier)]), "{as_of}");
        }
    }

    #[test]
    fn of_two_values_from_one_instant_on_the_greater_text_counts_whichever_comes_first() {
        let day = Some("2024-01-01");
        for values in [["b", "a"], ["a", "b"]] {
            let history = history(&values.map(|value| ("tier", day, Some(value))));
            assert_eq!(known(&history, "2024-02-01"), pairs(&[("tier", Some("b"))]));
        }
    }

    #[test]
    fn what_does_not_say_since_when_is_shown_and_no_feature() {
        let rows = [
            ("vip", None, Some("yes")),
            ("phone", Some("2024-01-01"), Some("1")),
            ("name", None, Some("Old")),
            ("name", Some("2024-03-01"), Some("New")),
            ("tier", None, Some("gold")),
            ("tier", Some("2024-03-01"), Some("silver")),
        ];
        let history = history(&rows);
        assert_eq!(known(&history, "2024-02-01"), pairs(&[("tier", None)]));
        let shown = |as_of: &str| {
            listed(attributes(&history))
                .iter()
                .map(|of| (of.name.clone(), of.shown(&history, history.customer(0), at(as_of))))
                .map(|(name, value)| (name, value.map(|value| history.text(value).to_owned())))
                .collect::<Vec<_>>()
        };
        let (phone, vip) = (("phone", Some("1")), ("vip", Some("yes")));
        assert_eq!(shown("2024-02-01"), pairs(&[("name", Some("Old")), phone, ("tier", Some("gold")), vip]));
        assert_eq!(
            shown("2024-03-01"),
            pairs(&[("name", Some("New")), phone, ("tier", Some("silver")), vip])
        );
    }

    #[test]
    fn an_attribute_is_a_number_where_every_value_is() {
        let day = Some("2024-01-01");
        for (values, is_number) in [
            (&["1", " 2.5 ", "-3e2"] as &[&str], true),
            (&["1", "inf"], false),
            (&["1", "NaN"], false),
            (&["1", "two"], false),
        ] {
            let rows: Vec<_> = values.iter().map(|value| ("size", day, Some(*value))).collect();
            assert_eq!(attributes(&history(&rows))[0].is_number, is_number, "{values:?}");
        }
        assert!(!attributes(&history(&[("size", day, None)]))[0].is_number, "nothing says that it is one");
    }

    #[test]
    fn names_of_other_columns_are_reserved() {
        for name in
            ["customer_id", "as_of", "recency_days", "contacts_90d", "net_value", "name", "valid_from"]
        {
            assert!(is_reserved(name), "{name}");
        }
        assert!(!is_reserved("region"));
    }
}
