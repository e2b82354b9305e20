//! Net value of an offer and the probability at which it breaks even.
//!
//! With p the probability of churn, γ the save rate, ψ the take-up by loyal customers, λ the share driven away, V the
//! lifetime value, δ the incentive and c the contact cost (docs/economics.md; ψ = 1 and λ = 0 give
//! Neslin et al. 2006, J. Marketing Research 43):
//!
//! NV = p·γ·(V − δ) − (1 − p)·(ψ·δ + λ·V) − c.

use mainstay_features::units::{Money, Probability};

use super::Offer;

/// What making the offer is expected to earn over doing nothing.
pub fn net_value(offer: &Offer, p: Probability, lifetime_value: Money) -> Money {
    let saved = (lifetime_value - offer.incentive()) * (p.get() * offer.save_rate());
    let stayers = cost_of_a_stayer(offer, lifetime_value) * (1.0 - p.get());
    saved - stayers - offer.contact_cost()
}

/// ψ·δ + λ·V: what contacting a customer costs who would have stayed anyway.
fn cost_of_a_stayer(offer: &Offer, lifetime_value: Money) -> Money {
    offer.incentive() * offer.take_up() + lifetime_value * offer.driven_away()
}

/// The lowest churn probability at which an offer pays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakEven {
    /// At any probability above 0.
    Always,
    /// From this one on.
    At(Probability),
    /// At none.
    Never,
}

impl BreakEven {
    /// The lower of two.
    pub fn lower(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, lower) | (lower, Self::Never) => lower,
            (Self::At(a), Self::At(b)) => Self::At(if b < a { b } else { a }),
        }
    }
}

/// p* = (c + ψδ + λV) / (γ(V − δ) + ψδ + λV). The net value is a line in p that starts at −(c + ψδ + λV): if it does
/// not rise, or reaches 0 only beyond p = 1, the offer never pays; if it starts at 0 and rises, it always does.
pub fn break_even_probability(offer: &Offer, lifetime_value: Money) -> BreakEven {
    let stayer = cost_of_a_stayer(offer, lifetime_value);
    let start = (offer.contact_cost() + stayer).get();
    let slope = ((lifetime_value - offer.incentive()) * offer.save_rate() + stayer).get();
    if slope <= 0.0 {
        return BreakEven::Never;
    }
    match Probability::new(start / slope) {
        Some(p) if p.get() == 0.0 => BreakEven::Always,
        Some(p) => BreakEven::At(p),
        None => BreakEven::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Catalogue, decide};
    use proptest::prelude::*;

    fn offer(save_rate: f64, incentive: f64, cost: f64, take_up: f64, driven_away: f64) -> Offer {
        Offer::new("offer", cost, incentive, save_rate, take_up, driven_away).unwrap()
    }

    fn money(amount: f64) -> Money {
        Money::new(amount).unwrap()
    }

    fn p(p: f64) -> Probability {
        Probability::new(p).unwrap()
    }

    fn close(ours: f64, theirs: f64) -> bool {
        (ours - theirs).abs() < 5e-7
    }

    /// ECONOMICS.md section 1, "Checked".
    #[test]
    fn section_1_checked_numbers() {
        let textbook = offer(0.3, 10.0, 1.0, 1.0, 0.0);
        let v = money(200.0);
        for (probability, expected) in [(0.2, 2.40), (0.5, 22.50), (0.9, 49.30)] {
            assert!(close(net_value(&textbook, p(probability), v).get(), expected));
        }
        let BreakEven::At(p_star) = break_even_probability(&textbook, v) else { panic!("a number") };
        assert!(close(p_star.get(), 0.164_179), "{p_star:?}");
        // The section checks λ = .02 beside ψ = 1, which no catalogue may hold: the two are disjoint shares.
        let sleeping_dogs = Offer { driven_away: 0.02, ..textbook };
        let BreakEven::At(p_star) = break_even_probability(&sleeping_dogs, v) else { panic!("a number") };
        assert!(close(p_star.get(), 0.211_268), "{p_star:?}");
    }

    #[test]
    fn break_evens_that_are_no_numbers() {
        assert_eq!(break_even_probability(&offer(0.3, 0.0, 0.0, 0.0, 0.0), money(10.0)), BreakEven::Always);
        assert_eq!(break_even_probability(&offer(0.3, 20.0, 1.0, 0.0, 0.0), money(10.0)), BreakEven::Never);
        assert_eq!(break_even_probability(&offer(0.3, 0.0, 9.0, 0.0, 0.0), money(10.0)), BreakEven::Never);
        assert_eq!(break_even_probability(&offer(0.0, 0.0, 0.0, 0.0, 0.0), money(10.0)), BreakEven::Never);
    }

    fn shares() -> impl Strategy<Value = (f64, f64)> {
        (0.0..=1.0, 0.0..=1.0).prop_map(|(a, b): (f64, f64)| (a, (1.0 - a) * b))
    }

    proptest! {
        /// NV = τV − ρδ − c with τ = pγ − (1−p)λ and ρ = pγ + (1−p)ψ.
        #[test]
        fn the_identity_holds(
            prob in 0.0..=1.0, gamma in 0.0..=1.0, (psi, lambda) in shares(),
            v in 0.0..1e4, delta in 0.0..1e3, c in 0.0..100.0,
        ) {
            let tau = prob * gamma - (1.0 - prob) * lambda;
            let rho = prob * gamma + (1.0 - prob) * psi;
            let ours = net_value(&offer(gamma, delta, c, psi, lambda), p(prob), money(v)).get();
            prop_assert!((ours - (tau * v - rho * delta - c)).abs() < 1e-9 * (1.0 + v + delta + c));
        }

        /// The net value changes its sign at the break-even and nowhere else.
        #[test]
        fn an_offer_pays_exactly_above_its_break_even(
            prob in 0.0..=1.0, gamma in 0.0..=1.0, (psi, lambda) in shares(),
            v in 0.0..1e4, delta in 0.0..1e3, c in 0.0..100.0,
        ) {
            let offer = offer(gamma, delta, c, psi, lambda);
            let value = net_value(&offer, p(prob), money(v)).get();
            match break_even_probability(&offer, money(v)) {
                BreakEven::Always => prop_assert!(prob == 0.0 || value >= 0.0),
                BreakEven::Never => prop_assert!(value < 1e-6),
                BreakEven::At(p_star) if (prob - p_star.get()).abs() > 1e-6 => {
                    prop_assert_eq!(value > 0.0, prob > p_star.get());
                }
                BreakEven::At(_) => {}
            }
        }

        /// Doing nothing is always there, so no decision is worth less than nothing, and none less than an offer.
        #[test]
        fn the_decision_is_never_worse_than_any_choice(
            prob in 0.0..=1.0, gammas in prop::collection::vec(0.0..=1.0, 0..4), v in 0.0..1e4, delta in 0.0..1e3,
        ) {
            let offers: Vec<Offer> = gammas
                .iter()
                .enumerate()
                .map(|(i, &gamma)| {
                    Offer::new(&format!("offer {i}"), 1.0, delta * i as f64, gamma, 0.5, 0.01).unwrap()
                })
                .collect();
            let catalogue = Catalogue::new(offers).unwrap();
            let decision = decide(&catalogue, p(prob), money(v));
            prop_assert!(decision.net_value >= Money::ZERO);
            prop_assert_eq!(decision.offer.is_some(), decision.net_value > Money::ZERO);
            for offer in catalogue.offers() {
                prop_assert!(decision.net_value >= net_value(offer, p(prob), money(v)));
            }
        }
    }
}
