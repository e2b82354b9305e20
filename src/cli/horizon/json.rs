//! The advice for scripts.

use mainstay_features::horizon::{Advice, Share, Window};
use mainstay_models::language::Language;
use serde_json::{Value, json};

use super::text::{OF_PURCHASES, caution};

/// The advice as JSON: shares in [0, 1], times in days, null for what the log cannot tell.
pub(super) fn of(advice: &Advice, has_contracts: bool) -> Value {
    let curve = &advice.curve;
    let days: Vec<Value> = (0..=curve.limit())
        .map(|day| {
            json!({
                "day": day,
                "at_risk": curve.at_risk(day),
                "silent": curve.silent(day),
                "come_back": curve.come_back_after(day),
            })
        })
        .collect();
    let quantiles: Vec<Value> = advice
        .gap_quantiles
        .iter()
        .map(|&(percent, days)| json!({"percent": percent, "days": days}))
        .collect();
    json!({
        "advised_horizon_days": advice.advised.map(|days| days.get()),
        "exact_days": advice.exact.map(|days| days.get()),
        "caution": if has_contracts { Some(OF_PURCHASES.to_owned()) } else { caution(advice, Language::English) },
        "few": advice.few.get(),
        "lookback_days": advice.lookback.get(),
        "log_days": advice.log_days,
        "judged_until_days": curve.judged_until(),
        "known_until_days": curve.limit(),
        "population": advice.population,
        "horizons": advice.windows.iter().map(window).collect::<Vec<_>>(),
        "gaps": advice.gap_count,
        "gap_quantiles": quantiles,
        "silences": advice.silences,
        "curve": days,
    })
}

fn window(window: &Window) -> Value {
    let share = |share: Option<Share>| {
        share.map(|share| json!({"share": share.rate(), "customers": share.part(), "of": share.whole()}))
    };
    json!({
        "horizon_days": window.horizon.get(),
        "come_back": window.come_back,
        "churn": share(window.churn),
        "expected_leavers": window.expected_leavers,
        "false_alarms": share(window.false_alarms),
        "usable": window.usable,
        "needed_log_days": window.needed_days,
    })
}
