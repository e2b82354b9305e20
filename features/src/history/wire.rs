//! The bytes of sorted rows: numbers as 64 bits, least significant byte first, column after column.

use super::event::{Complaint, Contact, Contract, Discount, Profile, Severity, Word};
use super::part::{FirstBuy, LineSum, SaidContract, Sorted};
use super::rows::{Grouped, Kind};
use crate::id::Ids;
use crate::units::{Amount, Instant};

/// Bytes that are not what was written.
#[derive(Debug)]
pub(super) struct Damaged(pub(super) &'static str);

pub(super) fn put_u64(out: &mut Vec<u8>, word: u64) {
    out.extend_from_slice(&word.to_le_bytes());
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, Damaged> {
    std::str::from_utf8(bytes).map_err(|_| Damaged("a text is none"))
}

/// Reads bytes from front to back.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Damaged> {
        let bytes = self.bytes(8)?.try_into().map_err(|_| Damaged("it ends too early"))?;
        Ok(u64::from_le_bytes(bytes))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        let bytes = self.bytes(4)?.try_into().map_err(|_| Damaged("it ends too early"))?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn count(&mut self) -> Result<usize, Damaged> {
        usize::try_from(self.u64()?).map_err(|_| Damaged("a count is out of range"))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Damaged> {
        let count = self.count()?;
        self.text_of(count)
    }

    /// A text of so many bytes.
    pub(super) fn text_of(&mut self, count: usize) -> Result<&'a str, Damaged> {
        text(self.bytes(count)?)
    }

    /// The next byte; `None` at the end.
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// A row.
    pub(super) fn row<T: Wire>(&mut self) -> Result<T, Damaged> {
        let bytes = self.bytes(8 * T::COLUMNS)?;
        let mut words = [0; WIDEST];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = bytes.try_into().map_or(0, u64::from_le_bytes);
        }
        T::of_words(words).ok_or(OUT_OF_RANGE)
    }

    /// So many numbers.
    fn column(&mut self, count: usize) -> Result<&'a [[u8; 8]], Damaged> {
        let bytes = self.bytes(count.checked_mul(8).ok_or(Damaged("a count is out of range"))?)?;
        Ok(bytes.as_chunks().0)
    }
}

impl Sorted {
    /// Appends the rows' bytes.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        put_u64(out, self.customers.len() as u64);
        self.customers.iter().for_each(|id| put_u64(out, id.len() as u64));
        self.customers.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
        put_rows(out, &self.lines);
        put_rows(out, &self.cancellations);
        put_rows(out, &self.first_buys);
        put_rows(out, &self.discounts);
        put_rows(out, &self.complaints);
        put_rows(out, &self.contacts);
        put_rows(out, &self.profiles);
        put_rows(out, &self.contracts);
    }

    /// Reads what [`Self::write`] wrote; before version 2 discounts did not say of which order they are.
    pub(super) fn read(from: &mut Reader<'_>, version: u64) -> Result<Self, Damaged> {
        let count = from.count()?;
        let lengths = from.column(count)?;
        let mut customers = Ids::default();
        for &length in lengths {
            let length = usize::try_from(u64::from_le_bytes(length))
                .map_err(|_| Damaged("an identifier's length is out of range"))?;
            customers.push(from.text_of(length)?);
        }
        Ok(Self {
            lines: rows(from, count)?,
            cancellations: rows(from, count)?,
            first_buys: rows(from, count)?,
            discounts: if version < 2 { discounts_of_no_order(from, count)? } else { rows(from, count)? },
            complaints: rows(from, count)?,
            contacts: rows(from, count)?,
            profiles: later_rows(from, count)?,
            contracts: later_rows(from, count)?,
            customers,
        })
    }
}

fn put_rows<T: Wire>(out: &mut Vec<u8>, rows: &Grouped<T>) {
    put_u64(out, rows.rows().len() as u64);
    rows.ends().iter().for_each(|&end| put_u64(out, end.into()));
    for column in 0..T::COLUMNS {
        rows.rows().iter().for_each(|row| put_u64(out, row.words()[column]));
    }
}

fn discounts_of_no_order(from: &mut Reader<'_>, customers: usize) -> Result<Grouped<LineSum>, Damaged> {
    let discounts = rows::<Discount>(from, customers)?;
    Ok(discounts.map(|&Discount { instant, amount }| LineSum { order: 0, instant, amount }))
}

fn rows<T: Wire>(from: &mut Reader<'_>, customers: usize) -> Result<Grouped<T>, Damaged> {
    let count = from.count()?;
    if count == 0 {
        return Ok(Grouped::default());
    }
    let ends = from.column(customers)?.iter().map(|&end| u32::try_from(u64::from_le_bytes(end)));
    let ends: Vec<u32> = ends.collect::<Result<_, _>>().map_err(|_| Damaged("a count is out of range"))?;
    let mut columns: [&[[u8; 8]]; WIDEST] = [&[]; WIDEST];
    for column in columns.iter_mut().take(T::COLUMNS) {
        *column = from.column(count)?;
    }
    let mut rows = Vec::with_capacity(columns[0].len());
    for row in 0..columns[0].len() {
        let words = columns.map(|column| column.get(row).map_or(0, |&word| u64::from_le_bytes(word)));
        rows.push(T::of_words(words).ok_or(OUT_OF_RANGE)?);
    }
    Grouped::new(ends, rows, customers).ok_or(Damaged("rows do not fit their customers"))
}

/// The rows of a table that older segments do not have: their parts end before it.
fn later_rows<T: Wire>(from: &mut Reader<'_>, customers: usize) -> Result<Grouped<T>, Damaged> {
    if from.0.is_empty() { Ok(Grouped::default()) } else { rows(from, customers) }
}

