//! Small files that people write: configurations, catalogues, lists of identifiers.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::failure::{Failure, Kind};

/// A configuration or a catalogue has no more bytes than this…
pub(super) const SETTINGS: u64 = 1 << 20;
/// …and a list of identifiers no more than this, which is some five million.
pub(super) const IDS: u64 = 64 << 20;

/// The text of a file of at most so many bytes: what is larger is something else, and would fill the memory.
pub(super) fn read(path: &Path, most: u64) -> Result<String, Failure> {
    let mut text = String::new();
    let file = File::open(path).map_err(|cause| Failure::unreadable(path, cause))?;
    file.take(most + 1).read_to_string(&mut text).map_err(|cause| Failure::unreadable(path, cause))?;
    if text.len() as u64 > most {
        let mib = most >> 20;
        let why =
            format!("{}: is larger than {mib} MiB, as no such file is: is it the right one?", path.display());
        return Err(Failure::new(Kind::BadInput, why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.toml");
        std::fs::write(&path, "x".repeat(20)).unwrap();
        assert_eq!(read(&path, 20).unwrap().len(), 20);
        assert_eq!(read(&path, 19).unwrap_err().kind, Kind::BadInput);
        assert!(read(&folder.path().join("b.toml"), 19).unwrap_err().message.contains("b.toml"));
    }
}
