//! What the actions of a back-test were said to earn, and what they come to by who left: net values rest on probabilities, and
//! those may be right in all and wrong where the money is.

use std::collections::HashSet;
use std::path::Path;

use mainstay_features::history::{Histories, History};
use mainstay_features::id::fingerprint;
use mainstay_features::units::{Instant, Money, Probability};
use mainstay_features::watch::Watch;
use mainstay_models::segments::Tier;

use crate::failure::{Failure, Kind};
use crate::scores::{Aside, ScoreRow, ScoredPopulation, Scores};
use crate::service::Service;
use crate::suppressed::Suppressed;

/// Some customers, what was said of them, and what came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// How many they are.
    pub customers: usize,
    /// How many were expected to leave.
    pub expected_leavers: f64,
    /// How many left.
    pub leavers: usize,
    /// For how many an action was to pay.
    pub actions: usize,
    /// The net value of these actions as it was said.
    pub said: f64,
    /// The same by who left: with a probability of 1 for who did and of 0 for who did not, all else as it was assumed.
    pub came: f64,
}

impl Sum {
    fn add(&mut self, scores: &Scores, row: &ScoreRow, left: bool) {
        self.customers += 1;
        self.expected_leavers += row.churn_probability;
        self.leavers += usize::from(left);
        if row.pays.is_some() {
            let p = if left { Probability::ONE } else { Probability::ZERO };
            let value = Money::new(row.lifetime_value).unwrap_or_default();
            self.actions += 1;
            self.said += row.net_value;
            self.came += scores.terms_of(row).net_value(p, value).get();
        }
    }

    /// All of it as cells of a table.
    pub(crate) fn cells(&self) -> [String; 6] {
        [
            self.customers.to_string(),
            format!("{:.0}", self.expected_leavers),
            self.leavers.to_string(),
            self.actions.to_string(),
            format!("{:.2}", self.said),
            format!("{:.2}", self.came),
        ]
    }
}

/// The actions of everybody, and by tier.
#[derive(Clone, Debug, PartialEq)]
pub struct Proceeds {
    /// Of everybody.
    pub all: Sum,
    /// Of each tier that somebody is in, the most valuable first.
    pub tiers: Vec<(Tier, Sum)>,
}

impl Proceeds {
    /// Decides about everybody in the population at an instant, as on that day, and looks at who left within the model's horizon. Rows go
    /// through a file without a name in the folder.
    ///
    /// # Errors
    /// When a part of the history cannot be read, or rows cannot be put aside there.
    pub fn of(
        service: &Service,
        histories: &Histories,
        cutoff: Instant,
        folder: &Path,
        watch: &dyn Watch,
    ) -> Result<Self, Failure> {
        let leavers = leavers(service, histories, cutoff)?;
        let aside = Aside::nameless(folder).map_err(|cause| Failure::output(folder, cause))?;
        let scored = ScoredPopulation::of(service, histories, cutoff, &Suppressed::default(), aside, watch)?;
        let (mut all, mut tiers) = (Sum::default(), Tier::ALL.map(|tier| (tier, Sum::default())));
        let added = scored.each(service.catalogue(), |scores| {
            for row in &scores.rows {
                let left = leavers.contains(&fingerprint(&row.customer_id));
                all.add(scores, row, left);
                let of_tier = tiers.iter_mut().filter(|(tier, _)| *tier == row.tier);
                of_tier.for_each(|(_, sum)| sum.add(scores, row, left));
            }
            Ok(())
        });
        added
            .map_err(|cause| Failure::new(Kind::Output, format!("rows put aside cannot be read: {cause}")))?;
        Ok(Self { all, tiers: tiers.into_iter().filter(|(_, sum)| sum.customers > 0).collect() })
    }
}

/// The fingerprints of everybody who left within the model's horizon from an instant on.
fn leavers(service: &Service, histories: &Histories, cutoff: Instant) -> Result<HashSet<u64>, Failure> {
    let artifact = service.artifact();
    let (label, horizon) = (artifact.training.label, artifact.settings.horizon);
    let of_part = |part: &History| -> Vec<u64> {
        let left = |&customer: &usize| label.churned(part.customer(customer), cutoff, horizon);
        (0..part.len()).filter(left).map(|customer| fingerprint(part.customer_id(customer))).collect()
    };
    Ok(histories.each(of_part)?.into_iter().flatten().collect())
}
