//! Compared histories. Checksums are made right first, so that hostile content comes past them: of any bytes as a segment,
//! or (bit 0 of the first byte) of any bytes as what is packed in one of version 2 (or, bit 2, 1). With bit 1 the history
//! is of the segment twice, with bit 3 it is folded part by part, with bit 4 what it holds is sent again.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use mainstay_features::history::{Histories, Segment};
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::rows::sent_again;
use mainstay_fuzz::segment_file::{around, sealed};
use mainstay_fuzz::walk::walk;

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let has = |bit: u8| first >> bit & 1 == 1;
    let version = if has(2) { 1 } else { 2 };
    let bytes = if has(0) { around(bytes, version) } else { sealed(bytes.to_vec()) };
    let open = || {
        let mut file = tempfile::tempfile().ok()?;
        file.write_all(&bytes).ok()?;
        Segment::open(file).ok()
    };
    let segments = || std::iter::from_fn(open).take(1 + usize::from(has(1))).collect();
    within_limits(|| {
        let Ok(history) = Histories::of_segments(segments(), has(3).then_some(0), None) else { return };
        walk(&history);
        if has(4)
            && let Ok(segment) = sent_again(&segments(), &history)
        {
            let history = Histories::of_segments(vec![segment], None, None);
            walk(&history.expect("what was written is read again"));
        }
    });
});
