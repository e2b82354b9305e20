//! The scorer: rows walked down the trees several at a time.
//!
//! A walk is a chain of loads, each waiting for the one before, so that one row alone leaves the processor idle most of
//! the time. Several are walked in step: a block of rows goes through one tree, some rows at once, before it goes
//! through the next, and a row alone goes through several trees at once. What they add up are whole numbers ([`Parts`]),
//! so that neither changes a bit.
//!
//! [`Parts`]: super::parts::Parts

use super::packed::{Codes, Packed, Sums, WINDOW, Walked};
use crate::dataset::Rows;

/// So many walks at once.
const LANES: usize = 8;
/// So many rows go through a tree before the next tree: what a tree's nodes cost to fetch is shared among them, and the
/// rows' codes and sums still fit into the cache beside it.
const BLOCK_ROWS: usize = 1_024;
/// After so many steps it is looked whether all have come to a leaf.
const STRETCH: usize = 2;

impl Packed {
    /// The mean of the leaves' shares of churners, of each row.
    pub(super) fn probabilities(&self, rows: Rows<'_>) -> Vec<f64> {
        let mut probabilities = Vec::with_capacity(rows.len());
        let mut codes = Vec::new();
        for rows in rows.chunks(BLOCK_ROWS) {
            let together = together(rows.len());
            self.code(rows.first(together), &mut codes);
            let mut sums = vec![[0_i64; LANES]; together.div_ceil(LANES)];
            for tree in self.trees() {
                for (codes, sums) in self.groups(&codes).zip(&mut sums) {
                    let leaves = rows_down(tree, codes, |_, _, _| ());
                    sums.iter_mut().zip(leaves).for_each(|(sum, leaf)| *sum += i64::from(tree.shares[leaf]));
                }
            }
            let sums = sums.as_flattened().iter().copied().take(together);
            let alone = rows.iter().skip(together).map(|row| self.sum(row));
            probabilities.extend(sums.chain(alone).map(|sum| self.parts().mean(sum, self.len())));
        }
        probabilities
    }

    /// [`Self::probabilities`], and the change of the share of churners at every step, summed up by the column compared
    /// there and averaged over the trees: for each row, one number a column.
    pub(super) fn contributions(&self, rows: Rows<'_>) -> (Vec<f64>, Vec<f64>) {
        let mut probabilities = Vec::with_capacity(rows.len());
        let mut contributions = Vec::with_capacity(rows.values().len());
        let base: i64 = self.trees().map(|tree| i64::from(tree.shares[0])).sum();
        let mut own = vec![0; rows.width()];
        let mut tell = |own: &[i64]| {
            let mean = |sum| self.parts().mean(sum, self.len());
            // A forged forest's sum by column may have gone round, and each goes round alike: their total has not.
            probabilities.push(mean(i64::from((base + own.iter().sum::<i64>()) as i32)));
            contributions.extend(own.iter().copied().map(mean));
        };
        let (mut codes, mut sums) = (Vec::new(), Vec::new());
        for rows in rows.chunks(BLOCK_ROWS) {
            let together = together(rows.len());
            self.code(rows.first(together), &mut codes);
            sums.clear();
            sums.resize(codes.len(), [0; LANES]);
            for tree in self.trees() {
                for (group, codes) in self.groups(&codes).enumerate().take(together.div_ceil(LANES)) {
                    if let Some(sums) = sums[group * self.stride()..].first_chunk_mut() {
                        let sums: &mut Sums<LANES> = sums;
                        rows_down(tree, codes, |column, lane, change| add(&mut sums[column][lane], change));
                    }
                }
            }
            for row in 0..together {
                self.by_number(&sums[row / LANES * self.stride()..], row % LANES, &mut own);
                tell(&own);
            }
            for row in rows.iter().skip(together) {
                self.by_number(&self.follow_alone(row), 0, &mut own);
                tell(&own);
            }
        }
        (probabilities, contributions)
    }

    /// Brings rows into the form of the trees, a group after the other, each [`Self::stride`] long. What is left of the
    /// last group walks somewhere, for nothing; and a window's length of nothing is behind it.
    fn code(&self, rows: Rows<'_>, codes: &mut Vec<[u8; LANES]>) {
        codes.clear();
        codes.resize(rows.len().div_ceil(LANES) * self.stride() + WINDOW, [0; LANES]);
        for (row, values) in rows.iter().enumerate() {
            self.put(values, &mut codes[row / LANES * self.stride()..], row % LANES);
        }
    }

