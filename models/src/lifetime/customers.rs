//! Asking something of every customer of a history.

use mainstay_features::history::{CustomerHistory, Histories, History, HistoryError};
use mainstay_features::known::{Cut, Known};
use mainstay_features::units::Instant;
use rayon::prelude::*;

/// So few customers are not worth another thread.
pub(super) const MIN_CUSTOMERS: usize = 1024;

/// What everyone with a purchase at or before an instant tells by what is known then and by their whole history, those who have long left
/// too; in an order that depends on how the history lies in memory.
pub(super) fn of_everyone<T: Send>(
    histories: &Histories,
    as_of: Instant,
    tell: impl Fn(&Known<'_>, CustomerHistory<'_>) -> T + Sync,
) -> Result<Vec<T>, HistoryError> {
    let of_part = |part: &History| -> Vec<T> {
        (0..part.len())
            .into_par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .map_init(Cut::default, |cut, customer| {
                let customer = part.customer(customer);
                cut.at(customer, as_of).map(|known| tell(&known, customer))
            })
            .flatten_iter()
            .collect()
    };
    Ok(histories.each(of_part)?.into_iter().flatten().collect())
}
