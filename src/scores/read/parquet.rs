//! A scored list as Parquet: its row groups side by side, and of the columns those that a row is made of.

use std::borrow::Cow;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use compact_str::CompactString;
use mainstay_features::id::IdKind;
use mainstay_features::shared_file::SharedFile;
use mainstay_features::units::Instant;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use rayon::prelude::*;

use super::{Cells, Places, Reason};
use crate::scores::{ListAbout, Scores};

pub(super) fn read(file: File, mut keep: impl FnMut(&mut Scores, Scores)) -> Result<Scores, Reason> {
    let file = SharedFile::new(file).map_err(|cause| cause.to_string())?;
    let metadata =
        ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|error| error.to_string())?;
    let about = ListAbout::told_by(metadata.metadata().file_metadata())?;
    let places = Places::new();
    let schema = metadata.schema();
    places.check(|name| schema.field_with_name(name).is_ok())?;
    let mut scores = Scores::empty(Instant::MIN, IdKind::Integer, &[]);
    scores.basis = about.and_then(|about| about.basis);
    // What else there are texts in came from customers files.
    let is_shown = |name: &String, kind: &DataType| !places.names.contains(name) && *kind == DataType::Utf8;
    let others = schema.fields().iter().filter(|field| is_shown(field.name(), field.data_type()));
    scores.shown = others.map(|field| field.name().clone()).collect();
    if schema.field_with_name("customer_id").is_ok_and(|field| *field.data_type() == DataType::Utf8) {
        scores.id_kind = IdKind::Text;
    }
    let read = |group: usize| read_group(&file, &metadata, group, &places, scores.without_rows());
    let groups: Vec<usize> = (0..metadata.metadata().num_row_groups()).collect();
    let mut kept = scores.without_rows();
    for some in groups.chunks(rayon::current_num_threads()) {
        let read: Vec<Scores> = some.par_iter().map(|&group| read(group)).collect::<Result<_, _>>()?;
        read.into_iter().for_each(|some| keep(&mut kept, some));
    }
    Ok(kept)
}

/// The rows of a row group, in a list that is empty.
fn read_group(
    file: &SharedFile,
    metadata: &ArrowReaderMetadata,
    group: usize,
    places: &Places,
    mut scores: Scores,
) -> Result<Scores, Reason> {
    let used =
        places.used.iter().map(|&place| places.name(place)).chain(scores.shown.iter().map(String::as_str));
    let mask = ProjectionMask::columns(metadata.metadata().file_metadata().schema_descr(), used);
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file.clone(), metadata.clone())
        .with_row_groups(vec![group])
        .with_projection(mask)
        .build();
    for batch in reader.map_err(|error| error.to_string())? {
        let batch = batch.map_err(|error| error.to_string())?;
        let columns: Vec<Column<'_>> = places.names.iter().map(|name| Column::of(&batch, name)).collect();
        let shown: Vec<Column<'_>> = scores.shown.iter().map(|name| Column::of(&batch, name)).collect();
        scores.rows.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            places.add(&mut scores, &BatchRow { columns: &columns, shown: &shown, row })?;
        }
    }
    Ok(scores)
}

/// A column of a batch, as what it is.
enum Column<'a> {
    Texts(&'a StringArray),
    Numbers(&'a Float64Array),
    Whole(&'a Int64Array),
    Instants(&'a TimestampMicrosecondArray),
    /// None that a row is made of.
    Other,
}

impl<'a> Column<'a> {
    fn of(batch: &'a RecordBatch, name: &str) -> Self {
        let Some(column): Option<&'a ArrayRef> = batch.column_by_name(name) else { return Self::Other };
        let texts = column.as_string_opt::<i32>().map(Self::Texts);
        let numbers = || column.as_primitive_opt::<Float64Type>().map(Self::Numbers);
        let whole = || column.as_primitive_opt::<Int64Type>().map(Self::Whole);
        let instants = || column.as_primitive_opt::<TimestampMicrosecondType>().map(Self::Instants);
        texts.or_else(numbers).or_else(whole).or_else(instants).unwrap_or(Self::Other)
    }
}

struct BatchRow<'a> {
    columns: &'a [Column<'a>],
    shown: &'a [Column<'a>],
    row: usize,
}

impl Cells for BatchRow<'_> {
    fn text(&self, field: usize) -> Result<Option<Cow<'_, str>>, Reason> {
        let row = self.row;
        match self.columns.get(field) {
            Some(Column::Texts(texts)) => Ok(texts.is_valid(row).then(|| texts.value(row).into())),
            Some(Column::Whole(whole)) => {
                Ok(whole.is_valid(row).then(|| whole.value(row).to_string().into()))
            }
            _ => Err("is no text".to_owned()),
        }
    }

    fn number(&self, field: usize) -> Result<Option<f64>, Reason> {
        let row = self.row;
        match self.columns.get(field) {
            Some(Column::Numbers(numbers)) => Ok(numbers.is_valid(row).then(|| numbers.value(row))),
            Some(Column::Whole(whole)) => Ok(whole.is_valid(row).then(|| whole.value(row) as f64)),
            _ => Err("is no number".to_owned()),
        }
    }

    fn as_of(&self, field: usize) -> Result<Instant, Reason> {
        let instant = match self.columns.get(field) {
            Some(Column::Instants(instants)) if instants.is_valid(self.row) => {
                Instant::from_micros(instants.value(self.row))
            }
            _ => None,
        };
        instant.ok_or_else(|| "is no instant".to_owned())
    }

    fn shown(&self) -> Box<[Option<CompactString>]> {
        let text = |column: &Column<'_>| match column {
            Column::Texts(texts) if texts.is_valid(self.row) => Some(texts.value(self.row).into()),
            _ => None,
        };
        self.shown.iter().map(text).collect()
    }
}
