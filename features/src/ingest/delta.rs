//! Text that is packed by differences: how many values a page of it says it has. The Parquet reader makes room for as
//! many before it looks for them.

use std::io::{self, ErrorKind};

use parquet::basic::Encoding;

use super::pages::{integer, unsigned};

/// Whether a page has no more than so many values by its own word. `values` is what follows its levels; a page of any
/// other encoding is not asked.
pub(super) fn has_at_most<'a>(
    most: u64,
    encoding: Encoding,
    values: impl FnOnce() -> io::Result<&'a [u8]>,
) -> io::Result<bool> {
    match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => Ok(Numbers::read(&mut values()?)?.count <= most),
        // How many bytes each value has of the one before, and how many of its own.
        Encoding::DELTA_BYTE_ARRAY => {
            let mut rest = values()?;
            let shared = Numbers::read(&mut rest)?;
            shared.skip(&mut rest)?;
            Ok(shared.count <= most && Numbers::read(&mut rest)?.count <= most)
        }
        _ => Ok(true),
    }
}

/// The header of numbers packed as differences: a first one, then blocks, each of several parts in which every
/// difference takes the same bits.
struct Numbers {
    in_block: u64,
    parts: u64,
    count: u64,
}

impl Numbers {
    fn read(from: &mut &[u8]) -> io::Result<Self> {
        let numbers = Self { in_block: unsigned(from)?, parts: unsigned(from)?, count: unsigned(from)? };
        integer(from)?;
        Ok(numbers)
    }

    /// Goes on to what follows the last block.
    fn skip(&self, from: &mut &[u8]) -> io::Result<()> {
        let mut left = self.count.saturating_sub(1);
        let in_part = self.in_block.checked_div(self.parts).unwrap_or(0);
        while left > 0 {
            if in_part == 0 || !in_part.is_multiple_of(32) {
                return Err(ErrorKind::InvalidData.into());
            }
            integer(from)?;
            // Behind the last difference parts may say of bits what they like.
            let needed = left.div_ceil(in_part).min(self.parts);
            let bits: u64 =
                take(from, self.parts)?.iter().zip(0..needed).map(|(&bits, _)| u64::from(bits)).sum();
            take(from, bits.saturating_mul(in_part / 8))?;
            left = left.saturating_sub(self.in_block);
        }
        Ok(())
    }
}

/// Takes so many bytes from the front.
pub(super) fn take<'a>(from: &mut &'a [u8], bytes: u64) -> io::Result<&'a [u8]> {
    let place = usize::try_from(bytes).map_err(|_| ErrorKind::UnexpectedEof)?;
    let (taken, rest) = from.split_at_checked(place).ok_or(ErrorKind::UnexpectedEof)?;
    *from = rest;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_possible(most: u64, encoding: Encoding, packed: &[u8]) -> Option<bool> {
        has_at_most(most, encoding, || Ok(packed)).ok()
    }

    /// 40 numbers in blocks of 128: the second of the four parts has differences of two bits, eight bytes of them, and what
    /// the last two say is not asked.
    const FORTY: &[u8] = &[0x80, 1, 4, 40, 0, 0, 0, 2, 99, 99, 1, 2, 3, 4, 5, 6, 7, 8];
    /// One number needs no block.
    const ONE: &[u8] = &[0x80, 1, 4, 1, 6];

    #[test]
    fn both_lists_are_asked_how_long_they_are() {
        use Encoding::{DELTA_BYTE_ARRAY, DELTA_LENGTH_BYTE_ARRAY, PLAIN};
        let text = |lists: [&[u8]; 2]| lists.concat();
        for (most, expected) in [(40, true), (39, false)] {
            assert_eq!(is_possible(most, DELTA_LENGTH_BYTE_ARRAY, FORTY), Some(expected));
            for lists in [[FORTY, ONE], [ONE, FORTY], [FORTY, FORTY]] {
                assert_eq!(is_possible(most, DELTA_BYTE_ARRAY, &text(lists)), Some(expected), "{lists:?}");
            }
        }
        assert_eq!(is_possible(0, PLAIN, FORTY), Some(true));
    }

    #[test]
    fn blocks_that_cannot_be_are_errors() {
        let with = |place: usize, byte: u8| {
            let mut packed = [FORTY, ONE].concat();
            packed[place] = byte;
            packed
        };
        // No part in a block, parts of 18 numbers, blocks of none, and more bits than there are bytes.
        for packed in [with(2, 0), with(2, 7), with(1, 0), with(7, 200), FORTY.to_vec(), FORTY[..9].to_vec()]
        {
            assert_eq!(is_possible(1_000, Encoding::DELTA_BYTE_ARRAY, &packed), None, "{packed:?}");
        }
    }
}
