//! Customer and order identifiers: one identity for integers and text, and their numbering.

use std::cmp::Ordering;
use std::ops::Range;

use hashbrown::HashTable;
use rayon::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

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

impl IdKind {
    /// How two identifiers are sorted.
    pub fn compare(self, a: &str, b: &str) -> Ordering {
        sort_key(a, self).cmp(&sort_key(b, self)).then_with(|| match self {
            // The whole number is in the key.
            Self::Integer => Ordering::Equal,
            Self::Text => a.cmp(b),
        })
    }
}

/// Identifiers by number, side by side in one text. A number's identifier is its decimal form, so `7` in a Parquet
/// integer column and `7` in a CSV file are one customer; `007` is another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ids {
    text: String,
    ends: Ends,
}

/// Where each identifier ends in the text. Most shops' identifiers are all of one length; it then takes no memory to
/// know, and no look at it to find one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ends {
    Every { length: usize, count: usize },
    Listed(Vec<usize>),
}

impl Default for Ends {
    fn default() -> Self {
        Self::Every { length: 0, count: 0 }
    }
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.ends {
            Ends::Every { count, .. } => *count,
            Ends::Listed(ends) => ends.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identifier with a number, 0 to `len() − 1`.
    pub fn get(&self, number: usize) -> &str {
        &self.text[self.place(number)]
    }

    /// Whether the identifier with a number is this one. (Comparing bytes does not wait to see whether a character
    /// begins there, as slicing text does.)
    fn is(&self, number: usize, id: &[u8]) -> bool {
        is_same(&self.text.as_bytes()[self.place(number)], id)
    }

    fn place(&self, number: usize) -> Range<usize> {
        match &self.ends {
            Ends::Every { length, .. } => number * length..(number + 1) * length,
            Ends::Listed(ends) => (if number == 0 { 0 } else { ends[number - 1] })..ends[number],
        }
    }

    /// Every identifier, by number.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.get(number))
    }

    /// The number of an identifier, of identifiers that are sorted as this kind is.
    pub(crate) fn find(&self, id: &str, kind: IdKind) -> Option<usize> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            match kind.compare(self.get(middle), id) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return (self.get(middle) == id).then_some(middle),
                Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// Adds one; its number is the count before.
    pub fn push(&mut self, id: &str) {
        self.text.push_str(id);
        match &mut self.ends {
            Ends::Every { length, count } if *count == 0 || *length == id.len() => {
                *length = id.len();
                *count += 1;
            }
            Ends::Every { length, count } => {
                let ends = (1..=*count).map(|number| number * *length).chain([self.text.len()]);
                self.ends = Ends::Listed(ends.collect());
            }
            Ends::Listed(ends) => ends.push(self.text.len()),
        }
    }
}

/// An identifier as a column has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Id<'a> {
    Integer(i64),
    Unsigned(u64),
    Text(&'a str),
}

impl<'a> Id<'a> {
    /// As text, written to `digits` if it is a number.
    #[inline]
    pub(crate) fn text(self, digits: &'a mut itoa::Buffer) -> &'a str {
        match self {
            Self::Integer(number) => digits.format(number),
            Self::Unsigned(number) => digits.format(number),
            Self::Text(text) => text,
        }
    }
}

/// Whether two identifiers are the same.
pub(crate) fn is_same(a: &[u8], b: &[u8]) -> bool {
    Edges::of(a).are_of_the_same(Edges::of(b))
}

/// An identifier with its first and its last bytes, which overlap: those of 8 to 16 bytes, as most identifiers are, are compared
/// as two numbers. No call, where most comparisons are of what is the same.
#[derive(Clone, Copy)]
pub(crate) struct Edges<'a> {
    id: &'a [u8],
    first: u64,
    last: u64,
}

