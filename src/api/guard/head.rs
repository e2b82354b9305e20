//! What is asked of the head of every request.

use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Uri, Version, header};

use super::IDEMPOTENCY_KEY;
use crate::failure::{Failure, Kind};

/// The longest address a request may have: path and query.
const MAX_ADDRESS_BYTES: usize = 8 * 1024;
/// The largest headers a request may have, all together.
const MAX_HEADER_BYTES: usize = 16 * 1024;
/// Of two of these nobody can tell which is meant, and who stands between may take the other one.
const ONCE: [HeaderName; 5] =
    [header::HOST, header::AUTHORIZATION, header::ORIGIN, header::CONTENT_TYPE, IDEMPOTENCY_KEY];

/// That a head is neither too large nor of two minds.
pub(super) fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), Failure> {
    let address = uri.path_and_query().map_or(0, |address| address.as_str().len());
    if address > MAX_ADDRESS_BYTES {
        return Err(Failure::new(
            Kind::LongAddress,
            format!("an address has up to {MAX_ADDRESS_BYTES} bytes"),
        ));
    }
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if size > MAX_HEADER_BYTES {
        return Err(Failure::new(Kind::LargeHeaders, format!("headers have up to {MAX_HEADER_BYTES} bytes")));
    }
    if let Some(name) = ONCE.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(bad(format!("{name}: send this header once")));
    }
    check_host(version, headers)?;
    check_transfer(headers)
}

/// RFC 9112, section 3.2: HTTP/1.1 names the host, and what is none is refused.
fn check_host(version: Version, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(host) = headers.get(header::HOST) else {
        return if version < Version::HTTP_11 {
            Ok(())
        } else {
            Err(bad("host: send this header".to_owned()))
        };
    };
    let is_host = |text: &str| !text.contains('@') && text.parse::<Authority>().is_ok();
    // Empty is what a client sends that knows of none.
    match host.to_str() {
        Ok(text) if text.is_empty() || is_host(text) => Ok(()),
        _ => Err(bad("host: it is no host with or without a port".to_owned())),
    }
}

/// A body is sent as it is or in chunks: packed as `Content-Encoding` says, and not as it is transferred.
fn check_transfer(headers: &HeaderMap) -> Result<(), Failure> {
    let mut transfers = headers.get_all(header::TRANSFER_ENCODING).iter();
    let is_plain = match (transfers.next(), transfers.next()) {
        (None, _) => true,
        (Some(one), None) => one.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    if is_plain { Ok(()) } else { Err(bad("transfer-encoding: chunked alone is taken".to_owned())) }
}

fn bad(what: String) -> Failure {
    Failure::new(Kind::Usage, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a head with these headers is refused.
    fn refused(headers: &[(&'static str, &'static str)], version: Version) -> Option<String> {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        check(version, &Uri::from_static("/livez"), &all).err().map(|failure| failure.message)
    }

    #[test]
    fn one_host_one_key_and_one_way_of_sending() {
        const HOST: (&str, &str) = ("host", "crm.example:8080");
        assert_eq!(refused(&[HOST], Version::HTTP_11), None);
        assert_eq!(refused(&[("host", "")], Version::HTTP_11), None);
        assert_eq!(refused(&[], Version::HTTP_10), None);
        assert_eq!(refused(&[HOST, ("transfer-encoding", "Chunked")], Version::HTTP_11), None);
        for wrong in [
            &[] as &[_],
            &[HOST, HOST],
            &[("host", "a b")],
            &[("host", "user@a")],
            &[("host", "a/b")],
            &[HOST, ("authorization", "Bearer a"), ("authorization", "Bearer b")],
            &[HOST, ("idempotency-key", "a"), ("idempotency-key", "a")],
            &[HOST, ("transfer-encoding", "gzip, chunked")],
            &[HOST, ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            &[HOST, ("transfer-encoding", "chunked, chunked")],
        ] {
            assert!(refused(wrong, Version::HTTP_11).is_some(), "{wrong:?}");
        }
    }
}
