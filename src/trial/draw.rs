//! From a plan to a trial: who of those it picks is held out, and what that can find.

use std::collections::BTreeMap;

use mainstay_features::label::Label;
use mainstay_features::units::Days;
use mainstay_models::decision::Catalogue;
use mainstay_models::policy::Design;

use super::file::{Assigned, Trial};
use super::holdout::Holdout;
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
