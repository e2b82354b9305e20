//! The outcome for people.

use mainstay_models::language::Language;

use super::Outcome;
use crate::at_risk::AtRisk;
use crate::cli::gone::Gone;
use crate::cli::lifetime::less_if_left;
use crate::cli::{output, show};
use crate::plan::{Comparison, Group};
use crate::trial::{OfferDesign, Trial};

/// What is owed to customers whom a model gives different terms.
pub(super) fn redress(language: Language) -> &'static str {
    language.either(
        "a model decides that some customers get better terms than others. Where China's Personal Information Protection Law \
         applies, article 24 forbids unreasonable differences in price or other terms, and asks for an option that is not \
         made to measure, or an easy way to refuse, and for an explanation on request; so, in the EU, do articles 15, 21 and 22 of the GDPR \
         in like cases. Look at the differences before the offers go out; every row has its reasons (mainstay list)",
        "部分客户由模型决定得到比其他客户更好的条件。适用《个人信息保护法》的，第二十四条禁止在交易价格等交易条件上实行\
         不合理的差别待遇，要求同时提供不针对个人特征的选项或者便捷的拒绝方式，并应个人要求予以说明；欧盟《通用数据保护条例》\
         第十五、二十一、二十二条对类似情形也有要求。发出优惠之前请先查看这些差异；每一行都有原因（mainstay list）",
    )
}

/// The plan in numbers, its first customers, and who gets better terms.
pub(super) fn of(outcome: &Outcome<'_>, first: &AtRisk<'_>, language: Language) -> String {
    let mut text = summary(outcome, language);
    text += "\n";
    text += &offers(outcome, language);
    if let Some(trial) = outcome.trial {
        text += "\n";
        text += &held_out(outcome, trial, language);
    }
    if !first.rows.is_empty() {
        text += "\n";
        text += &show::to_table(first, &first.columns_of_a_table());
        let held_out = outcome.trial.map_or(0, |trial| trial.held_out() as u64);
        let (shown, all) = (first.rows.len() as u64, outcome.planned.customers() - held_out);
        if shown < all {
            text += &language.either(
                format!("({shown} of {all} customers; --out writes all of them)\n"),
                format!("（共{all}位客户，这里显示{shown}位；--out 写出全部）\n"),
            );
        }
    }
    if outcome.terms_differ() {
        text += "\n";
        text += &fairness(outcome, language);
    }
    text
}

fn summary(outcome: &Outcome<'_>, language: Language) -> String {
    let (planned, plan) = (outcome.planned, &outcome.planned.plan);
    let (with_offer, all, as_of) = (planned.customers(), outcome.scores.rows.len(), outcome.scores.as_of);
    let (spend, earned, bound) = (plan.spend.get(), plan.net_value.get(), plan.bound.get());
    let budget = planned.limits.budget.map(|budget| budget.get());
    let mut lines = vec![
        language.either(
            format!("{with_offer} of {all} customers get an offer, as of {as_of}"),
            format!("截至{as_of}，{all}位客户中有{with_offer}位安排触达"),
        ),
        language.either(
            format!(
                "{}{spend:.2} is expected to be spent, and to earn {earned:.2} over doing nothing, the spending taken off; \
                 nothing earns more{}",
                budget.map_or(String::new(), |budget| format!("of a budget of {budget:.2}, ")),
                if plan.is_proven { String::new() } else { format!(" than {bound:.2}") }
            ),
            format!(
                "{}预计花费{spend:.2}，扣除花费后比不采取行动多赚{earned:.2}；{}",
                budget.map_or(String::new(), |budget| format!("预算{budget:.2}，")),
                if plan.is_proven {
                    "没有更好的计划".to_owned()
                } else {
                    format!("任何计划都不会超过{bound:.2}")
                }
            ),
        ),
    ];
    lines.extend(outcome.decided_by.as_ref().map(|basis| {
        let (margin, discount) = (basis.margin(), basis.yearly_discount());
        let is_net = outcome.scores.rows.iter().any(|row| row.expected.discounted_if_left.is_some());
        let if_left = if is_net { less_if_left(language) } else { "" };
        language.either(
            format!(
                "keeping customers is worth a margin of {margin} of what they buy, discounted at {discount} a year{if_left}"
            ),
            format!("客户价值按毛利率{margin}、年折现率{discount}计算{if_left}"),
        )
    }));
    if with_offer > 0 {
        let most = outcome.most_spend();
        lines.push(language.either(
            format!("{most:.2} is spent if everybody takes what is offered: the most that it can cost"),
            format!("如果每个人都使用优惠，将花费{most:.2}：这是最高成本"),
        ));
    }
    let mut gone = Gone::default();
    outcome.scores.rows.iter().for_each(|row| gone.count(row));
    lines.extend(gone.sentence(language));
    let (price, without) = (plan.budget_price, &planned.without_budget);
    let (without_spends, without_earns) = (without.spend.get(), without.net_value.get());
    if price > 0.0 {
        lines.push(language.either(
            format!(
                "the next little budget would earn {price:.2} a unit; without a budget {without_spends:.2} would earn \
                 {without_earns:.2}"
            ),
            format!("预算再多一点，每增加1能多赚{price:.2}；不限预算时花费{without_spends:.2}，净收益{without_earns:.2}"),
        ));
    } else if budget.is_some() {
        lines.push(language.either("more budget would earn nothing", "增加预算不会多赚").to_owned());
    }
    lines.join("\n") + "\n"
}

