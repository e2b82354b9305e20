//! Every type that a column may have.

use std::fs::File;
use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryArray, BinaryViewArray, Date32Array, Decimal64Array, Decimal128Array, Decimal256Array,
    DictionaryArray, FixedSizeBinaryArray, Float32Array, Float64Array, Int32Array, Int64Array,
    LargeStringArray, NullArray, StringArray, StringViewArray, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt32Array, UInt64Array,
};
use arrow_buffer::i256;
use mainstay_features::id::IdKind;
use mainstay_features::ingest::{self, Convention, Input, Source};
use mainstay_features::watch::Unwatched;
use parquet::data_type::{DoubleType, Int64Type, Int96, Int96Type};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::{read, shown, write};

/// Three lines of two orders of customer 7 and one of customer 12, in every type each column may have.
#[test]
fn every_usual_type_gives_the_same_history() {
    let folder = tempfile::tempdir().unwrap();
    let ids = [7_i64, 7, 7, 12];
    let texts = ids.map(|id| id.to_string());
    let days = [19_000_i64, 19_000, 19_010, 19_005];
    let seconds = days.map(|day| day * 86_400);
    let cents = [1250_i64, 250, -300, 9900];
    let number = |name| -> Vec<(&'static str, ArrayRef)> {
        let orders: ArrayRef = Arc::new(Int64Array::from_iter_values([1, 1, 2, 1]));
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
        let ts: ArrayRef = Arc::new(TimestampSecondArray::from_iter_values(seconds));
        let amounts: ArrayRef = Arc::new(Float64Array::from_iter_values(cents.map(|c| c as f64 / 100.0)));
        let all = [("customer_id", ids), ("order_id", orders), ("ts", ts), ("amount", amounts)];
        all.into_iter().filter(|(column, _)| *column != name).collect()
    };
    let with = |name: &'static str, array: ArrayRef| {
        let mut columns = number(name);
        columns.push((name, array));
        let path = folder.path().join("log.parquet");
        write(&path, columns, 3);
        read(&[path]).unwrap()
    };
    let expected = shown(&with("ts", Arc::new(TimestampSecondArray::from_iter_values(seconds))));
    assert_eq!(expected.lines().count(), 2, "{expected}");

    let dictionary: DictionaryArray<Int32Type> = texts.iter().map(String::as_str).collect();
    let narrow: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
    let bytes: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    let text_ids: [ArrayRef; 6] = [
        Arc::new(StringArray::from_iter_values(&texts)),
        Arc::new(LargeStringArray::from_iter_values(&texts)),
        Arc::new(StringViewArray::from_iter_values(&texts)),
        Arc::new(dictionary),
        Arc::new(BinaryArray::from_vec(bytes.clone())),
        Arc::new(BinaryViewArray::from_iter_values(bytes)),
    ];
    for array in text_ids {
        let kind = array.data_type().clone();
        let history = with("customer_id", array.clone());
        assert_eq!(history.id_kind(), IdKind::Text, "{kind}");
        // As text, "12" comes before "7".
        let backwards: Vec<&str> = expected.lines().rev().collect();
        assert_eq!(shown(&history).lines().collect::<Vec<_>>(), backwards, "{kind}");
    }
    let orders: [ArrayRef; 4] = [
        Arc::new(StringArray::from_iter_values(["1", "1", "2", "1"])),
        Arc::new(UInt32Array::from_iter_values([1, 1, 2, 1])),
        Arc::new(UInt64Array::from_iter_values([1, 1, 2, 1])),
        Arc::new(Int32Array::from_iter_values([1, 1, 2, 1])),
    ];
    for array in orders {
        assert_eq!(shown(&with("order_id", array)), expected);
    }
    assert_eq!(shown(&with("customer_id", Arc::new(Int32Array::from(narrow)))), expected);
    let of_a_database =
        Decimal128Array::from_iter_values(ids.map(i128::from)).with_precision_and_scale(38, 0);
    let history = with("customer_id", Arc::new(of_a_database.unwrap()));
    assert_eq!((shown(&history), history.id_kind()), (expected.clone(), IdKind::Integer));
    // A column in which nothing has ever stood is one that is not there.
    for name in ["cancels_order_id", "product_id", "discount"] {
        let given = with(name, Arc::new(NullArray::new(4)));
        assert_eq!(shown(&given), expected, "{name}");
    }
    let uuids = ids.map(|id| [&[0xAB_u8; 15] as &[u8], &[id as u8]].concat());
    let uuids = FixedSizeBinaryArray::try_from_iter(uuids.iter()).unwrap();
    let ids_of = shown(&with("customer_id", Arc::new(uuids)));
    assert!(ids_of.starts_with("abababab-abab-abab-abab-ababababab07 "), "{ids_of}");

    let instants: [ArrayRef; 6] = [
        Arc::new(Date32Array::from_iter_values(days.map(|day| day as i32))),
        Arc::new(TimestampMillisecondArray::from_iter_values(seconds.map(|s| s * 1_000))),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(seconds.map(|s| s * 1_000_000)).with_timezone("UTC"),
        ),
        Arc::new(
            TimestampMicrosecondArray::from_iter_values(seconds.map(|s| s * 1_000_000))
                .with_timezone("+02:00"),
        ),
        Arc::new(TimestampNanosecondArray::from_iter_values(seconds.map(|s| s * 1_000_000_000 + 1))),
        Arc::new(StringArray::from_iter_values([
            "2022-01-08",
            "2022-01-08T00:00:00Z",
            "2022-01-18 00:00:00",
            "2022-01-13",
        ])),
    ];
    for array in instants {
        let kind = array.data_type().clone();
        assert_eq!(shown(&with("ts", array)), expected, "{kind}");
    }
    let amounts: [ArrayRef; 5] = [
        Arc::new(
            Decimal128Array::from_iter_values(cents.map(i128::from)).with_precision_and_scale(12, 2).unwrap(),
        ),
        Arc::new(Decimal64Array::from_iter_values(cents).with_precision_and_scale(12, 2).unwrap()),
        Arc::new(
            Decimal256Array::from_iter_values(cents.map(i256::from)).with_precision_and_scale(30, 2).unwrap(),
        ),
        Arc::new(Float32Array::from_iter_values(cents.map(|c| c as f32 / 100.0))),
        Arc::new(StringArray::from_iter_values(["12.50", "2.5", "-3", "99.00"])),
    ];
    for array in amounts {
        let kind = array.data_type().clone();
        assert_eq!(shown(&with("amount", array)), expected, "{kind}");
    }
}

