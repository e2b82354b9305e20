//! Things that files and people call by a name, out of a short list.

use thiserror::Error;

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

/// The thing of this name among all there are.
///
/// # Errors
/// Fails if none has this name.
pub(crate) fn of_name<T: Copy>(
    what: &'static str,
    all: &[T],
    name: fn(T) -> &'static str,
    given: &str,
) -> Result<T, UnknownName> {
    all.iter().copied().find(|&one| name(one) == given).ok_or_else(|| UnknownName {
        what,
        given: given.to_owned(),
        allowed: all.iter().map(|&one| name(one)).collect::<Vec<_>>().join(", "),
    })
}
