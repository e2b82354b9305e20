//! What a scored list in Parquet tells of itself as a whole: in the file's footer, where it is read without the rows.

use std::fs::File;

use mainstay_features::units::Instant;
use mainstay_models::segments::TierCuts;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::{Deserialize, Serialize};

/// The name it has in the footer.
pub(super) const KEY: &str = "mainstay";

/// The list as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListAbout {
    /// Its instant, in microseconds since 1970.
    as_of_micros: i64,
    /// The lifetime values between its tiers.
    pub tiers: TierCuts,
}

impl ListAbout {
    /// A list of an instant, with these lifetime values between its tiers.
    pub fn new(as_of: Instant, tiers: TierCuts) -> Self {
        Self { as_of_micros: as_of.micros(), tiers }
    }

    /// Whether the list is of an instant before this.
    pub fn is_before(&self, as_of: Instant) -> bool {
        self.as_of_micros < as_of.micros()
    }

    /// What a file tells of itself; `None` where it tells nothing.
    ///
    /// # Errors
    /// When it is no Parquet file, or tells something else.
    pub fn read(file: File) -> Result<Option<Self>, String> {
        let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
        let told = reader.metadata().file_metadata().key_value_metadata();
        let own = told.into_iter().flatten().find(|pair| pair.key == KEY);
        let Some(text) = own.and_then(|pair| pair.value.as_deref()) else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| error.to_string())
    }
}
