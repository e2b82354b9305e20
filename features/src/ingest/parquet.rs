//! The Parquet reader: only the needed columns, row groups in parallel.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringViewArray, UInt64Array};
use arrow_schema::{DataType, FieldRef, Fields, Schema, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::columns::{Column, attributes};
use super::csv::conditions;
use super::rows::{RawRow, Rows};
use super::source::SharedFile;
use super::{Condition, Convention, Field, IngestError, Input, Problem, Source, Table};
use crate::history::Severity;
use crate::id::IdKind;
use crate::units::{Amount, Instant, ParseUnitError};
use crate::watch::Watch;

const BATCH_ROWS: usize = 65_536;

pub(crate) fn read<'a>(
    source: &Source,
    table: Table,
    input: &'a Input,
    watch: &dyn Watch,
) -> Result<Vec<Rows<'a>>, IngestError> {
    match source {
        Source::File(_) => {
            let file = SharedFile::new(source.open_file()?).map_err(|cause| source.unreadable(cause))?;
            read_chunks(source, table, input, watch, &file)
        }
        Source::Bytes { bytes, .. } => read_chunks(source, table, input, watch, bytes),
    }
}

fn read_chunks<'a, R: ChunkReader + Clone + 'static>(
    source: &Source,
    table: Table,
    input: &'a Input,
    watch: &dyn Watch,
    chunks: &R,
) -> Result<Vec<Rows<'a>>, IngestError> {
    let metadata =
        guarded(source, || plain_metadata(chunks).map_err(|error| IngestError::in_file(source, error)))?;
    let layout = Layout::of(source, table, input, metadata.schema())?;
    let mask = ProjectionMask::roots(metadata.parquet_schema(), layout.places());

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
    let read_groups = |groups: &[(usize, u64)]| -> Result<Rows<'a>, IngestError> {
        let mut rows = Rows::new(input, table, &layout.columns);
        for &(group, mut row) in groups {
            let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(chunks.clone(), metadata.clone())
                .with_row_groups(vec![group])
                .with_projection(mask.clone())
                .with_batch_size(BATCH_ROWS)
                .build()
                .map_err(|error| IngestError::in_file(source, error))?;
            for batch in reader {
                let batch = batch.map_err(|error| IngestError::in_file(source, error))?;
                add_batch(&mut rows, source, &input.convention, &layout, &batch, row)?;
                row += batch.num_rows() as u64;
                watch.advance(batch.num_rows() as u64);
            }
        }
        Ok(rows)
    };
    // Neighbouring groups to one thread. Collected in file order, so that of several bad rows the first is named.
    let share = groups.len().div_ceil(rayon::current_num_threads()).max(1);
    let parts: Vec<Result<Rows<'a>, IngestError>> =
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
        let mut columns = input.columns.locate(source, table, &header)?;
        if table == Table::Customers {
            columns.extend(attributes(source, &header[..schema.fields().len()], &columns)?);
        }
        let conditions = conditions(source, table, input, &header)?;
        Ok(Self { columns, conditions, header, constants })
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
        column.cloned().ok_or_else(|| IngestError::in_file(source, format!("column {place} is gone")))
    }
}

/// The columns of a batch, as what their fields are.
#[derive(Default)]
struct Batch<'a> {
    customers: Option<Ids<'a>>,
    orders: Option<Ids<'a>>,
    instants: Option<Instants<'a>>,
    amounts: Option<Amounts<'a>>,
    cancels: Option<Ids<'a>>,
    products: Option<Ids<'a>>,
    discounts: Option<Amounts<'a>>,
    currencies: Option<Ids<'a>>,
    categories: Option<Ids<'a>>,
    severities: Option<Amounts<'a>>,
    severity_names: Option<&'a StringViewArray>,
    resolved: Option<Instants<'a>>,
    channels: Option<Ids<'a>>,
    offers: Option<Ids<'a>>,
    valid_from: Option<Instants<'a>>,
    starts: Option<Instants<'a>>,
    ends: Option<Instants<'a>>,
    /// What the file says of customers, in the order of its columns.
    profile: Vec<Says<'a>>,
}

