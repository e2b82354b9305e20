//! Rows of Parquet files that are later than what is asked for: left out, and unread where whole row groups are.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int64Array, StringArray, TimestampSecondArray};
use mainstay_features::history::History;
use mainstay_features::ingest::{self, Convention, Counts, EpochUnit, Ingested, Input, Source};
use mainstay_features::registry;
use mainstay_features::table::Table;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Unwatched;
use parquet::file::metadata::ParquetMetaDataReader;

use super::write;

/// A log in order of time, ten row groups of a hundred days, of which the last customers have no number for a name.
fn days(folder: &Path, ts: impl Fn(i64) -> ArrayRef, others: bool) -> PathBuf {
    let path = folder.join("days.parquet");
    let rows = 1_000_i64;
    let id = |i: i64| if i < 900 { format!("{}", i % 60) } else { format!("c{}", i % 60) };
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(StringArray::from_iter_values((0..rows).map(id)))),
        ("order_id", Arc::new(Int64Array::from_iter_values(0..rows))),
        ("ts", ts(rows)),
        ("amount", Arc::new(Float64Array::from_iter_values((0..rows).map(|i| i as f64)))),
    ];
    if others {
        columns.push(("product_id", Arc::new(Int64Array::from_iter_values(0..rows))));
    }
    write(&path, columns, 100);
    path
}

fn until(path: &Path, convention: &Convention, needed_until: Option<Instant>) -> Ingested {
    let purchases = vec![Source::File(path.to_owned())];
    let input = Input { purchases, convention: convention.clone(), needed_until, ..Input::default() };
    ingest::read(&input, &Unwatched).unwrap()
}

#[test]
fn what_is_later_than_asked_for_is_left_out_whatever_type_its_instant_has() {
    let folder = tempfile::tempdir().unwrap();
    let dates = |rows| -> ArrayRef { Arc::new(Date32Array::from_iter_values(0..rows as i32)) };
    let seconds = |rows| -> ArrayRef {
        Arc::new(TimestampSecondArray::from_iter_values((0..rows).map(|i| i * 86_400)))
    };
    let numbers =
        |rows| -> ArrayRef { Arc::new(Int64Array::from_iter_values((0..rows).map(|i| i * 86_400_000))) };
    let text = |rows| -> ArrayRef {
        let date = |i: i64| Instant::from_micros(i * 86_400_000_000).unwrap().to_string();
        Arc::new(StringArray::from_iter_values((0..rows).map(date)))
    };
    let ts: [(&dyn Fn(i64) -> ArrayRef, &str); 5] =
        [(&dates, ""), (&seconds, ""), (&numbers, ""), (&text, ""), (&seconds, "Europe/Berlin")];
    for (ts, zone) in ts {
        let time_zone = (!zone.is_empty()).then(|| zone.parse().unwrap());
        let convention = Convention { time_zone, ts_unit: Some(EpochUnit::Millis), ..Convention::default() };
        for others in [false, true] {
            let path = days(folder.path(), ts, others);
            let all = until(&path, &convention, None);
            for last in [0, 1, 99, 100, 101, 649, 998, 999, 2_000] {
                let instant = Instant::from_micros(last * 86_400_000_000).unwrap();
                let some = until(&path, &convention, Some(instant));
                let Counts { purchase_lines, later, unread, .. } = some.counts;
                assert_eq!(purchase_lines + later + unread, 1_000, "{last}");
                let (all, some) = (all.history.whole().unwrap(), some.history.whole().unwrap());
                assert_eq!(some.id_kind(), all.id_kind());
                let table = |history: &History| {
                    let features = registry::told_by(history.given());
                    let lookback = Days::new(900).unwrap();
                    let table = Table { as_of: vec![instant], lookback, features, attributes: Vec::new() };
                    format!("{:?}", table.rows(history, 0..history.len()))
                };
                assert_eq!(table(some), table(all), "{last} {zone} {others}");
            }
        }
    }
}

#[test]
fn row_groups_that_begin_later_than_asked_for_are_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let dates = |rows| -> ArrayRef { Arc::new(Date32Array::from_iter_values(0..rows as i32)) };
    let path = days(folder.path(), dates, false);
    let mut bytes = std::fs::read(&path).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(&path).unwrap()).unwrap();
    let of_sixth = metadata.row_group(5).column(0).byte_range().0 as usize;
    let end = metadata.row_group(9).column(3).byte_range();
    bytes[of_sixth..(end.0 + end.1) as usize].fill(0xff);
    std::fs::write(&path, bytes).unwrap();

    let day = |day: i64| Some(Instant::from_micros(day * 86_400_000_000).unwrap());
    let ingested = until(&path, &Convention::default(), day(450));
    assert_eq!(
        (ingested.counts.purchase_lines, ingested.counts.later, ingested.counts.unread),
        (451, 49, 500)
    );
    let purchases = vec![Source::File(path)];
    assert!(
        ingest::read(&Input { purchases, needed_until: day(550), ..Input::default() }, &Unwatched).is_err()
    );
}
