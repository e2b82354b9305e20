//! Rows of one kind: with the number of their customer as they come, and grouped by customer once they are sorted.

use std::ops::Range;

use super::TooManyCustomers;

/// Rows side by side by customer: one's end where the next one's begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grouped<T> {
    /// Where each customer's end; empty where there is no row at all.
    ends: Vec<u32>,
    rows: Vec<T>,
}

impl<T> Default for Grouped<T> {
    fn default() -> Self {
        Self { ends: Vec::new(), rows: Vec::new() }
    }
}

impl<T> Grouped<T> {
    /// For so many customers and rows.
    pub(super) fn with_capacity(customers: usize, rows: usize) -> Self {
        Self { ends: Vec::with_capacity(customers), rows: Vec::with_capacity(rows) }
    }

    /// From what [`Self::ends`] and [`Self::rows`] give; `None` if they cannot be of so many customers.
    pub(super) fn new(ends: Vec<u32>, rows: Vec<T>, customers: usize) -> Option<Self> {
        let fits = ends.len() == customers
            && ends.is_sorted()
            && ends.last().is_some_and(|&end| end as usize == rows.len());
        fits.then_some(Self { ends, rows })
    }

    pub(super) fn ends(&self) -> &[u32] {
        &self.ends
    }

    pub(super) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// The rows of a customer.
    pub(super) fn of(&self, customer: usize) -> &[T] {
        &self.rows[self.range(customer)]
    }

    /// Where the rows of a customer are.
    pub(super) fn range(&self, customer: usize) -> Range<usize> {
        let Some(&end) = self.ends.get(customer) else { return 0..0 };
        let start = if customer == 0 { 0 } else { self.ends[customer - 1] };
        start as usize..end as usize
    }

    /// The rows of one customer, alone.
    pub(super) fn only(&self, customer: usize) -> Self
    where
        T: Copy,
    {
        let rows = self.of(customer).to_vec();
        if rows.is_empty() { Self::default() } else { Self { ends: vec![rows.len() as u32], rows } }
    }

    /// Those rows that are not marked.
    pub(super) fn without(mut self, marks: &[bool]) -> Self {
        let kept_before: Vec<u32> = std::iter::once(0)
            .chain(marks.iter().scan(0, |kept, &is_marked| {
                *kept += u32::from(!is_marked);
                Some(*kept)
            }))
            .collect();
        for end in &mut self.ends {
            *end = kept_before[*end as usize];
        }
        let mut marks = marks.iter();
        self.rows.retain(|_| marks.next() == Some(&false));
        if self.rows.is_empty() { Self::default() } else { self }
    }

    /// Adds a row of the customer whose turn it is.
    pub(super) fn push(&mut self, row: T) {
        self.rows.push(row);
    }

    /// Adds several of them.
    pub(super) fn extend(&mut self, rows: impl Iterator<Item = T>) {
        self.rows.extend(rows);
    }

    /// Every row as something else.
    pub(super) fn map<U>(self, of: impl Fn(&T) -> U) -> Grouped<U> {
        Grouped { rows: self.rows.iter().map(of).collect(), ends: self.ends }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// It is the next customer's turn.
    pub(super) fn end_customer(&mut self) -> Result<(), TooManyCustomers> {
        self.ends.push(u32::try_from(self.rows.len()).map_err(|_| TooManyCustomers)?);
        Ok(())
    }

    /// Gives back the memory that is not needed.
    pub(super) fn settled(mut self) -> Self {
        if self.rows.is_empty() {
            return Self::default();
        }
        self.rows.shrink_to_fit();
        self
    }
}

/// Rows of a kind: how they sort within a customer, and which are one.
pub(super) trait Kind: Copy + PartialEq {
    /// What stands where no row has come yet.
    const BLANK: Self;

    /// Sorts a customer's rows.
    fn sort(rows: &mut [Self]);

    /// Takes in the row after it, if both are one.
    fn absorb(&mut self, next: &Self) -> bool;

    /// Puts a customer's rows, each thing once, into the order that they are kept in, where that is another.
    fn arrange(_rows: &mut [Self]) {}
}

/// Rows as they come, each with the number of its customer.
#[derive(Debug)]
pub(super) struct Numbered<T> {
    customers: Vec<u32>,
    rows: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { customers: Vec::new(), rows: Vec::new() }
    }
}

impl<T: Kind> Numbered<T> {
    /// Makes room for so many more.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.customers.reserve(rows);
        self.rows.reserve(rows);
    }

    /// Adds a row.
    pub(super) fn push(&mut self, customer: u32, row: T) {
        self.customers.push(customer);
        self.rows.push(row);
    }

    /// Adds several rows of a customer.
    pub(super) fn extend(&mut self, customer: u32, rows: &[T]) {
        self.customers.resize(self.customers.len() + rows.len(), customer);
        self.rows.extend_from_slice(rows);
    }

    /// Groups the rows by customer: `places` gives each customer's place.
    pub(super) fn grouped(self, places: &[u32]) -> Result<Grouped<T>, TooManyCustomers> {
        if self.rows.is_empty() {
            return Ok(Grouped::default());
        }
        u32::try_from(self.rows.len()).map_err(|_| TooManyCustomers)?;
        let place = |customer: u32| places[customer as usize] as usize;
        // A counting sort: first how many each has, then where each one's next row goes.
        let mut next = vec![0_u32; places.len()];
        self.customers.iter().for_each(|&customer| next[place(customer)] += 1);
        let mut before = 0;
        for place in &mut next {
            let count = *place;
            *place = before;
            before += count;
        }
        let mut rows = vec![T::BLANK; self.rows.len()];
        for (&customer, row) in self.customers.iter().zip(&self.rows) {
            let next = &mut next[place(customer)];
            rows[*next as usize] = *row;
            *next += 1;
        }
        // Now each one's next is where the one after begins. What is one is put together in place.
        let (mut begin, mut kept) = (0, 0);
        for end in &mut next {
            let own = begin..*end as usize;
            begin = own.end;
            T::sort(&mut rows[own.clone()]);
            let first = kept;
            for row in own {
                let row_here = rows[row];
                if kept == first || !rows[kept - 1].absorb(&row_here) {
                    rows[kept] = row_here;
                    kept += 1;
                }
            }
            T::arrange(&mut rows[first..kept]);
            *end = kept as u32;
        }
        rows.truncate(kept);
        Ok(Grouped { ends: next, rows })
    }
}
