//! What a scoring is of: what its rows rest on, in one number.

use std::fs;
use std::path::PathBuf;

use mainstay_features::history::Histories;
use mainstay_features::units::Instant;
use xxhash_rust::xxh3::xxh3_128;

use super::stream::PART_CUSTOMERS;
use crate::service::Service;
use crate::suppressed::Suppressed;

/// Of two runs with the same the rows are the same.
pub(super) type Scoring = u128;

/// What rows rest on; `None` of a history that is not a kept one or is one piece, and where nothing can be told of the program.
pub(super) fn scoring(
    service: &Service,
    histories: &Histories,
    as_of: Instant,
    suppressed: &Suppressed,
) -> Option<Scoring> {
    let segments = histories.segments().filter(|_| histories.summary().customers > PART_CUSTOMERS)?;
    // Another build may score otherwise, whatever version it says it is.
    let program = xxh3_128(&fs::read(program()).ok()?);
    let artifact = xxh3_128(&service.artifact().to_bytes());
    let is_whole = histories.whole().is_some();
    let rest = (program, artifact, service.assumptions(), segments, is_whole, as_of);
    let ids: Vec<&str> = suppressed.ids().collect();
    Some(xxh3_128(format!("{rest:?} {ids:?}").as_bytes()))
}

/// Where this program's file is: the one that runs, though another may have taken its place since.
fn program() -> PathBuf {
    let link = PathBuf::from("/proc/self/exe");
    if cfg!(target_os = "linux") { link } else { std::env::current_exe().unwrap_or(link) }
}