impl<'a> Batch<'a> {
    /// Takes a column for its field; what it should be where its type is none for that.
    fn take(
        &mut self,
        field: Field,
        array: &'a dyn Array,
        convention: &'a Convention,
    ) -> Result<(), &'static str> {
        let (ids, numbers) = ("integers or text", "numbers");
        let instants = || {
            Instants::of(array, convention).ok_or("timestamps, dates, text, or whole numbers with --ts-unit")
        };
        match field {
            Field::CustomerId => self.customers = Some(Ids::of(array).ok_or(ids)?),
            Field::OrderId => self.orders = Some(Ids::of(array).ok_or(ids)?),
            Field::Ts => self.instants = Some(instants()?),
            Field::Amount => self.amounts = Some(Amounts::of(array).ok_or(numbers)?),
            Field::CancelsOrderId => self.cancels = Some(Ids::of(array).ok_or(ids)?),
            Field::ProductId => self.products = Some(Ids::of(array).ok_or(ids)?),
            Field::Discount => self.discounts = Some(Amounts::of(array).ok_or(numbers)?),
            Field::Currency => self.currencies = Some(Ids::of(array).ok_or(ids)?),
            Field::Category => self.categories = Some(Ids::of(array).ok_or(ids)?),
            Field::Severity => match array.as_string_view_opt() {
                Some(names) => self.severity_names = Some(names),
                None => self.severities = Some(Amounts::of(array).ok_or(numbers)?),
            },
            Field::ResolvedAt => self.resolved = Some(instants()?),
            Field::Channel => self.channels = Some(Ids::of(array).ok_or(ids)?),
            Field::Offer => self.offers = Some(Ids::of(array).ok_or(ids)?),
            Field::ValidFrom => self.valid_from = Some(instants()?),
            Field::Start => self.starts = Some(instants()?),
            Field::End => self.ends = Some(instants()?),
            Field::Name | Field::Phone | Field::AccountOwner | Field::Attribute => {
                self.profile
                    .push(Says::of(array, convention).ok_or("text, numbers, flags, dates or timestamps")?);
            }
        }
        Ok(())
    }
}

impl Batch<'_> {
    fn severity(&self, i: usize) -> Result<Option<Severity>, Problem> {
        if let Some(names) = self.severity_names {
            let text = (names.is_valid(i) && !names.value(i).is_empty()).then(|| names.value(i));
            return Ok(text.map(str::parse).transpose()?);
        }
        let Some(numbers) = &self.severities else { return Ok(None) };
        let number = numbers.get(i)?.map(Amount::get);
        let severity = |number: f64| {
            Severity::new(number).ok_or_else(|| {
                Problem::Unreadable(ParseUnitError::new(&number.to_string(), Severity::EXPECTED))
            })
        };
        number.map(severity).transpose()
    }
}

/// Memory to write the numbers of a row's identifiers to.
#[derive(Default)]
struct Digits([itoa::Buffer; 8]);

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
            let cells = Cells::of(array).ok_or_else(|| {
                let (column, found) = (&condition.column, array.data_type());
                let problem = format!("column {column:?} has type {found}; --where needs text or numbers");
                IngestError::in_file(source, problem)
            })?;
            Ok((*condition, cells))
        })
        .collect::<Result<_, IngestError>>()?;
    if let Some(customers) = &columns.customers {
        rows.saw_ids(customers.kind());
    }

    let mut digits = Digits::default();
    for i in 0..batch.num_rows() {
        if !conditions.iter().all(|(condition, cells)| cells.meet(i, condition)) {
            rows.counts.filtered += 1;
            continue;
        }
        if let Err((field, problem)) = add(rows, &columns, i, &mut digits) {
            let column = layout.columns.iter().find(|column| column.field == field);
            let name = column.map_or(field.name(), |column| &column.name);
            rows.quarantine.add(&source.name(), rows_before + i as u64 + 1, name, problem)?;
        }
    }
    Ok(())
}

