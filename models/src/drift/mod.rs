//! Drift: whether customers, churn or probabilities are no longer what the model was trained on.
//!
//! Three questions: are the features spread as they were ([`Reference::compare`]); do as many leave
//! ([`ChurnShift`]); and, once the labels are known, do as many leave as was said ([`Honesty`]).

mod chi_squared;
mod distribution;
mod outcome;

use serde::{Deserialize, Serialize};

pub use self::distribution::{Chance, Distribution, Shift};
pub use self::outcome::{ChurnShift, Honesty, Interval};

use crate::dataset::Rows;

/// The chance that any feature at all is called moved where none has.
const FALSE_ALARM: f64 = 0.01;
/// Below this stability index a shift is too small to act on, however many rows show it. This and the next are the
/// customary bounds (Siddiqi 2006, Credit Risk Scorecards).
pub const WORTH_A_LOOK: f64 = 0.1;
/// From this stability index on the customers are others.
pub const LARGE: f64 = 0.25;

/// The customers a model was trained on: those of its newest snapshot, each once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// How many.
    pub rows: u64,
    /// How many of them left.
    pub churned: u64,
    /// How each feature was spread.
    pub features: Vec<Distribution>,
}

/// How far a feature moved, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Not more than chance explains.
    Steady,
    /// More than chance explains, and less than [`WORTH_A_LOOK`].
    Slight,
    /// At least [`WORTH_A_LOOK`].
    Moved,
    /// At least [`LARGE`].
    MovedFar,
}

impl Shift {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self.psi {
            psi if psi <= self.chance.threshold => Verdict::Steady,
            psi if psi < WORTH_A_LOOK => Verdict::Slight,
            psi if psi < LARGE => Verdict::Moved,
            _ => Verdict::MovedFar,
        }
    }
}

impl Reference {
    /// Of a snapshot's rows, whose columns are these, and what became of each.
    pub fn new(columns: &[String], rows: Rows<'_>, churned: &[bool]) -> Self {
        let features = columns.iter().enumerate();
        Self {
            rows: rows.len() as u64,
            churned: churned.iter().filter(|&&churned| churned).count() as u64,
            features: features.map(|(i, name)| Distribution::new(name, &column(rows, i))).collect(),
        }
    }

    /// How far each feature of other rows, of the same columns, is from these; the farthest first. The thresholds are
    /// such that where nothing moved, one time in a hundred any feature at all is beyond its own (Bonferroni).
    pub fn compare(&self, rows: Rows<'_>) -> Vec<Shift> {
        let level = FALSE_ALARM / self.features.len().max(1) as f64;
        let features = self.features.iter().enumerate();
        let mut shifts: Vec<Shift> =
            features.map(|(i, feature)| feature.shift(&column(rows, i), level)).collect();
        shifts.sort_by(|a, b| b.verdict().cmp(&a.verdict()).then(b.psi.total_cmp(&a.psi)));
        shifts
    }

    /// Whether it can be of rows of these columns: what a damaged or hostile file says is not.
    pub fn is_of(&self, columns: &[String]) -> bool {
        let names = self.features.iter().map(|feature| &feature.feature);
        names.eq(columns)
            && self.churned <= self.rows
            && self.features.iter().all(|feature| {
                let edges = &feature.edges;
                feature.counts.len() == edges.len() + 1
                    && edges.iter().all(|edge| edge.is_finite())
                    && edges.windows(2).all(|pair| pair[0] < pair[1])
                    && feature.counts.iter().try_fold(feature.missing, |sum, &count| sum.checked_add(count))
                        == Some(self.rows)
            })
    }
}

fn column(rows: Rows<'_>, column: usize) -> Vec<f32> {
    rows.iter().filter_map(|row| row.get(column).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in [0, 1), the same every time.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    const WIDTH: usize = 8;

    /// Rows of which each column is spread otherwise: evenly, in few values, mostly 0, often missing.
    fn rows(count: usize, stretch: f64, numbers: &mut Numbers) -> Vec<f32> {
        (0..count * WIDTH)
            .map(|place| {
                let u = numbers.next();
                let value = match place % WIDTH {
                    0 => stretch * -u.ln(),
                    1 => (6.0 * u * u).floor(),
                    2 if u < 0.9 => 0.0,
                    3 if u < 0.4 => f64::NAN,
                    _ => u,
                };
                value as f32
            })
            .collect()
    }

    fn names() -> Vec<String> {
        (0..WIDTH).map(|column| format!("feature_{column}")).collect()
    }

    fn reference(values: &[f32]) -> Reference {
        let rows = Rows::new(values, WIDTH);
        Reference::new(&names(), rows, &vec![false; rows.len()])
    }

    #[test]
    fn the_same_customers_are_rarely_called_moved_and_their_index_is_as_expected() {
        let mut numbers = Numbers(1);
        for (before, now) in [(300, 200), (2_000, 5_000)] {
            let (mut alarms, mut ratio) = (0, 0.0);
            for _ in 0..200 {
                let reference = reference(&rows(before, 1.0, &mut numbers));
                let shifts = reference.compare(Rows::new(&rows(now, 1.0, &mut numbers), WIDTH));
                alarms += usize::from(shifts.iter().any(|shift| shift.verdict() > Verdict::Steady));
                ratio += shifts.iter().map(|shift| shift.psi / shift.chance.expected).sum::<f64>();
            }
            // One in a hundred is two of 200; of so many, more than 8 come once in a thousand times.
            assert!(alarms <= 8, "{alarms} of 200 at {before} and {now}");
            let ratio = ratio / (200.0 * WIDTH as f64);
            assert!((0.9..1.1).contains(&ratio), "index over its expectation: {ratio}");
        }
    }

    #[test]
    fn a_shift_is_found_where_it_is_and_a_million_rows_do_not_make_it_large() {
        let mut numbers = Numbers(2);
        let reference = reference(&rows(4_000, 1.0, &mut numbers));
        let shifts = reference.compare(Rows::new(&rows(3_000, 2.5, &mut numbers), WIDTH));
        assert_eq!(shifts[0].feature, "feature_0");
        assert_eq!(shifts[0].verdict(), Verdict::MovedFar);
        assert!(shifts[1..].iter().all(|shift| shift.verdict() == Verdict::Steady));
        let many = self::reference(&rows(100_000, 1.0, &mut numbers));
        let shifts = many.compare(Rows::new(&rows(100_000, 1.1, &mut numbers), WIDTH));
        assert_eq!(
            shifts[0].verdict(),
            Verdict::Slight,
            "beyond chance, not worth a look: {}",
            shifts[0].psi
        );
    }

    #[test]
    fn a_reference_survives_json_and_an_impossible_one_is_seen() {
        let reference = reference(&rows(500, 1.0, &mut Numbers(3)));
        let text = serde_json::to_string(&reference).unwrap();
        assert_eq!(serde_json::from_str::<Reference>(&text).unwrap(), reference);
        assert!(reference.is_of(&names()));
        assert!(!reference.is_of(&names()[1..]));
        let broken = |change: fn(&mut Reference)| {
            let mut broken = reference.clone();
            change(&mut broken);
            !broken.is_of(&names())
        };
        assert!(broken(|r| r.churned = 501));
        assert!(broken(|r| r.features[0].counts[0] += 1));
        assert!(broken(|r| r.features[0].counts[0] = u64::MAX));
        assert!(broken(|r| r.features[0].edges.swap(0, 1)));
        assert!(broken(|r| r.features[0].counts.push(0)));
    }
}
