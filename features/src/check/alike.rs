//! Customers who are one, it seems, under identifiers that differ in how they are written: 0042 and 42, `A7 ` and a7.

use std::collections::HashMap;

use crate::history::History;
use crate::id::fingerprint;

/// So few pairs are named.
const FEW: usize = 3;

/// Identifiers that are alike but for capitals, blanks, zeros in front, an apostrophe in front or `.0` behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alike {
    /// How many customers are called like another.
    pub customers: usize,
    /// A few of them, side by side, in the order of identifiers.
    pub named: Vec<(String, String)>,
}

impl Alike {
    /// Of the customers of a history.
    pub fn of(history: &History) -> Self {
        let mut firsts: HashMap<u64, usize> = HashMap::with_capacity(history.len());
        let mut alike = Self::default();
        for customer in 0..history.len() {
            let id = history.customer_id(customer);
            let first = *firsts.entry(fingerprint(&bare(id))).or_insert(customer);
            if first != customer {
                alike.customers += 1;
                if alike.named.len() < FEW {
                    alike.named.push((history.customer_id(first).to_owned(), id.to_owned()));
                }
            }
        }
        alike
    }
}

/// An identifier without what may be written or not.
fn bare(id: &str) -> String {
    let id = id.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}' | '\''));
    let id = id.strip_suffix(".0").unwrap_or(id);
    let without_zeros = id.trim_start_matches('0');
    let id = if without_zeros.is_empty() { id } else { without_zeros };
    id.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::units::{Amount, Instant};

    #[test]
    fn identifiers_that_differ_in_how_they_are_written_are_alike() {
        let mut builder = HistoryBuilder::default();
        for id in ["42", "0042", " 42", "42.0", "'42", "42\u{a0}", "421", "0", "00", "A7", "a7\u{200b}", "a"]
        {
            builder.add_line(id, "1", Instant::MIN, Amount::new(1.0).unwrap());
        }
        let alike = Alike::of(&History::fold(vec![builder]).unwrap());
        // 42 in six forms, and a7 in two; 0 and 00 may be anything.
        assert_eq!(alike.customers, 6);
        assert_eq!(alike.named[0], (" 42".to_owned(), "'42".to_owned()));
    }
}
