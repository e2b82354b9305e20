//! What happens between two files: it counts from the moment it is acknowledged on, and once.

use std::fs;
use std::path::Path;

use mainstay::state::State;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::evening::Evening;
use crate::kept_shop::{keep, listed};
use crate::server::{Server, agent, lines, request, slug};
use crate::support::{self, done, folder, run, store_like_the_shops};

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
fn a_complaint_that_is_told_again_as_resolved_is_one() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let customer = listed().0[5].clone();
    let server = Server::start(&store.display().to_string());
    let score = |as_of: &str| {
        let body = json!({"customer_id": customer, "as_of": as_of});
        let (status, answer) = server.score(&body);
        assert_eq!(status, 200, "{answer}");
        let reasons = answer["reasons"].as_array().unwrap();
        let reason = reasons.iter().find(|reason| reason["feature"] == "complaint_count").unwrap();
        (reason["value"].as_f64().unwrap(), answer)
    };
    let complain = |complaint: Value| {
        let body = json!({"events": [{"customer_id": customer, "complaints": [complaint]}]});
        let (status, _, answer) = server.post("/v1/events", body.to_string().as_bytes());
        assert_eq!((status, &answer["accepted"]), (200, &json!(1)), "{answer}");
    };
    let (before, _) = score("2023-12-08");
    complain(json!({"ts": "2023-12-05T10:00:00Z", "severity": 2, "category": "late"}));
    let (open, _) = score("2023-12-08");
    complain(
        json!({"ts": "2023-12-05T10:00:00Z", "severity": 2, "category": "late", "resolved_at": "2023-12-07"}),
    );
    let (closed, _) = score("2023-12-08");
    assert_eq!((open - before, closed - before), (1.0, 1.0));
    complain(json!({"ts": "2023-12-05T10:00:00Z", "severity": 2, "category": "rude"}));
    assert_eq!(score("2023-12-08").0 - before, 2.0, "another complaint");
}

#[test]
fn lines_that_are_alike_count_one_by_one_wherever_in_a_request_they_are() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let server = Server::start(&store.display().to_string());
    let line = json!({"order_id": "A", "ts": "2023-12-05T10:00:00Z", "amount": 10});
    let event = json!({"customer_id": listed().0[6], "purchases": [line]});
    let body = json!({"events": [event, event]}).to_string();
    for expected in [(2, 0), (0, 2)] {
        let (status, _, answer) = server.post("/v1/events", body.as_bytes());
        assert_eq!(status, 200, "{answer}");
        assert_eq!((&answer["accepted"], &answer["known"]), (&json!(expected.0), &json!(expected.1)));
    }
}

#[test]
fn a_time_that_does_not_say_its_zone_is_refused() {
    let server = Server::of_shop();
    let body = |ts: &str| {
        json!({"customer_id": "x", "as_of": "2023-12-08",
               "purchases": [{"order_id": 1, "ts": ts, "amount": 5}]})
    };
    for ts in ["2023-12-01", "2023-12-01T10:00:00Z", "2023-12-01T10:00:00+08:00"] {
        assert_eq!(server.score(&body(ts)).0, 200, "{ts}");
    }
    for ts in ["2023-12-01T10:00:00", "2023-12-01 10:00"] {
        let (status, problem) = server.score(&body(ts));
        assert_eq!((status, slug(&problem)), (422, "bad-input"), "{ts}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("purchases[0].ts: ") && detail.contains("has no zone"), "{detail}");
    }
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
    let ingested = support::json(&format!("ingest --purchases {} --store {at} --json", night.display()));
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

/// Has a store keep an event as versions did that took what is still to come.
fn keep_as_it_was(store: &Path, customer: &str, ts: &str) {
    let content = format!(r#"{{"order_id":"{ts}","ts":"{ts}","amount":12.5}}"#);
    let path = store.join("state.sqlite");
    drop(State::open(&path).unwrap());
    let insert =
        "INSERT INTO events (customer_id, kind, content, repeat, received) VALUES (?1, 'purchase', ?2, 0, 0)";
    assert_eq!(Connection::open(path).unwrap().execute(insert, [customer, &content]).unwrap(), 1);
}

/// The customers of the events that a store keeps beside its history.
fn beside(store: &Path) -> Vec<String> {
    let state = State::open(&store.join("state.sqlite")).unwrap();
    state.events().unwrap().into_iter().map(|recorded| recorded.event.customer_id).collect()
}

const SET_ASIDE: &str = "2 events that came over the API are dated later than now: they are set aside";

#[test]
fn what_is_still_to_come_and_was_kept_before_it_was_refused_is_set_aside_until_it_has_happened() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let (customers, _) = listed();
    keep_as_it_was(&store, "to come", "2362-12-01T00:00:00Z");
    keep_as_it_was(&store, &customers[0], "2362-12-01T00:00:00Z");
    keep_as_it_was(&store, "has come", "2023-12-01T00:00:00Z");
    let at = store.display();
    let server = Server::start(&at.to_string());
    let (later, now) = ("2362-12-02", "2023-12-08");
    let status =
        |customer: &str, as_of: &str| server.score(&json!({"customer_id": customer, "as_of": as_of})).0;
    assert_eq!((status("to come", later), status("has come", now)), (404, 200));

    // The list is of the last order that has happened, before the events are taken in and after.
    let scored = || {
        let out = folder.path().join("scores.csv");
        let output = run(&format!("score --store {at} --out {}", out.display()));
        assert!(String::from_utf8(output.stderr).unwrap().contains(SET_ASIDE));
        let rows = lines(&out);
        assert!(rows.iter().any(|row| row[0] == "has come"));
        (rows.len(), rows[0][1].clone())
    };
    let before = scored();
    assert_eq!(before.1, listed().1);
    let output = run(&format!("ingest --store {at} --json"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(SET_ASIDE), "{said}");
    let ingested: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&ingested["events_taken_in"], &ingested["events_set_aside"]), (&json!(1), &json!(2)));
    assert_eq!(beside(&store), ["to come", &customers[0]]);
    assert_eq!(scored(), before);
    assert_eq!((status("to come", later), status("has come", now)), (404, 200));
}

/// The API takes what local clocks say that are read as UTC; a list is of no instant that has not come.
#[test]
fn what_the_api_takes_of_later_today_is_in_no_list_before_it_has_happened() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let at = store.display();
    let later = mainstay::clock::now().plus("1d".parse().unwrap()).micros() - 3_600_000_000;
    let later = mainstay_features::units::Instant::from_micros(later).unwrap().to_string();
    let server = Server::start(&at.to_string());
    let purchases = json!([{"order_id": "later", "ts": later, "amount": 1}]);
    let body = json!({"events": [{"customer_id": "new", "purchases": purchases}]}).to_string();
    assert_eq!(server.post("/v1/events", body.as_bytes()).0, 200);
    let out = folder.path().join("scores.csv");
    done(&format!("score --store {at} --out {}", out.display()));
    assert_eq!(lines(&out)[0][1], listed().1);
    assert_eq!(support::json(&format!("ingest --store {at} --json"))["events_set_aside"], json!(1));
    assert_eq!(beside(&store), ["new"]);
}

