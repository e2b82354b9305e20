//! Whether a list in Parquet is what was written: in the footer stands how long what is before it is, and its checksum.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use parquet::file::metadata::FileMetaData;
use xxhash_rust::xxh3::Xxh3;

use crate::parquet_file::Checksum;

/// The name it has in the footer.
pub(super) const KEY: &str = "mainstay_checksum";

/// So much is read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Looks at all of a list before a row of it is believed; lists of older versions tell no checksum.
///
/// # Errors
/// When it is not what was written, or cannot be read.
pub(super) fn check(file: &File, about: &FileMetaData) -> Result<(), String> {
    let told = about.key_value_metadata().into_iter().flatten().find(|pair| pair.key == KEY);
    let Some(told) = told.and_then(|pair| pair.value.as_deref()) else { return Ok(()) };
    let told: Checksum = told.parse().map_err(|()| "its checksum is none".to_owned())?;
    let found = of_beginning(file, told.bytes).map_err(|cause| cause.to_string())?;
    if found == told { Ok(()) } else { Err("it is not what was written: its checksum is another".to_owned()) }
}

fn of_beginning(file: &File, bytes: u64) -> io::Result<Checksum> {
    let (mut hash, mut at) = (Xxh3::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    while at < bytes {
        let length = (bytes - at).min(PIECE_BYTES as u64) as usize;
        file.read_exact_at(&mut piece[..length], at)?;
        hash.update(&piece[..length]);
        at += length as u64;
    }
    Ok(Checksum { bytes, xxh3: hash.digest() })
}
