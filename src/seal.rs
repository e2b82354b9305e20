//! A Parquet file's seal: the checksum of all of it, in its footer, so that what is damaged is not believed.
//!
//! It is of the bytes of the file with zeros in its own place. That is found by its name, without a look at what the footer
//! means: nothing of a file is made sense of before it is known to be what was written.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use xxhash_rust::xxh3::Xxh3;

/// The name it has among what a footer says of the file.
pub(crate) const NAME: &str = "mainstay_checksum";
/// What stands there until all is written.
pub(crate) const OPEN: &str = "0000000000000000";

/// Behind a name, as Thrift writes it: that a text comes, and how long it is.
const BEFORE: [u8; 2] = [0x18, OPEN.len() as u8];
/// How long the footer is, and the magic.
const TAIL_BYTES: u64 = 8;
/// So much is read at a time.
const PIECE_BYTES: usize = 1 << 20;

/// Writes a file that may be sealed at its end.
pub(crate) struct Sealing<'a> {
    out: &'a mut (dyn Write + Send),
    hash: Xxh3,
    /// The end, held back until the seal can be put into it.
    end: Option<Vec<u8>>,
}

impl<'a> Sealing<'a> {
    pub(crate) fn new(out: &'a mut (dyn Write + Send)) -> Self {
        Self { out, hash: Xxh3::new(), end: None }
    }

    /// What comes from now on has [`NAME`] and [`OPEN`] in it.
    pub(crate) fn begin_end(&mut self) {
        self.end = Some(Vec::new());
    }

    /// Seals the file, if it has an end to be sealed.
    pub(crate) fn seal(mut self) -> io::Result<()> {
        let Some(mut end) = self.end.take() else { return Ok(()) };
        self.hash.update(&end);
        let seal = format!("{:016x}", self.hash.digest());
        let place =
            place(&end).ok_or_else(|| io::Error::other("the footer has no place for its checksum"))?;
        end[place..place + OPEN.len()].copy_from_slice(seal.as_bytes());
        self.out.write_all(&end)
    }
}

impl Write for Sealing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(end) = &mut self.end {
            end.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Looks whether a file is what was written. One without a seal, as of an older version, is taken as it is.
///
/// # Errors
/// When it is not, or cannot be read.
pub(crate) fn check(file: &File) -> Result<(), String> {
    let is_whole = is_whole(file).map_err(|cause| cause.to_string())?;
    if is_whole { Ok(()) } else { Err("it is not what was written: its checksum is another".to_owned()) }
}

fn is_whole(file: &File) -> io::Result<bool> {
    let bytes = file.metadata()?.len();
    let mut tail = [0; TAIL_BYTES as usize];
    // Too short for a footer, it is no Parquet: whoever reads it says so.
    let Some(tail_begins) = bytes.checked_sub(TAIL_BYTES) else { return Ok(true) };
    file.read_exact_at(&mut tail, tail_begins)?;
    let footer_bytes = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    let Some(begin) = tail_begins.checked_sub(footer_bytes) else { return Ok(true) };
    let mut end = vec![0; (bytes - begin) as usize];
    file.read_exact_at(&mut end, begin)?;
    let Some(place) = place(&end) else { return Ok(true) };
    let seal = end[place..place + OPEN.len()].to_vec();
    end[place..place + OPEN.len()].copy_from_slice(OPEN.as_bytes());

    let (mut hash, mut at) = (Xxh3::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    while at < begin {
        let length = (begin - at).min(PIECE_BYTES as u64) as usize;
        file.read_exact_at(&mut piece[..length], at)?;
        hash.update(&piece[..length]);
        at += length as u64;
    }
    hash.update(&end);
    Ok(format!("{:016x}", hash.digest()).as_bytes() == seal)
}

/// Where the seal is in the end of a file.
fn place(end: &[u8]) -> Option<usize> {
    let before = [NAME.as_bytes(), &BEFORE].concat();
    let place = end.windows(before.len()).position(|some| some == before)? + before.len();
    (place + OPEN.len() <= end.len()).then_some(place)
}
