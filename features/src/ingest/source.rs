//! Where bytes come from: a file, or memory for the bundled sample.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::encoding::in_utf8;
use super::{Encoding, IngestError};

const PARQUET_MAGIC: &[u8] = b"PAR1";
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
pub(super) const TEXT_BUFFER_BYTES: usize = 1 << 20;

/// A file to read.
#[derive(Clone, Debug)]
pub enum Source {
    /// On disk, or `-` for standard input.
    File(PathBuf),
    /// In memory.
    Bytes {
        /// What to call it in messages.
        name: String,
        /// Its content.
        bytes: Bytes,
    },
}

impl Source {
    /// What to call it in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Bytes { name, .. } => name.clone(),
        }
    }

    /// The columns that the folders it is in stand for: see [`super::files`].
    pub(crate) fn partitions(&self) -> Vec<(String, String)> {
        match self {
            Self::File(path) => super::files::partitions(path),
            Self::Bytes { .. } => Vec::new(),
        }
    }

    /// Whether it is Parquet, by its first four bytes; everything else is read as CSV. A pipe is not looked into, as
    /// what is read from it is gone: it is CSV.
    ///
    /// # Errors
    /// When it cannot be read, or is named .parquet but is none.
    pub fn is_parquet(&self) -> Result<bool, IngestError> {
        let path = match self {
            Self::Bytes { bytes, .. } => return Ok(bytes.starts_with(PARQUET_MAGIC)),
            Self::File(path) => path,
        };
        if self.is_stdin() {
            return Ok(false);
        }
        let is_regular = std::fs::metadata(path).map_err(|cause| self.unreadable(cause))?.is_file();
        let mut magic = Vec::with_capacity(PARQUET_MAGIC.len());
        if is_regular {
            let mut start = self.open_file()?.take(PARQUET_MAGIC.len() as u64);
            start.read_to_end(&mut magic).map_err(|cause| self.unreadable(cause))?;
        }
        let is_parquet = magic == PARQUET_MAGIC;
        if !is_parquet && path.extension().is_some_and(|end| end == "parquet") {
            let problem = "is named .parquet but is not a Parquet file; was it copied whole?";
            return Err(IngestError::in_file(self, problem));
        }
        Ok(is_parquet)
    }

    /// A fingerprint of 128 bits of all its bytes, by which a file that is sent again is known. Not to be asked of
    /// standard input: what is read from it is gone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn fingerprint(&self) -> Result<u128, IngestError> {
        if let Self::Bytes { bytes, .. } = self {
            return Ok(xxh3_128(bytes));
        }
        let (mut file, mut print) = (self.open_file()?, Xxh3::new());
        let mut buffer = vec![0; TEXT_BUFFER_BYTES];
        loop {
            match file.read(&mut buffer).map_err(|cause| self.unreadable(cause))? {
                0 => return Ok(print.digest128()),
                count => print.update(&buffer[..count]),
            }
        }
    }

    /// Whether it is standard input, written `-`.
    pub fn is_stdin(&self) -> bool {
        matches!(self, Self::File(path) if path.as_os_str() == "-")
    }

    /// The text in it, unpacked where it is packed with gzip or Zstandard; in UTF-8 from an encoding, or from UTF-16 where it
    /// is marked as that.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_text(&self, encoding: Option<Encoding>) -> Result<Box<dyn BufRead + '_>, IngestError> {
        let raw: Box<dyn Read + '_> = match self {
            Self::Bytes { bytes, .. } => Box::new(Cursor::new(bytes)),
            Self::File(_) if self.is_stdin() => Box::new(io::stdin()),
            Self::File(_) => Box::new(self.open_file()?),
        };
        let mut packed = BufReader::with_capacity(TEXT_BUFFER_BYTES, raw);
        let start = packed.fill_buf().map_err(|cause| self.unreadable(cause))?;
        let text: Box<dyn BufRead + '_> = if start.starts_with(GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(TEXT_BUFFER_BYTES, MultiGzDecoder::new(packed)))
        } else if start.starts_with(ZSTD_MAGIC) {
            let unpacked = zstd::Decoder::with_buffer(packed).map_err(|cause| self.unreadable(cause))?;
            Box::new(BufReader::with_capacity(TEXT_BUFFER_BYTES, unpacked))
        } else {
            Box::new(packed)
        };
        in_utf8(text, encoding).map_err(|cause| self.unreadable(cause))
    }

    pub(crate) fn open_file(&self) -> Result<File, IngestError> {
        match self {
            Self::File(path) => File::open(path).map_err(|cause| self.unreadable(cause)),
            Self::Bytes { .. } => Err(self.unreadable(std::io::ErrorKind::InvalidInput.into())),
        }
    }

    pub(crate) fn unreadable(&self, cause: std::io::Error) -> IngestError {
        IngestError::Unreadable { file: self.name(), cause }
    }
}
