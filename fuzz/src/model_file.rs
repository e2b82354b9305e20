//! Model files (docs/model-format.md) whose checksums hold whatever is in them, as a whole or part by part.

use mainstay_models::artifact::VERSION;
use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"MAINSTAY";
const CHECKSUM_BYTES: usize = 32;

/// Everything of a model file but the checksum.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// JSON.
    pub header: &'a [u8],
    /// The arrays of the forest.
    pub forest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The parts of a file without its checksum; `None` where it ends before the header does.
    pub fn of(unsealed: &'a [u8]) -> Option<Self> {
        let (len, rest) = unsealed.get(MAGIC.len() + size_of_val(&VERSION)..)?.split_first_chunk()?;
        let (header, forest) = rest.split_at_checked(u64::from_le_bytes(*len).try_into().ok()?)?;
        Some(Self { header, forest })
    }

    /// The file.
    pub fn sealed(self) -> Vec<u8> {
        let len = (self.header.len() as u64).to_le_bytes();
        sealed([MAGIC, &VERSION.to_le_bytes(), &len, self.header, self.forest].concat())
    }
}

/// The bytes of a file with the checksum they lack.
pub fn sealed(mut unsealed: Vec<u8>) -> Vec<u8> {
    let checksum = Sha256::digest(&unsealed);
    unsealed.extend_from_slice(&checksum);
    unsealed
}

/// The bytes of a file without its checksum.
pub fn unsealed(file: &[u8]) -> &[u8] {
    &file[..file.len().saturating_sub(CHECKSUM_BYTES)]
}
