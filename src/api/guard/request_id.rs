//! What a request is called in the log and in its answer: as the client calls it, where that is harmless, or by a number.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::clock::now;

tokio::task_local! {
    /// That of the request whose task this is.
    static CURRENT: HeaderValue;
}

/// The header, of the request and of the answer.
pub(super) const NAME: HeaderName = HeaderName::from_static("x-request-id");

const MAX_BYTES: usize = 64;

/// The client's name for the request, or a number that no other request here or of an earlier run has.
pub(super) fn of(headers: &HeaderMap) -> HeaderValue {
    match headers.get(&NAME) {
        Some(id) if is_harmless(id.as_bytes()) => id.clone(),
        _ => next(),
    }
}

/// Works for a request, which [`current`] is meanwhile.
pub(super) async fn within<T>(id: HeaderValue, work: impl Future<Output = T>) -> T {
    CURRENT.scope(id, work).await
}

/// The request that is worked for.
pub(super) fn current() -> Option<String> {
    CURRENT.try_with(|id| id.to_str().map(str::to_owned).ok()).ok().flatten()
}

/// The same work on another thread, for the same request.
pub(in crate::api) fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let id = CURRENT.try_with(HeaderValue::clone).ok();
    move || match id {
        Some(id) => CURRENT.sync_scope(id, work),
        None => work(),
    }
}

fn is_harmless(id: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.iter().all(plain)
}

/// The microsecond this process began to count at, and how many have been counted.
fn next() -> HeaderValue {
    static START: LazyLock<i64> = LazyLock::new(|| now().micros());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = format!("{:x}-{:x}", *START, COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_s_name_is_kept_where_it_is_harmless() {
        let with = |id: &str| HeaderMap::from_iter([(NAME, HeaderValue::from_str(id).unwrap())]);
        assert_eq!(of(&with("req-1.A_b")), "req-1.A_b");
        let long = "x".repeat(65);
        for bad in ["", "a b", "\"}", "é", long.as_str()] {
            let id = of(&with(bad));
            assert!(id != bad && is_harmless(id.as_bytes()), "{bad}: {id:?}");
        }
        assert_ne!(of(&HeaderMap::new()), of(&HeaderMap::new()));
    }
}
