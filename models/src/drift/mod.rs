//! Drift: whether customers, churn or probabilities are no longer what the model was trained on.
//!
//! Three questions: are the features spread as they were ([`Reference::compare`]); do as many leave
//! ([`ChurnShift`]); and, once the labels are known, do as many leave as was said ([`Honesty`]).

mod chi_squared;
mod distribution;
mod outcome;
mod tally;

use serde::{Deserialize, Serialize};

pub use self::distribution::{Chance, Counted, Distribution, Shift};
pub use self::outcome::{ChurnShift, Honesty, Interval};
pub use self::tally::Tally;

use crate::dataset::Rows;
use crate::odds::is_possible;

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
    /// How the probabilities were spread that were given when it was not known yet what became of whom; none where none were.
    pub probabilities: Distribution,
    /// What each column usually contributes to their raw log-odds: the mean. Reasons are what differs from it.
    pub usual_contributions: Vec<f64>,
}

/// The name of [`Reference::probabilities`].
pub const PROBABILITY: &str = "churn_probability";

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
            features: features
                .map(|(i, name)| Distribution::new(name, &column(rows, i).collect::<Vec<_>>()))
                .collect(),
            probabilities: Distribution::new(PROBABILITY, &[]),
            usual_contributions: vec![0.0; columns.len()],
        }
    }

    /// With probabilities that were given forward in time, and what each column usually contributes.
    pub fn answered(self, probabilities: &[f64], usual_contributions: Vec<f64>) -> Self {
        let probabilities = Distribution::new(PROBABILITY, &cast(probabilities).collect::<Vec<_>>());
        Self { probabilities, usual_contributions, ..self }
    }

    /// How far what the model says of others is from what it said of these.
    pub fn compare_probabilities(&self, others: &Tally) -> Shift {
        self.probabilities.shift(&others.probabilities, self.level())
    }

    /// The chance of a false alarm for each single comparison, such that where nothing moved, one time in a hundred any at
    /// all is one (Bonferroni).
    fn level(&self) -> f64 {
        FALSE_ALARM / (self.features.len() + 1) as f64
    }

    /// How far each feature of others is from these, the farthest first; nothing by [`Tally::default`].
    pub fn compare(&self, others: &Tally) -> Vec<Shift> {
        let level = self.level();
        let features = self.features.iter().zip(&others.features);
        let mut shifts: Vec<Shift> = features.map(|(feature, others)| feature.shift(others, level)).collect();
        shifts.sort_by(|a, b| b.verdict().cmp(&a.verdict()).then(b.psi.total_cmp(&a.psi)));
        shifts
    }

    /// Whether it can be of rows of these columns: what a damaged or hostile file says is not.
    pub fn is_of(&self, columns: &[String]) -> bool {
        let names = self.features.iter().map(|feature| &feature.feature);
        names.eq(columns)
            && self.churned <= self.rows
            && self.features.iter().all(|feature| feature.is_possible() && feature.rows() == self.rows)
            && self.probabilities.feature == PROBABILITY
            && self.probabilities.is_possible()
            && self.usual_contributions.len() == columns.len()
            && self.usual_contributions.iter().all(|&contribution| is_possible(contribution))
    }
}

fn cast(probabilities: &[f64]) -> impl Iterator<Item = f32> {
    probabilities.iter().map(|&p| p as f32)
}

fn column(rows: Rows<'_>, column: usize) -> impl Iterator<Item = f32> {
    rows.iter().filter_map(move |row| row.get(column).copied())
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
        let said: Vec<f64> = rows.iter().map(|row| f64::from(row[7])).collect();
        Reference::new(&names(), rows, &vec![false; rows.len()]).answered(&said, vec![0.5; WIDTH])
    }

    fn compare(reference: &Reference, values: &[f32]) -> Vec<Shift> {
        reference.compare(&reference.tally(Rows::new(values, WIDTH), &[]))
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut numbers = Numbers(4);
        let reference = reference(&rows(500, 1.0, &mut numbers));
        let (values, said) = (rows(300, 1.2, &mut numbers), vec![0.4; 300]);
        let of = |from: usize, to: usize| {
            reference.tally(Rows::new(&values[from * WIDTH..to * WIDTH], WIDTH), &said[from..to])
        };
        let together = of(0, 1).and(&of(1, 120)).and(&of(120, 120)).and(&of(120, 300));
        assert_eq!(together, of(0, 300));
        assert_eq!(Tally::default().and(&together), together);
        assert_eq!(reference.compare(&Tally::default()), []);
    }

    #[test]
    fn the_same_customers_are_rarely_called_moved_and_their_index_is_as_expected() {
        let mut numbers = Numbers(1);
        for (before, now) in [(300, 200), (2_000, 5_000)] {
            let (mut alarms, mut ratio) = (0, 0.0);
            for _ in 0..200 {
                let reference = reference(&rows(before, 1.0, &mut numbers));
                let shifts = compare(&reference, &rows(now, 1.0, &mut numbers));
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
        let shifts = compare(&reference, &rows(3_000, 2.5, &mut numbers));
        assert_eq!(shifts[0].feature, "feature_0");
        assert_eq!(shifts[0].verdict(), Verdict::MovedFar);
        assert!(shifts[1..].iter().all(|shift| shift.verdict() == Verdict::Steady));
        let said = reference.tally(Rows::new(&[0.0; 500 * WIDTH], WIDTH), &[0.9; 500]);
        assert_eq!(reference.compare_probabilities(&said).verdict(), Verdict::MovedFar);
        let many = self::reference(&rows(100_000, 1.0, &mut numbers));
        let shifts = compare(&many, &rows(100_000, 1.1, &mut numbers));
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
        assert!(broken(|r| r.usual_contributions[0] = f64::NAN));
        assert!(broken(|r| r.probabilities.counts.clear()));
    }
}
