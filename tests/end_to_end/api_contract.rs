//! The API's contract: what is served is what was agreed on, it holds for its own examples, and people can read it.

use std::fs;

use serde_json::Value;

use crate::server::Server;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/openapi.json");
/// Set to anything, the golden contract becomes the one that is served.
const RENEW: &str = "MAINSTAY_RENEW_CONTRACT";

/// Where two values differ, as pointers into them.
fn differences(at: &str, agreed: &Value, served: &Value, found: &mut Vec<String>) {
    match (agreed, served) {
        (Value::Object(agreed), Value::Object(served)) => {
            let names = agreed.keys().chain(served.keys().filter(|name| !agreed.contains_key(*name)));
            for name in names {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (agreed.get(name), served.get(name)) {
                    (Some(agreed), Some(served)) => differences(&at, agreed, served, found),
                    (Some(_), None) => found.push(format!("{at} is gone")),
                    (None, _) => found.push(format!("{at} is new")),
                }
            }
        }
        _ if agreed == served => {}
        _ => found.push(format!("{at} was {agreed} and is {served}")),
    }
}

#[test]
fn the_contract_is_the_one_that_was_agreed_on() {
    let (status, content_type, served) = Server::of_shop().get("/openapi.json");
    assert_eq!((status, content_type.as_str()), (200, "application/json"));
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1."));
    if std::env::var_os(RENEW).is_some() {
        fs::write(GOLDEN, format!("{served:#}\n")).unwrap();
    }
    let agreed: Value = serde_json::from_str(&fs::read_to_string(GOLDEN).unwrap()).unwrap();
    let mut found = Vec::new();
    differences("", &agreed, &served, &mut found);
    assert!(
        found.is_empty(),
        "the contract has changed:\n{}\nIf that is meant, and no client is broken by it, renew {GOLDEN}:\n\
         {RENEW}=1 cargo test --test end_to_end -- api_contract",
        found.join("\n")
    );
}

#[test]
fn the_page_asks_no_other_host() {
    let server = Server::of_shop();
    for (path, content_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/page.js", "text/javascript; charset=utf-8"),
        ("/docs/page.css", "text/css; charset=utf-8"),
    ] {
        let mut response =
            crate::server::agent().get(format!("http://{}{path}", server.address)).call().unwrap();
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), content_type);
        assert!(header("content-security-policy").starts_with("default-src 'self';"), "{path}");
        let text = response.body_mut().read_to_string().unwrap();
        for foreign in ["http://", "https://", "//cdn", "<style", "onclick", "innerHTML"] {
            assert!(!text.contains(foreign), "{path} has {foreign}");
        }
    }
}