impl<'a> Edges<'a> {
    /// Those of an identifier.
    #[inline]
    pub(crate) fn of(id: &'a [u8]) -> Self {
        match (id.first_chunk(), id.last_chunk()) {
            (Some(first), Some(last)) => {
                Self { id, first: u64::from_ne_bytes(*first), last: u64::from_ne_bytes(*last) }
            }
            _ => Self { id, first: 0, last: 0 },
        }
    }

    /// Whether two identifiers are the same.
    #[inline]
    pub(crate) fn are_of_the_same(self, other: Self) -> bool {
        let lengths = self.id.len() ^ other.id.len();
        let is_alike = (self.first ^ other.first) | (self.last ^ other.last) | lengths as u64 == 0;
        // Which are alike nobody can foresee; how long they are, mostly.
        if (8..=16).contains(&self.id.len()) { is_alike } else { is_alike && self.id == other.id }
    }
}

/// A 64-bit fingerprint that is the same on every machine. Two orders of one customer are told apart by it; that two
/// of a customer's million orders share one has a chance below 1 in 30 million.
pub fn fingerprint(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

/// Identifiers numbered densely in the order they are first seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    table: HashTable<u32>,
    ids: Ids,
}

impl Interner {
    /// The number of an identifier that is known.
    pub(crate) fn find(&self, id: &[u8]) -> Option<u32> {
        self.table.find(xxh3_64(id), |&number| self.ids.is(number as usize, id)).copied()
    }

    /// The number of an identifier that is not known yet; `None` when more than 2³² are asked for.
    pub(crate) fn add(&mut self, id: &str) -> Option<u32> {
        let number = u32::try_from(self.ids.len()).ok()?;
        let ids = &self.ids;
        self.table.insert_unique(fingerprint(id), number, |&number| fingerprint(ids.get(number as usize)));
        self.ids.push(id);
        Some(number)
    }

    /// The identifier with a fingerprint.
    pub(crate) fn with_fingerprint(&self, print: u64) -> Option<&str> {
        let text = |&number: &u32| self.ids.get(number as usize);
        self.table.find(print, |number| fingerprint(text(number)) == print).map(text)
    }

    /// The identifiers, by number.
    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The identifiers, for keeps.
    pub(crate) fn into_ids(self) -> Ids {
        self.ids
    }
}

/// Where an identifier is among several lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    key: u64,
    pub(crate) list: u32,
    pub(crate) number: u32,
}

/// Every identifier of several lists, sorted; all are different. `None` when there are more than 2³² in a list.
pub(crate) fn sorted(lists: &[&Ids], kind: IdKind) -> Option<Vec<Listed>> {
    if lists.iter().any(|ids| u32::try_from(ids.len()).is_err()) {
        return None;
    }
    let mut all = vec![Listed { key: 0, list: 0, number: 0 }; lists.iter().map(|ids| ids.len()).sum()];
    let (mut rest, mut places) = (all.as_mut_slice(), Vec::with_capacity(lists.len()));
    for (list, &ids) in (0..).zip(lists) {
        let own;
        (own, rest) = rest.split_at_mut(ids.len());
        places.push((list, ids, own));
    }
    places.into_par_iter().for_each(|(list, ids, own)| {
        for ((place, id), number) in own.iter_mut().zip(ids.iter()).zip(0..) {
            *place = Listed { key: sort_key(id, kind), list, number };
        }
    });
    // Most are told apart by their keys, and numbers sort several times as fast as what must be looked up.
    all.par_sort_unstable_by_key(|id| id.key);
    if kind == IdKind::Text {
        let text = |id: &Listed| lists[id.list as usize].get(id.number as usize);
        all.par_chunk_by_mut(|a, b| a.key == b.key)
            .filter(|alike| alike.len() > 1)
            .for_each(|alike| alike.par_sort_unstable_by(|a, b| text(a).cmp(text(b))));
    }
    Some(all)
}

