//! Rows of one kind: in runs by customer as they come, and grouped by customer once they are sorted.

use super::TooManyCustomers;
use crate::id::Ids;

/// Rows as they come; neighbours of one customer are a run.
#[derive(Debug)]
pub(super) struct Runs<T> {
    /// The customer of each run; one may have many runs.
    pub(super) customers: Ids,
    /// Where each run begins.
    starts: Vec<u32>,
    pub(super) rows: Vec<T>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self { customers: Ids::default(), starts: Vec::new(), rows: Vec::new() }
    }
}

impl<T> Runs<T> {
    /// Begins a run of rows of a customer.
    pub(super) fn begin(&mut self, customer: &str) -> Result<(), TooManyCustomers> {
        self.starts.push(u32::try_from(self.rows.len()).map_err(|_| TooManyCustomers)?);
        self.customers.push(customer);
        Ok(())
    }

    /// Rows that are grouped already.
    pub(super) fn of(customers: &Ids, grouped: Grouped<T>) -> Self {
        let mut runs = Self { rows: grouped.rows, ..Self::default() };
        let mut start = 0;
        for (id, end) in customers.iter().zip(grouped.ends) {
            if end > start {
                runs.starts.push(start);
                runs.customers.push(id);
            }
            start = end;
        }
        runs
    }

    /// Adds a row of a customer.
    pub(super) fn push(&mut self, customer: &str, row: T) -> Result<(), TooManyCustomers> {
        if self.customers.last() != Some(customer) {
            self.begin(customer)?;
        }
        self.rows.push(row);
        Ok(())
    }

    /// The rows of each run.
    fn runs(&self) -> impl Iterator<Item = &[T]> {
        let ends = self.starts.iter().skip(1).map(|&start| start as usize).chain([self.rows.len()]);
        self.starts.iter().zip(ends).map(|(&start, end)| &self.rows[start as usize..end])
    }
}

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
        let Some(&end) = self.ends.get(customer) else { return &[] };
        let start = if customer == 0 { 0 } else { self.ends[customer - 1] };
        &self.rows[start as usize..end as usize]
    }

    /// Adds a row of the customer whose turn it is.
    pub(super) fn push(&mut self, row: T) {
        self.rows.push(row);
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
pub(super) trait Kind: Copy {
    /// What stands where no row has come yet.
    const BLANK: Self;

    /// Sorts a customer's rows.
    fn sort(rows: &mut [Self]);

    /// Takes in the row after it, if both are one.
    fn absorb(&mut self, next: &Self) -> bool;
}

/// Groups what several lists of runs hold by customer: `places` gives, for each list, the customer number of each run.
pub(super) fn group<T: Kind>(
    lists: &[&Runs<T>],
    places: &[Vec<u32>],
    customers: usize,
) -> Result<Grouped<T>, TooManyCustomers> {
    let total: usize = lists.iter().map(|list| list.rows.len()).sum();
    if total == 0 {
        return Ok(Grouped::default());
    }
    u32::try_from(total).map_err(|_| TooManyCustomers)?;
    let runs = || {
        lists
            .iter()
            .zip(places)
            .flat_map(|(list, places)| list.runs().zip(places).map(|(run, &place)| (run, place)))
    };
    // A counting sort: first how many each has, then where each one's next row goes.
    let mut next = vec![0_u32; customers];
    for (run, place) in runs() {
        next[place as usize] += run.len() as u32;
    }
    let mut before = 0;
    for place in &mut next {
        let count = *place;
        *place = before;
        before += count;
    }
    let mut rows = vec![T::BLANK; total];
    for (run, place) in runs() {
        let next = &mut next[place as usize];
        rows[*next as usize..*next as usize + run.len()].copy_from_slice(run);
        *next += run.len() as u32;
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
        *end = kept as u32;
    }
    rows.truncate(kept);
    Ok(Grouped { ends: next, rows })
}
