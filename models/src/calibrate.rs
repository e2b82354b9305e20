//! Calibration: from a model's raw log-odds to log-odds that came true on later customers than the fit's.

use mainstay_features::units::Probability;
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::logistic::newton;
use crate::odds::{is_possible, log_odds, sigmoid, softplus};

/// Below so many rows of either outcome a curve would follow chance.
const FEWEST_OF_EACH: usize = 100;

/// How raw log-odds are mended; never falling.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Calibration {
    /// They are taken as they are.
    #[default]
    None,
    /// Beta calibration (Kull, Silva Filho and Flach 2017): with the raw probability s,
    /// log-odds = of_churners·ln s − of_stayers·ln(1 − s) + level. (1, 1, 0) leaves them as they are.
    Beta {
        /// The weight of ln s, at least 0.
        of_churners: f64,
        /// The weight of −ln(1 − s), at least 0.
        of_stayers: f64,
        /// What is added.
        level: f64,
    },
    /// Isotonic regression: between these points (raw log-odds, mended log-odds), both ascending, along straight
    /// lines; beyond the first and the last, as there.
    Isotonic(Vec<(f64, f64)>),
}

/// A kind of calibration that can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalibrationKind {
    /// None.
    None,
    /// Beta.
    Beta,
    /// Isotonic.
    Isotonic,
}

impl CalibrationKind {
    /// All of them, the simplest first.
    pub const ALL: [Self; 3] = [Self::None, Self::Beta, Self::Isotonic];

    /// Fits to the raw log-odds of rows that the model was not fitted on, and what became of them; `None` where there
    /// are too few.
    pub fn fit(self, raw: &[f64], churned: &[bool]) -> Option<Calibration> {
        let churners = churned.iter().filter(|&&churned| churned).count();
        let enough = churners >= FEWEST_OF_EACH && churned.len() - churners >= FEWEST_OF_EACH;
        match self {
            Self::None => Some(Calibration::None),
            Self::Beta => enough.then(|| beta(raw, churned)).flatten(),
            Self::Isotonic => enough.then(|| isotonic(raw, churned)),
        }
    }
}