/// Numbers of any type and size are compared as they are, in whichever batch they stand, and what is no number with nothing.
#[test]
fn conditions_compare_numbers_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let large: ArrayRef = Arc::new(Float64Array::from(vec![1e15, 0.25, 1e-9, f64::NAN]));
    let single: ArrayRef = Arc::new(Float32Array::from(vec![0.1, 2.0, f32::NAN, 7.5]));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("customer_id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("order_id", Arc::new(Int64Array::from(vec![1, 2, 3, 4]))),
        ("ts", Arc::new(Date32Array::from(vec![1, 2, 3, 4]))),
        ("amount", Arc::new(Float64Array::from(vec![1.0; 4]))),
        ("large", large),
        ("single", single),
    ];
    for rows_per_group in [1, 4] {
        write(&path, columns.clone(), rows_per_group);
        let customers = |condition: &str| {
            let input = Input {
                purchases: vec![Source::File(path.clone())],
                conditions: vec![condition.parse().unwrap()],
                ..Input::default()
            };
            let history = ingest::read(&input, &Unwatched).unwrap().history;
            let history = history.whole().unwrap();
            (0..history.len()).map(|c| history.customer_id(c).to_owned()).collect::<Vec<_>>().join(" ")
        };
        for (condition, expected) in [
            ("large >= 1000000000000000", "1"),
            ("large > 0", "1 2 3"),
            ("large != 0", "1 2 3"),
            ("large < 0.000001", "3"),
            ("single = 0.1", "1"),
            ("single not in (2)", "1 3 4"),
            ("single >= 2", "2 4"),
        ] {
            assert_eq!(customers(condition), expected, "{condition}, {rows_per_group} rows a group");
        }
    }
}

/// Timestamps of 96 bits, as Spark writes them, are instants, whatever clock the others are of: nanoseconds of the day, and the
/// day by Julius's count, of which 2,440,588 is 1970-01-01.
#[test]
fn timestamps_of_96_bits_are_instants() {
    const SCHEMA: &str = "message log { required int64 customer_id; required int64 order_id; required int96 ts; required double amount; }";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.parquet");
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let nanos = 45_296_000_000_000_u64;
    let at = Int96::from(vec![nanos as u32, (nanos >> 32) as u32, 2_440_588 + 19_000]);
    fn put<T: parquet::data_type::DataType>(group: &mut SerializedRowGroupWriter<'_, File>, value: T::T) {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(&[value], None, None).unwrap();
        column.close().unwrap();
    }
    put::<Int64Type>(&mut group, 7);
    put::<Int64Type>(&mut group, 1);
    put::<Int96Type>(&mut group, at);
    put::<DoubleType>(&mut group, 5.0);
    group.close().unwrap();
    writer.close().unwrap();
    for zone in [None, Some("America/New_York".parse().unwrap())] {
        let convention = Convention { time_zone: zone, ..Convention::default() };
        let input = Input { purchases: vec![Source::File(path.clone())], convention, ..Input::default() };
        let history = ingest::read(&input, &Unwatched).unwrap().history;
        let first = history.summary().span.unwrap().0;
        assert_eq!(first.to_string(), "2022-01-08T12:34:56Z");
    }
}
