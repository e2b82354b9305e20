//! Retention and churn of a period: of the customers at its start, who is still there at its end, and who is not.

use mainstay_features::units::Amount;

/// The customers at the start and at the end of a period, counted; of two groups, it adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Customers at the start.
    pub at_start: u64,
    /// Customers at the end.
    pub at_end: u64,
    /// Customers at the end who were none at the start.
    pub new: u64,
    /// Customers at the start who are none at the end.
    pub lost: u64,
    /// What all customers at the start bought, in the time that made them customers.
    pub bought: Amount,
    /// What those of them bought who are lost.
    pub bought_by_lost: Amount,
}

impl Turnover {
    /// Adds a customer who was one at the start, at the end, or both, and bought so much.
    pub fn add(&mut self, is_at_start: bool, is_at_end: bool, bought: Amount) {
        self.at_start += u64::from(is_at_start);
        self.at_end += u64::from(is_at_end);
        self.new += u64::from(is_at_end && !is_at_start);
        if is_at_start {
            self.bought = [self.bought, bought].into_iter().sum();
        }
        if is_at_start && !is_at_end {
            self.lost += 1;
            self.bought_by_lost = [self.bought_by_lost, bought].into_iter().sum();
        }
    }

    /// That of both groups.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            at_start: self.at_start + other.at_start,
            at_end: self.at_end + other.at_end,
            new: self.new + other.new,
            lost: self.lost + other.lost,
            bought: [self.bought, other.bought].into_iter().sum(),
            bought_by_lost: [self.bought_by_lost, other.bought_by_lost].into_iter().sum(),
        }
    }

    /// (customers at the end − new) / customers at the start; `None` without customers at the start.
    pub fn retention_rate(&self) -> Option<f64> {
        share(self.at_end.saturating_sub(self.new) as f64, self.at_start as f64)
    }

    /// Customers lost / customers at the start.
    pub fn absolute_churn_rate(&self) -> Option<f64> {
        share(self.lost as f64, self.at_start as f64)
    }

    /// The lost customers' purchases / all purchases of the customers at the start; `None` where they bought nothing.
    pub fn relative_churn_rate(&self) -> Option<f64> {
        share(self.bought_by_lost.get(), self.bought.get())
    }
}

fn share(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ECONOMICS.md section 6: 25 of 500 lost is 5 %, and where those 25 bought three times the mean, 15 %.
    #[test]
    fn the_rates_of_section_6() {
        // The mean is 100, so that the 475 others bought 42,500.
        let mut turnover = Turnover::default();
        (0..25).for_each(|_| turnover.add(true, false, Amount::new(300.0).unwrap()));
        (0..475).for_each(|_| turnover.add(true, true, Amount::new(42_500.0 / 475.0).unwrap()));
        (0..40).for_each(|_| turnover.add(false, true, Amount::ZERO));
        assert_eq!((turnover.at_start, turnover.at_end, turnover.new, turnover.lost), (500, 515, 40, 25));
        assert_eq!(turnover.absolute_churn_rate(), Some(0.05));
        assert_eq!(turnover.retention_rate(), Some(0.95));
        assert!((turnover.relative_churn_rate().unwrap() - 0.15).abs() < 1e-9);
    }

    #[test]
    fn without_customers_there_is_no_rate() {
        let mut turnover = Turnover::default();
        turnover.add(false, true, Amount::ZERO);
        let rates =
            [turnover.retention_rate(), turnover.absolute_churn_rate(), turnover.relative_churn_rate()];
        assert_eq!(rates, [None; 3]);
    }

    proptest! {
        #[test]
        fn who_is_not_lost_is_retained(customers in proptest::collection::vec((any::<bool>(), any::<bool>(), 0.0..1e6_f64), 1..60)) {
            let (mut whole, mut parts) = (Turnover::default(), [Turnover::default(); 2]);
            for (place, &(start, end, bought)) in customers.iter().enumerate() {
                let bought = Amount::new(bought).unwrap();
                whole.add(start, end, bought);
                parts[place % 2].add(start, end, bought);
            }
            prop_assert_eq!(parts[0].and(parts[1]), whole);
            prop_assert_eq!(whole.at_start - whole.lost + whole.new, whole.at_end);
            if let (Some(retained), Some(lost)) = (whole.retention_rate(), whole.absolute_churn_rate()) {
                prop_assert!((retained + lost - 1.0).abs() < 1e-12);
                prop_assert!(whole.relative_churn_rate().is_none_or(|rate| (0.0..=1.0).contains(&rate)));
            }
        }
    }
}
