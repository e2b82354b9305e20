//! Segments (docs/history-format.md) whose checksums hold whatever is in them: a change that a checksum finds tells
//! nothing about what comes after the checksum.

use mainstay_features::units::Instant;
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: &[u8] = b"MNSTHIST";
const PARTS: usize = 256;
const HEADER_BYTES: usize = 16;
const FOOTER_BYTES: usize = 32;
const PLACE_BYTES: usize = 32;

/// The bytes of a segment with every checksum made right, as far as its places can be found.
pub fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let Some(footer) = file.len().checked_sub(FOOTER_BYTES) else { return file };
    let directory = word(&file, footer) as usize;
    // The places are the directory's last bytes.
    let Some(places) = footer.checked_sub(PARTS * PLACE_BYTES).filter(|&places| directory <= places) else {
        return file;
    };
    for place in (places..footer).step_by(PLACE_BYTES) {
        let (offset, bytes) = (word(&file, place), word(&file, place + 8));
        let end = offset.saturating_add(bytes).min(directory as u64) as usize;
        let checksum = xxh3_64(file.get(offset as usize..end).unwrap_or_default());
        put(&mut file, place + 24, checksum);
    }
    let checksum = xxh3_64(&file[directory..footer]);
    put(&mut file, footer + 16, checksum);
    file
}

/// A segment of a version that holds these bytes as its only part, unpacked.
pub fn around(part: &[u8], version: u64) -> Vec<u8> {
    let packed = zstd::encode_all(part, 1).unwrap_or_default();
    let mut file = [MAGIC, &version.to_le_bytes(), &packed].concat();
    let directory = file.len() as u64;
    // Text, with everything there is; all of time, where the version says when; no words.
    let mut words = vec![1, 127];
    if version > 1 {
        words.extend([Instant::MIN, Instant::MAX].map(|instant| instant.micros() as u64));
    }
    words.push(0);
    words.extend([HEADER_BYTES as u64, packed.len() as u64, part.len() as u64, 0]);
    words.extend([directory, 0, 0, 0].repeat(PARTS - 1));
    words.extend([directory, 8 * words.len() as u64, 0]);
    words.iter().for_each(|word| file.extend_from_slice(&word.to_le_bytes()));
    file.extend_from_slice(MAGIC);
    sealed(file)
}

/// The first part of a segment that is not empty, unpacked; nothing of what is no segment.
pub fn first_part(file: &[u8]) -> Vec<u8> {
    let Some(places) = file.len().checked_sub(FOOTER_BYTES + PARTS * PLACE_BYTES) else { return Vec::new() };
    let packed = (places..file.len() - FOOTER_BYTES).step_by(PLACE_BYTES).find_map(|place| {
        let (offset, bytes) = (word(file, place) as usize, word(file, place + 8) as usize);
        if bytes == 0 { None } else { file.get(offset..offset + bytes) }
    });
    packed.and_then(|packed| zstd::decode_all(packed).ok()).unwrap_or_default()
}

fn word(file: &[u8], at: usize) -> u64 {
    let bytes = file.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_le_bytes)
}

fn put(file: &mut [u8], at: usize, word: u64) {
    if let Some(bytes) = file.get_mut(at..at + 8) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}
