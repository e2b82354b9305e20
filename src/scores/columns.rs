//! Rows to Arrow columns.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, TimeUnit};
use mainstay_features::id::IdKind;
use mainstay_features::registry::{FEATURES, Row};
use mainstay_features::units::Instant;

/// A column's field and values.
pub(super) type Column = (Field, ArrayRef);

pub(super) fn customer_ids<'a>(kind: IdKind, ids: impl Iterator<Item = &'a str>) -> Column {
    let name = "customer_id";
    match kind {
        IdKind::Integer => {
            // Identifiers of this kind are all numbers.
            let numbers: Int64Array = ids.map(|id| id.parse::<i64>().ok()).collect();
            (Field::new(name, DataType::Int64, false), Arc::new(numbers))
        }
        IdKind::Text => {
            (Field::new(name, DataType::Utf8, false), Arc::new(StringArray::from_iter_values(ids)))
        }
    }
}

pub(super) fn instants(name: &str, values: impl Iterator<Item = Instant>) -> Column {
    let array = TimestampMicrosecondArray::from_iter_values(values.map(Instant::micros)).with_timezone("UTC");
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    (Field::new(name, utc, false), Arc::new(array))
}

pub(super) fn numbers(name: &str, values: impl Iterator<Item = f64>) -> Column {
    (Field::new(name, DataType::Float64, false), Arc::new(Float64Array::from_iter_values(values)))
}

pub(super) fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Column {
    (Field::new(name, DataType::Utf8, false), Arc::new(StringArray::from_iter_values(values)))
}

/// One column per feature: whole numbers as integers, money as floats.
pub(super) fn features<'a>(
    rows: impl Iterator<Item = &'a Row> + Clone + 'a,
) -> impl Iterator<Item = Column> + 'a {
    FEATURES.iter().enumerate().map(move |(i, feature)| {
        if feature.unit.is_whole() {
            let values = Int64Array::from_iter_values(rows.clone().map(|row| row[i] as i64));
            (Field::new(feature.name, DataType::Int64, false), Arc::new(values) as ArrayRef)
        } else {
            numbers(feature.name, rows.clone().map(|row| row[i]))
        }
    })
}
