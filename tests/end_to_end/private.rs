//! What is of people is open to nobody else, and what is deleted is gone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::kept_shop::{keep, listed};
use crate::server::Server;
use crate::support::{command, done, failed, folder, shop};

fn holds(path: &Path, text: &str) -> bool {
    fs::read(path).unwrap_or_default().windows(text.len()).any(|bytes| bytes == text.as_bytes())
}

#[test]
fn a_store_that_is_made_is_its_owners_alone_and_one_that_is_there_stays_as_it_is() {
    let folder = folder();
    let (own, shared) = (folder.path().join("own"), folder.path().join("shared"));
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o750)).unwrap();
    for (store, mode) in [(&own, 0o700), (&shared, 0o750)] {
        done(&format!("ingest --purchases {} --store {}", shop().purchases.display(), store.display()));
        assert_eq!(fs::metadata(store).unwrap().permissions().mode() & 0o777, mode, "{}", store.display());
    }
}

#[test]
fn events_that_a_history_has_taken_in_are_not_left_in_the_state() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let shown = store.display().to_string();
    let server = Server::start(&shown);
    let event = json!({"events": [{"customer_id": listed().0[0], "purchases": [
        {"order_id": "MARKED-ORDER", "ts": "2023-12-05T10:00:00Z", "amount": 12.5}]}]});
    assert_eq!(server.post("/v1/events", event.to_string().as_bytes()).0, 200);
    let files = ["state.sqlite", "state.sqlite-wal"].map(|name| store.join(name));
    assert!(files.iter().any(|file| holds(file, "MARKED-ORDER")), "it is on disk");
    done(&format!("ingest --store {shown}"));
    assert!(server.terminate().success());
    assert!(!files.iter().any(|file| holds(file, "MARKED-ORDER")), "it is in the history, and nowhere else");
}

#[test]
fn a_server_whose_keys_are_elsewhere_opens_to_none_of_them() {
    let folder = folder();
    let store = folder.path().join("store");
    keep(&store);
    let shown = store.display().to_string();
    let key = done(&format!("keys create --scope read --store {shown}")).trim().to_owned();
    let server = Server::start(&shown);
    let header = format!("authorization: Bearer {key}\r\n");
    let status =
        || Client::connect(&server.address).unwrap().send("GET", "/v1/offers", &header, "").unwrap().status;
    assert_eq!(status(), 200);
    let state = store.join("state.sqlite");
    fs::copy(&state, store.join("copy")).unwrap();
    fs::rename(store.join("copy"), &state).unwrap();
    let start = Instant::now();
    while status() != 500 {
        assert!(start.elapsed() < Duration::from_secs(10), "it goes on opening to keys that may be revoked");
        std::thread::sleep(Duration::from_millis(50));
    }
    let ready = Client::connect(&server.address).unwrap().send("GET", "/readyz", "", "").unwrap();
    assert_eq!(ready.status, 500);
    assert!(!ready.body.to_string().contains("sqlite"), "which file it is is for the log: {}", ready.body);
}

#[test]
fn a_key_is_revoked_by_all_of_it_and_not_shown_again() {
    let folder = folder();
    let store = folder.path().join("store").display().to_string();
    let key = done(&format!("keys create --scope metrics --store {store}")).trim().to_owned();
    let id = key.split('_').nth(1).unwrap();
    assert_eq!(done(&format!("keys revoke {key} --store {store}")), format!("{id} is revoked\n"));
    let other = key.replace(id, "000000000000");
    let (code, said) = failed(&format!("keys revoke {other} --store {store}"));
    assert_eq!(code, 2);
    let cut = failed(&format!("keys revoke {} --store {store}", &key[..40])).1;
    assert!(!said.contains(&key[25..]) && !cut.contains(&key[25..40]), "{said} {cut}");
}

#[test]
fn a_request_of_two_minds_is_refused_and_what_is_answered_is_kept_by_nobody_else() {
    let server = Server::of_shop();
    let ask = |more: &str, path: &str| {
        Client::connect(&server.address).unwrap().send("GET", path, more, "").unwrap()
    };
    for more in [
        "host: localhost\r\n",
        "authorization: Bearer a\r\nauthorization: Bearer b\r\n",
        "transfer-encoding: gzip, chunked\r\n",
    ] {
        let answer = ask(more, "/v1/offers");
        assert_eq!(answer.status, 400, "{more}: {}", answer.body);
        assert_eq!(answer.body["type"], "urn:mainstay:problem:usage");
    }
    for path in
        ["/v1/offers?x=1", "/v1/models?x=1", "/v1/at-risk?limit=many", "/v1/at-risk?value-at-risk=5.."]
    {
        let answer = ask("", path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(!detail.contains("deserialize") && !detail.contains("digit"), "{detail}");
    }
    let answer = ask("", "/v1/at-risk?limit=1");
    assert!(
        answer.head.contains("cache-control: no-store")
            && answer.head.contains("x-content-type-options: nosniff")
    );
    assert!(!ask("", "/livez").head.contains("no-store"));
}

#[test]
fn a_pipe_in_a_folder_is_left_alone() {
    let folder = folder();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    fs::copy(&shop().purchases, logs.join("a.csv")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, logs.join("b.csv"), rustix::fs::Mode::RWXU).unwrap();
    let mut ingest = command(&format!(
        "ingest --purchases {} --store {}",
        logs.display(),
        folder.path().join("store").display()
    ));
    let output = ingest.output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("b.csv"), "{said}");
}
