//! Values to bins: at most 255 a column, of about equally many rows each, and one more for what is missing.
//!
//! A column with at most 255 different values has a bin for each, so that nothing is lost; only where a column has more
//! does a split fall between bins instead of between values. Edges lie halfway between neighbouring values and are
//! compared as the finished forest compares its thresholds, with `≤` on `f32`: a row goes the same way by its bins and
//! by its values.

use rayon::prelude::*;

use super::edges::Edges;
use crate::dataset::Rows;
use crate::random::SplitMix64;

/// The bin of "no value".
pub(super) const MISSING: u8 = 255;
/// The most bins of values in a column; [`MISSING`] comes after them.
const MOST_BINS: usize = MISSING as usize;
/// Edges come from so many rows: their quantiles are then right to a tenth of a bin.
const SAMPLE_ROWS: usize = 200_000;
const CHUNK_ROWS: usize = 4_096;

/// A column's bins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    /// Which column of the rows it is.
    pub(super) number: usize,
    /// Between one bin and the next, ascending: a value is in the first bin whose edge it does not exceed, or in the
    /// one after the last.
    edges: Vec<f32>,
    /// Whether some row has no value here.
    pub(super) has_missing: bool,
}

impl Column {
    /// How many bins of values there are.
    pub(super) fn bins(&self) -> usize {
        self.edges.len() + 1
    }

    /// What values are compared with to tell the bins up to this one from those after it. Of the last bin, the
    /// greatest number: every value is below, and only the missing may be above.
    pub(super) fn threshold(&self, bin: u8) -> f32 {
        self.edges.get(usize::from(bin)).copied().unwrap_or(f32::MAX)
    }
}

/// Rows as bins; only the columns that can split.
#[derive(Clone, Debug)]
pub(super) struct Binned {
    /// The columns that are not the same in every row. One that cannot split takes no place among the few drawn for a
    /// split.
    pub(super) columns: Vec<Column>,
    codes: Vec<u8>,
}

impl Binned {
    /// Finds the bins of each column and puts every value into its own.
    pub(super) fn new(rows: Rows<'_>) -> Self {
        let sample = sample(rows.len());
        let mut columns: Vec<Column> = (0..rows.width())
            .into_par_iter()
            .filter_map(|number| column(number, sample.iter().map(|&row| rows.row(row)[number])))
            .collect();

        let tables: Vec<(usize, Edges)> =
            columns.iter().map(|column| (column.number, Edges::new(&column.edges))).collect();
        let mut codes = vec![0; rows.len() * columns.len()];
        codes
            .par_chunks_mut((CHUNK_ROWS * columns.len()).max(1))
            .zip(rows.values().par_chunks(CHUNK_ROWS * rows.width()))
            .for_each(|(codes, values)| {
                let rows = values.chunks_exact(rows.width());
                for (codes, row) in codes.chunks_exact_mut(tables.len()).zip(rows) {
                    for (code, (number, edges)) in codes.iter_mut().zip(&tables) {
                        *code = bin(edges, row[*number]);
                    }
                }
            });
        let stride = columns.len();
        for (place, column) in columns.iter_mut().enumerate() {
            column.has_missing = codes.iter().skip(place).step_by(stride).any(|&code| code == MISSING);
        }
        Self { columns, codes }
    }

    /// The bins of one row, column by column.
    pub(super) fn row(&self, row: usize) -> &[u8] {
        &self.codes[row * self.columns.len()..(row + 1) * self.columns.len()]
    }
}

/// All rows, or one from each of [`SAMPLE_ROWS`] stretches of equal length, so that no rhythm in the rows can show.
fn sample(rows: usize) -> Vec<usize> {
    let picks = rows.min(SAMPLE_ROWS);
    let mut random = SplitMix64::new(0);
    let begin = |pick: usize| (pick as u128 * rows as u128 / picks as u128) as usize;
    (0..picks).map(|pick| begin(pick) + random.below(begin(pick + 1) - begin(pick))).collect()
}

