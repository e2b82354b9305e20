//! Models in use: which there are and which serves, what each is good for, and whether the shop is still the one it learnt
//! from.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{CDNOW, command, done, failed, folder, json, run, shop};

/// Trains on the small shop as of a day with a seed, and puts the model into service; its name.
fn train(store: &Path, seed: u32) -> String {
    let (input, store) = (shop().input(), store.display());
    let trained = json(&format!(
        "train {input} --horizon 60d --lookback 180d --seed {seed} --promote --store {store} --json"
    ));
    trained["model"].as_str().unwrap().to_owned()
}

/// The model in service, and all there are.
fn listed(store: &Path) -> (String, Vec<String>) {
    let list = json(&format!("models list --json --store {}", store.display()));
    let models = list["models"].as_array().unwrap();
    let name = |model: &Value| model["model"].as_str().unwrap().to_owned();
    let serving: Vec<String> = models.iter().filter(|model| model["in_service"] == true).map(name).collect();
    assert_eq!(serving.len(), 1, "{list}");
    (serving[0].clone(), models.iter().map(name).collect())
}

#[test]
fn a_model_is_promoted_and_rolled_back_and_none_is_lost() {
    let folder = folder();
    let store = folder.path().join("store");
    let at = store.display();
    let (first, second) = (train(&store, 1), train(&store, 2));
    assert_ne!(first, second);
    let bytes = fs::read(store.join("model.mainstay")).unwrap();
    assert_eq!(listed(&store).0, second);

    assert_eq!(done(&format!("models rollback --store {at}")), format!("in service: {first}\n"));
    let (serving, all) = listed(&store);
    assert_eq!((serving.as_str(), all.len()), (first.as_str(), 2));
    let (code, complaint) = failed(&format!("models rollback --store {at}"));
    assert_eq!(code, 5);
    assert!(complaint.contains("no other model was in service before"), "{complaint}");

    let promoted = json(&format!("models promote {second} --json --store {at}"));
    assert_eq!(promoted["in_service"], second.as_str());
    assert!(fs::read(store.join("model.mainstay")).unwrap() == bytes, "the same file again");
    let history = json(&format!("models list --json --store {at}"))["history"].clone();
    let changes: Vec<&str> =
        history.as_array().unwrap().iter().map(|served| served["change"].as_str().unwrap()).collect();
    assert_eq!(changes[changes.len() - 3..], ["train", "rollback", "promote"], "{history}");
    let (code, complaint) = failed(&format!("models promote ../../{second} --store {at}"));
    assert_eq!(code, 5);
    assert!(complaint.contains("no model ../../") && complaint.contains(&first), "{complaint}");
    let table = done(&format!("models list --store {at}"));
    assert!(table.contains(&first) && table.contains(&second), "{table}");
}

#[test]
fn a_damaged_model_beside_the_one_in_service_is_named_and_left_out() {
    let folder = folder();
    let store = folder.path().join("store");
    fs::create_dir_all(store.join("models")).unwrap();
    fs::copy(shop().store.join("model.mainstay"), store.join("model.mainstay")).unwrap();
    fs::write(store.join("models/broken.model"), b"no model").unwrap();
    let output = run(&format!("models list --json --store {}", store.display()));
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("broken.model is not a Mainstay model file"), "{said}");
    assert_eq!(listed(&store).1.len(), 1);
    assert_eq!(
        done(&format!("models list --store {}", folder.path().display())),
        "no models; train one with mainstay train\n"
    );
}

#[test]
fn the_card_says_what_the_model_is_for_and_what_not() {
    let store = shop().store.display();
    let (serving, _) = listed(&shop().store);
    let card = done(&format!("models show --store {store}"));
    assert!(card.starts_with(&format!("# {serving}\n")), "{card}");
    for heading in [
        "What it is for",
        "What it is not for",
        "What it learnt from",
        "What it sees",
        "How good it is",
        "How it answers",
        "To make it again",
    ] {
        assert!(card.contains(&format!("\n## {heading}\n")), "{heading}\n{card}");
    }
    assert!(card.contains("buys nothing in the 60 days after") && card.contains("--seed 0"), "{card}");
    let json = json(&format!("models show {serving} --json --store {store}"));
    assert_eq!(json["model"], serving.as_str());
    assert!(card.contains(json["trained_until"].as_str().unwrap()));
    assert_eq!(failed(&format!("models show nobody --store {store}")).0, 5);
}

