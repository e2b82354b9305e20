//! The gate: whether a model may serve, judged forward in time.
//!
//! Everything the model said in the rolling backtests (chosen and fitted on what came before each) is held against what
//! there is without it: the days-since-the-last-order rule, contacting everyone, doing nothing, and the model in
//! service. Chance is told from gain by a paired bootstrap over customers: all rows of a customer count as often as
//! chance draws the customer.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::evaluate::profit::{Campaign, of_acting_on, of_contacting};
use crate::odds::{log_loss, log_odds};
use crate::random::SplitMix64;
use crate::rolling::Said;

/// How often the bootstrap draws.
const DRAWS: u64 = 1000;
/// With more rows a fair part of the customers is drawn from: the intervals are then narrow anyway.
const MOST_ROWS: usize = 400_000;
/// A gain is one when all but this share of the draws show it.
const CHANCE: f64 = 0.025;

/// What a model gains over something, per customer and origin, with the interval that holds 95 % of the draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gain {
    /// The mean.
    pub mean: f64,
    /// 2.5 % of the draws are below…
    pub low: f64,
    /// …and 2.5 % above.
    pub high: f64,
}

impl Gain {
    /// Whether it is more than chance.
    pub fn is_sure(&self) -> bool {
        self.low > 0.0
    }
}

/// The verdict in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Better than the rule, and than contacting nobody or everybody, beyond chance: the model serves.
    ClearlyBetter,
    /// Not beyond chance: the rule serves.
    NoBetter,
    /// Nothing could be tested: the rule serves.
    TooLittleHistory,
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClearlyBetter => "clearly better than the simple rule",
            Self::NoBetter => "no better than the simple rule: use the rule",
            Self::TooLittleHistory => "untested for want of history: use the rule",
        })
    }
}

/// What the gate found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// In words.
    pub grade: Grade,
    /// How many rolling backtests it rests on.
    pub origins: usize,
    /// How many rows.
    pub rows: usize,
    /// Log loss of the rule less the model's; `None` where nothing was tested, as below.
    pub over_rule: Option<Gain>,
    /// Profit of acting on the model's probabilities less that of acting on the rule's, in money a customer.
    pub profit_over_rule: Option<Gain>,
    /// Profit over doing nothing.
    pub profit_over_nothing: Option<Gain>,
    /// Profit over contacting everyone.
    pub profit_over_everyone: Option<Gain>,
    /// Log loss of the model in service less the model's, at the origins that one has not learnt from.
    pub over_incumbent: Option<Gain>,
    /// The campaign behind the profits.
    pub campaign: Campaign,
}

impl Verdict {
    /// Judges what was said.
    pub(crate) fn of(said: &Said, origins: usize, seed: u64) -> Self {
        let campaign = Campaign::default();
        let rows = said.churned.len();
        let mut verdict = Self {
            grade: Grade::TooLittleHistory,
            origins,
            rows,
            over_rule: None,
            profit_over_rule: None,
            profit_over_nothing: None,
            profit_over_everyone: None,
            over_incumbent: None,
            campaign,
        };
        if rows == 0 {
            return verdict;
        }
        let losses = |said_p: &[f64], churned: &[bool]| -> Vec<f64> {
            let loss = |(&p, &churned): (&f64, &bool)| log_loss(log_odds(p), churned);
            said_p.iter().zip(churned).map(loss).collect()
        };
        let profit = |said_p: &[f64]| -> Vec<f64> {
            let rows: Vec<(&f64, &bool)> = said_p.iter().zip(&said.churned).collect();
            rows.into_par_iter().map(|(&p, &churned)| of_acting_on(p, churned, &campaign)).collect()
        };
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let model_losses = losses(&said.model, &said.churned);
        let (earned, earned_by_rule) = (profit(&said.model), profit(&said.rule));
        let of_everyone: Vec<f64> =
            said.churned.iter().map(|&churned| of_contacting(churned, &campaign)).collect();
        let gains = bootstrap(
            &said.customers,
            &[
                difference(&losses(&said.rule, &said.churned), &model_losses),
                difference(&earned, &earned_by_rule),
                earned.clone(),
                difference(&earned, &of_everyone),
            ],
            seed,
        );
        if let [over_rule, profit_over_rule, over_nothing, over_everyone] = gains[..] {
            let is_better = over_rule.is_sure()
                && over_nothing.is_sure()
                && over_everyone.is_sure()
                && profit_over_rule.mean > 0.0;
            verdict.grade = if is_better { Grade::ClearlyBetter } else { Grade::NoBetter };
            verdict.over_rule = Some(over_rule);
            verdict.profit_over_rule = Some(profit_over_rule);
            verdict.profit_over_nothing = Some(over_nothing);
            verdict.profit_over_everyone = Some(over_everyone);
        }
        let unseen = rows - said.incumbent.len();
        if !said.incumbent.is_empty() {
            let theirs = losses(&said.incumbent, &said.churned[unseen..]);
            let differences = difference(&theirs, &model_losses[unseen..]);
            verdict.over_incumbent = bootstrap(&said.customers[unseen..], &[differences], seed).pop();
        }
        verdict
    }

