//! The shift of the churn rate between the training cutoffs and the day of scoring: season, growth.
//!
//! A model's residual at a cutoff is the shift of its log-odds that would have made its mean probability there the
//! churn rate. What it will be on the day of scoring nobody knows; it can be estimated from residuals that are known by
//! then: that of the newest snapshot (the level of today), that of a year before (the season to come), and that of a
//! year before the newest (what the season was worth then). Which estimate helps differs from shop to shop, so the one
//! that helped in the rolling backtests is used, and none where none did.

use std::fmt;

use mainstay_features::units::{Days, Instant};
use serde::{Deserialize, Serialize};

/// Residuals that are known at an instant; `None` where there is no comparable snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Residuals {
    /// One horizon before: the newest whose outcome is known.
    pub newest: Option<f64>,
    /// A year before.
    pub year_ago: Option<f64>,
    /// A year before the newest.
    pub newest_year_ago: Option<f64>,
}

/// How a shift is estimated from residuals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShiftKind {
    /// It is taken to be 0.
    #[default]
    None,
    /// The newest residual.
    Level,
    /// Last year's.
    Season,
    /// Last year's, and by how much the newest differs from its own a year before.
    SeasonAndGrowth,
    /// Last year's and the newest together.
    SeasonAndLevel,
}

impl ShiftKind {
    /// All of them, none first.
    pub const ALL: [Self; 5] =
        [Self::None, Self::Level, Self::Season, Self::SeasonAndGrowth, Self::SeasonAndLevel];

    /// The shift of log-odds; `None` where what it needs is not known.
    pub fn estimate(self, residuals: &Residuals) -> Option<f64> {
        let Residuals { newest, year_ago, newest_year_ago } = *residuals;
        match self {
            Self::None => Some(0.0),
            Self::Level => newest,
            Self::Season => year_ago,
            Self::SeasonAndGrowth => Some(year_ago? + newest? - newest_year_ago?),
            Self::SeasonAndLevel => Some(year_ago? + newest?),
        }
    }
}

impl fmt::Display for ShiftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Level => "level",
            Self::Season => "season",
            Self::SeasonAndGrowth => "season and growth",
            Self::SeasonAndLevel => "season and level",
        })
    }
}

const YEAR_DAYS: u32 = 365;

/// The cutoffs of [`Residuals`] at an instant, in the order of its fields.
pub fn cutoffs(at: Instant, horizon: Days) -> [Instant; 3] {
    let newest = at.minus(horizon);
    [newest, year_before(at), year_before(newest)]
}

fn year_before(at: Instant) -> Instant {
    Days::new(YEAR_DAYS).map_or(at, |year| at.minus(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_estimated() {
        let known = Residuals { newest: Some(0.2), year_ago: Some(-0.5), newest_year_ago: None };
        let estimates = ShiftKind::ALL.map(|kind| kind.estimate(&known));
        assert_eq!(estimates, [Some(0.0), Some(0.2), Some(-0.5), None, Some(-0.3)]);
    }

    #[test]
    fn a_stable_season_that_grows_evenly_is_met() {
        // Level 0.1 a quarter, season repeating every year: this quarter -0.4, the next 0.7.
        let known =
            Residuals { newest: Some(-0.4), year_ago: Some(0.7 - 0.3), newest_year_ago: Some(-0.4 - 0.4) };
        assert!((ShiftKind::SeasonAndGrowth.estimate(&known).unwrap() - 0.8).abs() < 1e-12);
    }
}
