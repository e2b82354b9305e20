//! Purchases, complaints and contacts as requests tell them, and the rows of a history that they are: read like a file's.

use std::borrow::Cow;

use mainstay_features::history::{self, HistoryBuilder, Severity};
use mainstay_features::units::{Amount, Instant};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::{Failure, Kind};
use crate::schema::{Graveness, Identifier, Moment};

/// An identifier as the client writes it; it comes back as it was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged, expecting = "a text or a whole number")]
pub enum CustomerId {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

impl CustomerId {
    /// As histories and lists have it.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Integer(number) => number.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }
}

/// A purchase line; other fields of it are ignored, like extra columns of a file.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Purchase {
    /// Lines of one customer with the same order are one order.
    #[schema(value_type = Identifier)]
    order_id: CustomerId,
    /// When it was bought.
    #[schema(value_type = Moment)]
    ts: String,
    /// What was paid for the line, in the shop's currency; below 0 it is a return.
    #[schema(minimum = -1e12, maximum = 1e12)]
    amount: f64,
    /// What was bought.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Identifier>)]
    product_id: Option<CustomerId>,
    /// What the line was cheaper by.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1e12, maximum = 1e12)]
    discount: Option<f64>,
    /// The order that the line takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Identifier>)]
    cancels_order_id: Option<CustomerId>,
}

/// How grave a complaint is, as the client writes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged, expecting = "a number, or low, medium, high or critical")]
enum SeverityTold {
    Number(f64),
    Word(String),
}

impl SeverityTold {
    fn read(&self) -> Option<Severity> {
        match self {
            Self::Number(number) => Severity::new(*number),
            Self::Word(word) => word.parse().ok(),
        }
    }
}

/// A complaint; likewise.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Complaint {
    /// When the customer complained.
    #[schema(value_type = Moment)]
    ts: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// How grave it is, as files have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Graveness>)]
    severity: Option<SeverityTold>,
    /// When it was settled, which is not before it was made. A complaint that was told while it was open, and is told again as it
    /// was with this, is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Moment>)]
    resolved_at: Option<String>,
}

/// A contact the shop has made; likewise.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub struct Contact {
    /// When the shop turned to the customer.
    #[schema(value_type = Moment)]
    ts: String,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    /// With which offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<String>,
}

/// An instant that was read before, in the one way it is kept.
fn settled(text: &mut String) {
    if let Ok(instant) = text.parse::<Instant>() {
        *text = instant.to_string();
    }
}

impl Purchase {
    /// Writes what can be written in several ways in one: what says the same is then the same.
    pub(super) fn settle(&mut self) {
        settled(&mut self.ts);
        for amount in [Some(&mut self.amount), self.discount.as_mut()].into_iter().flatten() {
            // As it is kept, to the millionth.
            *amount = Amount::new(*amount).map_or(*amount, Amount::get);
        }
        let ids = [Some(&mut self.order_id), self.product_id.as_mut(), self.cancels_order_id.as_mut()];
        ids.into_iter().flatten().for_each(|id| *id = CustomerId::Text(id.to_text().into_owned()));
    }
}

impl Complaint {
    /// Likewise.
    pub(super) fn settle(&mut self) {
        settled(&mut self.ts);
        if let Some(resolved_at) = &mut self.resolved_at {
            settled(resolved_at);
        }
        if let Some(severity) = self.severity.as_ref().and_then(SeverityTold::read) {
            self.severity = Some(SeverityTold::Number(severity.into()));
        }
    }
}

impl Contact {
    /// Likewise.
    pub(super) fn settle(&mut self) {
        settled(&mut self.ts);
    }
}

/// What happened, as requests tell it; `at` says in messages where in the request it stands.
pub struct Told<'a> {
    /// Where the lists are: nothing, or the place of the object that has them, with a full stop behind it.
    pub at: &'a str,
    /// The purchase lines.
    pub purchases: &'a [Purchase],
    /// The complaints.
    pub complaints: &'a [Complaint],
    /// The contacts.
    pub contacts: &'a [Contact],
    /// What is later than this has not happened, and is refused.
    pub until: Instant,
}

