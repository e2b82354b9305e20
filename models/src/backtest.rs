//! The back-test: train on what was known one horizon before the end, score everyone, compare with what happened.

use mainstay_features::history::Histories;
use mainstay_features::label::Label;
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;

use crate::TrainingError;
use crate::evaluate::Metrics;
use crate::evaluate::curves::Curves;
use crate::evaluate::profit::{Campaign, expected_maximum, maximum, of_acting_on, of_contacting};
use crate::fitting::by_recency;
use crate::ground::{Ground, MOST_CUSTOMERS};
use crate::inputs::EXPECTED_PURCHASES;
use crate::language::Language;
use crate::model::{Kind, completed, probabilities};
use crate::snapshots::{Question, Snapshots};
use crate::training::{self, Settings, Training, measure};

/// The rule everyone has without a model, as a logistic regression on both.
pub const RULE: &str = "recency and frequency";
/// A logistic regression on recency alone, which never serves.
pub const RECENCY: &str = "days since the last order";
/// BG/NBD's word, e to the power of less the purchases it expects.
pub const BG_NBD: &str = "BG/NBD";
/// Contacting everyone, whoever they are.
pub const EVERYONE: &str = "contact everyone";
/// Contacting nobody.
pub const NOBODY: &str = "contact nobody";

/// One model on the test rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The model's name.
    pub name: String,
    /// Whether it is the one that would have been used.
    pub selected: bool,
    /// How it did; `None` of what gives no probabilities.
    pub metrics: Option<Metrics>,
    /// What it would have earned.
    pub earned: Earned,
    /// Its curves.
    pub curves: Option<Curves>,
}

impl Judged {
    /// What people call it.
    pub fn words(&self, language: Language) -> &str {
        let english = match self.name.as_str() {
            "logistic" => "logistic regression",
            "forest" => "random forest",
            "average" => "logistic + forest (mean)",
            name => name,
        };
        let chinese = match self.name.as_str() {
            RULE => "最近下单与下单次数",
            RECENCY => "距上次下单天数",
            EVERYONE => "联系所有人",
            NOBODY => "不联系任何人",
            "logistic" => "逻辑回归",
            "forest" => "随机森林",
            "average" => "逻辑回归与森林的平均",
            name => name,
        };
        language.either(english, chinese)
    }
}

/// What acting on a model earns, in money a customer of the population.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Earned {
    /// Acting on its probabilities: see [`of_acting_on`].
    pub profit: f64,
    /// The most its ranking could earn at the mean save rate, with the best threshold in hindsight (MPC).
    pub maximum: Option<f64>,
    /// The same, expected over save rates (EMPC).
    pub expected_maximum: Option<f64>,
}

/// The outcome of a back-test.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// What leaving means in the history.
    pub label: Label,
    /// The instant until which the outcome is known, less the horizon.
    pub test_cutoff: Instant,
    /// What was trained on what was known then.
    pub training: Training,
    /// Customers in the population at the test cutoff.
    pub test_rows: usize,
    /// Share of them who churned.
    pub churn_rate: f64,
    /// The models, the one that would have been used first; it was chosen before the test rows were looked at.
    pub models: Vec<Judged>,
    /// What they must beat.
    pub baselines: Vec<Judged>,
}

