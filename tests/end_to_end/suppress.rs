//! Who objects to marketing is on offer nowhere from that moment on, and not only from the next list on.

use std::path::Path;

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{Row, csv, done, failed, folder, json as told, run, shop, store_like_the_shops};

/// A store with a list of its own, and the customer whose action earns most of it.
fn scored(folder: &Path) -> (String, String) {
    let store = folder.join("store");
    store_like_the_shops(&store);
    let at = store.display().to_string();
    done(&format!("score {} --store {at} --out {}", shop().input(), folder.join("scores.parquet").display()));
    let best = told(&format!("list --store {at} --top 1 --format json"));
    assert_ne!(best[0]["action"], "do nothing");
    (at, best[0]["customer_id"].as_str().unwrap().to_owned())
}

#[test]
fn no_command_shows_who_has_objected_since_the_list_was_written() {
    let folder = folder();
    let (store, who) = scored(folder.path());
    let at = |name: &str| folder.path().join(name);
    // Without a folder ./var the list of a file is that of nobody's store: the store is named.
    let lists =
        [format!("--store {store}"), format!("--store {store} --scores {}", at("scores.parquet").display())];
    let shown = |list: &str, named: &str| -> Vec<(String, bool)> {
        let (out, plan, ledger) = (at("list.csv"), at("plan.csv"), at("ledger.csv"));
        done(&format!("list {list} --all --out {}", out.display()));
        done(&format!("plan {list} --out {}", plan.display()));
        done(&format!("offers ledger {list} --out {}", ledger.display()));
        let is_in = |path: &Path| csv(path).iter().any(|row: &Row| row["customer_id"] == named);
        vec![
            ("list".to_owned(), done(&format!("list {list} --all")).contains(named)),
            ("list --out".to_owned(), is_in(&out)),
            ("plan --out".to_owned(), is_in(&plan)),
            ("offers ledger".to_owned(), is_in(&ledger)),
        ]
    };
    for (change, is_shown) in [("", true), ("add", false), ("remove", true)] {
        if !change.is_empty() {
            done(&format!("suppress {change} {who} --store {store}"));
        }
        for list in &lists {
            for (command, has) in shown(list, &who) {
                assert_eq!(has, is_shown, "{command} {list} after {change:?}");
            }
        }
    }
}

#[test]
fn a_running_server_takes_who_objects_off_its_list_at_once() {
    let folder = folder();
    let (store, who) = scored(folder.path());
    let server = Server::start(&store);
    let listed = || -> Vec<Value> {
        let (status, _, page) = server.get("/v1/at-risk?limit=10000&columns=customer_id");
        assert_eq!(status, 200, "{page}");
        page.as_array().unwrap().iter().map(|row| row["customer_id"].clone()).collect()
    };
    let everyone = listed();
    assert_eq!(everyone[0], who.as_str());
    assert_eq!(server.get(&format!("/v1/customers/{who}")).0, 200);

    done(&format!("suppress add {who} --store {store}"));
    assert_eq!(listed(), everyone[1..], "and nobody else is missing");
    let (status, _, problem) = server.get(&format!("/v1/customers/{who}"));
    assert_eq!(status, 404, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("objects to marketing"), "{problem}");
    let purchases = json!([{"order_id": "1", "ts": "2023-01-01", "amount": 20}]);
    let asked = |language: &str| {
        let body =
            json!({"customer_id": who, "as_of": "2023-02-01", "purchases": purchases, "language": language});
        server.score(&body)
    };
    for (language, why) in [("en", "objects to marketing"), ("zh", "客户拒绝营销")] {
        let (status, score) = asked(language);
        assert_eq!(
            (status, &score["action"], &score["why_nothing"]),
            (200, &"do nothing".into(), &why.into()),
            "{score}"
        );
    }

    done(&format!("suppress remove {who} --store {store}"));
    assert_eq!(listed(), everyone);
}

/// Each objection comes by a process of its own, all at once.
#[test]
fn no_objection_is_lost_among_others() {
    let folder = folder();
    let store = folder.path().join("store");
    let (code, said) = failed(&format!("suppress add c0 --store {}", store.display()));
    assert!(code == 5 && said.contains("there is no such folder"), "it would be lost there: {said}");
    std::fs::create_dir(&store).unwrap();
    std::thread::scope(|scope| {
        for customer in 0..12 {
            let store = store.display();
            scope.spawn(move || done(&format!("suppress add c{customer} --store {store}")));
        }
    });
    let all = told(&format!("suppress list --json --store {}", store.display()));
    assert_eq!(all.as_array().unwrap().len(), 12, "{all}");
}

#[test]
fn an_objection_of_nobody_the_history_knows_is_kept_and_told() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("log.csv"), "customer_id,order_id,ts,amount\n0042,1,2024-01-01,5\n").unwrap();
    done(&format!("ingest --purchases {} --store {}", at("log.csv"), at("store")));
    std::fs::write(at("ids.csv"), "customer_id\n42\n0042\n").unwrap();
    let output = run(&format!("suppress add --file {} --store {}", at("ids.csv"), at("store")));
    let (out, notes) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.starts_with("2 added"), "a heading is nobody: {out}");
    assert!(notes.contains("1 of them are no customers of the kept history: \"42\":"), "{notes}");
    let output = run(&format!("suppress add 0042 --store {}", at("store")));
    assert!(output.stderr.is_empty() && output.status.success());
}
