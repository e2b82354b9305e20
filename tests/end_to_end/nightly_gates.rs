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

/// Tonight's file has the end of an earlier one once more: the line for the alert says so, and what becomes of it.
#[test]
fn orders_sent_again_are_in_the_line() {
    for (drop_duplicates, told) in [
        (false, " new files, 7 orders SENT AGAIN count twice"),
        (true, " new files, 7 orders sent again left out"),
    ] {
        let evening = Evening::new();
        let before = fs::read_to_string(evening.at("feed/before.csv")).unwrap();
        let tonight = fs::read_to_string(evening.at("feed/tonight.csv")).unwrap();
        let again: Vec<&str> = before.lines().rev().take(7).collect();
        let other = before.lines().rev().nth(9).unwrap().rsplit_once(',').unwrap().0;
        fs::write(evening.at("feed/tonight.csv"), format!("{tonight}{}\n{other},0.01\n", again.join("\n")))
            .unwrap();
        let config = fs::read_to_string(evening.at("nightly.toml")).unwrap();
        fs::write(evening.at("nightly.toml"), format!("drop_duplicates = {drop_duplicates}\n{config}"))
            .unwrap();
        let line = evening.done("");
        assert!(line.contains(told), "{line}");
        assert!(
            line.contains(", 1 orders SENT AGAIN WITH ANOTHER AMOUNT count beside what is kept, 0 bad"),
            "{line}"
        );
        let record = evening.record();
        let read = record["steps"].as_array().unwrap().iter().find(|step| step["step"] == "read").unwrap();
        assert_eq!(read["orders_sent_again"], 7, "{read}");
        assert_eq!(read["orders_sent_again_with_other_amounts"], 1, "{read}");
    }
    let evening = Evening::new();
    assert!(!evening.done("").contains("AGAIN"), "nothing is said of nothing");
}

/// A feed that is the whole log, corrected in place: what is in it no more counts no more. One that came in half changes nothing.
#[test]
fn a_night_can_make_the_history_of_the_files_as_they_stand() {
    let evening = Evening::new();
    evening.configure("gap_days = 0\nanew = true");
    let frequencies = || {
        let out = evening.at("features.parquet");
        let store = evening.at("store");
        done(&format!("features --store {} --as-of 2023-09-01 --out {}", store.display(), out.display()));
        fs::read(out).unwrap()
    };
    let before = frequencies();
    let feed = evening.at("feed/before.csv");
    let text = fs::read_to_string(&feed).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&feed, lines[..lines.len() / 2].join("\n")).unwrap();
    let (code, said) = failed(&evening.arguments(""));
    assert!(code == 3 && said.contains("that they are to replace"), "{said}");
    assert!(frequencies() == before, "nothing was changed");
    // A hundredth of the orders were deleted upstream.
    let fewer: Vec<&str> =
        lines.iter().enumerate().filter(|(place, _)| place % 100 != 50).map(|(_, line)| *line).collect();
    fs::write(&feed, fewer.join("\n")).unwrap();
    let line = evening.done("");
    assert!(line.contains("3 new files, 0 bad"), "{line}");
    let after = frequencies();
    assert!(after != before);
    assert!(evening.done("").contains("3 new files, 0 bad"), "again, and nothing is sent again");
    assert!(frequencies() == after);
}
