//! How much memory rows may take before they go to disk.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use super::IngestError;
use crate::history::{HistoryBuilder, Spill};
use crate::units::ParseUnitError;

/// An amount of memory, from 64 MiB up. Written `1GiB`, `512MiB` or `2GB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemorySize(u64);

impl MemorySize {
    const LEAST: u64 = 64 << 20;
    const EXPECTED: &str = "an amount of memory from 64MiB up, such as 1GiB or 512MiB";

    /// The number of bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// What rows as they were read may take of it: the rest is for reading, and for folding them.
    pub const fn for_rows(self) -> u64 {
        self.0 / 4
    }
}

impl FromStr for MemorySize {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let digits = trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit: u64 = match trimmed[digits.len()..].to_ascii_lowercase().as_str() {
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            "tib" => 1 << 40,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            _ => 0,
        };
        let number: Option<f64> = digits.trim().parse().ok().filter(|number| (0.0..1e6).contains(number));
        let bytes = number.map_or(0, |number| (number * unit as f64) as u64);
        if bytes < Self::LEAST { Err(ParseUnitError::new(text, Self::EXPECTED)) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}MiB", self.0 >> 20)
    }
}

/// A limit to what rows take in memory, and the file that they go to beyond it.
#[derive(Clone, Debug)]
pub struct Memory {
    size: MemorySize,
    spill: Arc<Spill>,
}

impl Memory {
    /// A limit, with a file without a name in a folder.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(size: MemorySize, folder: &Path) -> io::Result<Self> {
        Ok(Self { size, spill: Arc::new(Spill::new(folder)?) })
    }

    /// Moves a builder's rows to disk where they take more than one thread's share.
    pub(super) fn keep_share(&self, builder: &mut HistoryBuilder) -> Result<(), IngestError> {
        let share = self.size.for_rows() / rayon::current_num_threads().max(1) as u64;
        if builder.held_bytes() as u64 > share { self.spill(builder) } else { Ok(()) }
    }

    /// Moves several builders' rows to disk where all together they take more than they may.
    pub(super) fn keep(&self, builders: &mut [HistoryBuilder]) -> Result<(), IngestError> {
        let held: usize = builders.iter().map(HistoryBuilder::held_bytes).sum();
        if held as u64 > self.size.for_rows() {
            builders.iter_mut().try_for_each(|builder| self.spill(builder))?;
        }
        Ok(())
    }

    fn spill(&self, builder: &mut HistoryBuilder) -> Result<(), IngestError> {
        builder.spill(&self.spill).map_err(|cause| IngestError::CannotSpill { cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let bytes = |text: &str| text.parse::<MemorySize>().map(MemorySize::bytes);
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("1.5 gib"), Ok(3 << 29));
        assert_eq!(bytes("100MB"), Ok(100_000_000));
        for bad in ["", "1", "63MiB", "1 potato", "-1GiB", "NaNGiB", "1e300GiB", "GiB"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }
}
