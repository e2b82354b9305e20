//! Who has an order of those of whom files tell something else: identifiers that are written otherwise there fit nobody.

use std::ops::Add;

/// What is told of customers beside their purchases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// That they complained.
    Complaints,
    /// That they were contacted.
    Contacts,
    /// What they are like.
    Customers,
    /// That they have a contract.
    Contracts,
}

impl Telling {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Complaints, Self::Contacts, Self::Customers, Self::Contracts];
}

/// The customers of whom rows of one kind tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToldOf {
    /// How many there are.
    pub customers: usize,
    /// How many of them have no order.
    pub without_order: usize,
    /// The rows about those.
    pub rows_without_order: usize,
}

impl ToldOf {
    /// Counts one more, of whom there are some rows.
    pub(super) fn count(&mut self, rows: usize, has_order: bool) {
        if rows > 0 {
            self.customers += 1;
            if !has_order {
                self.without_order += 1;
                self.rows_without_order += rows;
            }
        }
    }
}

impl Add for ToldOf {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            without_order: self.without_order + other.without_order,
            rows_without_order: self.rows_without_order + other.rows_without_order,
        }
    }
}

/// The customers of whom rows of every kind tell, in the order of [`Telling::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told(pub [ToldOf; 4]);

impl Told {
    /// Of one kind.
    pub fn by(&self, telling: Telling) -> ToldOf {
        self.0[telling as usize]
    }
}

impl Add for Told {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|kind| self.0[kind] + other.0[kind]))
    }
}