    /// The groups that [`Self::code`] made.
    fn groups<'a>(&self, codes: &'a [[u8; LANES]]) -> impl Iterator<Item = &'a Codes<LANES>> {
        codes.windows(WINDOW).step_by(self.stride()).filter_map(|window| window.first_chunk())
    }

    /// The sum over the trees for one row.
    fn sum(&self, row: &[f32]) -> i64 {
        let mut codes = [[0; 1]; WINDOW];
        self.put(row, &mut codes, 0);
        let leaves = |trees: [Walked<'_>; LANES]| -> i64 {
            let leaves = row_down(&trees, &codes, |_, _, _| ());
            trees.iter().zip(leaves).map(|(tree, leaf)| i64::from(tree.shares[leaf])).sum()
        };
        self.groups_of_trees().map(leaves).sum()
    }

    /// What each column compared adds for one row.
    fn follow_alone(&self, row: &[f32]) -> Sums<1> {
        let mut codes = [[0; 1]; WINDOW];
        self.put(row, &mut codes, 0);
        let mut sums = [[0; 1]; WINDOW];
        let mut changed = |column: usize, _, change| add(&mut sums[column][0], change);
        self.groups_of_trees().for_each(|trees| _ = row_down(&trees, &codes, &mut changed));
        sums
    }
}

/// How many rows of a block are walked together: the few that fill less than half of a group are walked one by one.
fn together(rows: usize) -> usize {
    let rest = rows % LANES;
    if rest < LANES / 2 { rows - rest } else { rows }
}

/// Walks rows down a tree, to the leaves they come to; `changed` is told of each step's column, row and change of the share.
#[inline]
fn rows_down(
    tree: Walked<'_>,
    codes: &Codes<LANES>,
    changed: impl FnMut(usize, usize, i32),
) -> [usize; LANES] {
    in_step(tree.depth, |_| &tree, |column, lane| codes[column][lane], changed)
}

/// Walks a row down several trees, to the leaves it comes to; `changed` is told as in [`rows_down`], with the tree for the row.
#[inline]
fn row_down(
    trees: &[Walked<'_>; LANES],
    codes: &Codes<1>,
    changed: impl FnMut(usize, usize, i32),
) -> [usize; LANES] {
    let depth = trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
    in_step(depth, |lane| &trees[lane], |column, _| codes[column][0], changed)
}

/// Walks from the roots until all have come to a leaf: where a walk stays in its leaf, it goes on telling of changes of the
/// leaves' own column, which mean nothing.
#[inline]
fn in_step<'a>(
    depth: usize,
    tree: impl Fn(usize) -> &'a Walked<'a>,
    code: impl Fn(usize, usize) -> u8,
    mut changed: impl FnMut(usize, usize, i32),
) -> [usize; LANES] {
    let mut next = |lane: usize, at: usize| {
        let tree = tree(lane);
        let step = tree.step(at);
        let to = at + step.ahead(code(step.column(), lane));
        changed(step.column(), lane, tree.step(to).change);
        to
    };
    let mut at = [0; LANES];
    let mut left = depth;
    while left > 0 {
        let now = left.min(STRETCH);
        for _ in 1..now {
            for (lane, at) in at.iter_mut().enumerate() {
                *at = next(lane, *at);
            }
        }
        let mut moved = 0;
        for (lane, at) in at.iter_mut().enumerate() {
            let to = next(lane, *at);
            moved |= to ^ *at;
            *at = to;
        }
        if moved == 0 {
            break;
        }
        left -= now;
    }
    at
}

/// A forged forest's sum may go round.
#[inline]
fn add(sum: &mut i32, change: i32) {
    *sum = sum.wrapping_add(change);
}

#[cfg(test)]
mod tests {
    use super::super::{Forest, Node};
    use super::*;
    use crate::random::SplitMix64;
    use proptest::prelude::*;

    /// A tree of any shape, with splits at small whole numbers.
    fn tree(random: &mut SplitMix64, columns: usize, most_depth: usize, nodes: &mut Vec<Node>, root: usize) {
        let place = nodes.len();
        let mut node = Node::leaf(random.below(1_000) as f64 / 999.0);
        let is_split = most_depth > 0 && random.below(8) > 0;
        if is_split {
            node.column = random.below(columns) as u16;
            node.threshold = random.below(9) as f32 - 4.0;
            node.missing_above = random.below(2) == 0;
        }
        nodes.push(node);
        if is_split {
            tree(random, columns, most_depth - 1, nodes, root);
            nodes[place].above = (nodes.len() - root) as u32;
            // One side may be much deeper than the other.
            tree(random, columns, random.clone().below(most_depth), nodes, root);
        }
    }

