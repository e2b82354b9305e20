//! The outcome for people.

use std::fmt::Write as _;

use super::Outcome;
use crate::at_risk::AtRisk;
use crate::cli::{output, show};
use crate::plan::{Comparison, Group, StandsOut};

/// What is owed to customers whom a model gives different terms.
pub(super) const REDRESS: &str = "a model decides that some customers get better terms than others. Where China's Personal Information Protection Law \
     applies, article 24 forbids unreasonable differences in price or other terms, and asks for an option that is not \
     made to measure, or an easy way to refuse, and for an explanation on request; so, in the EU, do articles 15, 21 and 22 of the GDPR \
     in like cases. Look at the differences before the offers go out; every row has its reasons (mainstay list)";

/// The plan in numbers, its first customers, and who gets better terms.
pub(super) fn of(outcome: &Outcome<'_>, first: &AtRisk<'_>) -> String {
    let mut text = summary(outcome);
    text += "\n";
    text += &offers(outcome);
    if !first.rows.is_empty() {
        text += "\n";
        text += &show::to_table(first, &first.columns_of_a_table());
        let (shown, all) = (first.rows.len() as u64, outcome.planned.customers());
        if shown < all {
            // Writing to a string does not fail.
            let _ = writeln!(text, "({shown} of {all} customers; --out writes all of them)");
        }
    }
    if outcome.terms_differ() {
        text += "\n";
        text += &fairness(outcome);
    }
    text
}

fn summary(outcome: &Outcome<'_>) -> String {
    let (planned, plan) = (outcome.planned, &outcome.planned.plan);
    let mut text = format!(
        "{} of {} customers get an offer, as of {}\n",
        planned.customers(),
        outcome.scores.rows.len(),
        outcome.scores.as_of
    );
    let budget =
        planned.limits.budget.map_or(String::new(), |budget| format!("of a budget of {:.2}, ", budget.get()));
    let proof = if plan.is_proven {
        "nothing earns more".to_owned()
    } else {
        format!("nothing earns more than {:.2}", plan.bound.get())
    };
    let _ = writeln!(
        text,
        "{budget}{:.2} is expected to be spent, and to earn {:.2} over doing nothing, the spending taken off; {proof}",
        plan.spend.get(),
        plan.net_value.get(),
    );
    if planned.customers() > 0 {
        let _ = writeln!(
            text,
            "{:.2} is spent if everybody takes what is offered: the most that it can cost",
            outcome.most_spend()
        );
    }
    let (gone, share) = outcome.as_good_as_gone();
    if share >= 0.25 {
        let _ = writeln!(
            text,
            "{gone} of them are to leave with 90 % and more, and {:.0} % of that is theirs: that an offer keeps as many of them as of \
             others is assumed here; a trial (mainstay evaluate-policy) would show it",
            100.0 * share
        );
    }
    if plan.budget_price > 0.0 {
        let _ = writeln!(
            text,
            "the next little budget would earn {:.2} a unit; without a budget {:.2} would earn {:.2}",
            plan.budget_price,
            planned.without_budget.spend.get(),
            planned.without_budget.net_value.get()
        );
    } else if planned.limits.budget.is_some() {
        text += "more budget would earn nothing\n";
    }
    text
}

fn offers(outcome: &Outcome<'_>) -> String {
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
    output::table(&["offer", "customers", "capacity", "spend", "net value", "one more would earn"], &rows)
}

fn fairness(outcome: &Outcome<'_>) -> String {
    let mut text = String::new();
    for Comparison { attribute, groups } in &outcome.comparisons {
        if groups.is_empty() {
            let _ = writeln!(text, "{attribute}: too many different texts to compare who gets what\n");
            continue;
        }
        let rows: Vec<Vec<String>> = groups.iter().map(group).collect();
        text += &output::table(
            &[attribute, "customers", "with an offer", "incentive a customer", "than the others"],
            &rows,
        );
        text += "\n";
    }
    if outcome.comparisons.is_empty() {
        text +=
            "customers files give no attributes (region, age band, …) by which to compare who gets what\n";
    }
    let _ = writeln!(text, "note: {REDRESS}");
    text
}

fn group(group: &Group) -> Vec<String> {
    let share = 100.0 * group.with_offer as f64 / group.customers.max(1) as f64;
    vec![
        group.value.clone(),
        group.customers.to_string(),
        format!("{share:.1} %"),
        format!("{:.2}", group.incentive),
        match group.stands_out {
            Some(StandsOut::Better) => "better".to_owned(),
            Some(StandsOut::Worse) => "worse".to_owned(),
            None => String::new(),
        },
    ]
}
