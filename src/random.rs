//! What nobody can guess, and how it is written.

use std::fmt::Write;

use crate::failure::{Failure, Kind};

/// So many bytes of the operating system's random numbers.
///
/// # Errors
/// When it has none.
pub fn random_bytes<const BYTES: usize>() -> Result<[u8; BYTES], Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|cause| {
        Failure::new(Kind::Internal, format!("the system gives no random numbers: {cause}"))
    })?;
    Ok(bytes)
}

/// Bytes as two digits each.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A text takes whatever is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
