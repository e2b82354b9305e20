//! What is known about a customer at an instant: the only thing a feature ever sees, so that none can look ahead.

use crate::history::{Complaint, Contact, Contract, CustomerHistory, Discount, Order, Profile, Word};
use crate::units::{Amount, Days, Instant, MICROS_PER_DAY};

/// An order with a positive amount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Purchase {
    /// The order's earliest line.
    pub instant: Instant,
    /// The sum of the order's lines at or before the as-of instant; above zero.
    pub amount: Amount,
}

/// What came back: orders below zero, and later lines that take money off an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// How many.
    pub count: usize,
    /// What they came to, as a positive amount.
    pub amount: Amount,
}

/// What is known about one customer at an instant. There is at least one purchase.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    as_of: Instant,
    first_purchase: Purchase,
    last_purchase: Purchase,
    purchases: &'a [Purchase],
    visits: &'a [Instant],
    /// Not cut off: what is asked of it is.
    customer: CustomerHistory<'a>,
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

    /// The purchases in (as-of − `from` days, as-of − `to` days].
    pub fn purchases_between_days_ago(&self, from: u32, to: u32) -> &'a [Purchase] {
        let since = until(self.purchases, self.days_ago(from), |purchase| purchase.instant).len();
        let end = match to {
            0 => self.purchases.len(),
            to => until(self.purchases, self.days_ago(to), |purchase| purchase.instant).len(),
        };
        &self.purchases[since..end.max(since)]
    }

    /// So many days before the instant.
    pub fn days_ago(&self, days: u32) -> Instant {
        let micros = self.as_of.micros() - i64::from(days) * MICROS_PER_DAY;
        Instant::from_micros(micros).unwrap_or(Instant::MIN)
    }

    /// The calendar days (UTC) with a purchase, each at its first purchase, in time order; never empty.
    pub fn visits(&self) -> &'a [Instant] {
        self.visits
    }

    /// The elapsed days from each visit to the next.
    pub fn gaps_days(&self) -> impl Iterator<Item = f64> + use<'a> {
        self.visits.windows(2).map(|pair| pair[1].elapsed_days_since(pair[0]))
    }

    /// What all orders come to, returns included.
    pub fn net(&self) -> Amount {
        let orders = until(self.customer.orders, self.as_of, |order| order.instant);
        let later = self.customer.later_lines.iter().filter(|line| line.instant <= self.as_of);
        orders.iter().map(|order| order.amount).chain(later.map(|line| line.amount)).sum()
    }

    /// What came back.
    pub fn returns(&self) -> Returns {
        let orders = until(self.customer.orders, self.as_of, |order| order.instant);
        let later = self.customer.later_lines.iter().filter(|line| line.instant <= self.as_of);
        let below = orders.iter().map(|order| order.amount).chain(later.map(|line| line.amount));
        let below = below.filter(|&amount| amount < Amount::ZERO);
        Returns { count: below.clone().count(), amount: below.map(Amount::negated).sum() }
    }

    /// How many different products were bought.
    pub fn products(&self) -> usize {
        until(self.customer.first_buys, self.as_of, |&instant| instant).len()
    }

    /// What was taken off prices, in time order.
    pub fn discounts(&self) -> &'a [Discount] {
        until(self.customer.discounts, self.as_of, |discount| discount.instant)
    }

    /// The complaints at or before the instant, in time order, as they stood then.
    pub fn complaints(&self) -> impl DoubleEndedIterator<Item = Complaint> + ExactSizeIterator + use<'a> {
        let as_of = self.as_of;
        let made = until(self.customer.complaints, as_of, |complaint| complaint.instant);
        made.iter().map(move |complaint| complaint.as_known_at(as_of))
    }

    /// The contacts at or before the instant, in time order.
    pub fn contacts(&self) -> &'a [Contact] {
        until(self.customer.contacts, self.as_of, |contact| contact.instant)
    }

    /// What customers files say of an attribute in rows that say from when on they are valid, at or before the instant;
    /// in time order.
    pub fn profile(&self, attribute: Word) -> &'a [Profile] {
        let rows = said_until(self.customer, attribute, self.as_of);
        &rows[rows.partition_point(|row| row.from.is_none())..]
    }

    /// The earliest purchase.
    pub fn first_purchase(&self) -> Purchase {
        self.first_purchase
    }

    /// The latest purchase.
    pub fn last_purchase(&self) -> Purchase {
        self.last_purchase
    }

    /// The contracts that have begun, by start.
    pub(crate) fn contracts(&self) -> &'a [Contract] {
        until(self.customer.contracts, self.as_of, |contract| contract.start)
    }

    /// Whether a contract runs at the instant.
    pub fn has_contract(&self) -> bool {
        self.customer.contracts.iter().any(|contract| contract.runs_at(self.as_of))
    }

    /// Whether a contract runs at the instant and goes on after it: one that ends as a period does is not of the next.
    pub fn has_contract_that_goes_on(&self) -> bool {
        let after = Instant::from_micros(self.as_of.micros() + 1).unwrap_or(self.as_of);
        let contracts = self.customer.contracts.iter();
        contracts.filter(|contract| contract.runs_at(self.as_of)).any(|contract| contract.runs_at(after))
    }

    /// Whether there were contracts and all have ended at or before the instant: none runs, and none is signed for later.
    pub fn contracts_have_ended(&self) -> bool {
        let contracts = self.customer.contracts;
        !contracts.is_empty()
            && contracts.iter().all(|contract| contract.end.is_some_and(|end| end <= self.as_of))
    }

    /// Whether there is a purchase in (as-of − lookback, as-of].
    pub fn bought_within(&self, lookback: Days) -> bool {
        self.last_purchase.instant > self.as_of.minus(lookback)
    }
}

