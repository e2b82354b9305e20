//! Rows on their way into a history: parted by customer as they come.

use super::TooManyCustomers;
use crate::id::{IdKind, Ids, fingerprint};
use crate::units::{Amount, Instant};

/// Rows are parted by their customer's fingerprint into so many parts: what belongs together in one of them fits in a
/// processor's cache, where among all customers every look-up waits for memory.
const PARTS: usize = 256;

/// Lines of one order at one instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct OrderPart {
    pub(super) order: u64,
    pub(super) instant: Instant,
    pub(super) amount: Amount,
}

/// The rows of some of the customers.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The customer of each run of lines; one may have many runs.
    pub(super) run_customers: Ids,
    /// Where each run begins among the lines.
    pub(super) run_starts: Vec<u32>,
    pub(super) lines: Vec<OrderPart>,
    pub(super) complaint_customers: Ids,
    pub(super) complaints: Vec<Instant>,
}

impl Part {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.complaints.is_empty()
    }
}

/// Collects rows in any order; [`History::fold`](super::History::fold) makes a history of them.
#[derive(Debug)]
pub struct HistoryBuilder {
    pub(super) kind: IdKind,
    pub(super) parts: Vec<Part>,
    /// The last line's part and identifiers: most files have the lines of an order one after the other.
    last_part: Option<usize>,
    last_customer: String,
    last_order: String,
}

impl Default for HistoryBuilder {
    fn default() -> Self {
        Self {
            kind: IdKind::default(),
            parts: (0..PARTS).map(|_| Part::default()).collect(),
            last_part: None,
            last_customer: String::new(),
            last_order: String::new(),
        }
    }
}

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
    /// When there are more lines than can be numbered.
    pub fn add_line(
        &mut self,
        customer: &str,
        order: &str,
        instant: Instant,
        amount: Amount,
    ) -> Result<(), TooManyCustomers> {
        let same_customer = self.last_part.filter(|_| self.last_customer == customer);
        let place = match same_customer {
            Some(place) => {
                if self.last_order == order
                    && let Some(last) = self.parts[place].lines.last_mut()
                    && last.instant == instant
                    && let Some(total) = last.amount.checked_add(amount)
                {
                    last.amount = total;
                    return Ok(());
                }
                place
            }
            None => self.begin_run(customer)?,
        };
        self.parts[place].lines.push(OrderPart { order: fingerprint(order), instant, amount });
        self.last_order.clear();
        self.last_order.push_str(order);
        Ok(())
    }

    /// Begins a run of lines of a customer; returns their part.
    fn begin_run(&mut self, customer: &str) -> Result<usize, TooManyCustomers> {
        self.note_kind(customer);
        let place = part_of(customer);
        let part = &mut self.parts[place];
        part.run_starts.push(u32::try_from(part.lines.len()).map_err(|_| TooManyCustomers)?);
        part.run_customers.push(customer);
        self.last_part = Some(place);
        self.last_customer.clear();
        self.last_customer.push_str(customer);
        Ok(place)
    }

    /// Adds a complaint.
    pub fn add_complaint(&mut self, customer: &str, instant: Instant) {
        let part = &mut self.parts[part_of(customer)];
        part.complaint_customers.push(customer);
        part.complaints.push(instant);
        self.note_kind(customer);
    }

    fn note_kind(&mut self, customer: &str) {
        if self.kind == IdKind::Integer && !is_decimal_integer(customer) {
            self.kind = IdKind::Text;
        }
    }
}

/// The part a customer's rows go to: by the middle of the fingerprint, as the tables inside a part go by its ends.
fn part_of(customer: &str) -> usize {
    (fingerprint(customer) >> 32) as usize % PARTS
}

/// Whether a text is exactly the decimal form of an `i64`.
fn is_decimal_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}
