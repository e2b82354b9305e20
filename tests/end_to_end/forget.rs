//! Promise 28: who is forgotten is in nothing that the store holds, and does not come back.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mainstay::store::Store;
use mainstay_features::history::History;
use serde_json::{Value, json};

use crate::kept_shop::{keep, listed};
use crate::server::{Server, slug};
use crate::support::{csv, done, failed, folder, run, shop};

/// Every file in a folder and those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files that have a text in them, as it stands.
fn with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(text.len()).any(|some| some == text.as_bytes())
    };
    files(folder).into_iter().filter(holds).collect()
}

/// Whom the kept history and the newest list hold.
fn customers(store: &Path) -> Vec<String> {
    let histories = Store::at(store).history().unwrap().history(None).unwrap();
    let ids = |part: &History| -> Vec<String> {
        (0..part.len()).map(|customer| part.customer_id(customer).to_owned()).collect()
    };
    let kept = histories.each(ids).unwrap().into_iter().flatten();
    let list = store.with_extension("list.csv");
    done(&format!("list --store {} --all --out {}", store.display(), list.display()));
    kept.chain(csv(&list).into_iter().map(|row| row["customer_id"].clone())).collect()
}

#[test]
fn who_is_forgotten_is_in_nothing_and_does_not_come_back() {
    let work = folder();
    let store = work.path().join("store");
    keep(&store);
    let (shown, customer) = (store.display(), listed().0[3].clone());
    // A spelling that is in no number of any file.
    let named = work.path().join("named.csv");
    fs::write(
        &named,
        format!("customer_id,name,phone\n{customer},Marker Jane,+49 151 000\nc001,Other Name,+1\n"),
    )
    .unwrap();
    done(&format!("ingest --customers {} --store {shown}", named.display()));
    done(&format!("score --store {shown} --out {}", work.path().join("s.csv").display()));
    done(&format!("suppress add {customer} --store {shown}"));
    let event = |id: &str| {
        json!({"events": [{"customer_id": id, "purchases": [
            {"order_id": "of-today", "ts": "2023-12-05T10:00:00Z", "amount": 12.5}]}]})
        .to_string()
    };
    let server = Server::start(&shown.to_string());
    assert_eq!(server.post("/v1/events", event(&customer).as_bytes()).0, 200);
    let backup = work.path().join("backup");
    fs::create_dir(&backup).unwrap();
    for file in fs::read_dir(store.join("history")).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, backup.join(path.file_name().unwrap())).unwrap();
    }
    assert!(!with(&store, "Marker Jane").is_empty() && customers(&store).contains(&customer));
    let others = customers(&store).into_iter().filter(|id| *id != customer).collect::<Vec<_>>();

    let told: Value =
        serde_json::from_str(&done(&format!("forget {customer} --store {shown} --json"))).unwrap();
    let expected = json!({"newly_marked": 1, "marked": 1, "in_history": 1, "events": 1, "list_rows": told["list_rows"],
        "objections": 1, "run_messages": 0});
    assert_eq!(told, expected);
    assert!(told["list_rows"].as_u64().unwrap() >= 1);
    for text in ["Marker Jane", "+49 151 000", "of-today"] {
        assert_eq!(with(&store, text), Vec::<PathBuf>::new(), "{text}");
    }
    assert!(!with(&store, "Other Name").is_empty(), "the others are as they were");
    assert_eq!(customers(&store), others);
    let (status, answer) = server.score(&json!({"customer_id": customer, "as_of": "2023-12-08"}));
    assert_eq!((status, slug(&answer)), (404, "unknown-customer"), "{answer}");
    assert_eq!(server.get(&format!("/v1/customers/{customer}")).0, 404);
    let (status, _, refused) = server.post("/v1/events", event(&customer).as_bytes());
    assert_eq!(status, 422, "{refused}");
    assert!(!refused.to_string().contains(&customer), "{refused}");
    assert!(
        refused["detail"].as_str().unwrap().starts_with("events[0]: is a customer who has been forgotten"),
        "{refused}"
    );
    let (status, _, refused) = server.post("/v1/events", event(&format!(" {customer}\u{a0}")).as_bytes());
    assert_eq!(status, 422, "written with blanks it is the same customer: {refused}");
    assert_eq!(server.post("/v1/events", event("c001").as_bytes()).0, 200);
    // Who asks about them by their history is told, and nothing is offered.
    let told = json!({"customer_id": customer, "as_of": "2023-12-08",
        "purchases": [{"order_id": "1", "ts": "2023-11-01", "amount": 50.0}]});
    let (status, answer) = server.score(&told);
    assert_eq!((status, &answer["action"]), (200, &json!("do nothing")), "{answer}");

    // In another file, by another command, and by a backup: it is left out, or taken out again.
    let again = work.path().join("again.csv");
    fs::write(&again, fs::read_to_string(&shop().purchases).unwrap() + "c001,extra,2023-12-05,3\n").unwrap();
    done(&format!("ingest --purchases {} --drop-duplicates --store {shown}", again.display()));
    done(&format!(
        "score --purchases {} --store {shown} --out {}",
        again.display(),
        work.path().join("s.csv").display()
    ));
    assert!(!customers(&store).contains(&customer));
    assert!(csv(&work.path().join("s.csv")).iter().all(|row| row["customer_id"] != customer));
    fs::remove_dir_all(store.join("history")).unwrap();
    fs::rename(&backup, store.join("history")).unwrap();
    assert!(customers(&store).contains(&customer), "the backup has them");
    assert!(done(&format!("forget --store {shown}")).contains("1 customers of the kept history"));
    assert!(!customers(&store).contains(&customer));
    assert_eq!(with(&store, "Marker Jane"), Vec::<PathBuf>::new());

    fs::remove_file(store.join("forgotten.json")).unwrap();
    let (code, said) = failed(&format!("ingest --purchases {} --store {shown}", shop().purchases.display()));
    assert_eq!(code, 5);
    assert!(said.contains("forgotten.json: is gone"), "{said}");
}

