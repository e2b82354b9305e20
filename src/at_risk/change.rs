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
            (Self::Recovered, Language::Chinese) => "已挽回",
        }
    }
}

/// What is remembered of the list before.
#[derive(Clone, Debug)]
pub struct Previous {
    as_of: Instant,
    /// What its probabilities are of; `None` where it does not tell.
    question: Option<Question>,
    /// By customer: the churn probability, and whether something was to be done.
    customers: BTreeMap<CompactString, (f64, bool)>,
}

impl Previous {
    /// What to remember of a list.
    pub fn of(scores: &Scores) -> Self {
        let remembered =
            |row: &ScoreRow| (row.customer_id.clone(), (row.churn_probability, row.pays.is_some()));
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
        Some((self.as_of, self.customers.get(customer_id)?.0))
    }

    /// What has become of a customer of a newer list; `None` if nothing much.
    pub fn change(&self, scores: &Scores, row: &ScoreRow) -> Option<Change> {
        let Some(&(before, was_at_risk)) = self.customers.get(&*row.customer_id) else {
            return Some(Change::New);
        };
        let has_bought = scores.as_of.elapsed_days_since(self.as_of) > row.recency_days();
        if was_at_risk && has_bought {
            Some(Change::Recovered)
        } else if row.churn_probability >= before + MOVED {
            Some(Change::Rising)
        } else if row.churn_probability <= before - MOVED {
            Some(Change::Falling)
        } else {
            None
        }
    }
}

fn question_of(scores: &Scores) -> Option<&Question> {
    scores.basis.as_ref()?.question.as_ref()
}
