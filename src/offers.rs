//! The catalogue of offers as scripts read it: printed by the command line, served by the API.

use mainstay_models::decision::{Catalogue, Eligibility, Incentive, Offer, SaveRate};
use mainstay_models::segments::{Cause, Tier};
use serde::Serialize;

/// An offer, under the names that its file has.
#[derive(Debug, Serialize)]
pub struct OfferTold {
    name: String,
    channel: Option<String>,
    contact_cost: f64,
    incentive: IncentiveTold,
    save_rate: f64,
    save_rate_sd: f64,
    win_back_rate: Option<f64>,
    win_back_rate_sd: Option<f64>,
    take_up: f64,
    driven_away: f64,
    capacity: Option<u64>,
    only_for: OnlyFor,
}

/// An amount, or a share of the next order.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum IncentiveTold {
    Fixed(f64),
    Share { share_of_next_order: f64, cap: Option<f64> },
}

/// Whom an offer may be made to.
#[derive(Debug, Serialize)]
struct OnlyFor {
    /// `None` for every tier but customers who are a problem.
    tiers: Option<Vec<Tier>>,
    causes: Vec<Cause>,
    churn_probability: Band,
    /// So many days must have passed since the last contact.
    days_since_contact: f64,
    /// Whether the customer must have said yes to the channel.
    consent: bool,
}

#[derive(Debug, Serialize)]
struct Band {
    from: f64,
    to: f64,
}

/// Every offer of a catalogue, in its order.
pub fn told(catalogue: &Catalogue) -> Vec<OfferTold> {
    catalogue.offers().iter().map(offer).collect()
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
