//! The forest as it is walked: eight bytes a node, so that eight of them share a cache line, and a step without a
//! branch.
//!
//! A forest compares a column with few different thresholds, at most 255 where our trainer grew it. A row is therefore
//! brought into the form of its trees first, once for all of them: of each value, how many thresholds it exceeds. A
//! node then compares two small whole numbers. Where rows without a value go is settled there too: a column stands in
//! the coded row once for the nodes that send them below and once for those that send them above, if there are both.
//!
//! A tree's nodes lie level by level, and the two children of a node side by side: a step goes ahead to the first of
//! them, and one further where the value is above. A leaf goes nowhere, so that rows walked together need not end
//! together. A row's codes are an array as long as a column's number can be, and so is a tree's window on the nodes: no
//! step has to be checked for leaving them.

use super::Node;
use super::edges::Edges;
use super::parts::Parts;

/// No tree is larger. Its children then lie at most half as far ahead, which 16 bits hold.
const MOST_NODES: usize = 1 << 17;
/// So long is whatever a column's number is looked up in: as many as a byte tells apart.
pub(super) const WINDOW: usize = 256;
/// The most columns compared; those that stand there twice count twice. One place is left for the leaves.
const MOST_COLUMNS: usize = WINDOW - 1;

/// Rows side by side as the trees see them: by column, a code of each.
pub(super) type Codes<const LANES: usize> = [[u8; LANES]; WINDOW];
/// What a column has added to the rows side by side.
pub(super) type Sums<const LANES: usize> = [[i32; LANES]; WINDOW];

/// A node: the threshold's place among its column's, the column, how far ahead the child below is, and what coming here
/// adds to the share of churners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    threshold: u8,
    column: u8,
    ahead: u16,
    /// In [`Parts`]; 0 in the root.
    pub(super) change: i32,
}

impl Step {
    /// A leaf's threshold, which no code exceeds.
    const NEVER: u8 = u8::MAX;
    /// A leaf that adds nothing.
    const NOTHING: Self = Self { threshold: Self::NEVER, column: 0, ahead: 0, change: 0 };

    /// The column compared; in a leaf one of its own, to which nobody listens.
    #[inline]
    pub(super) fn column(self) -> usize {
        usize::from(self.column)
    }

    /// How far ahead a code leads: nowhere from a leaf.
    #[inline]
    pub(super) fn ahead(self, code: u8) -> usize {
        usize::from(self.ahead) + usize::from(code > self.threshold)
    }
}

/// A column as nodes compare it.
#[derive(Clone, Debug, PartialEq)]
struct Compared {
    number: usize,
    missing_above: bool,
    thresholds: Edges,
}

impl Compared {
    /// How many thresholds a value exceeds: with none, all or nothing.
    #[inline]
    fn code(&self, value: f32) -> u8 {
        // Where a leaf's threshold is not exceeded by 255, every node's is.
        let missing = if self.missing_above { u8::MAX } else { 0 };
        if value.is_nan() { missing } else { self.thresholds.exceeded_by(value) }
    }
}

/// Where a tree is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Tree {
    start: usize,
    depth: usize,
}

/// A tree for walking.
#[derive(Clone, Copy)]
pub(super) struct Walked<'a> {
    /// Its nodes, and what comes after them.
    window: &'a [Step; MOST_NODES],
    /// The share of churners in each of its nodes, in [`Parts`].
    pub(super) shares: &'a [i32],
    /// The number of steps from the root to the deepest leaf.
    pub(super) depth: usize,
}

impl Walked<'_> {
    /// A node, counted from the root.
    #[inline]
    pub(super) fn step(&self, place: usize) -> Step {
        self.window[place & (MOST_NODES - 1)]
    }
}

/// All trees, and the columns they compare.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packed {
    columns: Vec<Compared>,
    trees: Vec<Tree>,
    /// The nodes, and a window's length of nothing behind them.
    steps: Vec<Step>,
    shares: Vec<i32>,
    parts: Parts,
}

