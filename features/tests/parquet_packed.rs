//! Parquet as it can be packed: codecs, encodings, pages of both versions; and sizes that are forged.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use arrow_array::{ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use bytes::Bytes;
use mainstay_features::history::Histories;
use mainstay_features::ingest::{self, IngestError, Input, Source};
use mainstay_features::watch::Unwatched;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};

/// A log of so many lines.
fn written(rows: i64, customer: impl Fn(i64) -> i64, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let customers = (0..rows).map(|row| format!("c{}", customer(row)));
    let columns: [(&str, ArrayRef); 4] = [
        ("customer_id", Arc::new(StringArray::from_iter_values(customers))),
        ("order_id", Arc::new(Int64Array::from_iter_values((0..rows).map(&customer)))),
        ("ts", Arc::new(Date32Array::from_iter_values((0..rows).map(|row| customer(row) as i32)))),
        ("amount", Arc::new(Float64Array::from_iter_values((0..rows).map(|row| customer(row) as f64)))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn read(file: Vec<u8>) -> Result<Histories, IngestError> {
    let source = Source::Bytes { name: "log".to_owned(), bytes: Bytes::from(file) };
    Ok(ingest::read(&Input { purchases: vec![source], ..Input::default() }, &Unwatched)?.history)
}

fn error(file: Vec<u8>) -> String {
    read(file).unwrap_err().to_string()
}

fn shown(history: &Histories) -> String {
    let history = history.whole().unwrap();
    (0..history.len()).map(|c| format!("{} {:?}\n", history.customer_id(c), history.customer(c))).collect()
}

#[test]
fn one_log_in_every_codec_and_encoding_is_one_history() {
    let log =
        |properties| read(written(1_000, |row| row * 7 % 31, properties)).map(|history| shown(&history));
    let expected = log(WriterProperties::builder()).unwrap();
    assert_eq!(expected.lines().count(), 31);
    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
    ] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let packed = || {
                WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_data_page_row_count_limit(300)
            };
            let plain = || packed().set_dictionary_enabled(false);
            let encoded = |encodings: [Encoding; 4]| {
                let columns = ["customer_id", "order_id", "ts", "amount"];
                columns.into_iter().zip(encodings).fold(plain(), |properties, (column, encoding)| {
                    properties.set_column_encoding(column.into(), encoding)
                })
            };
            let (delta, split) = (Encoding::DELTA_BINARY_PACKED, Encoding::BYTE_STREAM_SPLIT);
            for (name, properties) in [
                ("dictionary", packed()),
                ("plain", encoded([Encoding::PLAIN; 4])),
                ("delta", encoded([Encoding::DELTA_BYTE_ARRAY, delta, delta, split])),
                ("lengths", encoded([Encoding::DELTA_LENGTH_BYTE_ARRAY, split, split, Encoding::PLAIN])),
            ] {
                assert_eq!(log(properties).unwrap(), expected, "{codec} {version:?} {name}");
            }
        }
    }
}

fn with_threads<T: Send>(threads: usize, run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(run)
}

/// What of it a thread does not read it skips: whole pages by their headers, and the beginning of one.
#[test]
fn a_row_group_that_several_threads_share_is_the_same_log() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for dictionary in [true, false] {
            let packed = WriterProperties::builder()
                .set_compression(Compression::ZSTD(Default::default()))
                .set_writer_version(version)
                .set_dictionary_enabled(dictionary)
                .set_data_page_row_count_limit(7_000);
            let file = written(300_000, |row| row * 7 % 31_013, packed);
            let log = |threads| with_threads(threads, || shown(&read(file.clone()).unwrap()));
            assert!(log(3) == log(1), "{version:?} dictionary {dictionary}");
        }
    }
}

/// A log in which discounts are text, packed so; `is_given` says which lines have one.
fn discounts(
    rows: i64,
    is_given: impl Fn(i64) -> bool,
    encoding: Encoding,
    properties: WriterPropertiesBuilder,
) -> Vec<u8> {
    let texts = (0..rows).map(|row| is_given(row).then(|| format!("{}.25", row * row % 1_013)));
    let columns: [(&str, ArrayRef); 5] = [
        ("discount", Arc::new(texts.collect::<StringArray>())),
        ("customer_id", Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row % 7)))),
        ("order_id", Arc::new(Int64Array::from_iter_values(0..rows))),
        ("ts", Arc::new(Date32Array::from_iter_values((0..rows).map(|row| row as i32)))),
        ("amount", Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64)))),
    ];
    let packed = properties.set_dictionary_enabled(false).set_column_encoding("discount".into(), encoding);
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.map(|(name, column)| (name, column, true))).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(packed.build())).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

const OF_DIFFERENCES: [Encoding; 2] = [Encoding::DELTA_BYTE_ARRAY, Encoding::DELTA_LENGTH_BYTE_ARRAY];

