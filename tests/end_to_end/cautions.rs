//! What is said where data or flags would mislead, and what is heeded though no model sees it.

use std::fs;

use crate::support::{csv, done, failed, folder, number, run, shop, store_like_the_shops};

/// What a run that succeeds says beside its result.
fn noted(arguments: &str) -> String {
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

const OFFER: &str = r#"
[[offer]]
name = "mail"
contact_cost = 0.1
incentive = 0
save_rate = 0.2
save_rate_sd = 0.01
take_up = 0
driven_away = 0
capacity = 3
only_for = { days_since_contact = 100 }
words = { en = "Look what is new", zh = "看看新品" }
"#;

#[test]
fn who_was_contacted_lately_is_left_in_peace_whatever_the_model_has_learnt_from() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("offers.toml"), OFFER).unwrap();
    // The log ends in December 2023.
    let months = ["2023-03", "2023-11"];
    let contact = |customer: usize| format!("c{customer:03},{}-15\n", months[customer % 2]);
    fs::write(at("contacts.csv"), format!("customer_id,ts\n{}", (0..400).map(contact).collect::<String>()))
        .unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let flags = format!("{} --store {} --offers {}", shop().input(), at("store"), at("offers.toml"));

    let said = noted(&format!("score {flags} --contacts {} --out {}", at("contacts.csv"), at("scores.csv")));
    assert!(!said.contains("nothing is told of contacts"), "{said}");
    let rows = csv(&folder.path().join("scores.csv"));
    let offered: Vec<_> = rows.iter().filter(|row| row["action"] == "mail").collect();
    assert!(offered.len() > 3 && rows.iter().all(|row| !row["days_since_contact"].is_empty()));
    assert!(offered.iter().all(|row| number(row, "days_since_contact") >= 100.0));
    assert!(rows.iter().any(|row| number(row, "days_since_contact") < 100.0));

    let said = noted(&format!("score {flags} --out {}", at("scores.csv")));
    assert!(
        said.contains("the offer mail waits for days since the last contact, and nothing is told"),
        "{said}"
    );
}

#[test]
fn a_list_says_that_an_offer_is_for_more_than_its_capacity() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("offers.toml"), OFFER).unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let flags = format!("--store {} --offers {}", at("store"), at("offers.toml"));
    let output = run(&format!("score {} {flags} --out {}", shop().input(), at("scores.csv")));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        printed.contains("customers and has a capacity of 3: mainstay plan says who gets it"),
        "{printed}"
    );
    done(&format!("score {} {flags} --out {}", shop().input(), at("scores.parquet")));
    let said = noted(&format!("list {flags}"));
    assert!(said.contains("customers and has a capacity of 3: mainstay plan says who gets it"), "{said}");
    let (code, said) = failed(&format!("plan {flags} --budget 100 --capacity mail=0 --capacity mail=4"));
    assert_eq!(code, 2);
    assert!(said.contains("--capacity mail=4: given before"), "{said}");
}

#[test]
fn an_instant_after_the_logs_end_is_told_to_make_everybody_silent() {
    let folder = folder();
    store_like_the_shops(&folder.path().join("store"));
    let score = |as_of: &str| {
        let (store, out) = (folder.path().join("store"), folder.path().join("scores.csv"));
        let input = shop().input();
        noted(&format!("score {input} --as-of {as_of} --store {} --out {}", store.display(), out.display()))
    };
    assert!(score("2024-01-20").contains("orders that came since and are not in it count as silence"));
    assert!(!score("2023-12-09").contains("count as silence"));
}

