//! Worlds: what offers do, and what they cost.

use mainstay_features::simulate::Offer;
use mainstay_features::units::Money;
use mainstay_models::decision::Terms;

pub(crate) const OFFERS: [Offer; 2] = [Offer::Reminder, Offer::Voucher];

/// What offers do and cost.
pub(crate) struct World {
    pub(crate) name: &'static str,
    /// Contact cost and incentive of each of [`OFFERS`].
    pub(crate) costs: [(f64, f64); 2],
    /// Where the formula is true, save rate and share driven away of each; otherwise customers respond as simulated.
    pub(crate) rates: Option<[(f64, f64); 2]>,
}

pub(crate) const WORLDS: [World; 3] = [
    World {
        name: "the formula is true: voucher 1 + 10 saves 0.3, reminder 0.05 saves 0.005 of all would-be churners",
        costs: [(0.05, 0.0), (1.0, 10.0)],
        rates: Some([(0.005, 0.0), (0.3, 0.0)]),
    },
    World {
        name: "as simulated, with the built-in offers' costs: voucher 1 + 10, reminder 0.05",
        costs: [(0.05, 0.0), (1.0, 10.0)],
        rates: None,
    },
    World {
        name: "as simulated, with a cheap voucher: 0.50 + 2, reminder 0.05",
        costs: [(0.05, 0.0), (0.5, 2.0)],
        rates: None,
    },
];

impl World {
    /// The terms of an offer with a save rate and a share driven away: whoever would stay and is not driven away redeems
    /// an incentive.
    pub(crate) fn terms(&self, place: usize, (save_rate, driven_away): (f64, f64)) -> Terms {
        let (contact_cost, incentive) = self.costs[place];
        let money = |amount| Money::new(amount).unwrap();
        Terms {
            contact_cost: money(contact_cost),
            incentive: money(incentive),
            save_rate,
            take_up: if incentive > 0.0 { 1.0 - driven_away } else { 0.0 },
            driven_away,
        }
    }
}
