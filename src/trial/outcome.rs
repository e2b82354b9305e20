//! What became of the customers of a trial, and what it tells of the offers.

use std::collections::BTreeMap;

use mainstay_features::history::{CustomerHistory, Histories, History, HistoryError};
use mainstay_features::known::Cut;
use mainstay_features::units::Instant;
use mainstay_models::drift::Interval;
use mainstay_models::policy::{Amounts, Group, SaveRateSeen, Uplift};

use super::file::{Assigned, Trial};

/// What one offer did.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferOutcome {
    /// The offer.
    pub offer: String,
    /// The save rate it was taken to have, the mean over its customers.
    pub assumed: f64,
    /// The customers who were to get it.
    pub given: Arm,
    /// Those who were held out.
    pub held_out: Arm,
}

/// What became of all trials.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialOutcome {
    /// By offer, in the order of their names.
    pub offers: Vec<OfferOutcome>,
    /// Customers of the trials whom the history does not have.
    pub unknown: usize,
    /// How many of the customers were in more than one trial.
    pub repeated: usize,
    /// Whether the history says whom the shop turned to.
    pub has_contacts: bool,
}

/// Customers of whom the same was to become, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arm {
    /// How many.
    pub customers: u64,
    /// How many left within the horizon.
    pub lost: u64,
    /// How many were expected to if nothing were done, the sum of their probabilities.
    pub expected_to_leave: f64,
    /// To how many the shop turned with this offer within the horizon, by the contacts in the history.
    pub contacted: u64,
    /// To how many others it turned, with another offer or none that is named.
    pub contacted_otherwise: u64,
    /// What they bought within the horizon.
    pub bought: Amounts,
}

impl Arm {
    fn add(&mut self, customer: &Assigned, seen: Seen) {
        self.customers += 1;
        self.lost += u64::from(seen.lost);
        self.expected_to_leave += customer.churn_probability;
        self.contacted += u64::from(seen.contacted == Contacted::WithOffer);
        self.contacted_otherwise += u64::from(seen.contacted == Contacted::Otherwise);
        self.bought.add(seen.bought);
    }

    /// As a group; `None` without customers.
    pub fn group(&self) -> Option<Group> {
        Group::new(self.customers, self.lost)
    }
}

impl OfferOutcome {
    /// How many more it kept; `None` where nobody was to get it, or nobody was held out.
    pub fn uplift(&self) -> Option<Uplift> {
        Uplift::of(self.given.group()?, self.held_out.group()?)
    }

    /// The share of would-be leavers it kept; `None` where that cannot be told.
    pub fn save_rate(&self) -> Option<SaveRateSeen> {
        SaveRateSeen::of(self.given.group()?, self.held_out.group()?)
    }

    /// By how much more a customer bought within the horizon: money, not margin, and before what the offer cost.
    pub fn bought_more(&self) -> Option<Interval> {
        self.given.bought.more_than(&self.held_out.bought)
    }
}

/// What became of one customer.
#[derive(Clone, Copy, Debug)]
struct Seen {
    lost: bool,
    bought: f64,
    contacted: Contacted,
}

/// Whether the shop turned to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contacted {
    No,
    Otherwise,
    WithOffer,
}

/// A place in the trials: which one, and which customer of it.
type Place = (usize, usize);

/// What became of the customers of trials, by a history that goes on at least until all of it is known.
///
/// # Errors
/// When a part of the history cannot be read.
pub fn outcome(trials: &[Trial], histories: &Histories) -> Result<TrialOutcome, HistoryError> {
    let mut places: BTreeMap<&str, Vec<Place>> = BTreeMap::new();
    for (trial, of) in trials.iter().enumerate() {
        for (customer, one) in of.customers.iter().enumerate() {
            places.entry(&one.customer_id).or_default().push((trial, customer));
        }
    }
    let of_part = |part: &History| -> Vec<(Place, Seen)> {
        let mut cut = Cut::default();
        let mut found = Vec::new();
        for customer in 0..part.len() {
            for &(trial, place) in places.get(part.customer_id(customer)).into_iter().flatten() {
                let one = &trials[trial].customers[place];
                found.push((
                    (trial, place),
                    seen(part, part.customer(customer), &trials[trial], one, &mut cut),
                ));
            }
        }
        found
    };
    let mut found: Vec<(Place, Seen)> = histories.each(of_part)?.into_iter().flatten().collect();
    // Sums of money in the trials' order, however the history is split.
    found.sort_unstable_by_key(|(place, _)| *place);
    let mut arms: BTreeMap<&str, (Arm, Arm, f64)> = BTreeMap::new();
    for &((trial, place), seen) in &found {
        let one = &trials[trial].customers[place];
        let (given, held_out, assumed) = arms.entry(&one.offer).or_default();
        *assumed += one.save_rate;
        if one.held_out { held_out } else { given }.add(one, seen);
    }
    let offers = arms.into_iter().map(|(offer, (given, held_out, assumed))| OfferOutcome {
        offer: offer.to_owned(),
        assumed: assumed / (given.customers + held_out.customers) as f64,
        given,
        held_out,
    });
    let all: usize = trials.iter().map(|trial| trial.customers.len()).sum();
    Ok(TrialOutcome {
        offers: offers.collect(),
        unknown: all - found.len(),
        repeated: places.values().filter(|places| places.len() > 1).count(),
        has_contacts: histories.given().contacts,
    })
}

fn seen(part: &History, customer: CustomerHistory<'_>, trial: &Trial, one: &Assigned, cut: &mut Cut) -> Seen {
    let (from, until) = (trial.as_of, trial.known_from());
    let is_within = |instant: Instant| instant > from && instant <= until;
    let known = cut.at(customer, until);
    let later =
        known.iter().flat_map(|known| known.purchases()).filter(|purchase| is_within(purchase.instant));
    let bought: f64 = later.map(|purchase| purchase.amount.get()).sum();
    let is_of_offer = |offer| part.text(offer).eq_ignore_ascii_case(&one.offer);
    let mut contacts = customer.contacts.iter().filter(|contact| is_within(contact.instant));
    let contacted = match contacts.clone().next() {
        None => Contacted::No,
        Some(_) if contacts.any(|contact| contact.offer.is_some_and(is_of_offer)) => Contacted::WithOffer,
        Some(_) => Contacted::Otherwise,
    };
    Seen { lost: trial.label.churned(customer, from, trial.horizon), bought, contacted }
}
