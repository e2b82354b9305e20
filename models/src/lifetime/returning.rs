//! Who leaves and comes back by themselves: no purchase within the horizon is seldom the end, and what such customers buy
//! afterwards nobody has to keep them for.
//!
//! It is looked up, not assumed: of everyone who was in the population a year before the last instant that is known, what those who bought
//! nothing for a horizon bought after it is held against what those bought who stayed, each beside what the model expects of them. So what
//! the model gets wrong of both, as of who bought once and is alive for certain to BG/NBD, is not taken for coming back.

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::history::{CustomerHistory, Histories, HistoryError};
use mainstay_features::known::Known;
use mainstay_features::label::{Label, purchases_within};
use mainstay_features::registry::{self, place};
use mainstay_features::units::{Days, Instant};
use serde::{Deserialize, Serialize};

use super::Lifetime;
use super::customers::of_everyone;
use super::to_come::ToCome;
use crate::training::Settings;

const YEAR: Days = Days::new(365).unwrap();
/// Fewer leavers, or customers who stayed, tell nothing.
const FEWEST: usize = 30;

/// Leavers are told apart by their repeats, from so many on up to before the next: the more often they bought, the surer has left who is
/// silent.
pub const CLASSES: [u32; 4] = [0, 1, 3, 9];

/// The middle of each class, in purchase days, the last one's where it is still well filled: between two of them a share is as far between
/// theirs, so that one purchase more is no step.
const MIDDLES: [f64; CLASSES.len()] = [1.0, 2.5, 6.0, 15.0];

/// What leavers buy after the horizon, beside what they would if they had stayed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Returning {
    /// By class, [`CLASSES`], at its middle; `None` where there are too few leavers, or too few who stayed.
    pub classes: [Option<Share>; CLASSES.len()],
    /// How many leavers it is of.
    pub leavers: u64,
    /// The horizon that they bought nothing in.
    pub horizon_days: u32,
    /// For so many days after it they were watched.
    pub watched_days: u32,
}

/// How much leavers buy anyway.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// What is bought after the horizon by customers who bought nothing in it, as a share of what customers like them buy who did; from 0
    /// to 1.
    pub share: f64,
    /// Its standard deviation, by the customers' own differences.
    pub sd: f64,
}

fn class_of(repeats: u32) -> usize {
    CLASSES.partition_point(|&least| least <= repeats).saturating_sub(1)
}

/// A customer of the population at that instant.
struct Watched {
    class: usize,
    has_left: bool,
    /// What is expected of a customer like this after the horizon, if kept.
    expected: f64,
    came: f64,
}

impl Returning {
    /// Looks at what is known until an instant; `None` where a log is too short for it, too few left, or nothing tells what they would
    /// have bought.
    ///
    /// # Errors
    /// When a part of the history cannot be read.
    pub fn measure(
        histories: &Histories,
        lifetime: &Lifetime,
        known_until: Instant,
        settings: &Settings,
    ) -> Result<Option<Self>, HistoryError> {
        let Settings { horizon, lookback, .. } = *settings;
        let Lifetime::BgNbd { .. } = lifetime else { return Ok(None) };
        let Some(as_of) = watched_from(histories, known_until, horizon, lookback) else { return Ok(None) };
        let silent_until = as_of.plus(horizon);
        let days = [silent_until, known_until].map(|until| until.elapsed_days_since(as_of));
        let label = Label::where_given(histories.given());
        let tell = |known: &Known<'_>, customer: CustomerHistory<'_>| {
            let row = label.has_in_population(known, lookback).then(|| registry::compute(known))?;
            let (amount, [within_horizon, in_all]) = lifetime.purchases_if_kept_by(&row, as_of, days)?;
            Some(Watched {
                class: class_of((row[place(&FREQUENCY)] as u32).saturating_sub(1)),
                has_left: label.churned(customer, as_of, horizon),
                expected: amount * (in_all - within_horizon),
                came: amount * purchases_within(customer, silent_until, known_until) as f64,
            })
        };
        let mut watched: Vec<Watched> = of_everyone(histories, as_of, tell)?.into_iter().flatten().collect();
        // Whatever order they come in, sums are the same.
        watched.sort_unstable_by(|a, b| a.expected.total_cmp(&b.expected).then(a.came.total_cmp(&b.came)));
        let classes: [Option<Share>; CLASSES.len()] = std::array::from_fn(|class| Share::of(&watched, class));
        if classes.iter().all(Option::is_none) {
            return Ok(None);
        }
        Ok(Some(Self {
            classes,
            leavers: watched.iter().filter(|customer| customer.has_left).count() as u64,
            horizon_days: horizon.get(),
            watched_days: known_until.elapsed_days_since(silent_until) as u32,
        }))
    }

