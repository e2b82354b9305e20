//! How the values of a feature are spread over bins, and how far two spreads lie apart.

use serde::{Deserialize, Serialize};

use super::chi_squared;

/// So many bins of about equal count, if there are so many values; those without a value are one more.
const BINS: usize = 10;

/// Of one feature, how many rows fell in each bin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// The feature.
    pub feature: String,
    /// Where bins end, ascending: the first holds values ≤ `edges[0]`, the last those above every edge.
    pub edges: Vec<f64>,
    /// Rows in each bin, one more bin than edges.
    pub counts: Vec<u64>,
    /// Rows without a value.
    pub missing: u64,
}

impl Distribution {
    /// Of a feature's values, NaN being none: bins end at their tenths. Where many rows have one value, such as 0, a
    /// tenth may be no bin of its own.
    pub fn new(feature: &str, values: &[f32]) -> Self {
        let mut sorted: Vec<f32> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let mut edges: Vec<f64> = Vec::new();
        for tenth in 1..BINS {
            let Some(&value) = sorted.get((tenth * sorted.len()).div_ceil(BINS).saturating_sub(1)) else {
                break;
            };
            let is_last = sorted.last().is_none_or(|&last| value >= last);
            let is_new = edges.last().is_none_or(|&edge| f64::from(value) > edge);
            if is_new && !is_last {
                edges.push(f64::from(value));
            }
        }
        let mut distribution =
            Self { feature: feature.to_owned(), counts: vec![0; edges.len() + 1], edges, missing: 0 };
        let of = distribution.count(values.iter().copied());
        (distribution.counts, distribution.missing) = (of.counts, of.missing);
        distribution
    }

    /// How many of some values fall in each bin, and how many are none.
    pub fn count(&self, values: impl Iterator<Item = f32>) -> Counted {
        let mut of = Counted { counts: vec![0; self.edges.len() + 1], missing: 0 };
        for value in values {
            if value.is_nan() {
                of.missing += 1;
            } else {
                // So few edges are counted sooner than searched.
                of.counts[self.edges.iter().filter(|&&edge| edge < f64::from(value)).count()] += 1;
            }
        }
        of
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.counts.iter().fold(self.missing, |sum, &count| sum.saturating_add(count))
    }

    /// Whether it is one: read from a file, it may be anything.
    pub(super) fn is_possible(&self) -> bool {
        self.edges.len() < BINS
            && self.counts.len() == self.edges.len() + 1
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.windows(2).all(|pair| pair[0] < pair[1])
    }

    /// How far the values of other rows are from these.
    pub fn shift(&self, others: &Counted, level: f64) -> Shift {
        let before = self.counts.iter().chain([&self.missing]).copied();
        let now = others.counts.iter().chain([&others.missing]).copied();
        // A bin that neither has rows in is no bin.
        let bins: Vec<(f64, f64)> =
            before.zip(now).filter(|&(a, b)| a > 0 || b > 0).map(|(a, b)| (a as f64, b as f64)).collect();
        let share_missing = |missing: u64, rows: u64| missing as f64 / (rows as f64).max(1.0);
        Shift {
            feature: self.feature.clone(),
            psi: stability_index(&bins),
            chance: Chance::of(bins.len(), self.rows(), others.rows(), level),
            missing: (share_missing(self.missing, self.rows()), share_missing(others.missing, others.rows())),
        }
    }
}

/// How many rows fell in each bin of a [`Distribution`], and how many had no value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    counts: Vec<u64>,
    missing: u64,
}

impl Counted {
    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.missing + self.counts.iter().sum::<u64>()
    }

    /// With others that were counted in the same bins.
    pub fn add(&mut self, others: &Self) {
        self.counts.resize(self.counts.len().max(others.counts.len()), 0);
        self.counts.iter_mut().zip(&others.counts).for_each(|(own, others)| *own += others);
        self.missing += others.missing;
    }
}