/// What a server takes in while its customer is forgotten is not left.
#[test]
fn events_that_come_while_a_customer_is_forgotten_are_forgotten_too() {
    let work = folder();
    let store = work.path().join("store");
    keep(&store);
    let shown = store.display().to_string();
    let customer = listed().0[5].clone();
    let server = Server::start(&shown);
    let stop = AtomicBool::new(false);
    let refused = std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let mut refused = 0;
            for number in 0.. {
                let event = json!({"events": [{"customer_id": customer, "purchases": [
                    {"order_id": format!("marked-{number}"), "ts": "2023-12-05T10:00:00Z", "amount": 1.0}]}]});
                refused += usize::from(server.post("/v1/events", event.to_string().as_bytes()).0 == 422);
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            refused
        });
        std::thread::sleep(Duration::from_millis(50));
        done(&format!("forget {customer} --store {shown}"));
        stop.store(true, Ordering::Relaxed);
        sending.join().unwrap()
    });
    assert!(refused > 0, "it is seen at the latest when it has been done");
    assert!(server.terminate().success());
    assert_eq!(with(&store, "marked-"), Vec::<PathBuf>::new());
}

#[test]
fn a_list_of_nobody_is_still_of_its_instant() {
    let work = folder();
    let store = work.path().join("store");
    keep(&store);
    let shown = store.display();
    let ids = work.path().join("ids.csv");
    fs::write(&ids, customers(&store).join("\n")).unwrap();
    let before = json_of(&format!("plan --store {shown} --json"))["as_of"].clone();
    done(&format!("forget --file {} --store {shown}", ids.display()));
    assert_eq!(customers(&store), Vec::<String>::new());
    assert_eq!(json_of(&format!("plan --store {shown} --json"))["as_of"], before);
}

fn json_of(arguments: &str) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

#[test]
fn an_objection_of_who_is_forgotten_is_not_kept_and_other_spellings_are_warned_of() {
    let work = folder();
    let store = work.path().join("store");
    keep(&store);
    let shown = store.display();
    let customer = listed().0[2].clone();
    done(&format!("forget {customer} --store {shown}"));
    done(&format!("suppress add {customer} --store {shown}"));
    assert_eq!(with(&store, &format!("\"{customer}\"")), Vec::<PathBuf>::new());
    let output = run(&format!("forget {customer}0 --store {shown}"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("WARNING: 1 of them are no customers of the kept history"), "{said}");
}

#[test]
fn nobody_to_forget_is_said() {
    let work = folder();
    let store = work.path().join("store");
    keep(&store);
    let (code, said) = failed(&format!("forget --store {}", store.display()));
    assert_eq!((code, said.as_str()), (2, "error: nobody has been forgotten yet: name a customer"));
    let told = done(&format!("forget nobody-known --store {}", store.display()));
    assert!(told.contains("0 customers of the kept history"), "{told}");
}
