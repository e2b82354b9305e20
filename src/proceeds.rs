//! What a back-test's customers and actions were said to come to, and what they came to: net values rest on probabilities and
//! lifetime values, and those may be right in all and wrong where the money is.

use std::collections::HashMap;
use std::path::Path;

use mainstay_features::history::{Histories, History};
use mainstay_features::id::fingerprint;
use mainstay_features::label::spent_within;
use mainstay_features::units::{Instant, Money, Probability};
use mainstay_features::watch::Watch;
use mainstay_models::language::Language;
use mainstay_models::segments::{Stage, Tier};

use crate::failure::{Failure, Kind};
use crate::scores::{Aside, ScoreRow, ScoredPopulation, Scores};
use crate::service::Service;
use crate::suppressed::Suppressed;

/// Some customers, what was said of them, and what came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// How many they are.
    pub customers: usize,
    /// How many were expected to leave.
    pub expected_leavers: f64,
    /// The variance of that, were the probabilities right.
    pub leavers_variance: f64,
    /// How many left.
    pub leavers: usize,
    /// What they were expected to spend within the horizon, by the model of their lifetime values; `None` where that tells nothing
    /// of who has left.
    pub expected_spending: Option<f64>,
    /// What they spent.
    pub spent: f64,
    /// For how many an action was to pay.
    pub actions: usize,
    /// The net value of these actions as it was said.
    pub said: f64,
    /// The same by who left: with a probability of 1 for who did and of 0 for who did not, all else as it was assumed.
    pub came: f64,
}

impl Sum {
    fn add(&mut self, scores: &Scores, row: &ScoreRow, expected_spending: Option<f64>, came: Came) {
        let (p, Came { left, spent }) = (row.churn_probability, came);
        self.customers += 1;
        self.expected_leavers += p;
        self.leavers_variance += p * (1.0 - p);
        self.leavers += usize::from(left);
        if let Some(expected) = expected_spending {
            *self.expected_spending.get_or_insert_default() += expected;
        }
        self.spent += spent;
        if row.pays.is_some() {
            let p = if left { Probability::ONE } else { Probability::ZERO };
            let value = Money::new(row.lifetime_value).unwrap_or_default();
            self.actions += 1;
            self.said += row.net_value;
            self.came += scores.terms_of(row).net_value(p, value).get();
        }
    }

    /// Whether more or fewer left than were expected to, by a tenth or more and beyond what chance makes of right probabilities.
    pub(crate) fn leavers_are_off(&self) -> bool {
        let (expected, left) = (self.expected_leavers, self.leavers as f64);
        let off = (left - expected).abs();
        off > BEYOND_CHANCE * self.leavers_variance.sqrt() && off >= NOTEWORTHY * expected
    }

    /// All of it as cells of a table.
    pub(crate) fn cells(&self) -> [String; 8] {
        [
            self.customers.to_string(),
            format!("{:.0}", self.expected_leavers),
            self.leavers.to_string(),
            self.expected_spending.map_or("–".to_owned(), sum_of_money),
            sum_of_money(self.spent),
            self.actions.to_string(),
            sum_of_money(self.said),
            sum_of_money(self.came),
        ]
    }
}

/// From a thousand on without hundredths, which nobody reads there, and for which a page has no room.
fn sum_of_money(amount: f64) -> String {
    if amount.abs() >= 1_000.0 { format!("{amount:.0}") } else { format!("{amount:.2}") }
}

/// So many times as high as what comes, what is said is no longer near it.
const FAR: f64 = 1.25;

impl Proceeds {
    /// What is to be thought of it where what came was far from what was said, a sentence each.
    pub fn remarks(&self, language: Language) -> Vec<String> {
        let all = std::iter::once((language.either("all", "全部"), &self.all));
        let tiers = self.tiers.iter().map(|(tier, sum)| (tier.words(language), sum));
        let stages = self.stages.iter().map(|(stage, sum)| (stage.words(language), sum));
        let off = all.chain(tiers).chain(stages).filter(|(_, sum)| sum.leavers_are_off());
        let off: Vec<String> = off
            .map(|(name, sum)| {
                let (expected, left) = (sum.expected_leavers, sum.leavers);
                language.either(
                    format!("{name} ({expected:.0} expected, {left} left)"),
                    format!("{name}（预计{expected:.0}人，实际{left}人）"),
                )
            })
            .collect();
        let mut remarks = Vec::new();
        if !off.is_empty() {
            remarks.push(language.either(
                format!(
                    "more or fewer left than the probabilities said, beyond chance and by a tenth or more: {}",
                    off.join(", ")
                ),
                format!("以下客户的实际流失与预测概率相差一成以上，且超出偶然范围：{}", off.join("、")),
            ));
        }
        let Sum { expected_spending, spent, said, came, .. } = self.all;
        let is_far = |expected: &f64| *expected > FAR * spent || spent > FAR * expected;
        if let Some(expected) = expected_spending.filter(is_far) {
            let share = 100.0 * spent / expected;
            remarks.push(language.either(
                format!(
                    "customers spent {share:.0} % of what the model of their lifetime values expected within the horizon: lifetime values \
                     are as far off, unless it was the season"
                ),
                format!("客户在观察期内的消费是客户价值模型预期的{share:.0}%：除非是季节所致，客户价值的偏差也同样大"),
            ));
        }
        if said > FAR * came {
            let share = if said > 0.0 { 100.0 * came / said } else { 0.0 };
            remarks.push(language.either(
                format!(
                    "{share:.0} % of what was said came: so it may be with the net values of a scored list, by tier as above"
                ),
                format!("预计净收益只实现了{share:.0}%：评分名单上的净收益可能也是如此，各等级见上表"),
            ));
        }
        remarks
    }
}

