//! The guard before handlers that no real route has.

use std::time::Duration;

use axum::body::Bytes;
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use axum::{Extension, Router};
use http_body_util::BodyExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;

use super::super::routes::Declared;
use super::*;

struct Bench {
    _folder: tempfile::TempDir,
    state: Arc<State>,
    guard: Arc<Guard>,
    service: TowerToHyperService<Router>,
}

/// A guard before a route that echoes, panics, takes its time, or writes, as its body says.
fn bench(limits: Limits) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let state = Arc::new(State::open(&folder.path().join("state.sqlite")).unwrap());
    let limits = Limits { log: LogFormat::Off, ..limits };
    let guard = Arc::new(Guard::new(state.clone(), limits).unwrap());
    let declared = Declared { method: Method::POST, path: "/x", needs: Needs::AnyKey, writes: true };
    let writer = state.clone();
    let handler = async move |once: Option<Extension<Once>>, body: Bytes| -> Result<Response, Failure> {
        match body.as_ref() {
            b"\"panic\"" => panic!("a bug"),
            b"\"slow\"" => tokio::time::sleep(Duration::from_millis(300)).await,
            b"\"write\"" => {
                let once = once.map(|Extension(once)| once);
                let answer = writer.once(once.as_ref(), crate::clock::now(), |writing| {
                    writing.run(|transaction| {
                        transaction.execute(
                            "INSERT INTO keys VALUES (hex(randomblob(8)), '', zeroblob(32), '', 0, 0, 0)",
                            [],
                        )
                    })?;
                    Ok(Answer { status: 202, body: b"{}".to_vec(), replayed: false })
                })?;
                return Ok(answer.into_response());
            }
            _ => {}
        }
        Ok(body.into_response())
    };
    let stands = from_fn_with_state(Arc::new(Post { guard: guard.clone(), index: 0, declared }), stand);
    let router = Router::new().route("/x", post(handler).route_layer(stands));
    Bench { _folder: folder, state, guard, service: TowerToHyperService::new(router) }
}

