//! Variety: how many different products, and how much of it at a discount; where the log has those columns.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::trend::total;
use crate::units::Amount;

/// Different products bought.
pub const PRODUCT_COUNT: Feature = Feature {
    name: "product_count",
    topic: Topic::Variety,
    unit: Unit::Count,
    window: Window::WholeHistory,
    needs: Needs::Products,
    least: 0.0,
    missing: None,
    meaning: "Different products bought (lines above zero).",
    compute: |known| known.products() as f64,
};

/// Different products for each purchase.
pub const PRODUCTS_PER_PURCHASE: Feature = Feature {
    name: "products_per_purchase",
    unit: Unit::Ratio,
    meaning: "Different products bought, for each purchase.",
    compute: |known| known.products() as f64 / known.purchases().len() as f64,
    ..PRODUCT_COUNT
};

/// The share of the price that was taken off.
pub const DISCOUNT_SHARE: Feature = Feature {
    name: "discount_share",
    unit: Unit::Ratio,
    needs: Needs::Discounts,
    meaning: "Discounts, also on orders that were taken back, as a share of what they and the purchases come to.",
    compute: |known| {
        let discounts = Amount::total(known.discounts().iter().map(|discount| discount.amount));
        discounts / (discounts + total(known.purchases()))
    },
    ..PRODUCT_COUNT
};