    /// Whether the model may serve where nothing serves yet.
    pub fn passes(&self) -> bool {
        self.grade == Grade::ClearlyBetter
    }
}

/// The mean of each column of differences, with its interval by a Poisson bootstrap: in every draw a customer counts so
/// often as a Poisson variable of mean 1 says, which is made from the fingerprint and the number of the draw alone.
fn bootstrap(customers: &[u64], columns: &[Vec<f64>], seed: u64) -> Vec<Gain> {
    // Fingerprints are spread evenly: the lowest are a fair part.
    let share = (MOST_ROWS as f64 / customers.len().max(1) as f64).min(1.0);
    let highest = (share * u64::MAX as f64) as u64;
    let rows: Vec<usize> = (0..customers.len()).filter(|&row| customers[row] <= highest).collect();
    let mut draws: Vec<Vec<f64>> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| {
            let key = mix(seed ^ mix(draw + 1));
            let (mut sums, mut count) = (vec![0.0; columns.len()], 0.0);
            for &row in &rows {
                let times = poisson(mix(customers[row] ^ key));
                if times > 0.0 {
                    count += times;
                    sums.iter_mut().zip(columns).for_each(|(sum, column)| *sum += times * column[row]);
                }
            }
            sums.iter_mut().for_each(|sum| *sum /= f64::max(count, 1.0));
            sums
        })
        .collect();
    columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            draws.sort_by(|a, b| a[place].total_cmp(&b[place]));
            let out = (DRAWS as f64 * CHANCE) as usize;
            let mean = column.iter().sum::<f64>() / column.len().max(1) as f64;
            Gain { mean, low: draws[out][place], high: draws[draws.len() - 1 - out][place] }
        })
        .collect()
}

/// Spreads the bits of a number.
fn mix(number: u64) -> u64 {
    SplitMix64::new(number).next()
}

/// A Poisson variable of mean 1 from 64 random bits, by its distribution function.
fn poisson(bits: u64) -> f64 {
    let uniform = (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let (mut times, mut chance) = (0.0, (-1.0_f64).exp());
    let mut below = chance;
    while uniform >= below && times < 20.0 {
        times += 1.0;
        chance /= times;
        below += chance;
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Customers who leave by a known chance, a rule that says the base rate, and a model that says `tell(chance)`.
    fn said(rows: u64, tell: impl Fn(f64) -> f64) -> Said {
        let mut said = Said::default();
        for row in 0..rows {
            let chance = 0.05 + 0.9 * (mix(row) >> 11) as f64 / (1_u64 << 53) as f64;
            said.customers.push(mix(row ^ 77));
            said.churned.push((mix(row ^ 991) >> 11) as f64 / ((1_u64 << 53) as f64) < chance);
            said.model.push(tell(chance));
            said.rule.push(0.5);
        }
        said
    }

    #[test]
    fn who_knows_passes_and_who_guesses_does_not() {
        let knows = Verdict::of(&said(3000, |chance| chance), 1, 7);
        assert_eq!(knows.grade, Grade::ClearlyBetter, "{knows:?}");
        let repeats = Verdict::of(&said(3000, |_| 0.5), 1, 7);
        assert_eq!(repeats.grade, Grade::NoBetter, "{repeats:?}");
        let exaggerates = Verdict::of(&said(3000, |chance| if chance > 0.5 { 0.999 } else { 0.001 }), 1, 7);
        assert_eq!(exaggerates.grade, Grade::NoBetter, "{exaggerates:?}");
        assert_eq!(Verdict::of(&Said::default(), 0, 7).grade, Grade::TooLittleHistory);
    }

    #[test]
    fn an_interval_holds_what_chance_does() {
        // The standard error of a mean of n values of deviation 1 is 1/√n.
        let customers: Vec<u64> = (0..2500).map(mix).collect();
        let values: Vec<f64> = (0..2500).map(|row| if row % 2 == 0 { 1.0 } else { -1.0 }).collect();
        let gain = bootstrap(&customers, &[values], 1)[0];
        assert!(gain.mean == 0.0 && (gain.high - 1.96 / 50.0).abs() < 0.006, "{gain:?}");
        assert!((gain.low + 1.96 / 50.0).abs() < 0.006, "{gain:?}");
    }

    #[test]
    fn rows_of_one_customer_count_together() {
        let values = vec![1.0; 100].into_iter().chain(vec![-1.0; 100]).collect::<Vec<f64>>();
        let apart: Vec<u64> = (0..200).map(mix).collect();
        let two: Vec<u64> = (0..200).map(|row| mix(row / 100)).collect();
        let width = |customers: &[u64]| {
            let gain = bootstrap(customers, std::slice::from_ref(&values), 1)[0];
            gain.high - gain.low
        };
        assert!(width(&two) > 4.0 * width(&apart));
    }

    #[test]
    fn draws_are_poisson() {
        let counts: Vec<f64> = (0..100_000).map(|row| poisson(mix(row))).collect();
        let mean = counts.iter().sum::<f64>() / 1e5;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
