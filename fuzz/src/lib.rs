//! What the fuzz targets share: an input's options, limits on memory and panics, ways to hold rows, segments and models whose
//! checksums hold, and what there is to ask them.

pub mod ask;
pub mod edits;
pub mod limits;
pub mod model_file;
pub mod options;
pub mod rows;
pub mod segment_file;
pub mod walk;
