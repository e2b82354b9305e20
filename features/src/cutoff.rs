//! Which cutoffs a history can be trained and tested at.

use crate::units::{Days, Instant};

/// At most so many training snapshots.
pub const MAX_TRAINING_CUTOFFS: usize = 4;

/// The cutoffs of the training snapshots, newest first: one horizon apart, the newest label ending at `known_until`,
/// at most [`MAX_TRAINING_CUTOFFS`], each at least min(lookback, horizon) after the first order, so that the
/// population has had time to form.
///
/// ```
/// use mainstay_features::{cutoff::training_cutoffs, units::{Days, Instant}};
/// let (first, until): (Instant, Instant) = ("1997-01-01".parse()?, "1998-04-01".parse()?);
/// let cutoffs = training_cutoffs(first, until, "90d".parse()?, "180d".parse()?);
/// assert_eq!(cutoffs.len(), 4);
/// assert_eq!(cutoffs[3].to_string(), "1997-04-06T00:00:00Z");
/// # Ok::<(), mainstay_features::units::ParseUnitError>(())
/// ```
pub fn training_cutoffs(
    first_order: Instant,
    known_until: Instant,
    horizon: Days,
    lookback: Days,
) -> Vec<Instant> {
    let earliest = first_order.plus(lookback.min(horizon));
    std::iter::successors(Some(known_until.minus(horizon)), |cutoff| Some(cutoff.minus(horizon)))
        .take_while(|&cutoff| cutoff >= earliest && cutoff > Instant::MIN)
        .take(MAX_TRAINING_CUTOFFS)
        .collect()
}
