//! How often a key may ask: a token bucket, filled at the rate, that holds a second's worth.
//!
//! It is kept as one number, the instant at which it will be full again (the "theoretical arrival time" of ATM's generic
//! cell rate algorithm, ITU-T I.371), so that taking from it is one compare-and-swap and waits for nobody.

use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::failure::{Failure, Kind};

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// When the process first asked.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Requests a second, 1 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u32);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(rate @ 1..=1_000_000) => Ok(Self(rate)),
            _ => Err("a number of requests a second, 1 to 1000000".to_owned()),
        }
    }
}

impl Rate {
    /// Takes one request from a bucket.
    pub(super) fn take(self, bucket: &Bucket) -> Result<(), Failure> {
        let now = u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if self.take_at(bucket, now) {
            return Ok(());
        }
        Err(Failure::new(Kind::TooOften, format!("more than {} requests a second; wait a second", self.0)))
    }

    fn take_at(self, bucket: &Bucket, now_nanos: u64) -> bool {
        let each = NANOS_PER_SECOND / u64::from(self.0);
        let taken = bucket.full_at_nanos.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let next = full_at.max(now_nanos) + each;
            (next <= now_nanos + NANOS_PER_SECOND).then_some(next)
        });
        taken.is_ok()
    }
}

/// What is left of what a key may ask; full at first.
#[derive(Default)]
pub(super) struct Bucket {
    full_at_nanos: AtomicU64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_worth_may_come_at_once_and_then_the_rate() {
        let (bucket, rate) = (Bucket::default(), Rate(10));
        let start = 5 * NANOS_PER_SECOND;
        let taken = (0..50).filter(|_| rate.take_at(&bucket, start)).count();
        assert_eq!(taken, 10);
        let later = (0..100).filter(|i| rate.take_at(&bucket, start + i * NANOS_PER_SECOND / 50)).count();
        assert!((19..=20).contains(&later), "two seconds at ten a second: {later}");
        let idle = (0..50).filter(|_| rate.take_at(&bucket, start + 60 * NANOS_PER_SECOND)).count();
        assert_eq!(idle, 10, "an idle minute saves up no more than a second's worth");
    }

    #[test]
    fn threads_share_a_bucket_exactly() {
        let (bucket, rate) = (Bucket::default(), Rate(1_000));
        let taken = std::thread::scope(|scope| {
            let count = || (0..1_000).filter(|_| rate.take_at(&bucket, NANOS_PER_SECOND)).count();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(taken, 1_000);
    }

    #[test]
    fn a_rate_is_a_number_a_second() {
        assert_eq!("100".parse(), Ok(Rate(100)));
        for bad in ["0", "-1", "1.5", "1000001", ""] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
