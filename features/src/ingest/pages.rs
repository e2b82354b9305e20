//! A look at every page's header before the Parquet reader acts on it. It takes the sizes there for true and allocates
//! what they say: forged, they must be an error instead.

use std::io::{self, Read};

use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

/// A page that is larger must not be so by more than a thousand times its bytes. No writer makes pages of this size of
/// what packs so well.
const LARGE_PAGE_BYTES: i64 = 16 << 20;
const MOST_TIMES: i64 = 1_000;

/// The bytes of a Parquet file whose metadata is read: what begins in them is a page.
#[derive(Clone)]
pub(super) struct Pages<R>(pub(super) R);

impl<R: ChunkReader> Length for Pages<R> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<R: ChunkReader> ChunkReader for Pages<R> {
    type T = R::T;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        let header = Header::read(&mut self.0.get_read(start)?)?;
        if header.is_possible() {
            self.0.get_read(start)
        } else {
            Err(ParquetError::General("a page is not of the size it says: is the file damaged?".to_owned()))
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// What a page says of its size; the most, where it says it twice.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    unpacked_bytes: i64,
    packed_bytes: i64,
    /// How many values a dictionary has.
    dictionary_values: i64,
}

impl Header {
    fn is_possible(&self) -> bool {
        let is_bomb =
            self.unpacked_bytes > LARGE_PAGE_BYTES && self.unpacked_bytes / MOST_TIMES > self.packed_bytes;
        // The values of a dictionary stand one after the other, and none of them takes no byte.
        !is_bomb && self.dictionary_values <= self.unpacked_bytes
    }

    /// Reads Thrift's compact protocol.
    fn read(from: &mut impl Read) -> io::Result<Self> {
        let mut header = Self::default();
        fields(from, |from, id, kind| match (id, kind) {
            (2, INTEGER) => most(&mut header.unpacked_bytes, from),
            (3, INTEGER) => most(&mut header.packed_bytes, from),
            (7, STRUCT) => fields(from, |from, id, kind| match (id, kind) {
                (1, INTEGER) => most(&mut header.dictionary_values, from),
                _ => skip(from, kind, 0),
            }),
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
fn integer(from: &mut impl Read) -> io::Result<i64> {
    let number = unsigned(from)?;
    Ok((number >> 1) as i64 ^ -((number & 1) as i64))
}

/// Seven bits a byte, the lowest first.
fn unsigned(from: &mut impl Read) -> io::Result<u64> {
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
