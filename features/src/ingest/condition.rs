//! Which purchase rows count: conditions on any column, such as `order_status not in (canceled, unavailable)`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::columns::{listed, place_of};
use super::{Convention, IngestError, Input, Source, Table};

/// A condition a row must meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The column it is about.
    pub column: String,
    test: Test,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    /// True of these orderings of the value to the text.
    Compared(&'static [Ordering], String),
}

impl Condition {
    /// Whether a value meets it; an empty value is in no list and compares with nothing.
    pub fn holds(&self, value: Option<&str>, convention: &Convention) -> bool {
        match (&self.test, value) {
            (Test::In(list), Some(value)) => list.iter().any(|one| one == value),
            (Test::NotIn(list), Some(value)) => list.iter().all(|one| one != value),
            (Test::NotIn(_), None) => true,
            (Test::Compared(holds, other), Some(value)) => {
                compare(value, other, convention).is_some_and(|ordering| holds.contains(&ordering))
            }
            (Test::In(_) | Test::Compared(..), None) => false,
        }
    }
}

/// Numbers as numbers, of which NaN compares with nothing, and all else as text; `a` is of a file, and `b` is written plainly or
/// as the file writes numbers.
fn compare(a: &str, b: &str, convention: &Convention) -> Option<Ordering> {
    let number = |text: &str| convention.plain(text).parse::<f64>();
    // Most conditions are about texts: theirs is not read as a number for every row.
    if let Ok(a) = number(a.trim())
        && let Ok(b) = b.parse().or_else(|_| number(b))
    {
        return a.partial_cmp(&b);
    }
    Some(a.cmp(b))
}

/// The conditions on a table's rows with the places of their columns.
pub(super) fn located<'a>(
    source: &Source,
    table: Table,
    input: &'a Input,
    header: &[String],
) -> Result<Vec<(&'a Condition, usize)>, IngestError> {
    if table != Table::Purchases {
        return Ok(Vec::new());
    }
    let places = input.conditions.iter().map(|condition| {
        let place = place_of(source, header, &condition.column)?;
        place.map(|place| (condition, place)).ok_or_else(|| IngestError::NoColumnForCondition {
            file: source.name(),
            column: condition.column.clone(),
            found: listed(header),
        })
    });
    places.collect()
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a condition: write COLUMN in (A, B), COLUMN not in (A, B), or COLUMN and =, !=, <, <=, > or >= and \
     a value"
)]
pub struct ParseConditionError(String);

impl FromStr for Condition {
    type Err = ParseConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let parsed = list(text, " not in ", Test::NotIn)
            .or_else(|| list(text, " in ", Test::In))
            .or_else(|| comparison(text));
        let (column, test) = parsed.ok_or_else(|| ParseConditionError(text.chars().take(60).collect()))?;
        Ok(Self { column, test, text: text.to_owned() })
    }
}

/// `COLUMN {word} (A, B)`; the word in small or capital letters.
fn list(text: &str, word: &str, test: fn(Vec<String>) -> Test) -> Option<(String, Test)> {
    let at = text.find(word).or_else(|| text.find(&word.to_uppercase()))?;
    let values = text[at + word.len()..].trim().strip_prefix('(')?.strip_suffix(')')?;
    let values: Vec<String> = values.split(',').map(|value| unquoted(value).to_owned()).collect();
    let column = unquoted(&text[..at]);
    (!column.is_empty()).then(|| (column.to_owned(), test(values)))
}

fn comparison(text: &str) -> Option<(String, Test)> {
    let at = text.find(['=', '!', '<', '>'])?;
    let (column, rest) = text.split_at(at);
    // The longer first, so that <= is not taken for <.
    let operators: [(&str, &[Ordering]); 6] = [
        ("!=", &[Ordering::Less, Ordering::Greater]),
        ("<=", &[Ordering::Less, Ordering::Equal]),
        (">=", &[Ordering::Greater, Ordering::Equal]),
        ("=", &[Ordering::Equal]),
        ("<", &[Ordering::Less]),
        (">", &[Ordering::Greater]),
    ];
    let (value, holds) =
        operators.into_iter().find_map(|(operator, holds)| Some((rest.strip_prefix(operator)?, holds)))?;
    let (column, value) = (unquoted(column), unquoted(value));
    (!column.is_empty() && !value.is_empty())
        .then(|| (column.to_owned(), Test::Compared(holds, value.to_owned())))
}

/// Without the space and the quotation marks around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim();
    ['\'', '"'].into_iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::Numbers;

    fn holds(condition: &str, value: Option<&str>) -> bool {
        condition.parse::<Condition>().unwrap().holds(value, &Convention::default())
    }

    #[test]
    fn lists_and_comparisons() {
        let status = "order_status not in (canceled, 'un available')";
        assert!(holds(status, Some("delivered")) && holds(status, None));
        assert!(!holds(status, Some("canceled")) && !holds(status, Some("un available")));
        assert!(holds("\"Country Code\" in (GB)", Some("GB")) && !holds("country IN (GB)", None));
        assert!(holds("quantity >= 9", Some("10")), "numbers compare as numbers");
        assert!(holds("day < 2024-02-01", Some("2024-01-31")) && !holds("day < 2024-02-01", None));
        assert!(holds("a!=b", Some("c")) && !holds("a = b", Some("c")));
    }

    #[test]
    fn numbers_of_files_with_decimal_commas_compare_as_numbers() {
        let german = Convention { numbers: Numbers::DecimalComma, ..Convention::default() };
        let holds =
            |condition: &str, value| condition.parse::<Condition>().unwrap().holds(Some(value), &german);
        assert!(holds("amount > 999.5", "1.000,00") && !holds("amount > 999.5", "999,50"));
        for value in ["1.000,00", "1000,00"] {
            assert!(holds(&format!("amount >= {value}"), "20.000,5"), "{value}");
            assert!(!holds(&format!("amount >= {value}"), "999,50"), "{value}");
            assert!(holds(&format!("amount = {value}"), "1.000"), "{value}");
        }
        assert!(holds("code in (1.234)", "1.234"), "lists are of texts");
    }

    #[test]
    fn space_around_a_condition_does_not_change_it() {
        let condition = "in ( in (a=)";
        assert_eq!(format!(" {condition} ").parse::<Condition>(), condition.parse());
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for bad in ["", "status", "status in canceled", "in (a)", "= 3", "a =", "a ~ b"] {
            assert!(bad.parse::<Condition>().is_err(), "{bad}");
        }
    }
}
