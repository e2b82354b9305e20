//! The texts of words, of which a shop's customers may have as many as there are customers: those of a segment lie side
//! by side, by fingerprint, and are found at the first or second look.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::event::Word;
use crate::id::{Interner, fingerprint};

/// The texts of words.
#[derive(Clone, Debug, Default)]
pub struct Words {
    settled: Vec<Arc<Settled>>,
    /// Side by side as well, and not each on its own: of names and telephone numbers there are twice as many as customers.
    new: Interner,
}

/// Texts that no other joins.
#[derive(Debug, Default)]
struct Settled {
    /// The fingerprints, ascending.
    prints: Vec<u64>,
    /// Where each one's text ends.
    ends: Vec<u32>,
    texts: String,
    /// By their first bits, where those fingerprints begin: there are about as many of these as of texts.
    begins: Vec<u32>,
    shift: u32,
}

impl Words {
    /// Those of these texts, which are in the order of their fingerprints, as [`Self::texts`] gives them; any others are
    /// found more slowly.
    pub(super) fn of_texts<'a, E>(texts: impl Iterator<Item = Result<&'a str, E>>) -> Result<Self, E> {
        let (mut words, mut settled) = (Self::default(), Settled::default());
        for text in texts {
            let text = text?;
            if !settled.push(text) {
                words.word(text);
            }
        }
        settled.settle();
        words.settled.push(Arc::new(settled));
        Ok(words)
    }

    /// The word of a text.
    pub fn word(&mut self, text: &str) -> Word {
        let print = fingerprint(text);
        if self.settled(print).is_none() && self.new.find(text.as_bytes()).is_none() {
            // It has a number: where each of 2³² texts ends would take 32 GiB alone.
            let _ = self.new.add(text);
        }
        Word(print)
    }

    /// The text of a word.
    pub fn text(&self, word: Word) -> &str {
        self.settled(word.0).or_else(|| self.new.with_fingerprint(word.0)).unwrap_or("")
    }

    /// The texts of several words, as [`Self::text`] tells them. What one is found by lies far apart in memory, and is waited
    /// for together with what the others are found by.
    pub fn texts_of(&self, words: &[Option<Word>]) -> Vec<Option<&str>> {
        let found = self.settled.first().map_or_else(Vec::new, |first| first.texts(words));
        let found = found.into_iter().chain(std::iter::repeat(None));
        let asked = words.iter().zip(found);
        asked.map(|(word, found)| word.map(|word| found.unwrap_or_else(|| self.text(word)))).collect()
    }

    fn settled(&self, print: u64) -> Option<&str> {
        self.settled.iter().find_map(|settled| settled.text(print))
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.settled.extend(other.settled);
        if self.new.ids().is_empty() {
            self.new = other.new;
        } else {
            other.new.into_ids().iter().for_each(|text| _ = self.word(text));
        }
    }

    /// Every text once, in the order of fingerprints.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let new = self.new.ids();
        let mut order: Vec<(u64, u32)> = new.iter().map(fingerprint).zip(0..).collect();
        order.par_sort_unstable();
        let new = order.into_iter().map(|(print, number)| (print, new.get(number as usize)));
        let settled = self.settled.iter().map(|settled| Layer::Settled(settled.all()));
        let mut layers: Vec<_> = settled.chain([Layer::New(new)]).map(Iterator::peekable).collect();
        std::iter::from_fn(move || {
            let next = layers.iter_mut().filter_map(|layer| Some(layer.peek()?.0)).min()?;
            let mut first = None;
            for layer in &mut layers {
                while let Some((_, text)) = layer.next_if(|&(print, _)| print == next) {
                    first = first.or(Some(text));
                }
            }
            first
        })
    }
}

/// Texts in the order of their fingerprints.
enum Layer<S, N> {
    Settled(S),
    New(N),
}

impl<T, S: Iterator<Item = T>, N: Iterator<Item = T>> Iterator for Layer<S, N> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        match self {
            Self::Settled(texts) => texts.next(),
            Self::New(texts) => texts.next(),
        }
    }
}

