//! What a CRM relies on: a customer scored by name, many at once, the list page by page, and the models behind them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::server::{Server, agent, features_of, lines, request};
use crate::support::{done, folder, shop, store_like_the_shops};

/// A store with the small shop's model, its history kept, and two lists of it: of 2023-11-01, and the newest.
fn kept() -> &'static Path {
    static KEPT: OnceLock<PathBuf> = OnceLock::new();
    KEPT.get_or_init(|| {
        let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept-shop");
        let _ = fs::remove_dir_all(&store);
        keep(&store);
        store
    })
}

fn keep(store: &Path) {
    store_like_the_shops(store);
    let (at, out) = (store.display(), store.join("out.csv"));
    done(&format!("ingest {} --store {at}", shop().input()));
    for as_of in ["--as-of 2023-11-01", ""] {
        done(&format!("score --store {at} {as_of} --out {}", out.display()));
    }
}

fn server() -> Server {
    Server::start(&kept().display().to_string())
}

/// The customers of the newest list, and its instant.
fn listed() -> (Vec<String>, String) {
    let rows = lines(&shop().scores);
    (rows.iter().map(|row| row[0].clone()).collect(), rows[0][1].clone())
}

fn slug(problem: &Value) -> &str {
    problem["type"].as_str().unwrap().rsplit(':').next().unwrap()
}

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

#[test]
fn the_list_comes_in_pages_that_are_the_whole_list_filtered_and_sorted() {
    let server = server();
    let store = kept().display();
    for (query, flags) in [
        ("", ""),
        ("sort=probability&probability=0.2..", "--sort probability --probability 0.2.."),
        ("sort=customer", "--sort customer"),
        (
            "tier=key,ordinary&stage=declining,stable&sort=lifetime_value&language=zh",
            "--tier key,ordinary --stage declining,stable --sort lifetime-value --language zh",
        ),
        ("cause=disappointment,need+changed&value_at_risk=1..", "--cause disappointment --value-at-risk 1.."),
        ("offer=do%20nothing&reason=day&net_value=..5", "--offer do\u{a0}nothing"),
    ] {
        let mut path = format!("/v1/at-risk?limit=17&{query}");
        let (mut rows, mut pages) = (Vec::new(), 0);
        loop {
            let (status, link, content_type, body) = server.get_as(&path, "*/*");
            assert_eq!((status, content_type.as_str()), (200, "application/json"), "{path}: {body}");
            rows.extend(serde_json::from_str::<Vec<Value>>(&body).unwrap());
            pages += 1;
            let Some(link) = link else { break };
            path = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
        }
        assert_eq!(pages, rows.len().div_ceil(17).max(1), "{query}");
        if flags.contains("offer") || flags.contains("cause") {
            assert!(
                rows.iter().all(|row| row["action"] == "do nothing" || !flags.contains("offer")),
                "{query}"
            );
            continue;
        }
        let printed = crate::support::json(&format!("list --store {store} {flags} --all --format json"));
        assert!(!rows.is_empty(), "{query}");
        assert_eq!(Value::Array(rows), printed, "{query}");
    }
}

