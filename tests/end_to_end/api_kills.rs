//! Promises 4 and 24: what was acknowledged is there after any kill, once.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::client::Client;
use crate::server::Server;
use crate::support::{folder, store_like_the_shops};

/// So many kills there are; more with this variable.
const KILLS: u64 = 10;
const KILLS_VARIABLE: &str = "MAINSTAY_KILLS";

/// A purchase of the order of this number.
fn event(order: &str) -> String {
    let purchase = json!({"order_id": order, "ts": "2024-01-01", "amount": 1.0});
    json!({"events": [{"customer_id": "c001", "purchases": [purchase]}]}).to_string()
}

fn send(client: &mut Client, order: &str) -> Option<crate::client::Answer> {
    let more = format!("content-type: application/json\r\nidempotency-key: {order}\r\n");
    client.send("POST", "/v1/events", &more, &event(order))
}

/// The orders in the state, whose database is sound.
fn orders(store: &Path) -> Vec<String> {
    let state = Connection::open(store.join("state.sqlite")).unwrap();
    let sound: String = state.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let mut query = state.prepare("SELECT content ->> 'order_id' FROM events ORDER BY sequence").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Promise 4: kills under write load lose nothing that was acknowledged, and leave a sound database.
#[test]
fn kills_under_write_load_lose_nothing_that_was_acknowledged() {
    let kills = std::env::var(KILLS_VARIABLE).map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let acknowledged = Mutex::new(Vec::new());
    for kill in 0..kills {
        let server = Server::start_with(&store.display().to_string(), "--log off");
        let address = server.address.clone();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let (address, acknowledged) = (&address, &acknowledged);
                scope.spawn(move || {
                    let Some(mut client) = Client::connect(address) else { return };
                    for number in 0.. {
                        let order = format!("{kill}-{writer}-{number}");
                        let Some(answer) = send(&mut client, &order) else { return };
                        assert_eq!((answer.status, &answer.body["accepted"]), (200, &1.into()));
                        acknowledged.lock().unwrap().push(order);
                    }
                });
            }
            // Dropped, it is killed: after another time each round.
            std::thread::sleep(Duration::from_millis(5 + kill * 37 % 120));
            drop(server);
        });
    }
    let (acknowledged, kept) = (acknowledged.into_inner().unwrap(), orders(&store));
    let once: BTreeSet<&String> = kept.iter().collect();
    assert_eq!(once.len(), kept.len(), "nothing is there twice");
    assert!(acknowledged.iter().all(|order| once.contains(order)), "what was acknowledged is there");
    assert!(acknowledged.len() as u64 > kills, "{}", acknowledged.len());

    // Sent again after all the kills, each is answered as it was then.
    let server = Server::start_with(&store.display().to_string(), "--log off");
    let mut client = Client::connect(&server.address).unwrap();
    for order in acknowledged.iter().step_by(acknowledged.len() / 50 + 1) {
        let answer = send(&mut client, order).unwrap();
        assert_eq!((answer.status, &answer.body["accepted"]), (200, &1.into()));
        assert!(answer.head.contains("idempotent-replayed: true"), "{}", answer.head);
    }
    drop(server);
    assert_eq!(orders(&store).len(), kept.len());
}

/// Promise 24: a hundred requests with one key, at once and across a kill, do one thing.
#[test]
fn a_hundred_requests_with_one_key_do_one_thing_also_across_a_kill() {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    let ask = |server: &Server| -> u32 {
        std::thread::scope(|scope| {
            let ask = || {
                let answer = send(&mut Client::connect(&server.address).unwrap(), "one").unwrap();
                assert_eq!((answer.status, &answer.body["accepted"]), (200, &1.into()), "{}", answer.body);
                u32::from(answer.head.contains("idempotent-replayed: true"))
            };
            let asked: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).sum()
        })
    };
    let server = Server::start_with(&store.display().to_string(), "--log off");
    assert_eq!(ask(&server), 99);
    drop(server);
    let server = Server::start_with(&store.display().to_string(), "--log off");
    assert_eq!(ask(&server), 100);
    drop(server);
    assert_eq!(orders(&store), ["one"]);
}
