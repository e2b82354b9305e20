//! Customers of whom only the five core features are known, through real HTTP.

use std::fs;

use serde_json::{Value, json};

use crate::kept_shop::keep;
use crate::server::{Server, features_of, lines, request, slug};
use crate::support::{done, folder, shop};

const CORE: [&str; 5] = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"];

/// All features of a customer who is scored, and the core of them.
fn features(server: &Server) -> (Value, Value) {
    let row = &lines(&shop().scores)[0];
    let (_, score) = server.score(&request(&row[0], &row[1]));
    assert_eq!(score["basis"], "all_features");
    let all = features_of(&score);
    let core: serde_json::Map<String, Value> =
        CORE.iter().map(|&name| (name.to_owned(), all[name].clone())).collect();
    (all, core.into())
}

#[test]
fn the_core_features_alone_are_answered_by_a_model_of_their_own_which_says_so() {
    let server = Server::start(&shop().store.display().to_string());
    let (all, core) = features(&server);
    let (status, score) = server.score(&json!({"features": core}));
    assert_eq!(status, 200, "{score}");
    assert_eq!(score["basis"], "core_features");
    let untold: Vec<&str> =
        score["untold_features"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(untold.len() + CORE.len(), all.as_object().unwrap().len());
    assert!(untold.contains(&"silence_ratio") && !untold.contains(&"tenure_days"), "{untold:?}");

    let reasons = score["reasons"].as_array().unwrap();
    let mut seen: Vec<&str> = reasons.iter().map(|reason| reason["feature"].as_str().unwrap()).collect();
    seen.retain(|&name| name != "expected_purchases");
    seen.sort_unstable();
    let mut names = CORE;
    names.sort_unstable();
    assert_eq!(seen, names, "reasons are of what it sees");
    let parts = reasons.iter().map(|reason| &reason["contribution"]);
    let parts = parts.chain([&score["base_log_odds"], &score["calibration"], &score["season_shift"]]);
    let log_odds: f64 = parts.map(|part| part.as_f64().unwrap()).sum();
    let p = 1.0 / (1.0 + (-log_odds).exp());
    assert!((p - score["churn_probability"].as_f64().unwrap()).abs() < 1e-9, "the parts add up: {p}");

    // The money rests on the core features, and is the same.
    let (_, full) = server.score(&json!({"features": all}));
    assert_eq!(full["basis"], "all_features");
    for same in ["lifetime_value", "purchases_if_kept", "model"] {
        assert_eq!(score[same], full[same], "{same}");
    }
}

#[test]
fn a_batch_of_both_answers_each_as_if_it_were_alone() {
    let server = Server::start(&shop().store.display().to_string());
    let (all, core) = features(&server);
    let requests: Vec<Value> =
        [&core, &all, &all, &core].iter().map(|features| json!({"features": features})).collect();
    for explain in [false, true] {
        let body = json!({"requests": requests, "explain": explain}).to_string();
        let (status, _, answer) = server.post("/v1/score:batch", body.as_bytes());
        assert_eq!(status, 200);
        for (place, request) in requests.iter().enumerate() {
            let (_, alone) = server.score(request);
            for same in ["churn_probability", "basis", "why", "action", "net_value"] {
                assert_eq!(answer["results"][place]["score"][same], alone[same], "{place}: {same}");
            }
        }
    }
}

/// To take what is not given for "no value" would be to guess.
#[test]
fn some_of_the_features_are_neither_all_nor_the_core() {
    let server = Server::start(&shop().store.display().to_string());
    let (_, core) = features(&server);
    let mut more = core.clone();
    more["silence_ratio"] = json!(1.5);
    let (status, problem) = server.score(&json!({"features": more}));
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().contains("the five core features alone"), "{problem}");
    let mut less = core.clone();
    less.as_object_mut().unwrap().remove("monetary");
    let (status, problem) = server.score(&json!({"features": less}));
    assert_eq!(status, 422);
    assert!(problem["detail"].as_str().unwrap().starts_with("features."), "{problem}");
    let mut none = core;
    none["monetary"] = Value::Null;
    let (status, problem) = server.score(&json!({"features": none}));
    assert_eq!(
        (status, problem["detail"].as_str().unwrap()),
        (422, "features.monetary: null, and it always has a value")
    );
}

#[test]
fn the_card_says_what_answers_with_the_core_alone() {
    let card = done(&format!("models show --store {}", shop().store.display()));
    assert!(card.contains("Asked with the five core features alone, "), "{card}");
}

/// A list is where tiers come from, and no score rests on it.
#[test]
fn a_damaged_list_takes_no_score_down() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let list = store.join("scores.parquet");
    let bytes = fs::read(&list).unwrap();
    fs::write(&list, &bytes[..1000]).unwrap();
    let server = Server::start(&store.display().to_string());
    let (_, core) = features(&server);
    let (status, score) = server.score(&json!({"features": core}));
    assert_eq!((status, &score["value_tier"]), (200, &Value::Null));
    let (status, _, problem) = server.get("/v1/at-risk");
    assert_eq!((status, slug(&problem)), (500, "bad-store"));
    let new = store.join("new.parquet");
    fs::write(&new, &bytes).unwrap();
    fs::rename(new, list).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    assert!(server.score(&json!({"features": core})).1["value_tier"].is_string());
}
