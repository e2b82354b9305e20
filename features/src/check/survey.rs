//! What is gathered from rows as they are read.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::Statuses;
use super::days::{Day, DayReport, report};
use crate::units::{Amount, Instant};

/// What the purchase lines are like, and what complaints say of themselves. The order of rows does not show.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Lines and money of each calendar day (UTC).
    days: BTreeMap<i64, Day>,
    /// Lines below zero.
    pub negative: u64,
    /// Lines of exactly nothing.
    pub zero: u64,
    /// Lines in each currency, where there is such a column.
    pub currencies: BTreeMap<String, u64>,
    /// What has become of the complaints, by their status, where there is such a column.
    pub statuses: Statuses,
    /// Amounts that were read from texts with a decimal point…
    pub with_point: u64,
    /// …and of these the ones with exactly three digits after it.
    pub with_three_decimals: u64,
    /// What was taken off prices, where there is such a column.
    pub discounts: Discounts,
    /// The fingerprint of each line's order, and of the whole line.
    lines: Vec<(u64, u64)>,
    /// The fingerprint of the order that each line cancels, of those that cancel one.
    cancelled: Vec<u64>,
}

/// What discounts are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discounts {
    /// Lines with one that is not 0…
    pub given: u64,
    /// …of these below zero…
    pub negative: u64,
    /// …and of these above zero and at most 1, as shares of a price are.
    pub up_to_one: u64,
}

impl Discounts {
    fn add(&mut self, discount: Amount) {
        let discount = discount.get();
        self.given += u64::from(discount != 0.0);
        self.negative += u64::from(discount < 0.0);
        self.up_to_one += u64::from(discount > 0.0 && discount <= 1.0);
    }
}

impl AddAssign for Discounts {
    fn add_assign(&mut self, other: Self) {
        self.given += other.given;
        self.negative += other.negative;
        self.up_to_one += other.up_to_one;
    }
}

/// Lines that cancel an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cancellations {
    /// How many.
    pub lines: u64,
    /// How many of them name an order that no line of the customer is of.
    pub of_no_order: u64,
}

/// Lines that are there more than once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Lines that repeat another in everything that is read of them.
    pub lines: u64,
    /// Orders every line of which is there at least twice: sent again, it seems.
    pub orders: u64,
}

impl Survey {
    /// Adds a line, with the fingerprints of its customer's order and of everything that is read of it.
    pub fn add(&mut self, instant: Instant, amount: Amount, order: u64, line: u64) {
        let day = self.days.entry(instant.calendar_day()).or_default();
        day.lines += 1;
        day.amount += i128::from(amount.millionths());
        self.negative += u64::from(amount < Amount::ZERO);
        self.zero += u64::from(amount == Amount::ZERO);
        self.lines.push((order, line));
    }

    /// Notes how an amount is written.
    pub fn add_written(&mut self, amount: &str) {
        if let Some((_, decimals)) = amount.trim().split_once('.') {
            self.with_point += 1;
            self.with_three_decimals += u64::from(decimals.len() == 3);
        }
    }

    /// Notes the currency of a line.
    pub fn add_currency(&mut self, currency: &str) {
        match self.currencies.get_mut(currency) {
            Some(lines) => *lines += 1,
            None => {
                self.currencies.insert(currency.to_owned(), 1);
            }
        }
    }

    /// Notes what was taken off the price of a line.
    pub fn add_discount(&mut self, discount: Amount) {
        self.discounts.add(discount);
    }

    /// Notes the fingerprint of the customer's order that a line cancels.
    pub fn add_cancelled(&mut self, order: u64) {
        self.cancelled.push(order);
    }

    /// Takes in another.
    pub fn merge(&mut self, other: Self) {
        for (day, more) in other.days {
            let own = self.days.entry(day).or_default();
            own.lines += more.lines;
            own.amount += more.amount;
        }
        self.negative += other.negative;
        self.zero += other.zero;
        self.with_point += other.with_point;
        self.with_three_decimals += other.with_three_decimals;
        for (currency, lines) in other.currencies {
            *self.currencies.entry(currency).or_default() += lines;
        }
        self.statuses += other.statuses;
        self.discounts += other.discounts;
        self.lines.extend(other.lines);
        self.cancelled.extend(other.cancelled);
    }

    /// Whether the orders that lines cancel are there.
    pub fn cancellations(&mut self) -> Cancellations {
        self.lines.sort_unstable();
        let is_there = |order: u64| self.lines.binary_search_by_key(&order, |line| line.0).is_ok();
        let of_no_order = self.cancelled.iter().filter(|&&order| !is_there(order)).count();
        Cancellations { lines: self.cancelled.len() as u64, of_no_order: of_no_order as u64 }
    }

    /// Which lines and orders are there more than once.
    pub fn repeats(&mut self) -> Repeats {
        self.lines.sort_unstable();
        let mut repeats = Repeats::default();
        for order in self.lines.chunk_by(|a, b| a.0 == b.0) {
            let copies = order.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len);
            repeats.lines += copies.clone().map(|copies| copies as u64 - 1).sum::<u64>();
            repeats.orders += u64::from(copies.min().is_some_and(|fewest| fewest > 1));
        }
        repeats
    }

    /// The days of the feed; `None` without a line.
    pub fn days(&self) -> Option<DayReport> {
        report(&self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_and_orders_that_were_sent_again_are_told_apart() {
        let mut survey = Survey::default();
        // Order 1 has one of its two lines twice; order 2 is there twice as a whole.
        for (order, line) in [(1, 11), (1, 11), (1, 12), (2, 21), (2, 22), (2, 22), (2, 21)] {
            survey.add(Instant::MIN, Amount::ZERO, order, line);
        }
        assert_eq!(survey.repeats(), Repeats { lines: 3, orders: 1 });
    }

    #[test]
    fn a_cancellation_of_an_order_that_is_not_there_is_found() {
        let mut survey = Survey::default();
        [1, 2].into_iter().for_each(|order| survey.add(Instant::MIN, Amount::ZERO, order, order));
        [2, 3, 3].into_iter().for_each(|order| survey.add_cancelled(order));
        assert_eq!(survey.cancellations(), Cancellations { lines: 3, of_no_order: 2 });
    }
}
