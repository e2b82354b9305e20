//! Length-prefixed blocks and arrays, little-endian. A reader takes no more than is there.

/// Appends a length (u64) and the bytes.
pub(super) fn put_block(out: &mut Vec<u8>, block: &[u8]) {
    out.extend_from_slice(&(block.len() as u64).to_le_bytes());
    out.extend_from_slice(block);
}

/// Appends a length (u64, in items) and the items.
pub(super) fn put_array<T, const N: usize>(out: &mut Vec<u8>, items: &[T], to_bytes: impl Fn(&T) -> [u8; N]) {
    out.extend_from_slice(&(items.len() as u64).to_le_bytes());
    for item in items {
        out.extend_from_slice(&to_bytes(item));
    }
}

/// Takes a block off the front; `None` if it is longer than what is left.
pub(super) fn take_block<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    take_items(rest, 1)
}

/// Takes an array off the front; `None` if it is longer than what is left.
pub(super) fn take_array<T, const N: usize>(
    rest: &mut &[u8],
    from_bytes: impl Fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let bytes = take_items(rest, N)?;
    Some(bytes.as_chunks().0.iter().map(|chunk| from_bytes(*chunk)).collect())
}

fn take_items<'a>(rest: &mut &'a [u8], item_bytes: usize) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk()?;
    let bytes = usize::try_from(u64::from_le_bytes(*len)).ok()?.checked_mul(item_bytes)?;
    let (block, after) = after.split_at_checked(bytes)?;
    *rest = after;
    Some(block)
}
