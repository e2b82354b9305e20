//! The API through real HTTP.

use std::fs;

use serde_json::{Value, json};

use crate::server::{Server, features_of, lines, request};
use crate::support::{done, folder, shop};

#[test]
fn a_score_from_raw_history_is_the_batch_score_to_the_last_bit() {
    let (server, mut compared) = (Server::of_shop(), 0);
    for row in lines(&shop().scores).iter().step_by(4) {
        let (status, score) = server.score(&request(&row[0], &row[1]));
        assert_eq!(status, 200, "{score}");
        assert_eq!(score["customer_id"], row[0].as_str());
        assert_eq!(score["as_of"], row[1].as_str());
        for (field, column) in [("churn_probability", 2), ("lifetime_value", 3), ("net_value", 5)] {
            let (api, batch) = (score[field].as_f64().unwrap(), row[column].parse::<f64>().unwrap());
            assert_eq!(api.to_bits(), batch.to_bits(), "{field} of {}: {api} {batch}", row[0]);
        }
        assert_eq!(score["action"], row[4].as_str());

        let features = features_of(&score);
        let (status, from_features) = server.score(&json!({"features": features}));
        assert_eq!(status, 200, "{from_features}");
        assert_eq!(
            from_features["churn_probability"], score["churn_probability"],
            "features give the same score"
        );
        assert_eq!(from_features["customer_id"], Value::Null);
        compared += 1;
    }
    assert!(compared > 30);
}

#[test]
fn an_answer_has_every_field_and_its_reasons() {
    let row = &lines(&shop().scores)[0];
    let (_, score) = Server::of_shop().score(&request(&row[0], &row[1]));
    let keys: Vec<&str> = score.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "customer_id",
            "as_of",
            "churn_probability",
            "why",
            "reasons",
            "base_log_odds",
            "calibration",
            "season_shift",
            "untold_features",
            "lifetime_value",
            "purchases_if_kept",
            "purchases_if_left",
            "purchase_amount",
            "lifetime_value_relative_sd",
            "value_tier",
            "lifecycle_stage",
            "likely_cause",
            "cause_evidence",
            "action",
            "why_nothing",
            "say",
            "net_value",
            "pays_probability",
            "terms",
            "ledger",
            "break_even_probability",
            "break_even_save_rate",
            "break_even_incentive",
            "break_even_lifetime_value",
            "basis",
            "model",
            "verdict"
        ]
    );
    let reasons = score["reasons"].as_array().unwrap();
    assert!(reasons.len() > 30, "every column the model sees: {}", reasons.len());
    let sizes: Vec<f64> = reasons.iter().map(|r| r["contribution"].as_f64().unwrap().abs()).collect();
    assert!(sizes.is_sorted_by(|a, b| a >= b), "the largest first: {sizes:?}");
    let parts = reasons.iter().map(|reason| &reason["contribution"]);
    let parts = parts.chain([&score["base_log_odds"], &score["calibration"], &score["season_shift"]]);
    let log_odds: f64 = parts.map(|part| part.as_f64().unwrap()).sum();
    let p = 1.0 / (1.0 + (-log_odds).exp());
    assert!((p - score["churn_probability"].as_f64().unwrap()).abs() < 1e-9, "the parts add up: {p}");
    let recency = reasons.iter().find(|reason| reason["feature"] == "recency_days").unwrap();
    assert_eq!(recency["value"].as_f64().unwrap(), row[6].parse::<f64>().unwrap());
    assert!(score["model"].as_str().unwrap().contains('-'));
    assert!(reasons.iter().all(|reason| !reason["text"].as_str().unwrap().is_empty()), "{reasons:?}");
    let days = format!("{} day", row[6]);
    assert!(recency["text"].as_str().unwrap().contains(&days), "{recency}");
    // The list has the same, before its codes.
    let why: Vec<&str> = score["why"].as_array().unwrap().iter().map(|why| why.as_str().unwrap()).collect();
    assert_eq!(
        why,
        row[row.len() - 5..row.len() - 2]
            .iter()
            .map(String::as_str)
            .filter(|why| !why.is_empty())
            .collect::<Vec<_>>()
    );
}