    /// The share of a customer with so many repeats: between the middles of the classes that tell, that of the nearest beyond them.
    pub fn share_of(&self, repeats: u32) -> f64 {
        self.share(repeats).share
    }

    /// Whether leavers were watched at the same time of the year as what was known last: in a young log they are not.
    pub fn is_of_the_season(&self) -> bool {
        self.horizon_days.saturating_add(self.watched_days).is_multiple_of(YEAR.get())
    }

    fn share(&self, repeats: u32) -> Share {
        let days = f64::from(repeats) + 1.0;
        let told = MIDDLES.iter().zip(&self.classes).filter_map(|(&middle, share)| Some((middle, (*share)?)));
        let mut below: Option<(f64, Share)> = None;
        for (middle, share) in told {
            if days <= middle {
                return below
                    .map_or(share, |(from, below)| below.towards(share, (days - from) / (middle - from)));
            }
            below = Some((middle, share));
        }
        below.map_or(Share { share: 0.0, sd: 0.0 }, |(_, share)| share)
    }

    /// Whether it is one: read from a file, it may be anything.
    pub(super) fn is_possible(&self) -> bool {
        self.classes.iter().flatten().all(|class| (0.0..=1.0).contains(&class.share) && class.sd >= 0.0)
    }

    /// The relative variance of what keeping a customer with so many repeats adds, by how well their share is known.
    pub(super) fn relative_variance(&self, repeats: u32, ToCome { in_all, after_horizon }: ToCome) -> f64 {
        let Share { share, sd } = self.share(repeats);
        (sd * after_horizon / (in_all - share * after_horizon)).powi(2)
    }
}

impl Share {
    /// So far on the way from this one to another.
    fn towards(self, other: Self, part: f64) -> Self {
        let between = |from: f64, to: f64| from + (to - from) * part;
        Self { share: between(self.share, other.share), sd: between(self.sd, other.sd) }
    }

    /// What came of a class's leavers of what was expected of them, as a share of what did of those who stayed; `None` of too few.
    fn of(watched: &[Watched], class: usize) -> Option<Self> {
        let came_of = |has_left| {
            CameOfExpected::of(watched.iter().filter(|one| (one.class, one.has_left) == (class, has_left)))
        };
        let (left, stayed) = (came_of(true)?, came_of(false).filter(|stayed| stayed.ratio > 0.0)?);
        // Beyond 1 they bought more than who stayed: to keep them is worth nothing.
        let share = (left.ratio / stayed.ratio).min(1.0);
        Some(Self { share, sd: left.sd.hypot(share * stayed.sd) / stayed.ratio })
    }
}

/// What came of customers, as a share of what was expected of them, and its standard deviation.
struct CameOfExpected {
    ratio: f64,
    sd: f64,
}

impl CameOfExpected {
    fn of<'a>(customers: impl Iterator<Item = &'a Watched> + Clone) -> Option<Self> {
        let expected: f64 = customers.clone().map(|customer| customer.expected).sum();
        if customers.clone().count() < FEWEST || expected <= 0.0 {
            return None;
        }
        let ratio = customers.clone().map(|customer| customer.came).sum::<f64>() / expected;
        let squares: f64 =
            customers.map(|customer| (customer.came - ratio * customer.expected).powi(2)).sum();
        Some(Self { ratio, sd: squares.sqrt() / expected })
    }
}

/// Since when leavers are watched: as long ago that they can be for a horizon after the one in which they bought nothing; at the same time
/// of the year, as before the season more come back than after it, or, in a young log, two horizons ago.
fn watched_from(
    histories: &Histories,
    known_until: Instant,
    horizon: Days,
    lookback: Days,
) -> Option<Instant> {
    let (first, _) = histories.summary().span?;
    // The population needs time to form.
    let earliest = first.plus(lookback.min(horizon));
    let years = (2 * horizon.get()).div_ceil(YEAR.get());
    let same_season = (0..years).fold(known_until, |at, _| at.minus(YEAR));
    [same_season, known_until.minus(horizon).minus(horizon)].into_iter().find(|&at| at >= earliest)
}
