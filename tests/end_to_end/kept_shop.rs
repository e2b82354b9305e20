//! The small shop with its history kept and two lists, to share: what the API tells of customers is asked of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::server::{Server, lines};
use crate::support::{done, shop, store_like_the_shops};

/// A store with the small shop's model, its history kept, and two lists of it: of 2023-11-01, and the newest.
pub(crate) fn kept() -> &'static Path {
    static KEPT: OnceLock<PathBuf> = OnceLock::new();
    KEPT.get_or_init(|| {
        let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept-shop");
        let _ = fs::remove_dir_all(&store);
        keep(&store);
        store
    })
}

/// Makes a store as that one.
pub(crate) fn keep(store: &Path) {
    store_like_the_shops(store);
    let (at, out) = (store.display(), store.join("out.csv"));
    done(&format!("ingest {} --store {at}", shop().input()));
    for as_of in ["--as-of 2023-11-01", ""] {
        done(&format!("score --store {at} {as_of} --out {}", out.display()));
    }
}

/// A server of it.
pub(crate) fn server() -> Server {
    Server::start(&kept().display().to_string())
}

/// The customers of the newest list, and its instant.
pub(crate) fn listed() -> (Vec<String>, String) {
    let rows = lines(&shop().scores);
    (rows.iter().map(|row| row[0].clone()).collect(), rows[0][1].clone())
}
