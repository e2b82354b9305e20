//! What BG/NBD sees of customers: how often they came back, when last, and for how long they have been known.

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::history::{Histories, History, HistoryError};
use mainstay_features::known::Cut;
use mainstay_features::recency::RECENCY_DAYS;
use mainstay_features::registry::{self, Row, place};
use mainstay_features::tenure::TENURE_DAYS;
use mainstay_features::units::Instant;
use rayon::prelude::*;

use super::customers::MIN_CUSTOMERS;

/// One customer's purchases, in days since the first: the field's (x, t_x, T).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchases {
    /// x: distinct days with a purchase after the first.
    pub repeats: u32,
    /// t_x: days from the first to the last purchase; 0 without repeats, at most `tenure_days`.
    pub last_days: u32,
    /// T: days from the first purchase to the instant of looking.
    pub tenure_days: u32,
}

impl Purchases {
    /// What the core features say: x = frequency − 1, t_x = tenure − recency, T = tenure.
    pub fn of(row: &Row) -> Self {
        // As features are: whole and not negative. A cast takes what is not to the nearest that is.
        let tenure_days = row[place(&TENURE_DAYS)] as u32;
        let repeats = (row[place(&FREQUENCY)] - 1.0) as u32;
        let last_days =
            if repeats == 0 { 0 } else { tenure_days.saturating_sub(row[place(&RECENCY_DAYS)] as u32) };
        Self { repeats, last_days, tenure_days }
    }
}

/// How many customers there are of each kind, in order: a likelihood is then a sum over kinds, and the same bits in
/// whatever order, and in however many parts, the customers came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PurchaseCounts(Vec<(Purchases, u64)>);

impl PurchaseCounts {
    /// Everyone with a purchase at or before an instant, those who have long left too: who is left out of BG/NBD for not
    /// having bought lately makes the others look more loyal than they are.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn at(histories: &Histories, as_of: Instant) -> Result<Self, HistoryError> {
        Ok(Self::at_each(histories, &[as_of])?.pop().unwrap_or_default())
    }

    /// The same at several instants, ascending, in one walk over the customers.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn at_each(histories: &Histories, as_of: &[Instant]) -> Result<Vec<Self>, HistoryError> {
        let mut whole: Vec<Vec<(Purchases, u64)>> = vec![Vec::new(); as_of.len()];
        for part in histories.each(|part| Self::of_part(part, as_of))? {
            whole.iter_mut().zip(part).for_each(|(all, own)| all.extend(own.0));
        }
        Ok(whole.into_iter().map(Self::joined).collect())
    }

    fn of_part(part: &History, as_of: &[Instant]) -> Vec<Self> {
        let none = || vec![Vec::new(); as_of.len()];
        let counted = (0..part.len())
            .into_par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .fold(
                || (Cut::default(), none()),
                |(mut cut, mut counted), customer| {
                    cut.at_each(part.customer(customer), as_of, |place, known| {
                        counted[place].push((Purchases::of(&registry::compute(known)), 1));
                    });
                    (cut, counted)
                },
            )
            .map(|(_, counted)| counted)
            .reduce(none, |mut all, own| {
                all.iter_mut().zip(own).for_each(|(all, own)| all.extend(own));
                all
            });
        counted.into_iter().map(Self::joined).collect()
    }

    /// The kinds in ascending order, each with its number of customers.
    pub fn iter(&self) -> impl Iterator<Item = &(Purchases, u64)> {
        self.0.iter()
    }

    pub(super) fn as_slice(&self) -> &[(Purchases, u64)] {
        &self.0
    }

    /// How many customers there are.
    pub fn customers(&self) -> u64 {
        self.0.iter().map(|(_, customers)| customers).sum()
    }

    /// How many of them came back.
    pub fn repeat_customers(&self) -> u64 {
        self.0.iter().filter(|(kind, _)| kind.repeats > 0).map(|(_, customers)| customers).sum()
    }

    /// Those of both.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        Self::joined(self.0)
    }

    fn joined(mut counted: Vec<(Purchases, u64)>) -> Self {
        counted.sort_unstable();
        counted.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        Self(counted)
    }
}

impl FromIterator<Purchases> for PurchaseCounts {
    fn from_iter<I: IntoIterator<Item = Purchases>>(customers: I) -> Self {
        Self::joined(customers.into_iter().map(|kind| (kind, 1)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONCE: Purchases = Purchases { repeats: 0, last_days: 0, tenure_days: 40 };
    const TWICE: Purchases = Purchases { repeats: 1, last_days: 30, tenure_days: 40 };

    #[test]
    fn core_features_are_the_three_numbers() {
        assert_eq!(Purchases::of(&[10.0, 2.0, 50.0, 0.0, 40.0]), TWICE);
        // A second purchase on the first day is no repeat, however late that day.
        assert_eq!(Purchases::of(&[39.0, 1.0, 50.0, 0.0, 40.0]), ONCE);
    }

    #[test]
    fn neither_order_nor_parts_show() {
        let whole: PurchaseCounts = [TWICE, ONCE, TWICE].into_iter().collect();
        let parts = [ONCE].into_iter().collect::<PurchaseCounts>().and([TWICE, TWICE].into_iter().collect());
        assert_eq!(whole, parts);
        assert_eq!(whole.iter().copied().collect::<Vec<_>>(), [(ONCE, 1), (TWICE, 2)]);
        assert_eq!((whole.customers(), whole.repeat_customers()), (3, 2));
    }
}
