//! Things that files and people call by a name, out of a short list.

use thiserror::Error;

use crate::language::Language;

/// A name that is not among those there are.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{given}` is no {what}; there are: {allowed}")]
pub struct UnknownName {
    /// What was asked for, such as `tier`.
    pub what: &'static str,
    /// What was written.
    pub given: String,
    /// The names there are, separated by commas.
    pub allowed: String,
}

/// The thing that people call so in any language, among all there are; the English word is its name.
///
/// # Errors
/// Fails if none is called so.
pub(crate) fn of_words<T: Copy>(
    what: &'static str,
    all: &[T],
    words: fn(T, Language) -> &'static str,
    given: &str,
) -> Result<T, UnknownName> {
    let is_called = |one: T| Language::ALL.iter().any(|&language| words(one, language) == given);
    let found = all.iter().copied().find(|&one| is_called(one));
    found.ok_or_else(|| {
        let names = |one: &T| Language::ALL.map(|language| words(*one, language)).join(" or ");
        let allowed = all.iter().map(names).collect::<Vec<_>>().join(", ");
        UnknownName { what, given: given.to_owned(), allowed }
    })
}

/// The thing of this name among all there are.
///
/// # Errors
/// Fails if none has this name.
pub(crate) fn of_name<T: Copy>(
    what: &'static str,
    all: &[T],
    name: impl Fn(T) -> &'static str,
    given: &str,
) -> Result<T, UnknownName> {
    all.iter().copied().find(|&one| name(one) == given).ok_or_else(|| UnknownName {
        what,
        given: given.to_owned(),
        allowed: all.iter().map(|&one| name(one)).collect::<Vec<_>>().join(", "),
    })
}
