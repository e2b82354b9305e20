//! Rows on their way into a history: parted by customer as they come.

use super::TooManyCustomers;
use super::event::{Complaint, Contact, Contract, Discount, Given, Profile, Word, Words};
use super::part::{FirstBuy, LineSum, Part};
use crate::id::{IdKind, fingerprint};
use crate::units::{Amount, Instant};

/// Rows are parted by their customer's fingerprint into so many parts: what belongs together in one of them fits in a
/// processor's cache, where among all customers every look-up waits for memory.
pub(super) const PARTS: usize = 256;

/// Collects rows in any order; [`History::fold`](super::History::fold) makes a history of them.
#[derive(Debug)]
pub struct HistoryBuilder {
    pub(super) kind: IdKind,
    pub(super) given: Given,
    pub(super) words: Words,
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
            given: Given::default(),
            words: Words::default(),
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

    /// Says what the files have columns for, whether or not a row has something in them.
    pub fn saw(&mut self, given: Given) {
        self.given = self.given.or(given);
    }

    /// The word of a text, to give to complaints, contacts and profiles.
    pub fn word(&mut self, text: &str) -> Word {
        self.words.word(text)
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
                    && let Some(last) = self.parts[place].lines.rows.last_mut()
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
        let line = LineSum { order: fingerprint(order), instant, amount };
        self.parts[place].lines.rows.push(line);
        self.last_order.clear();
        self.last_order.push_str(order);
        Ok(())
    }

    /// Begins a run of lines of a customer; returns their part.
    fn begin_run(&mut self, customer: &str) -> Result<usize, TooManyCustomers> {
        self.note_kind(customer);
        let place = part_of(customer);
        self.parts[place].lines.begin(customer)?;
        self.last_part = Some(place);
        self.last_customer.clear();
        self.last_customer.push_str(customer);
        Ok(place)
    }

    /// Adds a line that cancels (some of) an order of the customer, from its own instant on: a negative amount takes
    /// off what it says. Without such an order it is a return that stands alone.
    ///
    /// # Errors
    /// When there are more lines than can be numbered.
    pub fn add_cancellation(
        &mut self,
        customer: &str,
        cancelled_order: &str,
        instant: Instant,
        amount: Amount,
    ) -> Result<(), TooManyCustomers> {
        let line = LineSum { order: fingerprint(cancelled_order), instant, amount };
        self.part(customer).cancellations.push(customer, line)
    }

    /// Adds a product that a customer bought.
    ///
    /// # Errors
    /// When there are more rows than can be numbered.
    pub fn add_product(
        &mut self,
        customer: &str,
        product: &str,
        instant: Instant,
    ) -> Result<(), TooManyCustomers> {
        let product = fingerprint(product);
        self.part(customer).first_buys.push(customer, FirstBuy { product, instant })
    }

    /// Adds what was taken off a line's price; nothing is no discount.
    ///
    /// # Errors
    /// When there are more rows than can be numbered.
    pub fn add_discount(
        &mut self,
        customer: &str,
        instant: Instant,
        amount: Amount,
    ) -> Result<(), TooManyCustomers> {
        if amount <= Amount::ZERO {
            return Ok(());
        }
        self.part(customer).discounts.push(customer, Discount { instant, amount })
    }

    /// Adds a complaint.
    ///
    /// # Errors
    /// When there are more complaints than can be numbered.
    pub fn add_complaint(&mut self, customer: &str, complaint: Complaint) -> Result<(), TooManyCustomers> {
        self.given.complaints = true;
        self.part(customer).complaints.push(customer, complaint)
    }

    /// Adds a contact.
    ///
    /// # Errors
    /// When there are more contacts than can be numbered.
    pub fn add_contact(&mut self, customer: &str, contact: Contact) -> Result<(), TooManyCustomers> {
        self.given.contacts = true;
        self.part(customer).contacts.push(customer, contact)
    }

    /// Adds what a customers file says of a customer.
    ///
    /// # Errors
    /// When there are more rows than can be numbered.
    pub fn add_profile(&mut self, customer: &str, profile: Profile) -> Result<(), TooManyCustomers> {
        self.given.profiles = true;
        self.part(customer).profiles.push(customer, profile)
    }

    /// Adds a contract.
    ///
    /// # Errors
    /// When there are more contracts than can be numbered.
    pub fn add_contract(&mut self, customer: &str, contract: Contract) -> Result<(), TooManyCustomers> {
        self.given.contracts = true;
        self.part(customer).contracts.push(customer, contract)
    }

    fn part(&mut self, customer: &str) -> &mut Part {
        self.note_kind(customer);
        let place = match self.last_part {
            Some(place) if self.last_customer == customer => place,
            _ => part_of(customer),
        };
        &mut self.parts[place]
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
