//! Contacts: how often and how lately the shop has turned to the customer; where there is a contacts file.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::history::Contact;
use crate::units::Instant;

/// Whole days at an instant since the last of contacts in time order; `None` where none was by then.
pub fn days_since_contact(contacts: &[Contact], as_of: Instant) -> Option<f64> {
    days_since_contact_until(contacts, as_of, as_of)
}

/// The same of contacts up to `until`, which may be later: since one after the instant it is 0 days.
pub fn days_since_contact_until(contacts: &[Contact], as_of: Instant, until: Instant) -> Option<f64> {
    let made = contacts.partition_point(|contact| contact.instant <= until);
    contacts[..made].last().map(|contact| as_of.days_since(contact.instant).max(0) as f64)
}

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
    compute: |known| days_since_contact(known.contacts(), known.as_of()).unwrap_or(f64::NAN),
    ..CONTACTS_90D
};
