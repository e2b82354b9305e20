//! Writing scored lists: Parquet for machines, CSV for whoever asks.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use mainstay_models::language::Language;

use super::about::{self, ListAbout};
use super::{Cell, Field, FieldKind, ScoreRow, Scores};
use crate::columns::{self, Column};
use crate::formula::defused;
use crate::parquet_file::ParquetFile;

/// So many rows of a column are made before they are encoded: they are still in the cache then.
const PIECE_ROWS: usize = 8192;

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

/// A scored list in the making, written some rows at a time.
pub struct ListFile<'a> {
    language: Language,
    to: To<'a>,
}

enum To<'a> {
    Parquet(Box<ParquetFile<'a>>),
    Csv { csv: Box<csv::Writer<&'a mut (dyn Write + Send)>>, has_header: bool },
}

impl<'a> ListFile<'a> {
    /// Nothing yet; its sentences will be in a language.
    pub fn new(format: Format, language: Language, out: &'a mut (dyn Write + Send)) -> Self {
        let to = match format {
            Format::Parquet => To::Parquet(Box::new(ParquetFile::new(out))),
            Format::Csv => To::Csv { csv: Box::new(csv::Writer::from_writer(out)), has_header: false },
        };
        Self { language, to }
    }

    /// Adds the rows of a list, which come after those before and have the same columns. In Parquet they are a row group.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn add(&mut self, scores: &Scores) -> io::Result<()> {
        let fields = scores.fields(self.language);
        match &mut self.to {
            To::Parquet(file) => {
                let pieces: Vec<&[ScoreRow]> = scores.rows.chunks(PIECE_ROWS).collect();
                let described = fields.iter().map(|field| column(scores, field, &[]).0).collect();
                file.write_in_pieces(described, pieces.len(), |field, piece| {
                    column(scores, &fields[field], pieces[piece]).1
                })
            }
            To::Csv { csv, has_header } => {
                if !std::mem::replace(has_header, true) {
                    csv.write_record(fields.iter().map(|field| &field.name))?;
                }
                write_rows(csv, &fields, scores)
            }
        }
    }

    /// [`Self::finish`], and tells in Parquet what the list is as a whole, under a checksum.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn finish_telling(mut self, about: &ListAbout) -> io::Result<()> {
        if let To::Parquet(file) = &mut self.to {
            file.note(about::KEY, serde_json::to_string(about)?);
        }
        match self.to {
            To::Parquet(file) => file.finish_sealed(),
            To::Csv { .. } => self.finish(),
        }
    }

    /// Writes what is left to write.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn finish(self) -> io::Result<()> {
        match self.to {
            To::Parquet(file) => file.finish(),
            To::Csv { mut csv, .. } => csv.flush(),
        }
    }
}

fn write_rows<W: Write>(csv: &mut csv::Writer<W>, fields: &[Field], scores: &Scores) -> io::Result<()> {
    let as_of = scores.as_of.to_string();
    for row in &scores.rows {
        for field in fields {
            write_cell(csv, &field.cell(scores, row), &as_of)?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    Ok(())
}

/// Writes a cell of a list of an instant as CSV: a text that begins like a formula is defused, numbers are numbers.
///
/// # Errors
/// What the operating system says.
pub fn write_cell<W: Write>(csv: &mut csv::Writer<W>, cell: &Cell<'_>, as_of: &str) -> io::Result<()> {
    match cell {
        Cell::Id(text) => csv.write_field(&*defused(text)),
        Cell::Text(text) => csv.write_field(&*defused(text)),
        Cell::Number(number) => csv.write_field(number.to_string()),
        Cell::Whole(number) => csv.write_field(number.to_string()),
        Cell::AsOf => csv.write_field(as_of),
        Cell::Nothing => csv.write_field(""),
    }
    .map_err(io::Error::from)
}

fn column(scores: &Scores, field: &Field, rows: &[ScoreRow]) -> Column {
    let cells = rows.iter().map(|row| field.cell(scores, row));
    let name = &field.name;
    match field.kind {
        FieldKind::Id => columns::customer_ids(scores.id_kind, rows.iter().map(|row| &*row.customer_id)),
        FieldKind::AsOf => columns::instants(name, cells.map(|_| scores.as_of)),
        FieldKind::Text | FieldKind::BreakEven | FieldKind::BreakEvenShare => columns::texts_if_any(
            name,
            cells.map(|cell| match cell {
                Cell::Text(text) => Some(text),
                _ => None,
            }),
        ),
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