const OUT_OF_RANGE: Damaged = Damaged("a value is out of range");

/// The most columns a kind of row has.
pub(super) const WIDEST: usize = 4;

/// A row as numbers.
pub(super) trait Wire: Kind {
    /// How many numbers it is.
    const COLUMNS: usize;

    fn words(&self) -> [u64; WIDEST];

    fn of_words(words: [u64; WIDEST]) -> Option<Self>;
}

fn instant(word: u64) -> Option<Instant> {
    Instant::from_micros(word as i64)
}

fn of_instant(instant: Instant) -> u64 {
    instant.micros() as u64
}

/// What stands for an instant or a severity that is not given.
const NONE: u64 = i64::MIN as u64;

fn instant_if_any(word: u64) -> Option<Option<Instant>> {
    if word == NONE { Some(None) } else { instant(word).map(Some) }
}

fn of_instant_if_any(instant: Option<Instant>) -> u64 {
    instant.map_or(NONE, of_instant)
}

fn amount(word: u64) -> Amount {
    Amount::from_millionths(word as i64)
}

fn of_amount(amount: Amount) -> u64 {
    amount.millionths() as u64
}

fn of_word(word: Option<Word>) -> u64 {
    word.map_or(0, Word::number)
}

impl Wire for LineSum {
    const COLUMNS: usize = 3;

    fn words(&self) -> [u64; WIDEST] {
        [self.order, of_instant(self.instant), of_amount(self.amount), 0]
    }

    fn of_words([order, at, money, _]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { order, instant: instant(at)?, amount: amount(money) })
    }
}

impl Wire for FirstBuy {
    const COLUMNS: usize = 2;

    fn words(&self) -> [u64; WIDEST] {
        [self.product, of_instant(self.instant), 0, 0]
    }

    fn of_words([product, at, ..]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { product, instant: instant(at)? })
    }
}

impl Wire for Discount {
    const COLUMNS: usize = 2;

    fn words(&self) -> [u64; WIDEST] {
        [of_instant(self.instant), of_amount(self.amount), 0, 0]
    }

    fn of_words([at, money, ..]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { instant: instant(at)?, amount: amount(money) })
    }
}

impl Wire for Complaint {
    const COLUMNS: usize = 4;

    fn words(&self) -> [u64; WIDEST] {
        [
            of_instant(self.instant),
            of_instant_if_any(self.resolved_at),
            self.severity.map_or(NONE, |severity| severity.hundredths().into()),
            of_word(self.category),
        ]
    }

    fn of_words([at, resolved, severity, category]: [u64; WIDEST]) -> Option<Self> {
        let severity = match severity {
            NONE => None,
            hundredths => Some(Severity::from_hundredths(u32::try_from(hundredths).ok()?)?),
        };
        let resolved_at = instant_if_any(resolved)?;
        Some(Self { instant: instant(at)?, resolved_at, severity, category: Word::of_number(category) })
    }
}

impl Wire for Contact {
    const COLUMNS: usize = 3;

    fn words(&self) -> [u64; WIDEST] {
        [of_instant(self.instant), of_word(self.channel), of_word(self.offer), 0]
    }

    fn of_words([at, channel, offer, _]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { instant: instant(at)?, channel: Word::of_number(channel), offer: Word::of_number(offer) })
    }
}

impl Wire for Profile {
    const COLUMNS: usize = 3;

    fn words(&self) -> [u64; WIDEST] {
        [self.attribute.0, of_instant_if_any(self.from), of_word(self.value), 0]
    }

    fn of_words([attribute, from, value, _]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { attribute: Word(attribute), from: instant_if_any(from)?, value: Word::of_number(value) })
    }
}

impl Wire for Contract {
    const COLUMNS: usize = 2;

    fn words(&self) -> [u64; WIDEST] {
        [of_instant(self.start), of_instant_if_any(self.end), 0, 0]
    }

    fn of_words([start, end, ..]: [u64; WIDEST]) -> Option<Self> {
        Some(Self { start: instant(start)?, end: instant_if_any(end)? })
    }
}

/// As it is in a log; a segment has only contracts that are settled.
impl Wire for SaidContract {
    const COLUMNS: usize = 3;

    fn words(&self) -> [u64; WIDEST] {
        let [start, end, ..] = self.contract.words();
        [start, end, self.edition, 0]
    }

    fn of_words(words: [u64; WIDEST]) -> Option<Self> {
        Some(Self { contract: Contract::of_words(words)?, edition: words[2] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;

    /// The bytes of a part with one purchase line and one contact.
    fn part() -> Vec<u8> {
        let mut builder = HistoryBuilder::default();
        let at = Instant::MIN;
        builder.add_line("a", "1", at, Amount::from_millionths(5));
        builder.add_contact("a", Contact { instant: at, channel: None, offer: None });
        let (mut logs, kind, ..) = builder.finish();
        logs.retain(|log| !log.is_empty());
        let mut bytes = Vec::new();
        Sorted::of(logs, Vec::new(), kind).unwrap().write(&mut bytes);
        bytes
    }

    #[test]
    fn a_part_of_before_there_were_profiles_and_contracts_ends_earlier() {
        let bytes = part();
        let no_rows = 0_u64.to_le_bytes();
        let older = bytes.strip_suffix(&no_rows).unwrap().strip_suffix(&no_rows).unwrap();
        let read = |bytes: &[u8]| {
            let sorted = Sorted::read(&mut Reader::new(bytes), 2).unwrap();
            (sorted.lines, sorted.contacts, sorted.profiles, sorted.contracts)
        };
        assert_eq!(read(older), read(&bytes));
        assert!(
            Sorted::read(&mut Reader::new(&older[..older.len() - 8]), 2).is_err(),
            "contacts were always there"
        );
    }
}
