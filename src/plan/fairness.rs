//! Who gets better terms: what a plan gives to groups of customers, by what customers files say of them.

use std::collections::BTreeMap;

use mainstay_features::profile::{CHURN_CAUSE, CONSENT_PREFIX, CONTRACT_END, LISTED, PROBLEM, number};
use mainstay_models::language::Language;

use crate::scores::{ScoreRow, Scores};

/// An attribute with more values than this parts nobody into groups: numbers are put into fourths, other texts left out.
const MOST_GROUPS: usize = 20;

/// Groups of fewer customers are shown, but never stand out.
const LEAST_CUSTOMERS: usize = 30;

/// A group stands out if its mean incentive differs from the others' by more than so many standard errors…
const STANDARD_ERRORS: f64 = 3.0;
/// …and by at least this share of the others'.
const SHARE: f64 = 0.1;

/// The groups of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The attribute.
    pub attribute: String,
    /// The groups, by value; empty where the attribute has too many values to compare.
    pub groups: Vec<Group>,
}

/// Customers of whom the same is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What is said.
    pub value: Value,
    /// How many there are.
    pub customers: usize,
    /// How many of them get an offer.
    pub with_offer: usize,
    /// What incentives come to, a customer of the group, offered or not.
    pub incentive: f64,
    /// How the group stands out from all others, if it does.
    pub stands_out: Option<StandsOut>,
}

/// What is said of a group's customers.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// This text.
    Text(String),
    /// A number from one to another.
    Range(f64, f64),
    /// Nothing.
    NotGiven,
}

impl Value {
    /// As people read it.
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Range(from, to) => language.either(format!("{from} to {to}"), format!("{from}至{to}")),
            Self::NotGiven => language.either("not given", "未提供").to_owned(),
        }
    }
}

/// How a group's incentives differ from all others', beyond what chance would explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandsOut {
    /// It gets more.
    Better,
    /// It gets less.
    Worse,
}

impl StandsOut {
    /// As people read it.
    pub fn words(self, language: Language) -> &'static str {
        match self {
            Self::Better => language.either("better", "更优"),
            Self::Worse => language.either("worse", "更差"),
        }
    }
}

/// Compares the customers of a list by every attribute that customers files give; not by names, phone numbers, consents
/// and what decisions rest on openly.
pub fn compare(scores: &Scores) -> Vec<Comparison> {
    let is_compared = |name: &str| {
        !LISTED.contains(&name)
            && ![CHURN_CAUSE, PROBLEM, CONTRACT_END].contains(&name)
            && !name.starts_with(CONSENT_PREFIX)
    };
    let attributes = scores.shown.iter().enumerate().filter(|(_, name)| is_compared(name));
    attributes
        .map(|(place, name)| {
            let told =
                |row: &ScoreRow| -> Option<String> { row.shown.get(place)?.as_deref().map(str::to_owned) };
            Comparison { attribute: name.clone(), groups: groups(scores, told) }
        })
        .collect()
}

fn groups(scores: &Scores, told: impl Fn(&ScoreRow) -> Option<String>) -> Vec<Group> {
    let mut by_value: BTreeMap<Option<String>, Vec<&ScoreRow>> = BTreeMap::new();
    for row in &scores.rows {
        by_value.entry(told(row)).or_default().push(row);
    }
    let groups: Vec<(Value, Vec<&ScoreRow>)> = if by_value.len() <= MOST_GROUPS {
        by_value.into_iter().map(|(value, rows)| (value.map_or(Value::NotGiven, Value::Text), rows)).collect()
    } else {
        fourths(by_value)
    };
    let counts: Vec<Count> = groups.iter().map(|(_, rows)| Count::of(rows)).collect();
    let all = counts.iter().fold(Count::default(), |all, count| all.and(count, 1.0));
    let group = |((value, rows), count): (&(Value, Vec<&ScoreRow>), &Count)| Group {
        value: value.clone(),
        customers: rows.len(),
        with_offer: rows.iter().filter(|row| row.pays.is_some()).count(),
        incentive: count.mean(),
        stands_out: count.stands_out_from(&all.and(count, -1.0)),
    };
    groups.iter().zip(&counts).map(group).collect()
}

