//! The scorer: rows walked down the trees several at a time.
//!
//! A walk is a chain of loads, each waiting for the one before, so that one row alone leaves the processor idle most of
//! the time. Several are walked in step: a block of rows goes through one tree, sixteen rows at once, before it goes
//! through the next, and a row alone goes through sixteen trees at once. Either way its leaves are added up in the order
//! of the trees: the bits are those of the plain walk.

use super::packed::{Codes, Group, Packed, Walked};
use crate::dataset::Rows;

/// So many walks at once.
const LANES: usize = 16;
/// So many rows go through a tree before the next tree: what a tree's nodes cost to fetch is shared among them, and the
/// rows still fit into the cache beside it.
const BLOCK_ROWS: usize = 2_048;
/// Fewer where the sums by column are kept of every row, too.
const EXPLAINED_ROWS: usize = 512;
/// After so many steps it is looked whether all have come to a leaf.
const STRETCH: usize = 4;

impl Packed {
    /// The mean of the leaves' shares of churners, of each row.
    pub(super) fn probabilities(&self, rows: Rows<'_>) -> Vec<f64> {
        let mut sums = vec![0.0; rows.len()];
        let mut groups = Vec::new();
        for (rows, sums) in rows.chunks(BLOCK_ROWS).zip(sums.chunks_mut(BLOCK_ROWS)) {
            let together = together(rows);
            self.code(rows.first(together), &mut groups);
            for tree in self.trees() {
                for (group, sums) in groups.iter().zip(sums[..together].chunks_mut(LANES)) {
                    let leaves = leaves(tree, group);
                    sums.iter_mut().zip(leaves).for_each(|(sum, leaf)| *sum += tree.shares[leaf]);
                }
            }
            for (sum, row) in sums.iter_mut().zip(rows.iter()).skip(together) {
                *sum = self.sum(row);
            }
        }
        sums.iter_mut().for_each(|sum| *sum /= self.len() as f64);
        sums
    }

    /// [`Self::probabilities`], and the change of the share of churners at every step, summed up by the column compared
    /// there and averaged over the trees: for each row, one number a column.
    pub(super) fn contributions(&self, rows: Rows<'_>) -> (Vec<f64>, Vec<f64>) {
        let numbers = self.numbers();
        let mut probabilities = Vec::with_capacity(rows.len());
        let mut contributions = Vec::with_capacity(rows.values().len());
        let (mut groups, mut sums) = (Vec::new(), Vec::<[f64; LANES]>::new());
        let mut shares = Vec::<[f64; LANES]>::new();
        for rows in rows.chunks(EXPLAINED_ROWS) {
            let together = together(rows);
            self.code(rows.first(together), &mut groups);
            sums.clear();
            sums.resize(groups.len() * rows.width(), [0.0; LANES]);
            shares.clear();
            shares.resize(groups.len(), [0.0; LANES]);
            for tree in self.trees() {
                let own = groups.iter().zip(sums.chunks_exact_mut(rows.width())).zip(&mut shares);
                for ((group, sums), shares) in own {
                    let mut share_at = [tree.shares[0]; LANES];
                    in_step::<LANES>(tree.depth, |lane, at| {
                        let step = tree.step(at);
                        let to = at + step.ahead(group[usize::from(step.column())][lane]);
                        // In a leaf, nothing: the share does not change.
                        let share = tree.shares[to];
                        sums[numbers[usize::from(step.column())]][lane] += share - share_at[lane];
                        share_at[lane] = share;
                        to
                    });
                    shares.iter_mut().zip(share_at).for_each(|(sum, leaf)| *sum += leaf);
                }
            }
            for row in 0..together {
                probabilities.push(shares[row / LANES][row % LANES] / self.len() as f64);
                let own = &sums[row / LANES * rows.width()..][..rows.width()];
                contributions.extend(own.iter().map(|sums| sums[row % LANES] / self.len() as f64));
            }
            for row in rows.iter().skip(together) {
                let mut sums = vec![0.0; rows.width()];
                probabilities.push(self.follow_alone(row, &numbers, &mut sums) / self.len() as f64);
                contributions.extend(sums.iter().map(|sum| sum / self.len() as f64));
            }
        }
        (probabilities, contributions)
    }

