//! A request of the protocol: JSON, and behind it the bytes of the tensors that it says are there.

use axum::http::HeaderMap;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use super::bad;
use crate::api::body;
use crate::failure::Failure;
use crate::schema::one_of;

/// How long the JSON is, where bytes follow it.
const HEADER_LENGTH: &str = "inference-header-content-length";

/// A request.
pub(super) struct InferRequest<'a> {
    json: Written,
    /// What follows the JSON.
    bytes: &'a [u8],
}

/// The JSON. The protocol lets requests have more fields than a server knows.
#[derive(Deserialize, ToSchema)]
#[schema(as = InferRequest)]
pub(in crate::api) struct Written {
    /// What the client calls the request.
    id: Option<String>,
    /// One tensor `features`, or one for each feature.
    #[schema(min_items = 1)]
    inputs: Vec<WrittenInput>,
    /// Which outputs are asked for; all if none is named.
    #[serde(default)]
    outputs: Vec<WrittenOutput>,
}

/// A tensor with its content.
#[derive(Deserialize, ToSchema)]
#[schema(as = InferInput)]
#[serde(expecting = "a tensor, an object with name, shape, datatype and data")]
pub(in crate::api) struct WrittenInput {
    /// `features`, or a feature's name.
    name: String,
    /// [n, features], or [n] or [n, 1].
    #[schema(value_type = Vec<u64>, min_items = 1, max_items = 2)]
    shape: Vec<usize>,
    /// The type of its numbers, which are taken as they are.
    #[schema(schema_with = Datatype::schema)]
    datatype: String,
    /// Its numbers, unless they follow as bytes.
    data: Option<Data>,
    /// Where its bytes are.
    #[serde(default)]
    parameters: Parameters,
}

/// Where a tensor's bytes are.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = InferInputParameters)]
#[serde(expecting = "an object, perhaps with binary_data_size")]
struct Parameters {
    /// So many of those behind the JSON, after those of the tensors before.
    #[schema(value_type = Option<u64>)]
    binary_data_size: Option<usize>,
}

/// An output that is asked for.
#[derive(Deserialize, ToSchema)]
#[schema(as = InferOutput)]
#[serde(expecting = "an output, an object with its name")]
pub(in crate::api) struct WrittenOutput {
    /// Its name.
    name: String,
}

/// Numbers in one array or in arrays of arrays, as the protocol allows.
#[derive(Deserialize, ToSchema)]
#[schema(as = InferData)]
#[serde(untagged, expecting = "data: an array of numbers (null where there is none), or of such arrays")]
enum Data {
    /// Row by row.
    Flat(Vec<Option<f64>>),
    /// An array a row.
    Nested(Vec<Vec<Option<f64>>>),
}

/// A tensor that is given.
pub(super) struct Input<'a> {
    pub(super) name: &'a str,
    pub(super) shape: Vec<usize>,
    datatype: Datatype,
    content: Content<'a>,
}

enum Content<'a> {
    Json(&'a Data),
    Bytes(&'a [u8]),
}

/// The types whose numbers are features' as they are.
#[derive(Clone, Copy)]
enum Datatype {
    Fp64,
    Fp32,
    Int64,
    Int32,
}

impl Datatype {
    const NAMED: [(&str, Self); 4] =
        [("FP64", Self::Fp64), ("FP32", Self::Fp32), ("INT64", Self::Int64), ("INT32", Self::Int32)];

    fn of(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find_map(|(known, datatype)| (known == name).then_some(datatype))
    }

    fn schema() -> Object {
        one_of(Self::NAMED.map(|(name, _)| name))
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Fp64 | Self::Int64 => 8,
            Self::Fp32 | Self::Int32 => 4,
        }
    }

    /// The numbers of bytes, least significant first.
    fn read(self, bytes: &[u8]) -> Vec<f64> {
        let eight = || bytes.as_chunks::<8>().0.iter();
        let four = || bytes.as_chunks::<4>().0.iter();
        match self {
            Self::Fp64 => eight().map(|&bytes| f64::from_le_bytes(bytes)).collect(),
            Self::Int64 => eight().map(|&bytes| i64::from_le_bytes(bytes) as f64).collect(),
            Self::Fp32 => four().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect(),
            Self::Int32 => four().map(|&bytes| f64::from(i32::from_le_bytes(bytes))).collect(),
        }
    }
}

