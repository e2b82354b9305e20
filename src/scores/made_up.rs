//! Lists for tests.

use mainstay_features::id::IdKind;
use mainstay_models::decision::Terms;
use mainstay_models::lifetime::Expected;
use mainstay_models::segments::{Cause, Stage, Tier};

use super::{Action, ScoreRow, Scores};
use crate::service::Why;

/// A list of these rows, with two actions.
pub(crate) fn list(rows: Vec<ScoreRow>) -> Scores {
    let action = |name: &str| Action { name: name.to_owned(), terms: Terms::default() };
    Scores {
        as_of: "2024-01-01".parse().unwrap(),
        id_kind: IdKind::Text,
        actions: vec![action("do nothing"), action("call")],
        shown: vec![],
        suppressed: 0,
        basis: None,
        rows,
    }
}

/// A row with few different numbers, so that many are equal in any order.
pub(crate) fn row(number: usize, [p, value, days, purchases, mean]: [u8; 5]) -> ScoreRow {
    ScoreRow {
        customer_id: format!("c{number:04}").into(),
        churn_probability: f64::from(p) / 10.0,
        lifetime_value: f64::from(value),
        lifetime_value_relative_sd: 1.0,
        tier: Tier::Small,
        stage: Stage::Stable,
        cause: Cause::Unknown,
        evidence: None,
        days_since_contact: None,
        action: 0,
        incentive: 0.0,
        net_value: f64::from(value) - f64::from(p),
        pays: None,
        features: [days, purchases, mean, 0, 200].map(f64::from),
        expected: Expected {
            discounted_purchases: 1.0,
            discounted_if_left: (!number.is_multiple_of(3)).then_some(0.25),
            mean_amount: 1.0,
        },
        reasons: Why::new(),
        shown: Box::default(),
    }
}
