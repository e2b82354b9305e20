//! The random forest: flat arrays of nodes, walked tree by tree. [`train`] grows it.

mod bins;
mod bootstrap;
mod grow;
mod part;
pub(crate) mod random;
mod smartcore;
mod split;
pub mod train;
mod tree;

use crate::dataset::Rows;

/// So many rows go through a tree before the next tree: the tree then stays in the cache.
const BLOCK_ROWS: usize = 256;

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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forest {
    nodes: Vec<Node>,
    /// Where each tree ends.
    ends: Vec<u32>,
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
            for (place, node) in own.iter().enumerate() {
                if !(0.0..=1.0).contains(&node.churned_share) {
                    return Err(bad("a share is not in [0, 1]"));
                }
                if node.is_leaf() {
                    continue;
                }
                // Both children come later, so every walk ends.
                let above = node.above as usize;
                if above < place + 2 || above >= own.len() {
                    return Err(bad("a child is out of place"));
                }
                if usize::from(node.column) >= width || !node.threshold.is_finite() {
                    return Err(bad("a split is not on a feature"));
                }
            }
            start = end as usize;
        }
        if ends.is_empty() || start != nodes.len() {
            return Err(BadForest { tree: ends.len(), problem: "nodes and trees do not match" });
        }
        Ok(Self { nodes, ends })
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
    fn trees(&self) -> impl Iterator<Item = &[Node]> {
        self.ends.iter().scan(0, |start, &end| {
            let tree = &self.nodes[*start..end as usize];
            *start = end as usize;
            Some(tree)
        })
    }

    /// The probability of churn of each row; the same bits for a row alone and among others.
    pub fn probabilities(&self, rows: Rows<'_>) -> Vec<f64> {
        let trees = self.ends.len() as f64;
        let mut sums = vec![0.0; rows.len()];
        for (rows, sums) in rows.chunks(BLOCK_ROWS).zip(sums.chunks_mut(BLOCK_ROWS)) {
            for tree in self.trees() {
                for (row, sum) in rows.iter().zip(sums.iter_mut()) {
                    *sum += tree[leaf(tree, row, |_, _| ())].churned_share;
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= trees);
        }
        sums
    }

    /// Each feature's part in the probability: the change of the share of churners at every split on it, averaged
    /// over the trees (path contributions, as in Saabas 2014). Added to the mean share at the roots they give the
    /// probability.
    pub fn contributions(&self, row: &[f32]) -> Vec<f64> {
        let mut sums = vec![0.0; row.len()];
        for tree in self.trees() {
            leaf(tree, row, |from, to| {
                sums[usize::from(tree[from].column)] += tree[to].churned_share - tree[from].churned_share;
            });
        }
        sums.iter_mut().for_each(|sum| *sum /= self.ends.len() as f64);
        sums
    }
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
        assert_eq!(forest.probabilities(Rows::new(&rows, 2)), [0.3, 0.1, 0.9]);
    }

    #[test]
    fn contributions_add_up_to_the_probability() {
        let forest = Forest::new([stump(), stump()].concat(), vec![5, 10], 2).unwrap();
        let row = [10.0, 5.0];
        let contributions = forest.contributions(&row);
        let at_the_roots = 0.5;
        let total = at_the_roots + contributions.iter().sum::<f64>();
        assert!((total - forest.probabilities(Rows::new(&row, 2))[0]).abs() < 1e-12);
        assert!((contributions[0] + 0.3).abs() < 1e-12, "recency took 0.5 to 0.2");
        assert!((contributions[1] + 0.1).abs() < 1e-12, "frequency took 0.2 to 0.1");
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
        assert!(broken(|nodes| nodes[0].column = 99).is_err(), "no such feature");
        assert!(broken(|nodes| nodes[2].churned_share = f64::NAN).is_err(), "no share");
        assert!(broken(|nodes| nodes.truncate(3)).is_err(), "cut short");
        assert!(Forest::new(stump(), vec![], 2).is_err(), "no tree");
        assert!(Forest::new(stump(), vec![5, 5], 2).is_err(), "an empty tree");
    }
}
