//! A simulated shop of which the truth is known: what its files would say, and what no file says.
//!
//! Every customer is a pure function of the settings and the customer's number, so that a shop of any size can be made
//! a block at a time, by any number of threads, always the same. [`parameters`] has the numbers.
//!
//! * A customer is acquired, and with that buys for the first time, at the begin or at a uniform instant after it.
//! * While alive, they buy at a Poisson rate of their own, which goes with the season:
//!   1 + a·cos(2π(day − peak)/365.25). They drop out for good at a hazard of their own. Both are gamma-distributed over
//!   customers: without season, complaints and contacts this is the Pareto/NBD model (Schmittlein, Morrison & Colombo
//!   1987, Management Science 33(1)).
//! * An order has some lines of a catalogue skewed to the popular products, at log-normal prices around the customer's
//!   own mean, some of them discounted; the amount is what is left to pay. Some orders are sent back but for a line,
//!   some are complained of. A complaint multiplies the hazard for a while.
//! * Some customers, drawn by lot, are contacted once, at a uniform instant after acquisition, alive or not. A contact
//!   multiplies the hazard for the horizon: down for the persuadable, up for sleeping dogs, and not for sure things
//!   and lost causes, who differ in name only.
//! * Files end where the shop does: what happens at `end` or after is in none, and a complaint that is resolved only
//!   then is open.
//!
//! When a customer drops out follows from one number, drawn once: a unit-exponential threshold, reached when the
//! hazard added up from acquisition on comes to it. The purchases a customer would make if alive are drawn from a
//! stream of their own. What would have happened after a contact therefore differs from what did only by the path of
//! the hazard (common random numbers): nobody is saved by a contact that lowers no hazard.

mod customer;
mod events;
mod life;
pub mod parameters;
mod random;
mod truth;

#[cfg(test)]
mod tests;

pub use customer::{SimulatedCustomer, customer_id};
pub use events::{Complaint, Contact, Line, Profile};
pub use truth::{Offer, Response, Truth};

use crate::units::{Days, Instant};

const MICROS_PER_DAY: f64 = 86_400_000_000.0;

/// A simulated shop's settings, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shop {
    seed: u64,
    customers: u64,
    begin: Instant,
    end: Instant,
    horizon: Days,
}

/// Settings of which no shop can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopError {
    /// None, or too many.
    #[error("{0} customers: a shop has 1 to {max}", max = u32::MAX)]
    Customers(u64),
    /// The end is not far enough after the begin.
    #[error("from {begin} to {end}: a shop lasts at least 2 days")]
    TooShort {
        /// The begin asked for.
        begin: Instant,
        /// The end asked for.
        end: Instant,
    },
}

impl Shop {
    /// A shop from `begin` to before `end`.
    ///
    /// # Errors
    /// When it has no customers or too many, or lasts less than two days.
    pub fn new(
        seed: u64,
        customers: u64,
        begin: Instant,
        end: Instant,
        horizon: Days,
    ) -> Result<Self, ShopError> {
        if customers == 0 || customers > u64::from(u32::MAX) {
            return Err(ShopError::Customers(customers));
        }
        if end.days_since(begin) < 2 {
            return Err(ShopError::TooShort { begin, end });
        }
        Ok(Self { seed, customers, begin, end, horizon })
    }

    /// Where the randomness starts.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many customers there are: numbers 0 to this − 1.
    pub const fn customers(&self) -> u64 {
        self.customers
    }

    /// The first instant.
    pub const fn begin(&self) -> Instant {
        self.begin
    }

    /// The instant nothing in the files reaches, and at which truth is told.
    pub const fn end(&self) -> Instant {
        self.end
    }

    /// Churned means no purchase within this time after the end; contacts work for as long.
    pub const fn horizon(&self) -> Days {
        self.horizon
    }

    /// From begin to end, in days.
    fn length(&self) -> f64 {
        self.end.elapsed_days_since(self.begin)
    }

    /// The instant so many days after the begin, before the end: rounding does not move what is before it onto it.
    fn instant(&self, day: f64) -> Instant {
        let micros = self.begin.micros().saturating_add((day * MICROS_PER_DAY) as i64);
        let last = self.end.micros() - 1;
        Instant::from_micros(micros.min(last)).unwrap_or(self.begin)
    }
}