#[test]
fn the_list_is_csv_for_whoever_prefers_it_with_formulas_defused() {
    let server = server();
    let (status, link, content_type, csv) =
        server.get_as("/v1/at-risk?limit=3&columns=customer_id,churn_probability", "text/csv");
    assert_eq!((status, content_type.as_str()), (200, "text/csv; charset=utf-8; header=present"));
    assert!(link.unwrap().contains("columns=customer_id,churn_probability&after="));
    assert_eq!(csv.lines().next(), Some("customer_id,churn_probability"));
    assert_eq!(csv.lines().count(), 4);

    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let id = &listed().0[0];
    fs::write(at("customers.csv"), format!("customer_id,name\n{id},\"=HYPERLINK(\"\"x\"\")\"\n")).unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let input = format!("{} --customers {}", shop().input(), at("customers.csv"));
    done(&format!("score {input} --store {} --out {}", at("store"), at("scores.csv")));
    let server = Server::start(&at("store"));
    let (.., csv) = server.get_as("/v1/at-risk?limit=1000&columns=customer_id,name", "text/csv");
    assert!(csv.contains(",\"'=HYPERLINK(\"\"x\"\")\""), "{csv}");
    let (.., json) = server.get_as("/v1/at-risk?limit=1000&columns=name", "application/json, text/csv;q=0.9");
    assert!(json.contains(r#""=HYPERLINK("#), "JSON needs no defusing: {json}");
}

#[test]
fn a_query_that_makes_no_sense_is_told_what_it_may_ask() {
    let server = server();
    for (query, detail) in [
        ("limit=0", "limit: 0 is not between 1 and 10000"),
        ("limit=10001", "limit: 10001"),
        ("limit=many", "limit"),
        ("probability=high", "probability: \"high\" is not a band"),
        ("probability=0.8..0.3", "probability: "),
        ("value_at_risk=NaN..", "value_at_risk: "),
        ("tier=golden", "tier: `golden` is no tier; there are: key"),
        ("cause=boredom", "cause: "),
        ("stage=dead", "stage: "),
        ("offer=yacht", "offer: \"yacht\" is no action"),
        ("sort=luck", "sort: "),
        ("columns=customer_id,luck", "columns: \"luck\" is no column"),
        ("after=page2", "after: is no place"),
        ("after=customer.0.0.61&sort=net_value", "after: is a place in a list sorted otherwise"),
        ("after=net_value.7ff8000000000000.0.61", "after: is no place"),
        ("language=fr", "language"),
        ("bottom=1", "bottom"),
        ("limit=1&limit=2", "limit"),
    ] {
        let (status, _, content_type, body) = server.get_as(&format!("/v1/at-risk?{query}"), "text/csv");
        assert_eq!((status, content_type.as_str()), (400, "application/problem+json"), "{query}: {body}");
        let problem: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(slug(&problem), "usage");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{query}: {problem}");
    }
}

#[test]
fn offers_are_as_the_command_prints_them() {
    let folder = folder();
    let file = folder.path().join("offers.toml");
    fs::write(&file, done("offers show")).unwrap();
    let printed = crate::support::json(&format!("offers check {} --json", file.display()));
    let (status, _, served) = server().get("/v1/offers");
    assert_eq!((status, &served["offers"]), (200, &printed));
}

#[test]
fn a_promoted_model_answers_the_next_request() {
    let folder = folder();
    let store = folder.path().join("store");
    let train = |seed: u32| {
        let (input, store) = (shop().input(), store.display());
        let flags = format!("--horizon 60d --lookback 180d --seed {seed} --promote --store {store} --json");
        let trained = crate::support::json(&format!("train {input} {flags}"));
        trained["model"].as_str().unwrap().to_owned()
    };
    let (first, second) = (train(1), train(2));
    let server = Server::start(&store.display().to_string());
    let (row, as_of) = (&listed().0[0], listed().1);
    let answering = || server.score(&request(row, &as_of)).1["model"].as_str().unwrap().to_owned();
    assert_eq!(answering(), second);
    let (status, _, answer) = server.post(&format!("/v1/models/{first}/promote"), b"");
    assert_eq!((status, answer), (200, json!({"in_service": first})));
    assert_eq!(answering(), first);
    let (_, _, models) = server.get("/v1/models");
    let serving: Vec<&Value> =
        models["models"].as_array().unwrap().iter().filter(|model| model["in_service"] == true).collect();
    assert_eq!((serving.len(), &serving[0]["model"]), (1, &json!(first)));
    assert_eq!(models["history"].as_array().unwrap().last().unwrap()["change"], "promote");
    assert!(!models.to_string().contains("store"), "no path of the machine");
    for unknown in ["nothing", "..%2F..%2Fmodel.mainstay", &format!("{first}%00")] {
        let (status, _, problem) = server.post(&format!("/v1/models/{unknown}/promote"), b"");
        assert_eq!((status, slug(&problem)), (404, "unknown-model"), "{problem}");
    }
    assert_eq!(answering(), first);
}

/// A customer of the kept shop, with the body of an event that has not been yet.
fn event(customer: &str) -> Value {
    json!({"events": [{
        "customer_id": customer,
        "purchases": [{"order_id": "new", "ts": "2023-12-05T10:00:00Z", "amount": 12.5},
                      {"order_id": "new", "ts": "2023-12-05T12:00:00+02:00", "amount": 12.5}],
        "complaints": [{"ts": "2023-12-06"}],
    }]})
}

#[test]
fn an_event_counts_from_its_answer_on_survives_a_kill_and_never_counts_twice() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let at = store.display().to_string();
    let customer = listed().0[3].clone();
    let body = json!({"customer_id": customer, "as_of": "2023-12-08"});
    let post = |server: &Server, body: &Value| {
        let (status, _, answer) = server.post("/v1/events", body.to_string().as_bytes());
        assert_eq!(status, 200, "{answer}");
        (answer["accepted"].as_u64().unwrap(), answer["known"].as_u64().unwrap())
    };
    let recency = |score: &Value| {
        let reasons = score["reasons"].as_array().unwrap();
        reasons.iter().find(|reason| reason["feature"] == "recency_days").unwrap()["value"].clone()
    };
    let mut server = Server::start(&at);
    let (_, before) = server.score(&body);
    // Two lines that are alike are two; sent again, in whatever way an instant is written, they are the same two.
    assert_eq!(post(&server, &event(&customer)), (3, 0));
    let (_, with) = server.score(&body);
    assert_eq!((recency(&with), recency(&before) == recency(&with)), (json!(2.0), false));
    assert_eq!(post(&server, &event(&customer)), (0, 3));
    assert_eq!(server.score(&body).1, with);
    // Dropped, it is killed: nothing that was answered is lost.
    drop(server);
    server = Server::start(&at);
    assert_eq!(server.score(&body).1, with);

    // The request that has all of it, and the list from the store, say the same to the last bit.
    let mut raw = request(&customer, "2023-12-08");
    let happened = event(&customer)["events"][0].clone();
    for lines in ["purchases", "complaints"] {
        let more = happened[lines].as_array().unwrap().clone();
        raw[lines].as_array_mut().unwrap().extend(more);
    }
    assert_eq!(server.score(&raw).1, with);
    let from_list = || {
        let out = folder.path().join("scores.csv");
        done(&format!("score --store {at} --as-of 2023-12-08 --out {}", out.display()));
        let rows = lines(&out);
        let row = rows.iter().find(|row| row[0] == customer).unwrap();
        row[2].parse::<f64>().unwrap().to_bits()
    };
    let said = with["churn_probability"].as_f64().unwrap().to_bits();
    assert_eq!(from_list(), said, "not taken in yet");

    // The night's file has the same purchase; then the events are taken in, and sent once more.
    let night = folder.path().join("night.csv");
    fs::write(
        &night,
        format!("customer_id,order_id,ts,amount\n{customer},new,2023-12-05T10:00:00Z,12.5\n{customer},new,2023-12-05T10:00:00Z,12.5\n"),
    )
    .unwrap();
    let ingested =
        crate::support::json(&format!("ingest --purchases {} --store {at} --json", night.display()));
    assert_eq!(ingested["events_taken_in"], 3, "{ingested}");
    assert_eq!(server.score(&body).1, with, "a newer history is read while the server runs");
    assert_eq!(from_list(), said, "taken in");
    assert_eq!(post(&server, &event(&customer)), (3, 0), "it is no longer known here that they were sent");
    assert_eq!(server.score(&body).1, with, "and they are left out, as the history has them");
    assert_eq!(from_list(), said);
}

#[test]
fn an_event_sent_again_by_its_key_is_answered_as_it_was() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let server = Server::start(&store.display().to_string());
    let send = |key: &str, customer: &str| {
        let request = agent()
            .post(format!("http://{}/v1/events", server.address))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        let mut response = request.send(event(customer).to_string().as_bytes()).unwrap();
        let replayed = response.headers().get("idempotent-replayed").is_some();
        let body: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
        (response.status().as_u16(), replayed, body)
    };
    assert_eq!(send("k1", "a"), (200, false, json!({"accepted": 3, "known": 0})));
    assert_eq!(send("k1", "a"), (200, true, json!({"accepted": 3, "known": 0})));
    assert_eq!(send("k2", "a"), (200, false, json!({"accepted": 0, "known": 3})));
    assert_eq!(slug(&send("k1", "b").2), "other-request");
}