impl Packed {
    /// Packs trees whose nodes are in preorder and each have one parent; `None` where a tree is too large for it, or
    /// the thresholds are too many.
    pub(super) fn new<'a>(trees: impl Iterator<Item = &'a [Node]> + Clone, parts: Parts) -> Option<Self> {
        // By column, what is missing above after what is missing below.
        let mut splits: Vec<(u16, bool, f32)> = trees
            .clone()
            .flatten()
            .filter(|node| !node.is_leaf())
            .map(|node| (node.column, node.missing_above, node.threshold))
            .collect();
        splits.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
        splits.dedup();
        let compared: Vec<&[(u16, bool, f32)]> = splits.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
        if compared.len() > MOST_COLUMNS || compared.iter().any(|splits| splits.len() > Edges::MOST) {
            return None;
        }

        let mut packed =
            Self { columns: Vec::new(), trees: Vec::new(), steps: Vec::new(), shares: Vec::new(), parts };
        for tree in trees {
            packed.push(tree, &compared)?;
        }
        packed.steps.resize(packed.steps.len() + MOST_NODES, Step::NOTHING);
        packed.columns = compared
            .iter()
            .map(|splits| {
                let thresholds: Vec<f32> = splits.iter().map(|split| split.2).collect();
                let (number, missing_above, _) = splits[0];
                Compared { number: usize::from(number), missing_above, thresholds: Edges::new(&thresholds) }
            })
            .collect();
        Some(packed)
    }

    fn push(&mut self, nodes: &[Node], compared: &[&[(u16, bool, f32)]]) -> Option<()> {
        if nodes.len() > MOST_NODES {
            return None;
        }
        let start = self.steps.len();
        // The nodes in their new order, how deep each is, and the share of churners where rows come from.
        let mut order = vec![(0, 0, self.parts.of(nodes[0].churned_share))];
        while let Some(&(place, depth, before)) = order.get(self.steps.len() - start) {
            let node = &nodes[place];
            let share = self.parts.of(node.churned_share);
            let change = share - before;
            let step = if node.is_leaf() {
                Step { threshold: Step::NEVER, column: u8::try_from(compared.len()).ok()?, ahead: 0, change }
            } else {
                let ahead = u16::try_from(order.len() - (self.steps.len() - start)).ok()?;
                order.extend([(place + 1, depth + 1, share), (node.above as usize, depth + 1, share)]);
                let key = (node.column, node.missing_above);
                let column = compared.binary_search_by_key(&key, |splits| (splits[0].0, splits[0].1)).ok()?;
                let threshold = compared[column].partition_point(|split| split.2 < node.threshold);
                Step { threshold: threshold as u8, column: column as u8, ahead, change }
            };
            self.steps.push(step);
            self.shares.push(share);
        }
        let depth = order.last().map_or(0, |&(_, depth, _)| depth);
        self.trees.push(Tree { start, depth });
        Some(())
    }

    /// The number of trees.
    pub(super) fn len(&self) -> usize {
        self.trees.len()
    }

    /// Each tree.
    pub(super) fn trees(&self) -> impl Iterator<Item = Walked<'_>> {
        self.trees.iter().filter_map(|tree| {
            // There is always a window: nothing is behind the last tree for that.
            let window = self.steps[tree.start..].first_chunk()?;
            Some(Walked { window, shares: &self.shares[tree.start..], depth: tree.depth })
        })
    }

    /// Some trees at a time; the last are filled up with a leaf that adds nothing.
    pub(super) fn groups_of_trees<const N: usize>(&self) -> impl Iterator<Item = [Walked<'_>; N]> {
        let mut trees = self.trees();
        self.trees.chunks(N).filter_map(move |_| {
            let nothing = Walked { window: self.steps.last_chunk()?, shares: &[0], depth: 0 };
            Some(std::array::from_fn(|_| trees.next().unwrap_or(nothing)))
        })
    }

    /// How the shares are written.
    pub(super) fn parts(&self) -> Parts {
        self.parts
    }

    /// How many columns the trees compare, and the leaves' own.
    pub(super) fn stride(&self) -> usize {
        self.columns.len() + 1
    }

    /// Adds up what each column compared has added, by the number it has among those of the rows.
    pub(super) fn by_number<const LANES: usize>(&self, sums: &[[i32; LANES]], lane: usize, own: &mut [i64]) {
        own.fill(0);
        for (sums, column) in sums.iter().zip(&self.columns) {
            own[column.number] += i64::from(sums[lane]);
        }
    }

    /// Puts the codes of a row in one of the lanes.
    pub(super) fn put<const LANES: usize>(&self, row: &[f32], codes: &mut [[u8; LANES]], lane: usize) {
        for (codes, column) in codes.iter_mut().zip(&self.columns) {
            codes[lane] = column.code(row[column.number]);
        }
    }
}
