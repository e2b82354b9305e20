//! An offer as a catalogue's file has it, and the offer that it is, if it can be one.

use mainstay_features::units::Money;
use serde::Deserialize;

use super::CatalogueError;
use crate::decision::offer::INCENTIVE_PLACE;
use crate::decision::{DO_NOTHING, Eligibility, Incentive, Offer, SaveRate, Words};
use crate::segments::{Cause, Tier};

/// The most days since a contact that an offer may ask for: a century.
const MOST_DAYS: f64 = 36_500.0;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) offer: Vec<Entry>,
}

/// An offer as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
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
    pub(super) fn offer(self) -> Result<Offer, CatalogueError> {
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
                let reason = if most > 0.0 {
                    format!("{sd} is not a standard deviation of 0 or more and below {most:.4}")
                } else {
                    format!("{sd} is not 0: a rate of {mean} is known exactly")
                };
                bad(sd_field, reason)
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
