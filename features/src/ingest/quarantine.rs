//! Rows that are not what they should be: counted, kept with the reason, and too many of them stop the run.

use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{IngestError, Problem};
use crate::units::ParseUnitError;

/// A row that was left out because a value in it is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The file.
    pub file: String,
    /// The row, counted from 1 without the header.
    pub row: u64,
    /// The column; empty where it is the row itself.
    pub column: String,
    /// The value as far as it can be shown.
    pub value: String,
    /// What is wrong.
    pub reason: String,
}

/// The largest share of bad rows that a run may leave out: 0 unless said, `1%` or `0.01`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MaxBadRows(f64);

impl MaxBadRows {
    /// All rows may be bad.
    pub const ALL: Self = Self(1.0);

    /// Whether a single bad row is one too many.
    pub fn is_none(self) -> bool {
        self.0 == 0.0
    }

    /// Whether so many bad rows among so many are too many.
    pub(super) fn are_too_many(self, bad: u64, rows: u64) -> bool {
        bad as f64 > self.0 * rows as f64
    }
}

impl FromStr for MaxBadRows {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let share = match text.trim().strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
            None => text.trim().parse(),
        };
        match share {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(Self(share)),
            _ => Err(ParseUnitError::new(text, "a share of the rows from 0 to 1, such as 1% or 0.01")),
        }
    }
}

/// So many bad rows are kept in memory at most, of all files and threads together: files of nothing else must not fill it.
pub(super) const MOST_KEPT: usize = 1_000_000;

/// The bad rows of a file or a part of one.
#[derive(Debug)]
pub(crate) struct Quarantine<'a> {
    pub(crate) limit: MaxBadRows,
    pub(crate) rows: Vec<BadRow>,
    /// How many there are in all files.
    pub(crate) kept: &'a AtomicUsize,
}

impl Quarantine<'_> {
    /// Leaves a row out, or stops at it where none may be left out.
    pub(crate) fn add(
        &mut self,
        file: &str,
        row: u64,
        column: &str,
        problem: Problem,
    ) -> Result<(), IngestError> {
        if self.limit.is_none() {
            let (file, column) = (file.to_owned(), column.to_owned());
            return Err(IngestError::BadValue { file, row, column, problem });
        }
        if self.kept.fetch_add(1, Ordering::Relaxed) >= MOST_KEPT {
            return Err(IngestError::BadBeyondCount { file: file.to_owned() });
        }
        self.rows.push(BadRow {
            file: file.to_owned(),
            row,
            column: column.to_owned(),
            value: problem.value(),
            reason: problem.to_string(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percent_or_fractions() {
        assert_eq!("1%".parse::<MaxBadRows>(), "0.01".parse());
        assert!("0".parse::<MaxBadRows>().unwrap().is_none());
        assert!(!"1%".parse::<MaxBadRows>().unwrap().are_too_many(1, 100));
        assert!("1%".parse::<MaxBadRows>().unwrap().are_too_many(1, 99));
        for bad in ["", "-1%", "101%", "2", "NaN", "few"] {
            assert!(bad.parse::<MaxBadRows>().is_err(), "{bad}");
        }
    }
}
