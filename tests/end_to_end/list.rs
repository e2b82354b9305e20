//! The at-risk list: what a retention team asks for, and what it can do with the file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::support::{done, failed, folder, json, shop, store_like_the_shops};

fn rows(arguments: &str) -> Vec<Value> {
    json(&format!("list --store {} --format json {arguments}", shop().store.display()))
        .as_array()
        .unwrap()
        .clone()
}

fn number(row: &Value, column: &str) -> f64 {
    row[column].as_f64().unwrap()
}

#[test]
fn filters_show_who_passes_them_all_and_nobody_else() {
    let all = rows("--all");
    assert!(all.len() > 100);
    for (arguments, passes) in [
        (
            "--probability 0.4..0.7",
            &(|row: &Value| (0.4..=0.7).contains(&number(row, "churn_probability")))
                as &dyn Fn(&Value) -> bool,
        ),
        ("--value-at-risk 50..", &|row| number(row, "value_at_risk") >= 50.0),
        ("--net-value 1..", &|row| number(row, "net_value") >= 1.0),
        ("--tier key,small", &|row| row["value_tier"] == "key" || row["value_tier"] == "small"),
        ("--cause disappointment", &|row| row["likely_cause"] == "disappointment"),
        ("--stage lapsed", &|row| row["lifecycle_stage"] == "lapsed"),
        ("--offer reminder", &|row| row["action"] == "reminder"),
        ("--reason NO", &|row| {
            ["reason_1", "reason_2", "reason_3"]
                .iter()
                .any(|name| row[name].as_str().unwrap_or_default().to_lowercase().contains("no"))
        }),
        ("--tier key --probability 0.5..", &|row| {
            row["value_tier"] == "key" && number(row, "churn_probability") >= 0.5
        }),
    ] {
        let shown = rows(&format!("--all {arguments}"));
        let expected: Vec<&Value> = all.iter().filter(|row| passes(row)).collect();
        assert!(!expected.is_empty(), "{arguments} tells nothing here");
        assert_eq!(shown.iter().collect::<Vec<_>>(), expected, "{arguments}");
    }
}

#[test]
fn the_order_is_the_one_asked_for() {
    for (sort, column) in [
        ("net-value", "net_value"),
        ("value-at-risk", "value_at_risk"),
        ("probability", "churn_probability"),
        ("lifetime-value", "lifetime_value"),
    ] {
        let shown = rows(&format!("--sort {sort} --top 30"));
        let numbers: Vec<f64> = shown.iter().map(|row| number(row, column)).collect();
        assert!(numbers.len() == 30 && numbers.is_sorted_by(|a, b| a >= b), "{sort}: {numbers:?}");
    }
    let customers = rows("--sort customer --all");
    assert!(customers.is_sorted_by(|a, b| a["customer_id"].as_str() < b["customer_id"].as_str()));
}

#[test]
fn what_makes_no_sense_is_said() {
    let store = shop().store.display();
    for (arguments, code, message) in [
        ("--columns customer_id,shoe_size", 2, "\"shoe_size\" is no column; there are: customer_id, as_of, "),
        ("--offer pony", 2, "--offer \"pony\": no action of this list; there are: "),
        ("--out list.pdf", 2, "a list is written as .csv, .xlsx or .json"),
        ("--out no/list.csv", 6, "there is no folder no"),
    ] {
        let (said_code, said) = failed(&format!("list --store {store} {arguments}"));
        assert_eq!((said_code, said.contains(message)), (code, true), "{arguments}: {said}");
    }
    for arguments in ["--probability 0.8..0.2", "--tier gold", "--language fr", "--format csv --out list.csv"]
    {
        assert_eq!(failed(&format!("list --store {store} {arguments}")).0, 2, "{arguments}");
    }
}

#[test]
fn break_evens_play_and_words_stand_beside_a_recommendation() {
    let shown = rows("--all");
    let mut told = BTreeMap::new();
    for row in &shown {
        let action = row["action"].as_str().unwrap();
        *told.entry(action).or_insert(0) += 1;
        assert!(!row["play"].as_str().unwrap().is_empty());
        assert_eq!(row["change"], Value::Null, "there is no list before");
        if action == "do nothing" {
            assert_eq!((&row["say"], &row["break_even_probability"]), (&Value::Null, &Value::Null));
            continue;
        }
        // The net value is above 0 because the probability is above the break-even.
        let at = row["break_even_probability"].as_str().unwrap();
        assert!(at == "always" || at.parse::<f64>().unwrap() < number(row, "churn_probability"), "{row}");
        let highest = row["break_even_incentive"].as_str().unwrap();
        assert!(highest == "always" || highest.parse::<f64>().unwrap() > number(row, "incentive"), "{row}");
        if action == "voucher" {
            assert_eq!(row["say"], "As a thank-you, here is a voucher of 10.00 for your next order.");
        }
    }
    assert!(told["voucher"] > 0, "{told:?}");
}