    fn forest(random: &mut SplitMix64, trees: usize, columns: usize, width: usize) -> Forest {
        let (mut nodes, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..trees {
            let root = nodes.len();
            let most_depth = random.below(14);
            tree(random, columns, most_depth, &mut nodes, root);
            ends.push(nodes.len() as u32);
        }
        Forest::new(nodes, ends, width).unwrap()
    }

    fn values(random: &mut SplitMix64, count: usize) -> Vec<f32> {
        let special = [f32::NAN, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 0.5];
        (0..count)
            .map(|_| match random.below(20) {
                place @ 0..6 => special[place],
                value => value as f32 - 12.0,
            })
            .collect()
    }

    fn bits(values: &[f64]) -> Vec<u64> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn walking_together_gives_the_bits_of_the_plain_walk(
            trees in 1_usize..40, rows in 0_usize..60, width in 1_usize..9, seed in any::<u64>(),
        ) {
            let random = &mut SplitMix64::new(seed);
            let forest = forest(random, trees, width, width);
            let values = values(random, rows * width);
            let rows = Rows::new(&values, width);
            let plain: Vec<f64> = rows.iter().map(|row| forest.probability(row)).collect();
            prop_assert_eq!(bits(&forest.probabilities(rows)), bits(&plain));
            let alone: Vec<f64> = rows.iter().flat_map(|row| forest.probabilities(Rows::new(row, width))).collect();
            prop_assert_eq!(bits(&alone), bits(&plain));

            let (probabilities, contributions) = forest.contributions(rows);
            prop_assert_eq!(probabilities, forest.probabilities(rows));
            let alone: Vec<f64> = rows.iter().flat_map(|row| forest.contributions_of(row)).collect();
            prop_assert_eq!(bits(&contributions), bits(&alone));
            for (parts, p) in contributions.chunks(width).zip(plain) {
                prop_assert!((forest.base() + parts.iter().sum::<f64>() - p).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn more_rows_than_a_block_are_walked_alike() {
        let random = &mut SplitMix64::new(3);
        let forest = forest(random, 5, 4, 4);
        let values = values(random, (2 * BLOCK_ROWS + 21) * 4);
        let rows = Rows::new(&values, 4);
        let plain: Vec<f64> = rows.iter().map(|row| forest.probability(row)).collect();
        assert_eq!(forest.probabilities(rows), plain);
        let contributions: Vec<f64> = rows.iter().flat_map(|row| forest.contributions_of(row)).collect();
        assert_eq!(forest.contributions(rows), (plain, contributions));
    }

    #[test]
    fn probabilities_are_right_where_a_forged_trees_contributions_are_too_large() {
        // Down one path column 0 adds all there is and column 1 takes it away, six times.
        let splits = 12;
        let split = |place: u32| Node {
            column: (place % 2) as u16,
            above: 2 * splits - place,
            ..Node::leaf(f64::from(place % 2))
        };
        let mut nodes: Vec<Node> = (0..splits).map(split).collect();
        nodes.resize(2 * splits as usize + 1, Node::leaf(0.0));
        let forest = Forest::new(nodes, vec![2 * splits + 1], 2).unwrap();
        let values = [-1.0; 20];
        for values in [&values[..], &values[..2]] {
            let rows = Rows::new(values, 2);
            assert_eq!(forest.contributions(rows).0, vec![forest.probability(rows.row(0)); rows.len()]);
        }
    }

    #[test]
    fn a_forest_that_cannot_be_packed_is_walked_plainly() {
        // One column with more thresholds than a byte tells apart, each under the one before.
        let splits = 300;
        let split = |place: u32| Node { threshold: place as f32, above: place + 2, ..Node::leaf(0.5) };
        let leaf = |place: u32| Node::leaf(f64::from(place) / 1e3);
        let mut nodes: Vec<Node> = (0..splits).flat_map(|i| [split(2 * i), leaf(2 * i)]).collect();
        nodes.push(leaf(999));
        let forest = Forest::new(nodes, vec![2 * splits + 1], 1).unwrap();
        assert_eq!(forest.packed, None);
        let values = [-1.0, 0.0, 0.5, 599.0, f32::NAN];
        let rows = Rows::new(&values, 1);
        let (probabilities, contributions) = forest.contributions(rows);
        for (p, expected) in probabilities.into_iter().zip([0.0, 0.0, 0.002, 0.999, 0.0]) {
            assert!((p - expected).abs() < 1e-9, "{p} is not {expected}");
        }
        assert!((contributions[3] - 0.499).abs() < 1e-9, "{contributions:?}");
    }
}
