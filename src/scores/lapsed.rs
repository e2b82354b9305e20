//! The customers who have lapsed, as a list of the same columns: p = 1, and an action is one to win them back with.

use mainstay_features::history::{Histories, History};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use mainstay_models::decision::Catalogue;
use mainstay_models::segments::TierCuts;
use rayon::prelude::*;

use super::shown::Shown;
use super::{Scores, contacts_until};
use crate::failure::Failure;
use crate::service::Service;
use crate::suppressed::Suppressed;

impl Scores {
    /// Everyone who has lapsed by an instant, none of whom is in a scored list of it ([`super::ScoredPopulation`]); who objects
    /// to marketing is left out. `offers` are those to win back with ([`Catalogue::for_winning_back`]).
    ///
    /// The tiers are those of the population: who would be worth as much as its key customers is one.
    ///
    /// # Errors
    /// When a part of the history cannot be read, or what leaving means is not what the model has learnt.
    pub fn lapsed(
        service: &Service,
        offers: &Catalogue,
        histories: &Histories,
        as_of: Instant,
        suppressed: &Suppressed,
        watch: &dyn Watch,
    ) -> Result<Self, Failure> {
        service.check_label(histories.given())?;
        let (shown, kind) = (Shown::of(histories), histories.id_kind());
        let contacts_until = contacts_until(histories, as_of);
        let none = Self::empty(as_of, kind, shown.names());
        let of_part = |part: &History| {
            let lapsed = service.lapsed(part, as_of, watch);
            none.clone().with(service, part, (lapsed, contacts_until), &shown, suppressed)
        };
        watch.begin("score", None);
        let parts = histories.each(of_part)?;
        watch.end();
        let mut lapsed = none;
        for part in parts {
            lapsed.rows.extend(part.rows);
            lapsed.suppressed += part.suppressed;
        }
        if histories.whole().is_none() {
            lapsed.rows.par_sort_unstable_by(|a, b| kind.compare(&a.customer_id, &b.customer_id));
        }
        let worth = histories.each(|part| worth_of_listed(service, part, as_of, suppressed))?;
        lapsed.place_in_tiers(TierCuts::of(worth.into_iter().flatten()));
        lapsed.decide(offers);
        Ok(lapsed)
    }
}

/// What those of a part are worth who are in its scored list.
fn worth_of_listed(service: &Service, part: &History, as_of: Instant, suppressed: &Suppressed) -> Vec<f64> {
    let population = service.worth_of_population(part, as_of).into_iter();
    let listed = population.filter(|&(customer, _)| !suppressed.has(part.customer_id(customer as usize)));
    listed.map(|(_, worth)| worth.lifetime_value.get()).collect()
}
