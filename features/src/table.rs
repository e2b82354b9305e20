//! The feature table: one row per customer in the population at a cutoff.

use rayon::prelude::*;

use crate::history::History;
use crate::known::Cut;
use crate::label::churned;
use crate::registry::{self, Row};
use crate::units::{Days, Instant};

/// The population at one cutoff with its features, sorted by customer.
#[derive(Debug)]
pub struct Snapshot {
    /// The cutoff.
    pub as_of: Instant,
    /// The customers' numbers in the history, ascending.
    pub customers: Vec<u32>,
    /// Their features.
    pub rows: Vec<Row>,
}

impl Snapshot {
    /// Computes the features of everyone with a purchase in (as-of − lookback, as-of].
    pub fn take(history: &History, as_of: Instant, lookback: Days) -> Self {
        let (customers, rows) = (0..history.len() as u32)
            .into_par_iter()
            .with_min_len(1024)
            .map_init(Cut::default, |cut, customer| {
                let known = cut.at(history.customer(customer as usize), as_of)?;
                known.is_in_population(lookback).then(|| (customer, registry::compute(&known)))
            })
            .flatten_iter()
            .unzip();
        Self { as_of, customers, rows }
    }

    /// Whether each customer churned within the horizon after the cutoff.
    pub fn labels(&self, history: &History, horizon: Days) -> Vec<bool> {
        self.customers
            .par_iter()
            .with_min_len(1024)
            .map(|&customer| churned(history.customer(customer as usize), self.as_of, horizon))
            .collect()
    }
}
