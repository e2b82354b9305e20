//! The weighted RFM score: recency, frequency and money in one number from 0 to 100.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most points there are for one of the three.
pub const MOST_POINTS: u8 = 10;

/// What the weights sum to, so that a score is at most 100.
const SUM: f64 = 10.0;

/// What cannot be a score.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RfmError {
    /// The weights are below zero, or no numbers, or sum to something else.
    #[error("the weights {0}, {1} and {2} must be at least 0 and sum to {SUM}")]
    Weights(f64, f64, f64),
    /// The cut points do not ascend.
    #[error("the {MOST_POINTS} cut points must be numbers that ascend: {0:?}")]
    Cuts([f64; MOST_POINTS as usize]),
}

/// How much each of the three counts; the sum is 10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 3]", into = "[f64; 3]")]
pub struct RfmWeights {
    recency: f64,
    frequency: f64,
    money: f64,
}

/// Recency 5, frequency 4, money 1. The score is read as loyalty: how long ago the last order was tells best who
/// comes back, how often is next, and how much hardly adds to these; what a customer is worth, tiers tell.
impl Default for RfmWeights {
    fn default() -> Self {
        Self { recency: 5.0, frequency: 4.0, money: 1.0 }
    }
}

impl RfmWeights {
    /// Weights of one's own.
    ///
    /// # Errors
    /// Unless they are at least 0 and sum to 10.
    pub fn new(recency: f64, frequency: f64, money: f64) -> Result<Self, RfmError> {
        let weights = [recency, frequency, money];
        let is_possible =
            weights.iter().all(|&weight| weight >= 0.0) && (weights.iter().sum::<f64>() - SUM).abs() < 1e-9;
        if is_possible {
            Ok(Self { recency, frequency, money })
        } else {
            Err(RfmError::Weights(recency, frequency, money))
        }
    }

    /// Σ weight × points, from 0 to 100; points beyond 10 count as 10.
    pub fn score(&self, points: RfmPoints) -> f64 {
        let of = |weight: f64, points: u8| weight * f64::from(points.min(MOST_POINTS));
        of(self.recency, points.recency) + of(self.frequency, points.frequency) + of(self.money, points.money)
    }
}

impl TryFrom<[f64; 3]> for RfmWeights {
    type Error = RfmError;

    fn try_from([recency, frequency, money]: [f64; 3]) -> Result<Self, RfmError> {
        Self::new(recency, frequency, money)
    }
}

impl From<RfmWeights> for [f64; 3] {
    fn from(weights: RfmWeights) -> Self {
        [weights.recency, weights.frequency, weights.money]
    }
}

/// A customer's points for each of the three, 0 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RfmPoints {
    /// For how short ago the last order was.
    pub recency: u8,
    /// For how many orders there were.
    pub frequency: u8,
    /// For what they came to.
    pub money: u8,
}

/// Ten cut points, ascending: a value has a point for each cut point it is above. Equal values have equal points, and
/// a value at a cut point is below it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "[f64; 10]", into = "[f64; 10]")]
pub struct PointCuts([f64; MOST_POINTS as usize]);

impl PointCuts {
    /// Cut points of one's own; where two are equal, no value has the points between.
    ///
    /// # Errors
    /// Unless they are numbers that ascend.
    pub fn fixed(cuts: [f64; MOST_POINTS as usize]) -> Result<Self, RfmError> {
        let ascend = cuts.windows(2).all(|pair| pair[0] <= pair[1]) && !cuts[0].is_nan();
        if ascend { Ok(Self(cuts)) } else { Err(RfmError::Cuts(cuts)) }
    }

    /// The quantiles of a population that part it into eleven classes of one size, for 0 to 10 points; equals are in one
    /// class, the lowest of those they would be in, so that where everybody is equal nobody has a point. `None` without a
    /// value.
    pub fn of_quantiles(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        values.sort_unstable_by(f64::total_cmp);
        let classes = usize::from(MOST_POINTS) + 1;
        let mut cuts = [0.0; MOST_POINTS as usize];
        for (below, cut) in cuts.iter_mut().enumerate() {
            let place = (values.len() * (below + 1)).div_ceil(classes);
            *cut = *values.get(place.checked_sub(1)?)?;
        }
        Some(Self(cuts))
    }

    /// The points of a value where more is better; 0 of what is no number.
    pub fn points(&self, value: f64) -> u8 {
        self.0.iter().filter(|&&cut| value > cut).count() as u8
    }

    /// The points of a value where less is better, as of days since the last order: 10 for what is above none.
    pub fn points_of_less(&self, value: f64) -> u8 {
        if value.is_nan() { 0 } else { MOST_POINTS - self.points(value) }
    }
}

impl TryFrom<[f64; 10]> for PointCuts {
    type Error = RfmError;

    fn try_from(cuts: [f64; 10]) -> Result<Self, RfmError> {
        Self::fixed(cuts)
    }
}

impl From<PointCuts> for [f64; 10] {
    fn from(cuts: PointCuts) -> Self {
        cuts.0
    }
}

/// How a shop scores: what is not given is as usual, weights 5, 4 and 1 and cut points by quantile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RfmRules {
    /// How much each of the three counts.
    pub weights: RfmWeights,
    /// Cut points of days since the last order.
    pub recency_days: Option<PointCuts>,
    /// Cut points of how often a customer has ordered.
    pub frequency: Option<PointCuts>,
    /// Cut points of the mean amount of a purchase.
    pub monetary: Option<PointCuts>,
}

