//! The Parquet reader: only the needed columns, row groups in parallel.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch, StringViewArray, UInt64Array};
use arrow_schema::{DataType, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::columns::Column;
use super::source::SharedFile;
use super::{ColumnMap, Field, IngestError, Problem, RawRow, Rows, Source, Table};
use crate::id::IdKind;
use crate::units::{Amount, Instant, ParseUnitError};
use crate::watch::Watch;

const BATCH_ROWS: usize = 65_536;

pub(crate) fn read(
    source: &Source,
    table: Table,
    columns: &ColumnMap,
    watch: &dyn Watch,
) -> Result<Vec<Rows>, IngestError> {
    match source {
        Source::File(_) => {
            let file = SharedFile::new(source.open_file()?).map_err(|cause| source.unreadable(cause))?;
            read_chunks(source, table, columns, watch, &file)
        }
        Source::Bytes { bytes, .. } => read_chunks(source, table, columns, watch, bytes),
    }
}

fn read_chunks<R: ChunkReader + Clone + 'static>(
    source: &Source,
    table: Table,
    columns: &ColumnMap,
    watch: &dyn Watch,
    chunks: &R,
) -> Result<Vec<Rows>, IngestError> {
    let metadata =
        guarded(source, || plain_metadata(chunks).map_err(|error| IngestError::in_file(source, error)))?;
    let header: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = columns.locate(source, table, &header)?;
    let mask = ProjectionMask::roots(
        metadata.parquet_schema(),
        columns.iter().map(|column| column.place).collect::<Vec<_>>(),
    );

    let mut first_row = 0_u64;
    let groups: Vec<(usize, u64)> = metadata
        .metadata()
        .row_groups()
        .iter()
        .enumerate()
        .map(|(group, about)| {
            let first = first_row;
            first_row = first_row.saturating_add(about.num_rows().max(0) as u64);
            (group, first)
        })
        .collect();
    let read_groups = |groups: &[(usize, u64)]| -> Result<Rows, IngestError> {
        let mut rows = Rows::default();
        for &(group, mut row) in groups {
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(|error| IngestError::in_file(source, error))?;
            for batch in reader {
                let batch = batch.map_err(|error| IngestError::in_file(source, error))?;
                add_batch(&mut rows, source, table, &columns, &batch, row)?;
                row += batch.num_rows() as u64;
                watch.advance(batch.num_rows() as u64);
            }
        }
        Ok(rows)
    };
    // Neighbouring groups to one thread. Collected in file order, so that of several bad rows the first is named.
    let share = groups.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts: Vec<Result<Rows, IngestError>> =
        groups.par_chunks(share).map(|groups| guarded(source, || read_groups(groups))).collect();
    parts.into_iter().collect()
}

/// Runs the Parquet reader, which panics on some damaged files where it should return an error.
fn guarded<T>(source: &Source, read: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    // What was half read is dropped with the closure, so nothing broken is seen afterwards.
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(IngestError::in_file(source, "is damaged: its pages do not fit its metadata"))
    })
}

/// The file's metadata, set so that text comes as views into its pages, which copies nothing, and decimals in one
/// width.
fn plain_metadata<R: ChunkReader>(chunks: &R) -> Result<ArrowReaderMetadata, ParquetError> {
    let metadata = ArrowReaderMetadata::load(chunks, ArrowReaderOptions::new())?;
    let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    let plain = |field: &FieldRef| match field.data_type() {
        DataType::Dictionary(_, values) if is_text(values) => retyped(field, DataType::Utf8View),
        kind if is_text(kind) => retyped(field, DataType::Utf8View),
        &DataType::Decimal32(precision, scale) | &DataType::Decimal64(precision, scale) => {
            retyped(field, DataType::Decimal128(precision, scale))
        }
        &DataType::Decimal256(precision, scale) if precision <= 38 => {
            retyped(field, DataType::Decimal128(precision, scale))
        }
        _ => field.clone(),
    };
    let fields: Fields = metadata.schema().fields().iter().map(plain).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    ArrowReaderMetadata::try_new(metadata.metadata().clone(), options)
}

