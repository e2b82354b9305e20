//! The offer catalogue: a TOML file, of which nothing impossible passes.

mod written;

use mainstay_features::units::Probability;

use self::written::File;
use super::{Circumstances, Offer};
use crate::language::Language;

/// The built-in catalogue.
const DEFAULT: &str = include_str!("../default_offers.toml");

/// The offers there are, each by its own name.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    pub(super) offers: Vec<Offer>,
}

impl Catalogue {
    /// Reads a catalogue: a TOML file of `[[offer]]` tables (docs/economics.md).
    ///
    /// # Errors
    /// When it is no such file, holds an impossible number, or two offers have one name.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueError> {
        let file: File =
            toml::from_str(text).map_err(|error| CatalogueError::Malformed { message: error.to_string() })?;
        let mut offers: Vec<Offer> = Vec::with_capacity(file.offer.len());
        for entry in file.offer {
            let offer = entry.offer()?;
            if offers.iter().any(|earlier| earlier.name == offer.name) {
                return Err(CatalogueError::Twice { offer: offer.name });
            }
            offers.push(offer);
        }
        Ok(Self { offers })
    }

    /// The built-in catalogue; its numbers are assumptions with their sources in docs/economics.md.
    ///
    /// # Errors
    /// None that its test would not have met.
    pub fn built_in() -> Result<Self, CatalogueError> {
        Self::from_toml(DEFAULT)
    }

    /// The built-in catalogue's file, to begin one's own with.
    pub const fn built_in_file() -> &'static str {
        DEFAULT
    }

    /// The offers, in the file's order.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// The offer of a name.
    pub fn named(&self, name: &str) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.name == name)
    }

    /// Why none of the offers is made to a customer with this churn probability, in words: of each that it may not be made or does
    /// not pay, and once where that is the same of all. `None` without offers.
    pub fn why_nothing(
        &self,
        p: Probability,
        circumstances: &Circumstances<'_>,
        language: Language,
    ) -> Option<String> {
        let why = |offer: &Offer| match offer.allows(p, circumstances) {
            Err(barred) => barred.words(language),
            Ok(()) => language.either("does not pay", "不划算").to_owned(),
        };
        let whys: Vec<String> = self.offers.iter().map(why).collect();
        let (first, rest) = whys.split_first()?;
        if rest.iter().all(|why| why == first) {
            return Some(first.clone());
        }
        let (colon, between) = (language.either(": ", "："), language.either("; ", "；"));
        let of_each = self.offers.iter().zip(&whys).map(|(offer, why)| format!("{}{colon}{why}", offer.name));
        Some(of_each.collect::<Vec<_>>().join(between))
    }
}

/// Why a catalogue is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// It is not TOML, or has other fields.
    #[error("{message}")]
    Malformed {
        /// What the reader says, with the line.
        message: String,
    },
    /// A number or name is impossible.
    #[error("offer {offer:?}, {field}: {reason}")]
    Impossible {
        /// The offer.
        offer: String,
        /// The field.
        field: &'static str,
        /// Why.
        reason: String,
    },
    /// Two offers have one name.
    #[error("offer {offer:?} is there twice; give each its own name")]
    Twice {
        /// The name.
        offer: String,
    },
}

#[cfg(test)]
mod tests;
