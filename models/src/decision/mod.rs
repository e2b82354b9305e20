//! The decision: of the offers that may be made the one with the highest net value, or nothing. Knows no estimator.

mod break_even;
mod catalogue;
mod eligibility;
mod offer;
mod save_rate;
mod terms;
mod win_back;

pub use break_even::{BreakEven, BreakEvens};
pub use catalogue::{Catalogue, CatalogueError};
pub use eligibility::{Circumstances, Consents, Eligibility, Ineligible};
pub use offer::{Incentive, Offer, Words};
pub use save_rate::{SaveRate, Worth};
pub use terms::{Ledger, Terms};

use mainstay_features::units::{Money, Probability};

/// The action that is always there and costs and earns nothing.
pub const DO_NOTHING: &str = "do nothing";

/// The numbers of a customer that decide.
#[derive(Clone, Copy, Debug)]
pub struct Stakes {
    /// The probability of churn if nothing is done.
    pub churn_probability: Probability,
    /// What keeping the customer is worth.
    pub worth: Worth,
    /// What the next order is expected to come to.
    pub next_order: Money,
}

/// An offer made to a customer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Its place in the catalogue.
    pub offer: usize,
    /// What it comes to for the customer.
    pub terms: Terms,
    /// What it is expected to earn over doing nothing.
    pub net_value: Money,
    /// The probability that it earns anything, as far as save rate and lifetime value are uncertain.
    pub pays: f64,
}

impl Catalogue {
    /// Each offer that may be made to a customer, with its place and terms.
    pub fn eligible<'a>(
        &'a self,
        stakes: &'a Stakes,
        circumstances: &'a Circumstances<'a>,
    ) -> impl Iterator<Item = (usize, Terms)> + 'a {
        let is_allowed =
            |(_, offer): &(usize, &Offer)| offer.allows(stakes.churn_probability, circumstances).is_ok();
        let offers = self.offers().iter().enumerate().filter(is_allowed);
        offers.map(|(place, offer)| (place, offer.terms(stakes.next_order)))
    }

    /// The best of the offers that may be made, if any is better than doing nothing; of equal offers the first.
    pub fn decide(&self, stakes: &Stakes, circumstances: &Circumstances<'_>) -> Option<Choice> {
        let mut best: Option<(usize, Money)> = None;
        for (place, terms) in self.eligible(stakes, circumstances) {
            let net_value = terms.net_value(stakes.churn_probability, stakes.worth.lifetime_value);
            if net_value > best.map_or(Money::ZERO, |(_, best)| best) {
                best = Some((place, net_value));
            }
        }
        self.choice(best?.0, stakes)
    }

    /// What an offer, by its place, comes to for a customer, whether it may be made or not; `None` where there is none.
    pub fn choice(&self, offer: usize, stakes: &Stakes) -> Option<Choice> {
        let (of, p) = (self.offers().get(offer)?, stakes.churn_probability);
        let terms = of.terms(stakes.next_order);
        let net_value = terms.net_value(p, stakes.worth.lifetime_value);
        Some(Choice { offer, terms, net_value, pays: of.save_rate().pays(&terms, p, &stakes.worth) })
    }

    /// The lowest churn probability at which an offer may be made and pays.
    pub fn break_even_probability(&self, stakes: &Stakes, circumstances: &Circumstances<'_>) -> BreakEven {
        let pays_from = |offer: &Offer| {
            let (from, to) = offer.eligibility().churn_probability;
            // Whatever else speaks against an offer does so at any probability.
            offer.allows(Probability::nearest(from), circumstances).ok()?;
            let terms = offer.terms(stakes.next_order);
            Some(terms.break_even_probability(stakes.worth.lifetime_value).within(from, to))
        };
        self.offers().iter().filter_map(pays_from).fold(BreakEven::Never, BreakEven::lower)
    }
}

#[cfg(test)]
mod tests {
    use super::terms::tests::{money, p};
    use super::*;
    use crate::segments::{Cause, Tier};
    use proptest::prelude::*;

