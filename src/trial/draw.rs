//! From a plan to a trial: who of those it picks is held out, and what that can find.

use std::collections::BTreeMap;

use mainstay_features::label::Label;
use mainstay_features::units::Days;
use mainstay_models::decision::Catalogue;
use mainstay_models::policy::{Design, chance_of_as_many};

use super::file::{Assigned, Trial};
use super::holdout::{Holdout, Share};
use crate::plan::Planned;
use crate::scores::Scores;

/// What a trial can find of one offer.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferDesign {
    /// The offer.
    pub offer: String,
    /// The save rate it is taken to have.
    pub save_rate: f64,
    /// How many are to get it and are held out, and how many of them are expected to leave.
    pub design: Design,
}

/// So seldom chance alone makes groups of a trial so uneven that it is not believed to be it.
const LEAST_CHANCE: f64 = 1e-4;

/// Another share of a trial's customers is held out than chance would.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "of {customers} customers{offer} {held_out} are held out, where chance holds out {share}: they are not like the others. Whom a plan \
     before made an offer to is not picked again so soon, and whom it held out is: give each plan a --trial-name of its own"
)]
pub struct Uneven {
    offer: String,
    customers: u64,
    held_out: u64,
    share: Share,
}

impl Trial {
    /// The trial of a plan, whose list says that customers leave so within this time.
    pub fn draw(
        holdout: &Holdout,
        (label, horizon): (Label, Days),
        (scores, planned, catalogue): (&Scores, &Planned, &Catalogue),
    ) -> Self {
        let customers = planned.picked(scores).filter_map(|(row, place)| {
            let offer = catalogue.offers().get(place)?;
            Some(Assigned {
                customer_id: row.customer_id.to_string(),
                offer: offer.name().to_owned(),
                held_out: holdout.has(&row.customer_id),
                churn_probability: row.churn_probability,
                save_rate: offer.save_rate().mean(),
            })
        });
        Self {
            name: holdout.trial().to_owned(),
            as_of: scores.as_of,
            label,
            horizon,
            share: holdout.share(),
            customers: customers.collect(),
        }
    }

    /// How many customers are held out.
    pub fn held_out(&self) -> usize {
        self.customers.iter().filter(|customer| customer.held_out).count()
    }

    /// Looks whether as many are held out as chance would hold out, of all and of those with each offer.
    ///
    /// # Errors
    /// When they are not: then something else than chance has a part in who is.
    pub fn check_alike(&self) -> Result<(), Uneven> {
        let designs = self.designs();
        let of_offers = designs.iter().map(|of| (Some(&of.offer), of.design.held_out, of.design.given));
        let all = (None, self.held_out() as u64, (self.customers.len() - self.held_out()) as u64);
        for (offer, held_out, given) in [all].into_iter().chain(of_offers) {
            if chance_of_as_many(held_out, held_out + given, self.share.get()) < LEAST_CHANCE {
                let offer = offer.map_or(String::new(), |offer| format!(" who are to get {offer}"));
                return Err(Uneven { offer, customers: held_out + given, held_out, share: self.share });
            }
        }
        Ok(())
    }

    /// What it can find of each offer, in the order of their names.
    pub fn designs(&self) -> Vec<OfferDesign> {
        let mut designs: BTreeMap<&str, OfferDesign> = BTreeMap::new();
        for customer in &self.customers {
            let of_offer = designs.entry(&customer.offer).or_insert_with(|| OfferDesign {
                offer: customer.offer.clone(),
                save_rate: customer.save_rate,
                design: Design { given: 0, held_out: 0, churn: 0.0 },
            });
            let design = &mut of_offer.design;
            design.given += u64::from(!customer.held_out);
            design.held_out += u64::from(customer.held_out);
            // The mean so far.
            let customers = (design.given + design.held_out) as f64;
            design.churn += (customer.churn_probability - design.churn) / customers;
        }
        designs.into_values().collect()
    }
}
