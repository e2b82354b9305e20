//! The advice: what each window would mean, and which to take.

use super::silence::Curve;
use crate::units::{Days, Probability};

/// What a log tells about windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Advice {
    /// The largest share of the silent that may come back after a window for it to be long enough.
    pub few: Probability,
    /// The population at an instant is who bought within this time before it.
    pub lookback: Days,
    /// Whole days from the first order to the last.
    pub log_days: i64,
    /// Silences that were looked at: one for each visit.
    pub silences: u64,
    /// How long silences last.
    pub curve: Curve,
    /// Gaps between visits, by days rounded up, from day 0 (never any) to the curve's limit: the silences that ended.
    /// Long gaps are under-represented, as many of them have not ended yet; the curve corrects for that.
    pub gaps: Vec<u64>,
    /// All gaps, those longer than the limit too.
    pub gap_count: u64,
    /// Percent, and the days within which so many of the gaps lie; empty without gaps.
    pub gap_quantiles: Vec<(u32, u32)>,
    /// Customers in the population at the last order's instant: whom a scored list would have.
    pub population: u64,
    /// What each candidate would mean, shortest first.
    pub windows: Vec<Window>,
    /// The first day after which at most `few` come back; `None` if there is none among the days that can be judged.
    pub exact: Option<Days>,
    /// The window to take: the shortest usable candidate after which at most `few` come back, or the exact day where
    /// no candidate is; `None` where that is not usable either.
    pub advised: Option<Days>,
}

impl Advice {
    /// The longest candidate that can be used on this log.
    pub fn longest_usable(&self) -> Option<&Window> {
        self.windows.iter().rev().find(|window| window.usable)
    }

    /// The churn at every usable window, where nearly everybody leaves within the shortest or nearly nobody within the
    /// longest: the range from the least to the most. A model then has next to nobody of one kind to learn from,
    /// whichever window is taken.
    pub fn one_sided(&self) -> Option<(f64, f64)> {
        let usable = self.windows.iter().filter(|window| window.usable);
        let rates: Vec<f64> = usable.filter_map(|window| window.churn).map(Share::rate).collect();
        let least = rates.iter().copied().reduce(f64::min)?;
        let most = rates.iter().copied().reduce(f64::max)?;
        (least >= 1.0 - RARE || most <= RARE).then_some((least, most))
    }

    /// The churn at the advised horizon, where nearly everybody or nearly nobody leaves within it.
    pub fn advised_one_sided(&self) -> Option<f64> {
        let advised = self.windows.iter().find(|window| Some(window.horizon) == self.advised)?;
        advised.churn.map(Share::rate).filter(|rate| !(RARE..=1.0 - RARE).contains(rate))
    }
}

/// So small a share is too few to learn from.
const RARE: f64 = 0.01;

/// What a candidate horizon would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The horizon.
    pub horizon: Days,
    /// Of those silent for so long, the share that comes back as far as the curve knows; `None` where they are not
    /// watched for as long again ([`Curve::judged_until`]).
    pub come_back: Option<f64>,
    /// Who left among the population at the newest cutoff, one horizon before the last order; `None` if the log is
    /// too short for that or nobody was in it.
    pub churn: Option<Share>,
    /// The same share of today's population: customers, not rounded.
    pub expected_leavers: Option<f64>,
    /// False alarms: of those who had left in the horizon before the newest cutoff, those who bought in the horizon
    /// after it; `None` if the log is too short for that or nobody had left.
    pub false_alarms: Option<Share>,
    /// Whether the log is long enough to train and test a model with it.
    pub usable: bool,
    /// How many days of log that takes: min(lookback, horizon) for a population to form and two horizons, one to
    /// train on and one to test on.
    pub needed_days: u32,
}

/// Some of more than none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: u64,
    whole: u64,
}

impl Share {
    /// `None` of nothing.
    pub(super) fn of(part: u64, whole: u64) -> Option<Self> {
        (whole > 0).then_some(Self { part, whole })
    }

    /// How many.
    pub fn part(self) -> u64 {
        self.part
    }

    /// Of how many; at least one.
    pub fn whole(self) -> u64 {
        self.whole
    }

    /// The share, in [0, 1].
    pub fn rate(self) -> f64 {
        self.part as f64 / self.whole as f64
    }
}
