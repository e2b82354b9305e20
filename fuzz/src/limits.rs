//! The limits an input must not break: no panic that nobody catches, no more memory than a small file can be worth.

use std::alloc::System;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, Once, PoisonError};

use cap::Cap;

/// The most memory that may be asked for at once and in all. libFuzzer's own limit sees only memory that is touched,
/// and a forged size is seldom that.
const MOST_BYTES: usize = 256 << 20;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, MOST_BYTES);

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
static HOOK: Once = Once::new();

/// Runs a target on one input. The Parquet reader catches panics of the library below it, and libFuzzer's hook would
/// abort at those too: here only a panic that comes out of the reader ends the run.
pub fn within_limits(target: impl FnOnce()) {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
        }));
    });
    if catch_unwind(AssertUnwindSafe(target)).is_err() {
        eprintln!("{}", LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner));
        std::process::abort();
    }
}
