//! Writes the seed corpus: for each target a few small files of every form its reader knows.
//!
//! `cargo run --example seeds` in this folder; the same bytes every time.

mod models;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, TimestampNanosecondArray,
};
use flate2::{Compression, write::GzEncoder};
use mainstay_features::history::{Compared, write_segment};
use mainstay_features::ingest::{Input, collect};
use mainstay_features::watch::Unwatched;
use mainstay_fuzz::options::{
    BAD_ROWS, CLOCK, COMPLAINTS, CONDITION, CONTACTS, CONTRACTS, CUSTOMERS, DROP_DUPLICATES, FROM_FILE, KEEP,
    NUMBERS, PURCHASES, SPILL, source,
};
use mainstay_fuzz::segment_file::first_part;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, Encoding};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const LINES: &str = "customer_id,order_id,ts,amount,cancels_order_id,product_id,discount,currency\n\
                         ann,1,2024-01-01,5.00,,p1,0.5,EUR\n\
                         ann,1,2024-01-02T10:00:00Z,2.25,,p2,,EUR\n\
                         ann,2,2024-02-01 09:30:00,-5,1,,,USD\n\
                         bob,7,2024-03-31T01:30:00,1e3,,p1,,EUR\n\
                         ,8,2024-04-01,3,,,,EUR\n";
const COMPLAINTS_FILE: &str = "customer_id,ts,category,severity,resolved_at,status\n\
                          ann,2024-01-05,late,high,2024-01-07,closed\n\
                          bob,2024-01-06,broken,2.5,,open\n";
const CONTACTS_FILE: &str =
    "customer_id,ts,channel,offer\nann,2024-01-08,mail,voucher\nbob,2024-01-09,call,\n";

const CUSTOMERS_FILE: &str = "customer_id,valid_from,name,phone,tier,size\n\
                              ann,2024-01-01,Ann,1,gold,1\n\
                              ann,2024-02-01,Ann,,silver,2.5\n\
                              bob,,Bob,2,,-3e2\n";
const CONTRACTS_FILE: &str =
    "customer_id,start,end\nann,2023-01-01,2024-02-15\nann,2024-02-15,\nbob,2023-06-01,2024-04-01\n";
/// Rows that every table can be made of.
const EVERYTHING: &str = "customer_id,order_id,ts,amount,start,end,valid_from,tier\n\
                          7,1,2024-01-01,5,2024-01-01,,2024-01-01,gold\n\
                          7,1,2024-01-01,5,2024-01-01,,2024-01-01,gold\n\
                          9,2,2024-03-01,7,2023-01-01,2024-02-01,,3\n\
                          12,2,2024-03-02,-7,2023-01-01,2024-02-01,2024-02-02,\n";

/// Every table at once.
const ALL: u16 = PURCHASES | COMPLAINTS | CONTACTS | CUSTOMERS | CONTRACTS;
/// Every way to hold rows.
const HELD: u16 = SPILL | KEEP;

fn main() -> Outcome<()> {
    csv()?;
    parquet()?;
    segments()?;
    conditions()?;
    models::models()
}

fn save(target: &str, name: &str, options: &[u8], content: &[u8]) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join(name), [options, content].concat())?)
}

