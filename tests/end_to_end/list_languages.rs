//! The at-risk list in English and Chinese, whichever it was scored in.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::list::rows;
use crate::support::{done, folder, json, shop, store_like_the_shops};

/// Whether a text has Chinese characters.
pub(crate) fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| c > '\u{4e00}')
}

#[test]
fn a_list_in_chinese_has_the_offers_words_in_chinese() {
    let row = &rows("--language zh --offer voucher --top 1")[0];
    assert_eq!(row["say"], "感谢您一直以来的支持，送您一张10元优惠券，下次下单即可使用。");
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
    // What is shown can be asked for.
    assert_eq!(rows("--all --tier 关键客户 --stage 退化期"), rows("--all --tier key --stage declining"));
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
            "回本概率",
            "主要因素一"
        ]
    );
    // Chinese characters and the like are two wide: seen so, the last column begins where its heading does.
    let (before, _) = header.split_once("主要因素一").unwrap();
    let width = |text: &str| text.chars().map(|c| if c < '\u{1100}' { 1 } else { 2 }).sum::<usize>();
    let begins = |line: &str| {
        line.char_indices().any(|(at, _)| width(&line[..at]) == width(before) && line[..at].ends_with("  "))
    };
    assert!(table.lines().all(begins), "{table}");
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
    for text in ["客户编号", "预计流失价值", "话术", "关键客户"] {
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