/// So many standard deviations chance hardly makes: once in 400 times.
const BEYOND_CHANCE: f64 = 3.0;
/// Less than this share makes no difference to anybody.
const NOTEWORTHY: f64 = 0.1;

/// What became of a customer within the horizon.
#[derive(Clone, Copy, Debug, Default)]
struct Came {
    left: bool,
    spent: f64,
}

/// Everybody, by tier, and by stage: those of a kind whose probabilities are wrong are seen among them.
#[derive(Clone, Debug, PartialEq)]
pub struct Proceeds {
    /// Of everybody.
    pub all: Sum,
    /// Of each tier that somebody is in, the most valuable first.
    pub tiers: Vec<(Tier, Sum)>,
    /// Of each stage that somebody is in, in the order of a life.
    pub stages: Vec<(Stage, Sum)>,
}

impl Proceeds {
    /// Decides about everybody in the population at an instant, as on that day, and looks at who left within the model's horizon. Rows go
    /// through a file without a name in the folder.
    ///
    /// # Errors
    /// When a part of the history cannot be read, or rows cannot be put aside there.
    pub fn of(
        service: &Service,
        histories: &Histories,
        cutoff: Instant,
        folder: &Path,
        watch: &dyn Watch,
    ) -> Result<Self, Failure> {
        let came = what_came(service, histories, cutoff)?;
        let aside = Aside::nameless(folder).map_err(|cause| Failure::output(folder, cause))?;
        let scored = ScoredPopulation::of(service, histories, cutoff, &Suppressed::default(), aside, watch)?;
        let (lifetime, horizon) =
            (&service.artifact().training.lifetime.lifetime, service.artifact().settings.horizon);
        let mut all = Sum::default();
        let mut tiers = Tier::ALL.map(|tier| (tier, Sum::default()));
        let mut stages = Stage::ALL.map(|stage| (stage, Sum::default()));
        let added = scored.each(service.catalogue(), |scores| {
            for row in &scores.rows {
                let came = came.get(&fingerprint(&row.customer_id)).copied().unwrap_or_default();
                let expected = lifetime.spending_within(&row.features, cutoff, horizon);
                let of_tier = tiers.iter_mut().filter(|(tier, _)| *tier == row.tier).map(|(_, sum)| sum);
                let of_stage = stages.iter_mut().filter(|(stage, _)| *stage == row.stage).map(|(_, sum)| sum);
                let own = std::iter::once(&mut all).chain(of_tier).chain(of_stage);
                own.for_each(|sum| sum.add(scores, row, expected, came));
            }
            Ok(())
        });
        added
            .map_err(|cause| Failure::new(Kind::Output, format!("rows put aside cannot be read: {cause}")))?;
        Ok(Self {
            all,
            tiers: tiers.into_iter().filter(|(_, sum)| sum.customers > 0).collect(),
            stages: stages.into_iter().filter(|(_, sum)| sum.customers > 0).collect(),
        })
    }
}

/// What became of customers within the model's horizon from an instant on, by their fingerprints. Who is not there stayed and
/// spent nothing.
fn what_came(
    service: &Service,
    histories: &Histories,
    cutoff: Instant,
) -> Result<HashMap<u64, Came>, Failure> {
    let artifact = service.artifact();
    let (label, horizon) = (artifact.training.label, artifact.settings.horizon);
    let of_part = |part: &History| -> Vec<(u64, Came)> {
        let came = |number: usize| {
            let customer = part.customer(number);
            let came = Came {
                left: label.churned(customer, cutoff, horizon),
                spent: spent_within(customer, cutoff, horizon),
            };
            (came.left || came.spent > 0.0).then(|| (fingerprint(part.customer_id(number)), came))
        };
        (0..part.len()).filter_map(came).collect()
    };
    Ok(histories.each(of_part)?.into_iter().flatten().collect())
}
