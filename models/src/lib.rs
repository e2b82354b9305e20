//! From the feature table to churn probability, lifetime value and the retention decision.
//!
//! ```text
//! snapshots ──inputs──► logistic, forest ──calibrate, season──► probability ──► lifetime value ──► decision
//!     └─rolling─► choice, gate                └─backtest─► evaluate
//! ```
//!
//! Beside it, [`policy`]: what deciding in some way would have earned, by what was tried at random; and [`plan`]: who gets
//! what where not everybody can.

pub mod artifact;
pub mod backtest;
mod bootstrap;
pub mod calibrate;
pub mod choice;
pub mod dataset;
pub mod decision;
pub mod drift;
mod error;
pub mod evaluate;
pub mod explain;
mod facts;
mod figure;
mod fitting;
pub mod forest;
pub mod gate;
mod ground;
pub mod inputs;
pub mod language;
pub mod lifetime;
pub mod logistic;
pub mod model;
pub mod monitor;
mod names;
mod normal;
pub mod odds;
pub mod onnx;
pub mod plan;
pub mod policy;
mod random;
pub mod rolling;
pub mod season;
pub mod segments;
pub mod snapshots;
pub mod training;
pub mod turnover;

pub use error::TrainingError;
pub use names::UnknownName;
