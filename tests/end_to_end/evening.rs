//! A shop on the evening of a nightly run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{done, folder, run, shop, store_like_the_shops};

/// A shop as it is on an evening: a store that has run last night, and tonight's file, which has come.
pub(crate) struct Evening {
    pub(crate) folder: tempfile::TempDir,
}

/// The day after the shop's last order.
pub(crate) fn now() -> &'static str {
    static NOW: OnceLock<String> = OnceLock::new();
    NOW.get_or_init(|| {
        let report: Value = serde_json::from_str(&done(&format!("check {} --json", shop().input()))).unwrap();
        report["last_order"].as_str().unwrap().to_owned()
    })
}

impl Evening {
    /// A copy of one that is made once.
    pub(crate) fn new() -> Self {
        static MADE: OnceLock<Evening> = OnceLock::new();
        let made = MADE.get_or_init(Self::make);
        let copy = Self { folder: folder() };
        copy_folder(made.folder.path(), copy.folder.path());
        copy
    }

    fn make() -> Self {
        let evening = Self { folder: folder() };
        let text = fs::read_to_string(&shop().purchases).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_by_key(|row| row.split(',').nth(2).unwrap().to_owned());
        let tonight = rows.split_off(rows.len() - 40);
        fs::create_dir(evening.at("feed")).unwrap();
        let write = |name: &str, rows: &[&str]| {
            fs::write(evening.at(name), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        };
        write("feed/before.csv", &rows);
        fs::copy(&shop().complaints, evening.at("complaints.csv")).unwrap();
        evening.configure("gap_days = 0\nmost_days_old = 60");
        store_like_the_shops(&evening.at("store"));
        evening.done("");
        write("feed/tonight.csv", &tonight);
        evening.configure("gap_days = 0");
        evening
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes the configuration, with some lines more in `[nightly]`.
    pub(crate) fn configure(&self, more: &str) {
        let config = format!(
            "purchases = [\"feed/*.csv\"]\ncomplaints = [\"complaints.csv\"]\nquarantine = \"quarantine.csv\"\n\
             [nightly]\nstore = \"store\"\nscores = \"scores.csv\"\nlist = \"list.csv\"\n{more}\n"
        );
        fs::write(self.at("nightly.toml"), config).unwrap();
    }

    pub(crate) fn arguments(&self, flags: &str) -> String {
        let now = now();
        format!("nightly --config {} --now {now} {flags}", self.at("nightly.toml").display())
    }

    pub(crate) fn score(&self) -> String {
        format!("score --store {} --out {}", self.at("store").display(), self.at("out.parquet").display())
    }

    pub(crate) fn done(&self, flags: &str) -> String {
        done(&self.arguments(flags))
    }

    pub(crate) fn run(&self, flags: &str) -> Output {
        run(&self.arguments(flags))
    }

    /// The bytes of every output; of the history its manifest.
    pub(crate) fn outputs(&self) -> BTreeMap<&'static str, Vec<u8>> {
        let names = [
            "scores.csv",
            "list.csv",
            "out.parquet",
            "store/scores.parquet",
            "store/scores-before.parquet",
            "store/history/manifest.json",
        ];
        // The manifest names files, and every evening has a folder of its own.
        let own = self.folder.path().display().to_string();
        let read = |name| match fs::read(self.at(name)).unwrap_or_default() {
            bytes if name.ends_with("manifest.json") => {
                String::from_utf8(bytes).unwrap().replace(&own, "").into_bytes()
            }
            bytes => bytes,
        };
        names.into_iter().map(|name| (name, read(name))).collect()
    }

    /// The newest record of a run.
    pub(crate) fn record(&self) -> Value {
        let files = fs::read_dir(self.at("store/runs")).unwrap().map(|entry| entry.unwrap().path());
        serde_json::from_slice(&fs::read(files.max().unwrap()).unwrap()).unwrap()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() { copy_folder(&path, &to) } else { fs::copy(&path, &to).map(|_| ()).unwrap() }
    }
}
