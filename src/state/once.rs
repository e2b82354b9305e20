//! What happens once for an `Idempotency-Key`, however often it is asked for: the answer is kept in the transaction that
//! does what was asked, so that there is never one without the other, whenever the process ends.

use mainstay_features::units::{Days, Instant};
use rusqlite::{OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{State, Writing};
use crate::failure::{Failure, Kind};

/// For how long an answer is kept.
const KEPT: Days = Days::new(1).unwrap();
const MAX_KEY_BYTES: usize = 255;

/// What a client calls a request by, so that to send it again does nothing again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    asker: String,
    key: String,
    request: [u8; 32],
}

/// What a request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it was answered before, and nothing done this time.
    pub replayed: bool,
}

impl Once {
    /// The request with this method, path and body, by whoever has the key with the id `asker`.
    ///
    /// # Errors
    /// When the idempotency key is empty, longer than 255 bytes, or has bytes that are not printed.
    pub fn new(asker: &str, key: &[u8], request: [&[u8]; 3]) -> Result<Self, Failure> {
        let bad = || {
            Failure::new(
                Kind::Usage,
                format!("Idempotency-Key: give 1 to {MAX_KEY_BYTES} printed ASCII characters"),
            )
        };
        if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.iter().all(u8::is_ascii_graphic) {
            return Err(bad());
        }
        let key = str::from_utf8(key).map_err(|_| bad())?.to_owned();
        let mut hash = Sha256::new();
        for part in request {
            // With its length, so that parts cannot flow into each other.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Ok(Self { asker: asker.to_owned(), key, request: hash.finalize().into() })
    }
}

impl State {
    /// Does what a request asks for, once: if it was done before, the answer of then. Without `once` it is done each
    /// time. What fails is not kept, so that it may be tried again.
    ///
    /// # Errors
    /// Those of `work`, of which then nothing is written; when the key was used for another request; when the state
    /// cannot be written.
    pub fn once(
        &self,
        once: Option<&Once>,
        now: Instant,
        work: impl FnOnce(&Writing<'_>) -> Result<Answer, Failure>,
    ) -> Result<Answer, Failure> {
        self.write(|writing| {
            let Some(once) = once else { return work(writing) };
            if let Some(before) = before(writing, once, now)? {
                return Ok(before);
            }
            let answer = work(writing)?;
            keep(writing, once, &answer, now)?;
            Ok(answer)
        })
    }
}

fn before(writing: &Writing<'_>, once: &Once, now: Instant) -> Result<Option<Answer>, Failure> {
    let found = writing.run(|transaction| {
        let mut query = transaction.prepare_cached(
            "SELECT request, status, body FROM once WHERE asker = ?1 AND idempotency_key = ?2 AND answered >= ?3",
        )?;
        let row = query.query_row(params![once.asker, once.key, oldest(now).micros()], |row| {
            let answer = Answer { status: row.get(1)?, body: row.get(2)?, replayed: true };
            Ok((row.get::<_, [u8; 32]>(0)?, answer))
        });
        row.optional()
    })?;
    match found {
        Some((request, _)) if request != once.request => Err(Failure::new(
            Kind::OtherRequest,
            "Idempotency-Key: it was sent with another request; send a new key with a new request",
        )),
        found => Ok(found.map(|(_, answer)| answer)),
    }
}

/// What was answered before this is forgotten.
fn oldest(now: Instant) -> Instant {
    now.minus(KEPT)
}

fn keep(writing: &Writing<'_>, once: &Once, answer: &Answer, now: Instant) -> Result<(), Failure> {
    writing.run(|transaction| {
        transaction.execute("DELETE FROM once WHERE answered < ?1", [oldest(now).micros()])?;
        transaction.execute(
            "INSERT INTO once (asker, idempotency_key, request, status, body, answered) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![once.asker, once.key, once.request, answer.status, answer.body, now.micros()],
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn once(asker: &str, key: &str, body: &str) -> Once {
        Once::new(asker, key.as_bytes(), [b"POST", b"/v1/events", body.as_bytes()]).unwrap()
    }

    fn now() -> Instant {
        "2024-03-01".parse().unwrap()
    }

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(&folder.path().join("state.sqlite")).unwrap();
        (folder, state)
    }

    /// Promise 24.
    #[test]
    fn a_hundred_threads_with_one_key_do_it_once() {
        let (folder, state) = state();
        // As another process would: with a connection of its own.
        let other = State::open(&folder.path().join("state.sqlite")).unwrap();
        let (done, once) = (AtomicU32::new(0), once("k", "a", "1"));
        let ask = |state: &State| {
            state.once(Some(&once), now(), |_| {
                let number = done.fetch_add(1, Ordering::Relaxed);
                Ok(Answer { status: 202, body: number.to_string().into_bytes(), replayed: false })
            })
        };
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let (ask, states) = (&ask, [&state, &other]);
            let threads: Vec<_> =
                (0..100).map(|i| scope.spawn(move || ask(states[i % 2]).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(done.into_inner(), 1);
        assert!(answers.iter().all(|answer| (answer.status, answer.body.as_slice()) == (202, b"0")));
        assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    }

    #[test]
    fn what_failed_may_be_tried_again_and_another_request_may_not_take_the_key() {
        let (_folder, state) = state();
        let answer = |body: &str| Ok(Answer { status: 200, body: body.into(), replayed: false });
        let failed =
            state.once(Some(&once("k", "a", "1")), now(), |_| Err(Failure::new(Kind::BadInput, "no")));
        assert_eq!(failed.unwrap_err().kind, Kind::BadInput);
        assert!(!state.once(Some(&once("k", "a", "1")), now(), |_| answer("x")).unwrap().replayed);
        let refused = state.once(Some(&once("k", "a", "2")), now(), |_| answer("y")).unwrap_err();
        assert_eq!(refused.kind, Kind::OtherRequest);
        // Another asker's key of the same name, and no key at all, have nothing to do with it.
        assert_eq!(state.once(Some(&once("l", "a", "2")), now(), |_| answer("y")).unwrap().body, b"y");
        assert_eq!(state.once(None, now(), |_| answer("z")).unwrap().body, b"z");
        // After a day it is forgotten.
        let later = "2024-03-03".parse().unwrap();
        assert!(!state.once(Some(&once("k", "a", "2")), later, |_| answer("y")).unwrap().replayed);
    }

    #[test]
    fn a_key_is_printed_characters() {
        for bad in ["", "a b", "é", &"x".repeat(256)] {
            let failure = Once::new("k", bad.as_bytes(), [b"", b"", b""]).unwrap_err();
            assert_eq!(failure.kind, Kind::Usage, "{bad}");
        }
        let of = |parts| Once::new("k", b"a", parts).unwrap();
        assert_ne!(of([b"a", b"b", b""]), of([b"ab", b"", b""]));
    }
}