fn csv() -> Outcome<()> {
    let save = |name: &str, options: u16, content: &[u8]| save("csv", name, &options.to_le_bytes(), content);
    save("purchases", PURCHASES, LINES.as_bytes())?;
    save("purchases-on-a-clock", PURCHASES | CLOCK | CONDITION, LINES.as_bytes())?;
    save("complaints", COMPLAINTS, COMPLAINTS_FILE.as_bytes())?;
    save("contacts", CONTACTS, CONTACTS_FILE.as_bytes())?;
    save("customers", CUSTOMERS | HELD, CUSTOMERS_FILE.as_bytes())?;
    save("contracts", CONTRACTS | HELD, CONTRACTS_FILE.as_bytes())?;
    save("all", ALL | BAD_ROWS, EVERYTHING.as_bytes())?;
    save("all-held", ALL | HELD, EVERYTHING.as_bytes())?;
    save("no-duplicates", ALL | DROP_DUPLICATES | SPILL, EVERYTHING.as_bytes())?;
    save("purchases-held", PURCHASES | HELD, LINES.as_bytes())?;
    save(
        "bad-rows",
        PURCHASES | BAD_ROWS,
        b"customer_id,order_id,ts,amount\na,1,never,5\na,2\nb,3,2024-01-01,x\nc,,,\n",
    )?;
    save("numbers", PURCHASES | NUMBERS, b"customer_id,order_id,ts,amount\n7,1,1704067200,5\n7,2,-1,5\n")?;
    save("quotes", PURCHASES, b"\"customer_id\";order_id;ts;amount\r\n\"a\nb\";\"1\"\"\";2024-01-01;5\r\n")?;
    save("tabs", PURCHASES, LINES.replace(',', "\t").as_bytes())?;
    save("byte-order-mark", PURCHASES, format!("\u{feff}{LINES}").as_bytes())?;
    save("zstd", PURCHASES, &zstd::encode_all(LINES.as_bytes(), 3)?)?;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(LINES.as_bytes())?;
    save("gzip", PURCHASES, &packed.finish()?)
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

/// The same with what contracts and customers files have.
fn with_more(lines: &RecordBatch, instants: &ArrayRef, texts: &ArrayRef) -> Outcome<RecordBatch> {
    let schema = lines.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let more = [("start", instants), ("end", instants), ("valid_from", instants), ("tier", texts)];
    let columns = names.zip(lines.columns()).chain(more);
    Ok(RecordBatch::try_from_iter(columns.map(|(name, column)| (name, column.clone())))?)
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
    let save = |name: &str, options: u16, batch: &RecordBatch, properties: WriterPropertiesBuilder| {
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties.build()))?;
        writer.write(batch)?;
        if options & DROP_DUPLICATES != 0 {
            writer.write(batch)?;
        }
        save("parquet", name, &options.to_le_bytes(), &writer.into_inner()?)
    };
    for (name, codec) in [
        ("uncompressed", Codec::UNCOMPRESSED),
        ("snappy", Codec::SNAPPY),
        ("gzip", Codec::GZIP(Default::default())),
        ("lz4", Codec::LZ4_RAW),
        ("lz4-of-old", Codec::LZ4),
        ("zstd", Codec::ZSTD(Default::default())),
    ] {
        save(name, PURCHASES, &log, WriterProperties::builder().set_compression(codec))?;
    }
    save("from-a-file", PURCHASES | FROM_FILE | CONDITION, &log, groups())?;
    save("held", PURCHASES | HELD, &log, groups())?;
    let everything = with_more(&log, &micros, &texts)?;
    save("all-tables", ALL | BAD_ROWS, &everything, groups())?;
    save("all-held", ALL | HELD, &everything, groups())?;
    save("no-duplicates", ALL | DROP_DUPLICATES | FROM_FILE | SPILL, &everything, groups())?;
    save("numbers", PURCHASES | BAD_ROWS, &lines(numbers.clone(), days.clone(), cents.clone())?, groups())?;
    save("plain", PURCHASES | CLOCK, &lines(texts.clone(), nanos, cents)?, plain())?;
    let delta = |codec| {
        plain()
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_compression(codec)
            .set_column_encoding("customer_id".into(), Encoding::DELTA_BYTE_ARRAY)
            .set_column_encoding("product_id".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
            .set_column_encoding("order_id".into(), Encoding::DELTA_BINARY_PACKED)
            .set_column_encoding("amount".into(), Encoding::BYTE_STREAM_SPLIT)
    };
    save("delta", PURCHASES, &lines(texts.clone(), days.clone(), floats.clone())?, delta(Codec::SNAPPY))?;
    save("delta-uncompressed", PURCHASES, &lines(texts, days, floats)?, delta(Codec::UNCOMPRESSED))?;
    forged("delta-uncompressed", "delta-forged")?;
    let seconds: ArrayRef = Arc::new(Int64Array::from_iter_values((0..12).map(|line| line * 86_400)));
    save(
        "seconds",
        PURCHASES | NUMBERS,
        &lines(numbers.clone(), seconds, numbers)?,
        WriterProperties::builder(),
    )
}

/// A seed again, every list of differences with as many values as five bytes can say.
fn forged(seed: &str, name: &str) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/parquet");
    let mut bytes = fs::read(folder.join(seed))?;
    // Blocks of 128 in four parts; how many; the first.
    let begin = [0x80, 1, 4];
    let places: Vec<usize> = (0..bytes.len() - 8).filter(|&at| bytes[at..at + 3] == begin).collect();
    for place in places {
        bytes[place + 3..place + 8].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0x7f]);
    }
    Ok(fs::write(folder.join(name), bytes)?)
}

fn segments() -> Outcome<()> {
    let of = |text: &str| vec![source(text.as_bytes())];
    let whole = Input {
        purchases: of(LINES),
        complaints: of(COMPLAINTS_FILE),
        contacts: of(CONTACTS_FILE),
        customers: of(CUSTOMERS_FILE),
        contracts: of(CONTRACTS_FILE),
        ..Input::default()
    };
    let purchases =
        Input { purchases: of("customer_id,order_id,ts,amount\n7,1,2024-01-01,5\n"), ..Input::default() };
    // The bits of the first byte: see targets/segment.rs. Parts of version 1, which no program writes any more, are in the
    // corpus from before.
    for (name, input) in [("every-table", whole), ("purchases", purchases)] {
        let mut segment = Vec::new();
        write_segment(&[], Compared::default(), collect(&input, &Unwatched)?.builders, &mut segment)?;
        let part = first_part(&segment);
        for (form, options, content) in [
            ("", 0, &segment),
            ("-twice", 0b10, &segment),
            ("-by-part", 0b1000, &segment),
            ("-sent-again", 0b1_1000, &segment),
            ("-part", 0b01, &part),
            ("-part-twice", 0b11, &part),
        ] {
            save("segment", &format!("{name}{form}"), &[options], content)?;
        }
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
        save("condition", name, &[], text.as_bytes())?;
    }
    Ok(())
}
