//! The feature table: one row per customer in the population at a cutoff.

use std::ops::Range;

use rayon::prelude::*;

use crate::feature::Feature;
use crate::history::{History, Word};
use crate::id::Ids;
use crate::known::Cut;
use crate::label::Label;
use crate::profile::Attribute;
use crate::registry::{self, Row};
use crate::units::{Days, Instant};

/// So few customers are not worth another thread.
const MIN_CUSTOMERS: usize = 1024;

/// The population at one cutoff with its core features, sorted by customer.
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
    /// Computes the features of everyone in the population: see [`Label::has_in_population`].
    pub fn take(history: &History, as_of: Instant, lookback: Days) -> Self {
        let label = Label::of(history);
        let (customers, rows) = (0..history.len() as u32)
            .into_par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .map_init(Cut::default, |cut, customer| {
                let known = cut.at(history.customer(customer as usize), as_of)?;
                label.has_in_population(&known, lookback).then(|| (customer, registry::compute(&known)))
            })
            .flatten_iter()
            .unzip();
        Self { as_of, customers, rows }
    }

    /// The customers' identifiers.
    pub fn ids(&self, history: &History) -> Ids {
        let mut ids = Ids::default();
        self.customers.iter().for_each(|&customer| ids.push(history.customer_id(customer as usize)));
        ids
    }

    /// Whether each customer churned within the horizon after the cutoff.
    pub fn labels(&self, history: &History, horizon: Days) -> Vec<bool> {
        let label = Label::of(history);
        self.customers
            .par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .map(|&customer| label.churned(history.customer(customer as usize), self.as_of, horizon))
            .collect()
    }
}

/// A feature table to be computed: any features at any number of cutoffs.
#[derive(Clone, Debug)]
pub struct Table {
    /// The cutoffs, ascending.
    pub as_of: Vec<Instant>,
    /// The population at each is who bought within this time before it, unless contracts say.
    pub lookback: Days,
    /// The columns.
    pub features: Vec<&'static Feature>,
    /// And those from customers files.
    pub attributes: Vec<Attribute>,
}

/// Some rows of a table, sorted by customer and then by cutoff.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    /// Whose they are.
    pub ids: Ids,
    /// The places of the cutoffs in the table.
    pub cutoffs: Vec<u32>,
    /// The values of each feature; NaN where there is none.
    pub columns: Vec<Vec<f64>>,
    /// The values of each attribute.
    pub words: Vec<Vec<Option<Word>>>,
}

impl Rows {
    /// None yet, with memory for so many.
    pub(crate) fn empty(features: usize, attributes: usize, most: usize) -> Self {
        Self {
            ids: Ids::default(),
            cutoffs: Vec::with_capacity(most),
            columns: (0..features).map(|_| Vec::with_capacity(most)).collect(),
            words: (0..attributes).map(|_| Vec::with_capacity(most)).collect(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.cutoffs.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cutoffs.is_empty()
    }
}

impl Table {
    /// Computes the rows of some of the customers, by their numbers in the history.
    pub fn rows(&self, history: &History, customers: Range<usize>) -> Rows {
        let most = customers.len() * self.as_of.len();
        let mut rows = Rows::empty(self.features.len(), self.attributes.len(), most);
        let label = Label::of(history);
        let mut cut = Cut::default();
        for customer in customers {
            cut.at_each(history.customer(customer), &self.as_of, |cutoff, known| {
                if label.has_in_population(known, self.lookback) {
                    rows.ids.push(history.customer_id(customer));
                    rows.cutoffs.push(cutoff as u32);
                    for (column, feature) in rows.columns.iter_mut().zip(&self.features) {
                        column.push((feature.compute)(known));
                    }
                    for (words, attribute) in rows.words.iter_mut().zip(&self.attributes) {
                        words.push(attribute.known(history, known));
                    }
                }
            });
        }
        rows
    }
}
