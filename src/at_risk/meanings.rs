//! What each column of a list means: for the contract of the API, and for docs/list.md.

use mainstay_features::registry::CORE;

use super::columns_of_every_list;

/// What the columns mean that are no features.
const MEANINGS: [(&str, &str); 41] = [
    ("customer_id", "the customer"),
    ("as_of", "the instant the list is of: what is known then is in it, and nothing later"),
    (
        "churn_probability",
        "the chance that the customer leaves within the horizon if the shop goes on as it did",
    ),
    (
        "lifetime_value",
        "what keeping the customer is worth: margin × (`purchases_if_kept` − `purchases_if_left`) × `purchase_amount`; the chance of leaving is not in it",
    ),
    ("action", "the offer with the highest net value of those that may be made, or `do nothing`"),
    (
        "net_value",
        "what the action is expected to earn over doing nothing, its costs taken off; 0 for doing nothing",
    ),
    (
        "purchases_if_kept",
        "purchases of the next five years if the customer stays, each discounted to `as_of`: with the discount of 10 % a year about a fifth fewer than will be counted",
    ),
    (
        "purchases_if_left",
        "likewise, those made even by who leaves: by the share that came back by themselves, as the model has learnt it; empty where it is not known, and nothing is taken off for it",
    ),
    ("purchase_amount", "what such a purchase comes to on average"),
    ("lifetime_value_relative_sd", "how well the value is known: its standard deviation as a share of it"),
    (
        "value_tier",
        "`key`, `ordinary`, `small` or `problem`: how much of the shop's business the customer is",
    ),
    ("lifecycle_stage", "`new`, `building`, `stable`, `declining` or `silent`"),
    ("likely_cause", "`natural`, `need changed`, `price`, `disappointment`, `forced` or `unknown`"),
    ("cause_evidence", "what speaks for that cause, a sentence; empty where it is unknown"),
    (
        "days_since_contact",
        "whole days since the shop last turned to the customer, 0 where that was after the list's instant; empty where it never did, or nothing tells",
    ),
    ("contact_cost", "c, what the action's contact costs"),
    ("incentive", "δ, what its incentive costs when it is redeemed"),
    ("save_rate", "γ, the share of those who would leave that it keeps"),
    ("take_up", "ψ, the share of those who would stay that redeem it all the same"),
    ("driven_away", "λ, the share of those who would stay that it drives away"),
    ("value_saved", "p·γ·V, a part of the net value"),
    ("incentive_to_saved", "p·γ·δ, taken off it"),
    ("incentive_to_loyal", "(1 − p)·ψ·δ, taken off it"),
    ("value_driven_away", "(1 − p)·λ·V, taken off it"),
    (
        "pays_probability",
        "how sure it is that the net value is above 0, by how well the value and the save rate are known; how well p is known is not in it. Empty for doing nothing",
    ),
    ("reason_1", "why the customer may leave, the strongest reason, a sentence"),
    ("reason_2", "the next one"),
    ("reason_3", "the one after that"),
    ("cause_evidence_code", "`cause_evidence` as a code, from which it is told in any language"),
    ("reason_codes", "all reasons as codes"),
    ("value_at_risk", "churn probability × lifetime value"),
    (
        "change",
        "what changed since the list before: `new`, `rising`, `falling`, `recovered`; empty where nothing did or there is none",
    ),
    (
        "why_nothing",
        "of who is offered nothing, why not: what bars each offer, or that it does not pay; empty where something is offered",
    ),
    ("play", "what serves with such a customer who leaves for such a cause; advice, not an offer"),
    ("say", "the words of the action's offer"),
    ("rfm_score", "the weighted RFM score, 0 to 100"),
    ("value_matrix", "`best`, `frequent`, `spender` or `uncertain`: the cell of the value matrix"),
    (
        "break_even_probability",
        "the lowest churn probability at which the action pays, all else as it is; `always` or `never` where there is none",
    ),
    ("break_even_save_rate", "the lowest save rate, likewise"),
    ("break_even_incentive", "the highest incentive, likewise"),
    ("break_even_lifetime_value", "the lowest lifetime value, likewise"),
];

/// What a column that every list has means.
pub fn meaning(name: &str) -> Option<&'static str> {
    let own = MEANINGS.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning);
    own.or_else(|| CORE.iter().find(|feature| feature.name == name).map(|feature| feature.meaning))
}

/// The columns of every list in Markdown: docs/list.md.
pub fn dictionary() -> String {
    let mut text = "| column | meaning |\n|---|---|\n".to_owned();
    for (name, _) in columns_of_every_list() {
        text += &format!("| `{name}` | {} |\n", meaning(&name).unwrap_or_default());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_meaning_and_no_other() {
        let columns = columns_of_every_list();
        for (name, _) in &columns {
            assert!(meaning(name).is_some(), "{name}");
        }
        assert!(MEANINGS.iter().all(|(name, _)| columns.iter().any(|(known, _)| known == name)));
    }

    #[test]
    fn the_columns_in_the_documents_are_these() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/list.md");
        let documented = std::fs::read_to_string(path).unwrap();
        assert!(documented.ends_with(&dictionary()), "docs/list.md should end with\n{}", dictionary());
    }
}
