//! How good probabilities are: ranking, honesty and lift; and what acting on them earns.

pub mod beta;
mod metrics;
pub mod profit;

pub use metrics::Metrics;

/// Rows of equal score, lowest first; `ascending` are the rows in order of score.
fn ties<'a>(scores: &'a [f64], ascending: &'a [usize]) -> impl DoubleEndedIterator<Item = &'a [usize]> {
    ascending.chunk_by(|&a, &b| scores[a] == scores[b])
}
