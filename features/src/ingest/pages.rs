//! A look at every page's header before the Parquet reader acts on it. It takes the sizes there for true and allocates
//! what they say: forged, they must be an error instead.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A page that is larger must not be so by more than a thousand times its bytes. No writer makes pages of this size of
/// what packs so well.
const LARGE_PAGE_BYTES: i64 = 16 << 20;
const MOST_TIMES: i64 = 1_000;

/// The bytes of a column of a Parquet file whose metadata is read: what begins in them is a page.
pub(super) struct Pages<R> {
    bytes: R,
    /// Where the data begins of the page whose header was read last; 0 where it has none. The reader asks for it as for
    /// another page, where it has looked at the header before, but does not read it as one.
    data: AtomicU64,
}

impl<R> Pages<R> {
    pub(super) const fn new(bytes: R) -> Self {
        Self { bytes, data: AtomicU64::new(0) }
    }
}

impl<R: ChunkReader> Length for Pages<R> {
    fn len(&self) -> u64 {
        self.bytes.len()
    }
}

impl<R: ChunkReader> ChunkReader for Pages<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        if start > 0 && start == self.data.load(Ordering::Relaxed) {
            return self.bytes.get_read(start);
        }
        let mut from = self.bytes.get_read(start)?.take(u64::MAX);
        let header = Header::read(&mut from)?;
        // A page without data may be followed by a header at once, which is to be looked at.
        let data = if header.packed_bytes > 0 { start + (u64::MAX - from.limit()) } else { 0 };
        self.data.store(data, Ordering::Relaxed);
        if header.is_possible() {
            self.bytes.get_read(start)
        } else {
            Err(ParquetError::General("a page is not of the size it says: is the file damaged?".to_owned()))
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
        self.bytes.get_bytes(start, length)
    }
}

/// What a page says of its size; the most, where it says it twice.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    unpacked_bytes: i64,
    packed_bytes: i64,
}

impl Header {
    fn is_possible(&self) -> bool {
        self.unpacked_bytes <= LARGE_PAGE_BYTES || self.unpacked_bytes / MOST_TIMES <= self.packed_bytes
    }

    /// Reads Thrift's compact protocol.
    fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = Self::default();
        fields(from, |from, id, kind| match (id, kind) {
            (2, INTEGER) => most(&mut header.unpacked_bytes, from),
            (3, INTEGER) => most(&mut header.packed_bytes, from),
            _ => skip(from, kind, 0),
        })?;
        Ok(header)
    }
}

const INTEGER: u8 = 5;
const STRUCT: u8 = 12;
/// No header has structs in structs so deep.
const DEEPEST: u8 = 4;

/// Calls `field` with the number and the type of each field of a struct; it reads the value.
fn fields<R: Read>(from: &mut R, mut field: impl FnMut(&mut R, i64, u8) -> io::Result<()>) -> io::Result<()> {
    let mut id = 0_i64;
    loop {
        let first = byte(from)?;
        let (after, kind) = (i64::from(first >> 4), first & 0x0f);
        if first == 0 {
            return Ok(());
        }
        id = if after == 0 { integer(from)? } else { id.wrapping_add(after) };
        field(from, id, kind)?;
    }
}

fn skip<R: Read>(from: &mut R, kind: u8, depth: u8) -> io::Result<()> {
    match kind {
        // A flag is in its type.
        1 | 2 => Ok(()),
        3 => byte(from).map(drop),
        4..=6 => integer(from).map(drop),
        7 => from.read_exact(&mut [0; 8]),
        8 => {
            let length = unsigned(from)?;
            io::copy(&mut from.take(length), &mut io::sink()).map(drop)
        }
        STRUCT if depth < DEEPEST => fields(from, |from, _, kind| skip(from, kind, depth + 1)),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a page has no header: is the file damaged?")),
    }
}

