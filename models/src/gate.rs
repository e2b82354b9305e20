//! The gate: whether a model may serve, judged forward in time.
//!
//! Everything the model said in the rolling backtests (chosen and fitted on what came before each) is held against what
//! there is without it: the rule of recency and frequency, days since the last order alone, one probability for everybody,
//! contacting everyone, doing nothing, and the model in service. Chance is told from gain by a paired bootstrap over customers: all rows of a customer count as often as
//! chance draws the customer.

use serde::{Deserialize, Serialize};

use crate::bootstrap;
use crate::evaluate::profit::{Campaign, of_acting_on, of_contacting};
use crate::language::Language;
use crate::odds::{log_loss, log_odds};
use crate::rolling::Said;

/// With more rows a fair part of the customers is drawn from: the intervals are then narrow anyway.
const MOST_ROWS: usize = 400_000;

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

    /// Whether it is a loss of more than [`MUCH`] of what the other side earns, and more than chance. Both earnings are told by
    /// what the one it is a gain of earns.
    fn is_surely_much_less(&self, earned: f64) -> bool {
        self.high < -MUCH * (earned - self.mean).abs()
    }
}

/// What the gate lets serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Closer to what happened than the rule and than one probability for everybody, beyond chance, and surely earning
    /// no hundredth less than what there is without it: the model serves.
    ClearlyBetter,
    /// Not so: the rule serves.
    NoBetter,
    /// Nothing could be tested: the rule serves.
    TooLittleHistory,
}

/// What serves is told to be so good: [`Verdict::words`].
pub const WORDS: [&str; 4] = [CLEARLY_BETTER, BETTER_BY_LITTLE, NO_BETTER, TOO_LITTLE_HISTORY];

/// The same in Chinese.
const CHINESE: [&str; 4] = [
    "明显优于简单规则",
    "优于简单规则且并非偶然，但优势不大",
    "不优于简单规则：请使用简单规则",
    "历史数据太短，无法检验：请使用简单规则",
];

const CLEARLY_BETTER: &str = "clearly better than the simple rule";
const BETTER_BY_LITTLE: &str = "better than the simple rule beyond chance, but by little";
const NO_BETTER: &str = "no better than the simple rule: use the rule";
const TOO_LITTLE_HISTORY: &str = "untested for want of history: use the rule";

/// A model that gains less than this share of the rule's log loss is better by little.
const LITTLE: f64 = 0.02;

/// A smaller share of what is earned does not speak against probabilities that are surely closer to what happened: where it
/// pays to contact about everybody, all earn the same but for a few customers at one threshold.
const MUCH: f64 = 0.01;

