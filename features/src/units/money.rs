//! What things come to: exact amounts of lines and orders, and money as decisions reckon with it.

use std::iter::Sum;
use std::ops::{Add, Mul, Sub};
use std::str::FromStr;

use super::ParseUnitError;

/// What a line, an order or a return comes to, in the purchase log's own currency: fixed-point, in millionths, so that
/// sums are exact and the same in any order. An amount below half a millionth is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// No amount.
    pub const ZERO: Self = Self(0);
    const PER_UNIT: f64 = 1e6;
    /// The largest amount of a line, either way.
    const MAX_LINE: f64 = 1e12;

    /// What a text or number should be that is none.
    pub(crate) const EXPECTED: &str = "an amount such as 12.50, within ±10¹²";

    /// The nearest millionth; `None` for NaN and beyond ±10¹².
    pub fn new(amount: f64) -> Option<Self> {
        (amount.abs() <= Self::MAX_LINE).then(|| {
            // Rounded half away from zero, as `round` does, which is a call where this is four instructions.
            let millionths = amount * Self::PER_UNIT;
            let whole = millionths as i64;
            let rest = millionths - whole as f64;
            Self(whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5))
        })
    }

    /// The sum of two amounts, if it can be held.
    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The amount the other way.
    pub(crate) fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The amount in millionths.
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// So many millionths.
    pub(crate) const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// The amount as a number.
    pub fn get(self) -> f64 {
        self.0 as f64 / Self::PER_UNIT
    }

    /// What some amounts come to, as a number: added exactly, rounded once.
    pub fn total(amounts: impl Iterator<Item = Self>) -> f64 {
        whole(amounts) / Self::PER_UNIT
    }

    /// The mean of some amounts, as a number; NaN of none.
    pub fn mean(amounts: impl ExactSizeIterator<Item = Self>) -> f64 {
        let count = amounts.len() as f64;
        whole(amounts) / (Self::PER_UNIT * count)
    }
}

/// What some amounts come to in millionths, rounded to the nearest number.
fn whole(amounts: impl Iterator<Item = Amount>) -> f64 {
    let total: i128 = amounts.map(|amount| i128::from(amount.0)).sum();
    match i64::try_from(total) {
        Ok(total) => total as f64,
        Err(_) => too_large_for_a_register(total),
    }
}

/// Kept apart, as it is a call into a library, and nearly all totals do without.
#[cold]
fn too_large_for_a_register(total: i128) -> f64 {
    total as f64
}

/// Exact, whatever the order; a total beyond ±9.2·10¹² is taken for that.
impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        let total: i128 = iter.map(|amount| i128::from(amount.0)).sum();
        Self(total.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl FromStr for Amount {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim().parse().ok();
        number.and_then(Self::new).ok_or_else(|| ParseUnitError::new(text, Self::EXPECTED))
    }
}

/// A value in the purchase log's own currency, as decisions reckon with it; always finite.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Money(f64);

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0.0);

    /// `None` for NaN and the infinities.
    pub const fn new(amount: f64) -> Option<Self> {
        // −0 becomes 0, so that equal amounts have equal bits.
        if amount.is_finite() { Some(Self(amount + 0.0)) } else { None }
    }

    /// The amount as a number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// A finite amount from an arithmetic result: what overflows stops at the largest there is.
    fn saturating(amount: f64) -> Self {
        Self(if amount.is_nan() { 0.0 } else { amount.clamp(f64::MIN, f64::MAX) + 0.0 })
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self::saturating(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self::saturating(self.0 - other.0)
    }
}

impl Mul<f64> for Money {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self::saturating(self.0 * factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_to_the_millionth() {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        let sum = |amounts: &[&str]| amounts.iter().map(|text| amount(text)).sum::<Amount>();
        assert_eq!(sum(&["0.10", "0.20", "-0.30"]), Amount::ZERO, "which in floating point is 2.8e-17");
        assert_eq!(amount("11.77"), Amount(11_770_000));
        assert_eq!(amount("-0.0000004"), Amount::ZERO);
        assert_eq!(Amount::new(f64::from(12.34_f32)), Some(amount("12.34")), "a float column's cents");
        assert!(
            (Amount::mean([amount("1"), amount("2"), amount("2")].into_iter()) - 5.0 / 3.0).abs() < 1e-15
        );
        for bad in ["NaN", "inf", "-inf", "1e999", "1000000000001", "", "12,50", "€5"] {
            assert!(bad.parse::<Amount>().is_err(), "{bad}");
        }
        let far = [[amount("1e12"); 20], [amount("-1e12"); 20]].concat();
        assert_eq!(far.into_iter().sum::<Amount>(), Amount::ZERO, "what is between is exact too");
    }

    #[test]
    fn money_is_finite() {
        let most = Money::new(f64::MAX).unwrap();
        assert!((most + most).get().is_finite());
        assert_eq!(Money::new(-0.0).unwrap().get().to_bits(), 0);
    }
}
