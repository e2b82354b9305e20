//! Writing feature tables: computed and written a piece at a time, so that no more of one is ever held.

use std::io::{self, Write};

use mainstay_features::history::History;
use mainstay_features::id::{IdKind, Ids};
use mainstay_features::table::{Rows, Table};
use mainstay_features::watch::Watch;
use rayon::prelude::*;

use crate::columns::{self, AttributeValues};
use crate::parquet_file::{ParquetFile, ROW_GROUP_ROWS};

/// So many customers are a thread's share at a time, and so many shares are computed before any is written.
const CUSTOMERS: usize = 2048;
const SHARES: usize = 32;

/// Computes a table and writes it as one Parquet file, sorted by customer and then by cutoff; a table of several
/// cutoffs has an `as_of` column. Returns the number of rows.
///
/// # Errors
/// What the operating system says.
pub fn write_features(
    history: &History,
    table: &Table,
    watch: &dyn Watch,
    out: &mut (dyn Write + Send),
) -> io::Result<usize> {
    let mut file = FeatureFile::new(table, history.id_kind(), out);
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
        let (written, next) = rayon::join(
            || computed.into_iter().try_for_each(|rows| file.add(history, rows)),
            || compute(begin),
        );
        written?;
        computed = next;
        watch.advance(history.len().min(begin).saturating_sub(begin - CUSTOMERS * SHARES) as u64);
    }
    file.finish()
}

/// A file in the making: rows wait until they are a row group.
struct FeatureFile<'a> {
    table: &'a Table,
    kind: IdKind,
    file: ParquetFile<'a>,
    written: usize,
    ids: Ids,
    cutoffs: Vec<u32>,
    columns: Vec<Vec<f64>>,
    attributes: Vec<AttributeValues>,
}

impl<'a> FeatureFile<'a> {
    fn new(table: &'a Table, kind: IdKind, out: &'a mut (dyn Write + Send)) -> Self {
        Self {
            table,
            kind,
            file: ParquetFile::new(out),
            written: 0,
            ids: Ids::default(),
            cutoffs: Vec::new(),
            columns: vec![Vec::new(); table.features.len()],
            attributes: table.attributes.iter().map(AttributeValues::of).collect(),
        }
    }

    /// Adds rows after those before, of customers of this history.
    fn add(&mut self, history: &History, rows: Rows) -> io::Result<()> {
        let mut begin = 0;
        while begin < rows.len() {
            let end = rows.len().min(begin + ROW_GROUP_ROWS - self.cutoffs.len());
            rows.customers[begin..end].iter().for_each(|&id| self.ids.push(history.customer_id(id as usize)));
            self.cutoffs.extend_from_slice(&rows.cutoffs[begin..end]);
            for (all, more) in self.columns.iter_mut().zip(&rows.columns) {
                if all.is_empty() {
                    all.reserve_exact(ROW_GROUP_ROWS);
                }
                all.extend_from_slice(&more[begin..end]);
            }
            for (all, more) in self.attributes.iter_mut().zip(&rows.words) {
                more[begin..end].iter().for_each(|word| all.push(word.map(|word| history.text(word))));
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
        let mut columns = vec![columns::customer_ids(self.kind, self.ids.iter())];
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
