//! What a simulated customer leaves in the files: orders, returns, complaints, contacts and master data.

use super::Shop;
use super::parameters as known;
use super::random::{Purpose, Random};
use super::truth::Offer;
use crate::units::Instant;

/// A line of an order or of a return.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The order's or return's own identifier, no other customer's.
    pub order_id: String,
    /// When.
    pub instant: Instant,
    /// What is paid, in whole cents; what is given back is negative.
    pub amount: f64,
    /// Of what.
    pub product_id: String,
    /// What was taken off the price, in whole cents.
    pub discount: f64,
    /// The order that a return sends back.
    pub cancels_order_id: Option<String>,
}

/// A complaint, as it stands at the shop's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// When.
    pub instant: Instant,
    /// Of what.
    pub category: &'static str,
    /// From 1 to 5.
    pub severity: i64,
    /// When it was resolved, if it was.
    pub resolved_at: Option<Instant>,
}

impl Complaint {
    /// As it is written in files.
    pub const fn status(&self) -> &'static str {
        if self.resolved_at.is_some() { "resolved" } else { "open" }
    }
}

/// A contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// When.
    pub instant: Instant,
    /// By what.
    pub channel: &'static str,
    /// With what.
    pub offer: Offer,
}

/// Invented master data, from an instant until the next such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// From when.
    pub valid_from: Instant,
    /// Nobody's name.
    pub name: String,
    /// Nobody's number: no country has the code.
    pub phone: String,
    /// Who looks after the customer.
    pub account_owner: &'static str,
    /// Nowhere.
    pub region: &'static str,
    /// In years.
    pub age_band: &'static str,
}

/// A complaint that is made if the customer is still there.
pub(super) struct Pending {
    pub(super) day: f64,
    pub(super) complaint: Complaint,
}

impl Shop {
    /// Whether, when and how a customer is contacted, and on which day.
    pub(super) fn contact(&self, number: u64, acquired: f64) -> Option<(f64, Contact)> {
        let mut random = Random::new(self.seed, number, Purpose::Contact);
        if !random.chance(known::CONTACTED_SHARE) {
            return None;
        }
        let day = random.between(acquired, self.length());
        let offer = if random.chance(known::VOUCHER_SHARE) { Offer::Voucher } else { Offer::Reminder };
        let channel = random.one_of(["email", "letter", "phone"]);
        Some((day, Contact { instant: self.instant(day), channel, offer }))
    }

    /// The lines of a customer's order of a number, and of its return, if that is before the end.
    pub(super) fn order(
        &self,
        customer: u64,
        number: u64,
        day: f64,
        mean: f64,
        random: &mut Random,
        lines: &mut Vec<Line>,
    ) {
        let order_id = format!("o{customer:07}-{number:04}");
        let first = lines.len();
        for _ in 0..=random.below(known::MOST_LINES as usize) {
            // The mean of a log-normal number is above its median, which this makes up for.
            let noise = known::LINE_PRICE_NOISE;
            let price = mean * f64::exp(noise * random.normal() - noise * noise / 2.0);
            let cents = (price * 100.0).round().max(1.0);
            let discounted = random.chance(known::DISCOUNTED_SHARE);
            let off = if discounted { (cents * known::DISCOUNT_RATE).round() } else { 0.0 };
            let product = known::PRODUCTS * random.uniform().powf(known::PRODUCT_SKEW);
            lines.push(Line {
                order_id: order_id.clone(),
                instant: self.instant(day),
                amount: (cents - off) / 100.0,
                product_id: format!("p{:04}", product as u64),
                discount: off / 100.0,
                cancels_order_id: None,
            });
        }
        let returned = random.chance(known::RETURNED_SHARE);
        let back = day + random.between(known::RETURN_DAYS_LEAST, known::RETURN_DAYS_MOST);
        if returned && back < self.length() {
            // Never the whole order: one that is sent back whole is no purchase, and the truth would have to know.
            let bought: Vec<Line> = lines[first + 1..].to_vec();
            lines.extend(bought.into_iter().map(|line| Line {
                order_id: format!("r{customer:07}-{number:04}"),
                instant: self.instant(back),
                amount: -line.amount,
                discount: 0.0,
                cancels_order_id: Some(line.order_id),
                product_id: line.product_id,
            }));
        }
    }

    /// The complaint about an order of a day, if there is one.
    pub(super) fn complaint(&self, ordered: f64, random: &mut Random) -> Option<Pending> {
        if !random.chance(known::COMPLAINT_SHARE) {
            return None;
        }
        let day = ordered + random.between(0.0, known::COMPLAINT_WITHIN_DAYS);
        let category = random.one_of(["delivery", "quality", "billing", "service"]);
        let severity = random.one_of([1, 2, 3, 4, 5]);
        let resolved = random.chance(known::RESOLVED_SHARE);
        let after = random.between(known::RESOLVED_DAYS_LEAST, known::RESOLVED_DAYS_MOST);
        let resolved_at = (resolved && day + after < self.length()).then(|| self.instant(day + after));
        let complaint = Complaint { instant: self.instant(day), category, severity, resolved_at };
        Some(Pending { day, complaint })
    }

    /// A customer's master data.
    pub(super) fn profiles(&self, number: u64, acquired: f64) -> Vec<Profile> {
        const REGIONS: [&str; 4] = ["Northmark", "Southfen", "Eastholm", "Westvale"];
        let mut random = Random::new(self.seed, number, Purpose::Profile);
        let first = Profile {
            valid_from: self.instant(acquired),
            name: format!("Invented Customer {number:07}"),
            phone: format!("+999 {number:07}"),
            account_owner: random.one_of(["Invented Owner A", "Invented Owner B", "Invented Owner C"]),
            region: random.one_of(REGIONS),
            age_band: random.one_of(["18-29", "30-44", "45-59", "60+"]),
        };
        let mut profiles = vec![first.clone()];
        if random.chance(known::MOVED_SHARE) {
            let valid_from = self.instant(random.between(acquired, self.length()));
            profiles.push(Profile { valid_from, region: random.one_of(REGIONS), ..first });
        }
        profiles
    }
}

/// The mean amount of an order whose lines have a mean price: each number of lines is as likely.
pub(super) fn mean_order_amount(line_price: f64) -> f64 {
    let lines = (1.0 + known::MOST_LINES) / 2.0;
    line_price * lines * (1.0 - known::DISCOUNTED_SHARE * known::DISCOUNT_RATE)
}