/// Runs the back-test on what was known at `known_until`: nothing later is looked at. The stage in which a model of the
/// result is fitted is called "fit {name}".
///
/// # Errors
/// See [`TrainingError`].
pub fn backtest(
    histories: &Histories,
    settings: &Settings,
    known_until: Instant,
    watch: &dyn Watch,
) -> Result<Backtest, TrainingError> {
    let test_cutoff = known_until.minus(settings.horizon);
    let ground = Ground::survey(histories, settings, test_cutoff, MOST_CUSTOMERS, watch);
    let (ground, training) = ground
        .and_then(|ground| {
            let training = training::train_on(&ground, histories, settings, test_cutoff, None, watch)?;
            Ok((ground, training))
        })
        .map_err(|error| match error {
            // To train one horizon earlier takes a history one horizon longer.
            TrainingError::HistoryTooShort { first, needed_days, .. } => TrainingError::HistoryTooShort {
                first,
                last: known_until,
                needed_days: needed_days + u64::from(settings.horizon.get()),
            },
            other => other,
        })?;
    watch.begin("test", None);
    let models = &training.models;
    let Settings { horizon, lookback, .. } = *settings;
    let question = Question { features: &models.inputs.features, horizon, lookback, share: 1.0 };
    let snapshots = Snapshots::take(histories, &[test_cutoff], &question)?;
    let test = snapshots.at(test_cutoff).filter(|test| !test.data.is_empty());
    let test = test.ok_or(match training.label {
        Label::NoPurchase => {
            TrainingError::NobodyToTest { cutoff: test_cutoff, lookback_days: lookback.get() }
        }
        Label::ContractEnd => TrainingError::NoContractRuns,
    })?;
    let data = completed(&models.inputs, &test.data);
    let churned = &data.churned;
    let judge = |name: &str, selected: bool, said: &[f64]| judge(name, selected, said, churned);
    let raw = |kind: Kind| probabilities(&models.raw(kind, data.rows()), 0.0);

    let (serving, shift) = training.serving();
    let served = probabilities(&serving.log_odds(models, data.rows()), shift);
    let mut judged = vec![judge(&name_of(serving.kind), true, &served)];
    judged.extend(
        Kind::CANDIDATES
            .into_iter()
            .filter(|&kind| kind != serving.kind)
            .map(|kind| judge(&name_of(kind), false, &raw(kind))),
    );
    let recency = by_recency(&ground, test_cutoff, &models.inputs, data.rows())?;
    let mut baselines = vec![judge(RULE, false, &raw(Kind::Rule)), judge(RECENCY, false, &recency)];
    if models.inputs.purchasing.is_some() {
        let last = data.width() - 1;
        let said: Vec<f64> = data.rows().iter().map(|row| (-f64::from(row[last])).exp()).collect();
        debug_assert_eq!(models.inputs.names().last(), Some(&EXPECTED_PURCHASES));
        baselines.push(judge(BG_NBD, false, &said));
    }
    let campaign = Campaign::default();
    let mean = |of: &dyn Fn(bool) -> f64| churned.iter().map(|&c| of(c)).sum::<f64>() / churned.len() as f64;
    let plain = |name: &str, profit: f64| Judged {
        name: name.to_owned(),
        selected: false,
        metrics: None,
        earned: Earned { profit, maximum: None, expected_maximum: None },
        curves: None,
    };
    baselines.push(plain(EVERYONE, mean(&|churned| of_contacting(churned, &campaign))));
    baselines.push(plain(NOBODY, 0.0));
    watch.end();
    let (test_rows, churned) = (data.len(), data.churned_count());
    Ok(Backtest {
        label: training.label,
        test_cutoff,
        test_rows,
        churn_rate: churned as f64 / test_rows as f64,
        models: judged,
        baselines,
        training,
    })
}

/// The name of a kind in the results.
pub fn name_of(kind: Kind) -> String {
    match kind {
        Kind::Rule => RULE.to_owned(),
        kind => kind.to_string(),
    }
}

fn judge(name: &str, selected: bool, said: &[f64], churned: &[bool]) -> Judged {
    let campaign = Campaign::default();
    let rows = churned.len().max(1) as f64;
    let acted: f64 = said.iter().zip(churned).map(|(&p, &c)| of_acting_on(p, c, &campaign)).sum();
    Judged {
        name: name.to_owned(),
        selected,
        metrics: measure(said, churned),
        earned: Earned {
            profit: acted / rows,
            maximum: Some(maximum(said, churned, &campaign, campaign.save_rate.mean()).per_customer),
            expected_maximum: Some(expected_maximum(said, churned, &campaign).per_customer),
        },
        curves: Some(Curves::of(said, churned, &campaign)),
    }
}
