//! Purchase lines of which a file tells nothing beyond what is needed: the short way for the most rows there are. A batch is
//! gone through column by column, and what is left of it goes into the history at once.

use super::arrays::{Amounts, Ids, Instants};
use super::parquet::BATCH_ROWS;
use super::rows::Rows;
use crate::history::{LineSum, Lines};
use crate::id::fingerprint;
use crate::units::Amount;

/// The columns of purchase lines.
pub(super) struct PlainLines<'a> {
    pub(super) customers: &'a Ids<'a>,
    pub(super) orders: &'a Ids<'a>,
    pub(super) instants: &'a Instants<'a>,
    pub(super) amounts: &'a Amounts<'a>,
    pub(super) currencies: Option<&'a Ids<'a>>,
}

impl PlainLines<'_> {
    /// Adds the rows about which there is nothing unusual; returns which are left, ascending. Rows that differ from the one before
    /// in nothing but the amount, as most lines of an order do, are one line.
    pub(super) fn add(&self, rows: &mut Rows<'_>, count: usize) -> Vec<usize> {
        let mut goes_on = vec![true; count];
        self.instants.clear_changes(&mut goes_on);
        self.orders.clear_changes(&mut goes_on);
        self.customers.clear_changes(&mut goes_on);
        self.currencies.iter().for_each(|currencies| currencies.clear_changes(&mut goes_on));
        let sums = RunningSums::of(self.amounts, &mut goes_on);

        let begins = begins(&goes_on);
        let ends = begins.iter().skip(1).map(|&begin| begin as usize).chain([count]);
        let (mut lines, mut left) = (Lines::with_capacity(begins.len()), Vec::new());
        let mut digits = itoa::Buffer::new();
        for (begin, end) in begins.iter().map(|&begin| begin as usize).zip(ends) {
            let mut line = || {
                let customer = self.customers.get(begin)?;
                let order = fingerprint(self.orders.get(begin)?.text(&mut digits));
                let instant = self.instants.get(begin).ok().flatten()?;
                let amount = sums.between(begin, end)?;
                let part = rows.part_of_plain_lines(customer.text(&mut digits), instant, end - begin)?;
                Some((part, customer, LineSum { order, instant, amount }))
            };
            let Some((part, customer, line)) = line() else {
                left.extend(begin..end);
                continue;
            };
            lines.push(part, customer, line);
            if let Some(currency) = self.currencies.and_then(|currencies| currencies.get(begin)) {
                rows.saw_currency(currency.text(&mut digits));
            }
        }
        rows.builder.add_lines(&lines);
        left
    }
}

/// Where the flags are not set. (No step hangs on what a flag is: which rows are alike nobody can foresee.)
fn begins(goes_on: &[bool]) -> Vec<u32> {
    let mut begins = vec![0; goes_on.len()];
    let mut count = 0;
    for (row, &goes_on) in (0..).zip(goes_on) {
        begins[count] = row;
        count += usize::from(!goes_on);
    }
    begins.truncate(count);
    begins
}

/// Amounts, and sums of them, up to this many millionths need no look at whether they can be held: a batch has not the rows.
const MOST_MILLIONTHS: u64 = i64::MAX as u64 / BATCH_ROWS as u64;

/// What amounts come to, row after row.
struct RunningSums {
    /// What the rows before each come to, and all.
    sums: Vec<i64>,
    /// Rows that are not among them, ascending.
    left: Vec<usize>,
}

impl RunningSums {
    /// Leaves out what is no amount, or a very large one: clears the flags of such rows and those after them.
    fn of(amounts: &Amounts<'_>, goes_on: &mut [bool]) -> Self {
        let (mut sums, mut left) = (vec![0; goes_on.len() + 1], Vec::new());
        let mut sum = 0;
        amounts.for_each(|row, amount| {
            let millionths = amount.map_or(i64::MAX, Amount::millionths);
            if millionths.unsigned_abs() <= MOST_MILLIONTHS {
                sum += millionths;
            } else {
                left.push(row);
            }
            sums[row + 1] = sum;
        });
        for &row in &left {
            goes_on.iter_mut().skip(row).take(2).for_each(|flag| *flag = false);
        }
        Self { sums, left }
    }

    /// What some rows come to; `None` where the first is left out.
    fn between(&self, begin: usize, end: usize) -> Option<Amount> {
        let is_left = !self.left.is_empty() && self.left.binary_search(&begin).is_ok();
        (!is_left).then(|| Amount::from_millionths(self.sums[end] - self.sums[begin]))
    }
}
