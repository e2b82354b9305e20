//! A logistic regression as ONNX operators: scale, cut off, standardise, weigh, add up.

use super::graph::{Attribute, Graph, Node, Tensor};
use crate::logistic::{Logistic, Scale, Term};

/// Adds the operators; the name of their output, log-odds (customers × 1).
pub(super) fn add(model: &Logistic, graph: &mut Graph, rows: &str, prefix: &str) -> String {
    let named = |what: &str| format!("{prefix}_{what}");
    let constant = |graph: &mut Graph, what: &str, of: fn(&Term) -> f64| {
        let values: Vec<f64> = model.terms.iter().map(of).collect();
        graph.constant(&named(what), &Tensor::doubles(&values))
    };
    let columns: Vec<i64> = model.terms.iter().map(|term| term.column as i64).collect();
    let columns = graph.constant(&named("columns"), &Tensor::ints(&columns));
    graph.add(Node::new("Gather", &[rows, &columns], &named("values")).with("axis", Attribute::Int(1)));
    let values = named("values");
    let scaled = scaled(model, graph, &values, &named);
    let low = constant(graph, "low", |term| term.transform.low);
    let high = constant(graph, "high", |term| term.transform.high);
    let mean = constant(graph, "mean", |term| term.transform.mean);
    let deviation = constant(graph, "deviation", |term| term.transform.deviation);
    let coefficient = constant(graph, "coefficient", |term| term.coefficient);
    let missing = constant(graph, "missing", |term| term.missing);
    let clipped = graph.apply("Max", &[&scaled, &low], &named("at_least"));
    let clipped = graph.apply("Min", &[&clipped, &high], &named("clipped"));
    let centred = graph.apply("Sub", &[&clipped, &mean], &named("centred"));
    let standard = graph.apply("Div", &[&centred, &deviation], &named("standardised"));
    let present = graph.apply("Mul", &[&standard, &coefficient], &named("terms_with_value"));
    let is_missing = graph.apply("IsNaN", &[&values], &named("is_missing"));
    let terms = graph.apply("Where", &[&is_missing, &missing, &present], &named("terms"));
    let columns_axis = graph.constant(&named("axis"), &Tensor::ints(&[1]));
    graph.add(
        Node::new("ReduceSum", &[&terms, &columns_axis], &named("sum")).with("keepdims", Attribute::Int(1)),
    );
    let intercept = graph.constant(&named("intercept"), &Tensor::doubles(&[model.intercept]));
    graph.apply("Add", &[&named("sum"), &intercept], &named("log_odds"))
}

/// Sign and logarithm of the size, where a term asks for them.
fn scaled(model: &Logistic, graph: &mut Graph, values: &str, named: &dyn Fn(&str) -> String) -> String {
    let is_log: Vec<bool> = model.terms.iter().map(|term| term.transform.scale == Scale::Log).collect();
    if !is_log.contains(&true) {
        return values.to_owned();
    }
    let is_log = graph.constant(&named("is_log"), &Tensor::bools(&is_log));
    let one = graph.constant(&named("one"), &Tensor::doubles(&[1.0]));
    let sign = graph.apply("Sign", &[values], &named("sign"));
    let size = graph.apply("Abs", &[values], &named("size"));
    let more = graph.apply("Add", &[&size, &one], &named("one_more"));
    let logs = graph.apply("Log", &[&more], &named("logs_of_size"));
    let logs = graph.apply("Mul", &[&sign, &logs], &named("logs"));
    graph.apply("Where", &[&is_log, &logs, values], &named("scaled"))
}