/// Numbers in four groups of about as many customers each; nothing where some values are no numbers.
fn fourths(by_value: BTreeMap<Option<String>, Vec<&ScoreRow>>) -> Vec<(Value, Vec<&ScoreRow>)> {
    let (mut numbers, mut others): (Vec<(f64, &ScoreRow)>, Vec<&ScoreRow>) = (Vec::new(), Vec::new());
    for (value, rows) in by_value {
        match value.as_deref().map(number) {
            Some(Some(value)) => numbers.extend(rows.into_iter().map(|row| (value, row))),
            Some(None) => return Vec::new(),
            None => others = rows,
        }
    }
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut groups = Vec::new();
    let (all, mut rest) = (numbers.len(), numbers.as_slice());
    for fourth in 1..=4 {
        // Equal numbers stay together, and may fill more than a fourth.
        let Some(wanted) = (fourth * all / 4).checked_sub(all - rest.len() + 1) else { continue };
        let edge = rest[wanted].0;
        let (group, others) = rest.split_at(rest.partition_point(|row| row.0 <= edge));
        groups.push((Value::Range(group[0].0, edge), group.iter().map(|(_, row)| *row).collect()));
        rest = others;
    }
    if !others.is_empty() {
        groups.push((Value::NotGiven, others));
    }
    groups
}

/// How many, and what their incentives come to.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    customers: f64,
    sum: f64,
    squares: f64,
}

impl Count {
    fn of(rows: &[&ScoreRow]) -> Self {
        let incentives = rows.iter().map(|row| row.incentive);
        Self {
            customers: rows.len() as f64,
            sum: incentives.clone().sum(),
            squares: incentives.map(|incentive| incentive * incentive).sum(),
        }
    }

    fn and(&self, other: &Self, sign: f64) -> Self {
        Self {
            customers: self.customers + sign * other.customers,
            sum: self.sum + sign * other.sum,
            squares: self.squares + sign * other.squares,
        }
    }

    fn mean(&self) -> f64 {
        if self.customers > 0.0 { self.sum / self.customers } else { 0.0 }
    }

    /// The squared standard error of the mean.
    fn squared_error(&self) -> f64 {
        (self.squares / self.customers - self.mean() * self.mean()).max(0.0) / self.customers
    }

    fn stands_out_from(&self, others: &Self) -> Option<StandsOut> {
        let least = LEAST_CUSTOMERS as f64;
        if self.customers < least || others.customers < least {
            return None;
        }
        let more = self.mean() - others.mean();
        let error = (self.squared_error() + others.squared_error()).sqrt();
        if more.abs() <= STANDARD_ERRORS * error || more.abs() < SHARE * others.mean() {
            return None;
        }
        Some(if more > 0.0 { StandsOut::Better } else { StandsOut::Worse })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scores::made_up::row;

    /// How many customers are in each group of these numbers.
    fn sizes(numbers: impl Iterator<Item = u32>) -> Vec<usize> {
        let rows: Vec<(Option<String>, ScoreRow)> = numbers
            .enumerate()
            .map(|(place, number)| (Some(number.to_string()), row(place, [0; 5])))
            .collect();
        let mut by_value: BTreeMap<Option<String>, Vec<&ScoreRow>> = BTreeMap::new();
        for (value, row) in &rows {
            by_value.entry(value.clone()).or_default().push(row);
        }
        fourths(by_value).iter().map(|(_, rows)| rows.len()).collect()
    }

    #[test]
    fn fourths_have_as_many_customers_each_and_equal_numbers_stay_together() {
        assert_eq!(sizes(0..282), [70, 71, 70, 71]);
        assert_eq!(sizes(std::iter::repeat_n(7, 60).chain(100..140)), [60, 15, 25]);
        assert_eq!(sizes(std::iter::repeat_n(7, 60)), [60]);
        assert_eq!(sizes(std::iter::empty()), [0; 0]);
    }
}
