//! The reference trainer: smartcore's regression trees on a 0/1 target, whose leaf means are probabilities (its
//! classifier keeps only the leaf's majority class).

use mainstay_features::watch::Watch;
use rayon::prelude::*;
use serde::Deserialize;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::train::Growth;
use super::{Forest, Node};
use crate::dataset::Dataset;
use crate::random::SplitMix64;

/// smartcore grows a forest on one thread, so sub-forests of this size grow side by side; the size is fixed, so that
/// the forest does not depend on the number of threads.
const TREES_PER_PART: usize = 25;

/// Grows a forest on at least one row. `watch` is told of every tree.
pub(super) fn grow(data: &Dataset, growth: &Growth, watch: &dyn Watch) -> Result<Forest, String> {
    let columns = varying_columns(data);
    let x = matrix(data, &columns)?;
    let y: Vec<f64> = data.churned.iter().map(|&churned| f64::from(u8::from(churned))).collect();

    // smartcore numbers the trees of a sub-forest upward from its seed, so the seeds must be far apart.
    let mut random = SplitMix64::new(growth.seed);
    let parts: Vec<(u64, usize)> = (0..growth.trees)
        .step_by(TREES_PER_PART)
        .map(|first| (random.next(), TREES_PER_PART.min(growth.trees - first)))
        .collect();
    let parts: Vec<Vec<Tree>> = parts
        .into_par_iter()
        .map(|(seed, trees)| {
            let fitted = RandomForestRegressor::fit(&x, &y, parameters(growth, columns.len(), seed, trees))
                .map_err(|error| error.to_string())?;
            watch.advance(trees as u64);
            trees_of(&fitted).map_err(|error| error.to_string())
        })
        .collect::<Result<_, _>>()?;

    let trees: Option<Vec<Vec<Node>>> = parts.iter().flatten().map(|tree| flatten(tree, &columns)).collect();
    let trees = trees.ok_or("a tree is broken")?;
    Forest::from_trees(trees, data.width()).map_err(|error| error.to_string())
}

fn parameters(growth: &Growth, columns: usize, seed: u64, trees: usize) -> RandomForestRegressorParameters {
    // smartcore counts a row in a leaf as often as the bootstrap drew it, and a bootstrap holds 1 − 1/e of the rows.
    let min_leaf_draws = f64::from(growth.min_leaf.max(1)) / (1.0 - (-1.0_f64).exp());
    let mut parameters = RandomForestRegressorParameters::default()
        .with_n_trees(trees)
        .with_min_samples_leaf(min_leaf_draws.round() as usize)
        .with_m(growth.features_per_split.unwrap_or(columns.isqrt()).max(1).min(columns))
        .with_seed(seed);
    // Its depth counts nodes, not splits.
    parameters.max_depth = growth.depth.map(|depth| u16::try_from(depth + 1).unwrap_or(u16::MAX));
    parameters
}

/// The columns that are not the same in every row: smartcore would draw the others too. With none that varies, the
/// first stands for all.
fn varying_columns(data: &Dataset) -> Vec<usize> {
    let rows = data.rows();
    let differs = |a: f32, b: f32| a != b && !(a.is_nan() && b.is_nan());
    let varies = |&column: &usize| rows.iter().any(|row| differs(row[column], rows.row(0)[column]));
    let columns: Vec<usize> = (0..rows.width()).filter(varies).collect();
    if columns.is_empty() { vec![0] } else { columns }
}

/// The columns, with a number well below all others where there is no value: smartcore knows no missing values, and
/// this sends them where the finished forest does, below every split.
fn matrix(data: &Dataset, columns: &[usize]) -> Result<DenseMatrix<f32>, String> {
    let mut by_column = Vec::with_capacity(data.len() * columns.len());
    for &column in columns {
        let values = data.rows().iter().map(|row| row[column]);
        let least = values.clone().fold(f32::INFINITY, f32::min);
        let missing = if least.is_finite() { (least - least.abs() - 1.0).max(f32::MIN) } else { 0.0 };
        by_column.extend(values.map(|value| if value.is_nan() { missing } else { value }));
    }
    DenseMatrix::new(data.len(), columns.len(), by_column, true).map_err(|error| error.to_string())
}

