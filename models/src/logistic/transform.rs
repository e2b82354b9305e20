//! From a feature's value to a number a linear model can use: brought to scale, cut off where it is extreme,
//! standardised.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::dataset::Rows;

/// Values beyond this share of the rows, at either end, count as the value there: one wholesale order is not to turn
/// the line for everybody.
const CUT_OFF_SHARE: f64 = 0.001;

/// How much differences count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// As they are.
    Plain,
    /// sign(x)·ln(1 + |x|): twice as much counts the same wherever it begins, as fits counts, days and money.
    Log,
}

impl Scale {
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            Self::Log => value.signum() * value.abs().ln_1p(),
        }
    }
}

/// How one column is brought to mean 0 and deviation 1: z = (min(max(scale(x), low), high) − mean) / deviation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transform {
    /// How much differences count.
    pub scale: Scale,
    /// Scaled values below count as this one…
    pub low: f64,
    /// …and those above as this one.
    pub high: f64,
    /// The mean over the training rows that have a value.
    pub mean: f64,
    /// Their standard deviation (divisor n); 1 where it is constant.
    pub deviation: f64,
}

impl Transform {
    /// Learns from a column. Without any value, every value counts as 0.
    pub(super) fn learn(rows: Rows<'_>, column: usize, scale: Scale) -> Self {
        let mut values: Vec<f64> = rows
            .iter()
            .map(|row| f64::from(row[column]))
            .filter(|value| !value.is_nan())
            .map(|value| scale.of(value))
            .collect();
        let last = values.len().saturating_sub(1);
        let out = (values.len() as f64 * CUT_OFF_SHARE) as usize;
        let mut at = |place: usize| match values.is_empty() {
            true => 0.0,
            false => *values.select_nth_unstable_by(place, f64::total_cmp).1,
        };
        let (low, high) = (at(out), at(last - out.min(last)));
        let (low, high) = (low.min(high), high.max(low));
        values.par_iter_mut().for_each(|value| *value = value.clamp(low, high));
        // In order, so that the sums are the same bits however the rows came.
        values.par_sort_unstable_by(f64::total_cmp);
        let count = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        // A constant column may show the rounding of its mean instead of 0.
        let deviation = if deviation > 1e-12 * (1.0 + mean.abs()) { deviation } else { 1.0 };
        Self { scale, low, high, mean, deviation }
    }

    /// The number for a value; `None` for no value.
    pub fn apply(&self, value: f32) -> Option<f64> {
        let scaled = self.scale.of(f64::from(value));
        (!value.is_nan()).then(|| self.standardised(scaled.clamp(self.low, self.high)))
    }

    /// The number for a scaled value.
    pub(super) fn standardised(&self, scaled: f64) -> f64 {
        (scaled - self.mean) / self.deviation
    }

    /// Whether [`Self::apply`] cannot fail: read from a file, it may be anything.
    pub(super) fn is_possible(&self) -> bool {
        let numbers = [self.low, self.high, self.mean, self.deviation];
        numbers.iter().all(|number| number.is_finite()) && self.low <= self.high && self.deviation > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_count_as_the_value_that_one_in_a_thousand_passes() {
        let mut values: Vec<f32> = (0..1000).map(|i| i as f32).collect();
        values[999] = 1e9;
        let transform = Transform::learn(Rows::new(&values, 1), 0, Scale::Plain);
        assert_eq!((transform.low, transform.high), (1.0, 998.0));
        assert_eq!(transform.apply(1e30), transform.apply(998.0));
        assert_eq!(transform.apply(f32::NAN), None);
    }

    #[test]
    fn numbers_have_mean_0_and_deviation_1() {
        let values: Vec<f32> = (0..500).map(|i| ((i * 37 % 101) as f32).powi(3) - 1000.0).collect();
        let transform = Transform::learn(Rows::new(&values, 1), 0, Scale::Log);
        let numbers: Vec<f64> = values.iter().filter_map(|&value| transform.apply(value)).collect();
        let mean = numbers.iter().sum::<f64>() / 500.0;
        let square = numbers.iter().map(|number| number * number).sum::<f64>() / 500.0;
        assert!(mean.abs() < 1e-9 && (square - 1.0).abs() < 1e-9, "{mean} {square}");
    }

    #[test]
    fn a_constant_or_empty_column_is_0() {
        for values in [vec![7.0_f32; 9], vec![f32::NAN; 9]] {
            let transform = Transform::learn(Rows::new(&values, 1), 0, Scale::Log);
            assert!(transform.is_possible());
            assert!(transform.apply(7.0).is_some_and(|number| number.abs() < 1e-9 || values[0].is_nan()));
        }
    }
}
