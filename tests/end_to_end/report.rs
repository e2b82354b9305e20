//! `mainstay report`: who stays and who leaves, over time and by segment.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{CDNOW, command, done, failed, folder, json as run_json, run, shop};

/// Six customers, of whom every number below is counted by hand.
const LOG: &str = "customer_id,order_id,ts,amount\n\
    anna,1,2024-01-01,10\n\
    anna,2,2024-03-05,20\n\
    anna,3,2024-04-20,20\n\
    ben,4,2024-01-10,90\n\
    cleo,5,2024-02-01,50\n\
    dora,6,2024-03-31T23:59:59.999999,40\n\
    emil,7,2024-01-05,10\n\
    emil,8,2024-04-30,10\n\
    fay,9,2024-03-01,30\n";

const REGIONS: &str = "customer_id,region\nanna,north\nben,north\ncleo,\"so,uth\"\nfay,north\n";

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn counts(of: &Value) -> Value {
    let names = ["customers_at_start", "new", "returned", "lost", "customers_at_end"];
    names.map(|name| of[name].clone()).into_iter().collect()
}

/// Customers at the start, and of them lost, of each segment.
fn segments(of: &Value, segmentation: &str) -> Vec<(String, u64, u64)> {
    let number = |segment: &Value, name: &str| segment[name].as_u64().unwrap();
    of["segments"][segmentation]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let name = one["segment"].as_str().unwrap().to_owned();
            (name, number(one, "customers_at_start"), number(one, "lost"))
        })
        .collect()
}

fn named<const N: usize>(expected: [(&str, u64, u64); N]) -> Vec<(String, u64, u64)> {
    expected.map(|(name, customers, lost)| (name.to_owned(), customers, lost)).into()
}

/// ECONOMICS.md section 6, retention rate and both churn rates, on a log of nine orders. A lookback of 60 days makes
/// who bought in January and February a customer at the start of March.
#[test]
fn every_number_of_a_tiny_log_is_the_one_counted_by_hand() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", LOG);
    let regions = write(folder.path(), "regions.csv", REGIONS);
    let report = run_json(&format!(
        "report --purchases {log} --customers {regions} --lookback 60d --by region --json"
    ));
    let periods = report["periods"].as_array().unwrap();
    let names: Vec<&str> = periods.iter().map(|period| period["period"].as_str().unwrap()).collect();
    assert_eq!(names, ["2024-03", "2024-04"]);

    // At the start anna, ben, cleo and emil. Ben and emil go, with 90 and 10 of the 160 that all four had bought; fay, who
    // bought at the first instant of March, and dora, at its last, come.
    let march = &periods[0];
    assert_eq!(counts(march), json!([4, 2, 0, 2, 4]));
    assert_eq!((&march["bought"], &march["bought_by_lost"]), (&json!(160.0), &json!(100.0)));
    let rates = |of: &Value| {
        ["retention_rate", "absolute_churn_rate", "relative_churn_rate"]
            .map(|rate| of[rate].as_f64().unwrap())
    };
    assert_eq!(rates(march), [0.5, 0.5, 0.625]);
    // One of four is key: ben with 90. Cleo is of the better half; anna and emil are equals.
    let tiers = [("key", 1, 1), ("ordinary", 1, 0), ("small", 2, 1), ("problem", 0, 0)];
    assert_eq!(segments(march, "tier"), named(tiers));
    // One purchase each, of 40 on average: 90 and 50 are above it.
    let cells = [("best", 0, 0), ("spender", 2, 1), ("frequent", 0, 0), ("uncertain", 2, 1)];
    assert_eq!(segments(march, "value matrix"), named(cells));
    // Each bought once, less than the horizon of 90 days ago.
    let stages = [("new", 4, 2), ("building", 0, 0), ("stable", 0, 0), ("declining", 0, 0), ("silent", 0, 0)];
    assert_eq!(segments(march, "stage"), named(stages));
    assert_eq!(segments(march, "region"), named([("north", 2, 1), ("so,uth", 1, 0), ("not known", 1, 1)]));

    // At the start anna with 20 (January is too long ago), cleo 50, dora 40 and fay 30. Emil comes back.
    let april = &periods[1];
    assert_eq!(counts(april), json!([4, 1, 1, 2, 3]));
    assert_eq!(rates(april), [0.5, 0.5, 80.0 / 140.0]);

    assert_eq!(counts(&report["together"]), json!([8, 3, 1, 4, 7]));
    assert_eq!(rates(&report["together"]), [0.5, 0.5, 0.6]);
}