/// smartcore shows its trees through serde only.
#[derive(Deserialize)]
struct Fitted {
    forest_regressor: Trees,
}

#[derive(Deserialize)]
struct Trees {
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Tree {
    nodes: Vec<TreeNode>,
}

#[derive(Deserialize)]
struct TreeNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

fn trees_of(fitted: &impl serde::Serialize) -> serde_json::Result<Vec<Tree>> {
    let fitted: Fitted = serde_json::from_slice(&serde_json::to_vec(fitted)?)?;
    Ok(fitted.forest_regressor.trees)
}

/// A tree in preorder; `None` if it is broken. Its features are places among `columns`.
fn flatten(tree: &Tree, columns: &[usize]) -> Option<Vec<Node>> {
    let mut nodes: Vec<Node> = Vec::with_capacity(tree.nodes.len());
    // What is still to be visited, and for a child above a split, the place of the split. No recursion: a tree may be
    // as deep as its rows allow.
    let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
    while let Some((from, split_place)) = waiting.pop() {
        let node = tree.nodes.get(from)?;
        let place = nodes.len();
        if place >= tree.nodes.len() {
            return None;
        }
        if let Some(split_place) = split_place {
            nodes[split_place].above = u32::try_from(place).ok()?;
        }
        // A mean of zeros and ones may come out a rounding above 1.
        let mut flat = Node::leaf(node.output.clamp(0.0, 1.0));
        if let (Some(below), Some(above), Some(split)) = (node.true_child, node.false_child, node.split_value)
        {
            flat.threshold = round_down(split);
            flat.column = u16::try_from(*columns.get(node.split_feature)?).ok()?;
            waiting.push((above, Some(place)));
            waiting.push((below, None));
        }
        nodes.push(flat);
    }
    Some(nodes)
}

/// The largest `f32` not above the split: `value ≤ split` then means the same in `f32` as in `f64`.
fn round_down(split: f64) -> f32 {
    let nearest = split as f32;
    if f64::from(nearest) > split { nearest.next_down() } else { nearest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_features::watch::Unwatched;

    #[test]
    fn thresholds_round_down() {
        let next_above_one = 1.0_f32.next_up();
        let between = (1.0 + f64::from(next_above_one)) / 2.0;
        assert_eq!(round_down(between + 1e-9), 1.0);
        assert_eq!(round_down(0.5), 0.5);
        assert!(f64::from(round_down(-0.1)) <= -0.1);
    }

    fn data() -> Dataset {
        let mut data = Dataset::empty(5);
        for i in 0..400_usize {
            let recency = (i * 31 % 200) as f32;
            let row = [recency, 1.0 + (i % 7) as f32, (i * 17 % 101) as f32 + 0.37, 0.0, recency + 100.0];
            data.push(&row, recency > 90.0 + 40.0 * ((i % 3) as f32 - 1.0));
        }
        data
    }

    #[test]
    fn the_flat_walk_gives_smartcores_own_predictions() {
        let data = data();
        let columns = varying_columns(&data);
        assert_eq!(columns, [0, 1, 2, 4], "nobody complained");
        let x = matrix(&data, &columns).unwrap();
        let y: Vec<f64> = data.churned.iter().map(|&c| f64::from(u8::from(c))).collect();
        let parameters = RandomForestRegressorParameters::default().with_n_trees(5).with_seed(3);
        let fitted = RandomForestRegressor::fit(&x, &y, parameters).unwrap();
        let expected: Vec<f64> = fitted.predict(&x).unwrap();

        let trees = trees_of(&fitted).unwrap().iter().map(|tree| flatten(tree, &columns).unwrap()).collect();
        let forest = Forest::from_trees(trees, data.width()).unwrap();
        for (ours, theirs) in forest.probabilities(data.rows()).iter().zip(expected) {
            assert!((ours - theirs).abs() < 1e-12);
        }
    }

    #[test]
    fn one_seed_gives_one_forest_on_any_number_of_threads() {
        let data = data();
        let grow = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let growth = Growth { trees: 60, seed, ..Growth::default() };
            pool.install(|| super::grow(&data, &growth, &Unwatched).unwrap())
        };
        assert_eq!(grow(1, 7), grow(2, 7));
        assert_ne!(grow(1, 7), grow(1, 8));
    }
}