fn retyped(field: &FieldRef, kind: DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(kind))
}

fn add_batch(
    rows: &mut Rows,
    source: &Source,
    table: Table,
    columns: &[Column],
    batch: &RecordBatch,
    rows_before: u64,
) -> Result<(), IngestError> {
    let array = |field: Field| -> Option<(&Column, &dyn Array)> {
        let column = columns.iter().find(|column| column.field == field)?;
        Some((column, batch.column_by_name(&column.name)?.as_ref()))
    };
    let wrong_type = |field: Field, expected: &'static str| match array(field) {
        Some((column, array)) => IngestError::WrongType {
            file: source.name(),
            column: column.name.clone(),
            field,
            found: array.data_type().to_string(),
            expected,
        },
        None => IngestError::in_file(source, format!("column {field} is gone")),
    };
    let ids = |field: Field| {
        array(field)
            .and_then(|(_, array)| Ids::of(array))
            .ok_or_else(|| wrong_type(field, "integers or text"))
    };
    let customers = ids(Field::CustomerId)?;
    let orders = if table == Table::Purchases { Some(ids(Field::OrderId)?) } else { None };
    let instants = array(Field::Ts)
        .and_then(|(_, array)| Instants::of(array))
        .ok_or_else(|| wrong_type(Field::Ts, "timestamps, dates or text"))?;
    let amounts = match table {
        Table::Purchases => Some(
            array(Field::Amount)
                .and_then(|(_, array)| Amounts::of(array))
                .ok_or_else(|| wrong_type(Field::Amount, "numbers"))?,
        ),
        Table::Complaints => None,
    };
    rows.saw_ids(customers.kind());

    let name =
        |field: Field| array(field).map_or_else(|| field.to_string(), |(column, _)| column.name.clone());
    let mut digits = (itoa::Buffer::new(), itoa::Buffer::new());
    for i in 0..batch.num_rows() {
        let at = |field: Field, problem: Problem| IngestError::BadValue {
            file: source.name(),
            row: rows_before + i as u64 + 1,
            column: name(field),
            problem,
        };
        let customer = customers.get(i, &mut digits.0);
        if customer.is_none() {
            rows.add(table, &RawRow { customer, order: None, instant: Instant::MIN, amount: Amount::ZERO })
                .map_err(|problem| at(Field::CustomerId, problem))?;
            continue;
        }
        let instant = instants.get(i).map_err(|problem| at(Field::Ts, problem))?;
        let amount = match &amounts {
            Some(amounts) => amounts.get(i).map_err(|problem| at(Field::Amount, problem))?,
            None => Amount::ZERO,
        };
        let order = orders.as_ref().and_then(|orders| orders.get(i, &mut digits.1));
        rows.add(table, &RawRow { customer, order, instant, amount })
            .map_err(|problem| at(Field::OrderId, problem))?;
    }
    Ok(())
}

/// The values of a primitive column, each through `convert`; `None` if the column is of another type.
fn convert<T: ArrowPrimitiveType, V>(array: &dyn Array, convert: impl Fn(T::Native) -> V) -> Option<Vec<V>> {
    Some(array.as_primitive_opt::<T>()?.values().iter().map(|&value| convert(value)).collect())
}

/// Integers of any width as `i64`.
fn integers(array: &dyn Array) -> Option<Vec<i64>> {
    match array.data_type() {
        DataType::Int8 => convert::<Int8Type, _>(array, i64::from),
        DataType::Int16 => convert::<Int16Type, _>(array, i64::from),
        DataType::Int32 => convert::<Int32Type, _>(array, i64::from),
        DataType::Int64 => convert::<Int64Type, _>(array, |value| value),
        DataType::UInt8 => convert::<UInt8Type, _>(array, i64::from),
        DataType::UInt16 => convert::<UInt16Type, _>(array, i64::from),
        DataType::UInt32 => convert::<UInt32Type, _>(array, i64::from),
        _ => None,
    }
}

