//! Rows of a table from several parts of the customers, put in the order of identifiers through a file: what a table
//! larger than memory takes.

use std::io;
use std::path::Path;

use crate::history::Word;
use crate::id::IdKind;
use crate::records::{Records, SortedRecords};
use crate::table::Rows;

/// Rows on disk, part after part, each part's sorted by customer.
#[derive(Debug)]
pub struct SortedParts {
    records: SortedRecords,
    /// Values a row has.
    features: usize,
    attributes: usize,
}

impl SortedParts {
    /// No rows yet, of so many features and attributes, in a file in this folder.
    ///
    /// # Errors
    /// When it cannot be made there.
    pub fn new(folder: &Path, kind: IdKind, features: usize, attributes: usize) -> io::Result<Self> {
        Ok(Self { records: SortedRecords::new(folder, kind)?, features, attributes })
    }

    /// Adds the rows of a part.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&mut self, rows: &Rows) -> io::Result<()> {
        let mut records = Records::default();
        for (row, id) in rows.ids.iter().enumerate() {
            records.push(id, |bytes| {
                bytes.extend_from_slice(&u64::from(rows.cutoffs[row]).to_le_bytes());
                for column in &rows.columns {
                    bytes.extend_from_slice(&column[row].to_bits().to_le_bytes());
                }
                for column in &rows.words {
                    bytes.extend_from_slice(&column[row].map_or(0, Word::number).to_le_bytes());
                }
            });
        }
        self.records.add(&records)
    }

    /// Takes all rows in the order of identifiers and cutoffs, some at a time.
    ///
    /// # Errors
    /// What the operating system, or who takes them, says.
    pub fn merge(&self, at_a_time: usize, mut take: impl FnMut(Rows) -> io::Result<()>) -> io::Result<()> {
        let mut merge = self.records.merge()?;
        loop {
            let records = merge.take(at_a_time)?;
            if records.is_empty() {
                return Ok(());
            }
            take(self.rows(&records))?;
        }
    }

    fn rows(&self, records: &Records) -> Rows {
        let mut rows = Rows::empty(self.features, self.attributes, 0);
        for number in 0..records.len() {
            let (id, bytes) = records.get(number);
            let (numbers, _) = bytes.as_chunks::<8>();
            let mut numbers = numbers.iter().map(|&bytes| u64::from_le_bytes(bytes));
            // As many as were added.
            let mut next = || numbers.next().unwrap_or_default();
            rows.ids.push(id);
            rows.cutoffs.push(next() as u32);
            rows.columns.iter_mut().for_each(|column| column.push(f64::from_bits(next())));
            rows.words.iter_mut().for_each(|column| column.push(Word::of_number(next())));
        }
        rows
    }
}
