//! Mainstay: from a shop's purchase history to retention decisions.
//!
//! ```text
//! cli ──► batch (scores) ──► service ──► models ──► features
//!     └─► api ───────────────┘
//! ```
//!
//! The service is where batch and API meet: both ask it, so both see the same number for the same customer on the
//! same day.

pub mod api;
pub mod at_risk;
pub mod chart;
pub mod cli;
pub mod clock;
mod columns;
pub mod erasure;
pub mod events;
pub mod failure;
pub mod feature_file;
pub mod forgotten;
pub mod formula;
mod marks;
pub mod offers;
mod parquet_file;
pub mod plan;
pub mod proceeds;
pub mod promotion;
pub mod quarantine_file;
pub mod random;
mod readable;
pub mod report;
pub mod sample;
pub mod schema;
pub mod scores;
mod seal;
pub mod service;
pub mod simulated_files;
pub mod state;
pub mod store;
pub mod suppressed;
mod table_file;
pub mod trial;
