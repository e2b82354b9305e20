//! Bad rows, told by file and column.

use std::collections::BTreeMap;

use mainstay_features::ingest::BadRow;
use serde_json::{Value, json};

/// The bad rows by file and column, with the first of each.
pub(super) struct BadRows(BTreeMap<(String, String), (u64, String)>);

impl BadRows {
    pub(super) fn of(rows: &[BadRow]) -> Self {
        let mut by_column = BTreeMap::new();
        for row in rows {
            let (count, _) = by_column
                .entry((row.file.clone(), row.column.clone()))
                .or_insert_with(|| (0, format!("row {}: {}", row.row, row.reason)));
            *count += 1;
        }
        Self(by_column)
    }

    pub(super) fn told(&self) -> String {
        let told = |((file, column), (count, first)): (&(String, String), &(u64, String))| {
            let place = if column.is_empty() { file.clone() } else { format!("{file}, column {column:?}") };
            format!("{count} in {place}, first {first}")
        };
        self.0.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    pub(super) fn to_json(&self) -> Value {
        let object = |((file, column), (count, first)): (&(String, String), &(u64, String))| json!({"file": file, "column": column, "rows": count, "first": first});
        self.0.iter().map(object).collect()
    }
}
