//! A sum over features as ONNX operators: transform, clip, standardise, weigh, add up.

use super::graph::{Attribute, Element, Graph, Node, Tensor};

/// log-odds = intercept + Σ terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// The log-odds where every term is 0.
    pub intercept: f64,
    /// One for each feature used; at least one.
    pub terms: Vec<LinearTerm>,
}

/// coefficient · (clip(transform(value), low, high) − mean) / scale, or `missing` where there is no value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearTerm {
    /// The feature's column.
    pub column: usize,
    /// What is done to the value first.
    pub transform: Transform,
    /// The least the transformed value counts as.
    pub low: f64,
    /// The most it counts as.
    pub high: f64,
    /// What is taken off.
    pub mean: f64,
    /// What is divided by.
    pub scale: f64,
    /// What it is multiplied by.
    pub coefficient: f64,
    /// The term where there is no value.
    pub missing: f64,
}

/// What is done to a value before all else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transform {
    /// Nothing.
    None,
    /// sign(value)·ln(1 + |value|).
    Log,
}

impl Linear {
    /// Adds the operators; the name of their output, (customers × 1).
    pub(super) fn add(&self, graph: &mut Graph, rows: &str, prefix: &str) -> String {
        let named = |what: &str| format!("{prefix}_{what}");
        let constant = |graph: &mut Graph, what: &str, of: fn(&LinearTerm) -> f64| {
            let values: Vec<f64> = self.terms.iter().map(of).collect();
            graph.constant(&named(what), &Tensor::doubles(&values))
        };
        let columns: Vec<i64> = self.terms.iter().map(|term| term.column as i64).collect();
        let columns = graph.constant(&named("columns"), &Tensor::ints(&columns));
        graph.add(Node::new("Gather", &[rows, &columns], &named("values")).with("axis", Attribute::Int(1)));
        let values = named("values");
        let transformed = self.transform(graph, &values, &named);
        let low = constant(graph, "low", |term| term.low);
        let high = constant(graph, "high", |term| term.high);
        let mean = constant(graph, "mean", |term| term.mean);
        let scale = constant(graph, "scale", |term| term.scale);
        let coefficient = constant(graph, "coefficient", |term| term.coefficient);
        let missing = constant(graph, "missing", |term| term.missing);
        let clipped = graph.apply("Max", &[&transformed, &low], &named("at_least"));
        let clipped = graph.apply("Min", &[&clipped, &high], &named("clipped"));
        let centred = graph.apply("Sub", &[&clipped, &mean], &named("centred"));
        let scaled = graph.apply("Div", &[&centred, &scale], &named("standardised"));
        let present = graph.apply("Mul", &[&scaled, &coefficient], &named("terms_with_value"));
        let is_missing = graph.apply("IsNaN", &[&values], &named("is_missing"));
        let terms = graph.apply("Where", &[&is_missing, &missing, &present], &named("terms"));
        let columns_axis = graph.constant(&named("axis"), &Tensor::ints(&[1]));
        graph.add(
            Node::new("ReduceSum", &[&terms, &columns_axis], &named("sum"))
                .with("keepdims", Attribute::Int(1)),
        );
        let intercept = graph.constant(&named("intercept"), &Tensor::doubles(&[self.intercept]));
        graph.apply("Add", &[&named("sum"), &intercept], &named("log_odds"))
    }

    fn transform(&self, graph: &mut Graph, values: &str, named: &dyn Fn(&str) -> String) -> String {
        let is_log: Vec<bool> = self.terms.iter().map(|term| term.transform == Transform::Log).collect();
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
        graph.apply("Where", &[&is_log, &logs, values], &named("transformed"))
    }
}

impl Graph {
    /// Adds a conversion to another type, and returns its output's name.
    pub(super) fn cast(&mut self, input: &str, to: Element, output: &str) -> String {
        self.add(Node::new("Cast", &[input], output).with("to", Attribute::Int(to as i64)));
        output.to_owned()
    }
}
