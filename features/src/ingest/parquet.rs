//! The Parquet reader: only the needed columns, row groups in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::{ArrowError, DataType, Schema};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowGroups};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::arrays::Cells;
use super::batch::{Batch, Digits, add};
use super::columns::Column;
use super::condition::located;
use super::later::later_groups;
use super::metadata::{check_codecs, check_rows, plain_metadata};
use super::rows::Rows;
use super::shares::{Shares, Slice};
use super::vetted::Group;
use super::{Condition, Convention, Field, IngestError, Input, Reading, Source, Table};
use crate::id::IdKind;
use crate::shared_file::SharedFile;
use crate::watch::Watch;

/// So many rows are looked at at once: with what becomes of them they stay in a processor's cache.
pub(super) const BATCH_ROWS: usize = 4_096;

pub(crate) fn read<'a>(
    source: &Source,
    table: Table,
    reading: &'a Reading<'a>,
    watch: &dyn Watch,
) -> Result<Vec<Rows<'a>>, IngestError> {
    match source {
        Source::File(_) => {
            let file = SharedFile::new(source.open_file()?).map_err(|cause| source.unreadable(cause))?;
            read_chunks(source, table, reading, watch, &file)
        }
        Source::Bytes { bytes, .. } => read_chunks(source, table, reading, watch, bytes),
    }
}

fn read_chunks<'a, R: ChunkReader + Clone + 'static>(
    source: &Source,
    table: Table,
    reading: &'a Reading<'a>,
    watch: &dyn Watch,
    chunks: &R,
) -> Result<Vec<Rows<'a>>, IngestError> {
    let input = reading.input;
    let metadata =
        guarded(source, || plain_metadata(chunks).map_err(|error| unreadable_end(source, &error)))?;
    let layout = Layout::of(source, table, input, metadata.schema())?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), layout.places());
    check_rows(source, metadata.metadata(), chunks.len())?;
    check_codecs(source, metadata.metadata(), &mask)?;
    let fields = guarded(source, || {
        parquet_to_arrow_field_levels(metadata.parquet_schema(), mask, Some(metadata.schema().fields()))
            .map_err(|error| IngestError::in_file(source, error))
    })?;

    let rows_of = |group: &RowGroupMetaData| group.num_rows().max(0) as usize;
    let counts: Vec<usize> = metadata.metadata().row_groups().iter().map(rows_of).collect();
    let is_later = guarded(source, || Ok(later_groups(table, input, &layout.columns, &metadata)))?;
    let (later, needed): (Vec<Slice>, Vec<Slice>) =
        Slice::whole_groups(&counts).partition(|slice| is_later[slice.group]);
    let shares = Shares::of(needed, rayon::current_num_threads());
    let read_slice = |mut rows: Rows<'a>, slice: &Slice| -> Result<Rows<'a>, IngestError> {
        let group =
            Group { chunks: chunks.clone(), metadata: metadata.metadata().clone(), place: slice.group };
        let batch_rows = BATCH_ROWS.min(slice.rows.len());
        let (fields, selection) = (&fields, slice.selection(group.num_rows()));
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(fields, &group, batch_rows, selection)
            .map_err(|error| IngestError::in_file(source, error))?;
        let mut row = slice.rows_before;
        for batch in reader {
            let batch = batch.map_err(|error| IngestError::in_file(source, error))?;
            add_batch(&mut rows, source, &input.convention, &layout, &batch, row)?;
            row += batch.num_rows() as u64;
            rows.keep_to_memory()?;
            watch.advance(batch.num_rows() as u64);
        }
        Ok(rows)
    };
    // Every thread keeps what it reads to itself.
    let read_share = |own| {
        let mut rows = Rows::new(reading, table, &layout.columns);
        rows.saw_ids(layout.kind_of_customers(metadata.schema()));
        while let Some(slice) = shares.next(own) {
            rows = guarded(source, || read_slice(rows, slice)).map_err(|error| (slice.rows_before, error))?;
        }
        Ok(rows)
    };
    let read: Vec<Result<Rows<'a>, (u64, IngestError)>> =
        (0..shares.number()).into_par_iter().map(read_share).collect();
    // Whatever thread stops, no row before the first that is bad is left unread: of several, that one is named.
    let mut parts = Vec::with_capacity(read.len());
    let mut first: Option<(u64, IngestError)> = None;
    for part in read {
        match part {
            Ok(rows) => parts.push(rows),
            Err(error) if first.as_ref().is_none_or(|(before, _)| error.0 < *before) => first = Some(error),
            Err(_) => {}
        }
    }
    if let Some(part) = parts.first_mut() {
        part.counts.unread += later.iter().map(|slice| slice.rows.len() as u64).sum::<u64>();
    }
    first.map_or(Ok(parts), |(_, error)| Err(error))
}