#[test]
fn amounts_in_several_currencies_and_exclusions_of_nobody_are_told() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = "customer_id,order_id,ts,amount,currency\n1,1,2024-01-01,5,EUR\n2,2,2024-01-02,500,JPY\n";
    fs::write(at("log.csv"), log).unwrap();
    fs::write(at("staff.csv"), "\"2\"\n0007\n").unwrap();
    let flags = format!("--purchases {} --as-of 2024-02-01 --out {}", at("log.csv"), at("f.parquet"));
    let said = noted(&format!("features {flags}"));
    assert!(said.contains("in several currencies (EUR, JPY)"), "{said}");
    // The kept history does not forget it, and one that is made anew without it does.
    let store = at("store");
    for (log, is_told) in [("log.csv", true), ("euros.csv", false)] {
        fs::write(at("euros.csv"), "customer_id,order_id,ts,amount,currency\n1,1,2024-01-01,5,EUR\n")
            .unwrap();
        done(&format!("ingest --anew --purchases {} --store {store}", at(log)));
        let said = noted(&format!("features --store {store} --as-of 2024-02-01 --out {}", at("f.parquet")));
        assert_eq!(said.contains("in several currencies (EUR, JPY)"), is_told, "{said}");
    }
    // Who reads a list is told, too.
    store_like_the_shops(&folder.path().join("shop"));
    let store = at("shop");
    done(&format!("score {} --store {store} --out {}", shop().input(), at("scores.parquet")));
    done(&format!("ingest --purchases {} --store {store}", at("log.csv")));
    assert!(noted(&format!("list --store {store}")).contains("in several currencies (EUR, JPY)"));
    assert!(
        noted(&format!("plan --budget 50 --store {store} --language zh")).contains("多种货币（EUR, JPY）")
    );
    let said = noted(&format!("features {flags} --exclude {}", at("staff.csv")));
    assert!(said.contains("1 rows of excluded or forgotten customers were left out"), "{said}");
    assert!(said.contains("--exclude: 1 of its 2 customers have no row here, as \"0007\""), "{said}");
    assert!(!said.contains("currencies"), "{said}");
}

#[test]
fn complaints_sent_twice_count_once_where_repeated_rows_are_left_out_in_files_as_in_the_history() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("p.csv"), "customer_id,order_id,ts,amount\n1,1,2024-01-01,5\n2,2,2024-01-02,7\n").unwrap();
    fs::write(at("a.csv"), "customer_id,ts,severity\n1,2024-01-05,1\n2,2024-01-06,1\n").unwrap();
    fs::write(at("b.csv"), "customer_id,ts,severity\n2,2024-01-06,1\n2,2024-01-07,1\n").unwrap();
    let features = |input: String| {
        noted(&format!(
            "features {input} --as-of 2024-02-01 --features complaint_count --out {}",
            at("f.parquet")
        ));
        fs::read(folder.path().join("f.parquet")).unwrap()
    };
    let files = format!("--purchases {} --complaints {} {}", at("p.csv"), at("a.csv"), at("b.csv"));
    let (all, once) = (features(files.clone()), features(format!("{files} --drop-duplicates")));
    assert_ne!(all, once);
    let store = at("store");
    noted(&format!(
        "ingest --purchases {} --complaints {} --drop-duplicates --store {store}",
        at("p.csv"),
        at("a.csv")
    ));
    noted(&format!("ingest --complaints {} --drop-duplicates --store {store}", at("b.csv")));
    assert_eq!(features(format!("--store {store}")), once);
}

/// A year that is missing is no year in which everybody left.
#[test]
fn a_hole_in_the_log_is_told_to_who_learns_from_it() {
    let folder = folder();
    let path = folder.path().join("p.csv");
    let whole = fs::read_to_string(&shop().purchases).unwrap();
    let is_kept = |line: &&str| {
        let ts = line.split(',').nth(2).unwrap();
        !("2022-09-01".."2023-01-01").contains(&ts)
    };
    fs::write(&path, whole.lines().filter(is_kept).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    let train = |purchases: &str| {
        let store = folder.path().join("store");
        let flags = "--horizon 60d --lookback 180d";
        noted(&format!("train --purchases {purchases} {flags} --store {}", store.display()))
    };
    let said = train(&path.display().to_string());
    assert!(said.contains("WARNING: there is no order from 2022-09-01 to 2022-12-31: "), "{said}");
    assert!(!train(&shop().purchases.display().to_string()).contains("there is no order from"));
}
