//! The population at cutoffs, with its features and what became of it.

use std::collections::BTreeMap;
use std::ops::Range;

use mainstay_features::history::{Histories, History, HistoryError, TooManyCustomers};
use mainstay_features::id::{Ids, fingerprint, merged};
use mainstay_features::known::Cut;
use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use rayon::prelude::*;

use crate::dataset::{Dataset, Rows};
use crate::inputs::FeatureList;

/// So few customers are not worth another thread.
const CUSTOMERS_AT_A_TIME: usize = 1024;

/// The population at a cutoff with what became of it, by customer.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The cutoff.
    pub cutoff: Instant,
    /// The features and the outcomes.
    pub data: Dataset,
    /// Who the rows are of: fingerprints of the identifiers.
    pub customers: Vec<u64>,
}

/// A labelled snapshot, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotSummary {
    /// The cutoff.
    pub cutoff: Instant,
    /// Customers in the population.
    pub rows: usize,
    /// Those who churned.
    pub churned: usize,
}

impl SnapshotSummary {
    /// The share who churned; `None` of nobody.
    pub fn churn_rate(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.churned as f64 / self.rows as f64)
    }
}

impl Labelled {
    /// Counted.
    pub fn summary(&self) -> SnapshotSummary {
        SnapshotSummary { cutoff: self.cutoff, rows: self.data.len(), churned: self.data.churned_count() }
    }

    /// Its rows of features.
    pub fn rows(&self) -> Rows<'_> {
        self.data.rows()
    }

    fn empty(cutoff: Instant, width: usize) -> Self {
        Self { cutoff, data: Dataset::empty(width), customers: Vec::new() }
    }
}

/// What is asked of a history.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The columns.
    pub features: &'a FeatureList,
    /// Churned means to leave within this time after the cutoff.
    pub horizon: Days,
    /// The population is who bought within this time before the cutoff, unless contracts say.
    pub lookback: Days,
    /// The share of customers that are looked at, in (0, 1]: always the same ones, chosen by their fingerprints.
    pub share: f64,
}

/// Snapshots by cutoff.
#[derive(Clone, Debug, Default)]
pub struct Snapshots(BTreeMap<Instant, Labelled>);

impl Snapshots {
    /// Takes the snapshots at some cutoffs: one walk over every customer for all of them.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn take(
        histories: &Histories,
        cutoffs: &[Instant],
        question: &Question<'_>,
    ) -> Result<Self, HistoryError> {
        let mut cutoffs = cutoffs.to_vec();
        cutoffs.sort_unstable();
        cutoffs.dedup();
        let is_whole = histories.whole().is_some();
        let mut parts = histories.each(|part| of_part(part, &cutoffs, question, !is_whole))?;
        if is_whole && let Some(snapshots) = parts.pop() {
            return Ok(Self(snapshots.into_iter().map(|(of, _)| (of.cutoff, of)).collect()));
        }
        // In the order of identifiers, as the whole is: what is learnt depends on it.
        let mut snapshots = BTreeMap::new();
        for (place, &cutoff) in cutoffs.iter().enumerate() {
            let ids: Vec<&Ids> = parts.iter().map(|part| &part[place].1).collect();
            let mut whole = Labelled::empty(cutoff, question.features.width());
            for (part, number) in merged(&ids, histories.id_kind()).ok_or(TooManyCustomers)? {
                let of = &parts[part][place].0;
                whole.data.push(of.rows().row(number), of.data.churned[number]);
                whole.customers.push(of.customers[number]);
            }
            snapshots.insert(cutoff, whole);
        }
        Ok(Self(snapshots))
    }

    /// What is made of the snapshot at a cutoff, some customers at a time, and joined: none of it need be in memory as a whole.
    /// `None` of an empty history.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub(crate) fn reduce<T: Send>(
        histories: &Histories,
        cutoff: Instant,
        question: &Question<'_>,
        make: impl Fn(&Labelled) -> T + Sync,
        join: impl Fn(T, T) -> T + Sync,
    ) -> Result<Option<T>, HistoryError> {
        let parts = histories.each(|part| {
            let cutoffs = [cutoff];
            let snapshots = shares(part, &cutoffs, question, false);
            snapshots.flat_map_iter(|of| of.into_iter().map(|(of, _)| make(&of))).reduce_with(&join)
        })?;
        Ok(parts.into_iter().flatten().reduce(join))
    }

    /// Gives the outcomes of each snapshot to others of its customers.
    #[cfg(test)]
    pub(crate) fn shuffle_outcomes(&mut self, seed: u64) {
        let mut random = crate::random::SplitMix64::new(seed);
        self.0.values_mut().for_each(|snapshot| random.shuffle(&mut snapshot.data.churned));
    }

    /// The snapshot at a cutoff, where one was taken.
    pub fn at(&self, cutoff: Instant) -> Option<&Labelled> {
        self.0.get(&cutoff)
    }
}

