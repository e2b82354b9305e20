//! Rows to Arrow columns.

use std::sync::Arc;

use arrow_array::builder::{Float64Builder, StringBuilder};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, Field as ArrowField, TimeUnit};
use mainstay_features::feature::Feature;
use mainstay_features::id::IdKind;
use mainstay_features::profile::{Attribute, number};
use mainstay_features::units::Instant;

/// A text of a list is about so long: there is room for as many.
const TEXT_BYTES: usize = 32;

/// A column's field and values.
pub(crate) type Column = (ArrowField, ArrayRef);

pub(crate) fn customer_ids<'a>(kind: IdKind, ids: impl Iterator<Item = &'a str>) -> Column {
    let name = "customer_id";
    match kind {
        IdKind::Integer => {
            // Identifiers of this kind are all numbers.
            let numbers: Int64Array = ids.map(|id| id.parse::<i64>().ok()).collect();
            (ArrowField::new(name, DataType::Int64, false), Arc::new(numbers))
        }
        IdKind::Text => {
            (ArrowField::new(name, DataType::Utf8, false), Arc::new(StringArray::from_iter_values(ids)))
        }
    }
}

pub(crate) fn instants(name: &str, values: impl Iterator<Item = Instant>) -> Column {
    let array = TimestampMicrosecondArray::from_iter_values(values.map(Instant::micros)).with_timezone("UTC");
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    (ArrowField::new(name, utc, false), Arc::new(array))
}

pub(crate) fn numbers(name: &str, values: impl Iterator<Item = f64>) -> Column {
    (ArrowField::new(name, DataType::Float64, false), Arc::new(Float64Array::from_iter_values(values)))
}

pub(crate) fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Column {
    (ArrowField::new(name, DataType::Utf8, false), Arc::new(StringArray::from_iter_values(values)))
}

pub(crate) fn texts_if_any(name: &str, values: impl Iterator<Item = Option<impl AsRef<str>>>) -> Column {
    let rows = values.size_hint().0;
    let mut texts = StringBuilder::with_capacity(rows, rows * TEXT_BYTES);
    values.for_each(|text| texts.append_option(text));
    (ArrowField::new(name, DataType::Utf8, true), Arc::new(texts.finish()))
}

pub(crate) fn numbers_if_any(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    (ArrowField::new(name, DataType::Float64, true), Arc::new(values.collect::<Float64Array>()))
}

pub(crate) fn whole_if_any(name: &str, values: impl Iterator<Item = Option<i64>>) -> Column {
    (ArrowField::new(name, DataType::Int64, true), Arc::new(values.collect::<Int64Array>()))
}

/// The values of an attribute, on their way to be a column.
#[derive(Debug)]
pub(crate) enum AttributeValues {
    Numbers(Float64Builder),
    Texts(StringBuilder),
}

impl AttributeValues {
    /// None yet.
    pub(crate) fn of(attribute: &Attribute) -> Self {
        if attribute.is_number {
            Self::Numbers(Float64Builder::new())
        } else {
            Self::Texts(StringBuilder::new())
        }
    }

    /// Adds a value.
    pub(crate) fn push(&mut self, text: Option<&str>) {
        match self {
            Self::Numbers(numbers) => numbers.append_option(text.and_then(number)),
            Self::Texts(texts) => texts.append_option(text),
        }
    }

    /// The values as a column; none are left.
    pub(crate) fn take(&mut self, name: &str) -> Column {
        let values: ArrayRef = match self {
            Self::Numbers(numbers) => Arc::new(numbers.finish()),
            Self::Texts(texts) => Arc::new(texts.finish()),
        };
        (ArrowField::new(name, values.data_type().clone(), true), values)
    }
}

/// A feature's values: whole numbers as integers, all else as floats, and no value as null.
pub(crate) fn feature(feature: &Feature, values: Vec<f64>) -> Column {
    let nullable = feature.missing.is_some();
    let given = nullable.then(|| NullBuffer::from_iter(values.iter().map(|value| !value.is_nan())));
    if feature.unit.is_whole() {
        let whole: Vec<i64> = values.iter().map(|&value| value as i64).collect();
        let array = Int64Array::new(whole.into(), given);
        (ArrowField::new(feature.name, DataType::Int64, nullable), Arc::new(array))
    } else {
        let array = Float64Array::new(values.into(), given);
        (ArrowField::new(feature.name, DataType::Float64, nullable), Arc::new(array))
    }
}
