//! From purchase and complaint files to a compact history, and from the history to features, labels and cutoffs.
//!
//! ```text
//! files ──ingest──► history ──known at an instant──► registry of features ──► table
//!                      └────────────────────────────► label
//! ```

pub mod calendar;
pub mod check;
pub mod complaints;
pub mod contacts;
pub mod contracts;
pub mod cutoff;
pub mod feature;
pub mod frequency;
pub mod history;
pub mod horizon;
pub mod id;
pub mod ingest;
pub mod known;
pub mod label;
pub mod merge;
pub mod monetary;
pub mod newcomers;
pub mod profile;
pub mod recency;
pub mod records;
pub mod registry;
pub mod returns;
pub mod rhythm;
pub mod season;
pub mod shared_file;
pub mod simulate;
pub mod table;
pub mod tenure;
pub mod trend;
pub mod units;
pub mod variety;
pub mod watch;
