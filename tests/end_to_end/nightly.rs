//! The night's run: what it does, and when it stops.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::evening::Evening;
use crate::support::{command, done, failed, folder, run};

pub(crate) fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(text).unwrap())
}

#[test]
fn a_night_keeps_scores_lists_and_leaves_a_record() {
    let evening = Evening::new();
    let before = evening.outputs();
    let line = evening.done("");
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("mainstay nightly: done in") && line.contains("1 new files"), "{line}");
    let record = evening.record();
    assert_eq!((&record["outcome"], &record["exit_code"]), (&"done".into(), &0.into()));
    let steps: Vec<&str> =
        record["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(steps, ["model", "read", "check", "ingest", "events", "score", "drift", "list"]);
    let inputs = record["inputs"].as_array().unwrap();
    let tonight =
        inputs.iter().find(|input| input["path"].as_str().unwrap().ends_with("tonight.csv")).unwrap();
    assert!(tonight["bytes"].as_u64() > Some(0) && tonight["xxh3_128"].as_str().unwrap().len() == 32);
    assert!(record["rows"].as_u64() > Some(0));
    let after = evening.outputs();
    for changed in ["scores.csv", "list.csv", "store/scores.parquet", "store/history/manifest.json"] {
        assert!(after[changed] != before[changed], "{changed}");
    }
    // The list before is kept, and the night's outputs are what the commands one by one write.
    assert!(after["store/scores-before.parquet"] == before["store/scores.parquet"]);
    done(&evening.score());
    let store = evening.at("store").display().to_string();
    done(&format!("list --store {store} --top 1000 --out {}", evening.at("theirs.csv").display()));
    let again = evening.outputs();
    assert!(again["store/scores.parquet"] == after["store/scores.parquet"]);
    assert!(again["out.parquet"] == after["store/scores.parquet"]);
    assert!(fs::read(evening.at("theirs.csv")).unwrap() == after["list.csv"]);
    let drift: Value = serde_json::from_str(&done(&format!("drift --store {store} --json"))).unwrap();
    let step = &record["steps"][6];
    assert_eq!(step["drifted"], drift["drifted"]);
    assert_eq!(step["churn_probability_psi"], drift["churn_probability"]["psi"], "of all who are scored");
}

#[test]
fn a_night_says_what_its_sums_do_not_show() {
    let evening = Evening::new();
    let line = evening.done("");
    assert!(!line.contains("than the list before") && !line.contains("capacity"), "{line}");
    // The log is too short to tell a season from a trend.
    assert_eq!(evening.record()["steps"][5]["doubts"].as_array().unwrap().len(), 1);
    assert!(line.ends_with("; a doubt about the scores: see the log\n"), "{line}");
    evening.configure("gap_days = 0\noffers = \"offers.toml\"");
    let offers = |save_rate: f64| {
        let offer = format!(
            "[[offer]]\nname = \"mail\"\ncontact_cost = 0.01\nincentive = 0\nsave_rate = {save_rate}\nsave_rate_sd = 0.01\n\
             take_up = 0\ndriven_away = 0\ncapacity = 3\n"
        );
        fs::write(evening.at("offers.toml"), offer).unwrap();
        evening.done("")
    };
    let line = offers(0.2);
    assert!(line.contains("decided otherwise than the list before: other offers;"), "{line}");
    assert!(line.contains("(more than the capacity of mail allows: mainstay plan)"), "{line}");
    let record = evening.record();
    let first = record["inputs"].as_array().unwrap().iter().find(|input| input["table"] == "offers").unwrap();
    assert_eq!(first["xxh3_128"].as_str().unwrap().len(), 32);
    assert!(!offers(0.2).contains("than the list before"), "the same as before");
    // A file that is changed where it is.
    assert!(offers(0.1).contains("decided otherwise than the list before: other offers;"));
    let record = evening.record();
    let second =
        record["inputs"].as_array().unwrap().iter().find(|input| input["table"] == "offers").unwrap();
    assert_ne!(first["xxh3_128"], second["xxh3_128"]);
    let caveats =
        &record["steps"].as_array().unwrap().iter().find(|step| step["step"] == "score").unwrap()["caveats"];
    assert!(caveats.to_string().contains("has a capacity of 3"), "{caveats}");
}

#[test]
fn a_second_run_of_a_night_gives_the_same_bytes() {
    let evening = Evening::new();
    evening.done("");
    let first = evening.outputs();
    let record: Value = serde_json::from_str(&evening.done("--json")).unwrap();
    assert_eq!(record["steps"][1]["files_new"], 0);
    assert!(evening.outputs() == first);
}

