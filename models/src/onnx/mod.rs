//! ONNX export: a model's raw score, from its features to log-odds, with every transform and scaling in the graph.
//!
//! Input `features`, float32 (customers × features), NaN where there is no value; output `log_odds`, float64
//! (customers × 1). All arithmetic is in double, as ours is: onnxruntime's answers differ from ours by rounding alone.
//! What comes after the raw score (calibration, season shift) and what the columns are goes along as metadata.

mod graph;
mod linear;
mod metadata;
mod protobuf;
mod trees;

pub use self::metadata::metadata;

use self::graph::{Attribute, Element, Graph, Node, Tensor, matrix};
use crate::model::{Kind, Models};

const INPUT: &str = "features";
const OUTPUT: &str = "log_odds";

/// The ONNX file of a kind of model: its output is [`Models::raw`]. What else is known goes along, key and value.
pub fn export(models: &Models, kind: Kind, metadata: &[(String, String)]) -> Vec<u8> {
    let mut graph = Graph::default();
    graph.add(Node::new("Cast", &[INPUT], "rows").with("to", Attribute::Int(Element::Double as i64)));
    let logistic = |graph: &mut Graph| linear::add(&models.logistic, graph, "rows", "logistic");
    let log_odds = match kind {
        Kind::Rule => linear::add(&models.rule, &mut graph, "rows", "rule"),
        Kind::Core => linear::add(&models.core, &mut graph, "rows", "core"),
        Kind::Logistic => logistic(&mut graph),
        Kind::Forest => trees::add(&models.forest, &mut graph, "rows", "forest"),
        Kind::Average => {
            let both = [logistic(&mut graph), trees::add(&models.forest, &mut graph, "rows", "forest")];
            let sum = graph.apply("Add", &both.each_ref().map(String::as_str), "sum");
            let half = graph.constant("half", &Tensor::doubles(&[0.5]));
            graph.apply("Mul", &[&sum, &half], "mean")
        }
    };
    graph.apply("Identity", &[&log_odds], OUTPUT);
    let input = matrix(INPUT, Element::Float, models.inputs.width());
    let graph = graph.finish("mainstay", vec![input], vec![matrix(OUTPUT, Element::Double, 1)]);
    graph::model(graph, metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forest::Forest;
    use crate::inputs::{FeatureList, Inputs};
    use crate::logistic::{Logistic, Scale, Term, Transform};
    use mainstay_features::history::Given;

    /// What the bytes compute is held against Python's onnxruntime: see tests/end_to_end/onnx.rs.
    #[test]
    fn the_same_model_is_the_same_bytes_and_says_what_it_is() {
        let features = FeatureList::told_by(Given::default());
        let inputs = Inputs { features, purchasing: None, horizon: "90d".parse().unwrap() };
        let transform = Transform { scale: Scale::Log, low: 0.0, high: 9.0, mean: 1.0, deviation: 2.0 };
        let term = Term { column: 1, transform, coefficient: 0.5, missing: 0.25 };
        let linear = Logistic { intercept: 0.1, terms: vec![term] };
        let split = crate::forest::Node {
            churned_share: 0.5,
            threshold: 30.5,
            above: 2,
            column: 0,
            missing_above: true,
        };
        let leaf = crate::forest::Node::leaf;
        let nodes = vec![split, leaf(0.2), leaf(0.9), leaf(0.4)];
        let forest = Forest::new(nodes, vec![3, 4], inputs.width()).unwrap();
        let models = Models { inputs, logistic: linear.clone(), forest, rule: linear.clone(), core: linear };
        let metadata = [("horizon_days".to_owned(), "90".to_owned())];
        let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        for (kind, operators) in [
            (Kind::Rule, &["IsNaN"] as &[&str]),
            (Kind::Core, &["IsNaN"]),
            (Kind::Logistic, &["IsNaN"]),
            (Kind::Forest, &["TreeEnsemble"]),
            (Kind::Average, &["IsNaN", "TreeEnsemble"]),
        ] {
            let bytes = export(&models, kind, &metadata);
            assert_eq!(bytes, export(&models, kind, &metadata));
            for text in ["mainstay", "horizon_days", INPUT, OUTPUT].iter().chain(operators) {
                assert!(holds(&bytes, text), "{kind}: {text}");
            }
        }
    }
}
