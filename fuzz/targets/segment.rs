//! Kept histories. Checksums are made right first, so that hostile content comes past them: of any bytes as a segment,
//! or (bit 0) of any bytes as what is packed in one of version 2 (or, bit 2, 1). With bit 1 the history is of the
//! segment twice.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use mainstay_features::history::{History, Segment};
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::options::Options;
use mainstay_fuzz::segment_file::{around, sealed};
use mainstay_fuzz::walk::walk;

fuzz_target!(|data: &[u8]| {
    let Some((options, bytes)) = Options::of(data) else { return };
    let version = if options.bit(2) { 1 } else { 2 };
    let bytes = if options.bit(0) { around(bytes, version) } else { sealed(bytes.to_vec()) };
    let open = || {
        let mut file = tempfile::tempfile().ok()?;
        file.write_all(&bytes).ok()?;
        Segment::open(file).ok()
    };
    within_limits(|| {
        let count = 1 + usize::from(options.bit(1));
        let segments: Vec<Segment> = std::iter::from_fn(open).take(count).collect();
        if let Ok(history) = History::of_segments(&segments) {
            walk(&history);
        }
    });
});
