//! A trial of offers: some of the customers whom a plan picks are held out by chance and get nothing, and what became of
//! them and of the others a horizon later tells what the offers do.
//!
//! ```text
//! plan ──holdout──► trial, a file ──history, a horizon later──► what each offer did
//! ```

mod draw;
mod file;
mod holdout;
mod outcome;

pub use draw::{OfferDesign, Uneven};
pub use file::{Assigned, Trial};
pub use holdout::{Holdout, Share};
pub use outcome::{Arm, OfferOutcome, TrialOutcome, outcome};
