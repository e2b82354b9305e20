//! The outcome for scripts.

use mainstay_models::policy::{Estimator, PolicyValue, Uplift};
use serde_json::{Value, json};

use super::Outcome;

/// Amounts are in money a record; each estimate has the ends of its 95 % interval.
pub(super) fn of(outcome: &Outcome) -> Value {
    let Outcome { experiment, records, evaluation, singles } = outcome;
    let (actions, policies) = (records.actions(), &evaluation.policies);
    let policy = |(place, policy): (usize, &PolicyValue)| {
        let asked: Vec<Value> = actions
            .iter()
            .zip(&policy.asked)
            .map(|(action, records)| json!({"action": action, "records": records}))
            .collect();
        json!({
            "policy": policy.name,
            "is_single_action": place < *singles,
            "learnt_from_these_records": policy.learnt_here,
            "asks_for": asked,
            "records_that_got_it": policy.followed,
            "effective_sample_size": policy.effective_sample_size,
            "mean_weight": policy.mean_weight,
            "value": {
                "doubly_robust": policy.value(Estimator::DoublyRobust),
                "self_normalised": policy.value(Estimator::SelfNormalised),
                "inverse_propensity": policy.value(Estimator::InversePropensity),
            },
            "more_than": policies
                .iter()
                .take(*singles)
                .enumerate()
                .filter(|&(other, _)| other != place)
                .map(|(_, other)| json!({
                    "policy": other.name,
                    "doubly_robust": policy.more_than(other, Estimator::DoublyRobust),
                }))
                .collect::<Vec<_>>(),
        })
    };
    json!({
        "records": evaluation.records,
        "actions": actions.iter().zip(&experiment.costs)
            .map(|(action, cost)| json!({"action": action, "cost": cost}))
            .collect::<Vec<_>>(),
        "control": actions.first(),
        "profit": experiment.profit,
        "policies": policies.iter().enumerate().map(policy).collect::<Vec<_>>(),
        "uplift": uplifts(outcome),
        "warnings": super::text::warnings(outcome),
        "note": outcome.groups().map(super::text::limits),
    })
}

fn uplifts(outcome: &Outcome) -> Value {
    let Some(groups) = outcome.groups() else { return Value::Null };
    let of = |(action, uplift): (&String, Uplift)| json!({"action": action, "uplift": uplift});
    json!({
        "column": groups.column,
        "is_churn": groups.is_churn,
        "groups": outcome.records.actions().iter().zip(&groups.groups)
            .map(|(action, group)| json!({
                "action": action,
                "records": group.customers(),
                "share": groups.share(group),
                "rarer": group.rarer(),
            }))
            .collect::<Vec<_>>(),
        "actions": outcome.uplifts().into_iter().map(of).collect::<Vec<_>>(),
    })
}
