//! Parquet as others write it: many row groups, every usual physical type.

#![allow(clippy::unwrap_used)]

mod later_rows;
mod types;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, Float64Array, Int64Array, NullArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, TimestampSecondArray,
};
use mainstay_features::history::Histories;
use mainstay_features::id::IdKind;
use mainstay_features::ingest::{self, IngestError, Input, Source};
use mainstay_features::watch::Unwatched;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, rows_per_group: usize) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(rows_per_group)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn read(purchases: &[PathBuf]) -> Result<Histories, IngestError> {
    let purchases = purchases.iter().cloned().map(Source::File).collect();
    Ok(ingest::read(&Input { purchases, ..Input::default() }, &Unwatched)?.history)
}

/// The whole history as text: customers, orders, complaints.
fn shown(history: &Histories) -> String {
    let history = history.whole().unwrap();
    (0..history.len()).map(|c| format!("{} {:?}\n", history.customer_id(c), history.customer(c))).collect()
}

/// Threads that share a file must not share a position in it.
#[test]
fn row_groups_read_side_by_side_are_the_rows_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 20_000_i64;
    let columns = || -> Vec<(&str, ArrayRef)> {
        vec![
            (
                "customer_id",
                Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("c{}", i * 7919 % 997)))),
            ),
            ("order_id", Arc::new(Int64Array::from_iter_values((0..rows).map(|i| i / 3)))),
            (
                "ts",
                Arc::new(TimestampMicrosecondArray::from_iter_values((0..rows).map(|i| i / 3 * 1_000_000))),
            ),
            ("amount", Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64 / 7.0)))),
        ]
    };
    let (one, many) = (folder.path().join("one.parquet"), folder.path().join("many.parquet"));
    write(&one, columns(), rows as usize);
    write(&many, columns(), 100);
    let expected = shown(&read(&[one]).unwrap());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
    for _ in 0..10 {
        assert!(pool.install(|| shown(&read(std::slice::from_ref(&many)).unwrap())) == expected);
    }
}

/// Whichever thread finds one first.
#[test]
fn of_several_bad_rows_in_a_shared_row_group_the_first_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let rows = 300_000_i64;
    let is_bad = |i: i64| [150_000, 150_001, 250_000].contains(&i);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(StringArray::from_iter_values((0..rows).map(|i| format!("c{}", i % 40))))),
        ("order_id", Arc::new((0..rows).map(|i| (!is_bad(i)).then_some(i)).collect::<Int64Array>())),
        ("ts", Arc::new(Date32Array::from_iter_values((0..rows).map(|i| i as i32 / 100)))),
        ("amount", Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64)))),
    ];
    write(&path, columns, rows as usize);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
    let error = pool.install(|| read(std::slice::from_ref(&path)).unwrap_err()).to_string();
    assert!(error.contains("150001"), "{error}");
}

/// Files with nothing but the needed columns are read a shorter way: it must come to the same. Lines of an order that
/// follow each other and that do not, equal instants in different orders, nulls, and amounts that cannot be.
#[test]
fn the_short_way_and_the_long_way_give_the_same_history() {
    let folder = tempfile::tempdir().unwrap();
    let rows = 5_000_i64;
    let text = |of: &dyn Fn(i64) -> Option<String>| -> ArrayRef {
        Arc::new((0..rows).map(of).collect::<StringArray>())
    };
    let null = |i: i64, every: i64, value: String| (i % every != 0).then_some(value);
    // Identifiers of three lengths: kept in a view as a whole, compared as two numbers, and longer.
    let id = |number: i64| match number % 3 {
        0 => format!("{number}"),
        1 => format!("customer-{number:06}"),
        _ => format!("a-customer-with-a-long-name-{number}"),
    };
    let columns = |others: bool| -> Vec<(&str, ArrayRef)> {
        // What is none, and what no sum of a batch could hold, amid the lines of an order.
        let amounts = (0..rows).map(|i| match i {
            _ if i % 211 == 3 => f64::NAN,
            _ if i % 97 == 5 => 1e12,
            _ if i % 89 == 7 => -1e12,
            _ if i % 5 == 0 => -1.25,
            _ => i as f64 / 7.0,
        });
        let instants = (0..rows).map(|i| i / 4 / 2 * 1_000_000);
        let mut columns = vec![
            ("customer_id", text(&|i| null(i, 101, id(i / 8 * 7919 % 37)))),
            ("order_id", text(&|i| Some(id(i / 4)))),
            ("ts", Arc::new(TimestampMicrosecondArray::from_iter_values(instants)) as ArrayRef),
            ("amount", Arc::new(Float64Array::from_iter_values(amounts))),
        ];
        if others {
            columns.push(("cancels_order_id", text(&|_| None)));
        }
        columns
    };
    let (short, long) = (folder.path().join("short.parquet"), folder.path().join("long.parquet"));
    write(&short, columns(false), 700);
    write(&long, columns(true), 700);
    let read = |path: &Path| {
        let purchases = vec![Source::File(path.to_owned())];
        let input = Input { purchases, max_bad_rows: "1%".parse().unwrap(), ..Input::default() };
        let ingested = ingest::read(&input, &Unwatched).unwrap();
        let bad: Vec<(u64, String)> =
            ingested.quarantine.iter().map(|bad| (bad.row, bad.reason.clone())).collect();
        (shown(&ingested.history), ingested.counts, bad)
    };
    assert_eq!(read(&short), read(&long));
    assert_eq!((read(&short).1.without_customer, read(&short).1.bad), (50, 24));
}

