//! Sentences with numbers in them: what a language's table holds, and how a sentence takes its numbers from a row.
//!
//! In a sentence `{feature}` is the feature's number; `{feature%}` is it as a percentage; `{a-b}` is the difference of
//! two. Behind it may come one form for every number, two for none and more, or three for none, one and more, with `#` for
//! the number: `{frequency|no day|1 day|# days}`. `@` is the number of days of the feature's window, as the registry has it.

use mainstay_features::feature::{Unit, Window};
use mainstay_features::registry;

/// The sentences of a language.
pub(super) struct Table {
    /// Where nothing stands out.
    pub(super) unknown: &'static str,
    /// What is behind a percentage.
    pub(super) percent: &'static str,
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
pub(super) fn window_days(feature: &str) -> u32 {
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

/// A sentence for rows of certain columns.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Number { column: usize, less: Option<usize>, style: Style, forms: Vec<String> },
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Whole,
    Money,
    /// With what stands behind a percentage.
    Percent(&'static str),
    /// So many digits as tell numbers of its size apart.
    Measure,
}

impl Sentence {
    /// Reads a sentence of a language for rows with these columns; `None` if it needs a feature that they do not have.
    pub(super) fn new(text: &str, days: u32, columns: &[String], percent: &'static str) -> Option<Self> {
        let text = in_window(text, days);
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (placeholder, after) = after.split_once('}')?;
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(number(placeholder, columns, percent)?);
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Some(Self { pieces })
    }

    /// The sentence with the numbers of a row; `None` where one of them has no value.
    pub(super) fn with(&self, row: &[f64]) -> Option<String> {
        let mut sentence = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => sentence += text,
                Piece::Number { column, less, style, forms } => {
                    let less = less.map_or(Some(&0.0), |less| row.get(less))?;
                    let value = row.get(*column)? - less;
                    if !value.is_finite() {
                        return None;
                    }
                    let written = style.write(value);
                    let form = match forms.as_slice() {
                        [] => "#",
                        [every] => every,
                        [none, ..] if is_zero(&written) => none,
                        [_, one, ..] if written == "1" => one,
                        [.., more] => more,
                    };
                    sentence += &form.replace('#', &written);
                }
            }
        }
        Some(sentence)
    }
}

fn number(placeholder: &str, columns: &[String], percent: &'static str) -> Option<Piece> {
    let mut parts = placeholder.split('|');
    let name = parts.next()?;
    let (name, is_percent) = name.strip_suffix('%').map_or((name, false), |name| (name, true));
    let (name, less) = name.split_once('-').map_or((name, None), |(name, less)| (name, Some(less)));
    let place = |name: &str| columns.iter().position(|column| column == name);
    let less = match less {
        Some(name) => Some(place(name)?),
        None => None,
    };
    let unit = registry::all().find(|feature| feature.name == name).map(|feature| feature.unit);
    let style = match unit {
        _ if is_percent => Style::Percent(percent),
        Some(Unit::Days | Unit::Count) => Style::Whole,
        Some(Unit::Money) => Style::Money,
        Some(Unit::DaysAndHours | Unit::Ratio | Unit::Severity) | None => Style::Measure,
    };
    Some(Piece::Number { column: place(name)?, less, style, forms: parts.map(str::to_owned).collect() })
}

impl Style {
    fn write(self, value: f64) -> String {
        let rounded = |decimals: usize| {
            let text = format!("{value:.decimals$}");
            let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
            text.to_owned()
        };
        let written = match self {
            Self::Whole => format!("{value:.0}"),
            Self::Money => format!("{value:.2}"),
            Self::Percent(sign) => format!("{:.0}{sign}", 100.0 * value),
            Self::Measure if value.abs() >= 9.95 => rounded(0),
            Self::Measure if value.abs() >= 0.95 => rounded(1),
            Self::Measure => rounded(2),
        };
        let minus = written.strip_prefix('-');
        match minus {
            Some(zero) if is_zero(zero) => zero.to_owned(),
            Some(number) => format!("−{number}"),
            None => written,
        }
    }
}

/// Whether a written number is zero.
fn is_zero(written: &str) -> bool {
    written.chars().any(|c| c == '0') && written.chars().all(|c| matches!(c, '0' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str, row: &[f64]) -> Option<String> {
        let columns = ["recency_days", "monetary", "silence_ratio", "return_share"].map(str::to_owned);
        Sentence::new(text, 90, &columns, " %")?.with(row)
    }

    #[test]
    fn numbers_are_written_by_their_unit() {
        let row = [47.0, 40.0, 3.917, 0.256];
        assert_eq!(
            sentence("{recency_days} {monetary} {silence_ratio} {return_share%} @", &row).unwrap(),
            "47 40.00 3.9 26 % 90"
        );
        let silences = [1234.5, 10.0, 1.04, 0.25, 0.004, -0.001, -2.5]
            .map(|ratio| sentence("{silence_ratio|none|one|#}", &[0.0, 0.0, ratio, 0.0]).unwrap());
        assert_eq!(silences, ["1234", "10", "one", "0.25", "none", "none", "−2.5"]);
        assert_eq!(sentence("{monetary-recency_days}", &row).unwrap(), "−7.00");
        assert_eq!(sentence("{recency_days|第#天}", &row).unwrap(), "第47天", "one form for every number");
    }

    #[test]
    fn a_sentence_without_its_numbers_is_none() {
        assert_eq!(sentence("{tenure_days}", &[0.0; 4]), None, "no such column");
        assert_eq!(sentence("{recency_days}", &[f64::NAN; 4]), None, "no value");
        assert_eq!(sentence("{recency_days", &[0.0; 4]), None, "no end");
    }
}
