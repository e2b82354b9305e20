//! From the outcome of a back-test to what its report shows.

use mainstay_features::label::Label;
use mainstay_models::backtest::{Backtest, Judged, RECENCY_RULE};
use mainstay_models::drift::Interval;
use mainstay_models::evaluate::curves::{Curves, ReliabilityBin};
use mainstay_models::gate::{Gain, Grade, Verdict};

use super::{Line, Measured, Report, Tenth, Tone};

impl Report {
    /// The report of a back-test.
    pub fn of(outcome: &Backtest) -> Self {
        let verdict = &outcome.training.verdict;
        let all = || outcome.models.iter().chain(&outcome.baselines);
        let used = outcome.models.iter().find(|judged| judged.selected);
        let rule = all().find(|judged| judged.name == RECENCY_RULE && !judged.selected);
        let compared: Vec<&Judged> = used.into_iter().chain(rule).collect();
        let curves = used.and_then(|judged| judged.curves.as_ref());
        Self {
            tone: match verdict.grade {
                Grade::ClearlyBetter => Tone::Good,
                Grade::NoBetter => Tone::Neutral,
                Grade::TooLittleHistory => Tone::Bad,
            },
            verdict: format!("Verdict: {}", outcome.training.judged()),
            grounds: grounds(verdict).into_iter().chain(on_the_test_date(used, rule)).collect(),
            facts: facts(outcome),
            rows: all().map(measured).collect(),
            reliability: curves.map_or(Vec::new(), |curves| curves.reliability.iter().map(tenth).collect()),
            gain: lines(&compared, |curves| {
                curves.gain.iter().map(|point| (point.contacted, point.reached)).collect()
            }),
            lift: curves.map_or(Vec::new(), |curves| curves.lift_by_tenth.clone()),
            profit: lines(&compared, |curves| {
                curves.profit.iter().map(|point| (point.contacted, point.per_customer)).collect()
            }),
            campaign: campaign(verdict),
        }
    }
}

/// What the verdict rests on: the rolling backtests.
fn grounds(verdict: &Verdict) -> Vec<String> {
    let dates = match verdict.origins {
        0 => {
            return vec![
                "The history is too short to test anything forward in time before the test date below."
                    .to_owned(),
            ];
        }
        1 => "one earlier date".to_owned(),
        many => format!("{many} earlier dates"),
    };
    let how = format!(
        "It rests on {dates} ({} customers and dates): at each, the model was chosen and fitted on what was known then, \
         and held against what happened after.",
        verdict.rows
    );
    let probabilities = verdict.over_rule.map(|Gain { mean, low, high }| {
        let word = if low > 0.0 {
            "closer to what happened than"
        } else if high < 0.0 {
            "farther from what happened than"
        } else {
            "not beyond chance closer to what happened than"
        };
        format!(
            "Its probabilities were {word} those of the rule \"{RECENCY_RULE}\": log loss {} by {:.4} (95 % interval \
             {low:+.4} to {high:+.4}).",
            if mean >= 0.0 { "lower" } else { "higher" },
            mean.abs()
        )
    });
    let money = |what: &str, gain: Option<Gain>| {
        gain.map(|Gain { mean, low, high }| format!("{mean:+.2} against {what} ({low:+.2} to {high:+.2})"))
    };
    let earned: Vec<String> = [
        money("acting on the rule", verdict.profit_over_rule),
        money("contacting everyone", verdict.profit_over_everyone),
        money("doing nothing", verdict.profit_over_nothing),
    ]
    .into_iter()
    .flatten()
    .collect();
    let money = (!earned.is_empty())
        .then(|| format!("What acting on it would have earned, per customer: {}.", earned.join("; ")));
    [Some(how), probabilities, money].into_iter().flatten().collect()
}

/// How what is in use did on the test date, against the rule.
fn on_the_test_date(used: Option<&Judged>, rule: Option<&Judged>) -> Option<String> {
    let auc = |judged: Option<&Judged>| judged?.metrics.as_ref()?.auc;
    let theirs = auc(rule).map_or(String::new(), |auc| format!(", the rule in {:.1} %", 100.0 * auc));
    Some(format!(
        "On the test date, of a leaver and a stayer {} gave the leaver the higher risk in {:.1} % of pairs{theirs}.",
        used?.name,
        100.0 * auc(used)?
    ))
}

fn facts(outcome: &Backtest) -> Vec<(String, String)> {
    let horizon = outcome.training.models.inputs.horizon;
    let leaving = match outcome.label {
        Label::NoPurchase => format!("no purchase in the {} days after", horizon.get()),
        Label::ContractEnd => format!("the contract ends in the {} days after", horizon.get()),
    };
    let used = outcome.models.iter().find(|judged| judged.selected).map(|judged| judged.name.clone());
    [
        ("Test date", outcome.test_cutoff.to_string()),
        ("Leaving means", leaving),
        ("Outcomes looked at until", outcome.test_cutoff.plus(horizon).to_string()),
        ("Customers tested", outcome.test_rows.to_string()),
        ("Of them left", format!("{:.1} %", 100.0 * outcome.churn_rate)),
        ("Learnt from", format!("{} rows, all from before the test date", outcome.training.rows())),
        ("In use", used.unwrap_or_default()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn measured(judged: &Judged) -> Measured {
    Measured {
        name: judged.name.clone(),
        is_used: judged.selected,
        metrics: judged.metrics,
        profit: Some(judged.earned.profit),
    }
}

fn tenth(bin: &ReliabilityBin) -> Tenth {
    let left = (bin.observed * bin.customers as f64).round() as u64;
    let interval = Interval::of_share(left, bin.customers as u64);
    Tenth {
        predicted: bin.stated,
        observed: bin.observed,
        interval: interval.map_or((bin.observed, bin.observed), |interval| (interval.low, interval.high)),
    }
}

fn lines(judged: &[&Judged], points: impl Fn(&Curves) -> Vec<(f64, f64)>) -> Vec<Line> {
    judged
        .iter()
        .filter_map(|judged| {
            Some(Line { name: judged.name.clone(), points: points(judged.curves.as_ref()?) })
        })
        .collect()
}

fn campaign(verdict: &Verdict) -> String {
    let campaign = &verdict.campaign;
    format!(
        "An example campaign: a contact costs {}, an offer costs {} when it is taken, {:.0} % of the leavers contacted are \
         kept, and a kept customer is worth {}; customers who would stay take the offer too. Your own offers, and what each \
         customer is worth, come in with mainstay score.",
        campaign.contact_cost,
        campaign.incentive,
        100.0 * campaign.save_rate.mean(),
        campaign.value
    )
}