#[test]
fn nulls_are_named_with_their_row_and_types_that_cannot_hold_a_field_with_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let read_with = |name: &str, array: ArrayRef| {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("customer_id", Arc::new(Int64Array::from(vec![Some(1), None, Some(2), Some(3)]))),
            ("order_id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
            ("ts", Arc::new(Date32Array::from(vec![1, 2, 3, 4]))),
            ("amount", Arc::new(Float64Array::from(vec![1.0, f64::NAN, 3.0, 4.0]))),
        ];
        let columns =
            columns.into_iter().map(|(n, old)| (n, if n == name { array.clone() } else { old })).collect();
        // One row a group: the row's number is the file's, not the group's.
        write(&path, columns, 1);
        read(std::slice::from_ref(&path))
            .map_err(|error| error.to_string().replace(&path.display().to_string(), "log"))
    };
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.0), Some(3.0)]));
    let of_floats = read_with("customer_id", floats).unwrap();
    assert_eq!(
        shown(&of_floats),
        shown(&read_with("order_id", whole.clone()).unwrap()),
        "as pandas writes them"
    );
    assert_eq!(of_floats.id_kind(), IdKind::Integer);
    assert_eq!(
        read_with("order_id", whole).unwrap().summary().customers,
        3,
        "a row without a customer is left out, NaN and all"
    );
    for (name, array, message) in [
        (
            "amount",
            Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.0), None])) as ArrayRef,
            "log: row 4, column \"amount\": empty; every row needs its amount",
        ),
        (
            "amount",
            Arc::new(Float64Array::from(vec![1.0, 2.0, f64::INFINITY, 4.0])),
            "log: row 3, column \"amount\": \"inf\" is not an amount such as 12.50, within ±10¹²",
        ),
        (
            "ts",
            Arc::new(TimestampSecondArray::from(vec![1, 2, i64::MAX, 4])),
            "log: row 3, column \"ts\": \"a time out of all range\" is not an instant in the years 1 to 9999; is --ts-unit right?",
        ),
        (
            "ts",
            // 213,523,765 days are 2⁶⁴ microseconds and a little: a product that wraps would land in 2024.
            Arc::new(Date32Array::from(vec![1, 2, 213_523_765, 4])),
            "log: row 3, column \"ts\": \"a time out of all range\" is not an instant in the years 1 to 9999; is --ts-unit right?",
        ),
        (
            "order_id",
            Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(4)])),
            "log: row 3, column \"order_id\": empty; every row needs its order_id",
        ),
        (
            "order_id",
            Arc::new(BinaryArray::from_vec(vec![b"a", b"b", b"\xff", b"d"])),
            "log: column \"order_id\" has bytes that are no text in UTF-8",
        ),
        (
            "customer_id",
            Arc::new(
                Decimal128Array::from(vec![i128::from(i64::MAX) + 1, 2, 3, 4])
                    .with_precision_and_scale(38, 0)
                    .unwrap(),
            ),
            "log: column \"customer_id\" has type Decimal128(38, 0); customer_id needs integers or text",
        ),
        (
            "amount",
            Arc::new(NullArray::new(4)),
            "log: row 1, column \"amount\": empty; every row needs its amount",
        ),
        (
            "customer_id",
            Arc::new(Float64Array::from(vec![1.5, 2.0, 3.0, 4.0])),
            "log: column \"customer_id\" has type Float64; customer_id needs integers or text",
        ),
    ] {
        assert_eq!(read_with(name, array).unwrap_err(), message);
    }
}

/// No damage makes the reader panic; it is an error or, where the damage is in no page that is read, the same rows.
#[test]
fn a_damaged_file_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(StringArray::from_iter_values((0..300).map(|i| format!("c{}", i % 40))))),
        ("order_id", Arc::new(Int64Array::from_iter_values(0..300))),
        ("ts", Arc::new(Date32Array::from_iter_values(0..300))),
        ("amount", Arc::new(Float64Array::from_iter_values((0..300).map(f64::from)))),
    ];
    write(&path, columns, 100);
    let whole = std::fs::read(&path).unwrap();
    let (mut refused, mut tried) = (0, 0);
    for place in (0..whole.len()).step_by(7) {
        for change in [0x01, 0x80, 0xff] {
            let mut damaged = whole.clone();
            damaged[place] ^= change;
            std::fs::write(&path, damaged).unwrap();
            tried += 1;
            refused += usize::from(read(std::slice::from_ref(&path)).is_err());
        }
    }
    assert!(refused > tried / 10, "{refused} of {tried}");
}
