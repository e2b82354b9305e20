//! Winning back: the same comparison for who has left already, p = 1.
//!
//! NV = γ·(V − δ) − c with γ the win-back rate, the test "E(V) − V₃ > C₃" of textbooks: what is expected with the attempt,
//! γ·(V − δ), less what is expected without it, 0, against what the attempt costs, c. ψ and λ are about customers who
//! would have stayed, of whom there are none.

use super::{Catalogue, Offer};
use crate::segments::play::default_allowed;
use crate::segments::{Cause, Tier};

impl Catalogue {
    /// The offers as they are made to who has left: those with a win-back rate, in place of the save rate.
    ///
    /// None is made to problem customers, nor where the cause is natural or forced, whatever the offer says: the play is to
    /// let go, and not to win back. The band of churn probabilities is for customers who may leave.
    pub fn for_winning_back(&self) -> Self {
        Self { offers: self.offers.iter().filter_map(Offer::for_winning_back).collect() }
    }
}

impl Offer {
    fn for_winning_back(&self) -> Option<Self> {
        let save_rate = self.win_back_rate.clone()?;
        let mut offer = Self { save_rate, ..self.clone() };
        let eligibility = &mut offer.eligibility;
        eligibility.churn_probability = (0.0, 1.0);
        eligibility.causes.retain(|&cause| default_allowed(Tier::Key, cause));
        if let Some(tiers) = &mut eligibility.tiers {
            tiers.retain(|&tier| default_allowed(tier, Cause::Unknown));
        }
        Some(offer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::terms::tests::{any_terms, money, p};
    use super::super::{BreakEven, Circumstances, Consents, Stakes, Worth};
    use super::*;

    const OFFERS: &str = r#"
        [[offer]]
        name = "call"
        contact_cost = 3
        incentive = 10
        save_rate = 0.4
        save_rate_sd = 0.1
        win_back_rate = 0.1
        win_back_rate_sd = 0.02
        take_up = 0.5
        driven_away = 0.2
        only_for = { tiers = ["key", "problem"], causes = ["unknown", "forced"], churn_probability = { to = 0.9 } }

        [[offer]]
        name = "mail"
        contact_cost = 0.1
        incentive = 0
        save_rate = 0.9
        save_rate_sd = 0
        take_up = 0
        driven_away = 0
    "#;

    fn lapsed(v: f64) -> Stakes {
        let worth = Worth { lifetime_value: money(v), relative_sd: 0.0 };
        Stakes { churn_probability: p(1.0), worth, next_order: money(20.0) }
    }

    fn of(tier: Tier, cause: Cause) -> Circumstances<'static> {
        let consents = Consents::default();
        Circumstances { tier: Some(tier), cause, days_since_contact: None, consents, objects: false }
    }

    #[test]
    fn an_offer_without_a_win_back_rate_is_not_tried_on_who_has_left() {
        let catalogue = Catalogue::from_toml(OFFERS).unwrap().for_winning_back();
        assert_eq!(catalogue.offers().iter().map(Offer::name).collect::<Vec<_>>(), ["call"]);
        let choice = catalogue.decide(&lapsed(60.0), &of(Tier::Key, Cause::Unknown)).unwrap();
        // .1·(60 − 10) − 3, and not by the save rate.
        assert!((choice.net_value.get() - 2.0).abs() < 1e-12);
        assert_eq!(
            catalogue.decide(&lapsed(39.0), &of(Tier::Key, Cause::Unknown)),
            None,
            "it would lose 0.1"
        );
    }

    #[test]
    fn who_is_to_be_let_go_is_not_won_back_whatever_an_offer_says() {
        let catalogue = Catalogue::from_toml(OFFERS).unwrap().for_winning_back();
        for (tier, cause) in
            [(Tier::Problem, Cause::Unknown), (Tier::Key, Cause::Forced), (Tier::Key, Cause::Natural)]
        {
            assert_eq!(catalogue.decide(&lapsed(1e6), &of(tier, cause)), None, "{tier:?} {cause:?}");
        }
    }

    proptest! {
        /// ECONOMICS.md section 1: "the same comparison with p → 1".
        #[test]
        fn at_p_1_only_who_has_left_counts(terms in any_terms(), v in 0.0..1e4_f64) {
            let (c, delta, gamma) = (terms.contact_cost.get(), terms.incentive.get(), terms.save_rate);
            let ledger = terms.ledger(p(1.0), money(v));
            prop_assert!((ledger.net_value().get() - (gamma * (v - delta) - c)).abs() < 1e-9 * (1.0 + v));
            prop_assert_eq!((ledger.incentive_to_loyal, ledger.driven_away), (money(0.0), money(0.0)));
            let at = terms.break_evens(p(1.0), money(v));
            if let BreakEven::At(least) = at.lifetime_value {
                prop_assert!((least - (delta + c / gamma)).abs() < 1e-9 * (1.0 + least));
            }
            if let BreakEven::At(least) = at.save_rate {
                prop_assert!((least - c / (v - delta)).abs() < 1e-9);
            }
        }
    }
}
