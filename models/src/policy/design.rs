//! What an experiment can find, before it is made.

use statrs::distribution::{ContinuousCDF, Normal};

/// An action for some customers, and nothing for others whom chance holds out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Design {
    /// How many are to get it.
    pub given: u64,
    /// How many are held out.
    pub held_out: u64,
    /// The share of them who are expected to leave if nothing is done, in [0, 1].
    pub churn: f64,
}

/// A save rate is found to so many parts.
const HALVINGS: u32 = 40;

impl Design {
    /// The lowest save rate that would be found four times in five, with a chance of one in twenty to find one that is not there (the
    /// same test as [`super::needed_per_group`], for groups of two sizes; λ taken to be 0). `None` where not even one that keeps
    /// everybody would be.
    pub fn least_save_rate_found(&self) -> Option<f64> {
        let is_found = |save_rate: f64| self.errors_apart(save_rate) >= 1.0;
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if is_found(middle) { high = middle } else { low = middle }
        }
        is_found(high).then_some(high)
    }

    /// How many customers, as many of them held out as here, it takes to find this save rate so. `None` where no number would do.
    pub fn customers_needed(&self, save_rate: f64) -> Option<u64> {
        let more = self.errors_apart(save_rate).powi(-2);
        let needed = ((self.given + self.held_out) as f64 * more).ceil();
        (needed.is_finite() && needed >= 1.0).then_some(needed as u64)
    }

    /// The difference that a save rate makes over the least difference that would be found; NaN where there is nobody.
    fn errors_apart(&self, save_rate: f64) -> f64 {
        let normal = Normal::standard();
        let (significance, power) = (normal.inverse_cdf(0.975), normal.inverse_cdf(0.8));
        let (given, held_out) = (self.given as f64, self.held_out as f64);
        let variance = |share: f64| share * (1.0 - share);
        let (control, treated) = (self.churn, self.churn * (1.0 - save_rate));
        let pooled = (treated * given + control * held_out) / (given + held_out);
        let least = significance * (variance(pooled) * (1.0 / given + 1.0 / held_out)).sqrt()
            + power * (variance(treated) / given + variance(control) / held_out).sqrt();
        (control - treated) / least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_groups_it_takes_what_the_checked_sizes_say() {
        // ECONOMICS.md section 5, sample per arm: from 0.25 to 0.2, 1,094.
        let design = |customers| Design { given: customers, held_out: customers, churn: 0.25 };
        assert_eq!(design(500).customers_needed(0.2), Some(2 * 1094));
        let least = design(1094).least_save_rate_found().unwrap();
        assert!((least - 0.2).abs() < 1e-4, "{least}");
    }

    #[test]
    fn a_lone_customer_held_out_finds_nothing() {
        let design = Design { given: 1000, held_out: 1, churn: 0.3 };
        assert_eq!(design.least_save_rate_found(), None);
        assert!(design.customers_needed(0.2).unwrap() > 100_000);
        assert_eq!(Design { held_out: 0, ..design }.least_save_rate_found(), None);
        assert_eq!(Design { held_out: 0, ..design }.customers_needed(0.2), None);
        assert_eq!(design.customers_needed(0.0), None);
        assert_eq!(Design { churn: 0.0, ..design }.least_save_rate_found(), None);
    }

    #[test]
    fn a_larger_holdout_finds_less() {
        let least = |held_out| {
            Design { given: 1000 - held_out, held_out, churn: 0.5 }.least_save_rate_found().unwrap()
        };
        assert!(
            least(100) > least(200) && least(200) > least(500),
            "{} {} {}",
            least(100),
            least(200),
            least(500)
        );
    }
}
