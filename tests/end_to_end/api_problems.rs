//! What is wrong with a request, said as a problem.

use serde_json::Value;

use crate::server::{Server, agent, answer, features_of, lines, request};
use crate::support::shop;

/// Hostile and mistaken requests: a problem document each, with a status that says whose fault it is.
#[test]
fn what_is_wrong_with_a_request_is_said_as_a_problem() {
    let server = Server::of_shop();
    let line = r#"{"order_id": 1, "ts": "2023-12-01", "amount": 5}"#;
    let body = |customer: &str| {
        format!(r#"{{"customer_id": {customer}, "as_of": "2023-12-08", "purchases": [{line}]}}"#)
    };
    let features = |features: &str| format!(r#"{{"features": {{{features}}}}}"#);
    let row = &lines(&shop().scores)[0];
    let mut others = features_of(&server.score(&request(&row[0], &row[1])).1);
    let core = ["recency_days", "frequency", "monetary", "complaint_count", "tenure_days"];
    others.as_object_mut().unwrap().retain(|name, _| !core.contains(&name.as_str()));
    let sound = format!(
        r#""recency_days": 5, "frequency": 2, "monetary": 9.5, "complaint_count": 0, "tenure_days": 50, {}"#,
        others.to_string().trim_matches(['{', '}'])
    );
    let sound = sound.as_str();
    let deep = "[".repeat(100_000);
    for (sent, status, slug, detail) in [
        (body("7"), 200, "", ""),
        (features(sound), 200, "", ""),
        (String::new(), 422, "bad-input", "body: EOF"),
        ("{".to_owned(), 422, "bad-input", "body: EOF"),
        (deep, 422, "bad-input", "body: "),
        (
            "[]".to_owned(),
            422,
            "bad-input",
            "body: invalid type: array, expected an object, {…}, as GET /openapi.json has it",
        ),
        ("{}".to_owned(), 422, "bad-input", "either purchases (and complaints) or features"),
        (body("7").replace(r#""as_of": "2023-12-08", "#, ""), 422, "bad-input", "as_of: missing"),
        (body("7").replace(r#""customer_id": 7, "#, ""), 422, "bad-input", "customer_id: missing"),
        (body("7.5"), 422, "bad-input", "a text or a whole number"),
        (
            body("7").replace("2023-12-01", "soon"),
            422,
            "bad-input",
            "purchases[0].ts: \"soon\" is not a date",
        ),
        (body("7").replace("2023-12-08", "1 µs"), 422, "bad-input", "as_of: "),
        (body("7").replace(": 5}", ": \"5\"}"), 422, "bad-input", "invalid type: string"),
        (body("7").replace(": 5}", ": 1e999}"), 422, "bad-input", "number out of range"),
        (body("7").replace("purchases", "purchase"), 422, "bad-input", "unknown field `purchase`"),
        (body("7").replace(line, &format!("{line}, {{}}")), 422, "bad-input", "missing field `order_id`"),
        (body("7").replace("2023-12-01", "2023-12-09"), 422, "too-little-data", "no purchase at or before"),
        (body("7").replace(": 5}", ": -5}"), 422, "too-little-data", "no purchase at or before"),
        (body("7").replace(": 5}", ": 1e300}"), 422, "bad-input", "purchases[0].amount: "),
        (body(r#""""#), 422, "bad-input", "customer_id: empty"),
        (body("7").replace(": 1,", r#": "","#), 422, "bad-input", "purchases[0].order_id: empty"),
        (body("7").replace("2023-12-01", "2023-01-01"), 422, "lapsed", "341 days ago"),
        (body("7").replace(line, ""), 422, "too-little-data", "no purchases"),
        (features(&sound.replace("frequency", "orders")), 422, "bad-input", "features.orders: unknown"),
        (
            features(&sound.replace(": 2,", ": 2.5,")),
            422,
            "bad-input",
            "frequency: 2.5 is not a whole number",
        ),
        (
            features(&sound.replace(": 2,", ": 0,")),
            422,
            "bad-input",
            "frequency: 0 is below the least possible, 1",
        ),
        (features(&sound.replace(": 5,", ": -5,")), 422, "bad-input", "recency_days: -5 is below"),
        (features(&sound.replace(": 5,", ": 51,")), 422, "bad-input", "is before the first"),
        (features(&sound.replace(": 50", ": 500").replace(": 5,", ": 180,")), 422, "lapsed", "180 days ago"),
        (features(&format!("{sound}, {sound}")), 422, "bad-input", "features.recency_days: given twice"),
        (features(&sound.replace(": 9.5", ": 1e300")), 422, "bad-input", "monetary: 1"),
        (
            features(&sound.replace(": 2,", ": 53,")),
            422,
            "bad-input",
            "53 days with a purchase do not fit in 50 days",
        ),
        (features(r#""recency_days": 5"#), 422, "bad-input", "features.frequency: missing"),
        (format!(r#"{{"features": {{{sound}}}, "purchases": []}}"#), 422, "bad-input", "not both"),
        (
            format!(r#"{{"features": {{{sound}}}, "customer_id": ""}}"#),
            422,
            "bad-input",
            "customer_id: empty",
        ),
    ] {
        let (said, content_type, answer) = server.post("/v1/score", sent.as_bytes());
        let shown: String = sent.chars().take(200).collect();
        assert_eq!(said, status, "{shown}: {answer}");
        if status != 200 {
            assert_eq!(content_type, "application/problem+json", "{shown}");
            assert_eq!(answer["type"], format!("urn:mainstay:problem:{slug}"), "{shown}: {answer}");
            assert_eq!(answer["status"], status);
            assert!(answer["detail"].as_str().unwrap().contains(detail), "{shown}: {answer}");
        }
    }
}

#[test]
fn routes_that_are_not_there_and_bodies_too_large_are_problems() {
    let server = Server::of_shop();
    let problem = |(status, content_type, answer): (u16, String, Value)| {
        assert_eq!(content_type, "application/problem+json");
        (status, answer["type"].as_str().unwrap().rsplit(':').next().unwrap().to_owned())
    };
    assert_eq!(problem(server.get("/v2/score")), (404, "not-found".to_owned()));
    assert_eq!(problem(server.get("/v1/score")), (405, "method-not-allowed".to_owned()));
    assert_eq!(problem(server.get("/v1/at-risk?top=0")), (400, "usage".to_owned()));
    assert_eq!(problem(server.get("/v1/at-risk?top=-1")), (400, "usage".to_owned()));
    assert_eq!(problem(server.get("/v1/at-risk?bottom=1")), (400, "usage".to_owned()));
    // A language in the address would change nothing, where one in the body does.
    assert_eq!(problem(server.post("/v1/score?language=zh", b"{}")), (400, "usage".to_owned()));
    let large = vec![b' '; 2 * 1024 * 1024 + 1];
    assert_eq!(problem(server.post("/v1/score", &large)), (413, "too-large".to_owned()));
    let largest = [&large[..1024 * 1024], br#"{"customer_id": ""}"#].concat();
    assert_eq!(server.post("/v1/score", &largest).0, 422, "a large body within the limit is read");
}

#[test]
fn a_name_that_is_not_this_machines_is_refused() {
    let server = Server::of_shop();
    let request = agent().get(format!("http://{}/v1/at-risk", server.address)).header("host", "evil.example");
    let (status, _, problem) = answer(request.call().unwrap());
    assert_eq!((status, problem["type"].as_str()), (421, Some("urn:mainstay:problem:misdirected")));
}

/// What is wrong, and where, in the words of the contract and not in those of the code.
#[test]
fn problems_of_a_body_tell_the_place() {
    let server = Server::of_shop();
    let tensor =
        |part: &str| format!(r#"{{"inputs": [{{"name": "features", "datatype": "FP64", {part}}}]}}"#);
    for (route, sent, detail) in [
        ("/v1/score:batch", "[]".to_owned(), "body: invalid type: array, expected an object"),
        (
            "/v1/score:batch",
            r#"[[{"customer_id": "c003"}], true]"#.to_owned(),
            "body: invalid type: array, expected an object",
        ),
        ("/v1/score:batch", " null".to_owned(), "body: invalid type: null, expected an object"),
        (
            "/v1/score:batch",
            r#"{"requests": null}"#.to_owned(),
            "body: requests: invalid type: null, expected a sequence",
        ),
        ("/v1/events", "7".to_owned(), "body: invalid type: number, expected an object"),
        (
            "/v1/events",
            r#"{"events": [{"customer_id": "a"}, {"customer_id": "b", "purchases": 5}]}"#.to_owned(),
            "body: events[1].purchases: invalid type: integer `5`, expected a sequence",
        ),
        ("/v2/models/mainstay/infer", "[]".to_owned(), "body: invalid type: array, expected an object"),
        (
            "/v2/models/mainstay/infer",
            r#"{"inputs": [null]}"#.to_owned(),
            "body: inputs[0]: invalid type: null, expected a tensor, an object with name, shape, datatype and data",
        ),
        ("/v2/models/mainstay/infer", r#"{"inputs": null}"#.to_owned(), "body: inputs: invalid type: null"),
        (
            "/v2/models/mainstay/infer",
            tensor(r#""shape": [1, null], "data": [5]"#),
            "body: inputs[0].shape[1]: invalid type: null",
        ),
        ("/v2/models/mainstay/infer", tensor(r#""data": [5]"#), "body: inputs[0]: missing field `shape`"),
        (
            "/v2/models/mainstay/infer",
            tensor(r#""shape": [1, 1], "data": {}"#),
            "body: inputs[0].data: data: an array of numbers",
        ),
    ] {
        let (status, _, problem) = server.post(route, sent.as_bytes());
        assert_eq!(
            (status, problem["type"].as_str()),
            (422, Some("urn:mainstay:problem:bad-input")),
            "{problem}"
        );
        let told = problem["detail"].as_str().unwrap();
        assert!(told.starts_with(detail) && !told.contains("struct "), "{route} {sent}: {told}");
    }
    let requests = r#"{"requests": [null, [], {"customer_id": []}, {"customer_id": "nobody"}]}"#;
    let (status, _, answer) = server.post("/v1/score:batch", requests.as_bytes());
    assert_eq!(status, 200, "{answer}");
    let told = |place: usize| answer["results"][place]["problem"]["detail"].as_str().unwrap();
    assert!(
        told(0).starts_with("invalid type: null, expected an object")
            && told(1).starts_with("invalid type: array, "),
        "{answer}"
    );
    assert!(told(2).starts_with("customer_id: ") && told(2).contains("a text or a whole number"), "{answer}");
}
