//! Where bytes come from: a file, or memory for the bundled sample.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::PathBuf;

use bytes::Bytes;

use super::IngestError;

/// A file to read.
#[derive(Clone, Debug)]
pub enum Source {
    /// On disk.
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

    /// Whether it is Parquet, by its first four bytes; everything else is read as CSV.
    pub(crate) fn is_parquet(&self) -> Result<bool, IngestError> {
        let mut magic = Vec::with_capacity(4);
        let read = match self {
            Self::File(_) => self.open_file()?.take(4).read_to_end(&mut magic),
            Self::Bytes { bytes, .. } => Cursor::new(bytes).take(4).read_to_end(&mut magic),
        };
        read.map_err(|cause| self.unreadable(cause))?;
        let named_parquet =
            matches!(self, Self::File(path) if path.extension().is_some_and(|end| end == "parquet"));
        match magic == b"PAR1" {
            false if named_parquet => Err(IngestError::in_file(
                self,
                "is named .parquet but is not a Parquet file; was it copied whole?",
            )),
            is_parquet => Ok(is_parquet),
        }
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
