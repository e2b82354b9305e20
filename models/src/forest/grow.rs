//! The production trainer: a random forest grown on histograms.
//!
//! Breiman's forest (2001), as scikit-learn grows it: every tree learns from a bootstrap of the rows, every node may
//! split on a few columns drawn anew (the square root of their number, unless told otherwise; more of them, one by one,
//! while none of those allows a split that tells anything), a leaf keeps the share of churners, and the forest answers
//! the mean over its trees. What differs: values are put into at most 255 bins a column first (`bins.rs`), so that a
//! node counts its rows by bin instead of sorting them (`split.rs`), and rows without a value are a bin of their own
//! that goes to either side, or alone. Of more than a million rows, a tree draws a million.
//!
//! Each tree has a seed, drawn before any is grown, and what a tree draws depends on nothing else: the forest is the
//! same on any number of threads.
//!
//! One walk over a node's rows does all there is to do (`part.rs`): it parts them, and counts each of them at once in
//! the columns drawn for the child it goes to. Two children share few columns as a rule, so that little would be won by
//! taking one's histogram from the parent's less the other's.

use mainstay_features::watch::Watch;
use rayon::prelude::*;

use super::bins::Binned;
use super::train::Growth;
use super::tree::{Room, Rules};
use super::{BadForest, Forest, Node};
use crate::dataset::Dataset;
use crate::random::SplitMix64;

/// The most columns that can split: as many as fit into a record beside its count.
const MOST_COLUMNS: usize = 255;

/// Why no forest could be grown.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrowError {
    #[error("{0} features vary, and at most {MOST_COLUMNS} may")]
    TooManyColumns(usize),
    #[error(transparent)]
    BadForest(#[from] BadForest),
}

/// Grows a forest on at least one row. `watch` is told of every tree.
pub(super) fn grow(data: &Dataset, growth: &Growth, watch: &dyn Watch) -> Result<Forest, GrowError> {
    let binned = Binned::new(data.rows());
    let columns = binned.columns.len();
    let rules = Rules {
        binned: &binned,
        churned: &data.churned,
        most_depth: growth.depth.unwrap_or(u32::MAX),
        min_leaf: growth.min_leaf.max(1),
        drawn: growth.features_per_split.unwrap_or(columns.isqrt()).max(1).min(columns),
    };
    let mut random = SplitMix64::new(growth.seed);
    let seeds: Vec<u64> = (0..growth.trees).map(|_| random.next()).collect();
    // Records of few sizes, for which the compiler moves a record with few instructions.
    let trees = match columns {
        0..8 => drawing::<8>(&rules, &seeds, watch),
        8..16 => drawing::<16>(&rules, &seeds, watch),
        16..24 => drawing::<24>(&rules, &seeds, watch),
        24..32 => drawing::<32>(&rules, &seeds, watch),
        32..48 => drawing::<48>(&rules, &seeds, watch),
        48..64 => drawing::<64>(&rules, &seeds, watch),
        64..=MOST_COLUMNS => drawing::<256>(&rules, &seeds, watch),
        _ => return Err(GrowError::TooManyColumns(columns)),
    };
    Ok(Forest::from_trees(trees, data.width())?)
}

/// The same for how many columns are drawn.
fn drawing<const BYTES: usize>(rules: &Rules<'_>, seeds: &[u64], watch: &dyn Watch) -> Vec<Vec<Node>> {
    match rules.drawn {
        0..=2 => trees::<BYTES, 2>(rules, seeds, watch),
        3..=4 => trees::<BYTES, 4>(rules, seeds, watch),
        5..=6 => trees::<BYTES, 6>(rules, seeds, watch),
        _ => trees::<BYTES, 8>(rules, seeds, watch),
    }
}

