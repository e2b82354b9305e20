//! Contacts: how often and how lately the shop has turned to the customer; where there is a contacts file.

use crate::feature::{Feature, Needs, Topic, Unit, Window};

/// Contacts in the last quarter.
pub const CONTACTS_90D: Feature = Feature {
    name: "contacts_90d",
    topic: Topic::Contacts,
    unit: Unit::Count,
    window: Window::Last(90),
    needs: Needs::Contacts,
    least: 0.0,
    missing: None,
    meaning: "Contacts in the window.",
    compute: |known| {
        let from = known.days_ago(90);
        known.contacts().iter().rev().take_while(|contact| contact.instant > from).count() as f64
    },
};

/// Whole days since the last contact.
pub const DAYS_SINCE_CONTACT: Feature = Feature {
    name: "days_since_contact",
    unit: Unit::Days,
    window: Window::WholeHistory,
    missing: Some("without a contact"),
    meaning: "Whole days since the last contact.",
    compute: |known| match known.contacts().last() {
        Some(contact) => known.as_of().days_since(contact.instant) as f64,
        None => f64::NAN,
    },
    ..CONTACTS_90D
};
