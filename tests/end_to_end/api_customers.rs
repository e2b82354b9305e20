//! What a CRM relies on: a customer scored by name, many at once, and what the newest list says of one.

use serde_json::{Value, json};

use crate::kept_shop::{keep, listed, server};
use crate::server::{Server, features_of, lines, request, slug};
use crate::support::{done, folder, shop};

#[test]
fn a_customer_by_name_alone_is_scored_as_by_history_in_the_list_and_in_a_batch_to_the_last_bit() {
    let (server, (customers, as_of)) = (server(), listed());
    let by_name: Vec<Value> = customers.iter().map(|id| json!({"customer_id": id, "as_of": as_of})).collect();
    let body = json!({"requests": by_name, "explain": true}).to_string();
    let (status, _, batch) = server.post("/v1/score:batch", body.as_bytes());
    assert_eq!(status, 200, "{batch}");
    let batch = batch["results"].as_array().unwrap();
    assert_eq!(batch.len(), customers.len());
    let list = lines(&shop().scores);
    for (place, row) in list.iter().enumerate().step_by(7) {
        let (status, by_name) = server.score(&by_name[place]);
        assert_eq!(status, 200, "{by_name}");
        let (_, by_history) = server.score(&request(&row[0], &as_of));
        assert_eq!(by_name, by_history);
        assert_eq!(batch[place]["score"], by_name, "explained, a batch says all of it");
        let (status, _, listed) = server.get(&format!("/v1/customers/{}", row[0]));
        assert_eq!(status, 200, "{listed}");
        for (name, column) in [("churn_probability", 2), ("lifetime_value", 3), ("net_value", 5)] {
            let bits = row[column].parse::<f64>().unwrap().to_bits();
            assert_eq!(by_name[name].as_f64().unwrap().to_bits(), bits, "{name} of {}", row[0]);
            assert_eq!(listed[name].as_f64().unwrap().to_bits(), bits, "{name} of {}", row[0]);
        }
        for same in [
            "customer_id",
            "as_of",
            "why",
            "action",
            "say",
            "value_tier",
            "lifecycle_stage",
            "likely_cause",
            "terms",
            "ledger",
            "pays_probability",
            "purchases_if_kept",
            "purchases_if_left",
            "purchase_amount",
            "break_even_save_rate",
            "break_even_incentive",
            "break_even_lifetime_value",
        ] {
            assert_eq!(listed[same], by_name[same], "{same} of {}", row[0]);
        }
    }
}