/// A column of identifiers.
enum Ids<'a> {
    Integers(Vec<i64>, &'a dyn Array),
    Unsigned(&'a UInt64Array),
    Text(&'a StringViewArray),
}

impl<'a> Ids<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8View => array.as_string_view_opt().map(Self::Text),
            DataType::UInt64 => array.as_primitive_opt::<UInt64Type>().map(Self::Unsigned),
            _ => integers(array).map(|values| Self::Integers(values, array)),
        }
    }

    fn kind(&self) -> IdKind {
        match self {
            // One that no i64 holds makes the identifiers text, as any other text does.
            Self::Integers(..) | Self::Unsigned(_) => IdKind::Integer,
            Self::Text(_) => IdKind::Text,
        }
    }

    /// The identifier of a row, written to `digits` if it is a number; `None` where it is null or empty.
    fn get<'b>(&'b self, i: usize, digits: &'b mut itoa::Buffer) -> Option<&'b str> {
        match self {
            Self::Integers(values, array) => array.is_valid(i).then(|| digits.format(values[i])),
            Self::Unsigned(values) => values.is_valid(i).then(|| digits.format(values.value(i))),
            Self::Text(text) => (text.is_valid(i) && !text.value(i).is_empty()).then(|| text.value(i)),
        }
    }
}

/// A column of instants.
enum Instants<'a> {
    /// Microseconds since 1970; `None` where they do not fit in 64 bits.
    Micros(Vec<Option<i64>>, &'a dyn Array),
    Text(&'a StringViewArray),
}

impl<'a> Instants<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text));
        }
        let micros = match array.data_type() {
            DataType::Date32 => {
                convert::<Date32Type, _>(array, |days| i64::from(days).checked_mul(86_400_000_000))
            }
            DataType::Date64 => convert::<Date64Type, _>(array, |millis| millis.checked_mul(1_000)),
            DataType::Timestamp(TimeUnit::Second, _) => {
                convert::<TimestampSecondType, _>(array, |seconds| seconds.checked_mul(1_000_000))
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                convert::<TimestampMillisecondType, _>(array, |millis| millis.checked_mul(1_000))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                convert::<TimestampMicrosecondType, _>(array, Some)
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                convert::<TimestampNanosecondType, _>(array, |nanos| Some(nanos.div_euclid(1_000)))
            }
            _ => None,
        };
        micros.map(|micros| Self::Micros(micros, array))
    }

    fn get(&self, i: usize) -> Result<Instant, Problem> {
        match self {
            Self::Text(text) if text.is_valid(i) => Ok(text.value(i).parse::<Instant>()?),
            Self::Micros(micros, array) if array.is_valid(i) => {
                micros[i].and_then(Instant::from_micros).ok_or_else(|| {
                    let text = micros[i].map_or("far future or past".to_owned(), |m| format!("{m} µs"));
                    Problem::Unreadable(ParseUnitError::new(&text, "an instant in the years 1 to 9999"))
                })
            }
            Self::Text(_) | Self::Micros(..) => Err(Problem::Missing(Field::Ts)),
        }
    }
}

/// A column of amounts.
enum Amounts<'a> {
    Numbers(Vec<f64>, &'a dyn Array),
    Text(&'a StringViewArray),
}

impl<'a> Amounts<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text));
        }
        let numbers = match array.data_type() {
            DataType::Float32 => convert::<Float32Type, _>(array, f64::from),
            DataType::Float64 => convert::<Float64Type, _>(array, |value| value),
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                convert::<Decimal128Type, _>(array, move |value| value as f64 / unit)
            }
            _ => integers(array).map(|values| values.into_iter().map(|value| value as f64).collect()),
        };
        numbers.map(|numbers| Self::Numbers(numbers, array))
    }

    fn get(&self, i: usize) -> Result<Amount, Problem> {
        match self {
            Self::Text(text) if text.is_valid(i) => Ok(text.value(i).parse::<Amount>()?),
            Self::Numbers(numbers, array) if array.is_valid(i) => Amount::new(numbers[i]).ok_or_else(|| {
                Problem::Unreadable(ParseUnitError::new(&numbers[i].to_string(), Amount::EXPECTED))
            }),
            Self::Text(_) | Self::Numbers(..) => Err(Problem::Missing(Field::Amount)),
        }
    }
}
