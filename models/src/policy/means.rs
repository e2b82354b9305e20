//! By how much the mean of some amounts is above that of others.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::drift::Interval;

/// Of fewer customers a mean says nothing.
const FEWEST: u64 = 10;

/// What customers brought, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amounts {
    /// How many customers.
    pub customers: u64,
    /// The sum of their amounts.
    pub sum: f64,
    squares: f64,
}

impl Amounts {
    /// With one customer's more.
    pub fn add(&mut self, amount: f64) {
        self.customers += 1;
        self.sum += amount;
        self.squares += amount * amount;
    }

    /// By how much more a customer brought than one of the others, with Welch's 95 % interval (Biometrika 34, 1947). `None` of fewer
    /// than ten customers, or where all of them brought the same.
    pub fn more_than(&self, other: &Self) -> Option<Interval> {
        let (own, others) = (self.squared_error()?, other.squared_error()?);
        let share = |squared: f64, customers: u64| squared * squared / (customers - 1) as f64;
        let freedom = (own + others).powi(2) / (share(own, self.customers) + share(others, other.customers));
        let half = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975) * (own + others).sqrt();
        let estimate = self.mean() - other.mean();
        Some(Interval { estimate, low: estimate - half, high: estimate + half })
    }

    fn mean(&self) -> f64 {
        self.sum / self.customers as f64
    }

    /// The squared standard error of the mean.
    fn squared_error(&self) -> Option<f64> {
        let spread = self.squares / self.customers as f64 - self.mean() * self.mean();
        (self.customers >= FEWEST && spread > 0.0).then(|| spread / (self.customers - 1) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(of: impl Iterator<Item = u32>) -> Amounts {
        let mut amounts = Amounts::default();
        of.for_each(|amount| amounts.add(f64::from(amount)));
        amounts
    }

    #[test]
    fn it_is_welchs() {
        // scipy 1.17.1: r = stats.ttest_ind(range(0, 24, 2), range(15), equal_var=False); r.confidence_interval()
        let found = amounts((0..24).step_by(2)).more_than(&amounts(0..15)).unwrap();
        for (found, golden) in
            [(found.estimate, 4.0), (found.low, -1.01128221979015), (found.high, 9.01128221979015)]
        {
            assert!((found - golden).abs() < 1e-9, "{found} {golden}");
        }
    }

    #[test]
    fn few_and_equal_amounts_tell_nothing() {
        let many = amounts(0..15);
        assert!(amounts(0..9).more_than(&many).is_none());
        assert!(many.more_than(&amounts(std::iter::repeat_n(0, 20))).is_none());
        assert!(Amounts::default().more_than(&many).is_none());
    }
}
