//! Model files. What the bytes are, the first one's lowest three bits say: 0 a file; 1 a file but for its checksum, which is
//! made right, so that hostile content comes past it, as it is from here on; 2 the forest, and 3 the header, of one of
//! [`SEEDS`], which the other bits say; from 4 on edits of its header that leave it JSON.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mainstay_fuzz::ask::ask;
use mainstay_fuzz::edits::edited;
use mainstay_fuzz::limits::within_limits;
use mainstay_fuzz::model_file::{Parts, sealed};
use mainstay_models::artifact::Artifact;

/// Models of the corpus, behind the first byte without their checksums.
const SEEDS: [&[u8]; 4] = [
    include_bytes!("../corpus/model/rule"),
    include_bytes!("../corpus/model/forest-isotonic"),
    include_bytes!("../corpus/model/average-beta"),
    include_bytes!("../corpus/model/contracts"),
];

static PARTS: LazyLock<[Parts<'static>; 4]> = LazyLock::new(|| {
    SEEDS.map(|seed| {
        let parts = Parts::of(&seed[1..]).filter(|parts| Artifact::from_bytes(&parts.sealed()).is_ok());
        parts.expect("the corpus is of this version: cargo run --example seeds")
    })
});

fuzz_target!(|data: &[u8]| {
    let Some((&first, bytes)) = data.split_first() else { return };
    let seed = PARTS[usize::from(first >> 3) % SEEDS.len()];
    let file = match first & 0b111 {
        0 => bytes.to_vec(),
        1 => sealed(bytes.to_vec()),
        2 => Parts { forest: bytes, ..seed }.sealed(),
        3 => Parts { header: bytes, ..seed }.sealed(),
        _ => Parts { header: &edited(seed.header, bytes), ..seed }.sealed(),
    };
    within_limits(|| {
        if let Ok(artifact) = Artifact::from_bytes(&file) {
            ask(&artifact);
        }
    });
});
