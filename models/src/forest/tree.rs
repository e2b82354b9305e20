//! One tree, from its root down, the children below first: the order in which a forest keeps its nodes.

use std::ops::Range;

use super::Node;
use super::bins::Binned;
use super::bootstrap::{self, Record, tally};
use super::part::{count, part};
use super::split::{Histogram, Search, Split, Tally};
use crate::random::SplitMix64;

/// Rules that all trees of a forest grow by.
pub(super) struct Rules<'a> {
    /// The rows.
    pub(super) binned: &'a Binned,
    /// Whether each churned.
    pub(super) churned: &'a [bool],
    /// The most splits on a way from the root.
    pub(super) most_depth: u32,
    /// The fewest different rows in a leaf.
    pub(super) min_leaf: u32,
    /// How many columns are drawn for a split.
    pub(super) drawn: usize,
}

/// Room to work in, kept from one tree to the next.
pub(super) struct Room<const BYTES: usize, const COLUMNS: usize> {
    counts: Vec<u8>,
    records: Vec<Record<BYTES>>,
    aside: Vec<Record<BYTES>>,
    histograms: Box<[[Histogram; COLUMNS]; 2]>,
}

impl<const BYTES: usize, const COLUMNS: usize> Default for Room<BYTES, COLUMNS> {
    fn default() -> Self {
        let histograms = Box::new([[[Tally::default(); 256]; COLUMNS]; 2]);
        Self { counts: Vec::new(), records: Vec::new(), aside: Vec::new(), histograms }
    }
}

/// A node whose split is known, and whose children are not.
struct Waiting {
    rows: Range<usize>,
    depth: u32,
    tally: Tally,
    split: Option<Split>,
    /// Where its parent is, if it is the child above.
    above_in: Option<usize>,
}

impl Rules<'_> {
    /// Grows a tree, with a seed of its own.
    ///
    /// Records have a byte for each column and one more; up to `COLUMNS` of the columns drawn for a node are counted as
    /// its parent's rows are parted, and any more one by one.
    pub(super) fn tree<const BYTES: usize, const COLUMNS: usize>(
        &self,
        seed: u64,
        room: &mut Room<BYTES, COLUMNS>,
    ) -> Vec<Node> {
        let Room { counts, records, aside, histograms } = room;
        let mut random = SplitMix64::new(seed);
        bootstrap::draw(self.binned, self.churned, &mut random, counts, records);
        let mut orders: [Vec<usize>; 2] = std::array::from_fn(|_| (0..self.binned.columns.len()).collect());

        let total = records.iter().fold(Tally::default(), |sum, record| sum.plus(tally(record)));
        random.shuffle(&mut orders[0]);
        let split = self.may_split(total, 0).then(|| self.search(records, total, &orders[0], &[])).flatten();
        let mut nodes = Vec::new();
        let mut waiting =
            vec![Waiting { rows: 0..records.len(), depth: 0, tally: total, split, above_in: None }];
        while let Some(Waiting { rows, depth, tally, split, above_in }) = waiting.pop() {
            let place = nodes.len();
            if let Some(parent) = above_in {
                let parent: &mut Node = &mut nodes[parent];
                parent.above = place as u32;
            }
            let Some(split) = split else {
                nodes.push(Node::leaf(tally.churned_share()));
                continue;
            };
            let column = &self.binned.columns[split.place];
            nodes.push(Node {
                churned_share: tally.churned_share(),
                threshold: column.threshold(split.bin),
                above: 0,
                column: column.number as u16,
                missing_above: split.missing_above,
            });

            let children = [split.below, tally.minus(split.below)];
            let may_split = children.map(|child| self.may_split(child, depth + 1));
            let middle = rows.start + split.below.rows() as usize;
            let sides = [rows.start..middle, middle..rows.end];
            let mut splits = [None, None];
            // The rows of two leaves need not be parted: how many are in each is known.
            if may_split != [false, false] {
                orders.iter_mut().for_each(|order| random.shuffle(order));
                let drawn =
                    orders.each_ref().map(|order| self.counted_while_parting::<BYTES, COLUMNS>(order));
                part(&mut records[rows], &split, drawn, histograms, aside);
                for side in 0..2 {
                    if may_split[side] {
                        let (records, total) = (&records[sides[side].clone()], children[side]);
                        splits[side] = self.search(records, total, &orders[side], &histograms[side]);
                    }
                }
            }
            let ([below, above], depth) = (sides, depth + 1);
            let [split_below, split_above] = splits;
            waiting.push(Waiting {
                rows: above,
                depth,
                tally: children[1],
                split: split_above,
                above_in: Some(place),
            });
            waiting.push(Waiting {
                rows: below,
                depth,
                tally: children[0],
                split: split_below,
                above_in: None,
            });
        }
        nodes
    }

    fn may_split(&self, tally: Tally, depth: u32) -> bool {
        depth < self.most_depth && !tally.is_pure() && tally.rows() / 2 >= self.min_leaf
    }

    /// The columns drawn for a node, as far as they are counted while its parent's rows are parted. What is left of the
    /// places counts a record's last byte, for nothing.
    fn counted_while_parting<const BYTES: usize, const COLUMNS: usize>(
        &self,
        order: &[usize],
    ) -> [usize; COLUMNS] {
        std::array::from_fn(|place| order[..self.drawn].get(place).copied().unwrap_or(BYTES - 1))
    }

    /// The best split of a node: on the columns drawn, the first in `order`, and on further ones while there is none.
    /// The first of them may have been counted already.
    fn search<const BYTES: usize>(
        &self,
        records: &[Record<BYTES>],
        total: Tally,
        order: &[usize],
        counted: &[Histogram],
    ) -> Option<Split> {
        let mut search = Search::new(total, self.min_leaf);
        for (tried, &place) in order.iter().enumerate() {
            if tried >= self.drawn && search.best().is_some() {
                break;
            }
            let column = &self.binned.columns[place];
            match counted.get(tried).filter(|_| tried < self.drawn) {
                Some(histogram) => search.try_column(place, column, histogram),
                None => search.try_column(place, column, &count(records, place)),
            }
        }
        search.best()
    }
}
