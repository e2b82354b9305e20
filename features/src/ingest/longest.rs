//! An end to rows that have none: a quotation mark that is not closed would make one row of all that follows, and a
//! small packed file can be one row that fills the memory.

use std::io::{self, Read};

/// The longest row, with the header.
const LONGEST_ROW_BYTES: usize = 1 << 20;

/// A text that is read row by row.
pub(super) struct RowByRow<R> {
    text: R,
    left: usize,
}

impl<R> RowByRow<R> {
    pub(super) const fn new(text: R) -> Self {
        Self { text, left: LONGEST_ROW_BYTES }
    }

    /// The next row begins.
    pub(super) const fn begin_row(&mut self) {
        self.left = LONGEST_ROW_BYTES;
    }
}

impl<R: Read> Read for RowByRow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other(RowTooLong));
        }
        let most = buffer.len().min(self.left);
        let read = self.text.read(&mut buffer[..most])?;
        self.left -= read;
        Ok(read)
    }
}

/// A row that is longer than any should be.
#[derive(Debug, thiserror::Error)]
#[error("is longer than {} MiB; is a quotation mark not closed?", LONGEST_ROW_BYTES >> 20)]
pub(super) struct RowTooLong;

impl RowTooLong {
    /// What is wrong, if it is this.
    pub(super) fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}
