//! Whose name a request may call the server by.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};

use crate::failure::{Failure, Kind};

/// Lets only requests through that call the server by a loopback name. A page in a browser on this machine can point a
/// name of its own at 127.0.0.1 and would otherwise read customers' data (DNS rebinding); or send something, which its
/// `Origin` gives away.
pub(super) fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    // An address that has a host itself is what counts (RFC 9112, section 3.2.2).
    let host = uri.authority().map(Authority::as_str).or_else(|| text(header::HOST));
    if !host.is_some_and(is_loopback) {
        return Err(Failure::new(
            Kind::Misdirected,
            "the Host header must name this machine: localhost, 127.0.0.1 or [::1]",
        ));
    }
    match text(header::ORIGIN).map(|origin| origin.split_once("://")) {
        None => Ok(()),
        Some(Some((_, host))) if is_loopback(host) => Ok(()),
        Some(_) => Err(Failure::new(Kind::Misdirected, "a web page of another machine has sent this")),
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
