//! Who may ask the API for what: keys, scopes, rates.

use std::path::Path;
use std::time::{Duration, Instant};

use mainstay::api::{Declared, Needs, declared};
use mainstay::state::keys::Scope;
use mainstay::store::Store;
use serde_json::{Value, json};

use crate::server::{Server, agent};
use crate::support::{done, failed, folder, json as printed, run, store_like_the_shops};

/// A store with the small shop's model, and no keys.
fn fresh() -> (tempfile::TempDir, String) {
    let folder = folder();
    let store = folder.path().join("store");
    store_like_the_shops(&store);
    (folder, store.display().to_string())
}

fn create(store: &str, scope: &str) -> String {
    done(&format!("keys create --scope {scope} --store {store}")).trim().to_owned()
}

/// Status, `type` and `detail` of the answer to an empty request.
fn ask(server: &Server, route: &Declared, key: Option<&str>) -> (u16, String, String) {
    let path = route.path.replace(['{', '}'], "");
    let mut request = ureq::http::Request::builder()
        .method(route.method.as_str())
        .uri(format!("http://{}{path}", server.address));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut response = agent().run(request.body(()).unwrap()).unwrap();
    let body = response.body_mut().read_to_string().unwrap();
    let problem: Value = serde_json::from_str(&body).unwrap_or_default();
    let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    let slug = text("type").rsplit(':').next().unwrap_or_default().to_owned();
    (response.status().as_u16(), slug, text("detail"))
}

/// Promise 15: every route with no key, a wrong key, an expired key, a revoked key, a key of another scope.
#[test]
fn every_route_refuses_whoever_has_no_key_for_it() {
    let (_folder, store) = fresh();
    let keys: Vec<(Scope, String)> =
        Scope::ALL.into_iter().map(|scope| (scope, create(&store, scope.name()))).collect();
    let state = Store::at(Path::new(&store)).state().unwrap();
    let long_ago = "2001-01-01".parse().unwrap();
    let all = || Scope::ALL.into_iter().collect();
    let (_, expired) = state.create_key("", all(), long_ago, Some(long_ago)).unwrap();
    let (revoked_key, revoked) = state.create_key("", all(), long_ago, None).unwrap();
    state.revoke_key(&revoked_key.id, long_ago).unwrap();
    let mut wrong = keys[0].1.clone();
    wrong.replace_range(wrong.len() - 1.., if wrong.ends_with('0') { "1" } else { "0" });

    let server = Server::start(&store);
    let missing = |method: &str, path| Declared {
        method: method.parse().unwrap(),
        path,
        needs: Needs::AnyKey,
        writes: false,
    };
    let beside = [missing("GET", "/v3/nothing"), missing("DELETE", "/v1/score"), missing("PUT", "/livez")];
    let routes = declared();
    assert!(routes.len() >= 4);
    for route in routes.iter().chain(&beside) {
        let refused = |key: Option<&str>| {
            let (status, slug, detail) = ask(&server, route, key);
            assert_eq!((status, slug.as_str()), (401, "no-key"), "{route} {key:?}: {detail}");
            detail
        };
        if route.needs == Needs::Nothing {
            assert_eq!(ask(&server, route, None).0, 200, "{route}");
            continue;
        }
        assert!(refused(None).contains("mainstay keys create"), "{route}");
        for no_key in ["", "x", &wrong, "mainstay_000000000000_00", &"mainstay_".repeat(500)] {
            refused(Some(no_key));
        }
        assert!(refused(Some(expired.reveal())).contains("expired"), "{route}");
        assert!(refused(Some(revoked.reveal())).contains("revoked"), "{route}");
        for (scope, key) in &keys {
            let (status, slug, detail) = ask(&server, route, Some(key));
            assert!(!detail.contains(key.rsplit('_').next().unwrap()), "an answer never has the key in it");
            match route.needs {
                Needs::Key(needed) if !scope.covers(needed) => {
                    assert_eq!((status, slug.as_str()), (403, "wrong-scope"), "{route} {scope}: {detail}");
                    assert!(detail.contains(needed.name()), "{detail}");
                }
                _ => assert!(status != 401 && status != 403, "{route} {scope}: {status} {detail}"),
            }
        }
    }
    // What has no route needs nothing but what says whether it lives and is ready, and the document that tells of them.
    let open: Vec<&str> =
        routes.iter().filter(|route| route.needs == Needs::Nothing).map(|route| route.path).collect();
    assert!(
        open.iter().all(|path| [
            "/livez",
            "/readyz",
            "/v2/health/live",
            "/v2/health/ready",
            "/openapi.json",
            "/docs",
            "/docs/page.js",
            "/docs/page.css"
        ]
        .contains(path)),
        "{open:?}"
    );
}

