//! What the API withstands: slow clients, too many of them, nonsense, and being stopped while it answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Server, agent};
use crate::support::shop;

fn server(flags: &str) -> Server {
    Server::start_with(&shop().store.display().to_string(), flags)
}

fn connect(server: &Server) -> TcpStream {
    let connection = TcpStream::connect(&server.address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    connection
}

/// All that is answered until the connection is closed: the head, and the body as JSON.
fn rest(mut connection: TcpStream) -> (String, Value) {
    let mut text = String::new();
    // A server that has closed without reading all that was sent resets the connection after its answer.
    let _ = connection.read_to_string(&mut text);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    (head.to_lowercase(), serde_json::from_str(body).unwrap_or_default())
}

/// One answer of a connection that stays open; `None` where it was closed before one.
fn one_answer(connection: &mut TcpStream) -> Option<String> {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let head = String::from_utf8_lossy(&text).to_lowercase();
        if let Some((head, body)) = head.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1)?.lines().next()?.parse::<usize>().ok()?;
            if body.len() >= length {
                return Some(head.to_owned());
            }
        }
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => text.extend_from_slice(&buffer[..read]),
        }
    }
}

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Promise 18: a head has ten seconds; an idle connection stays.
#[test]
fn a_slow_head_is_cut_and_an_idle_connection_is_not() {
    let server = server("");
    let mut idle = connect(&server);
    idle.write_all(LIVEZ).unwrap();
    assert!(one_answer(&mut idle).is_some());
    let start = Instant::now();
    let slow: Vec<TcpStream> = (0..200)
        .map(|_| {
            let mut slow = connect(&server);
            slow.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ").unwrap();
            slow
        })
        .collect();
    // A byte now and then buys no time.
    std::thread::sleep(Duration::from_secs(5));
    for slow in &slow {
        (&*slow).write_all(b"x").unwrap();
    }
    for slow in slow {
        assert_eq!(rest(slow).0, "", "cut without an answer");
    }
    let took = start.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(16)).contains(&took), "{took:?}");
    idle.write_all(LIVEZ).unwrap();
    assert!(one_answer(&mut idle).is_some(), "ten idle seconds close nothing");
}

/// Promise 18: a body has thirty seconds, and whoever sends one slowly takes nobody's place.
#[test]
fn a_slow_body_is_refused_and_holds_up_nobody() {
    let server = server("--max-requests 4");
    let slow: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut slow = connect(&server);
            slow.write_all(b"POST /v1/score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{")
                .unwrap();
            slow
        })
        .collect();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(2) {
        assert_eq!(server.get("/v1/at-risk?top=1").0, 200);
    }
    for slow in slow {
        let (head, problem) = rest(slow);
        assert!(head.starts_with("http/1.1 408"), "{head}");
        assert_eq!(problem["type"], "urn:mainstay:problem:too-slow");
    }
    let took = start.elapsed();
    assert!((Duration::from_secs(28)..Duration::from_secs(40)).contains(&took), "{took:?}");
}

/// To close with bytes unread would take the answer back: so they are read for two seconds more, and no longer.
#[test]
fn who_goes_on_sending_after_the_last_answer_has_it_and_is_then_cut() {
    let server = server("");
    let mut connection = connect(&server);
    connection
        .write_all(b"POST /v1/score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000000\r\n\r\n")
        .unwrap();
    let mut sending = connection.try_clone().unwrap();
    let start = Instant::now();
    let sent = std::thread::spawn(move || {
        while sending.write_all(&[b' '; 100]).is_ok() && start.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        start.elapsed()
    });
    let (head, problem) = rest(connection);
    assert!(head.starts_with("http/1.1 413"), "{head}");
    assert_eq!(problem["type"], "urn:mainstay:problem:too-large");
    let sent = sent.join().unwrap();
    assert!((Duration::from_secs(1)..Duration::from_secs(15)).contains(&sent), "{sent:?}");
}

/// Promise 17: a problem document also where there is no request to answer.
#[test]
fn what_is_no_request_is_a_problem_too() {
    let server = server("");
    let long = "x".repeat(9_000);
    let huge = "x".repeat(70_000);
    for (sent, status, slug) in [
        ("nonsense\r\n\r\n".to_owned(), 400, "usage"),
        (
            "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nbad header\r\n\r\n".to_owned(),
            400,
            "usage",
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
            414,
            "long-address",
        ),
        (
            format!("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: {long}{long}\r\n\r\n"),
            431,
            "large-headers",
        ),
        (
            format!("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nx: {huge}\r\n\r\n"),
            431,
            "large-headers",
        ),
        (
            format!("GET /{huge} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
            414,
            "long-address",
        ),
    ] {
        let mut connection = connect(&server);
        let _ = connection.write_all(sent.as_bytes());
        let (head, problem) = rest(connection);
        let sent = &sent[..sent.len().min(60)];
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{sent}: {head}");
        assert!(head.contains("content-type: application/problem+json"), "{sent}: {head}");
        assert_eq!(problem["type"], format!("urn:mainstay:problem:{slug}"), "{sent}");
    }
    let request = ureq::http::Request::delete(format!("http://{}/v1/score", server.address));
    let response = agent().run(request.body(()).unwrap()).unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["allow"]), (405, &"POST".parse().unwrap()));
}

