//! The catalogue of offers as scripts read it: printed by the command line, served by the API.

use mainstay_features::id;
use mainstay_models::decision::{Catalogue, Eligibility, Incentive, Offer, SaveRate};
use mainstay_models::segments::{Cause, Tier};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::{CauseWord, TierWord};

/// An offer, under the names that its file has.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferTold {
    /// What the answers call it.
    name: String,
    /// How the customer is turned to.
    #[schema(required)]
    channel: Option<String>,
    /// What it costs to turn to a customer.
    contact_cost: f64,
    /// What the customer is given.
    incentive: IncentiveTold,
    /// Of those who would leave, the share who stay for it.
    #[schema(minimum = 0, maximum = 1)]
    save_rate: f64,
    /// How well that is known: its standard deviation.
    save_rate_sd: f64,
    /// Of those who have left, the share who come back for it.
    #[schema(required, minimum = 0, maximum = 1)]
    win_back_rate: Option<f64>,
    /// How well that is known.
    #[schema(required)]
    win_back_rate_sd: Option<f64>,
    /// Of those who stay anyway, the share who take the incentive.
    #[schema(minimum = 0, maximum = 1)]
    take_up: f64,
    /// Of those who would stay, the share whom it makes leave.
    #[schema(minimum = 0, maximum = 1)]
    driven_away: f64,
    /// How many can be made.
    #[schema(required)]
    capacity: Option<u64>,
    /// Whom it may be made to.
    only_for: OnlyFor,
}

/// An amount, or a share of the next order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum IncentiveTold {
    Fixed(f64),
    Share {
        /// Of what the next order comes to.
        share_of_next_order: f64,
        /// The most that is.
        #[schema(required)]
        cap: Option<f64>,
    },
}

/// Whom an offer may be made to.
#[derive(Debug, Serialize, ToSchema)]
struct OnlyFor {
    /// `None` for every tier but customers who are a problem.
    #[schema(required, value_type = Option<Vec<TierWord>>)]
    tiers: Option<Vec<Tier>>,
    /// The causes it is for, all of them where it is for any.
    #[schema(value_type = Vec<CauseWord>)]
    causes: Vec<Cause>,
    /// The churn probability must be in this band.
    churn_probability: Band,
    /// So many days must have passed since the last contact.
    days_since_contact: f64,
    /// Whether the customer must have said yes to the channel.
    consent: bool,
}

/// A band of probabilities, both ends included.
#[derive(Debug, Serialize, ToSchema)]
struct Band {
    /// Its lower end.
    from: f64,
    /// Its upper end.
    to: f64,
}

/// Every offer of a catalogue, in its order.
pub fn told(catalogue: &Catalogue) -> Vec<OfferTold> {
    catalogue.offers().iter().map(offer).collect()
}

/// What tells a catalogue from another: a fingerprint of all that is told of its offers, in hexadecimal.
pub fn fingerprint(catalogue: &Catalogue) -> String {
    format!("{:016x}", id::fingerprint(&serde_json::json!(told(catalogue)).to_string()))
}

fn offer(offer: &Offer) -> OfferTold {
    let Eligibility { tiers, causes, churn_probability: (from, to), days_since_contact, requires_consent } =
        offer.eligibility();
    OfferTold {
        name: offer.name().to_owned(),
        channel: offer.channel().map(str::to_owned),
        contact_cost: offer.contact_cost().get(),
        incentive: match offer.incentive() {
            Incentive::Fixed(amount) => IncentiveTold::Fixed(amount.get()),
            Incentive::ShareOfNextOrder { share, cap } => {
                IncentiveTold::Share { share_of_next_order: share, cap: cap.map(|cap| cap.get()) }
            }
        },
        save_rate: offer.save_rate().mean(),
        save_rate_sd: offer.save_rate().sd(),
        win_back_rate: offer.win_back_rate().map(SaveRate::mean),
        win_back_rate_sd: offer.win_back_rate().map(SaveRate::sd),
        take_up: offer.take_up(),
        driven_away: offer.driven_away(),
        capacity: offer.capacity(),
        only_for: OnlyFor {
            tiers: tiers.clone(),
            causes: causes.clone(),
            churn_probability: Band { from: *from, to: *to },
            days_since_contact: *days_since_contact,
            consent: *requires_consent,
        },
    }
}
