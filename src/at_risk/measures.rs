//! Measures that place a customer among all of the list: the weighted RFM score and the value matrix.

use std::sync::OnceLock;

use mainstay_features::frequency::FREQUENCY;
use mainstay_features::monetary::MONETARY;
use mainstay_features::registry::place;
use mainstay_features::units::Amount;
use mainstay_models::segments::{Cell, RfmRules, RfmScale, ValueMatrix};

use crate::scores::{ScoreRow, Scores};

/// How the customers of a list are measured; looked at once, when it is first asked for, unless that was done before.
#[derive(Debug, Default)]
pub struct Measuring(OnceLock<Measures>);

impl Measuring {
    /// With an RFM score by these rules, of a list of these customers, told as recency, frequency and mean amount.
    pub(super) fn of_all(rules: &RfmRules, customers: &[[f64; 3]]) -> Self {
        Self(Measures::of(customers.iter().copied(), rules).into())
    }

    /// The measures of a list, which is always the same; with an RFM score by the usual rules, unless there are some.
    pub(super) fn of(&self, scores: &Scores) -> &Measures {
        self.0.get_or_init(|| Measures::of(scores.rows.iter().map(customer), &RfmRules::default()))
    }
}

/// What the customers of a list are measured by.
#[derive(Clone, Debug)]
pub(super) struct Measures {
    rfm: Option<RfmScale>,
    matrix: ValueMatrix,
}

impl Measures {
    /// Those of a list of these customers.
    fn of(customers: impl Iterator<Item = [f64; 3]> + Clone, rules: &RfmRules) -> Self {
        let mut matrix = ValueMatrix::default();
        for (days, money) in customers.clone().filter_map(bought) {
            matrix.add(days, money);
        }
        Self { rfm: rules.scale(customers), matrix }
    }

    /// The weighted RFM score, from 0 to 100.
    pub(super) fn rfm_score(&self, row: &ScoreRow) -> Option<f64> {
        self.rfm.as_ref().map(|scale| scale.score(customer(row)))
    }

    /// The cell of the value matrix.
    pub(super) fn cell(&self, row: &ScoreRow) -> Option<Cell> {
        bought(customer(row)).map(|(days, money)| self.matrix.cell(days, money))
    }
}

/// A customer as recency, frequency and mean amount.
pub(super) fn customer(row: &ScoreRow) -> [f64; 3] {
    [row.recency_days(), row.features[place(&FREQUENCY)], row.features[place(&MONETARY)]]
}

/// On how many days a customer bought, and what that came to at the mean amount of a purchase.
fn bought([_, days, mean]: [f64; 3]) -> Option<(u64, Amount)> {
    Some((days as u64, Amount::new(days * mean)?))
}
