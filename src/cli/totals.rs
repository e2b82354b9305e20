//! What a scored list amounts to, in words.

use mainstay_features::units::Instant;
use mainstay_models::language::Language;
use mainstay_models::model;

use super::caveats::Caveats;
use super::lifetime;
use crate::scores::{ScoredPopulation, Scores};
use crate::service::Service;

/// What is to be known of the money where the rule serves.
fn by_rule(service: &Service) -> &'static str {
    match service.artifact().training.kind() {
        model::Kind::Rule => {
            "the rule knows no more than how long ago the last order was and on how many days there was one: mainstay backtest \
             holds what actions were said to earn against what came\n"
        }
        _ => "",
    }
}

/// What a scored list amounts to.
pub(super) struct Totals {
    as_of: Instant,
    /// Customers scored.
    pub(super) rows: usize,
    /// Customers left out as they object to marketing.
    pub(super) suppressed: usize,
    lifetime_value: f64,
    /// How many are expected to leave.
    leavers: f64,
    /// The actions, and what their sum does not show.
    pub(super) caveats: Caveats,
}

impl Totals {
    /// Of no rows yet.
    pub(super) fn of(scored: &ScoredPopulation, service: &Service) -> Self {
        let (as_of, suppressed) = (scored.as_of(), scored.suppressed());
        Self {
            as_of,
            rows: 0,
            suppressed,
            lifetime_value: 0.0,
            leavers: 0.0,
            caveats: Caveats::new(Some(service.artifact().settings.horizon)),
        }
    }

    /// With some rows more.
    pub(super) fn add(&mut self, scores: &Scores) {
        self.rows += scores.rows.len();
        self.caveats.add(scores);
        for row in &scores.rows {
            self.lifetime_value += row.lifetime_value;
            self.leavers += row.churn_probability;
        }
    }

    /// In words.
    pub(super) fn summary(&self, service: &Service, place: &str) -> String {
        let suppressed = match self.suppressed {
            0 => String::new(),
            number => format!("{number} customers object to marketing, and are left out\n"),
        };
        let artifact = service.artifact();
        let rows = self.rows.max(1) as f64;
        format!(
            "{} customers scored as of {} by {} {place}\n{suppressed}\
             {:.0} of them ({:.1} %) are expected to leave within {} days if the shop goes on as it did; of those the model learnt from \
             last, {:.1} % did\n\
             the model was judged {}\n\
             an action pays for {} of them, together {:.2}; keeping a customer is worth {:.2} on average, {}\n",
            self.rows,
            self.as_of,
            artifact.name(),
            self.leavers,
            100.0 * self.leavers / rows,
            artifact.settings.horizon.get(),
            100.0 * artifact.churn_rate(),
            artifact.training.judged(),
            self.caveats.actions,
            self.caveats.net_value,
            self.lifetime_value / rows,
            lifetime::basis(&artifact.training.lifetime.lifetime, service.assumptions(), Language::English),
        ) + by_rule(service)
            + &self.sentences(service).iter().map(|sentence| format!("{sentence}\n")).collect::<String>()
    }

    /// What the sums do not show, each in a sentence.
    pub(super) fn sentences(&self, service: &Service) -> Vec<String> {
        self.caveats.sentences(service.catalogue(), Language::English)
    }
}
