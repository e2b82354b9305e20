//! The label: who left.

use crate::history::CustomerHistory;
use crate::known::purchases_between;
use crate::units::{Days, Instant};

/// Whether a customer churned: no purchase in (cutoff, cutoff + horizon]. An order is a purchase here if its amount,
/// as known at the end of the window, is positive; one that began at or before the cutoff belongs to the past.
pub fn churned(customer: CustomerHistory<'_>, cutoff: Instant, horizon: Days) -> bool {
    let end = cutoff.plus(horizon);
    let Some(start) = Instant::from_micros(cutoff.micros() + 1) else { return true };
    purchases_between(customer, start, end).next().is_none()
}
