//! The CSV reader: any bytes as any table, packed with gzip or Zstandard where they begin so.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::options::{Options, source};
use mainstay_fuzz::rows::read;

fuzz_target!(|data: &[u8]| {
    // Parquet has a target of its own.
    let Some((options, file)) = Options::of(data).filter(|(_, file)| !file.starts_with(b"PAR1")) else {
        return;
    };
    within_limits(|| read(&options.input(&source(file)), options));
});
