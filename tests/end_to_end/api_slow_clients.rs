//! Promise 19: clients that are slow hold up nobody.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::server::Server;
use crate::support::shop;

/// For so many seconds the slow ones are there; with this variable longer, and then it is asserted how long a normal
/// client's requests take, which a busy machine spoils.
const SECONDS: u64 = 4;
const SECONDS_VARIABLE: &str = "MAINSTAY_SLOW_SECONDS";
/// As many as there may be, of those that the limit on open files allows beside all else.
const SLOW: usize = 2_000;

/// How long the slowest but one in a hundred takes.
fn p99(client: &mut Client, lasting: Duration) -> Duration {
    let (start, mut took) = (Instant::now(), Vec::new());
    while start.elapsed() < lasting {
        let asked = Instant::now();
        let answer = client.send("GET", "/v1/at-risk?top=1", "", "").expect("a normal client is answered");
        assert_eq!(answer.status, 200, "{}", answer.body);
        took.push(asked.elapsed());
        std::thread::sleep(Duration::from_millis(2));
    }
    took.sort();
    took[took.len() * 99 / 100]
}

/// Half a head, half a body, or a question whose answer is not read, in turns.
fn slow(server: &Server, number: usize) -> TcpStream {
    let mut connection = TcpStream::connect(&server.address).unwrap();
    let sent: &[u8] = match number % 3 {
        0 => b"GET /livez HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
        1 => b"POST /v1/score HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n{",
        _ => b"GET /v1/at-risk?top=10000 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    };
    connection.write_all(sent).unwrap();
    connection
}

#[test]
fn slow_clients_hold_up_nobody() {
    let longer = std::env::var(SECONDS_VARIABLE).map(|seconds| seconds.parse().unwrap());
    let lasting = Duration::from_secs(*longer.as_ref().unwrap_or(&SECONDS));
    let server = Server::start_with(&shop().store.display().to_string(), "--log off");
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    let many = SLOW.min(usize::try_from(files / 2).unwrap_or(SLOW));
    let mut client = Client::connect(&server.address).unwrap();
    client.send("GET", "/v1/at-risk?top=1", "", "").unwrap();
    let alone = p99(&mut client, lasting / 4);
    let slow: Vec<TcpStream> = (0..many).map(|number| slow(&server, number)).collect();
    let beside = p99(&mut client, lasting);
    if longer.is_ok() {
        assert!(beside < 2 * alone + Duration::from_millis(1), "{alone:?} alone, {beside:?} beside {many}");
    }
    // Whoever does not finish a head is cut after ten seconds, however many they are.
    for half_a_head in slow.iter().step_by(3) {
        half_a_head.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!((&*half_a_head).read(&mut [0; 64]).unwrap_or(0), 0);
    }
    assert_eq!(client.send("GET", "/livez", "", "").unwrap().status, 200);
}
