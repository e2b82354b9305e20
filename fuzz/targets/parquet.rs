//! The Parquet reader: any bytes that begin as a Parquet file, from memory or (bit 7) from a file.

#![no_main]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use mainstay_features::ingest::Source;
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::options::Options;
use mainstay_fuzz::walk;

fuzz_target!(|data: &[u8]| {
    let Some((options, file)) = Options::of(data).filter(|(_, file)| file.starts_with(b"PAR1")) else {
        return;
    };
    let mut input = options.input(file);
    let held = options.bit(7).then(|| tempfile::tempfile().ok()).flatten();
    if let Some(path) = held.as_ref().and_then(|held| written(held, file)) {
        for sources in [&mut input.purchases, &mut input.complaints, &mut input.contacts] {
            sources.iter_mut().for_each(|source| *source = Source::File(path.clone()));
        }
    }
    within_limits(|| walk::read(&input));
});

/// Writes the bytes; the file has no name but this path while it is open.
fn written(mut held: &File, bytes: &[u8]) -> Option<PathBuf> {
    held.write_all(bytes).ok()?;
    Some(format!("/proc/self/fd/{}", held.as_raw_fd()).into())
}
