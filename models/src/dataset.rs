//! The rows a model learns from and answers: snapshots at several cutoffs, stacked, cast to `f32` once.

use ndarray::Array2;

/// Rows as the models see them, one after the other, of one width; NaN is "no value".
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `width` values each; a rest too short for a row is not one.
    pub fn new(values: &'a [f32], width: usize) -> Self {
        let width = width.max(1);
        Self { values: &values[..values.len() / width * width], width }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The number of values in each.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, row by row.
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// One of them.
    pub fn row(&self, row: usize) -> &'a [f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// Each in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a [f32]> + Clone + use<'a> {
        self.values.chunks_exact(self.width)
    }

    /// Those before the others; all where there are no more.
    pub fn first(&self, rows: usize) -> Rows<'a> {
        Rows { values: &self.values[..rows.min(self.len()) * self.width], width: self.width }
    }

    /// So many at a time.
    pub fn chunks(&self, rows: usize) -> impl Iterator<Item = Rows<'a>> + use<'a> {
        let width = self.width;
        self.values.chunks(rows.max(1) * width).map(move |values| Rows { values, width })
    }

    /// Some of the columns as `f64`, (rows × columns).
    pub fn columns(&self, columns: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((self.len(), columns.len()), |(row, column)| {
            f64::from(self.row(row)[columns[column]])
        })
    }
}

/// Rows as the models see them, each with what became of the customer.
#[derive(Clone, Debug)]
pub struct Dataset {
    width: usize,
    values: Vec<f32>,
    /// Whether each churned.
    pub churned: Vec<bool>,
}

impl Dataset {
    /// None yet; each will have so many values.
    pub fn empty(width: usize) -> Self {
        Self { width: width.max(1), values: Vec::new(), churned: Vec::new() }
    }

    /// Rows of `width` values each, one after the other, with their labels: as many as there are rows.
    pub fn new(width: usize, values: Vec<f32>, churned: Vec<bool>) -> Self {
        debug_assert_eq!(values.len(), churned.len() * width);
        Self { width: width.max(1), values, churned }
    }

    /// The rows.
    pub fn rows(&self) -> Rows<'_> {
        Rows::new(&self.values, self.width)
    }

    /// The number of values in each row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[f32], churned: bool) {
        debug_assert_eq!(row.len(), self.width);
        self.values.extend_from_slice(row);
        self.churned.push(churned);
    }

    /// Adds the rows of another.
    pub fn extend(&mut self, other: &Self) {
        self.values.extend_from_slice(&other.values);
        self.churned.extend_from_slice(&other.churned);
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.churned.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.churned.is_empty()
    }

    /// Whether some churned and some did not.
    pub fn has_both_classes(&self) -> bool {
        self.churned.contains(&true) && self.churned.contains(&false)
    }

    /// The number of rows that churned.
    pub fn churned_count(&self) -> usize {
        self.churned.iter().filter(|&&churned| churned).count()
    }
}
