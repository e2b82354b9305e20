//! The CSV reader: a header, then one row a line; identifiers are text. Only the needed columns are decoded. Files
//! packed with gzip or Zstandard are unpacked on the way.

use std::borrow::Cow;

use csv::{ByteRecord, Position};

use super::columns::Column;
use super::condition::located;
use super::encoding::is_garbled;
use super::longest::{RowByRow, RowTooLong};
use super::rows::{RawRow, Rows};
use super::swallowed::has_rows;
use super::{Condition, Convention, Field, IngestError, Problem, Reading, Source, Table};
use crate::id::IdKind;
use crate::watch::Watch;

/// How workbooks begin: .xlsx and .ods, which are zip archives, and .xls.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];

/// Progress is told every so many rows.
const ROWS_PER_STEP: u64 = 65_536;

pub(crate) fn read<'a>(
    source: &Source,
    table: Table,
    reading: &'a Reading<'a>,
    watch: &dyn Watch,
) -> Result<Rows<'a>, IngestError> {
    let input = reading.input;
    let mut text = source.open_text(input.convention.encoding)?;
    let start = text.fill_buf().map_err(|cause| source.unreadable(cause))?;
    if WORKBOOKS.iter().any(|begins| start.starts_with(begins)) {
        return Err(IngestError::in_file(
            source,
            "is no text but a workbook, as of Excel: save its sheet as CSV",
        ));
    }
    let said = separator_line(start);
    let (said_bytes, said) = (said.map_or(0, |(bytes, _)| bytes), said.map(|(_, delimiter)| delimiter));
    let delimiter = input.convention.delimiter.or(said).unwrap_or_else(|| delimiter(start));
    text.consume(said_bytes);
    // A row of another width is a bad row, not the end of the file.
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(RowByRow::new(text));
    let mut header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|name| name.trim().to_owned()).collect(),
        Err(error) => return Err(malformed(source, 0, error)),
    };
    if header.is_empty() {
        return Err(IngestError::in_file(
            source,
            "is empty; a CSV file begins with the names of its columns",
        ));
    }
    let width = header.len();
    let mut constants = source.partitions();
    constants.retain(|(name, _)| !header.contains(name));
    header.extend(constants.iter().map(|(name, _)| name.clone()));
    let mut columns = input.columns.locate(source, table, &header, input.survey)?;
    if table == Table::Customers {
        columns.extend(input.columns.attributes(source, &header[..width], &columns)?);
    }
    let conditions = located(source, table, input, &header)?;
    let name = source.name();

    let mut rows = Rows::new(reading, table, &columns);
    rows.saw_ids(IdKind::Text);
    let mut record = ByteRecord::new();
    let mut number = 0;
    while reader.read_byte_record(&mut record).map_err(|error| malformed(source, number + 1, error))? {
        number += 1;
        reader.get_mut().begin_row();
        let bytes = |place: usize| match place.checked_sub(width) {
            None => record.get(place).unwrap_or_default(),
            Some(constant) => constants.get(constant).map_or(b"" as &[u8], |(_, value)| value.as_bytes()),
        };
        // Looked at only where a row is of several lines, as next to none is.
        let lines = reader.position().line() - record.position().map_or(0, Position::line);
        let swallows = |value: &&[u8]| lines > 1 && has_rows(value, delimiter, width);
        if let Some(place) = record.iter().position(|value| swallows(&value)) {
            let column = header.get(place).map_or("", String::as_str);
            rows.quarantine.add(&name, number, column, Problem::HoldsRows)?;
        } else if record.len() != width {
            let problem = Problem::WrongWidth { found: record.len(), expected: width };
            rows.quarantine.add(&name, number, "", problem)?;
        } else {
            match meets(&conditions, &input.convention, bytes) {
                Ok(false) => rows.counts.filtered += 1,
                Ok(true) => {
                    if let Err((column, problem)) = add(&mut rows, &input.convention, &columns, bytes) {
                        rows.quarantine.add(&name, number, &column.name, problem)?;
                    }
                }
                Err((column, problem)) => rows.quarantine.add(&name, number, column, problem)?,
            }
        }
        if number % ROWS_PER_STEP == 0 {
            rows.keep_to_memory()?;
            watch.advance(ROWS_PER_STEP);
        }
    }
    watch.advance(number % ROWS_PER_STEP);
    Ok(rows)
}