/// Promise 16: shown once, of 256 bits, with what it is for.
#[test]
fn a_key_is_made_listed_and_revoked() {
    let folder = folder();
    let store = folder.path().join("store").display().to_string();
    let output = run(&format!("keys create --scope score,read --expires 90d --name crm --store {store}"));
    assert!(output.status.success());
    let (key, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let (id, secret) = key.trim().strip_prefix("mainstay_").unwrap().split_once('_').unwrap();
    assert_eq!((secret.len(), secret.bytes().all(|byte| byte.is_ascii_hexdigit())), (64, true), "256 bits");
    assert!(said.contains("Authorization: Bearer") && !said.contains(secret), "{said}");

    let second = printed(&format!("keys create --scope admin --store {store} --json"));
    assert_ne!(second["key"].as_str().unwrap(), key.trim());
    let listed = done(&format!("keys list --store {store}"));
    assert!(!listed.contains(secret), "{listed}");
    let row = listed.lines().find(|line| line.starts_with(id)).unwrap();
    assert!(row.contains("crm") && row.contains("score,read") && row.contains("in use"), "{row}");
    assert_eq!(done(&format!("keys revoke {id} --store {store}")), format!("{id} is revoked\n"));
    let listed = printed(&format!("keys list --store {store} --json"));
    assert_eq!((&listed[0]["id"], &listed[0]["ended"]), (&json!(id), &json!("revoked")));
    assert_eq!((&listed[1]["scopes"], &listed[1]["expires"]), (&json!(["admin"]), &Value::Null));

    let (code, said) = failed(&format!("keys revoke 00 --store {store}"));
    assert_eq!(code, 2);
    assert!(said.contains("keys list"), "{said}");
    let (code, _) = failed(&format!("keys create --scope root --store {store}"));
    assert_eq!(code, 2);
    assert_eq!(failed(&format!("keys create --store {store}")).0, 2, "a key without a scope is of no use");
}

#[test]
fn the_first_key_closes_a_running_server_and_revoking_the_last_does_not_open_it() {
    let (_folder, store) = fresh();
    let server = Server::start(&store);
    let list =
        Declared { method: "GET".parse().unwrap(), path: "/v1/at-risk", needs: Needs::AnyKey, writes: false };
    let status_becomes = |key: Option<&str>, wanted: u16| {
        let start = Instant::now();
        while ask(&server, &list, key).0 != wanted {
            assert!(start.elapsed() < Duration::from_secs(10), "{wanted}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    assert_eq!(ask(&server, &list, None).0, 404, "no list yet, and nobody asks for a key");
    let key = create(&store, "read");
    status_becomes(None, 401);
    assert_eq!(ask(&server, &list, Some(&key)).0, 404);
    done(&format!("keys revoke {} --store {store}", key.split('_').nth(1).unwrap()));
    status_becomes(Some(&key), 401);
    assert_eq!(ask(&server, &list, None).0, 401);
}

/// Promise 15: beyond loopback only with keys, and then by any name.
#[test]
fn an_address_beyond_this_machine_needs_a_key() {
    let (_folder, store) = fresh();
    let (code, said) = failed(&format!("serve --store {store} --listen 0.0.0.0:0"));
    assert_eq!(code, 2);
    assert!(said.contains("mainstay keys create") && said.contains("127.0.0.1"), "{said}");
    let key = create(&store, "read");
    let mut server = Server::start_with(&store, "--listen 0.0.0.0:0");
    server.address = server.address.replace("0.0.0.0", "127.0.0.1");
    let request = agent().get(format!("http://{}/v1/at-risk", server.address));
    let request = request.header("host", "scores.example").header("authorization", format!("bearer {key}"));
    assert_eq!(request.call().unwrap().status(), 404, "no list yet");
}

/// Promise 20: a key that asks too often gets 429 and when to come back; the others do not notice.
#[test]
fn a_key_may_ask_so_often() {
    let (_folder, store) = fresh();
    let (one, other) = (create(&store, "read"), create(&store, "read"));
    let server = Server::start_with(&store, "--rate 5");
    let list =
        Declared { method: "GET".parse().unwrap(), path: "/v1/at-risk", needs: Needs::AnyKey, writes: false };
    let statuses: Vec<u16> = (0..40).map(|_| ask(&server, &list, Some(&one)).0).collect();
    let refused = statuses.iter().filter(|&&status| status == 429).count();
    assert!(statuses[..5].iter().all(|&status| status == 404), "{statuses:?}");
    assert!(refused >= 20, "{statuses:?}");
    assert_eq!(ask(&server, &list, Some(&other)).0, 404);
    let response = agent()
        .get(format!("http://{}/v1/at-risk", server.address))
        .header("authorization", format!("Bearer {one}"))
        .call()
        .unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (429, &"1".parse().unwrap())
    );
    let readyz = Declared { path: "/readyz", ..list };
    assert!((0..40).all(|_| ask(&server, &readyz, None).0 == 200), "who watches is always answered");
}
