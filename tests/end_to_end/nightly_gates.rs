//! What keeps a night from serving a list: a model that may not, and customers who are others.

use std::fs;
use std::path::Path;

use crate::evening::Evening;
use crate::support::{done, failed, folder, shop};

/// Puts a model that was trained on other purchases into an evening's store.
fn serve_one_trained_on(purchases: &Path, evening: &Evening, flags: &str) {
    let folder = folder();
    let store = folder.path().display();
    done(&format!("train --purchases {} {flags} --store {store}", purchases.display()));
    fs::copy(folder.path().join("model.mainstay"), evening.at("store/model.mainstay")).unwrap();
}

#[test]
fn need_model_lets_no_rule_serve() {
    let evening = Evening::new();
    let tiny = evening.at("tiny");
    done(&format!("simulate --customers 60 --seed 3 --out {}", tiny.display()));
    serve_one_trained_on(&tiny.join("purchases.parquet"), &evening, "--horizon 90d");
    let before = evening.outputs();
    evening.configure("gap_days = 0\nneed_model = true");
    let (code, said) = failed(&evening.arguments(""));
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("need_model lets no rule serve"), "{said}");
    assert!(evening.outputs() == before, "nothing was changed");
    evening.configure("gap_days = 0");
    assert!(evening.done("").contains("by rule-"), "without it the rule serves");
}

/// The model knew amounts a tenth as large.
#[test]
fn stop_on_drift_keeps_the_list_before() {
    let evening = Evening::new();
    let cheap = evening.at("cheap.csv");
    let text = fs::read_to_string(&shop().purchases).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let tenth = |row: &str| {
        let (rest, amount) = row.rsplit_once(',').unwrap();
        format!("{rest},{:.3}\n", amount.parse::<f64>().unwrap() / 10.0)
    };
    fs::write(&cheap, format!("{header}\n{}", rows.lines().map(tenth).collect::<String>())).unwrap();
    serve_one_trained_on(&cheap, &evening, "--horizon 60d --lookback 180d");
    let before = evening.outputs();
    evening.configure("gap_days = 0\nstop_on_drift = true");
    let (code, said) = failed(&evening.arguments(""));
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("stop_on_drift is set"), "{said}");
    let after = evening.outputs();
    for kept in ["scores.csv", "list.csv", "store/scores.parquet", "store/scores-before.parquet"] {
        assert!(after[kept] == before[kept], "{kept}");
    }
    evening.configure("gap_days = 0");
    let line = evening.done("");
    // The model is as young as the orders: to train it again would change nothing.
    assert!(line.contains("drifted, with too few days since the training for another"), "{line}");
    assert!(evening.outputs()["list.csv"] != before["list.csv"]);
}