impl Told<'_> {
    /// Whether nothing of it is still to come.
    ///
    /// # Errors
    /// When an instant cannot be read.
    pub fn has_happened(&self) -> Result<bool, Failure> {
        let purchases = self.purchases.iter().map(|purchase| &purchase.ts);
        let complaints = self.complaints.iter().map(|complaint| &complaint.ts);
        let contacts = self.contacts.iter().map(|contact| &contact.ts);
        for ts in purchases.chain(complaints).chain(contacts) {
            if instant(|| format!("{}ts", self.at), ts)? > self.until {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What holds of what comes now, and not of all that was acknowledged before: that identifiers are not too long, and no
    /// complaint is told as settled at a time that is still to come.
    ///
    /// # Errors
    /// When something does not; the message names it.
    pub fn check_new(&self, customer: &str) -> Result<(), Failure> {
        let at = self.at;
        check_id(|| format!("{at}customer_id"), customer)?;
        for (i, purchase) in self.purchases.iter().enumerate() {
            let ids = [
                ("order_id", Some(&purchase.order_id)),
                ("product_id", purchase.product_id.as_ref()),
                ("cancels_order_id", purchase.cancels_order_id.as_ref()),
            ];
            for (name, id) in ids.into_iter().filter_map(|(name, id)| Some((name, id?))) {
                check_id(|| format!("{at}purchases[{i}].{name}"), &id.to_text())?;
            }
        }
        for (i, complaint) in self.complaints.iter().enumerate() {
            let field = || format!("{at}complaints[{i}].resolved_at");
            if let Some(resolved_at) = &complaint.resolved_at {
                self.check_has_happened(field, instant(field, resolved_at)?)?;
            }
        }
        Ok(())
    }

    /// Adds the rows to a history in the making, as a customer's.
    ///
    /// # Errors
    /// When a field cannot be; the message names it.
    pub fn add_to(&self, builder: &mut HistoryBuilder, customer: &str) -> Result<(), Failure> {
        let at = self.at;
        if customer.is_empty() {
            return Err(empty(&format!("{at}customer_id")));
        }
        // What no row has, the request cannot tell: as a file without the column.
        builder.saw(history::Given {
            products: self.purchases.iter().any(|purchase| purchase.product_id.is_some()),
            discounts: self.purchases.iter().any(|purchase| purchase.discount.is_some()),
            severities: self.complaints.iter().any(|complaint| complaint.severity.is_some()),
            ..history::Given::default()
        });
        for (i, purchase) in self.purchases.iter().enumerate() {
            self.add_purchase(builder, customer, i, purchase)?;
        }
        for (i, complaint) in self.complaints.iter().enumerate() {
            let field = |name: &str| format!("{at}complaints[{i}].{name}");
            let mut read = complaint.read(field)?;
            self.check_has_happened(|| field("ts"), read.instant)?;
            read.category =
                complaint.category.as_deref().filter(|text| !text.is_empty()).map(|text| builder.word(text));
            builder.add_complaint(customer, read);
        }
        for (i, contact) in self.contacts.iter().enumerate() {
            let field = || format!("{at}contacts[{i}].ts");
            let instant = instant(field, &contact.ts)?;
            self.check_has_happened(field, instant)?;
            let mut word = |text: &Option<String>| {
                text.as_deref().filter(|text| !text.is_empty()).map(|text| builder.word(text))
            };
            let (channel, offer) = (word(&contact.channel), word(&contact.offer));
            builder.add_contact(customer, history::Contact { instant, channel, offer });
        }
        Ok(())
    }

    fn check_has_happened(&self, field: impl FnOnce() -> String, instant: Instant) -> Result<(), Failure> {
        if instant > self.until {
            return Err(bad_input(format!("{}: {instant} is still to come, by the server's clock", field())));
        }
        Ok(())
    }

    fn add_purchase(
        &self,
        builder: &mut HistoryBuilder,
        customer: &str,
        i: usize,
        purchase: &Purchase,
    ) -> Result<(), Failure> {
        let field = |name: &str| format!("{}purchases[{i}].{name}", self.at);
        let amount = |name: &str, value: f64| {
            Amount::new(value)
                .ok_or_else(|| bad_input(format!("{}: {value} is not within ±10¹²", field(name))))
        };
        let text = |name: &str, id: &CustomerId| {
            let id = id.to_text().into_owned();
            if id.is_empty() { Err(empty(&field(name))) } else { Ok(id) }
        };
        let ts = instant(|| field("ts"), &purchase.ts)?;
        self.check_has_happened(|| field("ts"), ts)?;
        let paid = amount("amount", purchase.amount)?;
        let order_id = text("order_id", &purchase.order_id)?;
        match &purchase.cancels_order_id {
            Some(cancelled) => {
                builder.add_cancellation(customer, &text("cancels_order_id", cancelled)?, ts, paid);
            }
            None => builder.add_line(customer, &order_id, ts, paid),
        }
        // Read also where they count for nothing, on a line that is not paid for: what cannot be is refused everywhere.
        let product = purchase.product_id.as_ref().map(|product| text("product_id", product)).transpose()?;
        let discount = purchase.discount.map(|discount| amount("discount", discount)).transpose()?;
        if paid > Amount::ZERO {
            product.iter().for_each(|product| builder.add_product(customer, product, ts));
            discount.iter().for_each(|&discount| builder.add_discount(customer, &order_id, ts, discount));
        }
        Ok(())
    }
}

impl Complaint {
    fn read(&self, field: impl Fn(&str) -> String) -> Result<history::Complaint, Failure> {
        let made = instant(|| field("ts"), &self.ts)?;
        let resolved_at = self.resolved_at.as_deref();
        let resolved_at = resolved_at.map(|text| instant(|| field("resolved_at"), text)).transpose()?;
        if resolved_at.is_some_and(|resolved_at| resolved_at < made) {
            return Err(bad_input(format!("{}: before the complaint", field("resolved_at"))));
        }
        let severity = self.severity.as_ref().map(|severity| {
            severity.read().ok_or_else(|| {
                let words = Severity::WORDS.join(", ");
                bad_input(format!(
                    "{}: neither a number from 0 to 1000000 nor one of {words}",
                    field("severity")
                ))
            })
        });
        Ok(history::Complaint {
            resolved_at,
            severity: severity.transpose()?,
            ..history::Complaint::at(made)
        })
    }
}

/// An instant of a request; `field` says which in a message.
///
/// # Errors
/// When it is none.
pub fn instant(field: impl FnOnce() -> String, text: &str) -> Result<Instant, Failure> {
    if let Some(instant) = Instant::with_zone(text) {
        return Ok(instant);
    }
    let why = match text.parse::<Instant>() {
        // Nobody here knows which clock showed it.
        Ok(_) => {
            format!(
                "{text:?} has no zone: write 2024-03-01T18:00:00Z, or with the offset, 2024-03-01T18:00:00+08:00"
            )
        }
        Err(error) => error.to_string(),
    };
    Err(bad_input(format!("{}: {why}", field())))
}

/// Something in a request is not what it should be.
pub fn bad_input(what: String) -> Failure {
    Failure::new(Kind::BadInput, what)
}

/// So long an identifier is none: it would be in addresses and headers, and in every list.
const MOST_ID_BYTES: usize = 1024;

/// That an identifier of a request can be one.
///
/// # Errors
/// When it cannot.
pub fn check_id(field: impl FnOnce() -> String, id: &str) -> Result<(), Failure> {
    match id.len() {
        0 => Err(empty(&field())),
        1..=MOST_ID_BYTES => Ok(()),
        length => Err(bad_input(format!(
            "{}: {length} bytes long; an identifier has up to {MOST_ID_BYTES}",
            field()
        ))),
    }
}

fn empty(field: &str) -> Failure {
    bad_input(format!("{field}: empty"))
}
