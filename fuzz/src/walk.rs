//! Walks through everything that was read, as the commands do.

use mainstay_features::check::CustomerReport;
use mainstay_features::history::{Histories, History};
use mainstay_features::profile::{self, Attribute};
use mainstay_features::registry;
use mainstay_features::table::{Snapshot, Table};
use mainstay_features::units::{Days, Instant};

/// Every feature, attribute and label of every customer, at the first order and the last.
pub fn walk(histories: &Histories) {
    let attributes = profile::attributes(histories);
    let Some(span) = histories.summary().span else { return };
    let _ = histories.each(|part| walk_part(part, &attributes, span));
    let _ = histories.known_until(span.0);
}

fn walk_part(part: &History, attributes: &[Attribute], (first, last): (Instant, Instant)) {
    CustomerReport::of(part);
    let (Some(lookback), Some(horizon)) = (Days::new(365), Days::new(90)) else { return };
    let (features, attributes) = (registry::all().collect(), attributes.to_vec());
    for attribute in &attributes {
        for customer in 0..part.len() {
            attribute.shown(part, part.customer(customer), last);
        }
    }
    let table = Table { as_of: vec![first, last], lookback, features, attributes };
    let rows = table.rows(part, 0..part.len());
    assert!(!rows.columns.iter().flatten().any(|value| value.is_infinite()), "a feature is infinite");
    for as_of in table.as_of {
        let population = Snapshot::take(part, as_of, lookback);
        assert_eq!(population.labels(part, horizon).len(), population.ids(part).len(), "one label each");
    }
}