/// Adds a row; on a problem, says in which field.
fn add(
    rows: &mut Rows<'_>,
    batch: &Batch<'_>,
    i: usize,
    digits: &mut Digits,
) -> Result<(), (Field, Problem)> {
    let Digits([customer, order, cancels, product, currency, category, channel, offer]) = digits;
    let mut row = RawRow::EMPTY;
    row.customer = batch.customers.as_ref().and_then(|ids| ids.get(i, customer));
    if !rows.takes(row.customer) {
        return Ok(());
    }
    let needed = |field| move || (field, Problem::Missing(field));
    let wrong = |field| move |problem| (field, problem);
    if let Some(orders) = &batch.orders {
        row.order = Some(orders.get(i, order).ok_or_else(needed(Field::OrderId))?);
    }
    if let Some(instants) = &batch.instants {
        row.instant = instants.get(i).map_err(wrong(Field::Ts))?.ok_or_else(needed(Field::Ts))?;
    }
    if let Some(amounts) = &batch.amounts {
        row.amount = amounts.get(i).map_err(wrong(Field::Amount))?.ok_or_else(needed(Field::Amount))?;
    }
    row.cancels = batch.cancels.as_ref().and_then(|ids| ids.get(i, cancels));
    row.product = batch.products.as_ref().and_then(|ids| ids.get(i, product));
    row.currency = batch.currencies.as_ref().and_then(|ids| ids.get(i, currency));
    row.category = batch.categories.as_ref().and_then(|ids| ids.get(i, category));
    row.channel = batch.channels.as_ref().and_then(|ids| ids.get(i, channel));
    row.offer = batch.offers.as_ref().and_then(|ids| ids.get(i, offer));
    if let Some(discounts) = &batch.discounts {
        row.discount = discounts.get(i).map_err(wrong(Field::Discount))?;
    }
    if let Some(resolved) = &batch.resolved {
        row.resolved_at = resolved.get(i).map_err(wrong(Field::ResolvedAt))?;
    }
    row.severity = batch.severity(i).map_err(wrong(Field::Severity))?;
    if let Some(starts) = &batch.starts {
        row.instant = starts.get(i).map_err(wrong(Field::Start))?.ok_or_else(needed(Field::Start))?;
    }
    if let Some(ends) = &batch.ends {
        row.end = ends.get(i).map_err(wrong(Field::End))?;
    }
    if let Some(valid_from) = &batch.valid_from {
        row.valid_from = valid_from.get(i).map_err(wrong(Field::ValidFrom))?;
    }
    let profile: Vec<Option<Cow<'_, str>>> = batch.profile.iter().map(|says| says.get(i)).collect();
    row.profile = &profile;
    rows.add(&row)
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
    /// `None` where there is no such instant.
    Read(Vec<Option<Instant>>, &'a dyn Array),
    Text(&'a StringViewArray, &'a Convention),
}

impl<'a> Instants<'a> {
    fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        if let Some(text) = array.as_string_view_opt() {
            return Some(Self::Text(text, convention));
        }
        let utc = |micros: Option<i64>| micros.and_then(Instant::from_micros);
        let has_zone = matches!(array.data_type(), DataType::Timestamp(_, Some(_)));
        // A timestamp without a zone is what a clock showed.
        let clock = |micros: Option<i64>| {
            if has_zone { utc(micros) } else { micros.and_then(|micros| convention.on_the_clock(micros)) }
        };
        let instants = match array.data_type() {
            DataType::Date32 => {
                convert::<Date32Type, _>(array, |days| utc(i64::from(days).checked_mul(86_400_000_000)))
            }
            DataType::Date64 => convert::<Date64Type, _>(array, |millis| utc(millis.checked_mul(1_000))),
            DataType::Timestamp(TimeUnit::Second, _) => {
                convert::<TimestampSecondType, _>(array, |seconds| clock(seconds.checked_mul(1_000_000)))
            }
            DataType::Timestamp(TimeUnit::Millisecond, _) => {
                convert::<TimestampMillisecondType, _>(array, |millis| clock(millis.checked_mul(1_000)))
            }
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                convert::<TimestampMicrosecondType, _>(array, |micros| clock(Some(micros)))
            }
            DataType::Timestamp(TimeUnit::Nanosecond, _) => {
                convert::<TimestampNanosecondType, _>(array, |nanos| clock(Some(nanos.div_euclid(1_000))))
            }
            _ => {
                let unit = convention.ts_unit?;
                let numbers = integers(array)?;
                Some(numbers.into_iter().map(|number| unit.instant(number)).collect())
            }
        };
        instants.map(|instants| Self::Read(instants, array))
    }

    /// The instant of a row; `None` where it is null or empty.
    fn get(&self, i: usize) -> Result<Option<Instant>, Problem> {
        match self {
            Self::Text(text, convention) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(convention.instant(text.value(i))?))
            }
            Self::Read(instants, array) if array.is_valid(i) => match instants[i] {
                Some(instant) => Ok(Some(instant)),
                None => Err(Problem::Unreadable(ParseUnitError::new(
                    "far future or past",
                    "an instant in the years 1 to 9999",
                ))),
            },
            Self::Text(..) | Self::Read(..) => Ok(None),
        }
    }
}

