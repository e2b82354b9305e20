//! The bundled sample: the CDNOW purchase log (notebooks-data/cdnow/README.md has its source and licence).

use bytes::Bytes;
use mainstay_features::ingest::{Input, Source};

const CDNOW: &[u8] = include_bytes!("../notebooks-data/cdnow/purchases.parquet");

/// The whole CDNOW log, 69,659 lines of 23,570 customers, as an input.
pub fn cdnow() -> Input {
    let source = Source::Bytes {
        name: "notebooks-data/cdnow/purchases.parquet".to_owned(),
        bytes: Bytes::from_static(CDNOW),
    };
    Input { purchases: vec![source], ..Input::default() }
}