/// Every identifier of several lists, each sorted and all different, in one order: the list's place and the number in it.
/// `None` when there are more than 2³² in a list.
pub fn merged(lists: &[&Ids], kind: IdKind) -> Option<Vec<(usize, usize)>> {
    let all = sorted(lists, kind)?;
    Some(all.into_iter().map(|at| (at.list as usize, at.number as usize)).collect())
}

/// What orders most identifiers without a look at their text: a number's value, or a text's first eight bytes.
pub(crate) fn sort_key(id: &str, kind: IdKind) -> u64 {
    match kind {
        IdKind::Integer => id.parse::<i64>().map_or(u64::MAX, |number| (number as u64) ^ (1 << 63)),
        IdKind::Text => {
            if let Some(&first) = id.as_bytes().first_chunk::<8>() {
                return u64::from_be_bytes(first);
            }
            let mut first = [0; 8];
            first[..id.len()].copy_from_slice(id.as_bytes());
            u64::from_be_bytes(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(texts: &[&str]) -> Ids {
        let mut ids = Ids::default();
        texts.iter().for_each(|text| ids.push(text));
        ids
    }

    fn in_order(lists: &[&[&str]], kind: IdKind) -> Vec<String> {
        let lists: Vec<Ids> = lists.iter().map(|list| ids(list)).collect();
        let lists: Vec<&Ids> = lists.iter().collect();
        let sorted = sorted(&lists, kind).unwrap();
        sorted.iter().map(|id| lists[id.list as usize].get(id.number as usize).to_owned()).collect()
    }

    #[test]
    fn identifiers_of_one_length_and_of_several_are_found_alike() {
        for texts in [&["ab", "cd", "ef"] as &[&str], &["ab", "cd", "", "efg", "h"], &["", ""], &["a"]] {
            let ids = ids(texts);
            assert_eq!(ids.iter().collect::<Vec<_>>(), texts);
            assert!((0..texts.len()).all(|number| ids.is(number, texts[number].as_bytes())));
        }
        assert!(!ids(&["ab", "cd"]).is(0, b"a"));
    }

    #[test]
    fn short_and_long_identifiers_are_the_same_or_not() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        for length in 0..=long.len() {
            let text = &long.as_bytes()[..length];
            assert!(is_same(text, text.to_vec().as_slice()));
            assert!(!is_same(text, long.as_bytes()) || length == long.len());
            for place in 0..length {
                let mut other = text.to_vec();
                other[place] ^= 1;
                assert!(!is_same(text, &other), "byte {place} of {length}");
            }
        }
    }

    #[test]
    fn interning_numbers_each_identity_once() {
        let mut interner = Interner::default();
        let numbers = ["b", "7", "b", "a", "007"].map(|id| {
            let known = interner.find(id.as_bytes());
            known.or_else(|| interner.add(id))
        });
        assert_eq!(numbers, [Some(0), Some(1), Some(0), Some(2), Some(3)]);
        assert_eq!(interner.into_ids(), ids(&["b", "7", "a", "007"]));
    }

    #[test]
    fn numbers_sort_as_numbers_and_text_as_bytes() {
        assert_eq!(in_order(&[&["10", "9", "-2"]], IdKind::Integer), ["-2", "9", "10"]);
        assert_eq!(in_order(&[&["10", "9", "-2"]], IdKind::Text), ["-2", "10", "9"]);
    }

    #[test]
    fn several_lists_sort_as_one() {
        let lists: [&[&str]; 2] = [&["customer-00002", "customer-00001", ""], &["a", "customer-0000"]];
        let all = ["", "a", "customer-0000", "customer-00001", "customer-00002"];
        assert_eq!(in_order(&lists, IdKind::Text), all);
    }

    #[test]
    fn a_zero_byte_is_not_the_end_of_a_text() {
        assert_eq!(in_order(&[&["a\0", "a"], &["a\0\0"]], IdKind::Text), ["a", "a\0", "a\0\0"]);
    }
}
