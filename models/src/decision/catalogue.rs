//! The offer catalogue: a TOML file, of which nothing impossible passes.

use mainstay_features::units::Money;
use serde::Deserialize;

use super::offer::INCENTIVE_PLACE;
use super::{DO_NOTHING, Eligibility, Incentive, Offer, SaveRate, Words};
use crate::segments::{Cause, Tier};

/// The built-in catalogue.
const DEFAULT: &str = include_str!("default_offers.toml");

/// The most days since a contact that an offer may ask for: a century.
const MOST_DAYS: f64 = 36_500.0;

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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    offer: Vec<Entry>,
}

/// An offer as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    channel: Option<String>,
    contact_cost: f64,
    incentive: WrittenIncentive,
    save_rate: f64,
    save_rate_sd: f64,
    win_back_rate: Option<f64>,
    win_back_rate_sd: Option<f64>,
    take_up: f64,
    driven_away: f64,
    capacity: Option<u64>,
    #[serde(default)]
    only_for: OnlyFor,
    #[serde(default)]
    words: WrittenWords,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "incentive: an amount, or { share_of_next_order = 0.1, cap = 20 }")]
enum WrittenIncentive {
    Fixed(f64),
    Share(WrittenShare),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenShare {
    share_of_next_order: f64,
    cap: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyFor {
    tiers: Option<Vec<Tier>>,
    causes: Option<Vec<Cause>>,
    churn_probability: Option<Band>,
    days_since_contact: Option<f64>,
    #[serde(default)]
    consent: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Band {
    #[serde(default)]
    from: f64,
    #[serde(default = "one")]
    to: f64,
}

fn one() -> f64 {
    1.0
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWords {
    #[serde(default)]
    en: String,
    #[serde(default)]
    zh: String,
}

impl Entry {
    fn offer(self) -> Result<Offer, CatalogueError> {
        let name = self.name;
        let bad = |field, reason| CatalogueError::Impossible { offer: name.clone(), field, reason };
        let amount = |field, amount: f64| {
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
        if self.channel.as_deref().is_some_and(|channel| channel.trim().is_empty()) {
            return Err(bad("channel", "empty: leave it out, or say how customers are reached".to_owned()));
        }
        let contact_cost = amount("contact_cost", self.contact_cost)?;
        let incentive = match self.incentive {
            WrittenIncentive::Fixed(fixed) => Incentive::Fixed(amount("incentive", fixed)?),
            WrittenIncentive::Share(written) => Incentive::ShareOfNextOrder {
                share: share("incentive.share_of_next_order", written.share_of_next_order)?,
                cap: written.cap.map(|cap| amount("incentive.cap", cap)).transpose()?,
            },
        };
        let rate = |(field, mean), (sd_field, sd)| {
            share(field, mean)?;
            SaveRate::new(mean, sd).ok_or_else(|| {
                let most = (mean * (1.0 - mean)).sqrt();
                bad(sd_field, format!("{sd} is not a standard deviation of 0 or more and below {most:.4}"))
            })
        };
        let save_rate = rate(("save_rate", self.save_rate), ("save_rate_sd", self.save_rate_sd))?;
        let win_back_rate = match (self.win_back_rate, self.win_back_rate_sd) {
            (Some(mean), Some(sd)) => Some(rate(("win_back_rate", mean), ("win_back_rate_sd", sd))?),
            (None, None) => None,
            (Some(_), None) => {
                let reason = "missing: say how uncertain win_back_rate is, or 0 if you know it exactly";
                return Err(bad("win_back_rate_sd", reason.to_owned()));
            }
            (None, Some(_)) => {
                let reason = "missing: give it, or leave win_back_rate_sd out too";
                return Err(bad("win_back_rate", reason.to_owned()));
            }
        };
        let (take_up, driven_away) =
            (share("take_up", self.take_up)?, share("driven_away", self.driven_away)?);
        if take_up + driven_away > 1.0 + 1e-12 {
            let reason = format!(
                "{driven_away} driven away and {take_up} taking the incentive are more than all loyal customers"
            );
            return Err(bad("driven_away", reason));
        }
        if self.capacity == Some(0) {
            return Err(bad("capacity", "0: leave the offer out instead".to_owned()));
        }
        let eligibility = self.only_for.eligibility().map_err(|(field, reason)| bad(field, reason))?;
        let words = self.words.words().map_err(|(field, reason)| bad(field, reason))?;
        Ok(Offer {
            channel: self.channel,
            contact_cost,
            incentive,
            save_rate,
            win_back_rate,
            take_up,
            driven_away,
            eligibility,
            capacity: self.capacity,
            words,
            name,
        })
    }
}

/// A field, and why what is there cannot be.
type Reason = (&'static str, String);

impl OnlyFor {
    fn eligibility(self) -> Result<Eligibility, Reason> {
        let plain = Eligibility::default();
        for (field, is_empty) in [
            ("only_for.tiers", self.tiers.as_ref().is_some_and(Vec::is_empty)),
            ("only_for.causes", self.causes.as_ref().is_some_and(Vec::is_empty)),
        ] {
            if is_empty {
                return Err((field, "empty: the offer would be for nobody".to_owned()));
            }
        }
        let band = self.churn_probability.map_or(plain.churn_probability, |Band { from, to }| (from, to));
        if !(0.0 <= band.0 && band.0 <= band.1 && band.1 <= 1.0) {
            let reason = format!("from {} to {} is no band between 0 and 1", band.0, band.1);
            return Err(("only_for.churn_probability", reason));
        }
        let days = self.days_since_contact.unwrap_or(plain.days_since_contact);
        if !(0.0..=MOST_DAYS).contains(&days) {
            return Err((
                "only_for.days_since_contact",
                format!("{days} is not between 0 and {MOST_DAYS} days"),
            ));
        }
        Ok(Eligibility {
            tiers: self.tiers,
            causes: self.causes.unwrap_or(plain.causes),
            churn_probability: band,
            days_since_contact: days,
            requires_consent: self.consent,
        })
    }
}

impl WrittenWords {
    fn words(self) -> Result<Words, Reason> {
        for (field, sentence) in [("words.en", &self.en), ("words.zh", &self.zh)] {
            let rest = sentence.replace(INCENTIVE_PLACE, "");
            if rest.contains(['{', '}', '\n', '\r']) {
                let reason = format!(
                    "{sentence:?} is no sentence on one line with {INCENTIVE_PLACE} as its only place"
                );
                return Err((field, reason));
            }
        }
        Ok(Words { english: self.en, chinese: self.zh })
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
    use crate::language::Language;

    const CALL: &str = "[[offer]]\nname = \"call\"\nchannel = \"phone\"\ncontact_cost = 5\nincentive = 0\nsave_rate = 0.2\n\
        save_rate_sd = 0.05\nwin_back_rate = 0.1\nwin_back_rate_sd = 0.02\ntake_up = 0.5\ndriven_away = 0.1\ncapacity = 20\n\
        only_for = { tiers = [\"key\"], causes = [\"need changed\"], churn_probability = { from = 0.2 }, days_since_contact = 30, consent = true }\n\
        words = { en = \"We have {incentive} for you\", zh = \"送您{incentive}元\" }\n";

    #[test]
    fn the_built_in_catalogue_is_valid() {
        let catalogue = Catalogue::built_in().unwrap();
        assert_eq!(catalogue.offers().iter().map(Offer::name).collect::<Vec<_>>(), ["reminder", "voucher"]);
        for offer in catalogue.offers() {
            for language in Language::ALL {
                assert!(!offer.words().say(language, Money::ZERO).is_empty());
            }
        }
    }

    #[test]
    fn everything_an_offer_says_is_read() {
        let catalogue = Catalogue::from_toml(CALL).unwrap();
        let call = catalogue.named("call").unwrap();
        assert_eq!((call.channel(), call.capacity()), (Some("phone"), Some(20)));
        assert_eq!((call.save_rate().mean(), call.save_rate().sd()), (0.2, 0.05));
        assert_eq!(call.win_back_rate().map(|rate| (rate.mean(), rate.sd())), Some((0.1, 0.02)));
        let eligibility = Eligibility {
            tiers: Some(vec![Tier::Key]),
            causes: vec![Cause::NeedChanged],
            churn_probability: (0.2, 1.0),
            days_since_contact: 30.0,
            requires_consent: true,
        };
        assert_eq!(call.eligibility(), &eligibility);
        let five = Money::new(5.0).unwrap();
        assert_eq!(call.words().say(Language::English, five), "We have 5.00 for you");
        assert_eq!(call.words().say(Language::Chinese, five), "送您5.00元");
    }

    #[test]
    fn an_incentive_is_an_amount_or_a_share_of_the_next_order_with_a_cap() {
        let amount = |incentive: &str, next_order: f64| {
            let text = CALL.replace("incentive = 0\n", &format!("incentive = {incentive}\n"));
            let catalogue = Catalogue::from_toml(&text).unwrap();
            catalogue.offers()[0].terms(Money::new(next_order).unwrap()).incentive.get()
        };
        assert_eq!(amount("10", 50.0), 10.0);
        assert_eq!(amount("{ share_of_next_order = 0.1 }", 500.0), 50.0);
        assert_eq!(amount("{ share_of_next_order = 0.1, cap = 20 }", 50.0), 5.0);
        assert_eq!(amount("{ share_of_next_order = 0.1, cap = 20 }", 500.0), 20.0);
    }

    #[test]
    fn impossible_catalogues_are_refused_with_the_reason() {
        let refused = |change: &str, to: &str| {
            assert!(CALL.contains(change), "{change}");
            Catalogue::from_toml(&CALL.replace(change, to)).unwrap_err().to_string()
        };
        for (change, to, message) in [
            ("save_rate = 0.2", "save_rate = 1.2", "save_rate: 1.2 is not a share between 0 and 1"),
            (
                "save_rate_sd = 0.05",
                "save_rate_sd = 0.5",
                "save_rate_sd: 0.5 is not a standard deviation of 0 or more and below 0.4000",
            ),
            (
                "win_back_rate = 0.1",
                "win_back_rate = -0.1",
                "win_back_rate: -0.1 is not a share between 0 and 1",
            ),
            (
                "win_back_rate_sd = 0.02",
                "win_back_rate_sd = 0.4",
                "win_back_rate_sd: 0.4 is not a standard deviation of 0 or more and below 0.3000",
            ),
            (
                "win_back_rate_sd = 0.02\n",
                "",
                "win_back_rate_sd: missing: say how uncertain win_back_rate is, or 0 if you know it exactly",
            ),
            (
                "win_back_rate = 0.1\n",
                "",
                "win_back_rate: missing: give it, or leave win_back_rate_sd out too",
            ),
            ("contact_cost = 5", "contact_cost = -5", "contact_cost: -5 is not an amount of 0 or more"),
            ("incentive = 0", "incentive = nan", "incentive: NaN is not an amount of 0 or more"),
            (
                "incentive = 0",
                "incentive = { share_of_next_order = 2 }",
                "incentive.share_of_next_order: 2 is not a share between 0 and 1",
            ),
            (
                "driven_away = 0.1",
                "driven_away = 0.6",
                "driven_away: 0.6 driven away and 0.5 taking the incentive are more than all loyal customers",
            ),
            ("capacity = 20", "capacity = 0", "capacity: 0: leave the offer out instead"),
            ("[\"key\"]", "[]", "only_for.tiers: empty: the offer would be for nobody"),
            (
                "from = 0.2",
                "from = 0.9, to = 0.5",
                "only_for.churn_probability: from 0.9 to 0.5 is no band between 0 and 1",
            ),
            (
                "days_since_contact = 30",
                "days_since_contact = -1",
                "only_for.days_since_contact: -1 is not between 0 and 36500 days",
            ),
            (
                "We have {incentive}",
                "We have {money}",
                "words.en: \"We have {money} for you\" is no sentence on one line with {incentive} as its only place",
            ),
        ] {
            assert_eq!(refused(change, to), format!("offer \"call\", {message}"));
        }
        assert_eq!(
            refused("\"call\"", "\"do nothing\""),
            "offer \"do nothing\", name: must say what the offer is; \"do nothing\" is always there"
        );
        assert!(refused("save_rate =", "saverate =").contains("saverate"));
        assert!(refused("[\"key\"]", "[\"gold\"]").contains("gold"));
        assert!(matches!(Catalogue::from_toml(&CALL.repeat(2)), Err(CatalogueError::Twice { .. })));
    }

    #[test]
    fn an_empty_catalogue_leaves_doing_nothing() {
        assert!(Catalogue::from_toml("").unwrap().offers().is_empty());
    }
}