/// A Parquet file says at its end what is in it: of one cut short that is missing.
fn unreadable_end(source: &Source, error: &ParquetError) -> IngestError {
    IngestError::in_file(
        source,
        format!("is damaged or not whole ({error}); copy it again from where it was written"),
    )
}

/// Runs the Parquet reader, which panics on some damaged files where it should return an error.
fn guarded<T>(source: &Source, read: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    // What was half read is dropped with the closure, so nothing broken is seen afterwards.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(IngestError::in_file(source, "is damaged: its pages do not fit its metadata"))
    })
}

/// Which columns of a file are read, and what for.
struct Layout<'a> {
    columns: Vec<Column>,
    conditions: Vec<(&'a Condition, usize)>,
    /// The names of the file's columns, and after them those its folders stand for.
    header: Vec<String>,
    constants: Vec<String>,
}

impl<'a> Layout<'a> {
    fn of(source: &Source, table: Table, input: &'a Input, schema: &Schema) -> Result<Self, IngestError> {
        let mut header: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let mut partitions = source.partitions();
        partitions.retain(|(name, _)| !header.contains(name));
        let (names, constants): (Vec<String>, Vec<String>) = partitions.into_iter().unzip();
        header.extend(names);
        let mut columns = input.columns.locate(source, table, &header, input.survey)?;
        if table == Table::Customers {
            let named = &header[..schema.fields().len()];
            columns.extend(input.columns.attributes(source, named, &columns)?);
        }
        let conditions = located(source, table, input, &header)?;
        Ok(Self { columns, conditions, header, constants })
    }

    /// How the identifiers of customers are typed, whichever row groups are read.
    fn kind_of_customers(&self, schema: &Schema) -> IdKind {
        let column = self.columns.iter().find(|column| column.field == Field::CustomerId);
        let field = column.and_then(|column| schema.fields().get(column.place));
        // A folder's name is text. One number that no i64 holds makes the identifiers text, as any other text does.
        let is_number = |kind: &DataType| {
            kind.is_integer() || matches!(kind, DataType::Float64 | DataType::Decimal128(_, 0))
        };
        if field.is_some_and(|field| is_number(field.data_type())) { IdKind::Integer } else { IdKind::Text }
    }

    fn width(&self) -> usize {
        self.header.len() - self.constants.len()
    }

    /// The places of the file's own columns among those that are read.
    fn places(&self) -> Vec<usize> {
        let fields = self.columns.iter().map(|column| column.place);
        let tested = self.conditions.iter().map(|(_, place)| *place);
        fields.chain(tested).filter(|&place| place < self.width()).collect()
    }