/// The bins for a column's values; `None` where there is nothing to tell apart.
fn column(number: usize, values: impl Iterator<Item = f32>) -> Option<Column> {
    let mut has_missing = false;
    let mut known: Vec<f32> = values.inspect(|value| has_missing |= value.is_nan()).collect();
    known.retain(|value| !value.is_nan());
    let edges = edges(&mut known);
    let varies = !edges.is_empty() || (has_missing && !known.is_empty());
    varies.then_some(Column { number, edges, has_missing })
}

/// Halfway between neighbouring values where a bin is full: it has its share of the rows not yet in one.
fn edges(values: &mut [f32]) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    let different = values.chunk_by(|a, b| a == b).count();
    let mut edges = Vec::new();
    let (mut seen, mut before) = (0, 0);
    for group in values.chunk_by(|a, b| a == b) {
        seen += group.len();
        let bins_left = MOST_BINS - edges.len();
        if seen == values.len() || bins_left == 1 {
            break;
        }
        let is_full = (seen - before) * bins_left >= values.len() - before;
        let edge = halfway(group[0], values[seen]);
        if (different <= MOST_BINS || is_full) && edge.is_finite() {
            edges.push(edge);
            before = seen;
        }
    }
    edges
}

/// The bin of a value.
#[inline]
fn bin(edges: &Edges, value: f32) -> u8 {
    if value.is_nan() { MISSING } else { edges.exceeded_by(value) }
}

/// Between two neighbours; the lower where there is no number in between.
fn halfway(lower: f32, upper: f32) -> f32 {
    let middle = lower / 2.0 + upper / 2.0;
    if middle >= lower && middle < upper { middle } else { lower }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges_of(mut values: Vec<f32>) -> Vec<f32> {
        edges(&mut values)
    }

    #[test]
    fn few_values_have_a_bin_each() {
        assert_eq!(edges_of(vec![3.0, 1.0, 1.0, 2.0, 3.0]), [1.5, 2.5]);
        assert!(edges_of(vec![7.0; 9]).is_empty());
        assert_eq!(edges_of(vec![1.0, 1.0_f32.next_up()]), [1.0], "nothing lies in between");
    }

    #[test]
    fn many_values_fill_bins_of_equal_size() {
        let values: Vec<f32> = (0..10_000_u32).map(|i| (i as f32).powi(2)).collect();
        let edges = edges_of(values.clone());
        assert_eq!(edges.len(), MOST_BINS - 1);
        let table = Edges::new(&edges);
        let mut counts = [0; MOST_BINS];
        values.iter().for_each(|&value| counts[usize::from(bin(&table, value))] += 1);
        assert!(counts.iter().all(|&count| (39..=41).contains(&count)), "{counts:?}");
    }

    #[test]
    fn a_value_that_half_the_rows_have_leaves_the_other_bins_to_the_rest() {
        let values = (0..10_000).map(|i| if i % 2 == 0 { 0.0 } else { i as f32 }).collect();
        assert_eq!(edges_of(values).len(), MOST_BINS - 1);
    }

    #[test]
    fn columns_that_cannot_split_are_left_out() {
        let nan = f32::NAN;
        let values = [1.0, nan, 5.0, nan, 1.0, nan, nan, 2.0];
        let binned = Binned::new(Rows::new(&values, 4));
        let numbers: Vec<usize> = binned.columns.iter().map(|column| column.number).collect();
        assert_eq!(numbers, [2, 3], "a constant, all missing; one value or none; two");
        assert_eq!((binned.row(0), binned.row(1)), (&[0, MISSING][..], &[MISSING, 0][..]));
        assert_eq!(binned.columns[0].threshold(0), f32::MAX);
    }

    #[test]
    fn a_bin_and_its_threshold_say_the_same_of_any_value() {
        let mut values: Vec<f32> = (0..3_000).map(|i| ((i * 7_919) % 3_001) as f32 / 7.0 - 100.0).collect();
        values.extend([0.0, -0.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE]);
        let edges = edges_of(values.clone());
        let (table, column) = (Edges::new(&edges), Column { number: 0, edges, has_missing: false });
        for last in 0..column.bins() - 1 {
            let threshold = column.threshold(last as u8);
            for value in values.iter().copied().chain([threshold, threshold.next_up(), threshold.next_down()])
            {
                assert_eq!(
                    usize::from(bin(&table, value)) <= last,
                    value <= threshold,
                    "{value} {threshold}"
                );
            }
        }
    }
}
