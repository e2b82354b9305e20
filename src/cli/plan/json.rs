//! The outcome for scripts.

use mainstay_models::language::Language;
use serde_json::{Value, json};

use super::Outcome;
use super::text::redress;
use crate::plan::Comparison;
use crate::scores::ListBasis;
use crate::trial::{OfferDesign, Trial};

/// The plan, what each offer comes to, and who gets better terms.
pub(super) fn of(outcome: &Outcome<'_>) -> Value {
    let (planned, plan) = (outcome.planned, &outcome.planned.plan);
    let sums = planned.by_offer(outcome.choices);
    let offers = outcome.catalogue.offers().iter().enumerate().map(|(place, offer)| {
        let (spend, net_value) = sums.get(place).copied().unwrap_or_default();
        json!({
            "offer": offer.name(),
            "customers": plan.per_offer.get(place).copied().unwrap_or_default(),
            "capacity": planned.limits.capacities.get(place).copied().flatten(),
            "spend": spend.get(),
            "net_value": net_value.get(),
            "one_more_would_earn": plan.capacity_prices.get(place).copied().unwrap_or_default(),
        })
    });
    json!({
        "as_of": outcome.scores.as_of.to_string(),
        "model": outcome.decided_by.as_ref().map(|basis| &basis.model),
        "verdict": outcome.decided_by.as_ref().map(|basis| &basis.verdict),
        "margin": outcome.decided_by.as_ref().map(ListBasis::margin),
        "yearly_discount": outcome.decided_by.as_ref().map(ListBasis::yearly_discount),
        "budget": planned.limits.budget.map(|budget| budget.get()),
        "customers": outcome.scores.rows.len(),
        "customers_with_offer": planned.customers(),
        "spend": plan.spend.get(),
        "spend_if_everybody_takes_it": outcome.most_spend(),
        "net_value": plan.net_value.get(),
        "bound": plan.bound.get(),
        "is_proven_best": plan.is_proven,
        "one_more_unit_of_budget_would_earn": plan.budget_price,
        "without_budget": {
            "customers_with_offer": planned.without_budget.per_offer.iter().sum::<u64>(),
            "spend": planned.without_budget.spend.get(),
            "net_value": planned.without_budget.net_value.get(),
        },
        "list_had_other_offers": outcome.offers_are_others,
        "offers": offers.collect::<Vec<_>>(),
        "trial": outcome.trial.map(|of| trial(outcome, of)),
        "terms_differ": outcome.terms_differ(),
        "redress": outcome.terms_differ().then(|| redress(Language::English)),
        "terms_by_attribute": outcome.comparisons.iter().map(comparison).collect::<Vec<_>>(),
    })
}

fn trial(outcome: &Outcome<'_>, trial: &Trial) -> Value {
    let (spend, net_value) = outcome.of_the_others();
    let offers = trial.designs().into_iter().map(|OfferDesign { offer, save_rate, design }| {
        json!({
            "offer": offer,
            "customers": design.given,
            "held_out": design.held_out,
            "expected_churn": design.churn,
            "save_rate_assumed": save_rate,
            "least_save_rate_found": design.least_save_rate_found(),
            "customers_needed": design.customers_needed(save_rate),
        })
    });
    json!({
        "name": trial.name,
        "share": trial.share.get(),
        "held_out": trial.held_out(),
        "known_from": trial.known_from().to_string(),
        "spend_of_the_others": spend,
        "net_value_of_the_others": net_value,
        "offers": offers.collect::<Vec<_>>(),
    })
}

fn comparison(comparison: &Comparison) -> Value {
    let groups = comparison.groups.iter().map(|group| {
        json!({
            "value": group.value.words(Language::English),
            "customers": group.customers,
            "customers_with_offer": group.with_offer,
            "incentive_a_customer": group.incentive,
            "stands_out": group.stands_out.map(|how| how.words(Language::English)),
        })
    });
    json!({ "attribute": comparison.attribute, "groups": groups.collect::<Vec<_>>() })
}