fn most(so_far: &mut i64, from: &mut impl Read) -> io::Result<()> {
    *so_far = integer(from)?.max(*so_far);
    Ok(())
}

/// A number of either sign: the lowest bit says which.
pub(super) fn integer(from: &mut impl Read) -> io::Result<i64> {
    let number = unsigned(from)?;
    Ok((number >> 1) as i64 ^ -((number & 1) as i64))
}

/// Seven bits a byte, the lowest first.
pub(super) fn unsigned(from: &mut impl Read) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(from)?;
        number |= u64::from(next & 0x7f) << shift;
        if next & 0x80 == 0 {
            break;
        }
    }
    Ok(number)
}

fn byte(from: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    Ok(byte[0])
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn read(bytes: &[u8]) -> Option<Header> {
        Header::read(&mut &*bytes).ok()
    }

    fn header(unpacked_bytes: i64, packed_bytes: i64) -> Header {
        Header { unpacked_bytes, packed_bytes }
    }

    #[test]
    fn a_header_is_read_whatever_stands_between_and_in_whichever_form() {
        // Type 2, 300 bytes packed in 40, a checksum; a dictionary of 9 values in plain encoding, not sorted.
        let dictionary = [0x15, 4, 0x15, 0xd8, 4, 0x15, 80, 0x15, 0x7f, 0x3c, 0x15, 18, 0x15, 0, 0x12, 0, 0];
        assert_eq!(read(&dictionary), Some(header(300, 40)));
        // A page of data with statistics: a text of two bytes, a flag, a number of eight bytes.
        let data: [u8; 16] = [0x15, 0, 0x15, 20, 0x15, 10, 0x2c, 0x15, 6, 0x1c, 0x18, 2, 7, 7, 0x11, 0x17];
        let data = [&data as &[u8], &[0; 8], &[0, 0, 0]].concat();
        assert_eq!(read(&data), Some(header(10, 5)));
        // Numbers of fields in full, and a size that is said twice.
        assert_eq!(read(&[0x05, 4, 20, 0x05, 4, 40, 0x05, 4, 2, 0x05, 6, 10, 0]), Some(header(20, 5)));
    }

    #[test]
    fn what_is_no_header_is_an_error() {
        let deep = [[0x5c_u8; 100].as_slice(), &[0; 100]].concat();
        for bytes in [&[] as &[u8], &[0x15], &[0x15, 4, 0x19, 0], &[0x58, 0xff, 0xff, 0xff, 0xff, 7], &deep] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn the_data_after_a_header_is_no_page_and_all_else_is() {
        // A page of data, 3 bytes, and one that says it unpacks to far more than its 3 bytes.
        let page = [0x15_u8, 0, 0x15, 6, 0x15, 6, 0];
        let forged = [0x15_u8, 0, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x7f, 0x15, 6, 0];
        let file = Bytes::from([&page as &[u8], &forged, &[0; 9]].concat());
        let pages = Pages::new(file);
        let data = page.len() as u64;
        assert!(pages.get_read(data).is_err());
        assert!(pages.get_read(0).is_ok());
        assert!(pages.get_read(data).is_ok(), "the data of the page that was read last");
        let empty = Bytes::from([&[0x15_u8, 0, 0x15, 0, 0x15, 0, 0] as &[u8], &forged, &[0; 9]].concat());
        let pages = Pages::new(empty);
        assert!(pages.get_read(0).is_ok());
        assert!(pages.get_read(data).is_err(), "where a page has no data another begins");
    }

    #[test]
    fn sizes_that_cannot_be_are_told_from_large_ones() {
        for possible in [header(0, 0), header(16 << 20, 1), header(1 << 30, 2 << 20)] {
            assert!(possible.is_possible(), "{possible:?}");
        }
        for impossible in [header((16 << 20) + 1, 1), header(i64::MAX, 1 << 30)] {
            assert!(!impossible.is_possible(), "{impossible:?}");
        }
    }
}
