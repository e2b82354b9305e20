//! From the outcome of a back-test to what its report shows.

use mainstay_features::label::Label;
use mainstay_models::backtest::{Backtest, Judged, RULE};
use mainstay_models::drift::Interval;
use mainstay_models::evaluate::curves::{Curves, ReliabilityBin};
use mainstay_models::gate::{Gain, Grade, Verdict};
use mainstay_models::language::Language;

use crate::proceeds::Proceeds;
use crate::readable::signed;

use super::{Line, Measured, Report, Tenth, Tone};

impl Report {
    /// The report of a back-test, in a language.
    pub fn of(outcome: &Backtest, proceeds: &Proceeds, language: Language) -> Self {
        let (training, verdict) = (&outcome.training, &outcome.training.verdict);
        let all = || outcome.models.iter().chain(&outcome.baselines);
        let used = outcome.models.iter().find(|judged| judged.selected);
        // Where the rule serves there is nothing to hold it against but itself.
        let serves_by_rule = used.is_some_and(|judged| judged.name == RULE);
        let is_told = |judged: &&Judged| judged.selected || judged.name != RULE || !serves_by_rule;
        let rule = all().find(|judged| judged.name == RULE && !judged.selected && !serves_by_rule);
        let compared: Vec<&Judged> = used.into_iter().chain(rule).collect();
        let lines = |points: fn(&Curves) -> Vec<(f64, f64)>| lines(&compared, language, points);
        let curves = used.and_then(|judged| judged.curves.as_ref());
        let judged = verdict.words(training.rule_log_loss(), language);
        Self {
            language,
            tone: match verdict.grade {
                Grade::ClearlyBetter => Tone::Good,
                Grade::NoBetter => Tone::Neutral,
                Grade::TooLittleHistory => Tone::Bad,
            },
            verdict: language.either(format!("Verdict: {judged}"), format!("结论：{judged}")),
            grounds: grounds(verdict, language)
                .into_iter()
                .chain(on_the_test_date(used, rule, language))
                .collect(),
            facts: facts(outcome, used, language),
            rows: all().filter(is_told).map(|judged| measured(judged, language)).collect(),
            reliability: curves.map_or(Vec::new(), |curves| curves.reliability.iter().map(tenth).collect()),
            gain: lines(|curves| curves.gain.iter().map(|point| (point.contacted, point.reached)).collect()),
            lift: curves.map_or(Vec::new(), |curves| curves.lift_by_tenth.clone()),
            profit: lines(|curves| {
                curves.profit.iter().map(|point| (point.contacted, point.per_customer)).collect()
            }),
            campaign: campaign(verdict, language),
            proceeds: std::iter::once((language.either("all", "全部").to_owned(), proceeds.all))
                .chain(proceeds.tiers.iter().map(|(tier, sum)| (tier.words(language).to_owned(), *sum)))
                .chain(proceeds.stages.iter().map(|(stage, sum)| (stage.words(language).to_owned(), *sum)))
                .collect(),
            remarks: proceeds.remarks(language),
        }
    }
}

/// What the verdict rests on: the rolling backtests.
fn grounds(verdict: &Verdict, language: Language) -> Vec<String> {
    if verdict.origins == 0 {
        let untested = language.either(
            "The history is too short to test anything forward in time before the test date below.",
            "在下面的检验日期之前，历史数据太短，无法按时间先后检验。",
        );
        return vec![untested.to_owned()];
    }
    let (rows, origins) = (verdict.rows, verdict.origins);
    let dates = if origins == 1 { "one earlier date".to_owned() } else { format!("{origins} earlier dates") };
    let how = language.either(
        format!(
            "It rests on {dates} ({rows} customers and dates): at each, the model was chosen and fitted on what was known \
             then, and held against what happened after."
        ),
        format!(
            "依据是此前的{origins}个日期（共{rows}个“客户×日期”）：在每个日期，只用当时已知的数据选择并训练模型，再与之后\
             实际发生的情况对照。"
        ),
    );
    let probabilities = verdict.over_rule.map(|gain| closeness(gain, language));
    let earned: Vec<String> = [
        (("acting on the rule", "按规则行动"), verdict.profit_over_rule),
        (("contacting everyone", "联系所有人"), verdict.profit_over_everyone),
        (("doing nothing", "不采取行动"), verdict.profit_over_nothing),
    ]
    .into_iter()
    .filter_map(|((english, chinese), gain)| {
        let gain = gain?;
        let may_be_chance = gain.low <= 0.0 && gain.high >= 0.0;
        let [mean, low, high] = [gain.mean, gain.low, gain.high].map(|amount| signed(amount, 2));
        Some(language.either(
            format!(
                "{mean} against {english} ({low} to {high}{})",
                if may_be_chance { ": it may be chance" } else { "" }
            ),
            format!(
                "与{chinese}相比{mean}（{low}至{high}{}）",
                if may_be_chance { "，可能只是偶然" } else { "" }
            ),
        ))
    })
    .collect();
    let money = (!earned.is_empty()).then(|| {
        language.either(
            format!("What acting on it would have earned, per customer: {}.", earned.join("; ")),
            format!("按模型行动，平均每位客户多赚：{}。", earned.join("；")),
        )
    });
    [Some(how), probabilities, money].into_iter().flatten().collect()
}

