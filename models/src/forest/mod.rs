//! The random forest: flat arrays of nodes, walked tree by tree. [`train`] grows it.

mod bins;
mod bootstrap;
mod edges;
mod grow;
mod packed;
mod part;
mod parts;
mod smartcore;
mod split;
pub mod train;
mod tree;
mod walk;

use self::packed::Packed;
use self::parts::Parts;
use crate::dataset::Rows;

/// A node. The child for `value ≤ threshold` is the next node; `above` is the other one, counted from the tree's
/// root, or 0 for a leaf (nothing points at a root). A row without a value goes to the one that `missing_above` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Share of churners among the training rows that came here.
    pub churned_share: f64,
    /// The greatest value that stays below.
    pub threshold: f32,
    /// Where rows above the threshold go; 0 in a leaf.
    pub above: u32,
    /// The column compared.
    pub column: u16,
    /// Whether rows without a value go where those above the threshold do.
    pub missing_above: bool,
}

impl Node {
    /// Where rows end, with this share of churners.
    pub fn leaf(churned_share: f64) -> Self {
        Self { churned_share, threshold: 0.0, above: 0, column: 0, missing_above: false }
    }

    /// Whether rows end here.
    pub fn is_leaf(&self) -> bool {
        self.above == 0
    }
}

/// Trees one after the other, each in preorder; the probability is the mean of the leaves' shares of churners.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    nodes: Vec<Node>,
    /// Where each tree ends.
    ends: Vec<u32>,
    /// The same for walking; `None` where it is too large for that, or smartcore grew it.
    packed: Option<Packed>,
}

/// Nodes that are no forest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tree {tree}: {problem}")]
pub struct BadForest {
    tree: usize,
    problem: &'static str,
}

impl Forest {
    /// A forest from its nodes, where each tree ends and the number of columns, checked: no walk can leave its tree or
    /// go round in it.
    ///
    /// # Errors
    /// Names the first tree that is none.
    pub fn new(nodes: Vec<Node>, ends: Vec<u32>, width: usize) -> Result<Self, BadForest> {
        let mut start = 0;
        for (tree, &end) in ends.iter().enumerate() {
            let bad = |problem| BadForest { tree, problem };
            let own = nodes.get(start..end as usize).ok_or(bad("ends outside the nodes"))?;
            if own.is_empty() {
                return Err(bad("has no node"));
            }
            check(own, width).map_err(bad)?;
            start = end as usize;
        }
        if ends.is_empty() || start != nodes.len() {
            return Err(BadForest { tree: ends.len(), problem: "nodes and trees do not match" });
        }
        let packed = Packed::new(trees(&nodes, &ends), Parts::for_trees(ends.len()));
        Ok(Self { nodes, ends, packed })
    }

    /// A forest from the nodes of each of its trees.
    ///
    /// # Errors
    /// Names the first tree that is none.
    pub fn from_trees(trees: Vec<Vec<Node>>, width: usize) -> Result<Self, BadForest> {
        let mut nodes = Vec::with_capacity(trees.iter().map(Vec::len).sum());
        let mut ends = Vec::with_capacity(trees.len());
        for (tree, own) in trees.into_iter().enumerate() {
            nodes.extend(own);
            let end = u32::try_from(nodes.len());
            ends.push(end.map_err(|_| BadForest { tree, problem: "has no room left for its nodes" })?);
        }
        Self::new(nodes, ends, width)
    }

    /// Every node, tree by tree.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where each tree ends.
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The trees' nodes.
    fn trees(&self) -> impl Iterator<Item = &[Node]> + Clone {
        trees(&self.nodes, &self.ends)
    }

    /// The probability of churn of each row; the same bits for a row alone and among others.
    pub fn probabilities(&self, rows: Rows<'_>) -> Vec<f64> {
        match &self.packed {
            Some(packed) => packed.probabilities(rows),
            None => rows.iter().map(|row| self.probability(row)).collect(),
        }
    }

    /// The probability of churn of a row, walked plainly.
    fn probability(&self, row: &[f32]) -> f64 {
        let parts = Parts::for_trees(self.ends.len());
        let leaves = self.trees().map(|tree| parts.of(tree[leaf(tree, row, |_, _| ())].churned_share));
        parts.mean(leaves.map(i64::from).sum(), self.ends.len())
    }

    /// The mean share of churners at the roots: what is known of a row before any of its values.
    pub fn base(&self) -> f64 {
        let parts = Parts::for_trees(self.ends.len());
        parts.mean(self.trees().map(|tree| i64::from(parts.of(tree[0].churned_share))).sum(), self.ends.len())
    }

    /// [`Self::probabilities`], and each feature's part in them, one row after the other: the change of the share of
    /// churners at every split on it, averaged over the trees (path contributions, as in Saabas 2014). Added to
    /// [`Self::base`] they give the probability.
    pub fn contributions(&self, rows: Rows<'_>) -> (Vec<f64>, Vec<f64>) {
        match &self.packed {
            Some(packed) => packed.contributions(rows),
            None => {
                (self.probabilities(rows), rows.iter().flat_map(|row| self.contributions_of(row)).collect())
            }
        }
    }

