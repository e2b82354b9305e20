//! What an offer comes to for one customer, and what making it is expected to earn.
//!
//! With p the probability of churn, γ the save rate, ψ the take-up by loyal customers, λ the share driven away, V the
//! lifetime value, δ the incentive and c the contact cost (docs/economics.md; ψ = 1 and λ = 0 give
//! Neslin et al. 2006, J. Marketing Research 43):
//!
//! NV = p·γ·(V − δ) − (1 − p)·(ψ·δ + λ·V) − c.

use mainstay_features::units::{Money, Probability};

/// The numbers of an offer for one customer; the incentive is an amount here, whatever it is a share of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// c: cost of contacting, paid always; not negative.
    pub contact_cost: Money,
    /// δ: incentive at cost, paid when redeemed; not negative.
    pub incentive: Money,
    /// γ: share of would-be churners it keeps, in [0, 1].
    pub save_rate: f64,
    /// ψ: share of would-stay customers who take the incentive anyway, in [0, 1].
    pub take_up: f64,
    /// λ: share of would-stay customers whom the contact drives away, in [0, 1 − ψ].
    pub driven_away: f64,
}

/// The net value's parts, each with the sign it has in [`Self::net_value`] taken off: all but the first are costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ledger {
    /// p·γ·V: what the would-be churners who are kept are worth.
    pub saved: Money,
    /// p·γ·δ: the incentives they redeem.
    pub incentive_to_saved: Money,
    /// (1 − p)·ψ·δ: the incentives redeemed by who would have stayed anyway.
    pub incentive_to_loyal: Money,
    /// (1 − p)·λ·V: what those are worth whom the contact drives away.
    pub driven_away: Money,
    /// c: the contact.
    pub contact: Money,
}

impl Ledger {
    /// NV: what making the offer is expected to earn over doing nothing.
    pub fn net_value(&self) -> Money {
        self.saved - self.incentive_to_saved - self.incentive_to_loyal - self.driven_away - self.contact
    }

    /// What is expected to be paid out, c + ρδ: what a budget pays.
    pub fn spend(&self) -> Money {
        self.incentive_to_saved + self.incentive_to_loyal + self.contact
    }
}

impl Terms {
    /// The parts of the net value of a customer with this churn probability and lifetime value.
    pub fn ledger(&self, p: Probability, lifetime_value: Money) -> Ledger {
        let (saved, stays) = (p.get() * self.save_rate, 1.0 - p.get());
        Ledger {
            saved: lifetime_value * saved,
            incentive_to_saved: self.incentive * saved,
            incentive_to_loyal: self.incentive * (stays * self.take_up),
            driven_away: lifetime_value * (stays * self.driven_away),
            contact: self.contact_cost,
        }
    }

    /// NV: see [`Ledger::net_value`].
    pub fn net_value(&self, p: Probability, lifetime_value: Money) -> Money {
        self.ledger(p, lifetime_value).net_value()
    }

    /// τ = pγ − (1 − p)λ: the net share that is kept.
    pub fn net_share_kept(&self, p: Probability) -> f64 {
        p.get() * self.save_rate - (1.0 - p.get()) * self.driven_away
    }

    /// ρ = pγ + (1 − p)ψ: the share that redeems the incentive.
    pub fn share_redeeming(&self, p: Probability) -> f64 {
        p.get() * self.save_rate + (1.0 - p.get()) * self.take_up
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::decision) fn money(amount: f64) -> Money {
        Money::new(amount).unwrap()
    }

    pub(in crate::decision) fn p(p: f64) -> Probability {
        Probability::new(p).unwrap()
    }

    /// Terms by c, δ, γ, ψ, λ.
    pub(in crate::decision) fn terms([c, delta, gamma, psi, lambda]: [f64; 5]) -> Terms {
        Terms {
            contact_cost: money(c),
            incentive: money(delta),
            save_rate: gamma,
            take_up: psi,
            driven_away: lambda,
        }
    }

    prop_compose! {
        /// Any terms that are possible.
        pub(in crate::decision) fn any_terms()(
            c in 0.0..50.0_f64, delta in 0.0..100.0_f64, gamma in 0.0..=1.0_f64, psi in 0.0..=1.0_f64, rest in 0.0..=1.0_f64,
        ) -> Terms {
            terms([c, delta, gamma, psi, (1.0 - psi) * rest])
        }
    }

    fn close(ours: f64, theirs: f64) -> bool {
        (ours - theirs).abs() < 5e-7
    }

    /// ECONOMICS.md section 1, "Checked".
    #[test]
    fn section_1_checked_net_values() {
        let textbook = terms([1.0, 10.0, 0.3, 1.0, 0.0]);
        for (probability, expected) in [(0.2, 2.40), (0.5, 22.50), (0.9, 49.30)] {
            assert!(close(textbook.net_value(p(probability), money(200.0)).get(), expected));
        }
        // "The naive rule p·γ·V − cost (no payment to loyal customers) says 1.00 at p = .2, cost 11."
        assert!(close(0.2 * 0.3 * 200.0 - 11.0, 1.00));
    }

    proptest! {
        #[test]
        fn the_identity_with_net_share_kept_and_share_redeeming(
            terms in any_terms(), churn in 0.0..=1.0_f64, v in -1e3..1e4_f64,
        ) {
            let (tau, rho) = (terms.net_share_kept(p(churn)), terms.share_redeeming(p(churn)));
            let (delta, c) = (terms.incentive.get(), terms.contact_cost.get());
            let ledger = terms.ledger(p(churn), money(v));
            prop_assert!((ledger.net_value().get() - (tau * v - rho * delta - c)).abs() < 1e-9 * (1.0 + v.abs()));
            prop_assert!((ledger.spend().get() - (c + rho * delta)).abs() < 1e-9);
        }

        /// Section 1: NV falls in c; ∂NV/∂V = τ, ∂NV/∂γ = p(V − δ), ∂NV/∂p = γ(V − δ) + ψδ + λV. It is linear in each, so a
        /// step tells the slope.
        #[test]
        fn the_net_value_moves_as_section_1_says(
            terms in any_terms(), churn in 0.0..=0.5_f64, v in -1e3..1e4_f64, step in 0.01..0.5_f64,
        ) {
            let at = |terms: &Terms, churn: f64, v: f64| terms.net_value(p(churn), money(v)).get();
            let now = at(&terms, churn, v);
            let close = |moved: f64, slope: f64| (moved - now - step * slope).abs() < 1e-8 * (1.0 + v.abs());
            let delta = terms.incentive.get();
            let dearer = Terms { contact_cost: terms.contact_cost + money(step), ..terms };
            prop_assert!(close(at(&dearer, churn, v), -1.0));
            prop_assert!(close(at(&terms, churn, v + step), terms.net_share_kept(p(churn))));
            let better = Terms { save_rate: terms.save_rate + step, ..terms };
            prop_assert!(close(at(&better, churn, v), churn * (v - delta)));
            let slope = terms.save_rate * (v - delta) + terms.take_up * delta + terms.driven_away * v;
            prop_assert!(close(at(&terms, churn + step, v), slope));
        }
    }
}
