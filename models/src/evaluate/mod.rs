//! How good probabilities are: ranking, honesty and lift; and what acting on them earns.

pub mod beta;
pub mod curves;
mod metrics;
mod order;
pub mod profit;

pub use metrics::Metrics;