/// What the gate found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// What it lets serve.
    pub grade: Grade,
    /// How many rolling backtests it rests on.
    pub origins: usize,
    /// How many rows.
    pub rows: usize,
    /// Log loss of the rule less the model's; `None` where nothing was tested, as below.
    pub over_rule: Option<Gain>,
    /// Log loss by days since the last order alone less the model's; `None` too where the model was judged before the rule knew
    /// more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_recency: Option<Gain>,
    /// Log loss by one probability for everybody, the share that left, less the model's; `None` too where the model was judged
    /// before that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_base_rate: Option<Gain>,
    /// Profit of acting on the model's probabilities less that of acting on the rule's, in money a customer, at the mean save
    /// rate.
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
            over_recency: None,
            over_base_rate: None,
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
            said_p
                .iter()
                .zip(&said.churned)
                .map(|(&p, &churned)| of_acting_on(p, churned, &campaign))
                .collect()
        };
        let difference = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<f64>>();
        let model_losses = losses(&said.model, &said.churned);
        let churned = said.churned.iter().filter(|&&churned| churned).count();
        let base_rate = vec![churned as f64 / rows as f64; rows];
        let (earned, earned_by_rule) = (profit(&said.model), profit(&said.rule));
        let of_everyone: Vec<f64> =
            said.churned.iter().map(|&churned| of_contacting(churned, &campaign)).collect();
        let gains = gains_of(
            &said.customers,
            &[
                difference(&losses(&said.rule, &said.churned), &model_losses),
                difference(&losses(&said.recency, &said.churned), &model_losses),
                difference(&losses(&base_rate, &said.churned), &model_losses),
                difference(&earned, &earned_by_rule),
                difference(&earned, &of_everyone),
                earned,
            ],
            seed,
        );
        if let [over_rule, over_recency, over_base_rate, profit_over_rule, over_everyone, over_nothing] =
            gains[..]
        {
            verdict.over_rule = Some(over_rule);
            verdict.over_recency = Some(over_recency);
            verdict.over_base_rate = Some(over_base_rate);
            verdict.profit_over_rule = Some(profit_over_rule);
            verdict.profit_over_everyone = Some(over_everyone);
            verdict.profit_over_nothing = Some(over_nothing);
        }
        verdict.grade = if verdict.failed().is_none() { Grade::ClearlyBetter } else { Grade::NoBetter };
        let unseen = rows - said.incumbent.len();
        if !said.incumbent.is_empty() {
            let theirs = losses(&said.incumbent, &said.churned[unseen..]);
            let differences = difference(&theirs, &model_losses[unseen..]);
            verdict.over_incumbent = gains_of(&said.customers[unseen..], &[differences], seed).pop();
        }
        verdict
    }

    /// Whether the model may serve where nothing serves yet.
    pub fn passes(&self) -> bool {
        self.grade == Grade::ClearlyBetter
    }

    /// Why the rule serves and not the model, where something could be tested: the first test that it failed.
    pub fn refused_for(&self) -> Option<&'static str> {
        let of_an_older_gate = "it failed a test of the version that trained it";
        (self.grade == Grade::NoBetter).then(|| self.failed().unwrap_or(of_an_older_gate))
    }

    /// The first test that what was said failed. What was not tested, as by an older version, fails nothing.
    fn failed(&self) -> Option<&'static str> {
        let sure = |gain: &Option<Gain>| gain.is_none_or(|gain| gain.is_sure());
        let earned = self.profit_over_nothing.map_or(0.0, |gain| gain.mean);
        let not_much_less = |gain: &Option<Gain>| gain.is_none_or(|gain| !gain.is_surely_much_less(earned));
        let tests = [
            (sure(&self.over_rule), "its log loss is not below the rule's beyond chance"),
            (
                sure(&self.over_recency),
                "its log loss is not below that of days since the last order alone beyond chance",
            ),
            (
                sure(&self.over_base_rate),
                "its log loss is not below that of one probability for everybody beyond chance",
            ),
            (
                not_much_less(&self.profit_over_rule),
                "acting on the rule earns surely a hundredth more than acting on it, in the gate's campaign",
            ),
            (
                not_much_less(&self.profit_over_everyone),
                "contacting everyone earns surely a hundredth more than acting on it, in the gate's campaign",
            ),
            (
                not_much_less(&self.profit_over_nothing),
                "doing nothing earns surely more than acting on it, in the gate's campaign",
            ),
        ];
        tests.into_iter().find(|(passed, _)| !passed).map(|(_, failed)| failed)
    }

    /// The log loss gained on the rule as a share of the rule's own; `None` where nothing was tested.
    pub fn share_gained(&self, rule_log_loss: Option<f64>) -> Option<f64> {
        Some(self.over_rule?.mean / rule_log_loss?)
    }

    /// In words, which tell apart what is sure and what is much: with many customers, chance is ruled out of gains too
    /// small to care about. `rule_log_loss` is that of the rule on the same rows.
    pub fn words(&self, rule_log_loss: Option<f64>, language: Language) -> &'static str {
        let words = match self.grade {
            Grade::ClearlyBetter if self.share_gained(rule_log_loss).is_some_and(|share| share < LITTLE) => {
                BETTER_BY_LITTLE
            }
            Grade::ClearlyBetter => CLEARLY_BETTER,
            Grade::NoBetter => NO_BETTER,
            Grade::TooLittleHistory => TOO_LITTLE_HISTORY,
        };
        words_in(language, words)
    }
}

/// The words in a language; others than [`WORDS`] as they are.
pub fn words_in(language: Language, words: &str) -> &str {
    let chinese = WORDS.iter().position(|known| *known == words).map(|place| CHINESE[place]);
    language.either(words, chinese.unwrap_or(words))
}

