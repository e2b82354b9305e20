//! What there has been once in a store, so that it is missed when it is gone: beside it lies a small file that says so.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const TEXT: &str = "There has been what this file is called after. Where it is gone, it has been lost: put it back from a copy, or\n\
                    remove this file to begin anew.\n";

/// Where the mark of a thing is.
pub(crate) fn path_of(thing: &Path) -> PathBuf {
    let mut name = thing.as_os_str().to_owned();
    name.push(".kept");
    name.into()
}

/// Marks that a thing is there.
///
/// # Errors
/// When its folder cannot be written to.
pub(crate) fn leave(thing: &Path) -> io::Result<()> {
    let mark = path_of(thing);
    if mark.exists() { Ok(()) } else { fs::write(mark, TEXT) }
}

/// Whether a thing has been there.
pub(crate) fn is_left(thing: &Path) -> bool {
    path_of(thing).exists()
}

/// What to do where a thing is gone that has been there.
pub(crate) fn gone(thing: &Path) -> String {
    format!(
        "is gone, and has been there: put it back from a copy, or, to begin anew, remove {}",
        path_of(thing).display()
    )
}
