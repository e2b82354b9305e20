//! A night in a line, for an alert.

use serde_json::Value;

use crate::store::RunRecord;

pub(super) fn of(record: &RunRecord, dry_run: bool) -> String {
    let rehearsal = if dry_run { " (dry run: nothing was changed)" } else { "" };
    let seconds = record.seconds;
    if let Some(message) = &record.message {
        // Of several lines, as of a configuration that is none, an alert would show the last.
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let step = record.steps.last().map_or("start", |step| &step.step);
        let code = record.exit_code.unwrap_or(1);
        return format!(
            "mainstay nightly{rehearsal}: NOT DONE at {step} after {seconds:.1} s, exit code {code}: {message}"
        );
    }
    let found = |step: &str, name: &str| {
        let step = record.steps.iter().find(|done| done.step == step);
        step.and_then(|step| step.found.get(name)).cloned().unwrap_or(Value::Null)
    };
    let drift = match (found("drift", "drifted"), found("drift", "train_again")) {
        (Value::Bool(true), Value::Bool(true)) => "DRIFTED: train again",
        (Value::Bool(true), _) => "drifted, with too few days since the training for another",
        _ => "no drift",
    };
    let count = |name: &str| found("read", name).as_u64().unwrap_or(0);
    let mut again = match (count("orders_sent_again"), found("read", "sent_again_left_out")) {
        (0, _) => String::new(),
        (same, Value::Bool(true)) => format!(", {same} orders sent again left out"),
        (same, _) => format!(", {same} orders SENT AGAIN count twice"),
    };
    if let other_amount @ 1.. = count("orders_sent_again_with_other_amounts") {
        again += &format!(", {other_amount} orders SENT AGAIN WITH ANOTHER AMOUNT count beside what is kept");
    }
    if let other_instant @ 1.. = count("orders_sent_again_at_other_instants") {
        again += &format!(", {other_instant} orders SENT AGAIN AT ANOTHER INSTANT count beside what is kept");
    }
    let texts = |value: Value, of: &dyn Fn(&Value) -> Option<String>| -> Vec<String> {
        value.as_array().map_or(Vec::new(), |values| values.iter().filter_map(of).collect())
    };
    let beyond = texts(found("score", "beyond_capacity"), &|of| Some(of["offer"].as_str()?.to_owned()));
    let beyond = match beyond.join(", ") {
        none if none.is_empty() => none,
        offers => format!(" (more than the capacity of {offers} allows: mainstay plan)"),
    };
    let others = texts(found("score", "decided_otherwise"), &|of| Some(of.as_str()?.to_owned()));
    let currencies = texts(found("score", "currencies"), &|of| Some(of.as_str()?.to_owned()));
    let currencies = match currencies.as_slice() {
        [_, _, ..] => {
            format!(", of purchases in SEVERAL CURRENCIES ({}) added up as one", currencies.join(", "))
        }
        _ => String::new(),
    };
    let others = match others.join(", ") {
        none if none.is_empty() => none,
        differences => format!("; decided otherwise than the list before: {differences}"),
    };
    let doubts = match found("score", "doubts").as_array().map_or(0, Vec::len) {
        0 => String::new(),
        1 => "; a doubt about the scores: see the log".to_owned(),
        doubts => format!("; {doubts} doubts about the scores: see the log"),
    };
    format!(
        "mainstay nightly{rehearsal}: done in {seconds:.1} s; {} customers as of {} by {}; an action pays for {}, together \
         {:.2}{currencies}{beyond}{others}; {} new files{again}, {} bad rows left out, {} suppressed; {drift}{doubts}",
        record.rows.unwrap_or(0),
        record.as_of.as_deref().unwrap_or("-"),
        record.model.as_deref().unwrap_or("-"),
        found("score", "actions"),
        found("score", "net_value").as_f64().unwrap_or(0.0),
        found("read", "files_new"),
        record.quarantined.unwrap_or(0),
        record.suppressed.unwrap_or(0),
    )
}