/// The customers a model was trained on have not moved; later ones have outcomes; amounts in another currency have moved.
#[test]
fn drift_is_found_where_the_shop_changed() {
    let folder = folder();
    let store = folder.path().join("store");
    let at = store.display();
    let trained =
        format!("train --purchases {CDNOW} --horizon 90d --lookback 180d --as-of 1998-04-01 --store {at}");
    done(&trained);
    let same = json(&format!("drift --purchases {CDNOW} --as-of 1998-01-01 --json --store {at}"));
    assert_eq!(same["rows"], same["trained_rows"], "the very customers of the newest snapshot");
    assert!(same["matured"].is_null(), "their outcomes are what was learnt from");
    for feature in same["features"].as_array().unwrap() {
        assert_eq!(feature["verdict"], "steady", "{feature}");
        assert_eq!(feature["psi"], 0.0, "{feature}");
    }

    // Of later customers the outcome is known.
    let later = json(&format!("drift --purchases {CDNOW} --as-of 1998-07-01 --json --store {at}"));
    let matured = &later["matured"];
    assert_eq!(matured["cutoff"], "1998-04-02T00:00:00Z");
    let gap = &matured["calibration"]["gap"];
    let observed = matured["calibration"]["observed"].as_f64().unwrap();
    let predicted = matured["calibration"]["predicted"].as_f64().unwrap();
    assert!((gap["estimate"].as_f64().unwrap() - (observed - predicted)).abs() < 1e-12);
    assert!(
        gap["low"].as_f64() < gap["estimate"].as_f64() && gap["estimate"].as_f64() < gap["high"].as_f64()
    );

    // Amounts in another currency: money moved, counts did not.
    let dear = folder.path().join("dear.csv");
    let purchases = fs::read_to_string(shop().purchases.clone()).unwrap();
    let shop_store = shop().store.display();
    let mut lines = purchases.lines();
    let mut text = format!("{}\n", lines.next().unwrap());
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let amount: f64 = fields[3].parse().unwrap();
        text += &format!("{},{},{},{}\n", fields[0], fields[1], fields[2], 10.0 * amount);
    }
    fs::write(&dear, text).unwrap();
    let complaints = shop().complaints.display();
    let mut changed =
        command(&format!("drift --complaints {complaints} --exit-code --json --store {shop_store}"));
    let output = changed.arg("--purchases").arg(&dear).output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    let changed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(changed["drifted"], true);
    let verdict = |name: &str| {
        let features = changed["features"].as_array().unwrap();
        features.iter().find(|feature| feature["feature"] == name).unwrap()["verdict"].clone()
    };
    assert_eq!(verdict("monetary"), "moved-far");
    let text = run(&format!("drift {} --store {shop_store}", shop().input()));
    assert_eq!(text.status.code(), Some(0), "without --exit-code it only tells");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("churn_probability") && text.contains("outcomes"), "{text}");
}

#[test]
fn the_report_of_a_backtest_is_one_page_that_needs_nothing_else() {
    let folder = folder();
    let report = folder.path().join("report.html");
    let backtest = format!("backtest {} --horizon 60d --lookback 180d --json", shop().input());
    let outcome = json(&format!("{backtest} --report {}", report.display()));
    let html = fs::read_to_string(&report).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>"));
    assert_eq!(html.matches("<svg").count(), 4);
    for reference in ["<script", "src=", "href=", "url(", "@import", "NaN"] {
        assert!(!html.contains(reference), "{reference}");
    }
    let rows = outcome["models"].as_array().unwrap().iter().chain(outcome["baselines"].as_array().unwrap());
    for row in rows {
        let name = row["name"].as_str().unwrap();
        assert!(html.contains(name), "{name}");
        if let Some(log_loss) = row["log_loss"].as_f64() {
            assert!(html.contains(&format!("<td>{log_loss:.4}</td>")), "{name}");
        }
    }
    assert!(html.contains(outcome["test_cutoff"].as_str().unwrap()));
    assert!(html.contains("Verdict: "));
    let again = folder.path().join("again.html");
    json(&format!("{backtest} --report {}", again.display()));
    assert!(html == fs::read_to_string(&again).unwrap(), "the same bytes again");
    let purchases = shop().purchases.display();
    let (code, complaint) =
        failed(&format!("backtest --purchases {purchases} --horizon 60d --report {purchases}"));
    assert!(code == 2 || code == 6, "{code} {complaint}");
}

/// A model is told to be as good as it is: what it gains, and what part of the rule's log loss that is.
#[test]
fn the_verdict_tells_the_size_of_the_gain() {
    let folder = folder();
    let train = format!("train {} --horizon 60d --lookback 180d --promote --store", shop().input());
    let text = done(&format!("{train} {}", folder.path().join("a").display()));
    let trained = json(&format!("{train} {} --json", folder.path().join("b").display()));
    let judged = trained["judged"].as_str().unwrap();
    assert!(text.contains(&format!("verdict: {judged}\n")), "{text}");
    let (mut rows, mut loss) = (0.0, 0.0);
    for origin in trained["origins"].as_array().unwrap() {
        let number = origin["rows"].as_f64().unwrap();
        rows += number;
        loss += number * origin["rule"]["log_loss"].as_f64().unwrap();
    }
    let rule = loss / rows;
    let share = trained["verdict"]["over_rule"]["mean"].as_f64().unwrap() / rule;
    assert!(
        text.contains(&format!("), {:.1} % of its {rule:.4}\n", 100.0 * share)),
        "{share} of {rule}\n{text}"
    );
    assert_eq!(judged.contains("clearly"), trained["grade"] == "clearly_better" && share >= 0.02);
    assert!(done(&format!("models show --store {}", folder.path().join("a").display())).contains(judged));
}

/// A slip in a store's name is no empty store, and makes none.
#[test]
fn a_store_that_is_not_there_is_said() {
    let folder = folder();
    let typo = folder.path().join("typo");
    for command in [
        "models list",
        "models list --json",
        "models show",
        "models rollback",
        "models promote x",
        "keys list",
        "suppress list",
    ] {
        let (code, complaint) = failed(&format!("{command} --store {}", typo.display()));
        assert_eq!(code, 5, "{command}: {complaint}");
        assert!(complaint.contains("typo: there is no such folder"), "{command}: {complaint}");
        assert!(!typo.exists(), "{command}");
    }
    fs::create_dir(&typo).unwrap();
    assert!(done(&format!("models list --store {}", typo.display())).starts_with("no models"));
}
