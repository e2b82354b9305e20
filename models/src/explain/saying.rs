//! All that can be told of customers: of every feature its sentences, the same facts in every language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use mainstay_features::registry;

use super::table;
use super::wording::{Fact, Piece, Wording, pieces};
use crate::inputs::EXPECTED_PURCHASES;
use crate::language::Language;

/// So many numbers a sentence has at most.
pub(super) const MOST_FACTS: usize = 3;

/// Nearly all sentences have fewer bytes.
const MOST_BYTES: usize = 96;

/// What a feature makes more likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// That the customer leaves.
    Leaving,
    /// That the customer stays.
    Staying,
}

impl Towards {
    /// Its name in codes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leaving => "leaving",
            Self::Staying => "staying",
        }
    }
}

/// What can be told of a customer by one feature.
#[derive(Debug, PartialEq)]
pub(super) struct Saying {
    /// Its place among all of them.
    pub(super) number: u16,
    /// The feature that speaks.
    pub(super) feature: &'static str,
    /// What it makes more likely.
    pub(super) towards: Towards,
    /// The numbers that are told; none where what is told is that the feature has no value.
    pub(super) facts: Vec<Fact>,
    english: Sentence,
    chinese: Sentence,
}

/// A sentence whose numbers are places among its facts.
type Sentence = Vec<Part>;

#[derive(Debug, PartialEq)]
enum Part {
    Text(String),
    Number { fact: usize, forms: Vec<String> },
}

/// The sayings of every feature, those that tell most first.
static SAYINGS: LazyLock<BTreeMap<&str, Vec<Saying>>> = LazyLock::new(|| {
    let features = registry::all().map(|feature| feature.name).chain([EXPECTED_PURCHASES]);
    let mut all: BTreeMap<&str, Vec<Saying>> = features.map(|feature| (feature, sayings(feature))).collect();
    (0..).zip(all.values_mut().flatten()).for_each(|(number, saying)| saying.number = number);
    all
});
static NUMBERED: LazyLock<Vec<&Saying>> = LazyLock::new(|| SAYINGS.values().flatten().collect());

/// The saying of a number; `None` where there is none.
pub(super) fn numbered(number: u16) -> Option<&'static Saying> {
    NUMBERED.get(usize::from(number)).copied()
}

/// What a feature can tell; nothing of what is no feature.
pub(super) fn sayings_of(feature: &str) -> &'static [Saying] {
    SAYINGS.get(feature).map_or(&[], Vec::as_slice)
}

/// Those of the tables. What the languages do not tell alike is left out: a test finds that nothing is.
fn sayings(feature: &'static str) -> Vec<Saying> {
    let [Some(english), Some(chinese)] = Language::ALL.map(|language| table(language).of(feature)) else {
        return Vec::new();
    };
    let of = |towards: Towards, texts: fn(&Wording) -> Vec<&'static str>| {
        texts(english)
            .into_iter()
            .zip(texts(chinese))
            .filter_map(move |texts| Saying::new(feature, towards, texts))
    };
    of(Towards::Leaving, |wording| [wording.leaving, &[wording.missing]].concat())
        .chain(of(Towards::Staying, |wording| [wording.staying, &[wording.missing]].concat()))
        .collect()
}

impl Saying {
    /// In both languages; `None` where there is nothing to say, or they do not say the same.
    fn new(feature: &'static str, towards: Towards, (english, chinese): (&str, &str)) -> Option<Self> {
        if english.is_empty() {
            return None;
        }
        let (english, chinese) = (pieces(english, feature)?, pieces(chinese, feature)?);
        let facts: Vec<Fact> = facts(&english).cloned().collect();
        let says_all = facts.iter().all(|fact| self::facts(&chinese).any(|said| said == fact));
        let (english, chinese) = (sentence(english, &facts)?, sentence(chinese, &facts)?);
        (says_all && facts.len() <= MOST_FACTS).then_some(Self {
            number: 0,
            feature,
            towards,
            facts,
            english,
            chinese,
        })
    }

    /// The sentence with these numbers, as many as there are facts.
    pub(super) fn with(&self, numbers: &[f64], language: Language) -> String {
        let parts = match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        };
        let mut sentence = String::with_capacity(MOST_BYTES);
        for part in parts {
            match part {
                Part::Text(text) => sentence += text,
                Part::Number { fact, forms } => {
                    let number = numbers.get(*fact).copied().unwrap_or_default();
                    let figure = self.facts[*fact].figure;
                    let form = match forms.as_slice() {
                        [] => "#",
                        [every] => every,
                        [none, ..] if figure.rounded(number) == 0.0 => none,
                        [_, one, ..] if figure.rounded(number) == 1.0 => one,
                        [.., more] => more,
                    };
                    let mut texts = form.split('#');
                    sentence += texts.next().unwrap_or_default();
                    for text in texts {
                        figure.write(number, language, &mut sentence);
                        sentence += text;
                    }
                }
            }
        }
        sentence
    }
}

fn facts(pieces: &[Piece]) -> impl Iterator<Item = &Fact> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Number(fact, _) => Some(fact),
    })
}

/// `None` if it has a number that is none of the facts.
fn sentence(pieces: Vec<Piece>, facts: &[Fact]) -> Option<Sentence> {
    let part = |piece| match piece {
        Piece::Text(text) => Some(Part::Text(text)),
        Piece::Number(told, forms) => {
            Some(Part::Number { fact: facts.iter().position(|fact| *fact == told)?, forms })
        }
    };
    pieces.into_iter().map(part).collect()
}
