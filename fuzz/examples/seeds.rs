//! Writes the seed corpus: for each target a few small files of every form its reader knows.
//!
//! `cargo run --example seeds` in this folder; the same bytes every time.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use mainstay_features::history::{Kept, write_segment};
use mainstay_features::ingest::{Input, Source, collect};
use mainstay_features::watch::Unwatched;
use mainstay_fuzz::segment_file::first_part;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, Encoding};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const PURCHASES: &str = "customer_id,order_id,ts,amount,cancels_order_id,product_id,discount,currency\n\
                         ann,1,2024-01-01,5.00,,p1,0.5,EUR\n\
                         ann,1,2024-01-02T10:00:00Z,2.25,,p2,,EUR\n\
                         ann,2,2024-02-01 09:30:00,-5,1,,,USD\n\
                         bob,7,2024-03-31T01:30:00,1e3,,p1,,EUR\n\
                         ,8,2024-04-01,3,,,,EUR\n";
const COMPLAINTS: &str = "customer_id,ts,category,severity,resolved_at,status\n\
                          ann,2024-01-05,late,high,2024-01-07,closed\n\
                          bob,2024-01-06,broken,2.5,,open\n";
const CONTACTS: &str = "customer_id,ts,channel,offer\nann,2024-01-08,mail,voucher\nbob,2024-01-09,call,\n";

// The options in an input's first byte: see src/options.rs.
const AS_PURCHASES: u8 = 0;
const AS_COMPLAINTS: u8 = 0b11;
const AS_CONTACTS: u8 = 0b101;
const AS_ALL: u8 = 0b110;
const BAD_ROWS: u8 = 1 << 3;
const CLOCK: u8 = 1 << 4;
const NUMBERS: u8 = 1 << 5;
const CONDITION: u8 = 1 << 6;
const FROM_FILE: u8 = 1 << 7;

fn main() -> Outcome<()> {
    csv()?;
    parquet()?;
    segments()?;
    conditions()
}

fn save(target: &str, name: &str, options: Option<u8>, content: &[u8]) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    let first: Vec<u8> = options.into_iter().collect();
    Ok(fs::write(folder.join(name), [&first, content].concat())?)
}

fn csv() -> Outcome<()> {
    let save = |name: &str, options: u8, content: &[u8]| save("csv", name, Some(options), content);
    save("purchases", AS_PURCHASES, PURCHASES.as_bytes())?;
    save("purchases-on-a-clock", CLOCK | CONDITION, PURCHASES.as_bytes())?;
    save("complaints", AS_COMPLAINTS, COMPLAINTS.as_bytes())?;
    save("contacts", AS_CONTACTS, CONTACTS.as_bytes())?;
    save("all", AS_ALL | BAD_ROWS, PURCHASES.as_bytes())?;
    save(
        "bad-rows",
        BAD_ROWS,
        b"customer_id,order_id,ts,amount\na,1,never,5\na,2\nb,3,2024-01-01,x\nc,,,\n",
    )?;
    save("numbers", NUMBERS, b"customer_id,order_id,ts,amount\n7,1,1704067200,5\n7,2,-1,5\n")?;
    save(
        "quotes",
        AS_PURCHASES,
        b"\"customer_id\";order_id;ts;amount\r\n\"a\nb\";\"1\"\"\";2024-01-01;5\r\n",
    )?;
    save("tabs", AS_PURCHASES, PURCHASES.replace(',', "\t").as_bytes())?;
    save("byte-order-mark", AS_PURCHASES, format!("\u{feff}{PURCHASES}").as_bytes())?;
    save("zstd", AS_PURCHASES, &zstd::encode_all(PURCHASES.as_bytes(), 3)?)?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(PURCHASES.as_bytes())?;
    save("gzip", AS_PURCHASES, &packed.finish()?)
}

/// Twelve lines of three customers: identifiers as text, instants and amounts as given.
fn lines(customers: ArrayRef, instants: ArrayRef, amounts: ArrayRef) -> Outcome<RecordBatch> {
    let orders: ArrayRef = Arc::new(Int64Array::from_iter_values((0..12).map(|line| line / 2)));
    let products: ArrayRef =
        Arc::new(StringArray::from_iter((0..12).map(|line| (line % 3 > 0).then(|| format!("p{line}")))));
    let columns = [
        ("customer_id", customers),
        ("order_id", orders),
        ("ts", instants),
        ("amount", amounts),
        ("product_id", products),
    ];
    Ok(RecordBatch::try_from_iter(columns)?)
}

