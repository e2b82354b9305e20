//! What has become of a customer since the list before.

use std::collections::BTreeMap;

use compact_str::CompactString;
use mainstay_features::units::Instant;
use mainstay_models::language::Language;

use crate::scores::{Question, ScoreRow, Scores};

/// By so much must the churn probability have moved to be called rising or falling: less is what a week does to anyone.
const MOVED: f64 = 0.05;

/// What has become of a customer since the list before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Was not in the list before.
    New,
    /// The churn probability is higher by at least 5 points.
    Rising,
    /// It is lower by at least 5 points.
    Falling,
    /// Something was to be done about the customer, who has bought since.
    Recovered,
}

impl Change {
    /// What people call it.
    pub const fn words(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::New, Language::English) => "new",
            (Self::Rising, Language::English) => "rising",
            (Self::Falling, Language::English) => "falling",
            (Self::Recovered, Language::English) => "recovered",
            (Self::New, Language::Chinese) => "新增",
            (Self::Rising, Language::Chinese) => "风险上升",
            (Self::Falling, Language::Chinese) => "风险下降",
            (Self::Recovered, Language::Chinese) => "已回购",
        }
    }
}

/// What is remembered of the list before.
#[derive(Clone, Debug)]
pub struct Previous {
    as_of: Instant,
    /// What its probabilities are of; `None` where it does not tell.
    question: Option<Question>,
    customers: BTreeMap<CompactString, Remembered>,
}

/// What is remembered of a customer.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    churn_probability: f64,
    /// Whether something was to be done.
    was_at_risk: bool,
    recency_days: f64,
}

impl Remembered {
    /// Whether a customer whose last order was so many whole days ago, so many days later, has bought since. What was said of them
    /// before is in whole days too: who bought within a day before that list and within a day after it is not seen to have.
    fn has_bought(self, elapsed_days: f64, recency_days: f64) -> bool {
        recency_days < (self.recency_days + elapsed_days).floor()
    }
}

impl Previous {
    /// What to remember of a list.
    pub fn of(scores: &Scores) -> Self {
        let remembered = |row: &ScoreRow| {
            let of_row = Remembered {
                churn_probability: row.churn_probability,
                was_at_risk: row.pays.is_some(),
                recency_days: row.recency_days(),
            };
            (row.customer_id.clone(), of_row)
        };
        let customers = scores.rows.iter().map(remembered).collect();
        Self { as_of: scores.as_of, question: question_of(scores).cloned(), customers }
    }

    /// Why what has become of the customers of a newer list cannot be told: its probabilities are of another question.
    /// `None` where it can, or nothing says that it cannot.
    pub fn why_not_compared(&self, scores: &Scores) -> Option<String> {
        question_of(scores)?.why_not_compared(self.question.as_ref()?, self.as_of)
    }

    /// The list's instant, and the churn probability it gave a customer; `None` of who was not in it.
    pub fn score_of(&self, customer_id: &str) -> Option<(Instant, f64)> {
        Some((self.as_of, self.customers.get(customer_id)?.churn_probability))
    }

    /// What has become of a customer of a newer list; `None` if nothing much.
    pub fn change(&self, scores: &Scores, row: &ScoreRow) -> Option<Change> {
        let Some(before) = self.customers.get(&*row.customer_id) else {
            return Some(Change::New);
        };
        let elapsed_days = scores.as_of.elapsed_days_since(self.as_of);
        if before.was_at_risk && before.has_bought(elapsed_days, row.recency_days()) {
            Some(Change::Recovered)
        } else if row.churn_probability >= before.churn_probability + MOVED {
            Some(Change::Rising)
        } else if row.churn_probability <= before.churn_probability - MOVED {
            Some(Change::Falling)
        } else {
            None
        }
    }
}

fn question_of(scores: &Scores) -> Option<&Question> {
    scores.basis.as_ref()?.question.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_bought_who_has_only_grown_older() {
        for hundredths in 0..2_000 {
            let last_order_days = f64::from(hundredths) / 100.0;
            let before = Remembered {
                churn_probability: 0.5,
                was_at_risk: true,
                recency_days: last_order_days.floor(),
            };
            for elapsed_days in [0.25, 0.9, 1.0, 1.5, 7.0, 91.3] {
                let recency_days = (last_order_days + elapsed_days).floor();
                assert!(!before.has_bought(elapsed_days, recency_days), "{last_order_days} {elapsed_days}");
                for since in [0.0, elapsed_days / 2.0, elapsed_days] {
                    let is_seen = before.has_bought(elapsed_days, since.floor());
                    assert!(is_seen || last_order_days < 1.0, "{last_order_days} {elapsed_days} {since}");
                }
            }
        }
    }
}
