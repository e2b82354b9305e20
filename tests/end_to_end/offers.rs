//! Offers as their users meet them: what a row says is all it takes to recompute what was recommended.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::server::Server;
use crate::support::{Row, csv, done, failed, folder, json, number, shop, store_like_the_shops};

const OFFERS: &str = r#"
[[offer]]
name = "mail"
channel = "email"
contact_cost = 0.1
incentive = 0
save_rate = 0.02
save_rate_sd = 0.01
take_up = 0
driven_away = 0
words = { en = "Look what is new", zh = "看看新品" }

[[offer]]
name = "call"
channel = "phone"
contact_cost = 3
incentive = { share_of_next_order = 0.2, cap = 8 }
save_rate = 0.25
save_rate_sd = 0.1
take_up = 0.4
driven_away = 0.01
only_for = { tiers = ["key", "ordinary"], churn_probability = { from = 0.2 }, consent = true }
words = { en = "{incentive} off your next order", zh = "下单立减{incentive}元" }
"#;

/// A customers file in which the last digit of a customer says what they have said to calls: yes, no, or nothing.
fn consents(path: &Path) {
    let answer = |customer: usize| ["yes", "no", ""][customer % 3];
    let rows: String = (0..400).map(|customer| format!("c{customer:03},{}\n", answer(customer))).collect();
    fs::write(path, format!("customer_id,consent_phone\n{rows}")).unwrap();
}

/// A folder with offers, consents, and a list scored by them; and the flags that score it.
fn scored() -> (tempfile::TempDir, Vec<Row>, String) {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("offers.toml"), OFFERS).unwrap();
    consents(&at("customers.csv"));
    store_like_the_shops(&at("store"));
    let flags = format!(
        "{} --customers {} --store {} --offers {}",
        shop().input(),
        at("customers.csv").display(),
        at("store").display(),
        at("offers.toml").display()
    );
    done(&format!("score {flags} --out {}", at("scores.csv").display()));
    let rows = csv(&at("scores.csv"));
    (folder, rows, flags)
}

/// ECONOMICS.md section 1, from the row alone.
#[test]
fn a_reader_can_recompute_a_recommendation_from_the_row() {
    let (_folder, rows, _) = scored();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        *seen.entry(&row["action"]).or_default() += 1;
        let (p, v) = (number(row, "churn_probability"), number(row, "lifetime_value"));
        let (c, delta) = (number(row, "contact_cost"), number(row, "incentive"));
        let (gamma, psi, lambda) =
            (number(row, "save_rate"), number(row, "take_up"), number(row, "driven_away"));
        let nv = p * gamma * (v - delta) - (1.0 - p) * (psi * delta + lambda * v) - c;
        let close = |ours: f64, column: &str| (ours - number(row, column)).abs() < 1e-9 * (1.0 + v);
        assert!(close(nv, "net_value"), "{row:?}");
        assert!(close(p * gamma * v, "value_saved") && close((1.0 - p) * lambda * v, "value_driven_away"));
        assert!(
            close(p * gamma * delta, "incentive_to_saved")
                && close((1.0 - p) * psi * delta, "incentive_to_loyal")
        );
        if row["action"] == "call" {
            assert!((delta - (0.2 * number(row, "purchase_amount")).min(8.0)).abs() < 1e-9);
            assert!(["key", "ordinary"].contains(&row["value_tier"].as_str()) && p >= 0.2);
            assert_eq!(row["consent_phone"], "yes");
        }
        if row["action"] == "do nothing" {
            assert_eq!((nv, row["pays_probability"].as_str()), (0.0, ""));
        } else {
            assert!((0.0..=1.0).contains(&number(row, "pays_probability")) && nv > 0.0);
        }
    }
    assert!(seen["call"] > 5 && seen["mail"] > 5, "{seen:?}");
}

