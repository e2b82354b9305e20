//! Growing the forest: smartcore's regression trees on a 0/1 target, whose leaf means are probabilities (its
//! classifier keeps only the leaf's majority class).

use mainstay_features::watch::Watch;
use rayon::prelude::*;
use serde::Deserialize;
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::{Forest, Node};
use crate::TrainingError;
use crate::dataset::Dataset;

/// How many trees.
pub const TREES: usize = 300;
/// The fewest rows in a leaf, a row that the bootstrap drew several times counted as often. About 20 different rows:
/// a bootstrap holds 1 − 1/e of the rows, and 20 / (1 − 1/e) ≈ 32. (scikit-learn's minimum counts different rows.)
const MIN_LEAF_DRAWS: usize = 32;
/// smartcore grows a forest on one thread, so sub-forests of this size grow side by side; the size is fixed, so that
/// the forest does not depend on the number of threads.
const TREES_PER_PART: usize = 25;

/// Grows a forest; the same for one seed whatever the number of threads. `watch` is told of every tree.
///
/// # Errors
/// When smartcore refuses the table.
pub fn train(data: &Dataset, seed: u64, watch: &dyn Watch) -> Result<Forest, TrainingError> {
    let columns = varying_columns(data);
    let x = matrix(data, &columns)?;
    let y: Vec<f64> = data.churned.iter().map(|&churned| f64::from(u8::from(churned))).collect();

    let parts: Vec<Vec<Tree>> = (0..(TREES / TREES_PER_PART) as u64)
        .into_par_iter()
        .map(|part| {
            let parameters = RandomForestRegressorParameters::default()
                .with_n_trees(TREES_PER_PART)
                .with_min_samples_leaf(MIN_LEAF_DRAWS)
                // The usual choice for classification: the square root of the number of features.
                .with_m(columns.len().isqrt())
                .with_seed(part_seed(seed, part));
            let fitted = RandomForestRegressor::fit(&x, &y, parameters)
                .map_err(|error| TrainingError::Forest(error.to_string()))?;
            watch.advance(TREES_PER_PART as u64);
            trees_of(&fitted).map_err(|error| TrainingError::Forest(error.to_string()))
        })
        .collect::<Result<_, _>>()?;

    let (mut nodes, mut ends) = (Vec::new(), Vec::new());
    for tree in parts.iter().flatten() {
        flatten(tree, &columns, &mut nodes)
            .ok_or_else(|| TrainingError::Forest("a tree is broken".to_owned()))?;
        ends.push(nodes.len() as u32);
    }
    Forest::new(nodes, ends, data.width()).map_err(|error| TrainingError::Forest(error.to_string()))
}

/// The columns that are not the same in every row. A column that cannot split must not take a place among the few
/// drawn for a split (scikit-learn passes over it too); with none that varies, the first stands for all.
fn varying_columns(data: &Dataset) -> Vec<usize> {
    let rows = data.rows();
    let varies = |&column: &usize| rows.iter().any(|row| row[column] != rows.row(0)[column]);
    let columns: Vec<usize> = (0..rows.width()).filter(varies).collect();
    if columns.is_empty() { vec![0] } else { columns }
}

fn matrix(data: &Dataset, columns: &[usize]) -> Result<DenseMatrix<f32>, TrainingError> {
    let by_column =
        columns.iter().flat_map(|&column| data.rows().iter().map(move |row| row[column])).collect();
    DenseMatrix::new(data.len(), columns.len(), by_column, true)
        .map_err(|error| TrainingError::Forest(error.to_string()))
}

/// A seed for a part of the forest, far from its neighbours' (SplitMix64, Steele et al. 2014): smartcore numbers the
/// trees of a sub-forest upward from its seed.
fn part_seed(seed: u64, part: u64) -> u64 {
    let mut z = seed.wrapping_add((part + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
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

/// Appends a tree in preorder; `None` if it is broken. Its features are places among `columns`.
fn flatten(tree: &Tree, columns: &[usize], nodes: &mut Vec<Node>) -> Option<()> {
    let root = nodes.len();
    // What is still to be visited, and for a child above a split, the place of the split. No recursion: a tree may be
    // as deep as its rows allow.
    let mut waiting: Vec<(usize, Option<usize>)> = vec![(0, None)];
    while let Some((from, split_place)) = waiting.pop() {
        let node = tree.nodes.get(from)?;
        let place = nodes.len();
        if place - root >= tree.nodes.len() {
            return None;
        }
        if let Some(split_place) = split_place {
            nodes[split_place].above = u32::try_from(place - root).ok()?;
        }
        // A mean of zeros and ones may come out a rounding above 1.
        let churned_share = node.output.clamp(0.0, 1.0);
        let mut flat = Node { churned_share, threshold: 0.0, above: 0, column: 0 };
        if let (Some(below), Some(above), Some(split)) = (node.true_child, node.false_child, node.split_value)
        {
            flat.threshold = round_down(split);
            flat.column = u16::try_from(*columns.get(node.split_feature)?).ok()?;
            waiting.push((above, Some(place)));
            waiting.push((below, None));
        }
        nodes.push(flat);
    }
    Some(())
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

        let (mut nodes, mut ends) = (Vec::new(), Vec::new());
        for tree in trees_of(&fitted).unwrap() {
            flatten(&tree, &columns, &mut nodes).unwrap();
            ends.push(nodes.len() as u32);
        }
        let forest = Forest::new(nodes, ends, 5).unwrap();
        for (ours, theirs) in forest.probabilities(data.rows()).iter().zip(expected) {
            assert!((ours - theirs).abs() < 1e-12);
        }
    }

    #[test]
    fn one_seed_gives_one_forest_on_any_number_of_threads() {
        let data = data();
        let grow = |threads, seed| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| train(&data, seed, &Unwatched).unwrap())
        };
        assert_eq!(grow(1, 7), grow(2, 7));
        assert_ne!(grow(1, 7), grow(1, 8));
    }
}