/// Those at or before an instant, of things in time order.
fn until<T>(all: &[T], until: Instant, instant: impl Fn(&T) -> Instant) -> &[T] {
    &all[..all.partition_point(|one| instant(one) <= until)]
}

/// What customers files say of an attribute up to an instant, in time order; first what does not say from when on.
pub(crate) fn said_until(customer: CustomerHistory<'_>, attribute: Word, as_of: Instant) -> &[Profile] {
    let rows = customer.profiles;
    let rows = &rows[rows.partition_point(|row| row.attribute < attribute)..];
    // None comes before every instant.
    &rows[..rows.partition_point(|row| row.attribute == attribute && row.from <= Some(as_of))]
}

/// Cuts histories off at instants; one a thread, so that its memory is used again for the next customer.
#[derive(Debug, Default)]
pub struct Cut {
    purchases: Vec<Purchase>,
    visits: Vec<Instant>,
}

impl Cut {
    /// What is known about a customer at an instant; `None` when there is no purchase yet.
    pub fn at<'a>(&'a mut self, customer: CustomerHistory<'a>, as_of: Instant) -> Option<Known<'a>> {
        self.lay_out(customer, as_of);
        self.known(customer, as_of)
    }

    /// Shows what is known about a customer at each of some instants, ascending, where there is a purchase by then.
    pub fn at_each(
        &mut self,
        customer: CustomerHistory<'_>,
        as_of: &[Instant],
        mut show: impl FnMut(usize, &Known<'_>),
    ) {
        // What was laid out for the newest instant begins with what an earlier one sees, unless amounts change.
        let newest = as_of.last().filter(|_| customer.later_lines.is_empty());
        if let Some(&newest) = newest {
            self.lay_out(customer, newest);
        }
        for (place, &instant) in as_of.iter().enumerate() {
            if newest.is_none() {
                self.lay_out(customer, instant);
            }
            if let Some(known) = self.known(customer, instant) {
                show(place, &known);
            }
        }
    }

    fn lay_out(&mut self, customer: CustomerHistory<'_>, until: Instant) {
        self.purchases.clear();
        self.visits.clear();
        if customer.later_lines.is_empty() {
            // As nearly all are: an order's amount is that at its instant.
            let orders = self::until(customer.orders, until, |order| order.instant);
            let bought = orders.iter().filter(|order| order.amount > Amount::ZERO);
            self.purchases.extend(bought.map(|&Order { instant, amount }| Purchase { instant, amount }));
        } else {
            self.purchases.extend(purchases_between(customer, Instant::MIN, until));
        }
        let mut last_day = i64::MIN;
        for purchase in &self.purchases {
            let day = purchase.instant.calendar_day();
            if day != last_day {
                self.visits.push(purchase.instant);
                last_day = day;
            }
        }
    }

    fn known<'a>(&'a self, customer: CustomerHistory<'a>, as_of: Instant) -> Option<Known<'a>> {
        let purchases = until(&self.purchases, as_of, |purchase| purchase.instant);
        Some(Known {
            as_of,
            first_purchase: *purchases.first()?,
            last_purchase: *purchases.last()?,
            purchases,
            visits: until(&self.visits, as_of, |&visit| visit),
            customer,
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
