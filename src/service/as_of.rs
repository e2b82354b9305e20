//! When rows of features are asked about.

use mainstay_features::units::Instant;

/// Of what instants some rows of features are; `None` where that is not told, and the time of year is not heeded.
#[derive(Clone, Copy, Debug)]
pub enum AsOf<'a> {
    /// All of one.
    All(Option<Instant>),
    /// Each of its own.
    Each(&'a [Option<Instant>]),
}

impl AsOf<'_> {
    pub(super) fn of(&self, row: usize) -> Option<Instant> {
        match self {
            Self::All(instant) => *instant,
            Self::Each(instants) => instants.get(row).copied().flatten(),
        }
    }
}
