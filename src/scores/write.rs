//! Writing scored lists and feature tables: Parquet for machines, CSV for whoever asks.

use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use mainstay_features::history::History;
use mainstay_features::registry::FEATURES;
use mainstay_features::table::Snapshot;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::columns::{self, Column};
use super::{SCORE_COLUMNS, ScoreRow, Scores};

const BATCH_ROWS: usize = 65_536;

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
            let mut batches = Batches::new(out);
            for rows in chunks(&scores.rows) {
                batches.write(score_columns(scores, rows))?;
            }
            batches.finish()
        }
        Format::Csv => write_scores_csv(scores, out),
    }
}

/// Writes feature tables to one Parquet file; of several snapshots with an `as_of` column.
///
/// # Errors
/// What the operating system says.
pub fn write_features(
    history: &History,
    snapshots: &[Snapshot],
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    // Sorted by customer, then by cutoff.
    let mut places: Vec<(u32, usize, usize)> = snapshots
        .iter()
        .enumerate()
        .flat_map(|(s, snapshot)| snapshot.customers.iter().enumerate().map(move |(row, &c)| (c, s, row)))
        .collect();
    if snapshots.len() > 1 {
        places.sort_unstable_by_key(|&(customer, s, _)| (customer, snapshots[s].as_of));
    }
    let mut batches = Batches::new(out);
    for places in chunks(&places) {
        let ids = places.iter().map(|&(customer, ..)| history.customer_id(customer as usize));
        let mut batch = vec![columns::customer_ids(history.id_kind(), ids)];
        if snapshots.len() > 1 {
            batch.push(columns::instants("as_of", places.iter().map(|&(_, s, _)| snapshots[s].as_of)));
        }
        batch.extend(columns::features(places.iter().map(|&(_, s, row)| &snapshots[s].rows[row])));
        batches.write(batch)?;
    }
    batches.finish()
}

/// Chunks of rows; one empty chunk where there are none, so that the file still has its columns.
fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let nothing = rows.is_empty().then_some(rows);
    rows.chunks(BATCH_ROWS).chain(nothing)
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
    columns.extend(columns::features(rows.iter().map(|row| &row.features)));
    columns
}

fn write_scores_csv(scores: &Scores, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(SCORE_COLUMNS.into_iter().chain(FEATURES.iter().map(|feature| feature.name)))?;
    let as_of = scores.as_of.to_string();
    for row in &scores.rows {
        csv.write_field(&*row.customer_id)?;
        csv.write_field(&as_of)?;
        csv.write_field(row.churn_probability.to_string())?;
        csv.write_field(row.lifetime_value.to_string())?;
        csv.write_field(scores.action_of(row))?;
        csv.write_field(row.net_value.to_string())?;
        for value in row.features {
            csv.write_field(value.to_string())?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

/// A Parquet file in the making; its schema is that of the first batch.
struct Batches<'a> {
    out: Option<&'a mut (dyn Write + Send)>,
    writer: Option<ArrowWriter<&'a mut (dyn Write + Send)>>,
}

impl<'a> Batches<'a> {
    fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out: Some(out), writer: None }
    }

    fn write(&mut self, columns: Vec<Column>) -> io::Result<()> {
        let (fields, arrays): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), arrays).map_err(io::Error::other)?;
        if let Some(out) = self.out.take() {
            let zstd = Compression::ZSTD(ZstdLevel::default());
            let properties = WriterProperties::builder().set_compression(zstd).build();
            self.writer = Some(ArrowWriter::try_new(out, schema, Some(properties)).map_err(to_io)?);
        }
        match &mut self.writer {
            Some(writer) => writer.write(&batch).map_err(to_io),
            None => Ok(()),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self.writer {
            Some(writer) => writer.close().map(|_| ()).map_err(to_io),
            None => Ok(()),
        }
    }
}

/// The operating system's error where there is one inside.
fn to_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
