//! Trend: purchases and money of late, and against the time before.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::known::{Known, Purchase};
use crate::units::Amount;

/// Purchases in the last N days.
const fn purchases<const N: u32>(name: &'static str) -> Feature {
    Feature {
        name,
        topic: Topic::Activity,
        unit: Unit::Count,
        window: Window::Last(N),
        needs: Needs::Purchases,
        least: 0.0,
        missing: None,
        meaning: "Purchases in the window.",
        compute: |known| known.purchases_between_days_ago(N, 0).len() as f64,
    }
}

/// What the purchases of the last N days came to.
const fn money<const N: u32>(name: &'static str) -> Feature {
    Feature {
        unit: Unit::Money,
        meaning: "What the purchases in the window came to.",
        compute: |known| total(known.purchases_between_days_ago(N, 0)),
        ..purchases::<N>(name)
    }
}

/// Purchases in the last N days less those in the N days before.
const fn purchases_change<const N: u32>(name: &'static str) -> Feature {
    Feature {
        window: Window::LastAgainstBefore(N),
        least: f64::NEG_INFINITY,
        meaning: "Purchases in the window less those in the one before.",
        compute: |known| count_last::<N>(known) - known.purchases_between_days_ago(2 * N, N).len() as f64,
        ..purchases::<N>(name)
    }
}

/// Money of the last N days less that of the N days before.
const fn money_change<const N: u32>(name: &'static str) -> Feature {
    Feature {
        unit: Unit::Money,
        meaning: "What the purchases in the window came to, less what those in the one before did.",
        compute: |known| {
            let before = known.purchases_between_days_ago(2 * N, N).iter().map(|p| p.amount.negated());
            let last = known.purchases_between_days_ago(N, 0).iter().map(|p| p.amount);
            Amount::total(last.chain(before))
        },
        ..purchases_change::<N>(name)
    }
}

fn count_last<const N: u32>(known: &Known<'_>) -> f64 {
    known.purchases_between_days_ago(N, 0).len() as f64
}

/// What purchases come to.
pub(crate) fn total(purchases: &[Purchase]) -> f64 {
    Amount::total(purchases.iter().map(|purchase| purchase.amount))
}

/// Counts and money in the last 30, 90, 180 and 365 days.
pub const WINDOWS: [Feature; 8] = [
    purchases::<30>("purchases_30d"),
    purchases::<90>("purchases_90d"),
    purchases::<180>("purchases_180d"),
    purchases::<365>("purchases_365d"),
    money::<30>("money_30d"),
    money::<90>("money_90d"),
    money::<180>("money_180d"),
    money::<365>("money_365d"),
];

/// The same, less the window before.
pub const CHANGES: [Feature; 8] = [
    purchases_change::<30>("purchases_30d_change"),
    purchases_change::<90>("purchases_90d_change"),
    purchases_change::<180>("purchases_180d_change"),
    purchases_change::<365>("purchases_365d_change"),
    money_change::<30>("money_30d_change"),
    money_change::<90>("money_90d_change"),
    money_change::<180>("money_180d_change"),
    money_change::<365>("money_365d_change"),
];
