//! What is answered over the protocol.

use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

/// Which model is asked.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "a handler takes the name itself")]
pub(in crate::api) struct ModelPath {
    /// `mainstay`, whichever model is in service, or its own name as long as it is.
    #[param(example = "mainstay", min_length = 1)]
    model: String,
}

/// The server answers.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Live {
    /// It does.
    pub(super) live: bool,
}

/// Whether a model is loaded.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct IsReady {
    /// Whether one is.
    pub(super) ready: bool,
}

/// A model answers.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct ModelReady {
    /// As it was asked for.
    pub(super) name: String,
    /// It does.
    pub(super) ready: bool,
}

/// What the server is.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceServer)]
pub(in crate::api) struct Server {
    /// `mainstay`.
    #[schema(value_type = String)]
    pub(super) name: &'static str,
    /// The program's version.
    #[schema(value_type = String)]
    pub(super) version: &'static str,
    /// What it knows beyond the protocol.
    #[schema(value_type = Vec<String>)]
    pub(super) extensions: &'static [&'static str],
}

/// Which tensors a model takes and gives.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceModel)]
pub(in crate::api) struct Model {
    /// `mainstay`.
    #[schema(value_type = String)]
    pub(super) name: &'static str,
    /// The name of the model in service.
    pub(super) versions: Vec<String>,
    /// What runs it.
    #[schema(value_type = String)]
    pub(super) platform: &'static str,
    /// What it takes.
    pub(super) inputs: Vec<Tensor>,
    /// What it gives.
    pub(super) outputs: Vec<Tensor>,
    /// What else there is to know.
    pub(super) parameters: Parameters,
}

/// What a model sees.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceModelParameters)]
pub(in crate::api) struct Parameters {
    /// Its features, in their order.
    #[schema(value_type = Vec<String>)]
    pub(super) features: Vec<&'static str>,
}

/// A tensor without its content.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Tensor {
    /// Its name.
    #[schema(value_type = String)]
    pub(super) name: &'static str,
    /// The type of its elements.
    #[schema(value_type = String)]
    pub(super) datatype: &'static str,
    /// How long it is in each dimension; -1 for any number of rows.
    pub(super) shape: Vec<i64>,
}

/// A value for every row.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct InferAnswer {
    /// `mainstay`.
    #[schema(value_type = String)]
    pub(super) model_name: &'static str,
    /// The name of the model in service.
    pub(super) model_version: String,
    /// Those that were asked for, or all.
    pub(super) outputs: Vec<Output>,
    /// What the client called the request, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
}

/// An output.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Output {
    /// Its name.
    #[schema(value_type = String)]
    pub(super) name: &'static str,
    /// `FP64` for numbers, `BYTES` for texts.
    #[schema(value_type = String)]
    datatype: &'static str,
    /// How many rows there are.
    #[schema(value_type = Vec<u64>, min_items = 1, max_items = 1)]
    shape: [usize; 1],
    /// A value for every row.
    data: Data,
}

/// What an output holds.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(in crate::api) enum Data {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Output {
    /// One with a value for every row.
    pub(super) fn of(name: &'static str, data: Data) -> Self {
        let (datatype, count) = match &data {
            Data::Numbers(numbers) => ("FP64", numbers.len()),
            Data::Texts(texts) => ("BYTES", texts.len()),
        };
        Self { name, datatype, shape: [count], data }
    }
}
