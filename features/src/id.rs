//! Customer and order identifiers: integers or text, one identity for both.

use std::fmt::{self, Write as _};

use hashbrown::HashTable;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// An identifier. Text that is the plain decimal form of an `i64` *is* that integer, so `7` in a Parquet integer
/// column and `"7"` in a CSV file are one customer; `"007"` stays text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// A number, or text that is exactly a number's decimal form.
    Integer(i64),
    /// Any other text.
    Text(Box<str>),
}

impl Id {
    /// The identity of a text.
    pub fn from_text(text: &str) -> Self {
        IdRef::from_text(text).to_owned()
    }

    /// The same identity, borrowed.
    pub fn as_ref(&self) -> IdRef<'_> {
        match self {
            Self::Integer(number) => IdRef::Integer(*number),
            Self::Text(text) => IdRef::Text(text),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// A borrowed [`Id`], as the readers meet it in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdRef<'a> {
    /// See [`Id::Integer`].
    Integer(i64),
    /// See [`Id::Text`].
    Text(&'a str),
}

impl<'a> IdRef<'a> {
    /// The identity of a text.
    pub fn from_text(text: &'a str) -> Self {
        canonical_integer(text).map_or(Self::Text(text), Self::Integer)
    }

    /// A 64-bit fingerprint that is the same on every machine. Two orders of one customer are told apart by it;
    /// that two of a customer's million orders share one has a chance below 1 in 30 million.
    pub fn fingerprint(self) -> u64 {
        match self {
            // A seed of their own keeps numbers apart from texts of the same eight bytes.
            Self::Integer(number) => xxh3_64_with_seed(&number.to_le_bytes(), 1),
            Self::Text(text) => xxh3_64(text.as_bytes()),
        }
    }

    fn to_owned(self) -> Id {
        match self {
            Self::Integer(number) => Id::Integer(number),
            Self::Text(text) => Id::Text(text.into()),
        }
    }
}

/// The integer whose decimal form is exactly `text`.
fn canonical_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [] | [b'0', _, ..] => None,
        [b'0'] => (text == "0").then_some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => text.parse().ok(),
        _ => None,
    }
}

/// Identifiers numbered densely in the order they are first seen.
#[derive(Debug, Default)]
pub struct Interner {
    table: HashTable<u32>,
    ids: Vec<Id>,
}

impl Interner {
    /// The number of an identifier, new or known; `None` when more than 2³² are asked for.
    pub fn intern(&mut self, id: IdRef<'_>) -> Option<u32> {
        let ids = &self.ids;
        let hash = id.fingerprint();
        if let Some(&number) = self.table.find(hash, |&n| ids[n as usize].as_ref() == id) {
            return Some(number);
        }
        let number = u32::try_from(ids.len()).ok()?;
        self.table.insert_unique(hash, number, |&n| ids[n as usize].as_ref().fingerprint());
        self.ids.push(id.to_owned());
        Some(number)
    }

    /// The identifiers, by number.
    pub fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// The identifiers, by number, for keeps.
    pub fn into_ids(self) -> Vec<Id> {
        self.ids
    }
}

/// How a history's customer identifiers are written and sorted: as numbers where every file gave numbers, otherwise
/// as text in byte order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IdKind {
    /// Every identifier came from an integer column.
    #[default]
    Integer,
    /// At least one came as text.
    Text,
}

/// Sorts identifiers; returns them with, for each old number, its place.
pub(crate) fn sort_ids(ids: Vec<Id>, kind: IdKind) -> (Vec<Id>, Vec<u32>) {
    let mut order: Vec<u32> = (0..ids.len() as u32).collect();
    match kind {
        IdKind::Integer => order.sort_unstable_by_key(|&n| match &ids[n as usize] {
            Id::Integer(number) => *number,
            Id::Text(_) => i64::MAX,
        }),
        IdKind::Text => {
            // Every text once into one buffer: comparisons then allocate nothing.
            let mut text = String::new();
            let mut ends = Vec::with_capacity(ids.len());
            for id in &ids {
                // Writing to a String cannot fail.
                let _ = write!(text, "{id}");
                ends.push(text.len());
            }
            let slice = |n: u32| {
                let start = if n == 0 { 0 } else { ends[n as usize - 1] };
                &text.as_bytes()[start..ends[n as usize]]
            };
            order.sort_unstable_by(|&a, &b| slice(a).cmp(slice(b)));
        }
    }
    let mut place = vec![0; ids.len()];
    let mut slots: Vec<Option<Id>> = ids.into_iter().map(Some).collect();
    let mut sorted = Vec::with_capacity(slots.len());
    for (new, &old) in order.iter().enumerate() {
        place[old as usize] = new as u32;
        sorted.extend(slots[old as usize].take());
    }
    (sorted, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_decimal_form_are_one_identity() {
        assert_eq!(Id::from_text("7"), Id::Integer(7));
        assert_eq!(Id::from_text("-7"), Id::Integer(-7));
        assert_eq!(Id::from_text("0"), Id::Integer(0));
        assert_eq!(Id::from_text("9223372036854775807"), Id::Integer(i64::MAX));
        for text in ["007", "-0", "+7", "", "-", "7 ", "9223372036854775808", "1e3", "cust-7"] {
            assert_eq!(Id::from_text(text), Id::Text(text.into()), "{text}");
        }
    }

    #[test]
    fn interning_numbers_each_identity_once() {
        let mut interner = Interner::default();
        let numbers: Vec<_> = ["b", "7", "b", "a"].map(|t| interner.intern(IdRef::from_text(t))).into();
        assert_eq!(numbers, [Some(0), Some(1), Some(0), Some(2)]);
        assert_eq!(interner.intern(IdRef::Integer(7)), Some(1));
    }

    #[test]
    fn numbers_sort_as_numbers_and_text_as_bytes() {
        let ids = || ["10", "9", "2"].map(Id::from_text).to_vec();
        let text = |sorted: Vec<Id>| sorted.iter().map(Id::to_string).collect::<Vec<_>>();
        let (by_number, place) = sort_ids(ids(), IdKind::Integer);
        assert_eq!(text(by_number), ["2", "9", "10"]);
        assert_eq!(place, [2, 1, 0]);
        assert_eq!(text(sort_ids(ids(), IdKind::Text).0), ["10", "2", "9"]);
    }
}
