//! Rows on their way into a history: parted by customer as they come.

use std::io;

use super::event::{Complaint, Contact, Contract, Given, Profile, Word};
use super::log::{Log, Spill, Tag};
use super::part::{FirstBuy, LineSum, SaidContract};
use super::rows::Kind;
use super::segment::join;
use super::staged::{Staged, each_by_part};
use super::wire::Wire;
use super::words::Words;
use crate::id::{Id, IdKind, fingerprint, is_same};
use crate::units::{Amount, Instant};

/// Rows are parted by their customer's fingerprint into so many parts: what belongs together in one of them fits in a
/// processor's cache, where among all customers every look-up waits for memory.
pub(super) const PARTS: usize = 256;

/// Collects rows in any order; [`History::fold`](super::History::fold) makes a history of them.
#[derive(Debug)]
pub struct HistoryBuilder {
    kind: IdKind,
    given: Given,
    words: Words,
    parts: Vec<Log>,
    /// Rows that are not in their part's log yet.
    staged: Staged,
    /// The instants of the first and the last purchase line.
    span: Option<(Instant, Instant)>,
    /// What the parts hold in memory.
    held_bytes: usize,
    /// The last row's customer and their part.
    customer: String,
    part: Option<u8>,
    /// Whether the last row that was staged is that customer's.
    is_named: bool,
    /// The number of the file that rows are of.
    file: u32,
    /// A line that may go on: most files have the lines of an order one after the other.
    open_line: Option<LineSum>,
}

