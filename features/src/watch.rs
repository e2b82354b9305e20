//! How long work tells its watcher where it stands, so that the edge can show progress and measure durations: no
//! clock is read here.

/// Someone who watches long work. Stages do not overlap.
pub trait Watch: Sync {
    /// A stage begins; `total` is how many steps it has, where that is known.
    fn begin(&self, stage: &str, total: Option<u64>);
    /// Some steps are done. May be called from several threads.
    fn advance(&self, steps: u64);
    /// The stage that began last is done.
    fn end(&self);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    fn advance(&self, _steps: u64) {}
    fn end(&self) {}
}
