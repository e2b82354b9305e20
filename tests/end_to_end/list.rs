//! The at-risk list: what a retention team asks for.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::support::{done, failed, folder, json, run, shop, store_like_the_shops};

/// The rows of the small shop's list.
pub(crate) fn rows(arguments: &str) -> Vec<Value> {
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
        ("--stage silent", &|row| row["lifecycle_stage"] == "silent"),
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
    for arguments in [
        "--probability 0.8..0.2",
        "--probability 50..",
        "--tier gold",
        "--language fr",
        "--format csv --out list.csv",
    ] {
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
            let why = row["why_nothing"].as_str().unwrap();
            assert!(why.contains("does not pay") || why.contains("not for this"), "{why}");
            continue;
        }
        assert_eq!(row["why_nothing"], Value::Null);
        // The net value is above 0 because the probability is above the break-even.
        let is_always_or =
            |column: &str, holds: &dyn Fn(f64) -> bool| row[column] == "always" || holds(number(row, column));
        assert!(is_always_or("break_even_probability", &|at| at < number(row, "churn_probability")), "{row}");
        assert!(is_always_or("break_even_incentive", &|highest| highest > number(row, "incentive")), "{row}");
        if action == "voucher" {
            assert_eq!(row["say"], "As a thank-you, here is a voucher of 10.00 for your next order.");
        }
    }
    assert!(told["voucher"] > 0, "{told:?}");
}

#[test]
fn a_list_of_an_older_version_or_with_broken_codes_is_refused() {
    let folder = folder();
    let text = fs::read_to_string(&shop().scores).unwrap();
    let path = folder.path().join("scores.csv");
    let said = |text: &str| {
        fs::write(&path, text).unwrap();
        failed(&format!("list --scores {}", path.display()))
    };
    let older = text.replacen(",cause_evidence_code,reason_codes", "", 1);
    let (code, message) = said(&older);
    assert_eq!(code, 3, "{message}");
    let expected = "does not have the columns of a scored list of this version: there is no cause_evidence_code; write it with \
                    mainstay score";
    assert!(message.contains(expected), "{message}");
    let broken = text.replacen("silence_ratio leaving recency_days=", "silence_ratio leaving days=", 1);
    let (code, message) = said(&broken);
    assert_eq!(code, 3, "{message}");
    assert!(message.contains("column \"reason_codes\": \"silence_ratio leaving days="), "{message}");

    // Where only the list before is such, the newest is shown, without what has changed.
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    done(&format!("score {} --store {} --out {}", shop().input(), store.display(), path.display()));
    fs::write(store.join("scores-before.parquet"), "none").unwrap();
    let output = run(&format!("list --store {}", store.display()));
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("what has changed since the list before is not told: "), "{note}");
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

/// docs/segments.md: Σ weight × points, a point for each cut point that a value is above, of recency for each it is not.
#[test]
fn the_rfm_score_is_by_the_shops_own_weights_and_cut_points_and_the_matrix_splits_at_the_means() {
    let folder = folder();
    let rules = folder.path().join("rfm.toml");
    let cuts = [5.0, 10.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 270.0];
    fs::write(&rules, format!("weights = [7, 2, 1]\nrecency_days = {cuts:?}\nfrequency = {cuts:?}\n"))
        .unwrap();
    let all = rows(&format!("--all --rfm {}", rules.display()));
    let above = |value: f64| cuts.iter().filter(|&&cut| value > cut).count() as f64;
    for row in &all {
        let known = 7.0 * (10.0 - above(number(row, "recency_days"))) + 2.0 * above(number(row, "frequency"));
        let money = number(row, "rfm_score") - known;
        assert!((0.0..=10.0).contains(&money) && money.fract().abs() < 1e-9, "{row}");
    }
    let usual: Vec<f64> = rows("--all").iter().map(|row| number(row, "rfm_score")).collect();
    assert!(
        usual.iter().all(|score| (0.0..=100.0).contains(score)) && usual.iter().any(|score| *score > 60.0)
    );

    let sum = |of: &dyn Fn(&Value) -> f64| all.iter().map(of).sum::<f64>();
    let days = sum(&|row| number(row, "frequency"));
    let mean_amount = sum(&|row| number(row, "frequency") * number(row, "monetary")) / days;
    for row in &all {
        let is_frequent = number(row, "frequency") > days / all.len() as f64;
        let is_spender = number(row, "monetary") > mean_amount;
        let expected = match (is_frequent, is_spender) {
            (true, true) => "best",
            (false, true) => "spender",
            (true, false) => "frequent",
            (false, false) => "uncertain",
        };
        assert_eq!(row["value_matrix"], expected, "{row}");
    }

    fs::write(&rules, "weights = [7, 2, 2]").unwrap();
    let (code, said) = failed(&format!("list --store {} --rfm {}", shop().store.display(), rules.display()));
    assert!(code == 3 && said.contains("must be at least 0 and sum to 10"), "{code} {said}");
}

#[test]
fn a_list_with_a_bit_changed_is_refused_and_never_believed() {
    let folder = folder();
    store_like_the_shops(folder.path());
    let store = folder.path().display();
    done(&format!("score {} --store {store} --out {store}/out.csv", shop().input()));
    let list = format!("list --store {store} --top 100000 --format csv");
    let (path, expected) = (folder.path().join("scores.parquet"), done(&list));
    let bytes = fs::read(&path).unwrap();
    let footer_bytes = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
    // Bits of all of the file, and as many of its end, which says what the others mean.
    for (number, of) in (0..40).flat_map(|number| [(number, bytes.len()), (number, footer_bytes + 8)]) {
        let mut changed = bytes.clone();
        let bit = ((f64::from(number) * 0.618_033_988_75).fract() * (8 * of) as f64) as usize;
        changed[bytes.len() - of + bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, &changed).unwrap();
        let output = run(&list);
        let said = String::from_utf8(output.stderr).unwrap();
        match output.status.code() {
            // In the name of the checksum itself: it is then a list of an older version, and all else as it was.
            Some(0) => assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "bit {bit} of {of}"),
            code => assert_eq!(code, Some(5), "bit {bit} of {of}: {said}"),
        }
    }
}