impl Default for HistoryBuilder {
    fn default() -> Self {
        Self {
            kind: IdKind::default(),
            given: Given::default(),
            words: Words::default(),
            parts: (0..PARTS).map(|_| Log::default()).collect(),
            staged: Staged::default(),
            span: None,
            held_bytes: 0,
            customer: String::new(),
            part: None,
            is_named: false,
            file: 0,
            open_line: None,
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

    /// Says that there is such a customer, of whom nothing is to be added.
    pub fn saw_customer(&mut self, customer: &str) {
        if self.kind == IdKind::Integer && !is_decimal_integer(customer) {
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
    pub fn add_line(&mut self, customer: &str, order: &str, instant: Instant, amount: Amount) {
        self.turn_to(customer);
        let order = fingerprint(order);
        let line = LineSum { order, instant, amount };
        // What cannot be held in one sum stays in two.
        if self.open_line.as_mut().is_none_or(|open| !open.absorb(&line)) {
            self.close_line();
            self.open_line = Some(line);
        }
    }

    /// The part that a customer's rows go to, for [`Lines`].
    pub(crate) fn part_of(&mut self, customer: &str) -> u8 {
        self.saw_customer(customer);
        part_of(customer)
    }

    /// Adds purchase lines of many customers in less time than one by one: to a part's log go all that are for it at once.
    pub(crate) fn add_lines(&mut self, Lines { parts, lines }: &Lines<'_>) {
        let mut digits = itoa::Buffer::new();
        let held_bytes = &mut self.held_bytes;
        each_by_part(parts, &mut self.parts, |number, log| {
            let (customer, line) = &lines[number];
            *held_bytes += log.put(customer.text(&mut digits), Tag::Line, line);
        });
        lines.iter().for_each(|(_, line)| self.note_instant(line.instant));
    }

    /// Adds a line that cancels (some of) an order of the customer, from its own instant on: a negative amount takes
    /// off what it says. Without such an order it is a return that stands alone.
    pub fn add_cancellation(
        &mut self,
        customer: &str,
        cancelled_order: &str,
        instant: Instant,
        amount: Amount,
    ) {
        let line = LineSum { order: fingerprint(cancelled_order), instant, amount };
        self.note_instant(instant);
        self.add(customer, Tag::Cancellation, &line);
    }

    /// Adds a product that a customer bought.
    pub fn add_product(&mut self, customer: &str, product: &str, instant: Instant) {
        let product = fingerprint(product);
        self.add(customer, Tag::FirstBuy, &FirstBuy { product, instant });
    }

    /// Adds what was taken off the price of a line of an order; nothing is no discount.
    pub fn add_discount(&mut self, customer: &str, order: &str, instant: Instant, amount: Amount) {
        if amount > Amount::ZERO {
            self.add(customer, Tag::Discount, &LineSum { order: fingerprint(order), instant, amount });
        }
    }

    /// Adds a complaint.
    pub fn add_complaint(&mut self, customer: &str, complaint: Complaint) {
        self.given.complaints = true;
        self.add(customer, Tag::Complaint, &complaint);
    }

    /// Adds a contact.
    pub fn add_contact(&mut self, customer: &str, contact: Contact) {
        self.given.contacts = true;
        self.add(customer, Tag::Contact, &contact);
    }

    /// Adds what a customers file says of a customer.
    pub fn add_profile(&mut self, customer: &str, profile: Profile) {
        self.given.profiles = true;
        self.add(customer, Tag::Profile, &profile);
    }

    /// Says that what is added from here on is of another file, by its number: of contracts of a customer that begin at once,
    /// those count that the file with the highest number has.
    pub fn begin_file(&mut self, number: u32) {
        self.file = number;
    }

    /// Adds a contract.
    pub fn add_contract(&mut self, customer: &str, contract: Contract) {
        self.given.contracts = true;
        self.add(customer, Tag::Contract, &SaidContract { contract, edition: self.file.into() });
    }

    /// The instants of the first and the last purchase line; `None` without one.
    pub fn span(&self) -> Option<(Instant, Instant)> {
        let open = self.open_line.map(|line| (line.instant, line.instant));
        self.span.into_iter().chain(open).reduce(join)
    }

    fn note_instant(&mut self, instant: Instant) {
        self.span = Some(self.span.map_or((instant, instant), |span| join(span, (instant, instant))));
    }

    /// Adds the rows of another builder.
    pub fn append(&mut self, mut other: Self) {
        self.settle();
        other.settle();
        self.saw_ids(other.kind);
        self.given = self.given.or(other.given);
        self.words.extend(other.words);
        self.span = self.span.into_iter().chain(other.span).reduce(join);
        self.held_bytes += other.held_bytes;
        for (own, more) in self.parts.iter_mut().zip(other.parts) {
            own.append(more);
        }
    }

    /// How many bytes of memory the rows take.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// Whether some of them are on disk.
    pub fn has_spilled(&self) -> bool {
        self.parts.iter().any(Log::has_spilled)
    }

    /// Moves the rows to disk.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn spill(&mut self, to: &Spill) -> io::Result<()> {
        self.settle();
        self.held_bytes = 0;
        self.parts.iter_mut().try_for_each(|part| part.spill(to))
    }

    /// The rows by part, and what is said of the whole.
    pub(super) fn finish(mut self) -> (Vec<Log>, IdKind, Given, Words) {
        self.settle();
        (self.parts, self.kind, self.given, self.words)
    }

    /// The next row is a customer's.
    fn turn_to(&mut self, customer: &str) {
        if self.part.is_some() && is_same(self.customer.as_bytes(), customer.as_bytes()) {
            return;
        }
        self.close_line();
        self.saw_customer(customer);
        self.part = Some(part_of(customer));
        self.is_named = false;
        self.customer.clear();
        self.customer.push_str(customer);
    }

    fn add<T: Wire>(&mut self, customer: &str, tag: Tag, row: &T) {
        self.turn_to(customer);
        self.push(tag, row);
    }

    fn close_line(&mut self) {
        if let Some(line) = self.open_line.take() {
            self.note_instant(line.instant);
            self.push(Tag::Line, &line);
        }
    }

    fn push<T: Wire>(&mut self, tag: Tag, row: &T) {
        let Some(part) = self.part else { return };
        let customer = (!self.is_named).then_some(self.customer.as_str());
        self.held_bytes += self.staged.push(part, customer, tag, row);
        self.is_named = true;
        if self.staged.is_full() {
            self.write_staged();
        }
    }

    /// Puts every row into its part's log.
    fn settle(&mut self) {
        self.close_line();
        self.write_staged();
    }

    fn write_staged(&mut self) {
        self.staged.write(&mut self.parts);
        // The last row of a part may be another customer's now.
        self.is_named = false;
    }
}

/// Purchase lines on their way into a history.
pub(crate) struct Lines<'a> {
    parts: Vec<u8>,
    lines: Vec<(Id<'a>, LineSum)>,
}

impl<'a> Lines<'a> {
    /// None yet, with memory for so many.
    pub(crate) fn with_capacity(lines: usize) -> Self {
        Self { parts: Vec::with_capacity(lines), lines: Vec::with_capacity(lines) }
    }

    /// Adds a line of a customer; which part that is of [`HistoryBuilder::part_of`] says.
    pub(crate) fn push(&mut self, part: u8, customer: Id<'a>, line: LineSum) {
        self.parts.push(part);
        self.lines.push((customer, line));
    }
}

/// The part a customer's rows go to: by the middle of the fingerprint, as the tables inside a part go by its ends.
pub(super) fn part_of(customer: &str) -> u8 {
    (fingerprint(customer) >> 32) as u8
}

const _: () = assert!(PARTS == 1 << u8::BITS);

/// Whether a text is exactly the decimal form of an `i64`.
fn is_decimal_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = digits.starts_with(|first: char| ('1'..='9').contains(&first)) || text == "0";
    is_plain && text.parse::<i64>().is_ok()
}