#[test]
fn a_dry_run_changes_nothing() {
    let evening = Evening::new();
    let content = |path: &Path| -> Vec<(PathBuf, u64)> {
        let mut files = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), fs::metadata(&path).unwrap().len()));
                }
            }
        }
        files.sort();
        files
    };
    // The rows that an earlier night left out are still to be mended.
    fs::write(evening.at("quarantine.csv"), "rows of last night\n").unwrap();
    let bad = fs::read_to_string(evening.at("feed/tonight.csv")).unwrap() + "c001,x,never,5.00\n";
    fs::write(evening.at("feed/tonight.csv"), bad).unwrap();
    let text = fs::read_to_string(evening.at("nightly.toml")).unwrap();
    fs::write(evening.at("nightly.toml"), format!("max_bad_rows = \"10%\"\n{text}")).unwrap();
    let (before, outputs) = (content(evening.folder.path()), evening.outputs());
    let line = evening.done("--dry-run");
    assert!(line.contains("dry run: nothing was changed") && line.contains("1 new files"), "{line}");
    let told = done(&format!("{} --dry-run", evening.score()));
    assert!(told.contains("dry run: nothing was written"), "{told}");
    assert!(evening.outputs() == outputs);
    assert_eq!(content(evening.folder.path()), before);
}

#[test]
fn an_order_that_is_dated_a_few_hours_ahead_waits_and_stops_no_night() {
    let evening = Evening::new();
    evening.done("");
    let as_of = evening.record()["as_of"].clone();
    let last: mainstay_features::units::Instant = as_of.as_str().unwrap().parse().unwrap();
    let ahead = last.plus("1d".parse().unwrap());
    let row = format!("customer_id,order_id,ts,amount\nc001,ahead,{ahead},5.00\n");
    fs::write(evening.at("feed/ahead.csv"), row).unwrap();
    let config = evening.at("nightly.toml").display().to_string();
    let (code, text) = said(&run(&format!("nightly --config {config} --now {last}")));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("still to come: they count from then on"), "{text}");
    assert_eq!(evening.record()["as_of"], as_of);
}

#[test]
fn a_stale_or_gappy_feed_and_bad_rows_stop_it_with_3_and_change_nothing() {
    let evening = Evening::new();
    let before = evening.outputs();
    let stops = |arguments: &str, words: &[&str]| {
        let (code, text) = said(&run(arguments));
        assert_eq!(code, 3, "{text}");
        words.iter().for_each(|word| assert!(text.contains(word), "{word}: {text}"));
        assert!(text.contains("mainstay nightly: NOT DONE at"), "{text}");
        assert!(evening.outputs() == before);
        assert_eq!(evening.record()["outcome"], "stopped");
    };
    let config = evening.at("nightly.toml").display().to_string();
    stops(&format!("nightly --config {config} --now 2025-01-01"), &["is stale", "days ago", "exit code 3"]);
    stops(&format!("nightly --config {config} --now 2023-01-01"), &["still to come"]);
    // A shop with a purchase on every day, but for one.
    let rows: String = (1..=28)
        .filter(|day| *day != 20)
        .flat_map(|day| (0..30).map(move |n| format!("z{n},{day}-{n},2024-02-{day:02}T10:00:00,5.00\n")))
        .collect();
    fs::write(evening.at("feed/gappy.csv"), format!("customer_id,order_id,ts,amount\n{rows}")).unwrap();
    evening.configure("gap_days = 14");
    stops(&format!("nightly --config {config} --now 2024-02-29"), &["has gaps", "2024-02-20 (0 orders"]);
    fs::remove_file(evening.at("feed/gappy.csv")).unwrap();
    fs::write(evening.at("feed/bad.csv"), "customer_id,order_id,ts,amount\na,1,yesterday,5.00\n").unwrap();
    evening.configure("gap_days = 0");
    stops(&evening.arguments(""), &["row 1", "yesterday"]);
}

#[test]
fn a_day_that_is_named_closed_is_no_gap() {
    let evening = Evening::new();
    let rows: String = (1..=28)
        .filter(|day| *day != 20)
        .flat_map(|day| (0..30).map(move |n| format!("z{n},{day}-{n},2024-02-{day:02}T10:00:00,5.00\n")))
        .collect();
    fs::write(evening.at("feed/closed.csv"), format!("customer_id,order_id,ts,amount\n{rows}")).unwrap();
    evening.configure("gap_days = 14\nclosed_days = [\"2024-02-20\"]");
    let config = evening.at("nightly.toml").display().to_string();
    let line = done(&format!("nightly --config {config} --now 2024-02-29"));
    assert!(line.contains("done in"), "{line}");
}