fn trees<const BYTES: usize, const COLUMNS: usize>(
    rules: &Rules<'_>,
    seeds: &[u64],
    watch: &dyn Watch,
) -> Vec<Vec<Node>> {
    seeds
        .par_iter()
        .map_init(Room::<BYTES, COLUMNS>::default, |room, &seed| {
            let tree = rules.tree(seed, room);
            watch.advance(1);
            tree
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::split::Tally;
    use super::super::{bootstrap, leaf};
    use super::*;
    use crate::evaluate::Metrics;
    use mainstay_features::watch::Unwatched;
    use proptest::prelude::*;

    const N: f32 = f32::NAN;

    fn grown(data: &Dataset, growth: Growth) -> Forest {
        grow(data, &growth, &Unwatched).unwrap()
    }

    /// Customers who leave after a long silence, later if they bought often; the third column is noise, the fourth is
    /// missing for half of those who stay, and the fifth is constant.
    fn data(rows: usize) -> Dataset {
        let mut random = SplitMix64::new(5);
        let mut data = Dataset::empty(5);
        for _ in 0..rows {
            let (recency, frequency) = (random.below(200) as f32, 1.0 + random.below(7) as f32);
            let churned = recency > 60.0 + 10.0 * frequency + random.below(40) as f32;
            let gap = if !churned && random.below(2) == 0 { N } else { random.below(1_000) as f32 / 7.0 };
            data.push(&[recency, frequency, random.below(1_000_000) as f32, gap, 3.0], churned);
        }
        data
    }

    /// How deep each leaf is and how many of the rows come to it.
    fn leaves(forest: &Forest, data: &Dataset) -> Vec<(u32, usize)> {
        let mut leaves = Vec::new();
        for tree in forest.trees() {
            let mut counts = vec![0; tree.len()];
            data.rows().iter().for_each(|row| counts[leaf(tree, row, |_, _| ())] += 1);
            let mut depths = vec![0; tree.len()];
            for (place, node) in tree.iter().enumerate() {
                if node.is_leaf() {
                    leaves.push((depths[place], counts[place]));
                } else {
                    depths[place + 1] = depths[place] + 1;
                    depths[node.above as usize] = depths[place] + 1;
                }
            }
        }
        leaves
    }

    #[test]
    fn it_learns() {
        let (training, test) = (data(4_000), data(8_000));
        let forest = grown(&training, Growth { trees: 50, ..Growth::default() });
        let metrics = Metrics::of(&forest.probabilities(test.rows()), &test.churned);
        assert!(metrics.auc.unwrap() > 0.97, "{metrics:?}");
        assert!(metrics.ece < 0.03, "{metrics:?}");
    }

    #[test]
    fn a_tree_keeps_its_limits() {
        let data = data(3_000);
        let growth = Growth { trees: 5, depth: Some(4), min_leaf: 30, ..Growth::default() };
        let leaves = leaves(&grown(&data, growth), &data);
        assert!(leaves.iter().all(|&(depth, rows)| depth <= 4 && rows >= 30), "{leaves:?}");
        assert!(leaves.iter().any(|&(depth, _)| depth == 4));
    }

    #[test]
    fn a_constant_column_takes_no_place_among_those_drawn() {
        // One of two varying columns is drawn a node; of five with three constants, two would be.
        let mut wide = Dataset::empty(5);
        let mut narrow = Dataset::empty(2);
        for (row, &churned) in data(1_000).rows().iter().zip(&data(1_000).churned) {
            wide.push(&[7.0, row[0], N, row[1], -1.0], churned);
            narrow.push(&[row[0], row[1]], churned);
        }
        let growth = Growth { trees: 5, ..Growth::default() };
        let probabilities = |data: &Dataset| grown(data, growth).probabilities(data.rows());
        assert_eq!(probabilities(&wide), probabilities(&narrow));
    }

    #[test]
    fn rows_that_are_all_alike_give_the_churn_rate() {
        let mut data = Dataset::empty(2);
        (0..1_000).for_each(|i| data.push(&[1.0, N], i < 300));
        let forest = grown(&data, Growth { trees: 40, ..Growth::default() });
        assert_eq!(forest.nodes().len(), 40);
        assert!((forest.probabilities(data.rows())[0] - 0.3).abs() < 0.02);
    }

    #[test]
    fn one_seed_gives_one_forest_on_any_number_of_threads() {
        let data = data(2_000);
        let on = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| grown(&data, Growth { trees: 20, seed, ..Growth::default() }))
        };
        assert_eq!(on(1, 7), on(3, 7));
        assert_ne!(on(1, 7), on(1, 8));
    }

    #[test]
    fn more_columns_than_a_record_holds_are_refused() {
        let values: Vec<f32> = (0..2 * 256).map(|i| i as f32).collect();
        let data = Dataset::new(256, values, vec![true, false]);
        let refused = grow(&data, &Growth::default(), &Unwatched);
        assert!(matches!(refused, Err(GrowError::TooManyColumns(256))), "{refused:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// Whatever the rows and the number of columns: drawn rows, walked down by their values, come to every node
        /// in the numbers that the trainer counted there by their bins.
        #[test]
        fn values_go_where_their_bins_went(
            width in 1_usize..70,
            rows in 1_usize..120,
            min_leaf in 1_u32..6,
            features_per_split in prop::option::of(1_usize..80),
            seed in any::<u64>(),
        ) {
            let mut random = SplitMix64::new(seed);
            let mut data = Dataset::empty(width);
            for _ in 0..rows {
                let mut value = || match random.below(8) {
                    0 => N,
                    1 => random.below(3) as f32,
                    _ => random.below(1 << 20) as f32 / 1024.0 - 512.0,
                };
                let row: Vec<f32> = (0..width).map(|_| value()).collect();
                data.push(&row, random.below(3) == 0);
            }
            let growth = Growth { trees: 3, min_leaf, features_per_split, seed, depth: None };
            let forest = grown(&data, growth);
            let binned = Binned::new(data.rows());
            let mut seeds = SplitMix64::new(seed);
            for tree in forest.trees() {
                let (mut counts, mut records) = (Vec::new(), Vec::<[u8; 256]>::new());
                let mut random = SplitMix64::new(seeds.next());
                bootstrap::draw(&binned, &data.churned, &mut random, &mut counts, &mut records);
                let mut tallies = vec![Tally::default(); tree.len()];
                for ((row, &churned), &draws) in data.rows().iter().zip(&data.churned).zip(&counts) {
                    if draws > 0 {
                        let mut count = |place: usize| {
                            tallies[place] = tallies[place].plus(Tally::of_row(draws, churned));
                        };
                        count(0);
                        leaf(tree, row, |_, to| count(to));
                    }
                }
                for (node, tally) in tree.iter().zip(tallies) {
                    prop_assert_eq!(node.churned_share, tally.churned_share());
                    prop_assert!(tree.len() == 1 || tally.rows() >= min_leaf);
                }
            }
        }
    }
}
