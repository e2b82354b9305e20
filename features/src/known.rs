//! What is known about a customer at an instant: the only thing a feature ever sees, so that none can look ahead.

use crate::history::CustomerHistory;
use crate::units::{Amount, Days, Instant};

/// An order with a positive amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    /// The order's earliest line.
    pub instant: Instant,
    /// The sum of the order's lines at or before the as-of instant; above zero.
    pub amount: Amount,
}

/// What is known about one customer at an instant. There is at least one purchase.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    as_of: Instant,
    first_purchase: Purchase,
    last_purchase: Purchase,
    purchases: &'a [Purchase],
    complaints: &'a [Instant],
}

impl<'a> Known<'a> {
    /// The instant.
    pub fn as_of(&self) -> Instant {
        self.as_of
    }

    /// The purchases at or before the instant, in time order; never empty.
    pub fn purchases(&self) -> &'a [Purchase] {
        self.purchases
    }

    /// The complaints at or before the instant, in time order.
    pub fn complaints(&self) -> &'a [Instant] {
        self.complaints
    }

    /// The earliest purchase.
    pub fn first_purchase(&self) -> Purchase {
        self.first_purchase
    }

    /// The latest purchase.
    pub fn last_purchase(&self) -> Purchase {
        self.last_purchase
    }

    /// Whether the customer is in the population: a purchase in (as-of − lookback, as-of].
    pub fn is_in_population(&self, lookback: Days) -> bool {
        self.last_purchase.instant > self.as_of.minus(lookback)
    }
}

/// Cuts histories off at instants; one a thread, so that its memory is used again for the next customer.
#[derive(Debug, Default)]
pub struct Cut {
    purchases: Vec<Purchase>,
}

impl Cut {
    /// What is known about a customer at an instant; `None` when there is no purchase yet.
    pub fn at<'a>(&'a mut self, customer: CustomerHistory<'a>, as_of: Instant) -> Option<Known<'a>> {
        self.purchases.clear();
        self.purchases.extend(purchases_between(customer, Instant::MIN, as_of));
        let complaints = customer.complaints;
        Some(Known {
            as_of,
            first_purchase: *self.purchases.first()?,
            last_purchase: *self.purchases.last()?,
            purchases: &self.purchases,
            complaints: &complaints[..complaints.partition_point(|&instant| instant <= as_of)],
        })
    }
}

/// The purchases whose instant is in [from, until], each with the amount known at `until`, in time order.
pub(crate) fn purchases_between(
    customer: CustomerHistory<'_>,
    from: Instant,
    until: Instant,
) -> impl Iterator<Item = Purchase> {
    let start = customer.orders.partition_point(|order| order.instant < from);
    let end = customer.orders.partition_point(|order| order.instant <= until);
    let later_lines = customer.later_lines;
    let mut next_line = later_lines.partition_point(|line| (line.order as usize) < start);
    (start..end.max(start)).filter_map(move |number| {
        let order = &customer.orders[number];
        let own = later_lines[next_line..].iter().take_while(|line| line.order as usize == number);
        let known = own.clone().filter(|line| line.instant <= until).map(|line| line.amount);
        let amount: Amount = known.chain([order.amount]).sum();
        next_line += own.count();
        (amount > Amount::ZERO).then_some(Purchase { instant: order.instant, amount })
    })
}
