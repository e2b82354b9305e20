//! What is true of a simulated customer and no shop could know.

use super::parameters::{
    LOST_CAUSE_SHARE, PERSUADABLE_SHARE, REMINDER_SAVES, REMINDER_WAKES, SURE_THING_SHARE, VOUCHER_SAVES,
    VOUCHER_WAKES,
};
use crate::units::Instant;

/// What a contact offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// A message.
    Reminder,
    /// Money off the next order.
    Voucher,
}

impl Offer {
    /// As it is written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::Voucher => "voucher",
        }
    }
}

/// What a contact does to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Less hazard of dropping out.
    Persuadable,
    /// Nothing.
    SureThing,
    /// Nothing.
    LostCause,
    /// More hazard of dropping out.
    SleepingDog,
}

impl Response {
    /// As it is written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Persuadable => "persuadable",
            Self::SureThing => "sure_thing",
            Self::LostCause => "lost_cause",
            Self::SleepingDog => "sleeping_dog",
        }
    }

    /// What a contact multiplies the drop-out hazard by, for the horizon.
    pub const fn hazard_factor(self, offer: Offer) -> f64 {
        match (self, offer) {
            (Self::Persuadable, Offer::Reminder) => 1.0 - REMINDER_SAVES,
            (Self::Persuadable, Offer::Voucher) => 1.0 - VOUCHER_SAVES,
            (Self::SureThing | Self::LostCause, _) => 1.0,
            (Self::SleepingDog, Offer::Reminder) => REMINDER_WAKES,
            (Self::SleepingDog, Offer::Voucher) => VOUCHER_WAKES,
        }
    }

    /// The type at a place in [0, 1) along the shares.
    pub(super) fn at(place: f64) -> Self {
        if place < PERSUADABLE_SHARE {
            Self::Persuadable
        } else if place < PERSUADABLE_SHARE + SURE_THING_SHARE {
            Self::SureThing
        } else if place < PERSUADABLE_SHARE + SURE_THING_SHARE + LOST_CAUSE_SHARE {
            Self::LostCause
        } else {
            Self::SleepingDog
        }
    }
}

/// What is true of a customer at the shop's end.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// Purchases a year, while alive, over a whole year's season.
    pub purchases_per_year: f64,
    /// The drop-out hazard per year, without complaints and contacts.
    pub drop_outs_per_year: f64,
    /// The mean amount of an order, before returns.
    pub mean_order_amount: f64,
    /// The first order.
    pub acquired_at: Instant,
    /// When the customer dropped out; `None` who is alive at the end.
    pub dropped_out_at: Option<Instant>,
    /// What a contact does.
    pub response: Response,
    /// The probability of no purchase in (end, end + horizon] without a contact at the end, by who knows the rates,
    /// whether the customer is alive, and what contacts until then and complaints about orders until then, even those
    /// still to be made, do to the hazard.
    pub churn_probability: f64,
    /// Whether there is none, without a contact at the end.
    pub churned: bool,
    /// Whether there is none after a reminder at the end.
    pub churned_if_reminder: bool,
    /// Whether there is none after a voucher at the end.
    pub churned_if_voucher: bool,
}

#[cfg(test)]
mod tests {
    use super::super::parameters::SLEEPING_DOG_SHARE;
    use super::*;

    #[test]
    fn the_shares_are_all_of_it() {
        let shares = PERSUADABLE_SHARE + SURE_THING_SHARE + LOST_CAUSE_SHARE + SLEEPING_DOG_SHARE;
        assert!((shares - 1.0).abs() < 1e-12);
        assert_eq!(Response::at(0.0), Response::Persuadable);
        assert_eq!(Response::at(0.999), Response::SleepingDog);
    }
}
