//! Monetary value: what the customer spends at a time.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::units::Amount;

/// Mean amount per purchase, returns excluded.
pub const MONETARY: Feature = Feature {
    name: "monetary",
    topic: Topic::Amounts,
    unit: Unit::Money,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Mean amount per purchase, returns excluded.",
    compute: |known| Amount::mean(known.purchases().iter().map(|purchase| purchase.amount)),
};

/// The largest purchase.
pub const LARGEST_AMOUNT: Feature = Feature {
    name: "largest_amount",
    meaning: "Amount of the largest purchase.",
    compute: |known| {
        known.purchases().iter().map(|purchase| purchase.amount).max().map_or(f64::NAN, Amount::get)
    },
    ..MONETARY
};

/// How far purchases lie apart in amount.
pub const AMOUNT_SPREAD: Feature = Feature {
    name: "amount_spread",
    meaning: "Standard deviation of the purchases' amounts (of the population: 0 for one purchase).",
    compute: |known| {
        let amounts = known.purchases().iter().map(|purchase| purchase.amount);
        let mean = Amount::mean(amounts.clone());
        spread(amounts.map(Amount::get), mean)
    },
    ..MONETARY
};

/// Mean amount per purchase with returns taken off.
pub const NET_MONETARY: Feature = Feature {
    name: "net_monetary",
    least: f64::NEG_INFINITY,
    meaning: "What all orders, returns included, come to, per purchase.",
    compute: |known| known.net().get() / known.purchases().len() as f64,
    ..MONETARY
};

/// The population's standard deviation around a known mean, added in order; NaN of nothing.
pub(crate) fn spread(values: impl Iterator<Item = f64>, mean: f64) -> f64 {
    let (mut count, mut squares) = (0.0, 0.0);
    for value in values {
        count += 1.0;
        squares += (value - mean) * (value - mean);
    }
    (squares / count).sqrt()
}
