//! Scoring that is killed goes on where it was.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::support::{command, done, folder, run};

/// More than are scored in one piece, so that a kill may come between two.
const CUSTOMERS: usize = 40_000;
const ATTEMPTS: usize = 50;

/// Kills the command once something stands in the file; whether that came before its end.
fn is_killed_after_a_piece(arguments: &str, aside: &Path) -> bool {
    let mut child = command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The start of the file is a few bytes, and a piece many.
    let has_begun = || fs::metadata(aside).is_ok_and(|about| about.len() > 10_000);
    while child.try_wait().unwrap().is_none() && !has_begun() {
        std::thread::sleep(Duration::from_micros(200));
    }
    // The piece is being written, and may be cut in the middle: it is then none.
    std::thread::sleep(Duration::from_millis(10));
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

/// How many customers the command says it need not score, and its record that nobody has killed.
fn resumed(arguments: &str, store: &str) -> Option<u64> {
    let runs = || -> BTreeSet<_> {
        let runs = fs::read_dir(format!("{store}/runs"));
        runs.map(|runs| runs.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
    };
    // None before the first run.
    let before = runs();
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let record = runs().difference(&before).next().map(|path| fs::read(path).unwrap()).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    let resumed = record["steps"][1]["customers_resumed"].as_u64();
    let line = resumed
        .map(|customers| format!("{customers} customers were scored already, by a run that was killed"));
    assert_eq!(said.lines().find(|line| line.contains("were scored already")), line.as_deref());
    resumed
}

#[test]
fn scoring_that_is_killed_goes_on_where_it_was() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (store, out) = (at("store"), at("out.parquet"));
    done(&format!("simulate --customers {CUSTOMERS} --seed 8 --out {}", at("shop")));
    done(&format!("ingest --purchases {} --store {store}", at("shop/purchases.parquet")));
    done(&format!("train --horizon 90d --store {store}"));
    let aside = folder.path().join("store/scores.aside");
    let score = |flags: &str| format!("score --store {store} --out {out} --threads 1 {flags}");
    let outputs = || [&out, &format!("{store}/scores.parquet")].map(|path| fs::read(path).unwrap());
    assert_eq!(resumed(&score(""), &store), None);
    let expected = outputs();
    for flags in ["", "--memory 64MiB"] {
        // What another instant has left is of no use, and in nobody's way.
        let other = score(&format!("{flags} --as-of 2023-10-01"));
        assert!((0..ATTEMPTS).any(|_| is_killed_after_a_piece(&other, &aside)));
        assert!(aside.exists());
        assert_eq!(resumed(&score(flags), &store), None);
        assert!(outputs() == expected && !aside.exists());

        assert!((0..ATTEMPTS).any(|_| is_killed_after_a_piece(&score(flags), &aside)));
        fs::remove_file(&out).unwrap();
        let left = fs::read(&aside).unwrap();
        done(&format!("{} --dry-run", score(flags)));
        assert!(fs::read(&aside).unwrap() == left, "a rehearsal changes nothing");
        let resumed = resumed(&score(flags), &store).unwrap();
        assert!(resumed > 0 && resumed as usize <= CUSTOMERS, "{resumed}");
        assert!(outputs() == expected && !aside.exists(), "{flags}");
    }
}