/// Everything that scores a customer: rules with all cut points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RfmScale {
    weights: RfmWeights,
    recency_days: PointCuts,
    frequency: PointCuts,
    monetary: PointCuts,
}

impl RfmRules {
    /// The scale of a population, each customer told as recency, frequency and mean amount. `None` of nobody, unless all cut points
    /// are fixed.
    pub fn scale(&self, population: impl Iterator<Item = [f64; 3]> + Clone) -> Option<RfmScale> {
        let cuts = |fixed: Option<PointCuts>, of: usize| {
            fixed.or_else(|| PointCuts::of_quantiles(population.clone().map(|customer| customer[of])))
        };
        Some(RfmScale {
            weights: self.weights,
            recency_days: cuts(self.recency_days, 0)?,
            frequency: cuts(self.frequency, 1)?,
            monetary: cuts(self.monetary, 2)?,
        })
    }
}

impl RfmScale {
    /// The points of a customer told as recency, frequency and mean amount.
    pub fn points(&self, [recency_days, frequency, monetary]: [f64; 3]) -> RfmPoints {
        RfmPoints {
            recency: self.recency_days.points_of_less(recency_days),
            frequency: self.frequency.points(frequency),
            money: self.monetary.points(monetary),
        }
    }

    /// The score, from 0 to 100.
    pub fn score(&self, customer: [f64; 3]) -> f64 {
        self.weights.score(self.points(customer))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// ECONOMICS.md section 6: 5·4 + 4·8 + 1·8 = 60.
    #[test]
    fn the_score_of_section_6_is_60() {
        let points = RfmPoints { recency: 4, frequency: 8, money: 8 };
        assert_eq!(RfmWeights::new(5.0, 4.0, 1.0).unwrap().score(points), 60.0);
        assert_eq!(RfmWeights::default().score(points), 60.0);
        let most = RfmPoints { recency: 10, frequency: 10, money: 10 };
        assert_eq!(RfmWeights::default().score(most), 100.0);
    }

    #[test]
    fn weights_sum_to_ten() {
        for weights in [(5.0, 4.0, 2.0), (-1.0, 10.0, 1.0), (f64::NAN, 5.0, 5.0), (f64::INFINITY, 0.0, 0.0)] {
            assert!(RfmWeights::new(weights.0, weights.1, weights.2).is_err(), "{weights:?}");
        }
        assert!(serde_json::from_str::<RfmWeights>("[5,4,2]").is_err());
        assert_eq!(serde_json::to_string(&RfmWeights::default()).unwrap(), "[5.0,4.0,1.0]");
    }

    #[test]
    fn eleven_equal_classes_have_0_to_10_points() {
        let cuts = PointCuts::of_quantiles((0..110).rev().map(f64::from)).unwrap();
        for value in 0..110_u8 {
            assert_eq!(cuts.points(f64::from(value)), value / 10);
            assert_eq!(cuts.points_of_less(f64::from(value)), 10 - value / 10);
        }
        assert_eq!((cuts.points(f64::NAN), cuts.points_of_less(f64::NAN)), (0, 0));
    }

    #[test]
    fn equals_have_equal_points_the_lowest_of_those_they_could_have() {
        let mut orders = vec![1.0; 60];
        orders.extend([2.0; 30]);
        orders.extend([9.0; 10]);
        let cuts = PointCuts::of_quantiles(orders).unwrap();
        assert_eq!([1.0, 2.0, 9.0].map(|value| cuts.points(value)), [0, 6, 9]);
        assert_eq!(PointCuts::of_quantiles([3.0; 5]).unwrap().points(3.0), 0);
        assert_eq!(PointCuts::of_quantiles([]), None);
    }

    #[test]
    fn fixed_cut_points_ascend() {
        let cuts = PointCuts::fixed([0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0]).unwrap();
        assert_eq!([0.0, 0.5, 10.0, 10.5, 1e9].map(|value| cuts.points(value)), [0, 1, 1, 2, 10]);
        assert!(PointCuts::fixed([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]).is_err());
        assert!(PointCuts::fixed([f64::NAN; 10]).is_err());
        assert!(serde_json::from_str::<PointCuts>("[1,2,3,4,5,6,7,8,9,1]").is_err());
    }

    proptest! {
        #[test]
        fn scores_are_from_0_to_100_and_rise_with_points(
            recency in 0_u8..=10, frequency in 0_u8..=10, money in 0_u8..=10, weight in 0.0..10.0_f64, part in 0.0..1.0_f64,
        ) {
            let weights = RfmWeights::new(weight, (10.0 - weight) * part, (10.0 - weight) * (1.0 - part)).unwrap();
            let score = weights.score(RfmPoints { recency, frequency, money });
            prop_assert!((0.0..=100.0 + 1e-9).contains(&score));
            let at_best = weights.score(RfmPoints { recency: 10, frequency, money });
            prop_assert!(at_best >= score);
        }

        #[test]
        fn more_never_has_fewer_points(mut values in proptest::collection::vec(-50_i32..50, 1..200)) {
            let cuts = PointCuts::of_quantiles(values.iter().copied().map(f64::from)).unwrap();
            values.sort_unstable();
            let points: Vec<u8> = values.iter().map(|&value| cuts.points(f64::from(value))).collect();
            prop_assert!(points.is_sorted());
        }
    }
}
