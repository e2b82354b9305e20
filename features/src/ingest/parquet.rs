//! The Parquet reader: only the needed columns, row groups in parallel.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringViewArray};
use arrow_schema::Schema;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::reader::ChunkReader;
use rayon::prelude::*;

use super::arrays::{Amounts, Cells, Ids, Instants, Says};
use super::columns::{Column, attributes};
use super::csv::conditions;
use super::metadata::{check_codecs, check_rows, plain_metadata};
use super::pages::Pages;
use super::rows::{RawRow, Rows};
use super::source::SharedFile;
use super::{Condition, Convention, Field, IngestError, Input, Problem, Source, Table};
use crate::history::Severity;
use crate::units::{Amount, ParseUnitError};
use crate::watch::Watch;

const BATCH_ROWS: usize = 8_192;

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
    check_rows(source, metadata.metadata(), chunks.len())?;
    check_codecs(source, metadata.metadata(), &mask)?;

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
    let read_group =
        |mut rows: Rows<'a>, &(group, mut row): &(usize, u64)| -> Result<Rows<'a>, IngestError> {
            let reader =
                ParquetRecordBatchReaderBuilder::new_with_metadata(Pages(chunks.clone()), metadata.clone())
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
            Ok(rows)
        };
    // Every thread takes the next group there is, and keeps what it read to itself.
    let next = AtomicUsize::new(0);
    let read_share = |_| {
        let mut rows = Rows::new(input, table, &layout.columns);
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(group) = groups.get(place) else { return Ok(rows) };
            rows = guarded(source, || read_group(rows, group)).map_err(|error| (place, error))?;
        }
    };
    let shares: Vec<Result<Rows<'a>, (usize, IngestError)>> =
        (0..rayon::current_num_threads()).into_par_iter().map(read_share).collect();
    // Groups are taken in order and read to the end, so that of several bad rows the first is found and named.
    let mut parts = Vec::with_capacity(shares.len());
    let mut first: Option<(usize, IngestError)> = None;
    for share in shares {
        match share {
            Ok(rows) => parts.push(rows),
            Err(error) if first.as_ref().is_none_or(|(place, _)| error.0 < *place) => first = Some(error),
            Err(_) => {}
        }
    }
    first.map_or(Ok(parts), |(_, error)| Err(error))
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
    statuses: Option<Ids<'a>>,
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
            Field::Status => self.statuses = Some(Ids::of(array).ok_or(ids)?),
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
    /// The columns of purchase lines, where there are no others than the needed ones.
    fn plain_lines(&self) -> Option<PlainLines<'_>> {
        let others = [&self.cancels, &self.products, &self.currencies];
        if others.iter().any(|ids| ids.is_some()) || self.discounts.is_some() {
            return None;
        }
        Some(PlainLines {
            customers: self.customers.as_ref()?,
            orders: self.orders.as_ref()?,
            instants: self.instants.as_ref()?,
            amounts: self.amounts.as_ref()?,
        })
    }

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

/// The columns of purchase lines that have nothing else: the short way for the most rows there are. What is unusual about
/// a row is left to [`add`].
struct PlainLines<'a> {
    customers: &'a Ids<'a>,
    orders: &'a Ids<'a>,
    instants: &'a Instants<'a>,
    amounts: &'a Amounts<'a>,
}

impl PlainLines<'_> {
    /// Which rows differ from the one before in nothing but the amount: most lines of an order are so.
    fn where_only_amounts_change(&self, rows: usize) -> Vec<bool> {
        let mut flags = vec![true; rows];
        self.instants.clear_changes(&mut flags);
        self.orders.clear_changes(&mut flags);
        self.customers.clear_changes(&mut flags);
        flags
    }

    /// Adds a row and those after it that differ in nothing but their amounts, as long as there is nothing unusual about
    /// them; returns the row after.
    fn add(&self, rows: &mut Rows<'_>, i: usize, goes_on: &[bool], digits: &mut Digits) -> usize {
        let Digits([customer, order, ..]) = digits;
        let (Some(customer), Some(order)) = (self.customers.get(i, customer), self.orders.get(i, order))
        else {
            return i;
        };
        let (Ok(Some(instant)), Some(mut total)) = (self.instants.get(i), self.amounts.plain(i)) else {
            return i;
        };
        let mut next = i + 1;
        while goes_on.get(next) == Some(&true)
            && let Some(more) = self.amounts.plain(next).and_then(|amount| total.checked_add(amount))
        {
            total = more;
            next += 1;
        }
        if rows.add_plain_lines(customer, order, instant, total, next - i) { next } else { i }
    }
}

/// Memory to write the numbers of a row's identifiers to.
#[derive(Default)]
struct Digits([itoa::Buffer; 9]);

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
    let plain = columns.plain_lines().filter(|_| conditions.is_empty() && rows.only_count_lines());
    let goes_on =
        plain.as_ref().map_or(Vec::new(), |plain| plain.where_only_amounts_change(batch.num_rows()));
    let mut next = 0;
    for i in 0..batch.num_rows() {
        if i < next {
            continue;
        }
        if let Some(plain) = &plain {
            next = plain.add(rows, i, &goes_on, &mut digits);
            if i < next {
                continue;
            }
        }
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
    let Digits([customer, order, cancels, product, currency, category, status, channel, offer]) = digits;
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
    row.status = batch.statuses.as_ref().and_then(|ids| ids.get(i, status));
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