    fn catalogue(offers: &[[f64; 5]]) -> Catalogue {
        let text: String = offers
            .iter()
            .enumerate()
            .map(|(i, [c, delta, gamma, psi, lambda])| {
                format!(
                    "[[offer]]\nname = \"{i}\"\ncontact_cost = {c:?}\nincentive = {delta:?}\nsave_rate = {gamma:?}\nsave_rate_sd = 0\n\
                     take_up = {psi:?}\ndriven_away = {lambda:?}\n"
                )
            })
            .collect();
        Catalogue::from_toml(&text).unwrap()
    }

    #[test]
    fn a_break_even_is_where_an_offer_may_be_made_and_pays() {
        let offer = |band: &str| {
            let text = format!(
                "[[offer]]\nname = \"a\"\ncontact_cost = 2\nincentive = 0\nsave_rate = 0.1\nsave_rate_sd = 0\ntake_up = 0\n\
                 driven_away = 0\nonly_for = {{ churn_probability = {{ {band} }} }}\n"
            );
            Catalogue::from_toml(&text).unwrap()
        };
        // It pays from 2 / (0.1 × 100) = 0.2 on.
        let at = |band: &str| offer(band).break_even_probability(&stakes(0.1, 100.0), &anyone());
        let close = |found: BreakEven, expected: f64| match found {
            BreakEven::At(at) => assert!((at - expected).abs() < 1e-12, "{at}"),
            other => panic!("{other:?}"),
        };
        close(at("from = 0.1"), 0.2);
        close(at("from = 0.3, to = 0.9"), 0.3);
        assert_eq!(at("to = 0.15"), BreakEven::Never);
    }

    fn stakes(churn: f64, v: f64) -> Stakes {
        let worth = Worth { lifetime_value: money(v), relative_sd: 0.5 };
        Stakes { churn_probability: p(churn), worth, next_order: money(20.0) }
    }

    fn anyone() -> Circumstances<'static> {
        Circumstances {
            tier: None,
            cause: Cause::Unknown,
            days_since_contact: None,
            consents: Consents::default(),
            objects: false,
        }
    }

    proptest! {
        #[test]
        fn the_best_is_never_worse_than_nothing_nor_than_any_offer(
            offers in prop::collection::vec((0.0..20.0_f64, 0.0..30.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64, 0.0..=1.0_f64), 0..5),
            churn in 0.0..=1.0_f64,
            v in 0.0..1e3_f64,
        ) {
            let offers: Vec<[f64; 5]> =
                offers.into_iter().map(|(c, d, g, psi, rest)| [c, d, g, psi, (1.0 - psi) * rest]).collect();
            let catalogue = catalogue(&offers);
            let choice = catalogue.decide(&stakes(churn, v), &anyone());
            let chosen = choice.map_or(Money::ZERO, |choice| choice.net_value);
            prop_assert!(choice.is_none() || chosen > Money::ZERO);
            for offer in catalogue.offers() {
                prop_assert!(offer.terms(money(20.0)).net_value(p(churn), money(v)) <= chosen);
            }
            if let Some(choice) = choice {
                prop_assert!((0.0..=1.0).contains(&choice.pays));
            }
        }
    }

    #[test]
    fn who_may_not_be_offered_anything_is_left_alone() {
        let catalogue = catalogue(&[[0.0, 0.0, 0.5, 0.0, 0.0]]);
        let stakes = stakes(0.5, 100.0);
        assert_eq!(catalogue.decide(&stakes, &anyone()).unwrap().net_value, money(25.0));
        assert_eq!(catalogue.break_even_probability(&stakes, &anyone()), BreakEven::Always);
        let problem = Circumstances { tier: Some(Tier::Problem), ..anyone() };
        assert_eq!(catalogue.decide(&stakes, &problem), None);
        assert_eq!(catalogue.break_even_probability(&stakes, &problem), BreakEven::Never);
    }

    #[test]
    fn of_equal_offers_the_first_is_made() {
        let catalogue = catalogue(&[[1.0, 0.0, 0.5, 0.0, 0.0]; 2]);
        assert_eq!(catalogue.decide(&stakes(0.5, 100.0), &anyone()).unwrap().offer, 0);
    }
}
