//! The cells of a column, from Arrow arrays.

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type,
};
use arrow_schema::DataType;

/// A column; nothing where a cell is empty, null or no number (NaN).
#[derive(Debug)]
pub(super) enum Cells {
    Texts(Vec<Option<Box<str>>>),
    Integers(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
}

impl Cells {
    /// `None` of another type.
    pub(super) fn of(array: &dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => Some(Self::Texts(
                array
                    .as_string_opt::<i32>()?
                    .iter()
                    .map(|text| text.filter(|t| !t.is_empty()).map(Box::from))
                    .collect(),
            )),
            DataType::Boolean => {
                let text =
                    |flag: Option<bool>| flag.map(|flag| Box::from(if flag { "true" } else { "false" }));
                Some(Self::Texts(array.as_boolean_opt()?.iter().map(text).collect()))
            }
            DataType::Int8 => integers::<Int8Type>(array),
            DataType::Int16 => integers::<Int16Type>(array),
            DataType::Int32 => integers::<Int32Type>(array),
            DataType::Int64 => integers::<Int64Type>(array),
            DataType::UInt8 => integers::<UInt8Type>(array),
            DataType::UInt16 => integers::<UInt16Type>(array),
            DataType::UInt32 => integers::<UInt32Type>(array),
            DataType::Float32 => numbers::<Float32Type>(array, f64::from),
            DataType::Float64 => numbers::<Float64Type>(array, |number| number),
            DataType::Decimal128(_, scale) => {
                let unit = 10_f64.powi(i32::from(*scale));
                numbers::<Decimal128Type>(array, |number| number as f64 / unit)
            }
            _ => None,
        }
    }

    /// Adds the cells of a later batch, which are of the same type.
    pub(super) fn append(&mut self, later: Self) {
        match (self, later) {
            (Self::Texts(cells), Self::Texts(mut later)) => cells.append(&mut later),
            (Self::Integers(cells), Self::Integers(mut later)) => cells.append(&mut later),
            (Self::Numbers(cells), Self::Numbers(mut later)) => cells.append(&mut later),
            _ => {}
        }
    }
}

fn integers<T: ArrowPrimitiveType<Native: Into<i64>>>(array: &dyn Array) -> Option<Cells> {
    let values = array.as_primitive_opt::<T>()?;
    Some(Cells::Integers(values.iter().map(|number| number.map(Into::into)).collect()))
}

fn numbers<T: ArrowPrimitiveType>(array: &dyn Array, number: impl Fn(T::Native) -> f64) -> Option<Cells> {
    let values = array.as_primitive_opt::<T>()?;
    let given = |value: Option<T::Native>| value.map(&number).filter(|number| !number.is_nan());
    Some(Cells::Numbers(values.iter().map(given).collect()))
}