/// How far one feature moved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// The feature.
    pub feature: String,
    /// The population stability index, Σ (a − e)·ln(a/e) over the bins, at least 0.
    pub psi: f64,
    /// What chance alone makes of it.
    pub chance: Chance,
    /// The share of rows without a value, before and now.
    pub missing: (f64, f64),
}

/// What the stability index of two samples of one population is like.
///
/// With n and m independent rows in B bins, PSI · n·m/(n + m) is about chi-squared with B − 1 degrees of freedom
/// (Yurdakul 2018, Statistical properties of population stability index, Western Michigan University).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Chance {
    /// Its mean.
    pub expected: f64,
    /// What it exceeds with the level's probability.
    pub threshold: f64,
}

impl Chance {
    fn of(bins: usize, rows_before: u64, rows_now: u64, level: f64) -> Self {
        let freedom = bins.saturating_sub(1);
        if freedom == 0 || rows_before == 0 || rows_now == 0 {
            return Self { expected: 0.0, threshold: f64::INFINITY };
        }
        let scale = 1.0 / rows_before as f64 + 1.0 / rows_now as f64;
        Self { expected: freedom as f64 * scale, threshold: chi_squared::quantile(level, freedom) * scale }
    }
}

/// Σ (a − e)·ln(a/e) of counts before and now, half a row added to each so that an empty bin is not infinitely far.
fn stability_index(bins: &[(f64, f64)]) -> f64 {
    let total = |of: fn(&(f64, f64)) -> f64| bins.iter().map(|bin| of(bin) + 0.5).sum::<f64>();
    let (before, now) = (total(|bin| bin.0), total(|bin| bin.1));
    bins.iter()
        .map(|&(e, a)| {
            let (e, a) = ((e + 0.5) / before, (a + 0.5) / now);
            (a - e) * (a / e).ln()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_tenths_and_missing_values_are_counted_apart() {
        let mut values: Vec<f32> = (1..=100).map(|value| value as f32).collect();
        values.extend([f32::NAN; 25]);
        let distribution = Distribution::new("recency_days", &values);
        assert_eq!(distribution.edges, [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]);
        assert_eq!((distribution.counts.as_slice(), distribution.missing), ([10; 10].as_slice(), 25));
        // Nine in ten are 0: two bins, those and the others.
        let zeros: Vec<f32> = (0..100).map(|row| if row < 90 { 0.0 } else { row as f32 }).collect();
        let distribution = Distribution::new("complaint_count", &zeros);
        assert_eq!((distribution.edges, distribution.counts), (vec![0.0], vec![90, 10]));
        let constant = Distribution::new("complaint_count", &[0.0; 5]);
        assert_eq!((constant.edges.len(), constant.counts), (0, vec![5]));
        assert_eq!(Distribution::new("nothing", &[]).rows(), 0);
    }

    /// (0.5 − 0.25)·ln(0.5/0.25) + (0.5 − 0.75)·ln(0.5/0.75) = 0.274653, with so many rows that half a row is nothing.
    #[test]
    fn the_index_is_the_formulas() {
        let psi = stability_index(&[(250e9, 500e9), (750e9, 500e9)]);
        assert!((psi - (0.25 * 2.0_f64.ln() - 0.25 * (2.0_f64 / 3.0).ln())).abs() < 1e-9, "{psi}");
        assert!(stability_index(&[(100.0, 0.0), (0.0, 100.0)]).is_finite());
    }

    #[test]
    fn nothing_to_compare_is_no_shift() {
        let distribution = Distribution::new("x", &[1.0, 1.0]);
        let shift = |values: &[f32]| distribution.shift(&distribution.count(values.iter().copied()), 0.01);
        assert_eq!(shift(&[1.0; 50]).psi, 0.0);
        assert!(shift(&[1.0; 50]).chance.threshold.is_infinite());
        assert!(shift(&[]).psi >= 0.0);
        // As where a population has no part.
        assert!(distribution.shift(&Counted::default(), 0.01).psi >= 0.0);
    }
}
