//! Writing feature tables: computed and written a piece at a time, so that no more of one is ever held.

use std::io::{self, Write};

use mainstay_features::history::History;
use mainstay_features::profile::number;
use mainstay_features::table::{Rows, Table};
use mainstay_features::watch::Watch;
use rayon::prelude::*;

use crate::columns;
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
    let mut file = ParquetFile::new(out);
    let (mut written, mut waiting) = (0, Rows::default());
    for begin in (0..history.len()).step_by(CUSTOMERS * SHARES) {
        let end = history.len().min(begin + CUSTOMERS * SHARES);
        let shares: Vec<Rows> = (begin..end)
            .into_par_iter()
            .step_by(CUSTOMERS)
            .map(|first| table.rows(history, first..end.min(first + CUSTOMERS)))
            .collect();
        shares.into_iter().for_each(|rows| waiting.append(rows));
        watch.advance((end - begin) as u64);
        while waiting.len() >= ROW_GROUP_ROWS {
            let rest = waiting.split_off(ROW_GROUP_ROWS);
            let full = std::mem::replace(&mut waiting, rest);
            written += full.len();
            file.write(to_columns(history, table, &full))?;
        }
    }
    // A table without rows has its columns all the same.
    if written == 0 || !waiting.is_empty() {
        written += waiting.len();
        file.write(to_columns(history, table, &waiting))?;
    }
    file.finish()?;
    Ok(written)
}

fn to_columns(history: &History, table: &Table, rows: &Rows) -> Vec<columns::Column> {
    let ids = rows.customers.iter().map(|&customer| history.customer_id(customer as usize));
    let mut columns = vec![columns::customer_ids(history.id_kind(), ids)];
    if table.as_of.len() > 1 {
        let instants = rows.cutoffs.iter().map(|&cutoff| table.as_of[cutoff as usize]);
        columns.push(columns::instants("as_of", instants));
    }
    let width = table.features.len();
    let features: Vec<_> = (table.features.par_iter().enumerate())
        .map(|(i, feature)| columns::feature(feature, rows.values.iter().skip(i).step_by(width).copied()))
        .collect();
    columns.extend(features);
    let width = table.attributes.len();
    let attributes: Vec<_> = (table.attributes.par_iter().enumerate())
        .map(|(i, attribute)| {
            let words = rows.words.iter().skip(i).step_by(width);
            let texts = words.map(|word| word.map(|word| history.text(word)));
            if attribute.is_number {
                columns::numbers_if_any(&attribute.name, texts.map(|text| text.and_then(number)))
            } else {
                columns::texts_if_any(&attribute.name, texts)
            }
        })
        .collect();
    columns.extend(attributes);
    columns
}
