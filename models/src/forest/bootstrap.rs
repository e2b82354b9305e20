//! What a tree learns from: rows drawn with replacement, laid out one after the other.
//!
//! A tree splits its rows again and again. They are therefore copied out once a tree and moved within the copy, so that
//! the rows of a node lie side by side in memory however deep the node is: to follow an index into the whole table
//! instead took nearly twice as long.

use super::bins::Binned;
use super::split::{MOST_DRAWS, Tally};
use crate::random::SplitMix64;

/// A drawn row: its bins, and in the last byte how often it was drawn and whether it churned.
pub(super) type Record<const BYTES: usize> = [u8; BYTES];

/// A row drawn more often counts as drawn so often. With more than a few rows that does not happen.
const MOST_DRAWS_OF_A_ROW: u8 = 127;

/// Draws as many rows as there are, at most [`MOST_DRAWS`], and puts the different ones into `records`, in their order.
/// `counts` is room to work in.
pub(super) fn draw<const BYTES: usize>(
    binned: &Binned,
    churned: &[bool],
    random: &mut SplitMix64,
    counts: &mut Vec<u8>,
    records: &mut Vec<Record<BYTES>>,
) {
    counts.clear();
    counts.resize(churned.len(), 0);
    for _ in 0..churned.len().min(MOST_DRAWS) {
        let count = &mut counts[random.below(churned.len())];
        *count = (*count + 1).min(MOST_DRAWS_OF_A_ROW);
    }
    records.clear();
    let drawn = counts.iter().zip(churned).enumerate().filter(|(_, (count, _))| **count > 0);
    records.extend(drawn.map(|(row, (&count, &churned))| {
        let mut record = [0; BYTES];
        let bins = binned.row(row);
        record[..bins.len()].copy_from_slice(bins);
        record[BYTES - 1] = count << 1 | u8::from(churned);
        record
    }));
}

/// The record counted.
#[inline]
pub(super) fn tally<const BYTES: usize>(record: &Record<BYTES>) -> Tally {
    let last = record[BYTES - 1];
    Tally::of_row(last >> 1, last & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Rows;

    #[test]
    fn every_draw_is_counted_and_two_thirds_of_the_rows_are_among_them() {
        let values: Vec<f32> = (0..10_000_u16).map(f32::from).collect();
        let churned: Vec<bool> = (0..10_000).map(|row| row < 3_000).collect();
        let binned = Binned::new(Rows::new(&values, 1));
        let (mut counts, mut records) = (Vec::new(), Vec::<Record<8>>::new());
        draw(&binned, &churned, &mut SplitMix64::new(1), &mut counts, &mut records);
        let total = records.iter().fold(Tally::default(), |sum, record| sum.plus(tally(record)));
        assert_eq!(total.rows() as usize, records.len());
        assert_eq!(records.iter().map(|record| u32::from(record[7] >> 1)).sum::<u32>(), 10_000);
        // 1 − 1/e of them, and three in ten churned, each within four standard deviations.
        assert!((6_130..=6_510).contains(&records.len()), "{}", records.len());
        assert!((total.churned_share() - 0.3).abs() < 0.02);
    }
}
