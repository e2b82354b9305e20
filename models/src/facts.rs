//! Facts as text, for programs: `name=number`, one after the other.

use std::fmt;

/// Writes facts, each after a space.
pub(crate) fn write<'a>(
    f: &mut fmt::Formatter<'_>,
    facts: impl IntoIterator<Item = (&'a str, f64)>,
) -> fmt::Result {
    facts.into_iter().try_for_each(|(name, number)| write!(f, " {name}={number}"))
}

/// Reads one; `None` where it is none, or the number is not finite.
pub(crate) fn read(word: &str) -> Option<(&str, f64)> {
    let (name, number) = word.split_once('=')?;
    let number: f64 = number.parse().ok()?;
    number.is_finite().then_some((name, number))
}
