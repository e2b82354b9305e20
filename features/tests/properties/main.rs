//! What must hold for any log.

#![allow(clippy::unwrap_used)]

mod as_of;
mod features;
mod folding;
mod forget;
mod rows;
mod segments;