#[test]
fn text_packed_by_differences_is_the_same_text_with_gaps_too() {
    type IsGiven = fn(i64) -> bool;
    let given: [IsGiven; 4] = [|_| true, |row| row % 3 > 0, |row| row == 0, |_| false];
    for (rows, is_given) in
        [1, 2, 33, 129, 1_000].into_iter().flat_map(|rows| given.map(|given| (rows, given)))
    {
        let log = |encoding, properties| {
            read(discounts(rows, is_given, encoding, properties)).map(|history| shown(&history)).unwrap()
        };
        let expected = log(Encoding::PLAIN, WriterProperties::builder());
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for encoding in OF_DIFFERENCES {
                let packed = WriterProperties::builder()
                    .set_writer_version(version)
                    .set_compression(Compression::SNAPPY)
                    .set_data_page_row_count_limit(300);
                assert_eq!(log(encoding, packed), expected, "{rows} rows, {version:?}, {encoding}");
            }
        }
    }
}

/// What a column is packed with follows its path, in the metadata.
#[test]
fn a_codec_that_is_not_read_is_named_with_what_to_do() {
    let uncompressed = || WriterProperties::builder().set_compression(Compression::UNCOMPRESSED);
    for (number, name) in [(3, "LZO"), (4, "Brotli")] {
        let mut file = written(10, |row| row, uncompressed());
        let path = b"amount\x15\0";
        let at = file.windows(path.len()).position(|bytes| bytes == path).unwrap();
        file[at + path.len() - 1] = 2 * number;
        let way_out = "write the file again with zstd, snappy, gzip, lz4 or nothing";
        assert_eq!(
            error(file),
            format!("log: column \"amount\" is packed with {name}, which is not read; {way_out}")
        );
    }
}

/// A number of Thrift's compact protocol made as large as its bytes can say; returns where the next begins.
fn forge(file: &mut [u8], at: usize) -> usize {
    let last = at + file[at..].iter().position(|byte| byte & 0x80 == 0).unwrap();
    file[at..last].fill(0xff);
    file[last] = 0x7f;
    // The lowest bit is the sign.
    file[at] &= 0xfe;
    last + 1
}

const NOT_THE_VALUES: &str = "a page has not the values it says: is the file damaged?";

/// The Parquet reader would make room for 34 thousand million values before it looked for the first.
#[test]
fn counts_of_differences_that_are_forged_are_errors_and_not_allocations() {
    for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
        for (encoding, list) in
            OF_DIFFERENCES.into_iter().zip([0..2, 0..1]).flat_map(|(e, lists)| lists.map(move |l| (e, l)))
        {
            let plain = WriterProperties::builder()
                .set_writer_version(version)
                .set_compression(Compression::UNCOMPRESSED);
            let mut file = discounts(1_000, |row| row % 3 > 0, encoding, plain);
            // Blocks of 128 values in four parts; how many values there are; the first one.
            let begin = [0x80, 1, 4];
            let count = begin.len()
                + file.windows(3).enumerate().filter(|(_, bytes)| *bytes == begin).nth(list).unwrap().0;
            file[count..count + 5].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f]);
            let expected = format!("column \"discount\": {NOT_THE_VALUES}");
            let found = error(file);
            assert!(found.contains(&expected), "{version:?}, {encoding}, list {list}: {found}");
        }
    }
}

#[test]
fn sizes_that_are_forged_are_errors_and_not_allocations() {
    let one_page = |dictionary: bool| {
        WriterProperties::builder()
            .set_dictionary_enabled(dictionary)
            .set_compression(Compression::ZSTD(Default::default()))
            .set_data_page_row_count_limit(usize::MAX)
            .set_data_page_size_limit(usize::MAX)
            .set_write_batch_size(usize::MAX)
    };
    let size = "a page is not of the size it says";

    // The first page begins after PAR1: its type, its bytes unpacked and packed.
    let mut large_page = written(300_000, |row| row % 2, one_page(false));
    assert_eq!(large_page[4..7], [0x15, 0, 0x15]);
    forge(&mut large_page, 7);
    assert!(with_threads(3, || error(large_page.clone())).contains(size));
    assert!(error(large_page).contains(size));

    let mut dictionary = written(1_000, |row| row % 300, one_page(true));
    assert_eq!(dictionary[4..7], [0x15, 4, 0x15]);
    let values = (7..40).find(|&at| dictionary[at..at + 2] == [0x4c, 0x15]).unwrap() + 2;
    forge(&mut dictionary, values);
    assert!(error(dictionary).contains(NOT_THE_VALUES));

    let many = written(1_100_000, |_| 1, one_page(true));
    let says = format!("log: is damaged: it says that it has 1100000 rows in {} bytes", many.len());
    assert_eq!(error(many), says);
}
