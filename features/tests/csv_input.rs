//! CSV as others write it: separators, quotes, line ends, byte-order marks, packed.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use mainstay_features::history::Histories;
use mainstay_features::ingest::{self, IngestError, Input, Source};
use mainstay_features::watch::Unwatched;
use proptest::prelude::*;

const LOG: &str = "customer_id,order_id,ts,amount,note\n\
                   ann,1,2024-01-01,5.00,\"one, with a comma\"\n\
                   ann,2,2024-02-01T10:00:00Z,7.25,two\n\
                   bob,1,2024-01-15 09:30:00,-3,three\n";

fn read(file: Vec<u8>) -> Result<Histories, IngestError> {
    let source = Source::Bytes { name: "log".to_owned(), bytes: Bytes::from(file) };
    Ok(ingest::read(&Input { purchases: vec![source], ..Input::default() }, &Unwatched)?.history)
}

fn shown(history: &Histories) -> String {
    let history = history.whole().unwrap();
    (0..history.len()).map(|c| format!("{} {:?}\n", history.customer_id(c), history.customer(c))).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn one_log_in_many_forms_is_one_history() {
    let expected = shown(&read(LOG.into()).unwrap());
    assert_eq!(expected.lines().count(), 2, "{expected}");
    let separated = |by: &str| LOG.replace("one, with", "one with").replace(',', by).into_bytes();
    let halves = LOG.split_at(LOG.find("bob").unwrap());
    for (form, file) in [
        ("semicolons", separated(";")),
        ("tabs", separated("\t")),
        ("bars", separated("|")),
        ("a byte-order mark", format!("\u{feff}{LOG}").into_bytes()),
        ("a line that says the separator", format!("sep=,\r\n{LOG}").into_bytes()),
        ("the same after a mark", format!("\u{feff}sep=,\n{LOG}").into_bytes()),
        ("blanks around names", LOG.replace("order_id,ts", " order_id , ts").into_bytes()),
        ("carriage returns", LOG.replace('\n', "\r\n").into_bytes()),
        ("a line end in quotes", LOG.replace("one, with", "one,\nwith").into_bytes()),
        ("quotes everywhere", LOG.replace("ann", "\"ann\"").replace("5.00", "\"5.00\"").into_bytes()),
        ("a separator in a quoted name", LOG.replace(",note", ",\"a;b;c;d;e;f\"").into_bytes()),
        ("columns in another order", {
            let rows = [
                "note,amount,ts,customer_id,order_id",
                "x,5,2024-01-01,ann,1",
                "y,7.25,2024-02-01T10:00:00Z,ann,2",
                "z,-3,2024-01-15T09:30:00Z,bob,1",
            ];
            rows.join("\n").into_bytes()
        }),
        ("gzip", gzip(LOG.as_bytes())),
        ("gzip in two members", [gzip(halves.0.as_bytes()), gzip(halves.1.as_bytes())].concat()),
        ("Zstandard", zstd::encode_all(LOG.as_bytes(), 3).unwrap()),
    ] {
        assert_eq!(shown(&read(file).unwrap()), expected, "{form}");
    }
}

#[test]
fn a_packed_file_cut_short_is_an_error() {
    let long: String =
        (0..20_000).fold(LOG.to_owned(), |log, i| log + &format!("c{i},{i},2024-01-01,{i},\n"));
    for packed in [gzip(long.as_bytes()), zstd::encode_all(long.as_bytes(), 3).unwrap()] {
        assert_eq!(read(packed.clone()).unwrap().summary().customers, 20_002);
        for len in [packed.len() / 2, packed.len() - 1] {
            let error = read(packed[..len].to_vec()).unwrap_err();
            assert!(error.to_string().starts_with("log: cannot be read: "), "{error}");
        }
    }
}

#[test]
fn a_row_without_an_end_is_an_error_and_no_filled_memory() {
    let open_quote =
        format!("customer_id,order_id,ts,amount\na,1,2024-01-01,5\na,\"2,{}", "x,y\n".repeat(1 << 19));
    let error = read(gzip(open_quote.as_bytes())).unwrap_err().to_string();
    assert_eq!(error, "log: row 2 is longer than 1 MiB; is a quotation mark not closed?");
    let columns = (0..1_000_000).map(|i| format!("c{i}")).collect::<Vec<_>>().join(",");
    let error = read(gzip(columns.as_bytes())).unwrap_err().to_string();
    assert_eq!(error, "log: the header is longer than 1 MiB; is a quotation mark not closed?");
    let error = read(columns.into_bytes()[..1 << 19].to_vec()).unwrap_err().to_string();
    assert!(error.len() < 1_000 && error.contains("in all). Name the right one"), "{error}");
}

proptest! {
    /// Lines that repeat another, wherever they are and in whichever file, are as if they were not there.
    #[test]
    fn repeated_lines_that_are_left_out_change_nothing(
        lines in prop::collection::btree_set((0..4_u8, 0..5_u8, 1..28_u8, -3..9_i8, 0..3_u8), 1..40),
        repeats in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..30),
    ) {
        let text = |(customer, order, day, amount, product): &(u8, u8, u8, i8, u8)| {
            format!("c{customer},{order},2024-01-{day:02},{amount}.5,p{product}\n")
        };
        let once: Vec<String> = lines.iter().map(text).collect();
        let mut all = once.clone();
        for (of, place) in repeats {
            all.insert(place.index(all.len() + 1), once[of.index(once.len())].clone());
        }
        let (first, second) = all.split_at(all.len() / 2);
        let history = |files: &[&[String]], drop_duplicates| {
            let source = |lines: &&[String]| Source::Bytes {
                name: "log.csv".to_owned(),
                bytes: format!("customer_id,order_id,ts,amount,product_id\n{}", lines.concat()).into(),
            };
            let purchases = files.iter().map(source).collect();
            let ingested = ingest::read(&Input { purchases, drop_duplicates, ..Input::default() }, &Unwatched).unwrap();
            (shown(&ingested.history), ingested.counts.purchase_lines, ingested.counts.repeated)
        };
        let (expected, count, _) = history(&[&once], false);
        let repeated = (all.len() - once.len()) as u64;
        prop_assert_eq!(history(&[first, second], true), (expected, count, repeated));
    }
}
