//! The CSV reader: a header, then one row a line; identifiers are text. Only the needed columns are decoded. Files
//! packed with gzip or Zstandard are unpacked on the way.

use csv::{ByteRecord, Position};

use super::columns::Column;
use super::{ColumnMap, Field, IngestError, Problem, RawRow, Rows, Source, Table};
use crate::id::IdKind;
use crate::units::{Amount, Instant};
use crate::watch::Watch;

/// Progress is told every so many rows.
const ROWS_PER_STEP: u64 = 65_536;

pub(crate) fn read(
    source: &Source,
    table: Table,
    columns: &ColumnMap,
    watch: &dyn Watch,
) -> Result<Rows, IngestError> {
    let mut text = source.open_text()?;
    let delimiter = delimiter(text.fill_buf().map_err(|cause| source.unreadable(cause))?);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => return Err(malformed(source, error)),
    };
    if header.is_empty() {
        return Err(IngestError::in_file(
            source,
            "is empty; a CSV file begins with the names of its columns",
        ));
    }
    let columns = columns.locate(source, table, &header)?;

    let mut rows = Rows::default();
    rows.saw_ids(IdKind::Text);
    let mut record = ByteRecord::new();
    let mut number = 0;
    while reader.read_byte_record(&mut record).map_err(|error| malformed(source, error))? {
        number += 1;
        add(&mut rows, table, &columns, &record).map_err(|(column, problem)| IngestError::BadValue {
            file: source.name(),
            row: number,
            column: column.name.clone(),
            problem,
        })?;
        if number % ROWS_PER_STEP == 0 {
            watch.advance(ROWS_PER_STEP);
        }
    }
    watch.advance(number % ROWS_PER_STEP);
    Ok(rows)
}

/// What separates the columns: of comma, semicolon, tab and bar the one that the header has most of outside quotes. A
/// header has no values in it to mislead, and the columns that are needed must be found between what it separates.
fn delimiter(start: &[u8]) -> u8 {
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

/// Adds a record; on a problem, says in which column.
fn add<'a>(
    rows: &mut Rows,
    table: Table,
    columns: &'a [Column],
    record: &ByteRecord,
) -> Result<(), (&'a Column, Problem)> {
    let mut row = RawRow { customer: None, order: None, instant: Instant::MIN, amount: Amount::ZERO };
    for column in columns {
        let at = |problem: Problem| (column, problem);
        let bytes = record.get(column.place).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|_| at(Problem::NotUtf8))?;
        match column.field {
            Field::CustomerId if text.is_empty() => break,
            Field::CustomerId => row.customer = Some(text),
            _ if text.is_empty() => return Err(at(Problem::Missing(column.field))),
            Field::OrderId => row.order = Some(text),
            Field::Ts => row.instant = text.parse().map_err(|error| at(Problem::Unreadable(error)))?,
            Field::Amount => row.amount = text.parse().map_err(|error| at(Problem::Unreadable(error)))?,
        }
    }
    rows.add(table, &row).map_err(|problem| (&columns[0], problem))
}

/// What the CSV reader says, with the row counted from 1 without the header.
fn malformed(source: &Source, error: csv::Error) -> IngestError {
    let row = |position: &Option<Position>| {
        position.as_ref().map_or(String::new(), |at| match at.record() {
            0 => "header: ".to_owned(),
            row => format!("row {row} (line {}): ", at.line()),
        })
    };
    let message = match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => format!("{}is not UTF-8 text; save the file as UTF-8", row(pos)),
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            format!("{}has {len} fields where the header has {expected_len}", row(pos))
        }
        _ => match error.into_kind() {
            csv::ErrorKind::Io(cause) => return source.unreadable(cause),
            other => format!("is not CSV: {other:?}"),
        },
    };
    IngestError::in_file(source, message)
}
