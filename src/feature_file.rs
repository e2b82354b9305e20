//! Writing feature tables: computed and written a piece at a time, so that no more of one is ever held.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use mainstay_features::history::{Histories, History};
use mainstay_features::id::Ids;
use mainstay_features::merge::SortedParts;
use mainstay_features::table::{Rows, Table};
use mainstay_features::watch::Watch;
use rayon::prelude::*;

use crate::columns::{self, AttributeValues};
use crate::parquet_file::{ParquetFile, ROW_GROUP_ROWS};

/// So many customers are a thread's share at a time, and so many shares are computed before any is written.
const CUSTOMERS: usize = 2048;
const SHARES: usize = 32;
/// So many merged rows are handed on at a time.
const MERGED_ROWS: usize = 8192;

/// Computes a table and writes it as one Parquet file, sorted by customer and then by cutoff; a table of several
/// cutoffs has an `as_of` column. Returns the number of rows. Where the history is not in memory as a whole, the rows of
/// its parts are merged through a file in the `temporary` folder.
///
/// # Errors
/// What the operating system says, or why a part of the history cannot be read.
pub fn write_features(
    histories: &Histories,
    table: &Table,
    temporary: &Path,
    watch: &dyn Watch,
    out: &mut (dyn Write + Send),
) -> io::Result<usize> {
    let mut file = FeatureFile::new(table, histories, out);
    match histories.whole() {
        Some(history) => add_whole(&mut file, history, table, watch)?,
        None => add_merged(&mut file, histories, table, temporary, watch)?,
    }
    file.finish()
}

fn add_whole(
    file: &mut FeatureFile<'_>,
    history: &History,
    table: &Table,
    watch: &dyn Watch,
) -> io::Result<()> {
    let compute = |begin: usize| -> Vec<Rows> {
        let end = history.len().min(begin + CUSTOMERS * SHARES);
        let shares = (begin..end).into_par_iter().step_by(CUSTOMERS);
        shares.map(|first| table.rows(history, first..end.min(first + CUSTOMERS))).collect()
    };
    let mut computed = compute(0);
    let mut begin = 0;
    while !computed.is_empty() {
        begin += CUSTOMERS * SHARES;
        // What is to be written is encoded while what comes next is computed.
        let (written, next) =
            rayon::join(|| computed.into_iter().try_for_each(|rows| file.add(&rows)), || compute(begin));
        written?;
        computed = next;
        watch.advance(history.len().min(begin).saturating_sub(begin - CUSTOMERS * SHARES) as u64);
    }
    Ok(())
}

fn add_merged(
    file: &mut FeatureFile<'_>,
    histories: &Histories,
    table: &Table,
    temporary: &Path,
    watch: &dyn Watch,
) -> io::Result<()> {
    let (features, attributes) = (table.features.len(), table.attributes.len());
    // Not the output is to blame.
    let in_temporary = |cause: io::Error| {
        let folder = temporary.display();
        io::Error::other(format!("in {folder}: {cause}; what is more than --memory goes there: see TMPDIR"))
    };
    let parts = SortedParts::new(temporary, histories.id_kind(), features, attributes);
    let parts = Mutex::new(parts.map_err(in_temporary)?);
    let added = histories.each(|part| {
        let rows = table.rows(part, 0..part.len());
        watch.advance(part.len() as u64);
        parts.lock().unwrap_or_else(PoisonError::into_inner).add(&rows).map_err(in_temporary)
    });
    added.map_err(io::Error::other)?.into_iter().collect::<io::Result<()>>()?;
    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    parts.merge(MERGED_ROWS, |rows| file.add(&rows))
}

/// A file in the making: rows wait until they are a row group.
struct FeatureFile<'a> {
    table: &'a Table,
    histories: &'a Histories,
    file: ParquetFile<'a>,
    written: usize,
    ids: Ids,
    cutoffs: Vec<u32>,
    columns: Vec<Vec<f64>>,
    attributes: Vec<AttributeValues>,
}

impl<'a> FeatureFile<'a> {
    fn new(table: &'a Table, histories: &'a Histories, out: &'a mut (dyn Write + Send)) -> Self {
        Self {
            table,
            histories,
            file: ParquetFile::new(out),
            written: 0,
            ids: Ids::default(),
            cutoffs: Vec::new(),
            columns: vec![Vec::new(); table.features.len()],
            attributes: table.attributes.iter().map(AttributeValues::of).collect(),
        }
    }

    /// Adds rows after those before.
    fn add(&mut self, rows: &Rows) -> io::Result<()> {
        let mut begin = 0;
        while begin < rows.len() {
            let end = rows.len().min(begin + ROW_GROUP_ROWS - self.cutoffs.len());
            (begin..end).for_each(|row| self.ids.push(rows.ids.get(row)));
            self.cutoffs.extend_from_slice(&rows.cutoffs[begin..end]);
            for (all, more) in self.columns.iter_mut().zip(&rows.columns) {
                if all.is_empty() {
                    all.reserve_exact(ROW_GROUP_ROWS);
                }
                all.extend_from_slice(&more[begin..end]);
            }
            for (all, more) in self.attributes.iter_mut().zip(&rows.words) {
                let texts = more[begin..end].iter().map(|word| word.map(|word| self.histories.text(word)));
                texts.for_each(|text| all.push(text));
            }
            if self.cutoffs.len() == ROW_GROUP_ROWS {
                self.write()?;
            }
            begin = end;
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        self.written += self.cutoffs.len();
        let mut columns = vec![columns::customer_ids(self.histories.id_kind(), self.ids.iter())];
        if self.table.as_of.len() > 1 {
            let instants = self.cutoffs.iter().map(|&cutoff| self.table.as_of[cutoff as usize]);
            columns.push(columns::instants("as_of", instants));
        }
        let features: Vec<_> = (self.table.features.par_iter().zip(&mut self.columns))
            .map(|(feature, values)| columns::feature(feature, std::mem::take(values)))
            .collect();
        columns.extend(features);
        let attributes = self.table.attributes.iter().zip(&mut self.attributes);
        columns.extend(attributes.map(|(attribute, values)| values.take(&attribute.name)));
        self.ids = Ids::default();
        self.cutoffs.clear();
        self.file.write(columns)
    }

    fn finish(mut self) -> io::Result<usize> {
        // A table without rows has its columns all the same.
        if self.written == 0 || !self.cutoffs.is_empty() {
            self.write()?;
        }
        self.file.finish()?;
        Ok(self.written)
    }
}