    /// The sum over the trees for one row; what each column adds to it on the way is added to the sums by column.
    fn follow_alone(&self, row: &[f32], numbers: &[usize], sums: &mut [f64]) -> f64 {
        let codes = self.codes(row);
        let trees: Vec<Walked<'_>> = self.trees().collect();
        let (groups, rest) = trees.as_chunks::<LANES>();
        let mut sum = 0.0;
        for trees in groups {
            sum = follow(trees, &codes, numbers, sums, sum);
        }
        for tree in rest {
            sum = follow(std::array::from_ref(tree), &codes, numbers, sums, sum);
        }
        sum
    }

    /// Brings rows into the form of the trees. What is left of the last group walks somewhere, for nothing.
    fn code(&self, rows: Rows<'_>, groups: &mut Vec<Group<LANES>>) {
        let needed = rows.len().div_ceil(LANES);
        groups.resize(needed, [[0; LANES]; _]);
        for (row, values) in rows.iter().enumerate() {
            self.put(values, &mut groups[row / LANES], row % LANES);
        }
    }

    /// The sum over the trees for one row.
    fn sum(&self, row: &[f32]) -> f64 {
        let codes = self.codes(row);
        let trees: Vec<Walked<'_>> = self.trees().collect();
        let (groups, rest) = trees.as_chunks::<LANES>();
        let mut sum = 0.0;
        for trees in groups {
            let leaves = leaves_of_trees(trees, &codes);
            trees.iter().zip(leaves).for_each(|(tree, leaf)| sum += tree.shares[leaf]);
        }
        for tree in rest {
            let [leaf] = leaves_of_trees(std::array::from_ref(tree), &codes);
            sum += tree.shares[leaf];
        }
        sum
    }
}

/// How many of the rows, the first, are walked together: the few that fill less than half of a group are walked one by one,
/// down several trees.
fn together(rows: Rows<'_>) -> usize {
    let rest = rows.len() % LANES;
    if rest < LANES / 2 { rows.len() - rest } else { rows.len() }
}

/// The leaves that rows come to.
#[inline]
fn leaves(tree: Walked<'_>, group: &Group<LANES>) -> [usize; LANES] {
    in_step(tree.depth, |lane, at| {
        let step = tree.step(at);
        at + step.ahead(group[usize::from(step.column())][lane])
    })
}

/// The leaves that one row comes to in several trees.
fn leaves_of_trees<const N: usize>(trees: &[Walked<'_>; N], codes: &Codes) -> [usize; N] {
    let depth = trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
    in_step(depth, |lane, at| {
        let step = trees[lane].step(at);
        at + step.ahead(codes[usize::from(step.column())])
    })
}

/// Adds what the leaves say that one row comes to in several trees, and to the sums by column what each step adds. The walks
/// go in step, and what they add is added up afterwards, tree by tree: the order that the bits are of.
fn follow<const N: usize>(
    trees: &[Walked<'_>; N],
    codes: &Codes,
    numbers: &[usize],
    sums: &mut [f64],
    mut sum: f64,
) -> f64 {
    let depth = trees.iter().map(|tree| tree.depth).max().unwrap_or(0);
    let mut paths: Vec<[usize; N]> = Vec::with_capacity(depth + 1);
    let leaves = in_step(depth, |lane, at| {
        if lane == 0 {
            paths.push([0; N]);
        }
        if let Some(places) = paths.last_mut() {
            places[lane] = at;
        }
        let step = trees[lane].step(at);
        at + step.ahead(codes[usize::from(step.column())])
    });
    paths.push(leaves);
    for (lane, tree) in trees.iter().enumerate() {
        let mut share = tree.shares[0];
        for places in paths.windows(2) {
            let (at, to) = (places[0][lane], places[1][lane]);
            if to == at {
                break;
            }
            sums[numbers[usize::from(tree.step(at).column())]] += tree.shares[to] - share;
            share = tree.shares[to];
        }
        sum += tree.shares[leaves[lane]];
    }
    sum
}

/// Walks from the roots until all have come to a leaf; `next` is where a walk goes from a place.
#[inline]
fn in_step<const N: usize>(depth: usize, mut next: impl FnMut(usize, usize) -> usize) -> [usize; N] {
    let mut at = [0; N];
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

            let (probabilities, contributions) = forest.contributions_of_all(rows);
            prop_assert_eq!(probabilities, forest.probabilities(rows));
            let alone: Vec<f64> = rows.iter().flat_map(|row| forest.contributions(row)).collect();
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
        assert_eq!(forest.probabilities(rows), [0.0, 0.0, 0.002, 0.999, 0.0]);
        assert_eq!(forest.contributions_of_all(rows).1[3], 0.999 - 0.5);
    }
}