/// The snapshots of a part of the history, in the order of the cutoffs, with the customers' identifiers if they are asked
/// for.
fn of_part(
    part: &History,
    cutoffs: &[Instant],
    question: &Question<'_>,
    with_ids: bool,
) -> Vec<(Labelled, Ids)> {
    let shares: Vec<Vec<(Labelled, Ids)>> = shares(part, cutoffs, question, with_ids).collect();
    let mut whole = none(cutoffs, question);
    for share in shares {
        for ((of, ids), (own, own_ids)) in whole.iter_mut().zip(share) {
            of.data.extend(&own.data);
            of.customers.extend(own.customers);
            (0..own_ids.len()).for_each(|number| ids.push(own_ids.get(number)));
        }
    }
    whole
}

/// [`of_part`], some customers at a time.
fn shares(
    part: &History,
    cutoffs: &[Instant],
    question: &Question<'_>,
    with_ids: bool,
) -> impl IndexedParallelIterator<Item = Vec<(Labelled, Ids)>> {
    (0..part.len()).into_par_iter().step_by(CUSTOMERS_AT_A_TIME).map_init(Cut::default, move |cut, first| {
        let customers = first..part.len().min(first + CUSTOMERS_AT_A_TIME);
        of_some(part, customers, cut, (cutoffs, question), with_ids)
    })
}

/// Snapshots of nobody.
fn none(cutoffs: &[Instant], question: &Question<'_>) -> Vec<(Labelled, Ids)> {
    let width = question.features.width();
    cutoffs.iter().map(|&cutoff| (Labelled::empty(cutoff, width), Ids::default())).collect()
}

/// [`of_part`] of some of the customers, by their numbers.
fn of_some(
    part: &History,
    customers: Range<usize>,
    cut: &mut Cut,
    (cutoffs, question): (&[Instant], &Question<'_>),
    with_ids: bool,
) -> Vec<(Labelled, Ids)> {
    let width = question.features.width();
    let (label, given) = (Label::of(part), part.given());
    // Fingerprints are spread evenly, so the lowest are a fair draw.
    let highest = (question.share.clamp(0.0, 1.0) * u64::MAX as f64) as u64;
    let mut snapshots = none(cutoffs, question);
    let (mut values, mut row) = (Vec::with_capacity(width), Vec::with_capacity(width));
    for number in customers {
        let id = part.customer_id(number);
        let print = fingerprint(id);
        if print > highest {
            continue;
        }
        let customer = part.customer(number);
        cut.at_each(customer, cutoffs, |place, known| {
            if label.has_in_population(known, question.lookback) {
                let (of, ids) = &mut snapshots[place];
                values.clear();
                question.features.compute(known, given, &mut values);
                row.clear();
                row.extend(values.iter().map(|&value| value as f32));
                of.data.push(&row, label.churned(customer, of.cutoff, question.horizon));
                of.customers.push(print);
                if with_ids {
                    ids.push(id);
                }
            }
        });
    }
    snapshots
}
