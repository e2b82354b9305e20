//! Promises 20 and 25: too much load is refused at once, and memory does not grow under any.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::server::{Server, agent, lines, request};
use crate::support::shop;

/// For so many seconds memory is watched; longer with this variable, such as 1200.
const SECONDS: u64 = 6;
const SECONDS_VARIABLE: &str = "MAINSTAY_SOAK_SECONDS";

/// Promise 20.
#[test]
fn what_is_too_much_is_refused_at_once_and_the_rest_is_answered() {
    let server = Server::start_with(&shop().store.display().to_string(), "--log off --max-requests 2");
    let row = lines(&shop().scores).remove(0);
    let history = request(&row[0], &row[1]);
    // Long enough that requests meet.
    let body = json!({"requests": vec![&history; 200]}).to_string();
    let (answered, refused) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| {
                let mut client = Client::connect(&server.address).unwrap();
                for _ in 0..10 {
                    let answer = client.post("/v1/score:batch", &body).expect("no connection is closed");
                    match answer.status {
                        200 => answered.fetch_add(1, Ordering::Relaxed),
                        503 => {
                            assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
                            refused.fetch_add(1, Ordering::Relaxed)
                        }
                        other => panic!("{other}: {}", answer.body),
                    };
                }
            });
        }
    });
    let (answered, refused) = (answered.into_inner(), refused.into_inner());
    assert!(answered > 0 && refused > 0, "{answered} answered, {refused} refused");
    let mut measured = agent().get(format!("http://{}/metrics", server.address)).call().unwrap();
    let metrics = measured.body_mut().read_to_string().unwrap();
    let counted =
        format!(r#"mainstay_requests_total{{method="POST",route="/v1/score:batch",status="503"}} {refused}"#);
    assert!(metrics.lines().any(|line| line == counted), "{counted}\n{metrics}");
    assert_eq!(server.score(&history).0, 200, "and then all is well");
}

/// Whether memory that was looked at again and again stays what it is after the first quarter, in which it warms up:
/// a tenth and 4 MiB are what an allocator's moods come to.
fn is_flat(mib: &[f64]) -> bool {
    let quarter = mib.len() / 4;
    let middle = |some: &[f64]| {
        let mut some = some.to_vec();
        some.sort_by(f64::total_cmp);
        some[some.len() / 2]
    };
    let (before, after) = (middle(&mib[quarter..2 * quarter]), middle(&mib[mib.len() - quarter..]));
    after <= before * 1.1 + 4.0
}

#[test]
fn a_leak_is_seen() {
    let warm = |i: u32| 50.0 + 30.0 * f64::from(i.min(10)) / 10.0;
    let moody = |i: u32| warm(i) + f64::from(i * 7 % 5);
    let series = |of: &dyn Fn(u32) -> f64| (0..60).map(of).collect::<Vec<f64>>();
    assert!(is_flat(&series(&warm)) && is_flat(&series(&moody)));
    // Ten kilobytes a request, at a hundred requests a look.
    assert!(!is_flat(&series(&|i| moody(i) + f64::from(i))));
    assert!(!is_flat(&series(&|i| warm(i) * 1.01_f64.powi(i as i32))));
}

/// Promise 25.
#[test]
fn memory_is_flat_under_load() {
    let seconds = std::env::var(SECONDS_VARIABLE).map_or(SECONDS, |seconds| seconds.parse().unwrap());
    let server = Server::start_with(&shop().store.display().to_string(), "--log off");
    let row = lines(&shop().scores).remove(0);
    let history = request(&row[0], &row[1]).to_string();
    let stop = AtomicBool::new(false);
    let resident = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // New connections too.
                    let mut client = Client::connect(&server.address).unwrap();
                    for _ in 0..20 {
                        assert_eq!(client.post("/v1/score", &history).unwrap().status, 200);
                        assert_eq!(client.send("GET", "/v1/at-risk?top=50", "", "").unwrap().status, 200);
                    }
                }
            });
        }
        let (start, mut resident) = (Instant::now(), Vec::new());
        while start.elapsed() < Duration::from_secs(seconds) {
            std::thread::sleep(Duration::from_millis(seconds * 1_000 / 60));
            resident.push(server.resident_mib());
        }
        stop.store(true, Ordering::Relaxed);
        resident
    });
    assert!(is_flat(&resident), "{resident:?}");
}