/// A column that a condition is about.
enum Cells<'a> {
    Ids(Ids<'a>),
    Numbers(Amounts<'a>),
    Flags(&'a BooleanArray),
}

impl<'a> Cells<'a> {
    fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(flags) = array.as_boolean_opt() {
            return Some(Self::Flags(flags));
        }
        Ids::of(array).map(Self::Ids).or_else(|| Amounts::of(array).map(Self::Numbers))
    }

    /// Whether the value of a row meets a condition.
    fn meet(&self, i: usize, condition: &Condition) -> bool {
        match self {
            Self::Ids(ids) => condition.holds(ids.get(i, &mut itoa::Buffer::new())),
            Self::Flags(flags) => {
                let text = if flags.is_valid(i) && flags.value(i) { "true" } else { "false" };
                condition.holds(flags.is_valid(i).then_some(text))
            }
            Self::Numbers(numbers) => {
                let number = numbers.get(i).ok().flatten().map(|amount| amount.get().to_string());
                condition.holds(number.as_deref())
            }
        }
    }
}

/// A column of what a file says of customers, kept as text.
enum Says<'a> {
    Cells(Cells<'a>),
    Instants(Instants<'a>),
}

impl<'a> Says<'a> {
    fn of(array: &'a dyn Array, convention: &'a Convention) -> Option<Self> {
        let cells = Cells::of(array).map(Self::Cells);
        cells.or_else(|| Instants::of(array, convention).map(Self::Instants))
    }

    /// The text of a row; `None` where it is null, empty, not a number (NaN), or an instant beyond the year 9999.
    fn get(&self, i: usize) -> Option<Cow<'_, str>> {
        match self {
            Self::Instants(instants) => instants.get(i).ok()?.map(|instant| instant.to_string().into()),
            Self::Cells(Cells::Ids(Ids::Text(text))) => {
                (text.is_valid(i) && !text.value(i).is_empty()).then(|| text.value(i).into())
            }
            Self::Cells(Cells::Ids(ids)) => {
                ids.get(i, &mut itoa::Buffer::new()).map(|digits| digits.to_owned().into())
            }
            Self::Cells(Cells::Flags(flags)) => flags.is_valid(i).then(|| flags.value(i).to_string().into()),
            Self::Cells(Cells::Numbers(numbers)) => numbers.number(i).map(|number| number.to_string().into()),
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

    /// The number of a row as it is in the file; `None` where there is none.
    fn number(&self, i: usize) -> Option<f64> {
        match self {
            Self::Numbers(numbers, array) => (array.is_valid(i) && !numbers[i].is_nan()).then(|| numbers[i]),
            Self::Text(_) => None,
        }
    }

    /// The amount of a row; `None` where it is null or empty.
    fn get(&self, i: usize) -> Result<Option<Amount>, Problem> {
        match self {
            Self::Text(text) if text.is_valid(i) && !text.value(i).is_empty() => {
                Ok(Some(text.value(i).parse()?))
            }
            Self::Numbers(numbers, array) if array.is_valid(i) => {
                Amount::new(numbers[i]).map(Some).ok_or_else(|| {
                    Problem::Unreadable(ParseUnitError::new(&numbers[i].to_string(), Amount::EXPECTED))
                })
            }
            Self::Text(_) | Self::Numbers(..) => Ok(None),
        }
    }
}
