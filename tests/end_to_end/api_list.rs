//! The list over the API, page by page, and the offers that it was decided with.

use std::fs;

use serde_json::Value;

use crate::kept_shop::{kept, listed, server};
use crate::server::{Server, slug};
use crate::support::{done, folder, json, shop, store_like_the_shops};

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
        let printed = json(&format!("list --store {store} {flags} --all --format json"));
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
        ("cause=", "cause: `` is no"),
        ("stage=,", "stage: `` is no"),
        ("stage=dead", "stage: "),
        ("offer=yacht", "offer: \"yacht\" is no action"),
        ("sort=luck", "sort: "),
        ("columns=customer_id,luck", "columns: \"luck\" is no column"),
        ("columns=", "columns: \"\" is no column"),
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
    let printed = json(&format!("offers check {} --json", file.display()));
    let (status, _, served) = server().get("/v1/offers");
    assert_eq!((status, &served["offers"]), (200, &printed));
}
