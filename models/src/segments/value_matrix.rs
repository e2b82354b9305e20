//! The value matrix: how often against how much, each split at the mean.

use std::str::FromStr;

use mainstay_features::units::Amount;
use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::names::{UnknownName, of_name};

/// A cell of the value matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// Many purchases of large amounts.
    Best,
    /// Few purchases, of large amounts.
    Spender,
    /// Many purchases, of small amounts.
    Frequent,
    /// Few purchases of small amounts.
    Uncertain,
}

impl Cell {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Best, Self::Spender, Self::Frequent, Self::Uncertain];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Spender => "spender",
            Self::Frequent => "frequent",
            Self::Uncertain => "uncertain",
        }
    }
}

impl Cell {
    /// What people call it.
    pub const fn words(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::English, _) => self.name(),
            (Language::Chinese, Self::Best) => "优质型",
            (Language::Chinese, Self::Spender) => "消费型",
            (Language::Chinese, Self::Frequent) => "经常型",
            (Language::Chinese, Self::Uncertain) => "不确定型",
        }
    }
}

impl FromStr for Cell {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        of_name("cell of the value matrix", &Self::ALL, Self::name, text)
    }
}

/// What a population bought, of which the matrix has its means; that of two populations adds up.
///
/// Purchases are split at the mean number a customer has made, amounts at the mean amount of a purchase, so that the
/// product of both is what a customer bought on average. Who is at a mean is not above it, so that where everybody is
/// equal nobody stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueMatrix {
    customers: u64,
    purchases: u64,
    money: Amount,
}

impl ValueMatrix {
    /// Adds a customer with so many purchases that came to so much.
    pub fn add(&mut self, purchases: u64, money: Amount) {
        self.customers += 1;
        self.purchases += purchases;
        self.money = [self.money, money].into_iter().sum();
    }

    /// That of both populations.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            customers: self.customers + other.customers,
            purchases: self.purchases + other.purchases,
            money: [self.money, other.money].into_iter().sum(),
        }
    }

    /// The mean number of purchases of a customer; NaN of nobody.
    pub fn mean_purchases(&self) -> f64 {
        self.purchases as f64 / self.customers as f64
    }

    /// The mean amount of a purchase; NaN of none.
    pub fn mean_amount(&self) -> f64 {
        self.money.get() / self.purchases as f64
    }

    /// The cell of a customer with so many purchases that came to so much.
    pub fn cell(&self, purchases: u64, money: Amount) -> Cell {
        // Fractions are compared across, so that equals are equal.
        let wide = |count: u64| i128::from(count);
        let is_frequent = wide(purchases) * wide(self.customers) > wide(self.purchases);
        let is_spender = i128::from(money.millionths()) * wide(self.purchases)
            > i128::from(self.money.millionths()) * wide(purchases);
        match (is_frequent, is_spender) {
            (true, true) => Cell::Best,
            (false, true) => Cell::Spender,
            (true, false) => Cell::Frequent,
            (false, false) => Cell::Uncertain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(units: f64) -> Amount {
        Amount::new(units).unwrap()
    }

    /// ECONOMICS.md section 6: number of purchases × mean amount, split at the means.
    #[test]
    fn the_four_cells_are_split_at_the_means() {
        let customers = [(6, 300.0), (1, 90.0), (4, 40.0), (1, 10.0)];
        let mut matrix = ValueMatrix::default();
        customers.iter().for_each(|&(purchases, money)| matrix.add(purchases, amount(money)));
        assert_eq!((matrix.mean_purchases(), matrix.mean_amount()), (3.0, 440.0 / 12.0));
        let cells = customers.map(|(purchases, money)| matrix.cell(purchases, amount(money)));
        assert_eq!(cells, [Cell::Best, Cell::Spender, Cell::Frequent, Cell::Uncertain]);
    }

    #[test]
    fn who_is_at_a_mean_is_not_above_it() {
        let mut matrix = ValueMatrix::default();
        (0..3).for_each(|_| matrix.add(3, amount(0.3)));
        assert_eq!(matrix.cell(3, amount(0.3)), Cell::Uncertain, "everybody is equal");
        assert_eq!(ValueMatrix::default().cell(0, Amount::ZERO), Cell::Uncertain);
    }

    #[test]
    fn parts_add_up() {
        let (mut whole, mut one, mut other) = Default::default();
        ValueMatrix::add(&mut whole, 2, amount(5.0));
        ValueMatrix::add(&mut whole, 1, amount(7.0));
        ValueMatrix::add(&mut one, 2, amount(5.0));
        ValueMatrix::add(&mut other, 1, amount(7.0));
        assert_eq!(one.and(other), whole);
    }
}
