//! What the fuzz targets share: an input's options, limits on memory and panics, ways to hold rows, and segments whose
//! checksums hold.

pub mod limits;
pub mod options;
pub mod rows;
pub mod segment_file;
pub mod walk;
