//! The forest as it is walked: eight bytes a node, so that eight of them share a cache line, and a step without a
//! branch.
//!
//! A tree's nodes lie level by level, and the two children of a node side by side: a step is to the first of them, plus
//! one where the value is above the threshold. A leaf steps to itself, so that rows walked together need not end
//! together. Where rows without a value go is told by the column: a NaN compares as not above, and the columns of which
//! some node sends the missing above are there a second time, with infinity in place of NaN.

use super::Node;
use crate::dataset::Rows;

const CHILD_BITS: u32 = 22;
const MOST_NODES: usize = 1 << CHILD_BITS;
const MOST_COLUMNS: usize = 1 << (32 - CHILD_BITS);

/// A node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Step {
    /// Infinite in a leaf.
    threshold: f32,
    /// The column compared, and in the lower [`CHILD_BITS`] the child below, counted from the root.
    column_and_child: u32,
}

impl Step {
    /// The column compared; in a leaf the first.
    #[inline]
    pub(super) fn column(self) -> usize {
        (self.column_and_child >> CHILD_BITS) as usize
    }

    /// Where a value leads.
    #[inline]
    pub(super) fn next(self, value: f32) -> usize {
        (self.column_and_child as usize & (MOST_NODES - 1)) + usize::from(value > self.threshold)
    }
}

/// A tree's nodes, level by level.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    /// Each node.
    pub(super) steps: Vec<Step>,
    /// Its share of churners.
    pub(super) shares: Vec<f64>,
    /// The number of steps from the root to the deepest leaf.
    pub(super) depth: usize,
}

/// All trees, and the columns they compare.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Packed {
    /// The trees.
    pub(super) trees: Vec<Tree>,
    /// How many values a row has.
    width: usize,
    /// The columns that come a second time, behind the others.
    again: Vec<usize>,
}

impl Packed {
    /// Packs trees whose nodes are in preorder and each have one parent; `None` where they are too large for it, or
    /// have too many columns.
    pub(super) fn new<'a>(trees: impl Iterator<Item = &'a [Node]> + Clone, width: usize) -> Option<Self> {
        let mut is_again = vec![false; width];
        for node in trees.clone().flatten().filter(|node| !node.is_leaf() && node.missing_above) {
            is_again[usize::from(node.column)] = true;
        }
        let again: Vec<usize> = (0..width).filter(|&column| is_again[column]).collect();
        let mut packed = Self { trees: Vec::new(), width, again };
        if packed.columns() > MOST_COLUMNS {
            return None;
        }
        packed.trees = trees.map(|tree| packed.tree(tree)).collect::<Option<_>>()?;
        Some(packed)
    }

    fn tree(&self, nodes: &[Node]) -> Option<Tree> {
        if nodes.len() > MOST_NODES {
            return None;
        }
        // The nodes in their new order, and how deep each is.
        let mut order = vec![(0, 0)];
        let (mut steps, mut shares) = (Vec::with_capacity(nodes.len()), Vec::with_capacity(nodes.len()));
        while let Some(&(place, depth)) = order.get(steps.len()) {
            let node = &nodes[place];
            let (threshold, column, child) = if node.is_leaf() {
                (f32::INFINITY, 0, steps.len())
            } else {
                order.extend([(place + 1, depth + 1), (node.above as usize, depth + 1)]);
                (node.threshold, self.column(node), order.len() - 2)
            };
            steps.push(Step { threshold, column_and_child: ((column << CHILD_BITS) | child) as u32 });
            shares.push(node.churned_share);
        }
        let depth = order.last().map_or(0, |&(_, depth)| depth);
        Some(Tree { steps, shares, depth })
    }

    fn column(&self, node: &Node) -> usize {
        let column = usize::from(node.column);
        let second = self.again.binary_search(&column).ok().filter(|_| node.missing_above);
        second.map_or(column, |place| self.width + place)
    }

    /// How many columns are walked on.
    pub(super) fn columns(&self) -> usize {
        self.width + self.again.len()
    }

    /// The column of the rows that one of those is.
    pub(super) fn original(&self, column: usize) -> usize {
        if column < self.width { column } else { self.again[column - self.width] }
    }

    /// Lays rows out for walking, `N` side by side: the columns of the first `N` rows, then those of the next. What is
    /// left of the last `N` is zero.
    pub(super) fn lay_out<const N: usize>(&self, rows: Rows<'_>, out: &mut Vec<[f32; N]>) {
        out.clear();
        out.resize(rows.len().div_ceil(N) * self.columns(), [0.0; N]);
        for (group, rows) in out.chunks_exact_mut(self.columns()).zip(rows.chunks(N)) {
            let (first, second) = group.split_at_mut(self.width);
            for (lane, row) in rows.iter().enumerate() {
                for (values, &value) in first.iter_mut().zip(row) {
                    values[lane] = value;
                }
                for (values, &column) in second.iter_mut().zip(&self.again) {
                    values[lane] = if row[column].is_nan() { f32::INFINITY } else { row[column] };
                }
            }
        }
    }
}
