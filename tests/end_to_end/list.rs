//! The at-risk list: what a retention team asks for, and what it can do with the file.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::support::{done, failed, folder, json, run, shop, store_like_the_shops};

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

/// Whether a text has Chinese characters.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| c > '\u{4e00}')
}

#[test]
fn a_list_in_chinese_has_the_offers_words_in_chinese() {
    let row = &rows("--language zh --offer voucher --top 1")[0];
    assert_eq!(row["say"], "感谢您一直以来的支持，这是一张10.00元的优惠券，下次下单即可使用。");
    assert!(is_chinese(row["play"].as_str().unwrap()));
}

/// Scored in English, and told in Chinese: the same facts in other words, and what scripts read stays as it is.
#[test]
fn a_list_scored_in_english_is_told_in_chinese() {
    let (english, chinese) = (rows("--all"), rows("--all --language zh"));
    assert_eq!(english.len(), chinese.len());
    let told = |text: &Value, language: &str, customer: &Value| {
        if let Some(text) = text.as_str() {
            assert_eq!(is_chinese(text), language == "zh", "{customer}: {text}");
        }
    };
    let mut with_evidence = 0;
    for (english, chinese) in english.iter().zip(&chinese) {
        let customer = &english["customer_id"];
        for (name, value) in english.as_object().unwrap() {
            match name.as_str() {
                "reason_1" | "reason_2" | "reason_3" | "cause_evidence" => {
                    told(value, "en", customer);
                    told(&chinese[name], "zh", customer);
                    assert_eq!(value.is_null(), chinese[name].is_null(), "{customer} {name}");
                }
                "play" | "say" | "change" => {}
                _ => assert_eq!(value, &chinese[name], "{customer} {name}"),
            }
        }
        with_evidence += usize::from(!english["cause_evidence"].is_null());
    }
    assert!(with_evidence > 5, "{with_evidence}");
    // The reason asked for is one in the language that is shown.
    let silent = rows("--all --language zh --reason 未下单");
    assert!(!silent.is_empty() && silent.len() < chinese.len());
    assert!(silent.iter().all(|row| row.to_string().contains("未下单")));
    assert_eq!(rows("--all --language zh --reason order").len(), 0);
}

#[test]
fn tables_and_spreadsheets_in_chinese_are_for_people_and_csv_is_for_scripts() {
    let store = shop().store.display().to_string();
    let list = |arguments: &str| done(&format!("list --store {store} --language zh {arguments}"));
    let table = list("--top 30");
    let header = table.lines().next().unwrap();
    let headings: Vec<&str> = header.split_whitespace().collect();
    assert_eq!(
        headings,
        [
            "客户编号",
            "流失概率",
            "客户终身价值",
            "客户等级",
            "建议行动",
            "预期净收益",
            "划算的概率",
            "理由一"
        ]
    );
    // Chinese characters and the like are two wide: seen so, every line ends where the others do.
    let width = |line: &str| line.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum::<usize>();
    assert!(table.lines().all(|line| width(line) == width(header)), "{table}");
    assert!(table.contains("关键客户") && table.contains('%') && !table.contains(" %"), "{table}");
    let all = list("--all --columns customer_id,action,lifecycle_stage,likely_cause,break_even_incentive");
    assert!(all.contains("失望") && all.contains("退化期") && !all.contains("declining"), "{all}");

    let csv = list("--all --format csv");
    let columns = csv.lines().next().unwrap();
    assert!(
        columns.is_ascii() && columns.contains("reason_1") && columns.contains("reason_codes"),
        "{columns}"
    );
    assert!(csv.contains(",disappointment,") && csv.contains(",key,"));

    let folder = folder();
    let path = folder.path().join("list.xlsx");
    list(&format!("--all --out {}", path.display()));
    let mut archive = zip::ZipArchive::new(fs::File::open(&path).unwrap()).unwrap();
    let mut texts = String::new();
    archive.by_name("xl/sharedStrings.xml").unwrap().read_to_string(&mut texts).unwrap();
    for text in ["客户编号", "面临流失的价值", "话术", "关键客户"] {
        assert!(texts.contains(text), "{text}");
    }
    assert!(!texts.contains("reason_codes") && !texts.contains("理由代码"), "people read the sentences");
}

#[test]
fn to_do_nothing_is_said_in_words() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    store_like_the_shops(&path("store"));
    let dear = "[[offer]]\nname = \"visit\"\ncontact_cost = 100000.0\nincentive = 0.0\nsave_rate = 0.1\n\
                save_rate_sd = 0.01\ntake_up = 0.0\ndriven_away = 0.0\n";
    fs::write(path("offers.toml"), dear).unwrap();
    let (store, offers) = (path("store").display().to_string(), path("offers.toml").display().to_string());
    done(&format!(
        "score {} --store {store} --offers {offers} --out {}",
        shop().input(),
        path("scores.csv").display()
    ));
    let list =
        |language: &str| done(&format!("list --store {store} --offers {offers} --language {language}"));
    assert!(list("zh").contains(" 不采取行动 ") && !list("zh").contains("do nothing"));
    assert!(list("en").contains(" do nothing "));
}

/// A list in Chinese, read back, is told in English again: its codes say what its sentences do.
#[test]
fn a_list_scored_in_chinese_is_told_in_english() {
    let folder = folder();
    let (store, out) = (folder.path().join("store"), folder.path().join("scores.csv"));
    store_like_the_shops(&store);
    let score = |language: &str, out: &Path| {
        let (input, store, out) = (shop().input(), store.display(), out.display());
        done(&format!("score {input} --store {store} --language {language} --out {out}"));
    };
    score("zh", &out);
    let mut reader = csv::Reader::from_path(&out).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let scored: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(scored.iter().all(|row| is_chinese(&row[at("reason_1")])));
    assert!(
        scored.iter().all(|row| row[at("reason_codes")].is_ascii() && &row[at("value_tier")] != "关键客户")
    );
    let code =
        |row: &&csv::StringRecord| row[at("reason_codes")].starts_with("silence_ratio leaving recency_days=");
    assert!(scored.iter().any(|row| code(&row)), "{:?}", scored.first());

    let list = |from: &str, language: &str| {
        json(&format!("list {from} --all --sort customer --format json --language {language}"))
    };
    let (from_file, from_store) =
        (format!("--scores {}", out.display()), format!("--store {}", store.display()));
    let english =
        json(&format!("list --scores {} --all --sort customer --format json", shop().scores.display()));
    assert_eq!(list(&from_file, "en"), english);
    assert_eq!(list(&from_store, "en"), english);
    assert_eq!(list(&from_store, "zh"), list(&format!("--scores {}", shop().scores.display()), "zh"));
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
