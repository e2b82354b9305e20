//! One walk over a node's rows: parted in two, and each counted in the columns drawn for its side.

use super::bootstrap::{Record, tally};
use super::split::{Histogram, Split, Tally};

/// Parts the rows of a node, keeping their order: those below come first, and how many they are is returned. Each is
/// counted by its bins in `drawn[0]` if it is below, in `drawn[1]` if above. `aside` is room to work in.
///
/// Without a branch on the side, which would be guessed wrong as often as the split is a good one: a row is written to
/// both places, and only the count of one of them moves on.
pub(super) fn part<const BYTES: usize, const COLUMNS: usize>(
    records: &mut [Record<BYTES>],
    split: &Split,
    drawn: [[usize; COLUMNS]; 2],
    histograms: &mut [[Histogram; COLUMNS]; 2],
    aside: &mut Vec<Record<BYTES>>,
) -> usize {
    histograms.as_flattened_mut().iter_mut().for_each(|histogram| histogram.fill(Tally::default()));
    let most_above = records.len() + 1 - split.below.rows() as usize;
    if aside.len() < most_above {
        aside.resize(most_above, [0; BYTES]);
    }
    // "Missing" is the last bin, above every edge; where it goes below, all bins move up by one and it becomes 0.
    let up = u8::from(!split.missing_above);
    let last_below = split.bin.wrapping_add(up);
    let (mut below, mut above) = (0, 0);
    for place in 0..records.len() {
        let record = &records[place];
        let side = usize::from(record[split.place].wrapping_add(up) > last_below);
        let counted = tally(record);
        for (histogram, &column) in histograms[side].iter_mut().zip(&drawn[side]) {
            let cell = &mut histogram[usize::from(record[column])];
            *cell = cell.plus(counted);
        }
        let record = *record;
        records[below] = record;
        aside[above] = record;
        below += 1 - side;
        above += side;
    }
    records[below..].copy_from_slice(&aside[..above]);
    below
}

/// Counts rows by their bins in one column.
pub(super) fn count<const BYTES: usize>(records: &[Record<BYTES>], column: usize) -> Histogram {
    let mut histogram = [Tally::default(); 256];
    for record in records {
        let cell = &mut histogram[usize::from(record[column])];
        *cell = cell.plus(tally(record));
    }
    histogram
}
