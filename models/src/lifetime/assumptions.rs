//! What lifetime values rest on besides the data.

use mainstay_features::units::ParseUnitError;

/// The share of the amount paid that is left after the cost of goods, in (0, 1].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margin(f64);

impl Margin {
    /// 30 %.
    pub const DEFAULT: Self = Self(0.3);

    /// The share.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl std::str::FromStr for Margin {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_within(text, |x| x > 0.0 && x <= 1.0)
            .map(Self)
            .ok_or_else(|| ParseUnitError::new(text, "a margin above 0 and up to 1, such as 0.3"))
    }
}

/// By how much a year's wait lowers what an amount is worth, in [0.001, 1]: 10 is meant as 10 %, and would be 1,000 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct YearlyDiscount(f64);

impl YearlyDiscount {
    /// 10 % a year.
    pub const DEFAULT: Self = Self(0.1);

    /// The rate.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// What an amount is worth today that comes after so many years, as a share of it: (1 + d)^−years.
    pub fn after_years(self, years: f64) -> f64 {
        (1.0 + self.0).powf(-years)
    }
}

impl std::str::FromStr for YearlyDiscount {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_within(text, |x| (0.001..=1.0).contains(&x)).map(Self).ok_or_else(|| {
            ParseUnitError::new(text, "a yearly discount between 0.001 and 1, such as 0.1 for 10 %")
        })
    }
}

fn parse_within(text: &str, allowed: impl Fn(f64) -> bool) -> Option<f64> {
    text.trim().parse().ok().filter(|&x| allowed(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_assumptions_are_refused() {
        for bad in ["0", "-0.1", "1.1", "NaN", "a third"] {
            assert!(bad.parse::<Margin>().is_err(), "{bad}");
        }
        for bad in ["0", "1e-17", "-0.1", "inf", "10", "10 %"] {
            assert!(bad.parse::<YearlyDiscount>().is_err(), "{bad}");
        }
    }
}
