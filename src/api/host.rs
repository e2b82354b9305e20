//! Whose name a request may call the server by.

use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use crate::failure::{Failure, Kind};

/// Lets only requests through that call the server by a loopback name. A page in a browser on this machine can point a
/// name of its own at 127.0.0.1 and would otherwise read customers' data (DNS rebinding).
pub(super) async fn check(request: Request, next: Next) -> Result<Response, Failure> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    match host {
        Some(host) if is_loopback(host) => Ok(next.run(request).await),
        _ => Err(Failure::new(
            Kind::Misdirected,
            "the Host header must name this machine: localhost, 127.0.0.1 or [::1]",
        )),
    }
}

/// Whether a host, with or without a port, is this machine by a name that nobody else can take.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_pass() {
        for host in ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "[::2]"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