impl Calibration {
    /// The mended log-odds.
    pub fn apply(&self, raw: f64) -> f64 {
        match self {
            Self::None => raw,
            Self::Beta { of_churners, of_stayers, level } => {
                level - of_churners * softplus(-raw) + of_stayers * softplus(raw)
            }
            Self::Isotonic(points) => {
                let next = points.partition_point(|&(from, _)| from < raw);
                match (next.checked_sub(1).and_then(|before| points.get(before)), points.get(next)) {
                    (Some(&(x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (raw - x0) / (x1 - x0),
                    (Some(&(_, y)), None) | (None, Some(&(_, y))) => y,
                    (None, None) => raw,
                }
            }
        }
    }

    /// Whether it can be applied: read from a file, it may be anything.
    pub(crate) fn is_possible(&self) -> bool {
        match self {
            Self::None => true,
            Self::Beta { of_churners, of_stayers, level } => {
                let is_weight = |weight: f64| is_possible(weight) && weight >= 0.0;
                is_weight(*of_churners) && is_weight(*of_stayers) && is_possible(*level)
            }
            Self::Isotonic(points) => {
                points.iter().all(|&(x, y)| is_possible(x) && is_possible(y))
                    && points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1)
            }
        }
    }
}

/// The probability with these log-odds.
pub fn probability(log_odds: f64) -> Probability {
    Probability::nearest(sigmoid(log_odds))
}

/// A logistic regression on ln s and −ln(1 − s); a weight that would be negative is 0.
fn beta(raw: &[f64], churned: &[bool]) -> Option<Calibration> {
    let parts: [fn(f64) -> f64; 2] = [|z| -softplus(-z), softplus];
    let fit = |which: &[usize]| {
        let x = Array2::from_shape_fn((raw.len(), which.len()), |(row, part)| parts[which[part]](raw[row]));
        newton::fit(x.view(), churned, 1e-6).ok()
    };
    let beta = |of_churners, of_stayers, level| Calibration::Beta { of_churners, of_stayers, level };
    let (level, both) = fit(&[0, 1])?;
    if both.iter().all(|&weight| weight >= 0.0) {
        return Some(beta(both[0], both[1], level));
    }
    let keeps_churners = both[0] >= 0.0;
    let (level, one) = fit(&[usize::from(!keeps_churners)])?;
    let weight = one[0].max(0.0);
    Some(if keeps_churners { beta(weight, 0.0, level) } else { beta(0.0, weight, level) })
}

/// Rows pooled until their shares of churners rise (pool adjacent violators), each pool at its mean raw log-odds. A
/// pool's share is counted with one row more of the average kind, so that none says never or always.
fn isotonic(raw: &[f64], churned: &[bool]) -> Calibration {
    let mut order: Vec<usize> = (0..raw.len()).collect();
    order.sort_by(|&a, &b| raw[a].total_cmp(&raw[b]));
    let base = churned.iter().filter(|&&churned| churned).count() as f64 / raw.len() as f64;
    struct Pool {
        rows: f64,
        churners: f64,
        raw_sum: f64,
    }
    let mut pools: Vec<Pool> = Vec::new();
    // Rows with one score are one pool from the start.
    for tie in order.chunk_by(|&a, &b| raw[a] == raw[b]) {
        let mut pool = Pool {
            rows: tie.len() as f64,
            churners: tie.iter().filter(|&&row| churned[row]).count() as f64,
            raw_sum: raw[tie[0]] * tie.len() as f64,
        };
        while let Some(last) = pools.pop_if(|last| last.churners * pool.rows >= pool.churners * last.rows) {
            pool.rows += last.rows;
            pool.churners += last.churners;
            pool.raw_sum += last.raw_sum;
        }
        pools.push(pool);
    }
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(pools.len());
    for pool in pools {
        let (x, y) = (pool.raw_sum / pool.rows, log_odds((pool.churners + base) / (pool.rows + 1.0)));
        match points.last() {
            // The row more may turn the order of small pools.
            Some(&(_, before)) => points.push((x, y.max(before))),
            None => points.push((x, y)),
        }
    }
    points.dedup_by(|next, kept| next.0 <= kept.0);
    Calibration::Isotonic(points)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows whose true log-odds are a function of the raw ones.
    fn rows(truth: impl Fn(f64) -> f64) -> (Vec<f64>, Vec<bool>) {
        (0..20_000)
            .map(|i| {
                let raw = -3.0 + 6.0 * (i % 2000) as f64 / 2000.0;
                let chance = ((i * 7919) % 20_000) as f64 / 20_000.0;
                (raw, chance < sigmoid(truth(raw)))
            })
            .unzip()
    }

    #[test]
    fn what_is_off_is_mended_and_what_is_right_is_left() {
        for truth in [|z| z, |z| 0.5 * z - 1.0, |z: f64| z + 0.8] {
            let (raw, churned) = rows(truth);
            for kind in [CalibrationKind::Beta, CalibrationKind::Isotonic] {
                let calibration = kind.fit(&raw, &churned).unwrap();
                for z in [-2.0, -0.5, 0.0, 1.0, 2.0] {
                    let (p, expected) = (sigmoid(calibration.apply(z)), sigmoid(truth(z)));
                    assert!((p - expected).abs() < 0.06, "{kind:?} at {z}: {p}, not {expected}");
                }
            }
        }
    }

    #[test]
    fn few_rows_teach_nothing() {
        assert_eq!(CalibrationKind::Beta.fit(&[0.0; 150], &[true; 150]), None);
        assert_eq!(CalibrationKind::None.fit(&[], &[]), Some(Calibration::None));
    }

    proptest! {
        #[test]
        fn a_calibration_never_falls_and_its_mean_is_right(
            rows in prop::collection::vec((-8.0_f64..8.0, any::<bool>()), 400..800),
            probes in prop::collection::vec(-12.0_f64..12.0, 20),
        ) {
            let (raw, churned): (Vec<f64>, Vec<bool>) = rows.into_iter().unzip();
            for kind in CalibrationKind::ALL {
                let Some(calibration) = kind.fit(&raw, &churned) else { continue };
                prop_assert!(calibration.is_possible());
                let mut probes = probes.clone();
                probes.sort_by(f64::total_cmp);
                let mended: Vec<f64> = probes.iter().map(|&z| calibration.apply(z)).collect();
                prop_assert!(mended.windows(2).all(|pair| pair[0] <= pair[1] + 1e-12));
                prop_assert!(mended.iter().all(|z| z.is_finite()));
            }
        }
    }
}