#[test]
fn tables_csv_and_page_say_the_same() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", LOG);
    let regions = write(folder.path(), "regions.csv", REGIONS);
    let at = |name: &str| folder.path().join(name);
    let text = done(&format!(
        "report --purchases {log} --customers {regions} --lookback 60d --by region --csv {} --html {}",
        at("r.csv").display(),
        at("r.html").display()
    ));
    assert!(text.contains("who bought within 60 days"), "{text}");
    let row = text.lines().find(|line| line.starts_with("2024-03")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(cells.join(" "), "2024-03 4 2 0 2 4 50.0 % 50.0 % 62.5 %");
    let mut rows = csv::Reader::from_path(at("r.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 2 * (1 + 4 + 4 + 5 + 3));
    assert_eq!(
        rows[0].iter().collect::<Vec<_>>().join("|"),
        "2024-03|2024-03-01T00:00:00Z|2024-04-01T00:00:00Z|all|all|4|2|0|2|4|160|100|0.5|0.5|0.625"
    );
    let south = rows.iter().find(|row| &row[4] == "so,uth").unwrap();
    assert_eq!(south.iter().skip(3).collect::<Vec<_>>().join("|"), "region|so,uth|1|||0||50|0|1|0|0");
    let page = fs::read_to_string(at("r.html")).unwrap();
    assert_eq!(page.matches("<svg").count(), 2);
    assert!(page.contains("so,uth") && page.contains("62.5 %") && !page.contains("NaN"));
}

#[test]
fn whole_periods_alone_are_told_and_what_is_left_out_is_said() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", &LOG.replace("2024-04-30", "2024-04-29"));
    let output = run(&format!("report --purchases {log} --lookback 60d --json"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("left out: 2 months that begin before 2024-03-01"), "{said}");
    assert!(said.contains("left out: 2024-04, which the log is not at the end of"), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["periods"].as_array().unwrap().len(), 1);
    let text = done(&format!("report --purchases {log} --lookback 60d"));
    assert!(text.contains("Lost is who was a customer at the start and is none at the end"), "{text}");
    assert!(!text.contains("lapsed") && text.contains("silent"), "{text}");
    let complete = run_json(&format!("report --purchases {log} --lookback 60d --as-of 2024-04-30 --json"));
    assert_eq!(complete["periods"].as_array().unwrap().len(), 2, "the log is said to be complete");
    let weeks = run_json(&format!("report --purchases {log} --lookback 60d --period week --json"));
    assert_eq!(
        weeks["periods"][0]["period"], "2024-W10",
        "the first that begins in March, on Monday the 4th"
    );
}

/// In Kiritimati, dora's purchase in the last instant of March in UTC was made in April, as were 14 hours before.
#[test]
fn periods_are_those_of_the_shops_calendar() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", LOG);
    let there = format!("report --purchases {log} --lookback 60d --json --calendar Pacific/Kiritimati");
    let report = run_json(&there);
    let march =
        &report["periods"].as_array().unwrap().iter().find(|of| of["period"] == "2024-03").unwrap().clone();
    assert_eq!(march["start"], "2024-02-29T10:00:00Z");
    assert_eq!(counts(march)[1], 1, "fay alone");
    assert_eq!(report["calendar"], "Pacific/Kiritimati");
}

#[test]
fn where_there_are_contracts_who_has_one_is_a_customer() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", LOG);
    let contracts =
        "customer_id,start,end\nanna,2024-01-01,\nben,2024-01-10,2024-03-15\ncleo,2024-02-01,2024-04-01\n";
    let contracts = write(folder.path(), "contracts.csv", contracts);
    let report = run_json(&format!("report --purchases {log} --contracts {contracts} --json"));
    let told: Vec<Value> = report["periods"].as_array().unwrap().iter().map(counts).collect();
    // Cleo's contract begins and ends with a month: she is new in February, and lost in March.
    assert_eq!(
        told,
        [json!([0, 2, 0, 0, 2]), json!([2, 1, 0, 0, 3]), json!([3, 0, 0, 2, 1]), json!([1, 0, 0, 0, 1])]
    );
    assert_eq!(report["label"], "contract end");
}

