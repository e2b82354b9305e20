//! What the report tells of contracts.

use mainstay_features::check::ContractReport;
use serde_json::{Value, json};

/// How many there are, in a line.
pub(super) fn told(report: &ContractReport) -> String {
    let ContractReport { at, contracts, running, open, to_come, breaks, .. } = report;
    format!(
        "of {contracts} contracts {running} run at {at}, {open} of them without an end, and {to_come} are to begin; {breaks} breaks \
         between a customer's contracts\n"
    )
}

/// What in them would mislead a model, or leaves somebody out; each in a sentence with what to do.
pub(super) fn findings(contracts: &ContractReport) -> Vec<String> {
    let &ContractReport {
        running,
        of_no_time,
        breaks_of_a_day,
        breaks,
        running_without_order,
        buyers_without,
        ..
    } = contracts;
    let mut findings = Vec::new();
    let mut find = |found: bool, what: String| {
        if found {
            findings.push(what);
        }
    };
    find(running == 0, "no contract runs: nobody can be scored. Is the file an old one?".to_owned());
    find(
        breaks_of_a_day > 0 && 10 * breaks_of_a_day >= breaks,
        format!(
            "{breaks_of_a_day} of {breaks} breaks between a customer's contracts are exactly a day long, and each counts as \
             churn: an end is the first instant at which a contract no longer runs. Where the file has the last day, take the \
             day after"
        ),
    );
    find(
        of_no_time > 0,
        format!(
            "{of_no_time} contracts end as they begin, and never run: are start and end read from one column?"
        ),
    );
    find(
        running_without_order > 0,
        format!(
            "{running_without_order} customers have a contract that runs and no order, and are not scored: are the identifiers \
             written the same way, or are they not billed yet?"
        ),
    );
    find(
        buyers_without > 0,
        format!(
            "{buyers_without} customers have orders and no contract at any time, and are never scored: are the identifiers \
             written the same way?"
        ),
    );
    findings
}

/// Them as JSON.
pub(super) fn to_json(contracts: &ContractReport) -> Value {
    json!({
        "at": contracts.at.to_string(),
        "running": contracts.running,
        "running_without_end": contracts.open,
        "to_begin": contracts.to_come,
        "of_no_time": contracts.of_no_time,
        "breaks": contracts.breaks,
        "breaks_of_a_day": contracts.breaks_of_a_day,
        "customers_with_one_that_runs_and_no_order": contracts.running_without_order,
        "customers_with_orders_and_none": contracts.buyers_without,
    })
}