#[test]
fn an_answer_is_in_the_language_asked_for() {
    let (server, rows) = (Server::of_shop(), lines(&shop().scores));
    let is_chinese = |text: &Value| text.as_str().unwrap().chars().any(|c| c > '\u{4e00}');
    let row = rows.iter().find(|row| row[4] == "voucher").unwrap();
    let mut body = request(&row[0], &row[1]);
    let (_, english) = server.score(&body);
    body["language"] = json!("zh");
    let (status, chinese) = server.score(&body);
    assert_eq!(status, 200, "{chinese}");
    for (field, value) in english.as_object().unwrap() {
        match field.as_str() {
            "why" => assert!(chinese["why"].as_array().unwrap().iter().all(is_chinese)),
            "reasons" => assert!(
                chinese["reasons"].as_array().unwrap().iter().all(|reason| is_chinese(&reason["text"]))
            ),
            "cause_evidence" | "say" => assert!(is_chinese(&chinese[field]), "{field}"),
            _ => assert_eq!(&chinese[field], value, "{field}"),
        }
    }
    body["language"] = json!("fr");
    let (status, problem) = server.score(&body);
    assert_eq!((status, &problem["type"]), (422, &json!("urn:mainstay:problem:bad-input")));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("`fr`") && detail.contains("`en` or `zh`"), "{detail}");

    let (status, _, list) = server.get("/v1/at-risk?top=5&language=zh");
    let (_, _, in_english) = server.get("/v1/at-risk?top=5");
    assert_eq!(status, 200);
    for (chinese, english) in list.as_array().unwrap().iter().zip(in_english.as_array().unwrap()) {
        assert!(is_chinese(&chinese["reason_1"]) && !is_chinese(&english["reason_1"]));
        for same in ["customer_id", "action", "reason_codes", "value_tier"] {
            assert_eq!(chinese[same], english[same]);
        }
    }
    let (status, _, problem) = server.get("/v1/at-risk?language=fr");
    assert_eq!((status, &problem["type"]), (400, &json!("urn:mainstay:problem:usage")));
    assert!(problem["detail"].as_str().unwrap().contains("language"), "{problem}");
}

/// A model that has learnt from products, discounts, severities and contacts gives the same answer to a request that has
/// them as to the files, and says what a request without them cannot tell.
#[test]
fn a_request_can_tell_all_that_files_can() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut purchases = String::from("customer_id,order_id,ts,amount,product_id,discount\n");
    let mut complaints = String::from("customer_id,ts,severity,resolved_at\n");
    let mut contacts = String::from("customer_id,ts\n");
    for customer in 0..400 {
        for order in 0..=(customer % 7) {
            let day = 1 + (customer * 13 + order * 41) % 27;
            let month = 1 + (customer + order * 2) % 12;
            purchases += &format!(
                "c{customer},{order},2023-{month:02}-{day:02},{}.5,p{},{}\n",
                10 + (customer + order) % 9,
                (customer + order) % 5,
                order % 3
            );
        }
        if customer % 3 == 0 {
            complaints +=
                &format!("c{customer},2023-06-{:02},{},2023-07-01\n", 1 + customer % 28, customer % 4);
            contacts += &format!("c{customer},2023-08-{:02}\n", 1 + customer % 28);
        }
    }
    for (name, text) in [("p.csv", &purchases), ("q.csv", &complaints), ("r.csv", &contacts)] {
        std::fs::write(path(name), text).unwrap();
    }
    let input =
        format!("--purchases {} --complaints {} --contacts {}", path("p.csv"), path("q.csv"), path("r.csv"));
    let store = path("store");
    done(&format!("train {input} --horizon 60d --lookback 180d --store {store}"));
    let out = path("scores.csv");
    done(&format!("score {input} --store {store} --as-of 2023-12-28 --out {out}"));
    let server = Server::start(&store);
    let scored = lines(std::path::Path::new(&out));
    let row =
        scored.iter().find(|row| row[0].trim_start_matches('c').parse::<u32>().unwrap() % 3 == 0).unwrap();
    let of = |text: &str| -> Vec<Vec<String>> {
        let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
        text.lines().skip(1).map(fields).filter(|fields| fields[0] == row[0]).collect()
    };
    let number = |text: &str| text.parse::<f64>().unwrap();
    let told = |with_all: bool| -> Vec<Value> {
        let of_line = |fields: &Vec<String>| match with_all {
            true => json!({"order_id": fields[1], "ts": fields[2], "amount": number(&fields[3]),
                           "product_id": fields[4], "discount": number(&fields[5])}),
            false => json!({"order_id": fields[1], "ts": fields[2], "amount": number(&fields[3])}),
        };
        of(&purchases).iter().map(of_line).collect()
    };
    let complaints: Vec<Value> = of(&complaints)
        .iter()
        .map(|fields| json!({"ts": fields[1], "severity": number(&fields[2]), "resolved_at": fields[3]}))
        .collect();
    let contacts: Vec<Value> = of(&contacts).iter().map(|fields| json!({"ts": fields[1]})).collect();
    let (status, answer) = server.score(&json!({
        "customer_id": row[0], "as_of": "2023-12-28", "purchases": told(true),
        "complaints": complaints, "contacts": contacts
    }));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["churn_probability"].as_f64().unwrap(), number(&row[2]), "{answer}");
    assert_eq!(answer["untold_features"], json!([]));
    let (status, answer) =
        server.score(&json!({"customer_id": row[0], "as_of": "2023-12-28", "purchases": told(false)}));
    assert_eq!(status, 200, "{answer}");
    let untold = answer["untold_features"].to_string();
    assert!(untold.contains("product_count") && untold.contains("discount_share"), "{untold}");
    let reasons = answer["reasons"].as_array().unwrap();
    let of_contacts = reasons.iter().find(|reason| reason["feature"] == "days_since_contact").unwrap();
    assert_eq!(of_contacts["text"], Value::Null, "nobody said that there was none");
}

