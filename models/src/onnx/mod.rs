//! ONNX export: a model's raw score, from its features to log-odds, with every transform and scaling in the graph.
//!
//! Input `features`, float32 (customers × features), NaN where there is no value; output `log_odds`, float64
//! (customers × 1). All arithmetic is in double, as ours is: onnxruntime's answers differ from ours by rounding alone.
//! What comes after the raw score (calibration, season shift) and what the columns are goes along as metadata.

mod graph;
mod linear;
mod protobuf;
mod trees;

pub use self::linear::{Linear, LinearTerm, Transform};
pub use self::trees::{TreeNode, Trees};

use self::graph::{Element, Graph, Tensor, matrix, model};

const INPUT: &str = "features";
const OUTPUT: &str = "log_odds";

/// What is exported.
#[derive(Clone, Debug)]
pub struct Export<'a> {
    /// The names of the columns.
    pub columns: &'a [String],
    /// The models whose log-odds are averaged, each with its weight; weights add up to 1.
    pub parts: Vec<(f64, Part<'a>)>,
    /// What goes along, key and value: how probabilities follow, and what the model is.
    pub metadata: Vec<(String, String)>,
}

/// One of the models that are averaged.
#[derive(Clone, Debug)]
pub enum Part<'a> {
    /// Log-odds that are a sum over features.
    Linear(Linear),
    /// Trees whose mean share of churners is a probability.
    Trees(Trees<'a>),
}

impl Export<'_> {
    /// The ONNX file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut graph = Graph::default();
        let rows = graph.cast(INPUT, Element::Double, "as_double");
        let mut sum: Option<String> = None;
        for (number, (weight, part)) in self.parts.iter().enumerate() {
            let prefix = format!("model_{number}");
            let log_odds = match part {
                Part::Linear(linear) => linear.add(&mut graph, &rows, &prefix),
                Part::Trees(trees) => trees.add(&mut graph, &rows, &prefix),
            };
            let weight = graph.constant(&format!("{prefix}_weight"), &Tensor::doubles(&[*weight]));
            let weighted = graph.apply("Mul", &[&log_odds, &weight], &format!("{prefix}_weighted"));
            sum = Some(match sum {
                Some(sum) => graph.apply("Add", &[&sum, &weighted], &format!("{prefix}_sum")),
                None => weighted,
            });
        }
        graph.apply("Identity", &[&sum.unwrap_or(rows)], OUTPUT);
        let input = matrix(INPUT, Element::Float, self.columns.len());
        let graph = graph.finish("mainstay", vec![input], vec![matrix(OUTPUT, Element::Double, 1)]);
        model(graph, &self.metadata)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stump and a leaf, averaged with one term: tests/independent/onnx_export.py runs what `mainstay export` writes.
    fn export() -> Vec<u8> {
        let leaf = |churned_share| TreeNode {
            churned_share,
            threshold: 0.0,
            above: 0,
            column: 0,
            missing_above: false,
        };
        let split =
            TreeNode { churned_share: 0.5, threshold: 30.5, above: 2, column: 1, missing_above: true };
        let term = LinearTerm {
            column: 0,
            transform: Transform::Log,
            low: 0.0,
            high: 9.0,
            mean: 1.0,
            scale: 2.0,
            coefficient: 0.5,
            missing: 0.25,
        };
        let nodes = [split, leaf(0.2), leaf(0.9), leaf(0.4)];
        let trees = Trees { nodes: &nodes, ends: &[3, 4], least: 1e-6 };
        let linear = Linear { intercept: 0.1, terms: vec![term] };
        let columns = ["frequency", "recency_days"].map(str::to_owned);
        Export {
            columns: &columns,
            parts: vec![(0.5, Part::Linear(linear)), (0.5, Part::Trees(trees))],
            metadata: vec![("features".to_owned(), "frequency,recency_days".to_owned())],
        }
        .to_bytes()
    }

    #[test]
    fn the_same_model_is_the_same_bytes_and_says_what_it_is() {
        let bytes = export();
        assert_eq!(bytes, export());
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        for text in ["mainstay", "TreeEnsemble", "frequency,recency_days", "features", "log_odds", "IsNaN"] {
            assert!(holds(text), "{text}");
        }
    }
}