#[test]
fn who_first_buys_over_the_api_is_known_from_then_on() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let server = Server::start(&store.display().to_string());
    let body = json!({"customer_id": "new", "as_of": "2023-12-08"});
    assert_eq!(server.score(&body).0, 404);
    let line = json!({"order_id": 1, "ts": "2023-12-01", "amount": 5});
    let sent = json!({"events": [{"customer_id": "new", "purchases": [line]}]});
    assert_eq!(server.post("/v1/events", sent.to_string().as_bytes()).0, 200);
    let (status, score) = server.score(&body);
    let (_, raw) = server.score(&json!({"customer_id": "new", "as_of": "2023-12-08", "purchases": [line]}));
    assert_eq!((status, &score), (200, &raw));
    // Though no file was ever ingested, the store has a history to score.
    let out = folder.path().join("scores.csv");
    done(&format!("score --store {} --as-of 2023-12-08 --out {}", store.display(), out.display()));
    let rows = lines(&out);
    assert_eq!((rows.len(), rows[0][0].as_str()), (1, "new"));
    assert_eq!(rows[0][2].parse::<f64>().unwrap(), score["churn_probability"].as_f64().unwrap());
}

#[test]
fn events_that_cannot_be_are_refused_whole() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let server = Server::start(&store.display().to_string());
    let sound = r#"{"customer_id": "a", "purchases": [{"order_id": 1, "ts": "2023-12-01", "amount": 5}]}"#;
    for (second, detail) in [
        (sound.replace("2023-12-01", "soon"), "events[1].purchases[0].ts: \"soon\" is not a date"),
        (
            sound.replace("2023-12-01", "2362-12-01"),
            "events[1].purchases[0].ts: 2362-12-01T00:00:00Z is still to come",
        ),
        (sound.replace(": 5", ": 1e300"), "events[1].purchases[0].amount: "),
        // Of a line that is not paid for, too.
        (sound.replace(": 5", ": 0, \"product_id\": \"\""), "events[1].purchases[0].product_id: empty"),
        (sound.replace(": 5", ": -5, \"discount\": 1e300"), "events[1].purchases[0].discount: "),
        (sound.replace("\"a\"", "\"\""), "events[1].customer_id: empty"),
        (sound.replace("purchases", "returns"), "unknown field `returns`"),
        (
            r#"{"customer_id": 1, "complaints": [{"ts": "2023-12-02", "resolved_at": "2023-12-01"}]}"#
                .to_owned(),
            "events[1].complaints[0].resolved_at: before the complaint",
        ),
        ("7".to_owned(), "invalid type"),
    ] {
        let body = format!(r#"{{"events": [{sound}, {second}]}}"#);
        let (status, _, problem) = server.post("/v1/events", body.as_bytes());
        assert_eq!((status, slug(&problem)), (422, "bad-input"), "{body}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{body}: {problem}");
    }
    let known = json!({"customer_id": "a", "as_of": "2023-12-08"});
    assert_eq!(server.score(&known).0, 404, "nothing of a request that is refused is kept");
    let many = json!({"events": vec![json!({"customer_id": 1}); 1001]}).to_string();
    assert_eq!(server.post("/v1/events", many.as_bytes()).0, 413);
}
