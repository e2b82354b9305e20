//! Segments that were damaged or forged are refused.

use std::io::Write;

use mainstay_features::history::{Compared, History, HistoryError, Segment, write_segment};
use xxhash_rust::xxh3::xxh3_64;

use crate::rows::{Row, builder};

/// The bytes of a segment with seven customers.
fn segment_bytes() -> Vec<u8> {
    let rows: Vec<Row> = (0..40)
        .map(|i| Row::Line { customer: i % 7, order: i as u8, hour: i as u16 * 9, cents: 100 })
        .collect();
    let mut bytes = Vec::new();
    write_segment(&[], Compared::default(), vec![builder(&rows)], &mut bytes).unwrap();
    bytes
}

/// How many customers a segment of these bytes has.
fn customers_in(bytes: &[u8]) -> Result<usize, HistoryError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Ok(History::of_segments(&[Segment::open(file)?])?.len())
}

/// Bytes that are not what was written are refused, whichever they are, and never a panic.
#[test]
fn a_damaged_segment_is_refused() {
    let bytes = segment_bytes();
    assert_eq!(customers_in(&bytes).unwrap(), 7);
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1 << (place % 8);
        assert!(customers_in(&damaged).is_err(), "byte {place} of {}", bytes.len());
    }
    for len in 0..bytes.len() {
        assert!(customers_in(&bytes[..len]).is_err(), "{len} bytes of {}", bytes.len());
    }
}

/// A checksum that holds does not make a part what it cannot be.
#[test]
fn a_forged_segment_is_refused() {
    let bytes = segment_bytes();
    let footer = bytes.len() - 32;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    let directory = word(footer) as usize;
    let first = footer - 256 * 32;
    for (place, forged, message) in [
        // Its offset and its bytes unpacked.
        (0, word(first) - 1, "out of place"),
        (0, word(first) + 1, "out of place"),
        (2, u64::MAX, "forged to fill the memory"),
        (2, 1 << 40, "forged to fill the memory"),
    ] {
        let mut forgery = bytes.clone();
        forgery[first + 8 * place..][..8].copy_from_slice(&forged.to_le_bytes());
        let checksum = xxh3_64(&forgery[directory..footer]);
        forgery[footer + 16..][..8].copy_from_slice(&checksum.to_le_bytes());
        let error = customers_in(&forgery).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
