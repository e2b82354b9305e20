//! A simulated customer: what the files say, and the truth.

use super::events::{Complaint, Contact, Line, Profile, mean_order_amount};
use super::life::{Hazard, Lived, Purchases, no_purchase};
use super::parameters as known;
use super::random::{Purpose, Random};
use super::truth::{Offer, Response, Truth};
use super::{MICROS_PER_DAY, Shop};

/// One customer of a simulated shop.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedCustomer {
    /// The customer's number.
    pub number: u64,
    /// Lines of orders and returns, by instant.
    pub lines: Vec<Line>,
    /// Complaints, in the order of what they are about.
    pub complaints: Vec<Complaint>,
    /// The contact, if there is one.
    pub contact: Option<Contact>,
    /// Master data, by instant.
    pub profiles: Vec<Profile>,
    /// What no file of a shop's says.
    pub truth: Truth,
}

/// The identifier of the customer of a number.
pub fn customer_id(number: u64) -> String {
    format!("c{number:07}")
}

impl Shop {
    /// The customer of a number.
    pub fn customer(&self, number: u64) -> SimulatedCustomer {
        let (length, horizon) = (self.length(), f64::from(self.horizon.get()));
        let mut traits = Random::new(self.seed, number, Purpose::Traits);
        let acquired =
            if traits.chance(known::ACQUIRED_AT_BEGIN) { 0.0 } else { traits.between(0.0, length - 1.0) };
        let purchases_per_year = traits.gamma(known::PURCHASE_SHAPE) * known::PURCHASES_PER_YEAR;
        let drop_outs_per_year = traits.gamma(known::DROP_OUT_SHAPE) * known::DROP_OUTS_PER_YEAR;
        let line_price = known::LINE_PRICE_MEDIAN * f64::exp(known::LINE_PRICE_SPREAD * traits.normal());
        let response = Response::at(traits.uniform());
        let threshold = traits.exponential();

        let purchases = Purchases::new(purchases_per_year, self.begin.micros() as f64 / MICROS_PER_DAY);
        let mut hazard = Hazard::new(drop_outs_per_year);
        let contact = self.contact(number, acquired);
        if let Some((day, contact)) = &contact {
            hazard.multiply(*day, horizon, response.hazard_factor(contact.offer));
        }

        let mut arrivals = Random::new(self.seed, number, Purpose::Arrivals);
        let mut baskets = Random::new(self.seed, number, Purpose::Baskets);
        let (mut lines, mut pending) = (Vec::new(), Vec::new());
        let (mut day, mut left, mut orders) = (acquired, threshold, 0_u64);
        // The first purchase after the end, if alive then, and how the time until the end was lived through.
        let (next, lived) = loop {
            self.order(number, orders, day, line_price, &mut baskets, &mut lines);
            if let Some(complaint) = self.complaint(day, &mut baskets) {
                hazard.multiply(complaint.day, known::COMPLAINT_HAZARD_DAYS, known::COMPLAINT_HAZARD_FACTOR);
                pending.push(complaint);
            }
            orders += 1;
            let next = purchases.next(day, length + horizon, &mut arrivals).unwrap_or(f64::INFINITY);
            match hazard.live(day, next.min(length), left) {
                Lived::On(rest) if next < length => (day, left) = (next, rest),
                lived => break (next, lived),
            }
        };

        let dropped_out = match lived {
            Lived::DroppedOut(day) => Some(day),
            Lived::On(_) => None,
        };
        let churned = |offer: Option<Offer>| match lived {
            Lived::DroppedOut(_) => true,
            Lived::On(left) => {
                let mut hazard = hazard.clone();
                if let Some(offer) = offer {
                    hazard.multiply(length, horizon, response.hazard_factor(offer));
                }
                let until = length + horizon;
                next > until || matches!(hazard.live(length, next, left), Lived::DroppedOut(_))
            }
        };
        let churn_probability = match lived {
            Lived::DroppedOut(_) => 1.0,
            Lived::On(_) => no_purchase(&purchases, &hazard, length, length + horizon),
        };
        let truth = Truth {
            purchases_per_year,
            drop_outs_per_year,
            mean_order_amount: mean_order_amount(line_price),
            acquired_at: self.instant(acquired),
            dropped_out_at: dropped_out.map(|day| self.instant(day)),
            response,
            churn_probability,
            churned: churned(None),
            churned_if_reminder: churned(Some(Offer::Reminder)),
            churned_if_voucher: churned(Some(Offer::Voucher)),
        };

        lines.sort_by_key(|line| line.instant);
        let silent_from = dropped_out.unwrap_or(length);
        let complaints = pending.into_iter().filter(|pending| pending.day < silent_from);
        SimulatedCustomer {
            number,
            lines,
            complaints: complaints.map(|pending| pending.complaint).collect(),
            contact: contact.map(|(_, contact)| contact),
            profiles: self.profiles(number, acquired),
            truth,
        }
    }
}