    /// The contributions to a row, walked plainly.
    fn contributions_of(&self, row: &[f32]) -> Vec<f64> {
        let parts = Parts::for_trees(self.ends.len());
        let mut sums = vec![0; row.len()];
        for tree in self.trees() {
            leaf(tree, row, |from, to| {
                let [before, after] = [from, to].map(|place| i64::from(parts.of(tree[place].churned_share)));
                sums[usize::from(tree[from].column)] += after - before;
            });
        }
        sums.into_iter().map(|sum| parts.mean(sum, self.ends.len())).collect()
    }
}

fn trees<'a>(nodes: &'a [Node], ends: &'a [u32]) -> impl Iterator<Item = &'a [Node]> + Clone {
    ends.iter().scan(0, |start, &end| {
        let tree = &nodes[*start..end as usize];
        *start = end as usize;
        Some(tree)
    })
}

/// What is wrong with the nodes of a tree. In preorder a node's descendants follow it, those below first: where every
/// node has as many as it says, each but the root is the child of one, and a walk ends.
fn check(tree: &[Node], width: usize) -> Result<(), &'static str> {
    // Where the descendants of the nodes that are still to come end.
    let mut ends = vec![tree.len()];
    for (place, node) in tree.iter().enumerate() {
        if !(0.0..=1.0).contains(&node.churned_share) {
            return Err("a share is not in [0, 1]");
        }
        let end = ends.pop().unwrap_or_default();
        if node.is_leaf() {
            if end != place + 1 {
                return Err("a child is out of place");
            }
            continue;
        }
        let above = node.above as usize;
        if !(place + 2..end).contains(&above) {
            return Err("a child is out of place");
        }
        if usize::from(node.column) >= width || !node.threshold.is_finite() {
            return Err("a split is not on a feature");
        }
        ends.extend([end, above]);
    }
    Ok(())
}

/// The leaf a row comes to; `step` is told of each move.
fn leaf(tree: &[Node], row: &[f32], mut step: impl FnMut(usize, usize)) -> usize {
    let mut place = 0;
    while !tree[place].is_leaf() {
        let node = &tree[place];
        let value = row[usize::from(node.column)];
        let is_above = if value.is_nan() { node.missing_above } else { value > node.threshold };
        let next = if is_above { node.above as usize } else { place + 1 };
        step(place, next);
        place = next;
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(churned_share: f64, column: u16, threshold: f32, above: u32) -> Node {
        Node { churned_share, threshold, above, column, missing_above: false }
    }

    /// One split on recency at 30 days, and under it one on frequency at 2.
    fn stump() -> Vec<Node> {
        vec![
            node(0.5, 0, 30.0, 4),
            node(0.2, 1, 2.0, 3),
            node(0.3, 0, 0.0, 0),
            node(0.1, 0, 0.0, 0),
            node(0.9, 0, 0.0, 0),
        ]
    }

    #[test]
    fn a_row_at_the_threshold_goes_below() {
        let forest = Forest::new(stump(), vec![5], 2).unwrap();
        let rows = [30.0, 2.0, 30.0, 3.0, 30.1, 2.0];
        for (p, expected) in forest.probabilities(Rows::new(&rows, 2)).into_iter().zip([0.3, 0.1, 0.9]) {
            assert!((p - expected).abs() < 1e-9, "{p} is not {expected}");
        }
    }

    #[test]
    fn contributions_add_up_to_the_probability() {
        let forest = Forest::new([stump(), stump()].concat(), vec![5, 10], 2).unwrap();
        let row = [10.0, 5.0];
        let (_, contributions) = forest.contributions(Rows::new(&row, 2));
        assert_eq!(forest.base(), 0.5);
        let total = forest.base() + contributions.iter().sum::<f64>();
        assert!((total - forest.probabilities(Rows::new(&row, 2))[0]).abs() < 1e-12);
        assert!((contributions[0] + 0.3).abs() < 1e-8, "recency took 0.5 to 0.2");
        assert!((contributions[1] + 0.1).abs() < 1e-8, "frequency took 0.2 to 0.1");
    }

    #[test]
    fn nodes_that_are_no_forest_are_refused() {
        let broken = |change: fn(&mut Vec<Node>)| {
            let mut nodes = stump();
            change(&mut nodes);
            Forest::new(nodes, vec![5], 2)
        };
        assert!(broken(|nodes| nodes[1].above = 1).is_err(), "a cycle");
        assert!(broken(|nodes| nodes[0].above = 5).is_err(), "a child outside");
        assert!(broken(|nodes| nodes[0].above = 3).is_err(), "a child of two nodes");
        assert!(broken(|nodes| nodes[1].above = 0).is_err(), "nodes that are nobody's children");
        assert!(broken(|nodes| nodes[0].column = 99).is_err(), "no such feature");
        assert!(broken(|nodes| nodes[2].churned_share = f64::NAN).is_err(), "no share");
        assert!(broken(|nodes| nodes.truncate(3)).is_err(), "cut short");
        assert!(Forest::new(stump(), vec![], 2).is_err(), "no tree");
        assert!(Forest::new(stump(), vec![5, 5], 2).is_err(), "an empty tree");
    }
}