#[test]
fn what_cannot_be_told_is_said_with_a_way_out() {
    let folder = folder();
    let log = write(folder.path(), "log.csv", LOG);
    let regions = write(folder.path(), "regions.csv", REGIONS);
    let fails = |flags: &str| failed(&format!("report --purchases {log} {flags}"));
    let (code, said) = fails("--lookback 365d");
    assert_eq!(code, 4);
    assert!(said.contains("choose a shorter --period or --lookback"), "{said}");
    let (code, said) = fails(&format!("--customers {regions} --lookback 60d --by shoe_size"));
    assert_eq!(code, 2);
    assert!(said.contains("there are: region"), "{said}");
    let (code, said) = fails("--lookback 60d --by region");
    assert_eq!(code, 2);
    assert!(said.contains("no customers file gives one"), "{said}");
    assert_eq!(fails("--period day").0, 2);
    let (code, said) = fails(&format!("--lookback 60d --csv {log}"));
    assert_eq!(code, 2);
    assert!(said.contains("write to another file"), "{said}");
    assert_eq!(fs::read_to_string(&log).unwrap(), LOG);

    let many: String = (0..60).map(|n| format!("c{n},{n},2024-01-15,5\nx{n},x{n},2024-04-30,5\n")).collect();
    let log = write(
        folder.path(),
        "many.csv",
        &format!("customer_id,order_id,ts,amount\nc0,first,2024-01-01,1\n{many}"),
    );
    let groups: String = (0..60).map(|n| format!("c{n},g{n}\n")).collect();
    let groups = write(folder.path(), "groups.csv", &format!("customer_id,group\n{groups}"));
    let (code, said) =
        failed(&format!("report --purchases {log} --customers {groups} --lookback 60d --by group"));
    assert_eq!(code, 2);
    assert!(said.contains("group has more than 50 different values"), "{said}");
}

#[test]
fn one_thread_and_two_and_a_kept_history_give_the_same_bytes() {
    let folder = folder();
    let store = folder.path().display();
    let flags = "--lookback 180d --period week --json";
    let one = done(&format!("report {} {flags} --threads 1", shop().input()));
    assert_eq!(one, done(&format!("report {} {flags} --threads 2", shop().input())));
    done(&format!("ingest {} --store {store}", shop().input()));
    assert_eq!(one, done(&format!("report {flags} --store {store}")));
}

/// Every count, and what was bought, against those that DuckDB gives (tests/independent/report.py). Says so where a log is
/// not there.
#[test]
fn the_periods_and_segments_of_real_logs_are_duckdbs() {
    let golden = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/report.json")).unwrap();
    let golden: Value = serde_json::from_slice(&golden).unwrap();
    for (log, expected) in golden.as_object().unwrap() {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(log);
        let purchases = if log == "cdnow" { CDNOW.into() } else { shared.join("purchases.parquet") };
        if !purchases.exists() {
            eprintln!("skipped: {} is not here", purchases.display());
            continue;
        }
        let flags = format!(
            "--period {} --lookback {}d --json",
            expected["period"].as_str().unwrap(),
            expected["lookback_days"]
        );
        let output = command(&format!("report {flags}")).arg("--purchases").arg(&purchases).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (ours, theirs) = (report["periods"].as_array().unwrap(), expected["periods"].as_array().unwrap());
        assert_eq!(ours.len(), theirs.len(), "{log}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            let which = format!("{log} {}", theirs["period"]);
            assert_eq!(ours["period"], theirs["period"], "{which}");
            assert_eq!(counts(ours), counts(theirs), "{which}");
            for money in ["bought", "bought_by_lost"] {
                let (ours, theirs) = (ours[money].as_f64().unwrap(), theirs[money].as_f64().unwrap());
                assert!((ours - theirs).abs() <= 1e-9 * (1.0 + theirs), "{which} {money}: {ours} {theirs}");
            }
            for segmentation in ["tier", "value matrix"] {
                for (segment, customers, lost) in segments(ours, segmentation) {
                    let told = theirs[segmentation].get(&segment).cloned().unwrap_or(json!([0, 0]));
                    assert_eq!(json!([customers, lost]), told, "{which} {segment}");
                }
            }
        }
    }
}
