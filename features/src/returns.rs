//! Returns: what came back. A return is an order below zero, or a later line that takes money off an order (a
//! cancellation that names its order is one); it counts from its own instant.

use crate::feature::{Feature, Needs, Topic, Unit, Window};

/// Returns so far.
pub const RETURN_COUNT: Feature = Feature {
    name: "return_count",
    topic: Topic::Returns,
    unit: Unit::Count,
    window: Window::WholeHistory,
    needs: Needs::Purchases,
    least: 0.0,
    missing: None,
    meaning: "Returns so far: orders below zero, and later lines that take money off an order.",
    compute: |known| known.returns().count as f64,
};

/// What was returned.
pub const RETURNED_MONEY: Feature = Feature {
    name: "returned_money",
    unit: Unit::Money,
    meaning: "What the returns came to, as a positive amount.",
    compute: |known| known.returns().amount.get(),
    ..RETURN_COUNT
};

/// The share of the money that came back.
pub const RETURN_SHARE: Feature = Feature {
    name: "return_share",
    unit: Unit::Ratio,
    missing: Some("where nothing was paid"),
    meaning: "What was returned, as a share of what was paid before returns.",
    compute: |known| {
        let returned = known.returns().amount;
        let paid = [known.net(), returned].into_iter().sum::<crate::units::Amount>().get();
        if paid > 0.0 { returned.get() / paid } else { f64::NAN }
    },
    ..RETURN_COUNT
};