/// How much closer to what happened the probabilities were than the rule's.
fn closeness(Gain { mean, low, high }: Gain, language: Language) -> String {
    let (english, chinese) = if low > 0.0 {
        ("closer to what happened than", "更接近实际情况")
    } else if high < 0.0 {
        ("farther from what happened than", "离实际情况更远")
    } else {
        ("not beyond chance closer to what happened than", "是否更接近实际情况尚无定论，差别可能只是偶然")
    };
    language.either(
        format!(
            "Its probabilities were {english} those of the rule \"{RULE}\": the log loss is {} by {:.4} (95 % interval of the \
             gain {} to {}; above zero is better).",
            if mean < 0.0 { "higher" } else { "lower" },
            mean.abs(),
            signed(low, 4),
            signed(high, 4),
        ),
        format!(
            "与“最近下单与下单次数”规则相比，模型的概率{chinese}：对数损失改善{}（95%置信区间{}至{}，大于零为更好）。",
            signed(mean, 4),
            signed(low, 4),
            signed(high, 4),
        ),
    )
}

/// How what is in use did on the test date, against the rule.
fn on_the_test_date(used: Option<&Judged>, rule: Option<&Judged>, language: Language) -> Option<String> {
    let percent = |judged: Option<&Judged>| Some(100.0 * judged?.metrics.as_ref()?.auc?);
    let (ours, theirs) = (percent(used)?, percent(rule));
    let name = used?.words(language);
    Some(language.either(
        format!(
            "On the test date, of a leaver and a stayer the leaver was given the higher risk in {ours:.1} % of pairs by {name}{}.",
            theirs.map_or(String::new(), |theirs| format!(", in {theirs:.1} % by the rule"))
        ),
        format!(
            "在检验日期，任取一位流失客户和一位留下的客户，在{ours:.1}%的情况下，{name}给流失者的风险更高{}。",
            theirs.map_or(String::new(), |theirs| format!("，规则为{theirs:.1}%"))
        ),
    ))
}

fn facts(outcome: &Backtest, used: Option<&Judged>, language: Language) -> Vec<(String, String)> {
    let horizon = outcome.training.models.inputs.horizon;
    let days = horizon.get();
    let leaving = match outcome.label {
        Label::NoPurchase => language
            .either(format!("no purchase in the {days} days after"), format!("之后{days}天内没有购买")),
        Label::ContractEnd => language.either(
            format!("the contract ends in the {days} days after"),
            format!("合同在之后{days}天内终止"),
        ),
    };
    let (rows, rate) = (outcome.training.rows(), 100.0 * outcome.churn_rate);
    [
        (("Test date", "检验日期"), outcome.test_cutoff.to_string()),
        (("Leaving means", "流失的定义"), leaving),
        (("Outcomes looked at until", "结果观察截止"), outcome.test_cutoff.plus(horizon).to_string()),
        (("Customers tested", "检验客户数"), outcome.test_rows.to_string()),
        (("Of them left", "其中流失"), format!("{rate:.1}{}", language.percent_sign())),
        (
            ("Learnt from", "训练数据"),
            language.either(
                format!("{rows} rows, all from before the test date"),
                format!("{rows}行，全部在检验日期之前"),
            ),
        ),
        (("Selected", "本次选用"), used.map_or(String::new(), |used| used.words(language).to_owned())),
    ]
    .map(|((english, chinese), value)| (language.either(english, chinese).to_owned(), value))
    .into()
}

fn measured(judged: &Judged, language: Language) -> Measured {
    Measured {
        name: judged.words(language).to_owned(),
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

fn lines(judged: &[&Judged], language: Language, points: fn(&Curves) -> Vec<(f64, f64)>) -> Vec<Line> {
    let line = |judged: &&Judged| {
        let points = points(judged.curves.as_ref()?);
        Some(Line { name: judged.words(language).to_owned(), points })
    };
    judged.iter().filter_map(line).collect()
}

fn campaign(verdict: &Verdict, language: Language) -> String {
    let campaign = &verdict.campaign;
    let (contact, offer, worth) = (campaign.contact_cost, campaign.incentive, campaign.value);
    let kept = 100.0 * campaign.save_rate.mean();
    language.either(
        format!(
            "An example campaign: a contact costs {contact}, an offer costs {offer} when it is taken, {kept:.0} % of the leavers \
             contacted are kept, and a kept customer is worth {worth}; customers who would stay take the offer too. Your own \
             offers, and what each customer is worth, come in with mainstay score."
        ),
        format!(
            "示例活动：每次联系成本{contact}，优惠被使用时成本{offer}，联系到的流失客户中有{kept:.0}%被留住，留住一位客户价值\
             {worth}；本来就会留下的客户也会使用优惠。评分（mainstay score）时按您自己的方案和每位客户的价值计算。"
        ),
    )
}
