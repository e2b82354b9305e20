//! What has been in a store and is gone is missed: nobody is answered, scored or contacted as if it had never been.

use std::fs;

use serde_json::{Value, json};

use crate::kept_shop::{keep, listed};
use crate::server::{Server, slug};
use crate::support::{done, failed, folder};

#[test]
fn a_kept_history_that_is_gone_is_missed_by_every_command() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let shown = store.display();
    // A store of before there were marks gets them when it is read.
    fs::remove_file(store.join("history.kept")).unwrap();
    done(&format!("score --store {shown} --out {}", folder.path().join("s.csv").display()));
    let purchases = folder.path().join("p.csv");
    fs::write(&purchases, "customer_id,order_id,ts,amount\nsomebody,1,2023-12-07,5\n").unwrap();
    fs::remove_dir_all(store.join("history")).unwrap();
    for command in [
        format!("score --store {shown} --out {}", folder.path().join("s.csv").display()),
        format!("ingest --purchases {} --store {shown}", purchases.display()),
        format!(
            "features --store {shown} --as-of 2023-12-08 --out {}",
            folder.path().join("f.parquet").display()
        ),
    ] {
        let (code, said) = failed(&command);
        assert!(code == 5 || code == 1, "{command}: {code}");
        assert!(said.contains("history: is gone, and has been there: put it back from a copy"), "{said}");
    }
    // Whoever means to begin anew says so.
    fs::remove_file(store.join("history.kept")).unwrap();
    done(&format!("ingest --purchases {} --store {shown}", purchases.display()));
}

#[test]
fn a_server_whose_history_goes_away_answers_nobody_from_events_alone() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let customer = listed().0[3].clone();
    let server = Server::start(&store.display().to_string());
    let event = json!({"events": [{"customer_id": customer, "purchases": [
        {"order_id": "new", "ts": "2023-12-05T10:00:00Z", "amount": 12.5}]}]});
    assert_eq!(server.post("/v1/events", event.to_string().as_bytes()).0, 200);
    fs::rename(store.join("history"), store.join("elsewhere")).unwrap();
    let (status, answer) = server.score(&json!({"customer_id": customer, "as_of": "2023-12-08"}));
    assert_eq!((status, slug(&answer)), (500, "bad-store"), "{answer}");
    fs::rename(store.join("elsewhere"), store.join("history")).unwrap();
    let (status, answer) = server.score(&json!({"customer_id": customer, "as_of": "2023-12-08"}));
    assert_eq!(status, 200, "{answer}");
}

#[test]
fn objections_that_go_away_with_the_whole_store_are_missed_by_a_server() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let shown = store.display().to_string();
    let customer = listed().0[3].clone();
    done(&format!("suppress add {customer} --store {shown}"));
    let server = Server::start(&shown);
    let ask = || server.score(&json!({"customer_id": customer, "as_of": "2023-12-08"}));
    let (status, answer) = ask();
    assert_eq!((status, &answer["action"]), (200, &Value::from("do nothing")), "{answer}");
    fs::rename(&store, folder.path().join("elsewhere")).unwrap();
    let (status, answer) = ask();
    assert_eq!((status, slug(&answer)), (500, "bad-store"), "{answer}");
}

/// Without its keys a server would answer whoever asks.
#[test]
fn a_state_that_is_gone_or_empty_is_not_begun_anew() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let shown = store.display().to_string();
    done(&format!("keys create --scope score --store {shown}"));
    drop(Server::start(&shown));
    for is_empty in [true, false] {
        for name in ["state.sqlite", "state.sqlite-wal", "state.sqlite-shm"] {
            let _ = fs::remove_file(store.join(name));
        }
        if is_empty {
            fs::write(store.join("state.sqlite"), "").unwrap();
        }
        for command in ["serve --listen 127.0.0.1:0", "keys list", "score --out x.csv"] {
            let (code, said) = failed(&format!("{command} --store {shown}"));
            assert!(code == 5 || code == 1, "{command}: {code}");
            assert!(said.contains("state.sqlite: is gone, and has been there"), "{said}");
        }
    }
}
