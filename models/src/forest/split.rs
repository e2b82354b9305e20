//! Where to split: the rows of a node counted by bin, and the best of all places to part them.
//!
//! What is sought is the split after which the outcome varies least within the two sides, which for a 0/1 outcome is
//! Gini's criterion as well. With n draws of which c churned, l of them below with b churned, the gain is
//!
//! (b·n − l·c)² / (l·(n − l)),
//!
//! but for a factor that is the same for every split of the node. Two such fractions are compared without dividing.

use super::bins::{Column, MISSING};

/// So many draws can be counted. No tree then comes to more nodes than the scorer walks, with a usual least leaf.
pub(super) const MOST_DRAWS: usize = (1 << BITS) - 1;
const BITS: u32 = 20;

/// Different rows, draws, and draws of churners, in one number: a row is counted with one addition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(u64);

impl Tally {
    /// One row, drawn so often.
    #[inline]
    pub(super) fn of_row(draws: u8, churned: bool) -> Self {
        let draws = u64::from(draws);
        Self(1 << (2 * BITS) | draws << BITS | if churned { draws } else { 0 })
    }

    /// Both together.
    #[inline]
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }

    /// Without these, which are among them.
    #[inline]
    pub(super) fn minus(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }

    /// How many different rows.
    #[inline]
    pub(super) fn rows(self) -> u32 {
        (self.0 >> (2 * BITS)) as u32
    }

    #[inline]
    fn draws(self) -> u32 {
        (self.0 >> BITS) as u32 & MOST_DRAWS as u32
    }

    #[inline]
    fn churned(self) -> u32 {
        self.0 as u32 & MOST_DRAWS as u32
    }

    /// Whether all churned, or none.
    pub(super) fn is_pure(self) -> bool {
        self.churned() == 0 || self.churned() == self.draws()
    }

    /// The share that churned, every draw counted.
    pub(super) fn churned_share(self) -> f64 {
        f64::from(self.churned()) / f64::from(self.draws().max(1))
    }
}

/// The rows of a node, counted by their bin in one column.
pub(super) type Histogram = [Tally; 256];

/// A split of a node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    /// The column, by its place among those that can split.
    pub(super) place: usize,
    /// Bins up to this one are below.
    pub(super) bin: u8,
    /// Whether rows without a value are above.
    pub(super) missing_above: bool,
    /// The rows below.
    pub(super) below: Tally,
    /// The gain, as a fraction.
    gain: (f64, f64),
}

/// A node whose best split is sought.
pub(super) struct Search {
    total: Tally,
    min_leaf: u32,
    best: Option<Split>,
}

impl Search {
    /// Among splits that leave so many different rows on each side.
    pub(super) fn new(total: Tally, min_leaf: u32) -> Self {
        Self { total, min_leaf, best: None }
    }

    /// The best split found so far; `None` while none was allowed, or none told anything.
    pub(super) fn best(&self) -> Option<Split> {
        self.best
    }

    /// Tries every split on a column. Of equal ones the first is kept.
    ///
    /// Rows without a value are tried on both sides of every edge, and alone against all others. Where a node has
    /// none, but the column has some elsewhere, they will follow the larger side.
    pub(super) fn try_column(&mut self, place: usize, column: &Column, histogram: &Histogram) {
        let missing = histogram[usize::from(MISSING)];
        let values = &histogram[..column.bins()];
        let mut below = Tally::default();
        if missing.rows() == 0 {
            for (bin, &tally) in values.iter().enumerate().take(values.len() - 1) {
                below = below.plus(tally);
                let is_smaller = below.rows() < self.total.rows() / 2;
                self.try_split(place, bin, column.has_missing && is_smaller, below);
            }
        } else {
            for (bin, &tally) in values.iter().enumerate() {
                below = below.plus(tally);
                self.try_split(place, bin, true, below);
                if bin + 1 < values.len() {
                    self.try_split(place, bin, false, below.plus(missing));
                }
            }
        }
    }

    #[inline]
    fn try_split(&mut self, place: usize, bin: usize, missing_above: bool, below: Tally) {
        let rows_above = self.total.rows() - below.rows();
        if below.rows() < self.min_leaf || rows_above < self.min_leaf {
            return;
        }
        let (n, c) = (f64::from(self.total.draws()), f64::from(self.total.churned()));
        let (l, b) = (f64::from(below.draws()), f64::from(below.churned()));
        let gain = ((b * n - l * c).powi(2), l * (n - l));
        let (numerator, denominator) = self.best.map_or((0.0, 1.0), |best| best.gain);
        if gain.0 * denominator > numerator * gain.1 {
            self.best = Some(Split { place, bin: bin as u8, missing_above, below, gain });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bins::Binned;
    use super::*;
    use crate::dataset::Rows;

    /// The best split of one column of values, every row drawn once.
    fn best(values: &[f32], churned: &[bool], min_leaf: u32) -> Option<(f32, bool)> {
        let binned = Binned::new(Rows::new(values, 1));
        let mut histogram = [Tally::default(); 256];
        for (row, &churned) in churned.iter().enumerate() {
            let cell = &mut histogram[usize::from(binned.row(row)[0])];
            *cell = cell.plus(Tally::of_row(1, churned));
        }
        let total = histogram.iter().fold(Tally::default(), |sum, &cell| sum.plus(cell));
        let mut search = Search::new(total, min_leaf);
        search.try_column(0, &binned.columns[0], &histogram);
        search.best().map(|split| (binned.columns[0].threshold(split.bin), split.missing_above))
    }

    const N: f32 = f32::NAN;

    #[test]
    fn counts_are_kept_apart() {
        let tally = (0..5).fold(Tally::default(), |sum, i| sum.plus(Tally::of_row(3, i < 2)));
        assert_eq!((tally.rows(), tally.draws(), tally.churned()), (5, 15, 6));
        assert!((tally.churned_share() - 0.4).abs() < 1e-15);
        assert_eq!(tally.minus(Tally::of_row(3, true)).churned(), 3);
    }

    #[test]
    fn the_split_that_parts_the_outcomes_is_found() {
        let churned = [false, false, false, true, true, true];
        assert_eq!(best(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &churned, 1), Some((3.5, false)));
        assert_eq!(best(&[1.0, 1.0, 9.0, 9.0, 1.0, 9.0], &[true, false, true, false, true, true], 4), None);
    }

    #[test]
    fn a_leaf_has_its_least_rows_even_where_another_split_is_better() {
        let churned = [true, false, false, false, true, false];
        assert_eq!(best(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &churned, 1), Some((1.5, false)));
        let (threshold, _) = best(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &churned, 2).unwrap();
        assert!(threshold > 2.0 && threshold < 5.0);
    }

    #[test]
    fn the_missing_go_where_they_belong() {
        let values = [1.0, 2.0, 3.0, 4.0, N, N];
        let outcomes = |missing: bool| [false, false, true, true, missing, missing];
        assert_eq!(best(&values, &outcomes(true), 1), Some((2.5, true)));
        assert_eq!(best(&values, &outcomes(false), 1), Some((2.5, false)));
        let apart = [true, true, true, true, false, false];
        assert_eq!(best(&values, &apart, 1), Some((f32::MAX, true)), "alone against all others");
    }
}