impl Bench {
    async fn send(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> (u16, HeaderMap, Bytes) {
        let mut request = Request::builder().method("POST").uri("/x").header("host", "localhost");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.service.call(request.body(body.into()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        (head.status.as_u16(), head.headers, body.collect().await.unwrap().to_bytes())
    }

    /// Sends a body, with its length; returns status and the end of `type`.
    async fn told(&self, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
        let length = body.len().to_string();
        let headers = [headers, &[("content-length", length.as_str())]].concat();
        let (status, _, body) = self.send(&headers, body.to_vec()).await;
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        (status, problem["type"].as_str().unwrap_or_default().rsplit(':').next().unwrap().to_owned())
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, bytes).unwrap();
    packed.finish().unwrap()
}

/// Promise 23: a panic is one 500.
#[tokio::test]
async fn a_panic_is_one_answer() {
    let bench = bench(Limits::default());
    let (status, headers, body) =
        bench.send(&[("x-request-id", "mine"), ("content-length", "7")], "\"panic\"").await;
    assert_eq!((status, &headers["x-request-id"]), (500, &HeaderValue::from_static("mine")));
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(
        !body.is_empty() && !body.windows(5).any(|window| window == b"a bug"),
        "it tells nothing of itself"
    );
    assert_eq!(bench.told(&[], b"1").await.0, 200);
    assert_eq!(
        bench.guard.working.available_permits(),
        bench.guard.limits.requests,
        "its place is free again"
    );
}

/// Promise 18: 2 MiB, also after unpacking.
#[tokio::test]
async fn a_body_is_limited_plain_and_unpacked() {
    let bench = bench(Limits::default());
    let (fits, over) = (vec![b' '; 2 << 20], vec![b' '; (2 << 20) + 1]);
    let gzipped: &[(&str, &str)] = &[("content-encoding", "gzip")];
    assert_eq!(bench.told(&[], &fits).await.0, 200);
    assert_eq!(bench.told(&[], &over).await, (413, "too-large".to_owned()));
    assert_eq!(bench.told(gzipped, &gzip(&fits)).await.0, 200);
    assert_eq!(bench.told(gzipped, &gzip(&over)).await, (413, "too-large".to_owned()));
    assert_eq!(bench.told(gzipped, &gzip(&vec![0; 100 << 20])).await, (413, "too-large".to_owned()));
    assert_eq!(bench.told(gzipped, b"no gzip").await, (422, "bad-input".to_owned()));
    assert_eq!(bench.told(&[("content-encoding", "br")], b"1").await, (415, "media-type".to_owned()));
    assert_eq!(bench.told(&[("content-type", "text/plain")], b"1").await, (415, "media-type".to_owned()));
    assert_eq!(bench.told(&[("content-type", "application/json; charset=utf-8")], b"1").await.0, 200);
    let chunked = bench.send(&[("transfer-encoding", "chunked")], over).await;
    assert_eq!(chunked.0, 413);
    let headers = "x".repeat(17 * 1024);
    assert_eq!(bench.told(&[("x-large", &headers)], b"1").await, (431, "large-headers".to_owned()));
}

/// Promise 20: what is too much is refused at once.
#[tokio::test]
async fn overload_is_refused_at_once() {
    let bench = Arc::new(bench(Limits { requests: 2, ..Limits::default() }));
    let slow = || {
        let bench = bench.clone();
        tokio::spawn(async move { bench.told(&[], b"\"slow\"").await })
    };
    let (one, two) = (slow(), slow());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    let (status, headers, _) = bench.send(&[("content-length", "1")], "1").await;
    assert_eq!((status, &headers["retry-after"]), (503, &HeaderValue::from_static("1")));
    assert!(start.elapsed() < Duration::from_millis(100));
    assert_eq!((one.await.unwrap().0, two.await.unwrap().0), (200, 200));
    assert_eq!(bench.told(&[], b"1").await.0, 200);
}

/// Promise 20: work that never waits is counted too, not queued.
#[tokio::test]
async fn work_that_never_waits_has_the_same_limit() {
    let bench = Arc::new(bench(Limits { requests: 2, ..Limits::default() }));
    let sent: Vec<_> = (0..50)
        .map(|_| {
            let bench = bench.clone();
            tokio::spawn(async move { bench.told(&[], b"1").await })
        })
        .collect();
    let mut answered = 0;
    for sent in sent {
        match sent.await.unwrap() {
            (200, _) => answered += 1,
            told => assert_eq!(told, (503, "busy".to_owned())),
        }
    }
    assert_eq!(answered, 2);
}

/// A panic's line of the log is of the request, whichever thread works for it.
#[tokio::test]
async fn whoever_works_for_a_request_knows_its_name() {
    let on_another_thread = async || tokio::task::spawn_blocking(carried(request_id::current)).await.unwrap();
    let mine = HeaderValue::from_static("mine");
    assert_eq!(request_id::within(mine, on_another_thread()).await.as_deref(), Some("mine"));
    assert_eq!(on_another_thread().await, None);
}

/// Promise 24: 100 parallel requests with one key have one effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_requests_with_one_idempotency_key_write_once() {
    let bench = Arc::new(bench(Limits::default()));
    let ask = |key: &'static str| {
        let bench = bench.clone();
        tokio::spawn(async move {
            bench.send(&[("idempotency-key", key), ("content-length", "7")], "\"write\"").await
        })
    };
    let asked: Vec<_> = (0..100).map(|_| ask("a")).collect();
    let mut replayed = 0;
    for answer in asked {
        let (status, headers, body) = answer.await.unwrap();
        assert_eq!((status, body.as_ref()), (202, b"{}".as_slice()));
        replayed += u32::from(headers.contains_key("idempotent-replayed"));
    }
    assert_eq!((replayed, bench.state.keys().unwrap().len()), (99, 1));
    let told = bench.told(&[("idempotency-key", "a")], b"\"write\" ").await;
    assert_eq!(told.0, 200, "what is not written through `once` does not know the key");
    assert_eq!(bench.told(&[("idempotency-key", "")], b"1").await, (400, "usage".to_owned()));
}