#[test]
fn configuration_usage_and_models_have_codes_of_their_own() {
    let evening = Evening::new();
    assert_eq!(run("nightly").status.code(), Some(2));
    fs::write(evening.at("nightly.toml"), "purchases = [\"feed/*.csv\"]\n").unwrap();
    let output = evening.run("");
    let line = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(line.starts_with("mainstay nightly: NOT DONE at start after 0.0 s, exit code 2: "), "{line}");
    let record: Value = serde_json::from_slice(&evening.run("--json").stdout).unwrap();
    assert_eq!((&record["outcome"], &record["exit_code"]), (&"failed".into(), &2.into()));
    let (code, text) = said(&output);
    assert!(code == 2 && text.contains("there is no section [nightly]"), "{code} {text}");
    evening.configure("gap_day = 1");
    let (code, text) = said(&evening.run(""));
    assert!(code == 2 && text.contains("unknown field `gap_day`"), "{code} {text}");
    evening.configure("");
    fs::remove_file(evening.at("store/model.mainstay")).unwrap();
    let (code, text) = said(&evening.run(""));
    assert!(code == 4 && text.contains("no model"), "{code} {text}");
    let config = fs::read_to_string(evening.at("nightly.toml")).unwrap();
    fs::write(evening.at("nightly.toml"), config.replace("\"store\"", "\"not/there\"")).unwrap();
    let (code, text) = said(&evening.run("--dry-run"));
    assert!(code == 4 && text.contains("NOT DONE at model") && !evening.at("not").exists(), "{code} {text}");
}

#[test]
fn two_at_once_are_one_and_one_refused() {
    let evening = Evening::new();
    let mut first =
        command(&evening.arguments("")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = evening.at("store/run.lock");
    // The lock names who holds it as soon as it is held.
    let holder = first.id().to_string();
    while !fs::read_to_string(&lock).unwrap_or_default().contains(&holder) {
        assert!(first.try_wait().unwrap().is_none(), "the first is over before the second began");
        std::thread::sleep(Duration::from_millis(1));
    }
    stop(first.id());
    let (nightly, score) = (said(&evening.run("")), failed(&evening.score()));
    resume(first.id());
    assert!(first.wait().unwrap().success());
    assert_eq!((nightly.0, score.0), (1, 1));
    for text in [nightly.1, score.1] {
        assert!(text.contains(&format!("mainstay nightly (process {holder}, since ")), "{text}");
    }
    // Nothing is left of the lock of a process that is gone.
    done(&evening.score());
}

fn stop(process: u32) {
    assert!(Command::new("kill").args(["-STOP", &process.to_string()]).status().unwrap().success());
}

fn resume(process: u32) {
    assert!(Command::new("kill").args(["-CONT", &process.to_string()]).status().unwrap().success());
}

#[test]
fn the_units_are_sound() {
    if Command::new("systemd-analyze").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("no systemd-analyze here: nothing is tested");
        return;
    }
    let folder = folder();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")).unwrap() {
        let path = entry.unwrap().path();
        let unit = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_owned();
        if name.to_string_lossy().ends_with(".service") {
            for line in
                ["NoNewPrivileges=yes", "ProtectSystem=strict", "StateDirectory=mainstay", "MemoryMax="]
            {
                assert!(unit.contains(line), "{}: {line}", path.display());
            }
        }
        let here = unit.replace("/usr/bin/mainstay", env!("CARGO_BIN_EXE_mainstay"));
        fs::write(folder.path().join(name), here).unwrap();
    }
    let units = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let output = Command::new("systemd-analyze").arg("verify").args(units).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && !text.contains("mainstay-"), "{text}");
}

#[test]
fn the_example_in_the_documents_is_read() {
    let evening = Evening::new();
    let documented = include_str!("../../docs/operations.md");
    let example = documented.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let here = |text: &str| {
        let at = |name: &str| evening.at(name).display().to_string();
        text.replace("/var/lib/mainstay/store", &at("store"))
            .replace("/var/lib/mainstay/feed/purchases-*.csv", &at("feed/*.csv"))
            .replace("/var/lib/mainstay/feed/complaints-*.csv", &at("complaints.csv"))
            .replace("/var/lib/mainstay/", &format!("{}/", evening.folder.path().display()))
            .replace("gap_days = 28", "gap_days = 0")
    };
    fs::write(evening.at("nightly.toml"), here(example)).unwrap();
    let line = evening.done("");
    assert!(line.contains("done in"), "{line}");
}
