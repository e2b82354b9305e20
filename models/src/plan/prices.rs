//! What customers would get at prices of budget and capacity.

use rayon::prelude::*;

use super::Choices;
use super::draft::NOTHING;

/// So many customers are one piece of work. Sums are added piece by piece, so that threads cannot show.
pub(super) const PIECE: usize = 1 << 14;

/// A price that nobody would pay: a limit of 0. Times a spend of 0 it is still 0, as infinity would not be.
const FORBIDDING: f64 = f64::MAX;

/// What using up a limit costs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prices {
    /// Of one unit of budget.
    pub(super) budget: f64,
    /// Of one customer, by offer.
    pub(super) offers: Vec<f64>,
}

impl Prices {
    /// Prices that take no account of limits but those of 0, which they forbid.
    pub(super) fn none(rows: &[Row], offers: usize) -> Self {
        let mut prices = Self { budget: 0.0, offers: vec![0.0; offers] };
        for row in rows.iter().filter(|row| row.limit <= 0.0) {
            *prices.of(row.what) = FORBIDDING;
        }
        prices
    }

    /// The price of a limited thing.
    pub(super) fn of(&mut self, what: Limited) -> &mut f64 {
        match what {
            Limited::Budget => &mut self.budget,
            Limited::Offer(offer) => &mut self.offers[offer],
        }
    }

    /// The price of a limited thing, to read.
    pub(super) fn get(&self, what: Limited) -> f64 {
        match what {
            Limited::Budget => self.budget,
            Limited::Offer(offer) => self.offers[offer],
        }
    }

    /// These prices, and in place of those that forbid what the first unit of a limit of 0 would earn.
    pub(super) fn of_first_units(&self, rows: &[Row], choices: &Choices) -> Self {
        let mut prices = self.clone();
        for row in rows.iter().filter(|row| row.limit <= 0.0) {
            *prices.of(row.what) = self.of_first_unit(row.what, choices);
        }
        prices
    }

    /// The most that a unit of something would earn if nothing but it were to be had in addition.
    fn of_first_unit(&self, what: Limited, choices: &Choices) -> f64 {
        let mut others = self.clone();
        *others.of(what) = 0.0;
        let most = |customer: usize| {
            let now = self.best(choices, customer).1;
            let earned = choices.places(customer).map(|place| {
                let option = choices.option(place);
                let units = match what {
                    Limited::Budget => option.spend,
                    Limited::Offer(offer) => f64::from(u8::from(usize::from(option.offer) == offer)),
                };
                if units > 0.0 { (others.reduced(choices, place) - now) / units } else { 0.0 }
            });
            earned.fold(0.0, f64::max)
        };
        let customers = (0..choices.customers()).into_par_iter().with_min_len(PIECE);
        customers.map(most).reduce(|| 0.0, f64::max).min(f64::MAX)
    }

    /// Net value less what is used up, at these prices.
    #[inline]
    pub(super) fn reduced(&self, choices: &Choices, place: usize) -> f64 {
        if place == NOTHING {
            return 0.0;
        }
        let option = choices.option(place);
        option.net_value - self.budget * option.spend - self.offers[usize::from(option.offer)]
    }

    /// What a customer would get, and what that leaves of its net value: of equals the first, and nothing unless
    /// something is left.
    #[inline]
    pub(super) fn best(&self, choices: &Choices, customer: usize) -> (usize, f64) {
        let places = choices.places(customer);
        let start = places.start;
        let (offers, spends, net_values) = choices.columns();
        let columns = offers[places.clone()].iter().zip(&spends[places.clone()]).zip(&net_values[places]);
        let mut best = (NOTHING, 0.0);
        for (place, ((&offer, spend), net_value)) in columns.enumerate() {
            let reduced = net_value - self.budget * spend - self.offers[usize::from(offer)];
            if reduced > best.1 {
                best = (start + place, reduced);
            }
        }
        best
    }
}

/// What there is a limited amount of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// The log's currency.
    Budget,
    /// Customers who can have an offer.
    Offer(usize),
}

/// A limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) what: Limited,
    pub(super) limit: f64,
}

/// What all customers together would get at some prices.
#[derive(Clone, Debug)]
pub(super) struct Response {
    pub(super) prices: Prices,
    pub(super) net_value: f64,
    pub(super) spend: f64,
    pub(super) counts: Vec<u64>,
    /// The net value less what is used up, at the prices.
    pub(super) reduced: f64,
}

impl Response {
    /// The response to some prices.
    pub(super) fn to(prices: Prices, choices: &Choices) -> Self {
        let pieces: Vec<Self> = (0..choices.customers().div_ceil(PIECE))
            .into_par_iter()
            .map(|piece| {
                let customers = piece * PIECE..((piece + 1) * PIECE).min(choices.customers());
                let none = Self::none(prices.clone());
                customers.fold(none, |sum, customer| sum.and(prices.best(choices, customer), choices))
            })
            .collect();
        pieces.into_iter().fold(Self::none(prices), |mut sum, piece| {
            sum.net_value += piece.net_value;
            sum.spend += piece.spend;
            sum.reduced += piece.reduced;
            sum.counts.iter_mut().zip(piece.counts).for_each(|(sum, count)| *sum += count);
            sum
        })
    }

    fn none(prices: Prices) -> Self {
        let counts = vec![0; prices.offers.len()];
        Self { prices, net_value: 0.0, spend: 0.0, counts, reduced: 0.0 }
    }

    #[inline]
    fn and(mut self, (place, reduced): (usize, f64), choices: &Choices) -> Self {
        if place != NOTHING {
            let option = choices.option(place);
            self.net_value += option.net_value;
            self.spend += option.spend;
            self.counts[usize::from(option.offer)] += 1;
            self.reduced += reduced;
        }
        self
    }

    /// How much of something is used.
    pub(super) fn uses(&self, what: Limited) -> f64 {
        match what {
            Limited::Budget => self.spend,
            Limited::Offer(offer) => self.counts[offer] as f64,
        }
    }

    /// What no plan within the limits can earn more than: what is left at the prices, and the limits at their prices.
    pub(super) fn bound(&self, rows: &[Row]) -> f64 {
        self.reduced + rows.iter().map(|row| self.prices.get(row.what) * row.limit).sum::<f64>()
    }

    /// Whether all limits are kept.
    pub(super) fn is_within(&self, rows: &[Row]) -> bool {
        rows.iter().all(|row| self.uses(row.what) <= row.limit)
    }
}
