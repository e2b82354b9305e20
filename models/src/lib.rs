//! From the feature table to churn probability, lifetime value and the retention decision.
//!
//! ```text
//! snapshots ──dataset──► logistic, forest ──► probability ──► lifetime value ──► decision
//!               └─backtest─► evaluate
//! ```

pub mod artifact;
pub mod backtest;
pub mod dataset;
pub mod decision;
pub mod drift;
mod error;
pub mod evaluate;
pub mod explain;
pub mod forest;
pub mod lifetime;
pub mod logistic;
pub mod model;
pub mod onnx;
pub mod training;

pub use error::TrainingError;