    /// A column of a batch; one that a folder stands for has the same value in every row.
    fn array(&self, source: &Source, batch: &RecordBatch, place: usize) -> Result<ArrayRef, IngestError> {
        if let Some(constant) = place.checked_sub(self.width()) {
            let value = self.constants.get(constant).map_or("", String::as_str);
            let repeated = std::iter::repeat_n(value, batch.num_rows());
            return Ok(Arc::new(StringViewArray::from_iter_values(repeated)));
        }
        let column = self.header.get(place).and_then(|name| batch.column_by_name(name));
        let column = column.ok_or_else(|| IngestError::in_file(source, format!("column {place} is gone")))?;
        as_text(column).unwrap_or_else(|| Ok(column.clone())).map_err(|_| {
            let name = self.header.get(place).map_or("", String::as_str);
            IngestError::in_file(source, format!("column {name:?} has bytes that are no text in UTF-8"))
        })
    }
}

/// As text what is written in types of their own: nothing at all, bytes of which nobody says that they are text, and UUIDs.
/// `None` of all else; an error where bytes are no text.
fn as_text(column: &ArrayRef) -> Option<Result<ArrayRef, ArrowError>> {
    let some = |text: StringViewArray| Arc::new(text) as ArrayRef;
    match column.data_type() {
        DataType::Null => Some(Ok(some(StringViewArray::new_null(column.len())))),
        DataType::BinaryView => Some(column.as_binary_view_opt()?.clone().to_string_view().map(some)),
        DataType::FixedSizeBinary(UUID_BYTES) => {
            let uuids = column.as_fixed_size_binary_opt()?.iter();
            Some(Ok(some(uuids.map(|uuid| uuid.map(hyphenated)).collect())))
        }
        _ => None,
    }
}

const UUID_BYTES: i32 = 16;

/// A UUID as it is written: 8, 4, 4, 4 and 12 digits.
fn hyphenated(uuid: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (place, byte) in uuid.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text += &format!("{byte:02x}");
    }
    text
}

fn add_batch(
    rows: &mut Rows<'_>,
    source: &Source,
    convention: &Convention,
    layout: &Layout<'_>,
    batch: &RecordBatch,
    rows_before: u64,
) -> Result<(), IngestError> {
    let arrays = |place: usize| layout.array(source, batch, place);
    let fields: Vec<ArrayRef> =
        layout.columns.iter().map(|column| arrays(column.place)).collect::<Result<_, _>>()?;
    let tested: Vec<ArrayRef> =
        layout.conditions.iter().map(|(_, place)| arrays(*place)).collect::<Result<_, _>>()?;

    let mut columns = Batch::default();
    let wrong_type = |name: &str, array: &dyn Array, field: Field, expected| IngestError::WrongType {
        file: source.name(),
        column: name.to_owned(),
        field,
        found: array.data_type().to_string(),
        expected,
    };
    for (column, array) in layout.columns.iter().zip(&fields) {
        columns
            .take(column.field, array, convention)
            .map_err(|expected| wrong_type(&column.name, array, column.field, expected))?;
    }
    let conditions: Vec<(&Condition, Cells<'_>)> = layout
        .conditions
        .iter()
        .zip(&tested)
        .map(|((condition, _), array)| {
            let cells = Cells::of(array, convention).ok_or_else(|| {
                let (column, found) = (&condition.column, array.data_type());
                let problem = format!("column {column:?} has type {found}; --where needs text or numbers");
                IngestError::in_file(source, problem)
            })?;
            Ok((*condition, cells))
        })
        .collect::<Result<_, IngestError>>()?;
    let plain = columns.plain_lines().filter(|_| conditions.is_empty() && rows.only_count_lines());
    let left = match plain {
        Some(plain) => plain.add(rows, batch.num_rows()),
        None => (0..batch.num_rows()).collect(),
    };
    let mut digits = Digits::default();
    for i in left {
        if !conditions.iter().all(|(condition, cells)| cells.meet(i, condition, convention)) {
            rows.counts.filtered += 1;
        } else if let Err((field, problem)) = add(rows, &columns, i, &mut digits) {
            let column = layout.columns.iter().find(|column| problem.is_of(field, column));
            let name = column.map_or(field.name(), |column| &column.name);
            rows.quarantine.add(&source.name(), rows_before + i as u64 + 1, name, problem)?;
        }
    }
    Ok(())
}