#[test]
fn a_list_in_chinese_has_the_offers_words_in_chinese() {
    let row = &rows("--language zh --offer voucher --top 1")[0];
    assert_eq!(row["say"], "感谢您一直以来的支持，这是一张10.00元的优惠券，下次下单即可使用。");
    assert!(row["play"].as_str().unwrap().chars().any(|c| c > '\u{4e00}'));
}

/// Purchases under names that a spreadsheet would compute.
fn dangerous(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("purchases.csv");
    let text = fs::read_to_string(&shop().purchases).unwrap();
    fs::write(&path, text.replace("\nc00", "\n=c00").replace("\nc01", "\n+c01").replace("\nc02", "\n007"))
        .unwrap();
    path
}

#[test]
fn exports_hold_no_formula_and_identifiers_stay_text() {
    let folder = folder();
    let (store, scores) = (folder.path().join("store"), folder.path().join("scores.csv"));
    store_like_the_shops(&store);
    let purchases = dangerous(folder.path());
    done(&format!(
        "score --purchases {} --store {} --out {}",
        purchases.display(),
        store.display(),
        scores.display()
    ));
    let list = |arguments: &str| format!("list --store {} --all {arguments}", store.display());
    let (csv, xlsx) = (folder.path().join("list.csv"), folder.path().join("list.xlsx"));
    done(&list(&format!("--out {}", csv.display())));
    done(&list(&format!("--out {}", xlsx.display())));
    for path in [&scores, &csv] {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let mut defused = 0;
        for record in reader.records() {
            for cell in &record.unwrap() {
                let is_formula =
                    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
                assert!(!is_formula, "{cell}");
                defused += usize::from(cell.starts_with("'=") || cell.starts_with("'+"));
            }
        }
        assert!(defused > 5, "{}", path.display());
    }
    // What was defused is read back as it was.
    let from_file =
        json(&format!("list --scores {} --all --format json --columns customer_id", scores.display()));
    let from_store = json(&list("--format json --columns customer_id"));
    assert_eq!(from_file, from_store);
    assert!(
        from_store
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["customer_id"].as_str().unwrap().starts_with("=c00"))
    );

    let mut archive = zip::ZipArchive::new(fs::File::open(&xlsx).unwrap()).unwrap();
    let mut sheet = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "no cell has a formula");
    let mut texts = String::new();
    archive.by_name("xl/sharedStrings.xml").unwrap().read_to_string(&mut texts).unwrap();
    assert!(texts.contains(">=c00") && texts.contains(">007"), "identifiers are texts as they are");
    assert!(sheet.contains("<v>0."), "numbers are numbers");
}

/// The same customers a month apart: who is new, who has bought since, whose probability has moved.
#[test]
fn what_changed_since_the_list_before_is_told() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let out = folder.path().join("scores.csv");
    let score = |as_of: &str| {
        done(&format!(
            "score {} --store {} --as-of {as_of} --out {}",
            shop().input(),
            store.display(),
            out.display()
        ));
        let list = json(&format!("list --store {} --all --format json", store.display()));
        list.as_array()
            .unwrap()
            .iter()
            .map(|row| (row["customer_id"].as_str().unwrap().to_owned(), row.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let before = score("2023-10-01");
    let now = score("2023-11-01");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (customer, row) in &now {
        let change = row["change"].as_str().unwrap_or("–");
        *seen.entry(change).or_default() += 1;
        let moved = before
            .get(customer)
            .map(|before| number(row, "churn_probability") - number(before, "churn_probability"));
        let was_at_risk = before.get(customer).is_some_and(|before| before["action"] != "do nothing");
        let has_bought = number(row, "recency_days") < 31.0;
        match change {
            "new" => assert_eq!(moved, None),
            "recovered" => assert!(was_at_risk && has_bought),
            "rising" => assert!(moved.unwrap() >= 0.05 && !(was_at_risk && has_bought)),
            "falling" => assert!(moved.unwrap() <= -0.05),
            _ => assert!(moved.unwrap().abs() < 0.05),
        }
    }
    assert!(seen.len() >= 3 && seen.contains_key("recovered") && seen.contains_key("rising"), "{seen:?}");
    // The same night again changes nothing of that.
    let again = score("2023-11-01");
    assert_eq!(again, now);
}
