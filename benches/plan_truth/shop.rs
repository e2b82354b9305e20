//! Simulated shops at their end: every customer as the shop's own model sees them, and as they are.

use mainstay::service::{Assumptions, Population, Service};
use mainstay::simulated_files::{FILES, write_shop};
use mainstay_features::ingest::{self, Input, Source};
use mainstay_features::simulate::{Offer, Shop, Truth};
use mainstay_features::units::{Days, Money, Probability};
use mainstay_features::watch::Unwatched;
use mainstay_models::artifact::Artifact;
use mainstay_models::decision::{Catalogue, Stakes, Worth};
use mainstay_models::training::{Settings, train};
use rayon::prelude::*;

use crate::world::{OFFERS, World};

/// As [`Assumptions`] has them.
const YEARS: f64 = 5.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// A customer as a shop sees them and as they are.
pub(crate) struct Seen {
    pub(crate) stakes: Stakes,
    pub(crate) truth: Truth,
}

fn settings() -> Settings {
    let days = |days| Days::new(days).unwrap();
    Settings { horizon: days(90), lookback: days(365), seed: 0, trainer: Default::default() }
}

/// The population of a shop at its end.
pub(crate) fn population(seed: u64, customers: u64) -> Vec<Seen> {
    let at = |text: &str| text.parse().unwrap();
    let (begin, end) = (at("2022-01-01"), at("2024-01-01"));
    let shop = Shop::new(seed, customers, begin, end, settings().horizon).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_shop(&shop, folder.path(), &Unwatched).unwrap();
    let file = |name: &str| vec![Source::File(folder.path().join(name))];
    let [purchases, complaints, customers, contacts, _] = FILES.map(file);
    let input = Input { purchases, complaints, customers, contacts, ..Input::default() };
    let histories = ingest::read(&input, &Unwatched).unwrap().history;
    let history = histories.whole().unwrap();
    let training = train(&histories, &settings(), end, None, &Unwatched).unwrap();
    let artifact = Artifact::new(settings(), (begin, end), training);
    let service = Service::new(artifact, Catalogue::built_in().unwrap(), Assumptions::default());
    let Population { customers, assessed, .. } = service.score_population(history, end, &Unwatched);
    let seen = customers.par_iter().zip(assessed).map(|(&customer, one)| {
        let number = history.customer_id(customer as usize)[1..].parse().unwrap();
        Seen { stakes: one.scored.stakes(), truth: shop.customer(number).truth }
    });
    seen.collect()
}

/// A rate a year of what is discounted, and the years of a horizon.
fn discount() -> f64 {
    -Assumptions::default().discount.after_years(1.0).ln()
}

fn horizon() -> f64 {
    f64::from(settings().horizon.get()) / DAYS_PER_YEAR
}

/// Years alive of so many, by the rate at which they end.
fn alive(rate: f64, years: f64) -> f64 {
    (1.0 - (-rate * years).exp()) / rate
}

/// What is true of customers and offers.
impl Seen {
    fn margin(&self) -> f64 {
        Assumptions::default().margin.get() * self.truth.mean_order_amount
    }

    /// What is bought by who is alive: the drop-out hazard multiplied by a factor for the horizon from now on.
    fn value(&self, factor: f64) -> f64 {
        let hazard = self.truth.drop_outs_per_year;
        let (soon, later) = (factor * hazard + discount(), hazard + discount());
        let years = alive(soon, horizon()) + (-soon * horizon()).exp() * alive(later, YEARS - horizon());
        self.margin() * self.truth.purchases_per_year * years
    }

    /// What is bought anyway by who buys nothing in the horizon: of who has not dropped out by its end, all that comes after it.
    fn value_if_left(&self) -> f64 {
        if self.truth.dropped_out_at.is_some() {
            return 0.0;
        }
        let (rate, hazard) = (self.truth.purchases_per_year, self.truth.drop_outs_per_year);
        let only_silent = (-(rate + hazard) * horizon()).exp();
        let dropped_out = (1.0 - only_silent) * hazard / (rate + hazard);
        let years = (-discount() * horizon()).exp() * alive(hazard + discount(), YEARS - horizon());
        self.margin() * rate * years * only_silent / (only_silent + dropped_out)
    }

    /// What an offer earns over doing nothing, and what it spends.
    pub(crate) fn earns(&self, world: &World, place: usize) -> (f64, f64) {
        if let Some(rates) = world.rates {
            let Stakes { churn_probability, worth, .. } = self.true_stakes();
            let ledger = world.terms(place, rates[place]).ledger(churn_probability, worth.lifetime_value);
            return (ledger.net_value().get(), ledger.spend().get());
        }
        let (offer, (contact_cost, incentive)) = (OFFERS[place], world.costs[place]);
        let saved = match self.truth.dropped_out_at {
            Some(_) => 0.0,
            None => self.value(self.truth.response.hazard_factor(offer)) - self.value(1.0),
        };
        let spend = contact_cost + incentive * (1.0 - self.truth.churn_probability);
        (saved - spend, spend)
    }

    /// The numbers that decide, by the model.
    pub(crate) fn told_stakes(&self) -> Stakes {
        self.stakes
    }

    /// The numbers that decide, by who knows the probability and the worth and not what an offer does.
    pub(crate) fn true_stakes(&self) -> Stakes {
        let lifetime_value = Money::new(self.value(1.0) - self.value_if_left()).unwrap();
        let worth = Worth { lifetime_value, relative_sd: 0.0 };
        let churn_probability = Probability::nearest(self.truth.churn_probability);
        Stakes { churn_probability, worth, ..self.stakes }
    }

    pub(crate) fn churned_if(&self, offer: Offer) -> bool {
        match offer {
            Offer::Reminder => self.truth.churned_if_reminder,
            Offer::Voucher => self.truth.churned_if_voucher,
        }
    }
}