fn offers(outcome: &Outcome<'_>, language: Language) -> String {
    let (planned, plan) = (outcome.planned, &outcome.planned.plan);
    let sums = planned.by_offer(outcome.choices);
    let row = |(place, name): (usize, &str)| {
        let (spend, net_value) = sums.get(place).copied().unwrap_or_default();
        let capacity = planned.limits.capacities.get(place).copied().flatten();
        let price = plan.capacity_prices.get(place).copied().unwrap_or_default();
        let where_limited = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        vec![
            name.to_owned(),
            plan.per_offer.get(place).copied().unwrap_or_default().to_string(),
            where_limited(capacity.map(|capacity| capacity.to_string())),
            format!("{:.2}", spend.get()),
            format!("{:.2}", net_value.get()),
            // Where there is no end of an offer, there is no one more.
            where_limited(capacity.map(|_| format!("{price:.2}"))),
        ]
    };
    let names = outcome.catalogue.offers().iter().map(|offer| offer.name());
    let rows: Vec<Vec<String>> = names.enumerate().map(row).collect();
    let header = language.either(
        ["offer", "customers", "capacity", "spend", "net value", "one more would earn"],
        ["方案", "客户数", "名额", "花费", "净收益", "多一个名额能多赚"],
    );
    output::table(&header, &rows)
}

/// Who is held out, and what the trial can find.
fn held_out(outcome: &Outcome<'_>, trial: &Trial, language: Language) -> String {
    let (held_out, picked, percent) = (trial.held_out(), trial.customers.len(), trial.share.percent());
    let (spend, earned) = outcome.of_the_others();
    let name = &trial.name;
    let mut text = language.either(
        format!(
            "trial {name}: chance holds out {held_out} of these {picked} customers ({percent} %), who are not in the plan's list; \
             the others are expected to cost {spend:.2} and to earn {earned:.2}\n"
        ),
        format!(
            "试验 {name}：这{picked}位客户中随机留出{held_out}位（{percent}%），不列入本计划的名单；其余客户预计花费{spend:.2}，\
             净收益{earned:.2}\n"
        ),
    );
    let row = |OfferDesign { offer, save_rate, design }: &OfferDesign| {
        let where_any = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        vec![
            offer.clone(),
            design.given.to_string(),
            design.held_out.to_string(),
            format!("{:.1}{}", 100.0 * design.churn, language.percent_sign()),
            format!("{save_rate:.3}"),
            where_any(design.least_save_rate_found().map(|rate| format!("{rate:.3}"))),
            where_any(design.customers_needed(*save_rate).map(|customers| customers.to_string())),
        ]
    };
    let header = language.either(
        [
            "offer",
            "to get it",
            "held out",
            "expected to leave",
            "save rate assumed",
            "found from",
            "customers needed",
        ],
        ["方案", "触达", "留出", "预计流失", "假设挽留率", "可检出挽留率", "所需客户数"],
    );
    text += &output::table(&header, &trial.designs().iter().map(row).collect::<Vec<_>>());
    text + language.either(
        "found from: the lowest save rate that this trial finds four times in five (5 %, two-sided); customers needed: to find the one \
         that is assumed. mainstay trial tells the outcome a horizon later; nobody else may contact who is held out\n",
        "可检出挽留率：本试验有八成把握检出的最低挽留率（双侧5%）；所需客户数：检出假设挽留率所需的客户数。一个观察期之后用\
         mainstay trial 查看结果；在此之前任何人不得触达留出的客户\n",
    )
}

fn fairness(outcome: &Outcome<'_>, language: Language) -> String {
    let mut text = String::new();
    for Comparison { attribute, groups } in &outcome.comparisons {
        text += &if groups.is_empty() {
            language.either(
                format!("{attribute}: too many different texts to compare who gets what\n"),
                format!("{attribute}：不同的取值太多，无法比较\n"),
            )
        } else {
            let rows: Vec<Vec<String>> = groups.iter().map(|one| group(one, language)).collect();
            let [customers, with_offer, incentive, others] = language.either(
                ["customers", "with an offer", "incentive a customer", "than the others"],
                ["客户数", "安排触达", "人均优惠成本", "优惠与其他组相比"],
            );
            output::table(&[attribute, customers, with_offer, incentive, others], &rows)
        };
        text += "\n";
    }
    if outcome.comparisons.is_empty() {
        text += language.either(
            "customers files give no attributes (region, age band, …) by which to compare who gets what\n",
            "客户文件没有可用于比较的属性（地区、年龄段等）\n",
        );
    }
    text + language.either("note: ", "注意：") + redress(language) + "\n"
}

fn group(group: &Group, language: Language) -> Vec<String> {
    let share = 100.0 * group.with_offer as f64 / group.customers.max(1) as f64;
    vec![
        group.value.words(language),
        group.customers.to_string(),
        format!("{share:.1}{}", language.percent_sign()),
        format!("{:.2}", group.incentive),
        group.stands_out.map_or("", |how| how.words(language)).to_owned(),
    ]
}