#[test]
fn a_night_sets_aside_what_is_still_to_come() {
    let evening = Evening::new();
    let store = evening.at("store");
    keep_as_it_was(&store, "a", "2362-12-01T00:00:00Z");
    keep_as_it_was(&store, "b", "2362-12-01T00:00:00Z");
    let said = String::from_utf8(evening.run("").stderr).unwrap();
    assert!(said.contains(SET_ASIDE), "{said}");
    let record = evening.record();
    let events = record["steps"].as_array().unwrap().iter().find(|step| step["step"] == "events").unwrap();
    assert_eq!((&events["events_taken_in"], &events["events_set_aside"]), (&json!(0), &json!(2)));
    assert!(record["as_of"].as_str() < Some("2030"), "{record}");
    assert_eq!(beside(&store), ["a", "b"]);
}

/// What is the same to the millionth, to which it is kept, is the same; and what cannot be is refused.
#[test]
fn an_amount_in_other_digits_is_the_same_and_what_cannot_be_is_refused() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let customer = listed().0[5].clone();
    let server = Server::start(&store.display().to_string());
    let send = |told: Value| {
        let mut happened = json!({"customer_id": customer});
        happened.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
        let body = json!({"events": [happened]});
        let (status, _, answer) = server.post("/v1/events", body.to_string().as_bytes());
        (status, answer)
    };
    let purchase = |amount: f64| json!({"purchases": [{"order_id": "n", "ts": "2023-12-05T10:00:00Z", "amount": amount}]});
    for (amount, accepted) in [(0.3, 1), (0.1 + 0.2, 0), (0.300_000_4, 0), (0.300_001, 1)] {
        let (status, answer) = send(purchase(amount));
        assert_eq!((status, &answer["accepted"]), (200, &json!(accepted)), "{amount}: {answer}");
    }
    let long = "a".repeat(1025);
    for (told, why) in [
        (json!({"customer_id": long}), "customer_id: 1025 bytes long"),
        (
            json!({"purchases": [{"order_id": long, "ts": "2023-12-05", "amount": 1}]}),
            "order_id: 1025 bytes long",
        ),
        (
            json!({"complaints": [{"ts": "2023-12-05", "resolved_at": "2999-01-01"}]}),
            "resolved_at: 2999-01-01T00:00:00Z is still to come",
        ),
    ] {
        let (status, answer) = send(told);
        let detail = answer["detail"].as_str().unwrap();
        assert!(status == 422 && detail.contains(why) && detail.len() < 200, "{answer}");
    }
    let (status, answer) =
        server.score(&json!({"customer_id": customer, "as_of": "2023-12-08", "churn_cause": "nonsense"}));
    let detail = answer["detail"].as_str().unwrap();
    assert!(status == 422 && detail.contains("\"nonsense\" is no cause; there are: natural, "), "{answer}");

    // Identifiers were of any length once: what was acknowledged then stops no night now.
    keep_as_it_was(&store, &"a".repeat(2000), "2023-12-01T00:00:00Z");
    let ingested = support::json(&format!("ingest --store {} --json", store.display()));
    assert_eq!(ingested["events_taken_in"], json!(3));
}

/// By two channels at one instant a customer was contacted twice; how is kept as files say it.
#[test]
fn contacts_are_told_apart_by_channel_and_offer() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let customer = listed().0[5].clone();
    let server = Server::start(&store.display().to_string());
    for (contact, accepted) in [
        (json!({"ts": "2023-12-05", "channel": "sms", "offer": "voucher"}), 1),
        (json!({"ts": "2023-12-05T00:00:00Z", "channel": "sms", "offer": "voucher"}), 0),
        (json!({"ts": "2023-12-05", "channel": "phone"}), 1),
    ] {
        let body = json!({"events": [{"customer_id": customer, "contacts": [contact]}]});
        let (status, _, answer) = server.post("/v1/events", body.to_string().as_bytes());
        assert_eq!((status, &answer["accepted"]), (200, &json!(accepted)), "{answer}");
    }
}
