//! The decision: the offer with the highest net value, or nothing. Knows no estimator.

mod net_value;
mod offer;

pub use net_value::{BreakEven, break_even_probability, net_value};
pub use offer::{Catalogue, CatalogueError, Offer};

use mainstay_features::units::{Money, Probability};

/// The action that is always there and costs and earns nothing.
pub const DO_NOTHING: &str = "do nothing";

/// What to do about one customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The offer to make; `None` is [`DO_NOTHING`].
    pub offer: Option<&'a Offer>,
    /// What it is expected to earn over doing nothing; never negative.
    pub net_value: Money,
    /// The lowest churn probability at which the offer pays; when nothing is done, at which the first of the offers
    /// would.
    pub break_even: BreakEven,
}

impl Decision<'_> {
    /// The action's name.
    pub fn action(&self) -> &str {
        self.offer.map_or(DO_NOTHING, |offer| offer.name())
    }
}

/// The best of the offers and doing nothing; of equal offers the first.
pub fn decide(catalogue: &Catalogue, p: Probability, lifetime_value: Money) -> Decision<'_> {
    let mut best: Option<(&Offer, Money)> = None;
    for offer in catalogue.offers() {
        let value = net_value(offer, p, lifetime_value);
        if value > best.map_or(Money::ZERO, |(_, value)| value) {
            best = Some((offer, value));
        }
    }
    match best {
        Some((offer, net_value)) => {
            let break_even = break_even_probability(offer, lifetime_value);
            Decision { offer: Some(offer), net_value, break_even }
        }
        None => {
            let break_even = catalogue
                .offers()
                .iter()
                .map(|offer| break_even_probability(offer, lifetime_value))
                .fold(BreakEven::Never, BreakEven::lower);
            Decision { offer: None, net_value: Money::ZERO, break_even }
        }
    }
}