#[test]
fn the_at_risk_list_is_the_newest_scored_list() {
    let server = Server::of_shop();
    let (status, _, list) = server.get("/v1/at-risk?top=5");
    assert_eq!(status, 200);
    let store = shop().store.display();
    let printed = crate::support::json(&format!("list --store {store} --top 5 --format json"));
    for (row, printed) in list.as_array().unwrap().iter().zip(printed.as_array().unwrap()) {
        assert!(row.as_object().unwrap().iter().all(|(name, value)| &printed[name] == value), "{row}");
    }
}

#[test]
fn a_newer_list_is_served_without_a_restart() {
    let folder = folder();
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    fs::copy(shop().store.join("model.mainstay"), store.join("model.mainstay")).unwrap();
    let server = Server::start(&store.display().to_string());
    let (status, _, problem) = server.get("/v1/at-risk");
    assert_eq!((status, problem["type"].as_str().unwrap()), (404, "urn:mainstay:problem:no-scores"));

    let score = |as_of: &str| {
        let out = folder.path().join("out.csv");
        let (input, store) = (shop().input(), store.display());
        crate::support::done(&format!(
            "score {input} --as-of {as_of} --store {store} --out {}",
            out.display()
        ));
        let (status, _, list) = server.get("/v1/at-risk?top=1");
        assert_eq!(status, 200);
        list[0]["as_of"].as_str().unwrap().to_owned()
    };
    assert_eq!(score("2023-11-01"), "2023-11-01T00:00:00Z");
    assert_eq!(score("2023-11-02"), "2023-11-02T00:00:00Z");
}

#[test]
fn a_newer_model_answers_without_a_restart_and_a_broken_one_does_not() {
    let folder = folder();
    let store = folder.path().join("store");
    let train = |seed: u32| {
        let (input, store) = (shop().input(), store.display());
        let trained = crate::support::json(&format!(
            "train {input} --horizon 60d --lookback 180d --seed {seed} --promote --store {store} --json"
        ));
        trained["model"].as_str().unwrap().to_owned()
    };
    let first = train(1);
    let server = Server::start(&store.display().to_string());
    let answering = || server.get("/readyz").2["model"].as_str().unwrap().to_owned();
    assert_eq!(answering(), first);
    let second = train(2);
    assert_ne!(first, second);
    assert_eq!(answering(), second);
    fs::write(store.join("broken"), b"no model").unwrap();
    fs::rename(store.join("broken"), store.join("model.mainstay")).unwrap();
    assert_eq!(answering(), second);
}

#[test]
fn it_lives_is_ready_and_stops_when_told() {
    let server = Server::of_shop();
    assert_eq!(server.get("/livez").2, json!({"status": "alive"}));
    let (status, _, ready) = server.get("/readyz");
    assert_eq!((status, ready["status"].as_str()), (200, Some("ready")));
    assert!(ready["model"].as_str().is_some());
    // A connection that is kept open and idle must not hold the server up.
    let idle = std::net::TcpStream::connect(&server.address).unwrap();
    assert_eq!(server.terminate().code(), Some(0));
    drop(idle);
}

#[test]
fn an_answer_without_what_each_column_contributes_is_otherwise_the_same() {
    let (server, row) = (Server::of_shop(), lines(&shop().scores).remove(0));
    let history = request(&row[0], &row[1]);
    let (_, mut all) = server.score(&history);
    let mut asked = history.clone();
    asked["explain"] = json!(false);
    let (status, lean) = server.score(&asked);
    assert_eq!(status, 200, "{lean}");
    for field in ["reasons", "base_log_odds", "calibration", "season_shift"] {
        assert!(all.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    assert_eq!(lean, all);
    // In a batch a request's own word comes before that of all.
    let body = json!({"requests": [asked, history], "explain": true}).to_string();
    let (_, _, batch) = server.post("/v1/score:batch", body.as_bytes());
    assert_eq!(batch["results"][0]["score"], lean);
    assert!(batch["results"][1]["score"]["reasons"].is_array());
}