/// Whether a record meets the conditions; on a problem, says in which column.
fn meets<'a, 'b>(
    conditions: &[(&'a Condition, usize)],
    convention: &Convention,
    bytes: impl Fn(usize) -> &'b [u8],
) -> Result<bool, (&'a str, Problem)> {
    for (condition, place) in conditions {
        let text = text(bytes(*place), convention).map_err(|problem| (condition.column.as_str(), problem))?;
        if !condition.holds((!text.is_empty()).then_some(text), convention) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What separates the columns: of comma, semicolon, tab and bar the one that the header has most of outside quotes. A
/// header has no values in it to mislead, and the columns that are needed must be found between what it separates. `start`
/// is the beginning of the file, with the header in it.
pub fn delimiter(start: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in start.iter().take_while(|&&byte| byte != b'\n') {
        quoted ^= byte == b'"';
        if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| !quoted && *delimiter == byte) {
            *count += 1;
        }
    }
    // Of equals the first: the comma where there is nothing to separate.
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map_or(b',', |(delimiter, _)| delimiter)
}

/// What a file's first line says to separate the columns by, where it is `sep=;`, as spreadsheets write it for each other; and
/// how many bytes to pass over.
fn separator_line(start: &[u8]) -> Option<(usize, u8)> {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let rest = text.strip_prefix(b"sep=")?;
    let (&delimiter, end) = rest.split_first()?;
    let end = end.strip_prefix(b"\r").unwrap_or(end).strip_prefix(b"\n")?;
    Some((start.len() - end.len(), delimiter))
}

/// The bytes of a value as text.
fn text<'a>(bytes: &'a [u8], convention: &Convention) -> Result<&'a str, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?;
    if convention.encoding.is_some() && is_garbled(text) {
        return Err(Problem::NotInEncoding);
    }
    Ok(text)
}

/// Whether a text is a number as spreadsheets show long ones: 1.23457E+17.
fn is_rounded(text: &str) -> bool {
    let Some((digits, exponent)) = text.split_once("E+") else { return false };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = digits.split(['.', ',']);
    are_digits(exponent)
        && parts.next().is_some_and(|first| first.len() == 1 && are_digits(first))
        && parts.next().is_none_or(are_digits)
        && parts.next().is_none()
}

/// Adds a record; on a problem, says in which column.
fn add<'a, 'b>(
    rows: &mut Rows<'_>,
    convention: &Convention,
    columns: &'a [Column],
    bytes: impl Fn(usize) -> &'b [u8],
) -> Result<(), (&'a Column, Problem)> {
    let mut profile: Vec<Option<Cow<'b, str>>> = Vec::new();
    let mut row = RawRow::EMPTY;
    for column in columns {
        let at = |problem: Problem| (column, problem);
        let text = text(bytes(column.place), convention).map_err(at)?;
        let given = (!text.is_empty()).then_some(text);
        if column.field.is_identifier() && is_rounded(text) {
            return Err(at(Problem::Rounded { text: text.to_owned() }));
        }
        if column.field == Field::CustomerId {
            if !rows.takes(given) {
                return Ok(());
            }
            row.customer = given;
            continue;
        }
        if column.field.is_of_profile() {
            let is_number = column.field == Field::Attribute;
            profile.push(given.map(|text| if is_number { convention.plain(text) } else { text.into() }));
            continue;
        }
        if text.is_empty() {
            if column.field.needs_value() {
                return Err(at(Problem::Missing(column.field)));
            }
            continue;
        }
        let unreadable = |error| at(Problem::Unreadable(error));
        match column.field {
            Field::CustomerId | Field::Name | Field::Phone | Field::AccountOwner | Field::Attribute => {}
            Field::OrderId => row.order = given,
            Field::Ts | Field::Start => row.instant = convention.instant(text).map_err(unreadable)?,
            Field::Amount => {
                row.amount = convention.amount(text).map_err(unreadable)?;
                if let Some(survey) = &mut rows.survey {
                    survey.add_written(text);
                }
            }
            Field::CancelsOrderId => row.cancels = given,
            Field::ProductId => row.product = given,
            Field::Discount => row.discount = Some(convention.amount(text).map_err(unreadable)?),
            Field::Currency => row.currency = given,
            Field::Category => row.category = given,
            Field::Severity => row.severity = Some(convention.plain(text).parse().map_err(unreadable)?),
            Field::ResolvedAt => {
                row.resolved_at = Some(convention.instant(text).map_err(unreadable)?);
            }
            Field::Status => row.status = given,
            Field::Channel => row.channel = given,
            Field::Offer => row.offer = given,
            Field::End => row.end = convention.end(text).map_err(unreadable)?,
            Field::ValidFrom => row.valid_from = Some(convention.instant(text).map_err(unreadable)?),
        }
    }
    row.profile = &profile;
    rows.add(&row).map_err(|(field, problem)| {
        (columns.iter().find(|column| problem.is_of(field, column)).unwrap_or(&columns[0]), problem)
    })
}

/// What the CSV reader says, with the row it was at counted from 1 without the header.
fn malformed(source: &Source, at: u64, error: csv::Error) -> IngestError {
    let row = |position: &Option<Position>| {
        position.as_ref().map_or(String::new(), |at| match at.record() {
            0 => "header: ".to_owned(),
            row => format!("row {row} (line {}): ", at.line()),
        })
    };
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => format!(
            "{}is not UTF-8 text: say how it is written, such as --encoding windows-1252 or gb18030",
            row(pos)
        ),
        _ => match error.into_kind() {
            csv::ErrorKind::Io(cause) => match RowTooLong::of(&cause) {
                Some(too_long) if at == 0 => format!("the header {too_long}"),
                Some(too_long) => format!("row {at} {too_long}"),
                None => return source.unreadable(cause),
            },
            other => format!("is not CSV: {other:?}"),
        },
    };
    IngestError::in_file(source, message)
}
