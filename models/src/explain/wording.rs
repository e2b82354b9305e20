//! What a language's table holds, and how its sentences are read.
//!
//! In a sentence `{feature}` is the feature's number; `{feature%}` is it as a percentage; `{a-b}` is the difference of
//! two. Behind it may come one form for every number, two for none and more, or three for none, one and more, with `#` for
//! the number: `{frequency|no day|1 day|# days}`. `@` is the number of days of the feature's window, as the registry has it.

use mainstay_features::feature::{Unit, Window};
use mainstay_features::registry;

use crate::figure::Figure;

/// The sentences of a language.
pub(super) struct Table {
    /// Where nothing stands out.
    pub(super) nothing_stands_out: &'static str,
    /// Of every feature.
    pub(super) wordings: &'static [Wording],
}

/// The sentences of a feature, or of all features whose names differ in the window alone.
pub(super) struct Wording {
    /// The feature's name.
    pub(super) feature: &'static str,
    /// Why it makes leaving more likely. Of several, the first is used whose features all have a value in the row.
    pub(super) leaving: &'static [&'static str],
    /// Why it makes staying more likely.
    pub(super) staying: &'static [&'static str],
    /// What it says of a customer that it has no value.
    pub(super) missing: &'static str,
}

impl Table {
    /// The sentences of a feature.
    pub(super) fn of(&self, feature: &str) -> Option<&'static Wording> {
        let days = window_days(feature);
        self.wordings.iter().find(|wording| in_window(wording.feature, days) == feature)
    }
}

/// The same facts for both directions.
pub(super) const fn both(feature: &'static str, facts: &'static [&'static str]) -> Wording {
    Wording { feature, leaving: facts, staying: facts, missing: "" }
}

/// The days of a feature's window; 0 without one.
fn window_days(feature: &str) -> u32 {
    match registry::all().find(|known| known.name == feature).map(|known| known.window) {
        Some(
            Window::Last(days)
            | Window::LastAgainstBefore(days)
            | Window::YearAgo(days)
            | Window::YearAgoNext(days),
        ) => days,
        Some(Window::WholeHistory) | None => 0,
    }
}

fn in_window(text: &str, days: u32) -> String {
    text.replace('@', &days.to_string())
}

/// A number that a sentence has in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fact {
    /// Its name: the feature's, or for a difference of two `a-b`.
    pub(super) name: String,
    /// The feature.
    pub(super) feature: String,
    /// The feature that is taken off.
    pub(super) less: Option<String>,
    /// How it is written.
    pub(super) figure: Figure,
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// As it is.
    Text(String),
    /// A number in one of its forms: for none and one where there are such, and last for more.
    Number(Fact, Vec<String>),
}

/// Reads a sentence about a feature; `None` if it has no end.
pub(super) fn pieces(text: &str, feature: &str) -> Option<Vec<Piece>> {
    let text = in_window(text, window_days(feature));
    let mut pieces = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (placeholder, after) = after.split_once('}')?;
        pieces.push(Piece::Text(before.to_owned()));
        let mut parts = placeholder.split('|');
        let fact = Fact::named(parts.next()?);
        pieces.push(Piece::Number(fact, parts.map(str::to_owned).collect()));
        rest = after;
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Some(pieces)
}

impl Fact {
    fn named(text: &str) -> Self {
        let (name, is_share) = text.strip_suffix('%').map_or((text, false), |name| (name, true));
        let (feature, less) = name.split_once('-').map_or((name, None), |(name, less)| (name, Some(less)));
        let figure = match registry::all().find(|known| known.name == feature).map(|known| known.unit) {
            _ if is_share => Figure::Share,
            Some(Unit::Days | Unit::Count) => Figure::Whole,
            Some(Unit::Money) => Figure::Money,
            Some(Unit::DaysAndHours | Unit::Ratio | Unit::Severity) | None => Figure::Measure,
        };
        let (name, feature, less) = (name.to_owned(), feature.to_owned(), less.map(str::to_owned));
        Self { name, feature, less, figure }
    }
}
