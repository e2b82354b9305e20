//! The Parquet reader: any bytes that begin as a Parquet file, from memory or from a file.

#![no_main]

use std::fs::File;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use mainstay_features::ingest::Source;
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::options::{FROM_FILE, Options, source};
use mainstay_fuzz::rows::read;

fuzz_target!(|data: &[u8]| {
    let Some((options, file)) = Options::of(data).filter(|(_, file)| file.starts_with(b"PAR1")) else {
        return;
    };
    let held = options.has(FROM_FILE).then(|| tempfile::tempfile().ok()).flatten();
    let path = held.as_ref().and_then(|held| written(held, file));
    let source = path.map_or_else(|| source(file), Source::File);
    within_limits(|| read(&options.input(&source), options));
});

/// Writes the bytes; the file has no name but this path while it is open.
fn written(mut held: &File, bytes: &[u8]) -> Option<PathBuf> {
    held.write_all(bytes).ok()?;
    Some(format!("/proc/self/fd/{}", held.as_raw_fd()).into())
}
