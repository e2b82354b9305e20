//! What the fuzz targets share: an input's options, limits on memory and panics, and segments whose checksums hold.

pub mod limits;
pub mod options;
pub mod segment_file;
pub mod walk;
