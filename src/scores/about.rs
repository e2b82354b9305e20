//! What a scored list in Parquet tells of itself as a whole: in the file's footer, where it is read without the rows.

use std::fs::File;

use mainstay_features::units::Instant;
use mainstay_models::decision::Catalogue;
use mainstay_models::segments::TierCuts;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde::{Deserialize, Serialize};

use crate::offers;
use crate::service::{Assumptions, Service};

/// The name it has in the footer.
pub(super) const KEY: &str = "mainstay";

/// The list as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListAbout {
    /// Its instant, in microseconds since 1970.
    as_of_micros: i64,
    /// The lifetime values between its tiers.
    pub tiers: TierCuts,
    /// What it was decided by; lists of older versions do not tell.
    pub basis: Option<ListBasis>,
}

/// What a list was decided by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListBasis {
    /// The model's name.
    pub model: String,
    /// What tells its offers from others: [`offers::fingerprint`].
    offers: String,
    margin: f64,
    yearly_discount: f64,
}

impl ListBasis {
    /// What a service decides by.
    pub fn of(service: &Service) -> Self {
        let Assumptions { margin, discount } = service.assumptions();
        Self {
            model: service.artifact().name(),
            offers: offers::fingerprint(service.catalogue()),
            margin: margin.get(),
            yearly_discount: discount.get(),
        }
    }

    /// Whether these are its offers.
    pub fn has_offers(&self, catalogue: &Catalogue) -> bool {
        self.offers == offers::fingerprint(catalogue)
    }

    /// What of the money's basis is otherwise in another, in words; nothing where all is the same.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let number = |name: &str, own: f64, others: f64| {
            (own != others).then(|| format!("a {name} of {own} instead of {others}"))
        };
        let offers = (self.offers != other.offers).then(|| "other offers".to_owned());
        let margin = number("margin", self.margin, other.margin);
        let discount = number("yearly discount", self.yearly_discount, other.yearly_discount);
        [offers, margin, discount].into_iter().flatten().collect()
    }
}

impl ListAbout {
    /// A list of an instant, with these lifetime values between its tiers, decided by this.
    pub fn new(as_of: Instant, tiers: TierCuts, basis: ListBasis) -> Self {
        Self { as_of_micros: as_of.micros(), tiers, basis: Some(basis) }
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