fn parquet() -> Outcome<()> {
    let texts: ArrayRef =
        Arc::new(StringArray::from_iter_values((0..12).map(|line| format!("c{}", line % 3))));
    let numbers: ArrayRef =
        Arc::new(Int64Array::from_iter((0..12).map(|line| (line < 11).then_some(line % 3))));
    let days: ArrayRef = Arc::new(Date32Array::from_iter_values((0..12).map(|line| 19_000 + line)));
    let micros: ArrayRef =
        Arc::new(TimestampMicrosecondArray::from_iter_values((0..12).map(|line| line * 86_400_000_000)));
    let nanos: ArrayRef = Arc::new(
        TimestampNanosecondArray::from_iter_values((0..12).map(|line| line * 1_000_000_007))
            .with_timezone("UTC"),
    );
    let floats: ArrayRef =
        Arc::new(Float64Array::from_iter_values((0..12).map(|line| f64::from(line) - 2.5)));
    let cents: ArrayRef = Arc::new(Decimal128Array::from_iter_values(0..12).with_precision_and_scale(12, 2)?);
    let plain = || WriterProperties::builder().set_dictionary_enabled(false);
    let log = lines(texts.clone(), micros.clone(), floats.clone())?;
    let groups = || WriterProperties::builder().set_max_row_group_row_count(Some(5));
    let save = |name: &str, options: u8, batch: &RecordBatch, properties: WriterPropertiesBuilder| {
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
        writer.write(batch)?;
        save("parquet", name, Some(options), &writer.into_inner()?)
    };
    for (name, codec) in [
        ("uncompressed", Codec::UNCOMPRESSED),
        ("snappy", Codec::SNAPPY),
        ("gzip", Codec::GZIP(Default::default())),
        ("lz4", Codec::LZ4_RAW),
        ("lz4-of-old", Codec::LZ4),
        ("zstd", Codec::ZSTD(Default::default())),
    ] {
        save(name, AS_PURCHASES, &log, WriterProperties::builder().set_compression(codec))?;
    }
    save("from-a-file", FROM_FILE | CONDITION, &log, groups())?;
    save("all-tables", AS_ALL | BAD_ROWS, &log, groups())?;
    save("numbers", BAD_ROWS, &lines(numbers.clone(), days.clone(), cents.clone())?, groups())?;
    save("plain", CLOCK, &lines(texts.clone(), nanos, cents)?, plain())?;
    let pages = plain().set_writer_version(WriterVersion::PARQUET_2_0).set_compression(Codec::SNAPPY);
    let delta = pages
        .set_column_encoding("customer_id".into(), Encoding::DELTA_BYTE_ARRAY)
        .set_column_encoding("product_id".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .set_column_encoding("order_id".into(), Encoding::DELTA_BINARY_PACKED)
        .set_column_encoding("amount".into(), Encoding::BYTE_STREAM_SPLIT);
    save("delta", AS_PURCHASES, &lines(texts, days, floats)?, delta)?;
    let seconds: ArrayRef = Arc::new(Int64Array::from_iter_values((0..12).map(|line| line * 86_400)));
    save("seconds", NUMBERS, &lines(numbers.clone(), seconds, numbers)?, WriterProperties::builder())
}

fn segments() -> Outcome<()> {
    let of = |text: &str| {
        vec![Source::Bytes { name: "seed".to_owned(), bytes: Bytes::copy_from_slice(text.as_bytes()) }]
    };
    let whole = Input {
        purchases: of(PURCHASES),
        complaints: of(COMPLAINTS),
        contacts: of(CONTACTS),
        ..Input::default()
    };
    let purchases =
        Input { purchases: of("customer_id,order_id,ts,amount\n7,1,2024-01-01,5\n"), ..Input::default() };
    for (name, input) in [("every-table", whole), ("purchases", purchases)] {
        let mut segment = Vec::new();
        write_segment(&[], Kept::default(), collect(&input, &Unwatched)?.builders, &mut segment)?;
        save("segment", name, Some(0), &segment)?;
        save("segment", &format!("{name}-twice"), Some(0b10), &segment)?;
        save("segment", &format!("{name}-part"), Some(0b01), &first_part(&segment))?;
        save("segment", &format!("{name}-part-twice"), Some(0b11), &first_part(&segment))?;
        save("segment", &format!("{name}-part-of-version-1"), Some(0b101), &first_part(&segment))?;
    }
    Ok(())
}

fn conditions() -> Outcome<()> {
    for (name, text) in [
        ("not-in", "order_status not in (canceled, 'un available')\ncanceled"),
        ("in", "\"Country Code\" IN (GB)\nGB"),
        ("compare", "quantity >= 9\n10"),
        ("unequal", "a!=b\nc"),
        ("date", "2024-03-01"),
        ("timestamp", "2024-03-01T18:00:00.123456+02:00"),
        ("naive", "2024-03-01 18:00:00"),
        ("zoned", "2024-03-01T10:00:00[Asia/Tokyo]"),
        ("amount", "-12.50e3"),
        ("days", "90d"),
        ("zone", "Europe/London"),
        ("severity", "Critical"),
        ("share", "1%"),
    ] {
        save("condition", name, None, text.as_bytes())?;
    }
    Ok(())
}
