//! ONNX's own messages: tensors, nodes, the graph, the model. Field numbers are those of onnx.proto3 (IR version 10).

use super::protobuf::Message;

/// The element types that are used, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Float = 1,
    Byte = 2,
    Int64 = 7,
    Bool = 9,
    Double = 11,
}

/// A constant vector, or a constant matrix of one row.
pub(super) struct Tensor {
    dimensions: Vec<i64>,
    element: Element,
    raw: Vec<u8>,
}

impl Tensor {
    pub(super) fn doubles(values: &[f64]) -> Self {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dimensions: vec![values.len() as i64], element: Element::Double, raw }
    }

    pub(super) fn ints(values: &[i64]) -> Self {
        let raw = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { dimensions: vec![values.len() as i64], element: Element::Int64, raw }
    }

    pub(super) fn bools(values: &[bool]) -> Self {
        let raw = values.iter().map(|&value| u8::from(value)).collect();
        Self { dimensions: vec![values.len() as i64], element: Element::Bool, raw }
    }

    pub(super) fn bytes(raw: Vec<u8>) -> Self {
        Self { dimensions: vec![raw.len() as i64], element: Element::Byte, raw }
    }

    fn message(&self, name: &str) -> Message {
        Message::default()
            .ints(1, self.dimensions.iter().copied())
            .int(2, self.element as i64)
            .text(8, name)
            .bytes(9, &self.raw)
    }
}

/// An attribute of a node.
pub(super) enum Attribute {
    Int(i64),
    Ints(Vec<i64>),
    Tensor(Tensor),
}

/// A node being described.
pub(super) struct Node {
    message: Message,
}

impl Node {
    /// An operator of ONNX's own.
    pub(super) fn new(operator: &str, inputs: &[&str], output: &str) -> Self {
        let message = inputs.iter().fold(Message::default(), |message, input| message.text(1, input));
        Self { message: message.text(2, output).text(3, output).text(4, operator) }
    }

    /// An operator of another domain.
    pub(super) fn of(self, domain: &str) -> Self {
        Self { message: self.message.text(7, domain) }
    }

    pub(super) fn with(self, name: &str, attribute: Attribute) -> Self {
        let named = Message::default().text(1, name);
        let attribute = match attribute {
            Attribute::Int(value) => named.int(3, value).int(20, 2),
            Attribute::Tensor(tensor) => named.message(5, tensor.message("")).int(20, 4),
            Attribute::Ints(values) => named.ints(8, values).int(20, 7),
        };
        Self { message: self.message.message(5, attribute) }
    }
}

/// The graph being built: nodes in the order in which they are computed.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Message>,
    constants: Vec<Message>,
}

impl Graph {
    /// Adds a node.
    pub(super) fn add(&mut self, node: Node) {
        self.nodes.push(node.message);
    }

    /// Adds a node of an operator without attributes, and returns its output's name.
    pub(super) fn apply(&mut self, operator: &str, inputs: &[&str], output: &str) -> String {
        self.add(Node::new(operator, inputs, output));
        output.to_owned()
    }

    /// Adds a constant, and returns its name.
    pub(super) fn constant(&mut self, name: &str, tensor: &Tensor) -> String {
        self.constants.push(tensor.message(name));
        name.to_owned()
    }

    /// The graph's message.
    pub(super) fn finish(self, name: &str, inputs: Vec<Message>, outputs: Vec<Message>) -> Message {
        Message::default()
            .messages(1, self.nodes)
            .text(2, name)
            .messages(5, self.constants)
            .messages(11, inputs)
            .messages(12, outputs)
    }
}

/// A matrix that goes into the graph or comes out of it: any number of rows of so many columns.
pub(super) fn matrix(name: &str, element: Element, columns: usize) -> Message {
    let rows = Message::default().text(2, "customers");
    let columns = Message::default().int(1, columns as i64);
    let shape = Message::default().messages(1, [rows, columns]);
    let tensor = Message::default().int(1, element as i64).message(2, shape);
    Message::default().text(1, name).message(2, Message::default().message(1, tensor))
}

/// Versions of the operators: ONNX's own, and those of `ai.onnx.ml`, where `TreeEnsemble` computes in double since 5.
const OPERATORS: [(&str, i64); 2] = [("", 21), (MACHINE_LEARNING, 5)];
/// The domain of the tree ensembles.
pub(super) const MACHINE_LEARNING: &str = "ai.onnx.ml";
/// The version of the file's own format that came with them.
const IR_VERSION: i64 = 10;

/// The model file.
pub(super) fn model(graph: Message, metadata: &[(String, String)]) -> Vec<u8> {
    let operators = OPERATORS.map(|(domain, version)| Message::default().text(1, domain).int(2, version));
    let metadata = metadata.iter().map(|(key, value)| Message::default().text(1, key).text(2, value));
    Message::default()
        .int(1, IR_VERSION)
        .text(2, "mainstay")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, graph)
        .messages(8, operators)
        .messages(14, metadata)
        .finish()
}