impl<'a> InferRequest<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is no request of the protocol.
    pub(super) fn read(headers: &HeaderMap, body: &'a [u8]) -> Result<Self, Failure> {
        let (json, bytes) = match headers.get(HEADER_LENGTH) {
            None => (body, &body[body.len()..]),
            Some(length) => {
                let length = length.to_str().ok().and_then(|length| length.parse().ok());
                length
                    .and_then(|length| body.split_at_checked(length))
                    .ok_or_else(|| bad(format!("{HEADER_LENGTH}: is not how long a part of the body is")))?
            }
        };
        Ok(Self { json: body::parse(json)?, bytes })
    }

    /// What the client calls the request.
    pub(super) fn id(&self) -> Option<&str> {
        self.json.id.as_deref()
    }

    /// The outputs that are asked for; all where none is.
    pub(super) fn outputs(&self) -> Vec<&str> {
        self.json.outputs.iter().map(|output| output.name.as_str()).collect()
    }

    /// The tensors.
    ///
    /// # Errors
    /// When one has no content, too little or too much, or is of a type that features are not.
    pub(super) fn inputs(&self) -> Result<Vec<Input<'_>>, Failure> {
        let mut rest = self.bytes;
        let mut inputs = Vec::with_capacity(self.json.inputs.len());
        for written in &self.json.inputs {
            let name = written.name.as_str();
            let datatype = Datatype::of(&written.datatype).ok_or_else(|| {
                bad(format!(
                    "inputs: {name} is of datatype {:?}; give FP64 (or FP32, INT64, INT32)",
                    written.datatype
                ))
            })?;
            let content = match (&written.data, written.parameters.binary_data_size) {
                (Some(data), None) => Content::Json(data),
                (None, Some(size)) => {
                    let (own, others) = rest.split_at_checked(size).ok_or_else(|| {
                        bad(format!("inputs: {name} says it has {size} bytes, and there are {}", rest.len()))
                    })?;
                    rest = others;
                    Content::Bytes(own)
                }
                _ => return Err(bad(format!("inputs: {name} needs data, or parameters.binary_data_size"))),
            };
            let input = Input { name, shape: written.shape.clone(), datatype, content };
            input.check()?;
            inputs.push(input);
        }
        if rest.is_empty() {
            Ok(inputs)
        } else {
            Err(bad(format!("inputs: {} bytes are left that no tensor says it has", rest.len())))
        }
    }
}

impl Input<'_> {
    /// How many numbers its shape says it has; the most there can be where that is more than can be counted.
    fn count(&self) -> usize {
        self.shape.iter().fold(1, |count: usize, &length| count.saturating_mul(length))
    }

    /// The length of its first dimension.
    pub(super) fn len(&self) -> usize {
        self.shape.first().copied().unwrap_or_default()
    }

    /// That it has as many numbers as its shape says.
    fn check(&self) -> Result<(), Failure> {
        let (count, name) = (self.count(), self.name);
        let has = match &self.content {
            Content::Json(Data::Flat(numbers)) => numbers.len(),
            Content::Json(Data::Nested(rows)) => rows.iter().map(Vec::len).sum(),
            Content::Bytes(bytes) => match bytes.len() % self.datatype.bytes() {
                0 => bytes.len() / self.datatype.bytes(),
                _ => return Err(bad(format!("inputs: {name} has bytes for half a number"))),
            },
        };
        if has == count {
            Ok(())
        } else {
            Err(bad(format!("inputs: {name} has {has} numbers, and its shape says {count}")))
        }
    }

    /// Its numbers, row by row; NaN where there is none.
    ///
    /// # Errors
    /// When JSON has arrays of other lengths than the shape says.
    pub(super) fn numbers(&self) -> Result<Vec<f64>, Failure> {
        let number = |number: &Option<f64>| number.unwrap_or(f64::NAN);
        match &self.content {
            Content::Bytes(bytes) => Ok(self.datatype.read(bytes)),
            Content::Json(Data::Flat(numbers)) => Ok(numbers.iter().map(number).collect()),
            Content::Json(Data::Nested(rows)) => {
                let width = self.shape.get(1).copied().unwrap_or(1);
                if rows.iter().any(|row| row.len() != width) {
                    return Err(bad(format!(
                        "inputs: {} has arrays of other lengths than its shape says",
                        self.name
                    )));
                }
                Ok(rows.iter().flatten().map(number).collect())
            }
        }
    }
}
