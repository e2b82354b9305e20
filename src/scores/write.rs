//! Writing scored lists: Parquet for machines, CSV for whoever asks.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

use super::{REASON_COLUMNS, SCORE_COLUMNS, ScoreRow, Scores, VALUE_COLUMNS, known_columns, values_of};
use crate::columns::{self, Column};
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

/// Writes a scored list.
///
/// # Errors
/// What the operating system says.
pub fn write_scores(scores: &Scores, format: Format, out: &mut (dyn Write + Send)) -> io::Result<()> {
    match format {
        Format::Parquet => {
            let mut file = ParquetFile::new(out);
            for rows in chunks(&scores.rows) {
                file.write(score_columns(scores, rows))?;
            }
            file.finish()
        }
        Format::Csv => write_scores_csv(scores, out),
    }
}

/// Chunks of rows; one empty chunk where there are none, so that the file still has its columns.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let nothing = rows.is_empty().then_some(rows);
    rows.chunks(ROW_GROUP_ROWS).chain(nothing)
}

fn score_columns(scores: &Scores, rows: &[ScoreRow]) -> Vec<Column> {
    let [_, as_of, churn_probability, lifetime_value, action, net_value] = SCORE_COLUMNS;
    let mut columns = vec![
        columns::customer_ids(scores.id_kind, rows.iter().map(|row| &*row.customer_id)),
        columns::instants(as_of, rows.iter().map(|_| scores.as_of)),
        columns::numbers(churn_probability, rows.iter().map(|row| row.churn_probability)),
        columns::numbers(lifetime_value, rows.iter().map(|row| row.lifetime_value)),
        columns::texts(action, rows.iter().map(|row| scores.action_of(row))),
        columns::numbers(net_value, rows.iter().map(|row| row.net_value)),
    ];
    columns.extend(columns::core(rows.iter().map(|row| &row.features)));
    columns.extend(
        VALUE_COLUMNS
            .into_iter()
            .enumerate()
            .map(|(i, name)| columns::numbers(name, rows.iter().map(|row| values_of(&row.expected)[i]))),
    );
    columns.extend(
        REASON_COLUMNS
            .iter()
            .enumerate()
            .map(|(i, name)| columns::texts_if_any(name, rows.iter().map(move |row| row.reasons()[i]))),
    );
    columns.extend(scores.shown.iter().enumerate().map(|(i, name)| {
        let texts = rows.iter().map(move |row| row.shown.get(i).and_then(Option::as_deref));
        columns::texts_if_any(name, texts)
    }));
    columns
}

fn write_scores_csv(scores: &Scores, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    let shown = scores.shown.iter().map(String::as_str);
    csv.write_record(known_columns().map(|name| -> &str { name }).chain(shown))?;
    let as_of = scores.as_of.to_string();
    for row in &scores.rows {
        csv.write_field(&*row.customer_id)?;
        csv.write_field(&as_of)?;
        csv.write_field(row.churn_probability.to_string())?;
        csv.write_field(row.lifetime_value.to_string())?;
        csv.write_field(scores.action_of(row))?;
        csv.write_field(row.net_value.to_string())?;
        for value in row.features.into_iter().chain(values_of(&row.expected)) {
            csv.write_field(value.to_string())?;
        }
        for reason in row.reasons() {
            csv.write_field(reason.unwrap_or_default())?;
        }
        for text in &row.shown {
            csv.write_field(text.as_deref().unwrap_or_default())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}
