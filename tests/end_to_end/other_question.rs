//! A model of another horizon takes over: its probabilities are not compared with those of the list before.

use std::fs;

use serde_json::Value;

use crate::evening::Evening;
use crate::server::Server;
use crate::support::{done, folder, json, run, shop, store_like_the_shops};

const NOT_TOLD: &str = "what has changed since the list before is not told: that one, as of ";
const BOTH: &str = "is of no purchase within 60 days at a lookback of 180, and this one of no purchase within 90 days at a \
                    lookback of 180";

/// What a command that succeeds says beside what it prints.
fn said(arguments: &str) -> String {
    let output = run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "mainstay {arguments}\n{said}");
    said
}

#[test]
fn lists_of_two_horizons_are_not_compared() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (store, input) = (at("store"), shop().input());
    store_like_the_shops(&folder.path().join("store"));
    let score = |as_of: &str| {
        said(&format!("score {input} --store {store} --as-of {as_of} --out {}", at("scores.csv")))
    };
    assert!(!score("2023-10-01").contains(NOT_TOLD));
    done(&format!("train {input} --horizon 90d --lookback 180d --store {store}"));
    let noted = score("2023-11-01");
    assert!(noted.contains(NOT_TOLD) && noted.contains(BOTH), "{noted}");

    let list = format!("list --store {store} --all --format json");
    let noted = said(&list);
    assert!(noted.contains(NOT_TOLD) && noted.contains(BOTH), "{noted}");
    let list = json(&list);
    let rows = list.as_array().unwrap();
    assert!(rows.len() > 100 && rows.iter().all(|row| row["change"] == Value::Null));
    let server = Server::start(&store);
    let (status, _, page) = server.get("/v1/at-risk?limit=10000");
    assert_eq!((status, &page), (200, &list));
    let one = rows[0]["customer_id"].as_str().unwrap();
    let (_, _, customer) = server.get(&format!("/v1/customers/{one}"));
    assert_eq!(customer["change"], Value::Null);
    assert_eq!(customer["scores"].as_array().unwrap().len(), 1, "the score before is of another horizon");

    // A month later both lists are of one horizon again.
    assert!(!score("2023-12-01").contains(NOT_TOLD));
    let changes = json(&format!("list --store {store} --all --columns change --format json"));
    assert!(changes.as_array().unwrap().iter().any(|row| row["change"] == "rising"));
}

#[test]
fn a_night_after_another_horizon_tells_no_change() {
    let evening = Evening::new();
    done(&format!(
        "train --store {} --horizon 90d --lookback 180d --as-of 2023-10-01",
        evening.at("store").display()
    ));
    let noted = String::from_utf8(evening.run("").stderr).unwrap();
    assert_eq!(noted.matches(NOT_TOLD).count(), 1, "{noted}");
    assert!(noted.contains(BOTH), "{noted}");
    let list = fs::read_to_string(evening.at("list.csv")).unwrap();
    assert!(
        ["new", "rising", "falling", "recovered"].iter().all(|change| !list.contains(&format!(",{change},"))),
        "{list}"
    );
}
