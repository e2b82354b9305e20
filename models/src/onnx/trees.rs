//! A forest as a `TreeEnsemble` of ai.onnx.ml 5, in double, and the log-odds of its mean share.

use super::graph::{self, Attribute, Graph, MACHINE_LEARNING, Tensor};
use crate::forest::{Forest, Node};
use crate::odds::LEAST;

/// `value ≤ threshold` goes to the true child.
const BRANCH_LEQ: u8 = 0;
const AVERAGE: i64 = 0;

/// The attributes of a `TreeEnsemble`: inner nodes and leaves are numbered apart.
#[derive(Default)]
struct Ensemble {
    roots: Vec<i64>,
    columns: Vec<i64>,
    thresholds: Vec<f64>,
    below: Vec<i64>,
    below_is_leaf: Vec<i64>,
    above: Vec<i64>,
    above_is_leaf: Vec<i64>,
    missing_below: Vec<i64>,
    shares: Vec<f64>,
}

/// Adds the operators; the name of their output, log-odds (customers × 1).
pub(super) fn add(forest: &Forest, graph: &mut Graph, rows: &str, prefix: &str) -> String {
    let named = |what: &str| format!("{prefix}_{what}");
    let mut ensemble = Ensemble::default();
    let mut start = 0;
    for &end in forest.ends() {
        ensemble.add_tree(&forest.nodes()[start..end as usize]);
        start = end as usize;
    }
    graph.add(ensemble.node(rows, &named("share")));
    let least = graph.constant(&named("least"), &Tensor::doubles(&[LEAST]));
    let most = graph.constant(&named("most"), &Tensor::doubles(&[1.0 - LEAST]));
    let one = graph.constant(&named("one"), &Tensor::doubles(&[1.0]));
    let clipped = graph.apply("Max", &[&named("share"), &least], &named("at_least"));
    let probability = graph.apply("Min", &[&clipped, &most], &named("probability"));
    let other = graph.apply("Sub", &[&one, &probability], &named("other"));
    let odds = graph.apply("Div", &[&probability, &other], &named("odds"));
    graph.apply("Log", &[&odds], &named("log_odds"))
}

impl Ensemble {
    fn add_tree(&mut self, tree: &[Node]) {
        let (first_node, first_leaf) = (self.columns.len() as i64, self.shares.len() as i64);
        // Of each node, its number among its kind.
        let mut numbers = Vec::with_capacity(tree.len());
        let (mut nodes, mut leaves) = (first_node, first_leaf);
        for node in tree {
            let next = if node.is_leaf() { &mut leaves } else { &mut nodes };
            numbers.push(*next);
            *next += 1;
        }
        self.roots.push(first_node);
        self.shares.extend(tree.iter().filter(|node| node.is_leaf()).map(|leaf| leaf.churned_share));
        let is_leaf = |place: usize| i64::from(tree[place].is_leaf());
        if let [_leaf] = tree {
            // There is no tree of a leaf alone: a comparison both of whose children are that leaf.
            self.add_split(0, 0.0, (first_leaf, 1), (first_leaf, 1), false);
        }
        for (place, node) in tree.iter().enumerate().filter(|(_, node)| !node.is_leaf()) {
            let (below, above) = (place + 1, node.above as usize);
            self.add_split(
                i64::from(node.column),
                f64::from(node.threshold),
                (numbers[below], is_leaf(below)),
                (numbers[above], is_leaf(above)),
                !node.missing_above,
            );
        }
    }

    fn add_split(
        &mut self,
        column: i64,
        threshold: f64,
        below: (i64, i64),
        above: (i64, i64),
        missing_below: bool,
    ) {
        self.columns.push(column);
        self.thresholds.push(threshold);
        self.below.push(below.0);
        self.below_is_leaf.push(below.1);
        self.above.push(above.0);
        self.above_is_leaf.push(above.1);
        self.missing_below.push(i64::from(missing_below));
    }

    fn node(self, rows: &str, output: &str) -> graph::Node {
        let modes = vec![BRANCH_LEQ; self.columns.len()];
        let targets = vec![0; self.shares.len()];
        graph::Node::new("TreeEnsemble", &[rows], output)
            .of(MACHINE_LEARNING)
            .with("aggregate_function", Attribute::Int(AVERAGE))
            .with("n_targets", Attribute::Int(1))
            .with("post_transform", Attribute::Int(0))
            .with("tree_roots", Attribute::Ints(self.roots))
            .with("nodes_featureids", Attribute::Ints(self.columns))
            .with("nodes_modes", Attribute::Tensor(Tensor::bytes(modes)))
            .with("nodes_splits", Attribute::Tensor(Tensor::doubles(&self.thresholds)))
            .with("nodes_truenodeids", Attribute::Ints(self.below))
            .with("nodes_trueleafs", Attribute::Ints(self.below_is_leaf))
            .with("nodes_falsenodeids", Attribute::Ints(self.above))
            .with("nodes_falseleafs", Attribute::Ints(self.above_is_leaf))
            .with("nodes_missing_value_tracks_true", Attribute::Ints(self.missing_below))
            .with("leaf_targetids", Attribute::Ints(targets))
            .with("leaf_weights", Attribute::Tensor(Tensor::doubles(&self.shares)))
    }
}
