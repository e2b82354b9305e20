//! Rows on their way into a history.

use super::TooManyCustomers;
use crate::id::{IdKind, Ids, Interner, fingerprint};
use crate::units::{Amount, Instant};

/// Lines of one order at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderPart {
    pub(super) order: u64,
    pub(super) instant: Instant,
    pub(super) amount: Amount,
}

/// A part of an order on its way into a history.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) customer: u32,
    pub(super) part: OrderPart,
}

/// Collects rows in any order; [`History::fold`] makes a history of them.
#[derive(Debug, Default)]
pub struct HistoryBuilder {
    pub(super) kind: IdKind,
    pub(super) customers: Interner,
    pub(super) lines: Vec<Line>,
    pub(super) complaints: Vec<(u32, Instant)>,
    /// Customers whose numbers are not looked up yet: the first of them is that of the line with this number, and each
    /// later one has the lines from its own on.
    waiting: Ids,
    waiting_from: Vec<usize>,
    /// The identifiers of the last line: most files have the lines of an order one after the other.
    last_customer: String,
    last_order: String,
}

/// So many customers wait to be looked up together.
const WAITING: usize = 4096;

impl HistoryBuilder {
    /// Says how the identifiers of a column are typed: once text, always text. (Text that is no number says so
    /// itself.)
    pub fn saw_ids(&mut self, kind: IdKind) {
        if kind == IdKind::Text {
            self.kind = IdKind::Text;
        }
    }

    /// Adds a purchase line.
    ///
    /// # Errors
    /// When there are more customers than can be numbered.
    pub fn add_line(
        &mut self,
        customer: &str,
        order: &str,
        instant: Instant,
        amount: Amount,
    ) -> Result<(), TooManyCustomers> {
        let same_customer = !self.lines.is_empty() && self.last_customer == customer;
        if same_customer
            && self.last_order == order
            && let Some(last) = self.lines.last_mut()
            && last.part.instant == instant
            && let Some(total) = last.part.amount.checked_add(amount)
        {
            last.part.amount = total;
            return Ok(());
        }
        if !same_customer {
            if self.waiting.len() == WAITING {
                self.look_up()?;
            }
            self.note_kind(customer);
            self.waiting.push(customer);
            self.waiting_from.push(self.lines.len());
            self.last_customer.clear();
            self.last_customer.push_str(customer);
        }
        self.last_order.clear();
        self.last_order.push_str(order);
        // The number is filled in when the customer is looked up; until then it is the one before's.
        let customer = self.lines.last().map_or(0, |line| line.customer);
        self.lines.push(Line { customer, part: OrderPart { order: fingerprint(order), instant, amount } });
        Ok(())
    }

    /// Looks up the customers who wait, and numbers their lines.
    pub(super) fn look_up(&mut self) -> Result<(), TooManyCustomers> {
        let mut next = self
            .waiting_from
            .iter()
            .copied()
            .zip(self.waiting_from.iter().copied().skip(1).chain([self.lines.len()]));
        let lines = &mut self.lines;
        let number = |number| {
            if let Some((from, until)) = next.next() {
                lines[from..until].iter_mut().for_each(|line| line.customer = number);
            }
        };
        self.customers.intern_all(&self.waiting, number).ok_or(TooManyCustomers)?;
        // Lines that follow may still be the last customer's: they copy its number from the line before.
        self.waiting.clear();
        self.waiting_from.clear();
        Ok(())
    }

    /// Adds a complaint.
    ///
    /// # Errors
    /// When there are more customers than can be numbered.
    pub fn add_complaint(&mut self, customer: &str, instant: Instant) -> Result<(), TooManyCustomers> {
        self.note_kind(customer);
        let customer = self.customers.intern(customer).ok_or(TooManyCustomers)?;
        self.complaints.push((customer, instant));
        Ok(())
    }

    fn note_kind(&mut self, customer: &str) {
        if self.kind == IdKind::Integer && !is_decimal_integer(customer) {
            self.kind = IdKind::Text;
        }
    }
}

/// Whether a text is exactly the decimal form of an `i64`.
fn is_decimal_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}
