//! The outcome for people.

use mainstay_models::drift::Interval;
use mainstay_models::policy::{Estimator, PolicyValue};

use super::Outcome;
use super::experiment::Groups;
use crate::cli::output;

/// What no churn tells.
const OF_CHURN: &str = "Outcomes tell the net share kept (τ) and nothing else: how many would-be leavers an action kept (γ) and how \
                        many others it drove away (λ) cannot be told apart; γ = τ / churn of the control holds only if λ = 0";
/// The same of what is hoped for.
const OF_OUTCOMES: &str = "Outcomes tell the net difference and nothing else: how many an action won and how many others it put off \
                           cannot be told apart";

/// What the counted column does not tell.
pub(super) fn limits(groups: &Groups) -> &'static str {
    if groups.is_churn { OF_CHURN } else { OF_OUTCOMES }
}

/// Below so many records' worth of information an interval is not to be relied on.
const FEW: f64 = 100.0;

/// What the policies are worth, what more than each other, what the actions do, and what to beware of.
pub(super) fn of(outcome: &Outcome) -> String {
    [
        Some(heading(outcome)),
        Some(values(outcome)),
        Some(differences(outcome)),
        uplift(outcome),
        beware(outcome),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("\n")
}

fn heading(outcome: &Outcome) -> String {
    let (experiment, actions) = (&outcome.experiment, outcome.records.actions());
    let costs: Vec<String> = actions
        .iter()
        .zip(&experiment.costs)
        .filter(|(_, cost)| **cost != 0.0)
        .map(|(action, cost)| format!("{cost} for {action}"))
        .collect();
    let less = if costs.is_empty() { String::new() } else { format!(", less {}", costs.join(", ")) };
    let chances = if experiment.has_propensities {
        "by the chances in the file"
    } else {
        "taken to be assigned by chance alone, with the same chances for everybody: the shares seen"
    };
    format!(
        "{} records, {} actions, {chances}\nprofit: {}{less}\n",
        outcome.evaluation.records,
        actions.len(),
        experiment.profit
    )
}

fn values(outcome: &Outcome) -> String {
    let row = |policy: &PolicyValue| {
        let robust = policy.value(Estimator::DoublyRobust);
        vec![
            policy.name.clone(),
            amount(robust.estimate),
            range(&robust),
            amount(policy.value(Estimator::SelfNormalised).estimate),
            amount(policy.value(Estimator::InversePropensity).estimate),
            policy.followed.to_string(),
            format!("{:.0}", policy.effective_sample_size),
        ]
    };
    let rows: Vec<Vec<String>> = outcome.evaluation.policies.iter().map(row).collect();
    let header = [
        "policy",
        "profit a record",
        "95 % interval",
        "self-normalised",
        "inverse propensity",
        "got it",
        "effective",
    ];
    let asked: String =
        outcome.evaluation.policies[outcome.singles..].iter().map(|policy| asks(outcome, policy)).collect();
    output::table(&header, &rows)
        + "profit a record: doubly robust; got it: records that got what the policy asks for; effective: as many of \
           one weight would tell as much\n"
        + &asked
}

/// Whether a policy asks for an action of anybody.
fn asks_for(outcome: &Outcome, policy: &PolicyValue, action: &str) -> bool {
    outcome.records.actions().iter().zip(&policy.asked).any(|(known, &asked)| known == action && asked > 0)
}

/// What a policy asks for.
fn asks(outcome: &Outcome, policy: &PolicyValue) -> String {
    let share = |(action, &asked): (&String, &usize)| {
        format!("{} for {:.1} %", action, 100.0 * asked as f64 / outcome.evaluation.records as f64)
    };
    let shares: Vec<String> = outcome.records.actions().iter().zip(&policy.asked).map(share).collect();
    format!("{}: {}\n", policy.name, shares.join(", "))
}

/// Each policy against the control, and what is no single action against the best of those.
fn differences(outcome: &Outcome) -> String {
    let robust = |policy: &PolicyValue, other: &PolicyValue| policy.more_than(other, Estimator::DoublyRobust);
    let (singles, others) = outcome.evaluation.policies.split_at(outcome.singles);
    let Some(control) = singles.first() else { return String::new() };
    let value = |policy: &&PolicyValue| policy.value(Estimator::DoublyRobust).estimate;
    let best = singles.iter().max_by(|a, b| value(a).total_cmp(&value(b)));
    let against = |policy: &PolicyValue, other: &PolicyValue| {
        let more = robust(policy, other);
        // A policy that was learnt from these records moves with them, which the interval does not know: where nothing helps,
        // one in eight would be called sure (500 simulated trials of 1,000 records). Nor does it know how little a few outcomes
        // tell; the table of shares has an interval that does.
        let rests_on_few = outcome
            .rare()
            .any(|(action, _)| [policy, other].iter().any(|policy| asks_for(outcome, policy, action)));
        let sure = match more.excludes_zero() {
            _ if policy.learnt_here => "not told",
            true if rests_on_few => "too few",
            true => "yes",
            false => "no",
        };
        vec![policy.name.clone(), other.name.clone(), signed(more.estimate), range(&more), sure.to_owned()]
    };
    let mut rows: Vec<Vec<String>> =
        singles[1..].iter().chain(others).map(|policy| against(policy, control)).collect();
    if let Some(best) = best.filter(|best| best.name != control.name) {
        rows.extend(others.iter().map(|policy| against(policy, best)));
    }
    output::table(&["policy", "against", "earns more", "95 % interval", "beyond chance"], &rows)
}

fn uplift(outcome: &Outcome) -> Option<String> {
    let groups = outcome.groups()?;
    if !outcome.records.is_uniform() {
        return Some(
            "Chances differ between records: who got one action is not who got another, and their shares are not compared\n"
                .to_owned(),
        );
    }
    let control = groups.groups.first()?;
    let row = |(action, uplift): (&String, mainstay_models::policy::Uplift)| {
        let group = outcome.records.actions().iter().position(|known| known == action);
        let group = group.and_then(|place| groups.groups.get(place)).unwrap_or(control);
        vec![
            action.clone(),
            group.customers().to_string(),
            percent(groups.share(group)),
            points(uplift.kept.estimate),
            format!("{} to {}", points(uplift.kept.low), points(uplift.kept.high)),
            chance(uplift.posterior.above_zero),
            uplift.needed_per_group.map_or("–".to_owned(), |needed| needed.to_string()),
        ]
    };
    let uplifts = outcome.uplifts();
    let rows: Vec<Vec<String>> = uplifts.into_iter().map(row).collect();
    let (share, more) = if groups.is_churn { ("lost", "kept") } else { (groups.column.as_str(), "more") };
    let header = ["action", "assigned", share, more, "95 % interval", "chance it helps", "needed per action"];
    let [action, ..] = outcome.records.actions() else { return None };
    let together = if outcome.records.is_one_each() {
        ""
    } else {
        "rows of one customer are counted apart in this table: its intervals are too narrow; those of the profits are not\n"
    };
    Some(format!(
        "{}by intention to treat, in points, against {action}: {} of {}\n\
         needed per action: customers to find a difference as large as this four times in five (5 %, two-sided)\n{together}{}\n",
        output::table(&header, &rows),
        percent(groups.share(control)),
        control.customers(),
        limits(groups)
    ))
}

fn beware(outcome: &Outcome) -> Option<String> {
    let warnings = warnings(outcome);
    (!warnings.is_empty()).then(|| warnings.iter().map(|warning| format!("beware: {warning}\n")).collect())
}

/// What to beware of in these records, a line each.
pub(super) fn warnings(outcome: &Outcome) -> Vec<String> {
    let mut warnings = Vec::new();
    let rare: Vec<String> =
        outcome.rare().map(|(action, rarer)| format!("{rarer} with {action:?}")).collect();
    if let (Some(groups), false) = (outcome.groups(), rare.is_empty()) {
        warnings.push(format!(
            "of the rarer value of {:?} there are only {}: intervals of profits are too narrow to be relied on, at least {} are \
             needed with each action; that of the shares (Newcombe's) holds",
            groups.column,
            rare.join(", "),
            super::FEWEST_OF_THE_RARER
        ));
    }
    for policy in &outcome.evaluation.policies {
        let Interval { estimate, low, high } = policy.mean_weight;
        // Three standard errors off is hardly chance.
        if outcome.experiment.has_propensities && (estimate - 1.0).abs() > 0.75 * (high - low) {
            warnings.push(format!(
                "the weights of {:?} average {estimate:.2} and should average 1: the propensities are not the chances \
                 actions had, or some customers had none",
                policy.name
            ));
        }
        if policy.effective_sample_size < FEW {
            warnings.push(format!(
                "{:?} rests on what {:.0} records tell: its interval is too narrow to be relied on",
                policy.name, policy.effective_sample_size
            ));
        }
    }
    warnings
}

/// With four decimals; without two of them where it is large.
fn amount(amount: f64) -> String {
    if amount.abs() < 100.0 { format!("{amount:.4}") } else { format!("{amount:.2}") }
}

fn signed(more: f64) -> String {
    format!("{}{}", if more < 0.0 { "" } else { "+" }, amount(more))
}

fn range(interval: &Interval) -> String {
    format!("{} to {}", amount(interval.low), amount(interval.high))
}

fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

fn points(share: f64) -> String {
    format!("{:+.2}", 100.0 * share)
}

/// Nothing is certain.
fn chance(chance: f64) -> String {
    if chance > 0.9995 {
        "> 0.999".to_owned()
    } else if chance < 0.0005 {
        "< 0.001".to_owned()
    } else {
        format!("{chance:.3}")
    }
}
