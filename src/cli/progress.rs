//! Progress: a bar on a terminal, a line of log otherwise.

use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mainstay_features::watch::Watch;

use super::output;

/// Shows how far work is and measures its stages.
pub(super) struct Progress {
    stages: Mutex<Stages>,
    on_terminal: bool,
}

#[derive(Default)]
struct Stages {
    running: Option<Running>,
    seconds: Vec<(String, f64)>,
}

struct Running {
    stage: String,
    began: Instant,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { stages: Mutex::default(), on_terminal: std::io::stderr().is_terminal() }
    }

    /// How long a stage took, in seconds; the last time, if it ran more than once.
    pub(super) fn seconds(&self, stage: &str) -> f64 {
        let stages = self.lock();
        stages.seconds.iter().rev().find(|(name, _)| name == stage).map_or(0.0, |(_, seconds)| *seconds)
    }

    fn lock(&self) -> MutexGuard<'_, Stages> {
        self.stages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bar(&self, stage: &str, total: Option<u64>) -> ProgressBar {
        if !self.on_terminal {
            return ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        }
        let template = match total {
            Some(_) => "{msg} {bar:30} {pos}/{len} {elapsed}",
            None => "{msg} {spinner} {pos} {elapsed}",
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
        bar.set_style(style);
        bar.set_message(stage.to_owned());
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        bar
    }
}

impl Watch for Progress {
    fn begin(&self, stage: &str, total: Option<u64>) {
        let bar = self.bar(stage, total);
        self.lock().running = Some(Running { stage: stage.to_owned(), began: Instant::now(), bar });
    }

    fn advance(&self, steps: u64) {
        if let Some(running) = &self.lock().running {
            running.bar.inc(steps);
        }
    }

    fn end(&self) {
        let mut stages = self.lock();
        let Some(Running { stage, began, bar }) = stages.running.take() else { return };
        let seconds = began.elapsed().as_secs_f64();
        bar.finish_and_clear();
        output::note(&format!("{stage}: {seconds:.1} s"));
        stages.seconds.push((stage, seconds));
    }
}
