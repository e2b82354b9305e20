//! Newcomers of another kind than those before them: the report tells of them, and scores by a model that does not know them do.

use std::fmt::Write;
use std::fs;

use crate::support::{done, folder, json, run};

const DAY: i64 = 86_400;
/// 2023-01-01.
const START: i64 = 1_672_531_200;
const DAYS: i64 = 430;
/// From this day on, 2023-12-12, those come who buy once.
const OTHERS_FROM: i64 = 345;

/// Ten customers come a day; five of ten come back after 20 days and go on by the month, of the later ones one.
fn log() -> String {
    let mut log = "customer_id,order_id,ts,amount\n".to_owned();
    for customer in 0..10 * DAYS {
        let first = customer / 10;
        let back_of_ten = if first < OTHERS_FROM { 5 } else { 1 };
        let orders = if customer % 10 < back_of_ten { 1 + customer % 7 } else { 1 };
        let days = (0..orders).map(|order| first + if order == 0 { 0 } else { 20 + 30 * (order - 1) });
        for (order, day) in days.enumerate().filter(|&(_, day)| day < DAYS) {
            let amount = 10 + customer % 23;
            writeln!(log, "c{customer:05},{customer}-{order},{},{amount}.00", START + DAY * day).unwrap();
        }
    }
    log
}

#[test]
fn newcomers_of_another_kind_are_told_where_nothing_learnt_of_them() {
    let folder = folder();
    let purchases = folder.path().join("purchases.csv");
    fs::write(&purchases, log()).unwrap();
    let input = format!("--purchases {} --ts-unit s", purchases.display());
    let told = json(&format!("check {input} --as-of 2024-03-06 --json"));
    let odd = told["odd_newcomers"].as_array().unwrap();
    assert_eq!(odd.len(), 1, "{odd:?}");
    assert_eq!(odd[0]["to"], "2024-01-19", "46 days before the last order");
    assert!(odd[0]["bought_again_soon_share"].as_f64().unwrap() < 0.25, "{odd:?}");
    assert!((odd[0]["usual_share"].as_f64().unwrap() - 0.43).abs() < 0.03, "{odd:?}");
    let finding = "customers whose first purchase was from";
    let findings = |told: &serde_json::Value| told["findings"].to_string();
    assert!(findings(&told).contains(finding), "{told}");
    let before = folder.path().join("before.csv");
    let until = |day: i64| {
        let is_before = |line: &&str| {
            line.split(',').nth(2).unwrap().parse::<i64>().map_or(true, |second| second < START + DAY * day)
        };
        log().lines().filter(is_before).map(|line| format!("{line}\n")).collect::<String>()
    };
    fs::write(&before, until(OTHERS_FROM)).unwrap();
    let told = json(&format!("check --purchases {} --ts-unit s --json", before.display()));
    assert_eq!(told["odd_newcomers"].as_array().unwrap().len(), 0);
    assert!(!findings(&told).contains(finding));

    let store = folder.path().join("store").display().to_string();
    done(&format!("train {input} --horizon 60d --lookback 180d --as-of 2023-12-01 --store {store}"));
    let score = |as_of: &str| {
        let out = folder.path().join("scores.csv");
        let scored = format!("score {input} --store {store} --as-of {as_of} --apart --out {}", out.display());
        String::from_utf8(run(&scored).stderr).unwrap()
    };
    let note = score("2024-03-06");
    assert!(
        note.contains("again on another day within 45 days")
            && note.contains("learnt from no such newcomers"),
        "{note}"
    );
    assert!(!score("2023-12-05").contains("learnt from no such newcomers"));
}