/// The mean of each column of differences, with its interval by the bootstrap.
fn gains_of(customers: &[u64], columns: &[Vec<f64>], seed: u64) -> Vec<Gain> {
    // Fingerprints are spread evenly: the lowest are a fair part.
    let share = (MOST_ROWS as f64 / customers.len().max(1) as f64).min(1.0);
    let highest = (share * u64::MAX as f64) as u64;
    let is_drawn: Vec<bool> = customers.iter().map(|&customer| customer <= highest).collect();
    let drawn: Vec<u64> = customers.iter().copied().filter(|&customer| customer <= highest).collect();
    let parts: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| column.iter().zip(&is_drawn).filter(|(_, drawn)| **drawn).map(|(x, _)| *x).collect())
        .collect();
    let draws = bootstrap::means(&drawn, &parts, seed);
    let gain = |(column, draws): (&Vec<f64>, Vec<f64>)| {
        let mean = column.iter().sum::<f64>() / column.len().max(1) as f64;
        let (low, high) = bootstrap::interval(draws).unwrap_or((mean, mean));
        Gain { mean, low, high }
    };
    columns.iter().zip(draws).map(gain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::mix;

    /// Customers who leave by a known chance, a rule that says the base rate, and a model that says `tell(chance)`.
    fn said(rows: u64, tell: impl Fn(f64) -> f64) -> Said {
        let mut said = Said::default();
        for row in 0..rows {
            let chance = 0.05 + 0.9 * (mix(row) >> 11) as f64 / (1_u64 << 53) as f64;
            said.customers.push(mix(row ^ 77));
            said.churned.push((mix(row ^ 991) >> 11) as f64 / ((1_u64 << 53) as f64) < chance);
            said.model.push(tell(chance));
            said.rule.push(0.5);
            said.recency.push(0.5);
        }
        said
    }

    /// Where so many leave that contacting everybody about pays for itself, whoever knows nothing earns nothing by it.
    #[test]
    fn who_knows_nothing_earns_nothing() {
        let mut said = said(20_000, |_| 0.16);
        for (row, churned) in said.churned.iter_mut().enumerate() {
            *churned = mix(row as u64 ^ 5) % 100 < 16;
        }
        for (row, p) in said.model.iter_mut().enumerate() {
            *p = if mix(row as u64).is_multiple_of(2) { 0.14 } else { 0.18 };
        }
        let verdict = Verdict::of(&said, 1, 7);
        let one_for_all = "its log loss is not below that of one probability for everybody beyond chance";
        assert_eq!((verdict.grade, verdict.refused_for()), (Grade::NoBetter, Some(one_for_all)));
        let over_nothing = verdict.profit_over_nothing.unwrap();
        assert!(!over_nothing.is_sure() && over_nothing.mean.abs() < 0.4, "{over_nothing:?}");
    }

    #[test]
    fn who_knows_passes_and_who_guesses_does_not() {
        let knows = Verdict::of(&said(3000, |chance| chance), 1, 7);
        assert_eq!(knows.grade, Grade::ClearlyBetter, "{knows:?}");
        assert_eq!(knows.refused_for(), None);
        let repeats = Verdict::of(&said(3000, |_| 0.5), 1, 7);
        assert_eq!(repeats.grade, Grade::NoBetter, "{repeats:?}");
        assert_eq!(repeats.refused_for(), Some("its log loss is not below the rule's beyond chance"));
        let exaggerates = Verdict::of(&said(3000, |chance| if chance > 0.5 { 0.999 } else { 0.001 }), 1, 7);
        assert_eq!(exaggerates.grade, Grade::NoBetter, "{exaggerates:?}");
        assert_eq!(Verdict::of(&Said::default(), 0, 7).grade, Grade::TooLittleHistory);
    }

    /// Where it pays to contact about everybody no probabilities earn more than that. Who is surely closer to what happened
    /// serves all the same, as long as it does not surely earn much less.
    #[test]
    fn who_is_closer_serves_where_contacting_everyone_pays() {
        let mut said = said(20_000, |chance| 0.4 + 0.6 * chance);
        for (row, churned) in said.churned.iter_mut().enumerate() {
            *churned = *churned || mix(row as u64 ^ 3) % 10 < 4;
        }
        said.rule.fill(0.9);
        said.recency.fill(0.6);
        let verdict = Verdict::of(&said, 1, 7);
        assert_eq!(verdict.profit_over_everyone.map(|gain| gain.mean), Some(0.0));
        assert_eq!(verdict.grade, Grade::ClearlyBetter, "{verdict:?}");
        // It leaves out some who would have been worth it: a few, and then more than a hundredth.
        let leave_out = |said: &mut Said, every: usize| {
            said.model.iter_mut().step_by(every).for_each(|p| *p = p.min(0.15));
            Verdict::of(said, 1, 7)
        };
        let few = leave_out(&mut said, 400);
        assert!(few.profit_over_rule.unwrap().high < 0.0, "{few:?}");
        assert_eq!(few.grade, Grade::ClearlyBetter, "{few:?}");
        let many = leave_out(&mut said, 50);
        let refused =
            "acting on the rule earns surely a hundredth more than acting on it, in the gate's campaign";
        assert_eq!(many.refused_for(), Some(refused), "{many:?}");
    }

    /// Customers who leave by chances the rule knows as well as the model, but for a little.
    #[test]
    fn a_sure_gain_may_be_little() {
        let mut said = said(20_000, |chance| chance);
        said.rule = said.model.iter().map(|chance| 0.05 + 0.9 * chance).collect();
        let verdict = Verdict::of(&said, 1, 7);
        let loss = |(&p, &churned): (&f64, &bool)| log_loss(log_odds(p), churned);
        let rule_log_loss =
            said.rule.iter().zip(&said.churned).map(loss).sum::<f64>() / said.churned.len() as f64;
        assert!(
            verdict.over_rule.unwrap().is_sure() && verdict.share_gained(Some(rule_log_loss)).unwrap() < 0.01
        );
        let words =
            |grade| Verdict { grade, ..verdict.clone() }.words(Some(rule_log_loss), Language::English);
        assert_eq!(words(Grade::ClearlyBetter), "better than the simple rule beyond chance, but by little");
        assert_eq!(words(Grade::NoBetter), "no better than the simple rule: use the rule");
        assert!(!verdict.words(None, Language::English).contains("little"));
    }
}