#[test]
fn a_batch_answers_each_by_itself_in_order() {
    let (server, (customers, as_of)) = (server(), listed());
    let (_, explained) = server.score(&request(&customers[0], &as_of));
    let requests = [
        json!({"features": features_of(&explained), "customer_id": 7}),
        json!({"customer_id": "nobody"}),
        json!({"features": {"recency_days": 5}}),
        json!("no request"),
        request(&customers[1], &as_of),
    ];
    let (status, _, answer) =
        server.post("/v1/score:batch", json!({"requests": requests}).to_string().as_bytes());
    assert_eq!(status, 200);
    let results = answer["results"].as_array().unwrap();
    assert_eq!(results.len(), requests.len());
    let score = &results[0]["score"];
    assert_eq!(score["churn_probability"], explained["churn_probability"]);
    assert_eq!((&score["why"], &score["customer_id"]), (&explained["why"], &json!(7)));
    assert!(score.get("reasons").is_none(), "only where asked for");
    for (place, status, slug, detail) in [
        (1, 404, "unknown-customer", "not in the history this server keeps"),
        (2, 422, "bad-input", "features.frequency: missing"),
        (3, 422, "bad-input", "invalid type: string"),
    ] {
        let problem = &results[place]["problem"];
        assert_eq!((&problem["status"], self::slug(problem)), (&json!(status), slug));
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    assert_eq!(results[4]["score"]["customer_id"], customers[1].as_str());

    let many = |count: usize| json!({"requests": vec![json!({"customer_id": "nobody"}); count]}).to_string();
    assert_eq!(server.post("/v1/score:batch", many(1000).as_bytes()).0, 200);
    let (status, _, problem) = server.post("/v1/score:batch", many(1001).as_bytes());
    assert_eq!((status, slug(&problem)), (413, "too-large"));
    for (sent, status) in
        [("{}", 422), ("[]", 422), (r#"{"requests": [], "more": 1}"#, 422), (r#"{"requests": []}"#, 200)]
    {
        assert_eq!(server.post("/v1/score:batch", sent.as_bytes()).0, status, "{sent}");
    }
}

#[test]
fn who_is_not_kept_or_has_lapsed_is_told_apart() {
    let server = server();
    let told = |body: Value| {
        let (status, problem) = server.score(&body);
        (status, slug(&problem).to_owned(), problem["detail"].as_str().unwrap().to_owned())
    };
    let (status, slug_of, detail) = told(json!({"customer_id": "nobody"}));
    assert_eq!((status, slug_of.as_str()), (404, "unknown-customer"));
    assert!(detail.contains("mainstay ingest"), "{detail}");
    // As of now, years after the shop's last order, everybody has left.
    let id = &listed().0[0];
    assert_eq!(told(json!({"customer_id": id})).1, "lapsed");
    assert_eq!(told(json!({"customer_id": id, "as_of": "2000-01-01"})).1, "too-little-data");
    assert_eq!(told(json!({"customer_id": id, "complaints": [{"ts": "2023-01-01"}]})).1, "bad-input");
    // A store that keeps no history says that it knows nobody.
    let without = Server::start(&shop().store.display().to_string());
    let (status, problem) = without.score(&json!({"customer_id": id}));
    assert_eq!((status, slug(&problem)), (404, "unknown-customer"));
}

#[test]
fn a_listed_customer_has_the_score_before_and_who_is_not_listed_is_told_why() {
    let (server, (customers, _)) = (server(), listed());
    let mut with_both = 0;
    for id in customers.iter().step_by(9) {
        let (status, _, customer) = server.get(&format!("/v1/customers/{id}?language=zh"));
        assert_eq!(status, 200);
        let scores = customer["scores"].as_array().unwrap();
        assert_eq!(scores[0]["churn_probability"], customer["churn_probability"]);
        if let Some(before) = scores.get(1) {
            assert_eq!(before["as_of"], "2023-11-01T00:00:00Z");
            let (_, then) = server.score(&json!({"customer_id": id, "as_of": "2023-11-01"}));
            assert_eq!(before["churn_probability"], then["churn_probability"]);
            with_both += 1;
        } else {
            assert_eq!(customer["change"], "新增");
        }
    }
    assert!(with_both > 5, "{with_both}");

    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let lapsed = (0..400).map(|number| format!("c{number:03}")).find(|id| !customers.contains(id)).unwrap();
    done(&format!("suppress add {} --store {}", customers[0], store.display()));
    done(&format!("score --store {} --out {}", store.display(), store.join("out.csv").display()));
    let server = Server::start(&store.display().to_string());
    for (id, why) in [
        (customers[0].as_str(), "objects to marketing"),
        (&lapsed, "has left already"),
        ("nobody", "no such customer"),
        ("..%2F..%2Fetc%2Fpasswd", "no such customer"),
        ("%3Cscript%3E", "no such customer"),
    ] {
        let (status, content_type, problem) = server.get(&format!("/v1/customers/{id}"));
        assert_eq!((status, content_type.as_str()), (404, "application/problem+json"), "{id}: {problem}");
        assert_eq!(slug(&problem), "not-listed");
        assert!(problem["detail"].as_str().unwrap().contains(why), "{id}: {problem}");
    }
    assert_eq!(server.get("/v1/customers/%ff").0, 400);
    assert_eq!(server.get("/v1/customers/c001?more=1").0, 400);
}
