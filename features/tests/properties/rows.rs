//! Any log: rows of every kind, and the history that they are.

use mainstay_features::history::{Complaint, Contact, History, HistoryBuilder, Profile, Severity};
use mainstay_features::units::{Amount, Instant};
use proptest::prelude::*;

pub(crate) const DAY: i64 = 86_400_000_000;

/// A row: customer, order, hours since the start, amount; complaints have no order.
#[derive(Clone, Debug)]
pub(crate) enum Row {
    Line { customer: u32, order: u8, hour: u16, cents: i32 },
    Cancellation { customer: u32, order: u8, hour: u16, cents: i32 },
    Complaint { customer: u32, hour: u16, resolved_after: Option<u16>, severity: Option<u8> },
    Contact { customer: u32, hour: u16 },
    Profile { customer: u32, hour: Option<u16>, attribute: u8, value: Option<u8> },
}

impl Row {
    /// The same of another customer.
    pub(crate) fn of_customer(mut self, number: u32) -> Self {
        match &mut self {
            Self::Line { customer, .. }
            | Self::Cancellation { customer, .. }
            | Self::Complaint { customer, .. }
            | Self::Contact { customer, .. }
            | Self::Profile { customer, .. } => *customer = number,
        }
        self
    }

    pub(crate) fn hour(&self) -> u16 {
        match self {
            Self::Line { hour, .. }
            | Self::Cancellation { hour, .. }
            | Self::Complaint { hour, .. }
            | Self::Contact { hour, .. } => *hour,
            // What does not say since when it is so may be known only later.
            Self::Profile { hour, .. } => hour.unwrap_or(u16::MAX),
        }
    }
}

/// Few customers and orders, so that orders have several lines at several instants; amounts with thirds in them, so
/// that the order of summation shows.
pub(crate) fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        4 => (0..4_u32, 0..6_u8, 0..2400_u16, -500..2000_i32)
            .prop_map(|(customer, order, hour, cents)| Row::Line { customer, order, hour: hour / 6 * 6, cents }),
        1 => (0..4_u32, 0..6_u8, 0..2400_u16, -900..100_i32)
            .prop_map(|(customer, order, hour, cents)| Row::Cancellation { customer, order, hour, cents }),
        1 => (0..4_u32, 0..2400_u16, prop::option::of(0..900_u16), prop::option::of(0..5_u8)).prop_map(
            |(customer, hour, resolved_after, severity)| {
                Row::Complaint { customer, hour, resolved_after, severity }
            }
        ),
        1 => (0..4_u32, 0..2400_u16).prop_map(|(customer, hour)| Row::Contact { customer, hour }),
        2 => (0..4_u32, prop::option::weighted(0.8, 0..2400_u16), 0..3_u8, prop::option::weighted(0.8, 0..4_u8))
            .prop_map(|(customer, hour, attribute, value)| {
                Row::Profile { customer, hour: hour.map(|hour| hour / 300 * 300), attribute, value }
            }),
    ]
}

pub(crate) fn instant(hour: u16) -> Instant {
    Instant::from_micros(i64::from(hour) * DAY / 24 + 20_000 * DAY).unwrap()
}

pub(crate) fn builder(rows: &[Row]) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    add(&mut builder, rows);
    builder
}

pub(crate) fn add(builder: &mut HistoryBuilder, rows: &[Row]) {
    for row in rows {
        match *row {
            Row::Line { customer, order, hour, cents } => {
                let (customer, at) = (customer.to_string(), instant(hour));
                builder.add_line(&customer, &order.to_string(), at, thirds(cents));
                builder.add_product(&customer, &(cents % 7).to_string(), at);
                builder.add_discount(&customer, &order.to_string(), at, thirds(cents % 50));
            }
            Row::Cancellation { customer, order, hour, cents } => {
                let (customer, order) = (customer.to_string(), order.to_string());
                builder.add_cancellation(&customer, &order, instant(hour), thirds(cents));
            }
            Row::Complaint { customer, hour, resolved_after, severity } => {
                let complaint = Complaint {
                    instant: instant(hour),
                    resolved_at: resolved_after.map(|hours| instant(hour + hours)),
                    severity: severity.and_then(|severity| Severity::new(severity.into())),
                    category: None,
                };
                builder.add_complaint(&customer.to_string(), complaint);
            }
            Row::Contact { customer, hour } => {
                let contact = Contact { instant: instant(hour), channel: None, offer: None };
                builder.add_contact(&customer.to_string(), contact);
            }
            Row::Profile { customer, hour, attribute, value } => {
                let profile = Profile {
                    attribute: builder.word(&format!("attribute {attribute}")),
                    from: hour.map(instant),
                    value: value.map(|value| builder.word(&value.to_string())),
                };
                builder.add_profile(&customer.to_string(), profile);
            }
        }
    }
}

pub(crate) fn thirds(cents: i32) -> Amount {
    Amount::new(f64::from(cents) / 3.0).unwrap()
}

pub(crate) fn build(rows: &[Row]) -> History {
    History::fold(vec![builder(rows)]).unwrap()
}