impl Settled {
    /// Adds a text; `false` if it does not come after those there are, or there is no room left.
    fn push(&mut self, text: &str) -> bool {
        let print = fingerprint(text);
        let Ok(end) = u32::try_from(self.texts.len() + text.len()) else { return false };
        if self.prints.last().is_some_and(|&last| last >= print) {
            return false;
        }
        self.texts.push_str(text);
        self.prints.push(print);
        self.ends.push(end);
        true
    }

    /// No more are added.
    fn settle(&mut self) {
        let bits = self.prints.len().max(2).ilog2();
        self.shift = u64::BITS - bits;
        // All but one have a byte at least: there are no more than 32 bits can number.
        let mut from = 0;
        self.begins = (0..=1_u64 << bits)
            .map(|first| {
                from += self.prints[from..].iter().take_while(|&&print| print >> self.shift < first).count();
                from as u32
            })
            .collect();
    }

    fn text(&self, print: u64) -> Option<&str> {
        Some(self.at(self.place(print, self.candidates(print)?)?))
    }

    /// The texts of words, one step for all of them after the other: a step waits for memory, and its next for it.
    fn texts(&self, words: &[Option<Word>]) -> Vec<Option<&str>> {
        let candidates = words.iter().map(|word| self.candidates((*word)?.0)).collect::<Vec<_>>();
        let places = words.iter().zip(candidates).map(|(word, of)| self.place((*word)?.0, of?));
        let places = places.collect::<Vec<_>>();
        let ranges = places.into_iter().map(|place| Some(self.range(place?))).collect::<Vec<_>>();
        ranges.into_iter().map(|range| Some(&self.texts[range?])).collect()
    }

    /// Where a fingerprint is, if it is anywhere.
    fn candidates(&self, print: u64) -> Option<Range<usize>> {
        let first = (print >> self.shift) as usize;
        Some(*self.begins.get(first)? as usize..*self.begins.get(first + 1)? as usize)
    }

    fn place(&self, print: u64, candidates: Range<usize>) -> Option<usize> {
        let begin = candidates.start;
        Some(begin + self.prints[candidates].iter().position(|&own| own == print)?)
    }

    fn range(&self, place: usize) -> Range<usize> {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        begin as usize..self.ends[place] as usize
    }

    fn at(&self, place: usize) -> &str {
        &self.texts[self.range(place)]
    }

    fn all(&self) -> impl Iterator<Item = (u64, &str)> {
        self.prints.iter().enumerate().map(|(place, &print)| (print, self.at(place)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Words {
        Words::of_texts(texts.map(Ok::<_, ()>)).unwrap()
    }

    proptest! {
        /// Whichever of them are settled, in whatever order they come, and however often.
        #[test]
        fn every_text_is_found_by_its_word(
            some in prop::collection::vec("[a-d]{0,3}", 0..90),
            others in prop::collection::vec("[c-f]{0,3}", 0..90),
            more in prop::collection::vec("[a-z]{0,2}", 0..20),
        ) {
            let mut written = Words::default();
            some.iter().for_each(|text| _ = written.word(text));
            let mut words = of(written.texts());
            prop_assert!(words.new.ids().is_empty(), "as they are written");
            words.extend(of(others.iter().map(String::as_str)));
            more.iter().for_each(|text| _ = words.word(text));
            let mut all: BTreeMap<u64, &str> = BTreeMap::new();
            for text in some.iter().chain(&others).chain(&more) {
                prop_assert_eq!(words.text(Word(fingerprint(text))), text);
                all.insert(fingerprint(text), text);
            }
            prop_assert_eq!(words.text(Word(fingerprint("none of them"))), "");
            let asked: Vec<Option<Word>> = all.keys().flat_map(|&print| [Some(Word(print)), None, Some(Word(!print))]).collect();
            let each = asked.iter().map(|word| word.map(|word| words.text(word)));
            prop_assert!(words.texts_of(&asked).into_iter().eq(each));
            prop_assert!(words.texts().eq(all.into_values()));
        }
    }
}
