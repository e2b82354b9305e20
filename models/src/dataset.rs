//! The rows a model learns from: snapshots at several cutoffs, stacked, cast to `f32` once.

use mainstay_features::registry::{CORE, Row};
use ndarray::Array2;

/// The number of features.
pub const WIDTH: usize = CORE.len();

/// A row as the models see it.
pub type ModelRow = [f32; WIDTH];

/// The one cast from a feature row to what the models see.
pub fn model_row(row: &Row) -> ModelRow {
    row.map(|value| value as f32)
}

/// Rows as the models see them, each with what became of the customer.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The rows.
    pub rows: Vec<ModelRow>,
    /// Whether each churned.
    pub churned: Vec<bool>,
}

impl Dataset {
    /// The rows of a snapshot with their labels; both of one length.
    pub fn new(rows: &[Row], churned: Vec<bool>) -> Self {
        Self { rows: rows.iter().map(model_row).collect(), churned }
    }

    /// Adds the rows of another.
    pub fn extend(&mut self, other: &Self) {
        self.rows.extend_from_slice(&other.rows);
        self.churned.extend_from_slice(&other.churned);
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether some churned and some did not.
    pub fn has_both_classes(&self) -> bool {
        self.churned.contains(&true) && self.churned.contains(&false)
    }

    /// The number of rows that churned.
    pub fn churned_count(&self) -> usize {
        self.churned.iter().filter(|&&churned| churned).count()
    }

    /// Some of the columns as `f64`, (rows × columns).
    pub fn columns(&self, columns: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((self.len(), columns.len()), |(row, column)| {
            f64::from(self.rows[row][columns[column]])
        })
    }
}
