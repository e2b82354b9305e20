//! Writing scored lists: Parquet for machines, CSV for whoever asks.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use mainstay_models::language::Language;
use rayon::prelude::*;

use super::{Cell, Field, FieldKind, ScoreRow, Scores};
use crate::columns::{self, Column};
use crate::formula::defused;
use crate::parquet_file::{ParquetFile, ROW_GROUP_ROWS};

/// A format of output files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet with zstd.
    Parquet,
    /// CSV with a header.
    Csv,
}

impl Format {
    /// The format a file's name asks for.
    pub fn of(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.parse().ok()
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(extension: &str) -> Result<Self, ()> {
        match extension {
            "parquet" => Ok(Self::Parquet),
            "csv" => Ok(Self::Csv),
            _ => Err(()),
        }
    }
}

/// Writes a scored list, with its sentences in a language.
///
/// # Errors
/// What the operating system says.
pub fn write_scores(
    scores: &Scores,
    language: Language,
    format: Format,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let fields = scores.fields(language);
    match format {
        Format::Parquet => {
            let mut file = ParquetFile::new(out);
            for rows in chunks(&scores.rows) {
                file.write(fields.iter().map(|field| column(scores, field, rows)).collect())?;
            }
            file.finish()
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            csv.write_record(fields.iter().map(|field| &field.name))?;
            let as_of = scores.as_of.to_string();
            for row in &scores.rows {
                for field in &fields {
                    match field.cell(scores, row) {
                        Cell::Id(text) => csv.write_field(&*defused(text))?,
                        Cell::Text(text) => csv.write_field(&*defused(&text))?,
                        Cell::Number(number) => csv.write_field(number.to_string())?,
                        Cell::Whole(number) => csv.write_field(number.to_string())?,
                        Cell::AsOf => csv.write_field(&as_of)?,
                        Cell::Nothing => csv.write_field("")?,
                    }
                }
                csv.write_record(None::<&[u8]>)?;
            }
            csv.flush()
        }
    }
}

/// Chunks of rows; one empty chunk where there are none, so that the file still has its columns.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let nothing = rows.is_empty().then_some(rows);
    rows.chunks(ROW_GROUP_ROWS).chain(nothing)
}

fn column(scores: &Scores, field: &Field, rows: &[ScoreRow]) -> Column {
    let cells = rows.iter().map(|row| field.cell(scores, row));
    let name = &field.name;
    match field.kind {
        FieldKind::Id => columns::customer_ids(scores.id_kind, rows.iter().map(|row| &*row.customer_id)),
        FieldKind::AsOf => columns::instants(name, cells.map(|_| scores.as_of)),
        FieldKind::Text => {
            // Sentences are put into words here, which is most of the work.
            let cells = rows.par_iter().map(|row| field.cell(scores, row));
            let texts: Vec<Option<Cow<'_, str>>> = cells
                .map(|cell| match cell {
                    Cell::Text(text) => Some(text),
                    _ => None,
                })
                .collect();
            columns::texts_if_any(name, texts.iter().map(Option::as_deref))
        }
        FieldKind::Number(_) | FieldKind::Share => columns::numbers_if_any(
            name,
            cells.map(|cell| match cell {
                Cell::Number(number) => Some(number),
                _ => None,
            }),
        ),
        FieldKind::Whole => columns::whole_if_any(
            name,
            cells.map(|cell| match cell {
                Cell::Whole(number) => Some(number),
                _ => None,
            }),
        ),
    }
}
