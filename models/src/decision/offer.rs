//! The offer catalogue: what can be done, what it costs, and what it is assumed to do.

use mainstay_features::units::Money;
use serde::Deserialize;

use super::DO_NOTHING;

/// The built-in catalogue.
const DEFAULT: &str = include_str!("default_offers.toml");

/// Something that can be offered to a customer. Its numbers are possible ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub(super) name: String,
    pub(super) contact_cost: Money,
    pub(super) incentive: Money,
    pub(super) save_rate: f64,
    pub(super) take_up: f64,
    pub(super) driven_away: f64,
}

impl Offer {
    /// An offer; see the getters for the numbers' meaning.
    ///
    /// # Errors
    /// When a number is impossible, with the reason.
    pub fn new(
        name: &str,
        contact_cost: f64,
        incentive: f64,
        save_rate: f64,
        take_up: f64,
        driven_away: f64,
    ) -> Result<Self, CatalogueError> {
        let bad = |field, reason| CatalogueError::Impossible { offer: name.to_owned(), field, reason };
        let cost = |field, amount: f64| {
            Money::new(amount)
                .filter(|&money| money >= Money::ZERO)
                .ok_or_else(|| bad(field, format!("{amount} is not an amount of 0 or more")))
        };
        let share = |field, share: f64| {
            if (0.0..=1.0).contains(&share) {
                Ok(share)
            } else {
                Err(bad(field, format!("{share} is not a share between 0 and 1")))
            }
        };
        if name.trim().is_empty() || name == DO_NOTHING {
            return Err(bad("name", format!("must say what the offer is; {DO_NOTHING:?} is always there")));
        }
        let offer = Self {
            name: name.to_owned(),
            contact_cost: cost("contact_cost", contact_cost)?,
            incentive: cost("incentive", incentive)?,
            save_rate: share("save_rate", save_rate)?,
            take_up: share("take_up", take_up)?,
            driven_away: share("driven_away", driven_away)?,
        };
        if take_up + driven_away > 1.0 + 1e-12 {
            let reason = format!(
                "{driven_away} driven away and {take_up} taking the incentive are more than all loyal customers"
            );
            return Err(bad("driven_away", reason));
        }
        Ok(offer)
    }

    /// What it is called; the action of whoever it is recommended for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// c: cost of contacting, paid always.
    pub fn contact_cost(&self) -> Money {
        self.contact_cost
    }

    /// δ: incentive at cost, paid when redeemed.
    pub fn incentive(&self) -> Money {
        self.incentive
    }

    /// γ: share of would-be churners it keeps.
    pub fn save_rate(&self) -> f64 {
        self.save_rate
    }

    /// ψ: share of would-stay customers who take the incentive anyway.
    pub fn take_up(&self) -> f64 {
        self.take_up
    }

    /// λ: share of would-stay customers whom the contact drives away.
    pub fn driven_away(&self) -> f64 {
        self.driven_away
    }
}

/// The offers there are, each by its own name.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    offers: Vec<Offer>,
}

impl Catalogue {
    /// A catalogue of offers.
    ///
    /// # Errors
    /// When two have one name.
    pub fn new(offers: Vec<Offer>) -> Result<Self, CatalogueError> {
        for (i, offer) in offers.iter().enumerate() {
            if offers[..i].iter().any(|earlier| earlier.name == offer.name) {
                return Err(CatalogueError::Twice { offer: offer.name.clone() });
            }
        }
        Ok(Self { offers })
    }

    /// Reads a catalogue: a TOML file of `[[offer]]` tables.
    ///
    /// # Errors
    /// When it is no such file, or holds an impossible number.
    pub fn from_toml(text: &str) -> Result<Self, CatalogueError> {
        let file: File =
            toml::from_str(text).map_err(|error| CatalogueError::Malformed { message: error.to_string() })?;
        let offers = file.offer.iter().map(Entry::offer).collect::<Result<_, _>>()?;
        Self::new(offers)
    }

    /// The built-in catalogue; its numbers are assumptions with their sources in docs/economics.md.
    ///
    /// # Errors
    /// None that its test would not have met.
    pub fn built_in() -> Result<Self, CatalogueError> {
        Self::from_toml(DEFAULT)
    }

    /// The offers, in the file's order.
    pub fn offers(&self) -> &[Offer] {
        &self.offers
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    offer: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    contact_cost: f64,
    incentive: f64,
    save_rate: f64,
    take_up: f64,
    driven_away: f64,
}

impl Entry {
    fn offer(&self) -> Result<Offer, CatalogueError> {
        Offer::new(
            &self.name,
            self.contact_cost,
            self.incentive,
            self.save_rate,
            self.take_up,
            self.driven_away,
        )
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
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_valid() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.offers().iter().map(Offer::name).collect::<Vec<_>>(), ["reminder", "voucher"]);
    }

    #[test]
    fn impossible_catalogues_are_refused_with_the_reason() {
        let catalogue = |change: &str, to: &str| {
            let text = "[[offer]]\nname = \"call\"\ncontact_cost = 5\nincentive = 0\nsave_rate = 0.2\ntake_up = 0.5\ndriven_away = 0.1\n";
            Catalogue::from_toml(&text.replace(change, to)).map_err(|error| error.to_string())
        };
        assert!(catalogue("", "").is_ok());
        let refused = [
            (
                "save_rate = 0.2",
                "save_rate = 1.2",
                "offer \"call\", save_rate: 1.2 is not a share between 0 and 1",
            ),
            (
                "contact_cost = 5",
                "contact_cost = -5",
                "offer \"call\", contact_cost: -5 is not an amount of 0 or more",
            ),
            (
                "incentive = 0",
                "incentive = nan",
                "offer \"call\", incentive: NaN is not an amount of 0 or more",
            ),
            (
                "driven_away = 0.1",
                "driven_away = 0.6",
                "offer \"call\", driven_away: 0.6 driven away and 0.5 taking the incentive are more than all loyal customers",
            ),
            (
                "call",
                "do nothing",
                "offer \"do nothing\", name: must say what the offer is; \"do nothing\" is always there",
            ),
        ];
        for (change, to, message) in refused {
            assert_eq!(catalogue(change, to).unwrap_err(), message);
        }
        assert!(catalogue("save_rate", "saverate").unwrap_err().contains("saverate"));
        let twice = "[[offer]]\nname = \"a\"\ncontact_cost = 1\nincentive = 0\nsave_rate = 0\ntake_up = 0\ndriven_away = 0\n".repeat(2);
        assert!(matches!(Catalogue::from_toml(&twice), Err(CatalogueError::Twice { .. })));
    }

    #[test]
    fn an_empty_catalogue_leaves_doing_nothing() {
        assert!(Catalogue::from_toml("").unwrap().offers().is_empty());
    }
}