/// What was recommended is the best of what the ledger says could have been.
#[test]
fn the_ledger_has_every_offer_and_the_best_eligible_one_was_recommended() {
    let (folder, rows, _) = scored();
    let (store, offers) = (folder.path().join("store"), folder.path().join("offers.toml"));
    let out = folder.path().join("ledger.csv");
    done(&format!(
        "offers ledger --store {} --offers {} --out {}",
        store.display(),
        offers.display(),
        out.display()
    ));
    let ledger = csv(&out);
    assert_eq!(ledger.len(), 2 * rows.len());
    for (row, entries) in rows.iter().zip(ledger.chunks(2)) {
        let mut best = ("do nothing", 0.0);
        for entry in entries {
            assert_eq!(entry["customer_id"], row["customer_id"]);
            let parts = number(entry, "value_saved")
                - number(entry, "incentive_to_saved")
                - number(entry, "incentive_to_loyal")
                - number(entry, "value_driven_away")
                - number(entry, "contact_cost");
            assert!(
                (parts - number(entry, "net_value")).abs() < 1e-9 * (1.0 + number(row, "lifetime_value"))
            );
            if let Ok(at) = entry["break_even_probability"].parse::<f64>() {
                assert_eq!(number(entry, "net_value") > 0.0, number(row, "churn_probability") > at);
            }
            if entry["not_eligible"].is_empty() && number(entry, "net_value") > best.1 {
                best = (&entry["offer"], number(entry, "net_value"));
            }
        }
        assert_eq!((row["action"].as_str(), number(row, "net_value")), best);
    }
    let why: std::collections::BTreeSet<&str> =
        ledger.iter().map(|entry| entry["not_eligible"].as_str()).collect();
    assert!(why.contains("no consent to the channel") && why.contains("not for this tier"), "{why:?}");
}

#[test]
fn who_objects_is_in_no_list_and_is_recommended_nothing() {
    let (folder, rows, flags) = scored();
    let store = folder.path().join("store");
    let row = rows.iter().find(|row| row["action"] == "call").unwrap();
    let who = &row["customer_id"];
    let said = done(&format!("suppress add {who} nobody --store {}", store.display()));
    assert!(said.contains("2 added"), "{said}");

    let again = folder.path().join("again.csv");
    let said = done(&format!("score {flags} --out {}", again.display()));
    assert!(said.contains("1 customers object to marketing, and are left out"), "{said}");
    assert!(csv(&again).iter().all(|row| &row["customer_id"] != who));
    assert_eq!(csv(&again).len() + 1, rows.len());

    let server = Server::start(&format!(
        "{} --offers {}",
        store.display(),
        folder.path().join("offers.toml").display()
    ));
    let request = |consent: bool| {
        let mut request = crate::server::request(who, &row["as_of"]);
        request["consents"] = serde_json::json!({"phone": consent});
        request
    };
    assert_eq!(server.score(&request(true)).1["action"], "do nothing");
    assert_eq!(
        json(&format!("suppress list --json --store {}", store.display())),
        serde_json::json!([who, "nobody"])
    );
    done(&format!("suppress remove {who} --store {}", store.display()));
    let (_, answer) = server.score(&request(true));
    assert_eq!(
        (answer["action"].as_str(), answer["say"].as_str().unwrap().ends_with(" off your next order")),
        (Some("call"), true)
    );
    assert_eq!(
        answer["net_value"].as_f64().unwrap(),
        number(row, "net_value"),
        "the tiers are those of the list"
    );
    assert_ne!(server.score(&request(false)).1["action"], "call");

    // A channel is the same in capitals, and has one answer.
    let with = |consents: &str| {
        let request = crate::server::request(who, &row["as_of"]).to_string();
        format!("{}, \"consents\": {consents}}}", request.trim_end_matches('}'))
    };
    let post = |consents: &str| server.post("/v1/score", with(consents).as_bytes());
    assert_eq!(post(r#"{"PHONE": true}"#).2["action"], "call");
    assert_ne!(post(r#"{"Phone": false}"#).2["action"], "call");
    for twice in [r#"{"phone": false, "phone": true}"#, r#"{"phone": false, "PHONE": true}"#] {
        let (status, _, problem) = post(twice);
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("given twice"), "{problem}");
    }
}

#[test]
fn a_catalogue_is_checked_and_what_it_means_is_said() {
    let folder = folder();
    let path = folder.path().join("offers.toml");
    fs::write(&path, OFFERS).unwrap();
    let said = done(&format!("offers check {}", path.display()));
    for part in [
        "2 offers, and doing nothing",
        "call, by phone",
        "costs 3.00 a contact, and 20 % of the next order, at most 8.00, when redeemed",
        "keeps 25.0 % of those who would leave, give or take 10.0",
        "for key and ordinary customers, not where the cause is natural or forced, with a churn probability from 0.2 to 1, who have said yes to the channel",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert_eq!(json(&format!("offers check {} --json", path.display()))[1]["incentive"]["cap"], 8.0);
    // What is shown is a catalogue.
    fs::write(&path, done("offers show")).unwrap();
    assert!(done(&format!("offers check {}", path.display())).contains("voucher, by post"));
    fs::write(&path, OFFERS.replace("driven_away = 0.01", "driven_away = 0.7")).unwrap();
    let (code, said) = failed(&format!("offers check {}", path.display()));
    assert_eq!(code, 3);
    assert!(
        said.contains("offer \"call\", driven_away: 0.7 driven away and 0.4 taking the incentive"),
        "{said}"
    );
}