/// Promise 20: connections beyond the limit are told so at once.
#[test]
fn too_many_connections_are_told_to_come_back() {
    let server = server("--max-connections 5");
    let mut held: Vec<TcpStream> = (0..5).map(|_| connect(&server)).collect();
    for held in &mut held {
        held.write_all(LIVEZ).unwrap();
        assert!(one_answer(held).is_some());
    }
    let start = Instant::now();
    let mut beyond = connect(&server);
    beyond.write_all(LIVEZ).unwrap();
    let (head, problem) = rest(beyond);
    assert!(head.starts_with("http/1.1 503") && head.contains("retry-after: 1"), "{head}");
    assert_eq!(problem["type"], "urn:mainstay:problem:busy");
    assert!(start.elapsed() < Duration::from_millis(500));
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.get("/livez").0, 200);
}

/// Promise 21: whoever is connected when the server is told to stop gets every answer.
#[test]
fn stopping_under_load_fails_no_request() {
    let server = server("--log off");
    let body = json!({"features": {
        "recency_days": 40, "frequency": 3, "monetary": 50, "complaint_count": 0, "tenure_days": 300,
    }})
    .to_string();
    let head = format!("host: localhost\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    let score = format!("POST /v1/score HTTP/1.1\r\n{head}\r\n\r\n{body}");
    let (stop, answered, failed) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let address = server.address.clone();
    let (took, code) = std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                // Until the door is closed; a connection that was asked to close is opened anew.
                'door: while let Ok(mut connection) = TcpStream::connect(&address) {
                    loop {
                        if stop.load(Ordering::Relaxed) {
                            break 'door;
                        }
                        let sent = connection.write_all(score.as_bytes());
                        let Some(head) = sent.ok().and_then(|()| one_answer(&mut connection)) else {
                            failed.fetch_add(1, Ordering::Relaxed);
                            break;
                        };
                        assert!(head.starts_with("http/1.1 200"), "{head}");
                        answered.fetch_add(1, Ordering::Relaxed);
                        // Some 2,000 requests a second together.
                        std::thread::sleep(Duration::from_millis(8));
                        if head.contains("connection: close") {
                            break;
                        }
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_secs(1));
        let start = Instant::now();
        let code = server.terminate().code();
        let took = start.elapsed();
        stop.store(true, Ordering::Relaxed);
        (took, code)
    });
    assert_eq!((code, failed.into_inner()), (Some(0), 0), "{answered:?} answered");
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert!(answered.into_inner() > 1_000);
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let server = server("--log off");
    let mut halfway = connect(&server);
    let head =
        "POST /v1/score HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99";
    halfway.write_all(format!("{head}\r\n\r\n{{").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    server.signal();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(server.terminate().code(), Some(0));
    // The first alone would wait for the rest of the body, for 25 seconds.
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn what_is_measured_can_be_read_and_tells_of_nobody() {
    let server = server("");
    server.get("/v1/at-risk?top=1");
    server.get("/v1/customers-of-mine/c001");
    let mut response = agent().get(format!("http://{}/metrics", server.address)).call().unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain; version=0.0.4"));
    let text = response.body_mut().read_to_string().unwrap();
    for line in [
        r#"mainstay_requests_total{method="GET",route="/v1/at-risk",status="200"} 1"#,
        r#"mainstay_requests_total{method="any",route="unmatched",status="404"} 1"#,
        r#"mainstay_request_seconds_count{method="GET",route="/v1/at-risk"} 1"#,
        "mainstay_requests_in_flight 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("mainstay_model_info{model=\"") && text.contains("mainstay_list_age_seconds "));
    assert!(!text.contains("c001"));
}

#[test]
fn the_log_has_a_line_a_request_and_nothing_of_customers() {
    let folder = crate::support::folder();
    let log = folder.path().join("log");
    let store = shop().store.display().to_string();
    let mut process = crate::support::command(&format!("serve --store {store} --listen 127.0.0.1:0"))
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let read = |wanted: &str| {
        let start = Instant::now();
        loop {
            let text = std::fs::read_to_string(&log).unwrap();
            if text.contains(wanted) {
                return text;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{wanted}: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let text = read("http://");
    let address = text.split("http://").nth(1).unwrap().split(';').next().unwrap();
    let mut response = agent()
        .post(format!("http://{address}/v1/score?customer=c001"))
        .header("x-request-id", "order-7")
        .header("authorization", "Bearer mainstay_000000000000_5ec3e7")
        .header("content-type", "application/json")
        .send(r#"{"customer_id": "c001"}"#)
        .unwrap();
    assert_eq!(response.headers()["x-request-id"], "order-7");
    response.body_mut().read_to_string().unwrap();
    let text = read("order-7");
    process.kill().unwrap();
    process.wait().unwrap();
    let line: Value =
        serde_json::from_str(text.lines().find(|line| line.contains("order-7")).unwrap()).unwrap();
    assert_eq!((&line["route"], &line["status"]), (&"/v1/score".into(), &400.into()));
    assert!(line["ms"].as_f64().unwrap() >= 0.0 && line["ts"].as_str().unwrap().ends_with('Z'), "{line}");
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{text}");
    for secret in ["c001", "5ec3e7"] {
        assert!(!text.contains(secret), "{text}");
    }
}
