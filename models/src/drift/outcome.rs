//! What became of customers, against what was, and against what was said.

use serde::Serialize;

use crate::evaluate::Metrics;

/// The standard normal distribution's 97.5th percentile: intervals hold 95 times in a hundred.
const Z: f64 = 1.959_963_984_540_054;
const ECE_BINS: f64 = 10.0;

/// A number with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The number.
    pub estimate: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

impl Interval {
    /// Of the share that a part is of a whole, Wilson's (1927); `None` of nothing.
    pub fn of_share(part: u64, whole: u64) -> Option<Self> {
        if whole == 0 {
            return None;
        }
        let (n, estimate) = (whole as f64, part as f64 / whole as f64);
        let middle = (estimate + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (estimate * (1.0 - estimate) / n + Z * Z / (4.0 * n * n)).sqrt();
        Some(Self { estimate, low: (middle - half).max(0.0), high: (middle + half).min(1.0) })
    }

    /// Whether 0 is not in it: the number is more than chance.
    pub fn excludes_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// How many left, where the model was trained and now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChurnShift {
    /// Share who left, in training.
    pub before: f64,
    /// Share who left, now.
    pub now: f64,
    /// Now less before. The interval is Newcombe's (1998, Statistics in Medicine 17, method 10): Wilson's of each share,
    /// put together.
    pub change: Interval,
}

impl ChurnShift {
    /// Of counts, how many left of how many; `None` where there is nobody.
    pub fn of(before: (u64, u64), now: (u64, u64)) -> Option<Self> {
        let p = Interval::of_share(before.0, before.1)?;
        let q = Interval::of_share(now.0, now.1)?;
        let estimate = q.estimate - p.estimate;
        let down = ((q.estimate - q.low).powi(2) + (p.high - p.estimate).powi(2)).sqrt();
        let up = ((q.high - q.estimate).powi(2) + (p.estimate - p.low).powi(2)).sqrt();
        let change = Interval { estimate, low: estimate - down, high: estimate + up };
        Some(Self { before: p.estimate, now: q.estimate, change })
    }
}

/// Whether as many left as was said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Honesty {
    /// How many customers.
    pub rows: u64,
    /// Their mean probability of leaving.
    pub predicted: f64,
    /// The share who left.
    pub observed: f64,
    /// Observed less predicted; the interval is what it could be with these customers again (variance Σp(1 − p)/n²).
    pub gap: Interval,
    /// Expected calibration error, as in [`Metrics::ece`].
    pub ece: f64,
    /// What that error is on average where every probability is right: chance alone makes some.
    pub ece_by_chance: f64,
}

impl Honesty {
    /// Of probabilities and what became of each customer; `None` of nobody.
    pub fn of(probabilities: &[f64], churned: &[bool]) -> Option<Self> {
        if probabilities.is_empty() || probabilities.len() != churned.len() {
            return None;
        }
        let rows = probabilities.len() as f64;
        let predicted = probabilities.iter().sum::<f64>() / rows;
        let observed = churned.iter().filter(|&&churned| churned).count() as f64 / rows;
        let half = Z * variance(probabilities).sqrt() / rows;
        let estimate = observed - predicted;
        let metrics = Metrics::of(probabilities, churned);
        Some(Self {
            rows: probabilities.len() as u64,
            predicted,
            observed,
            gap: Interval { estimate, low: estimate - half, high: estimate + half },
            ece: metrics.ece,
            ece_by_chance: ece_by_chance(probabilities),
        })
    }
}

/// Variance of the number who leave.
fn variance(probabilities: &[f64]) -> f64 {
    probabilities.iter().map(|p| p * (1.0 - p)).sum()
}

/// In each bin of equal count the number who leave is about normal around the sum of probabilities, and the mean distance
/// of a normal variable from its mean is √(2/π) of its standard deviation.
fn ece_by_chance(probabilities: &[f64]) -> f64 {
    let mut sorted = probabilities.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let bin = (sorted.len() as f64 / ECE_BINS).ceil().max(1.0) as usize;
    let deviations: f64 = sorted.chunks(bin).map(|own| variance(own).sqrt()).sum();
    (2.0 / std::f64::consts::PI).sqrt() * deviations / sorted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe 1998, table II, contrast (a): 56/70 less 48/80 is 0.2000, by method 10 within 0.0524 and 0.3339.
    #[test]
    fn the_interval_of_a_difference_is_the_papers() {
        let shift = ChurnShift::of((48, 80), (56, 70)).unwrap();
        assert!((shift.change.estimate - 0.2).abs() < 1e-12);
        assert!((shift.change.low - 0.0524).abs() < 5e-5, "{}", shift.change.low);
        assert!((shift.change.high - 0.3339).abs() < 5e-5, "{}", shift.change.high);
        assert!(shift.change.excludes_zero());
        assert_eq!(ChurnShift::of((0, 0), (1, 2)), None);
    }

    #[test]
    fn honest_probabilities_are_within_chance_and_others_are_not() {
        // Of every hundred at p = 0.01, 0.02, …, as many leave as was said, spread evenly.
        let mut probabilities = Vec::new();
        let mut churned = Vec::new();
        for percent in 1..100 {
            for row in 0..100 {
                probabilities.push(f64::from(percent) / 100.0);
                churned.push((row * 37) % 100 < percent);
            }
        }
        let honest = Honesty::of(&probabilities, &churned).unwrap();
        assert!(!honest.gap.excludes_zero() && honest.ece < honest.ece_by_chance, "{honest:?}");
        let low: Vec<f64> = probabilities.iter().map(|p| 0.8 * p).collect();
        let dishonest = Honesty::of(&low, &churned).unwrap();
        assert!(dishonest.gap.low > 0.08 && dishonest.ece > 5.0 * dishonest.ece_by_chance, "{dishonest:?}");
        assert_eq!(Honesty::of(&[], &[]), None);
    }
}
