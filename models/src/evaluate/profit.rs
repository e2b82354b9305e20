//! What a campaign earns by whom it contacts: per customer of the population, in units of money.
//!
//! Contacting costs c. A churner is kept with the chance γ and is then worth V less the incentive δ; a stayer takes the
//! incentive too:
//!
//! profit of contacting = γ·(V − δ) − c of a churner, −(δ + c) of a stayer.
//!
//! γ is Beta distributed. Of a group with a share p of churners, contacting pays where
//! γ > γ*(p) = (c + (1−p)·δ) / (p·(V − δ)). Nobody knows γ when it is decided: what acting on probabilities earns
//! ([`of_acting_on`]) is by its mean. EMPC is as if it were known, so that each γ has its own decision: a measure of
//! rankings over many campaigns, and no money that anybody would have earned.
//!
//! Maximum profit (MPC): Verbeke, Dejaeger, Martens, Hur and Baesens, European Journal of Operational Research 218, 2012.
//! Expected maximum profit (EMPC): Verbraken, Verbeke and Baesens, IEEE Transactions on Knowledge and Data Engineering 25,
//! 2013.

use serde::{Deserialize, Serialize};

use super::beta::Beta;
use super::order::{ascending, churners_among, ties};

/// What contacting costs and earns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// V: what keeping a customer is worth.
    pub value: f64,
    /// δ: the incentive at cost, paid when redeemed.
    pub incentive: f64,
    /// c: the cost of contact, paid always.
    pub contact_cost: f64,
    /// γ: the share of contacted churners who are kept.
    pub save_rate: Beta,
}

impl Default for Campaign {
    fn default() -> Self {
        Self::VERBRAKEN
    }
}

impl Campaign {
    /// V = 200, δ = 10, c = 1, γ ~ Beta(6, 14): the defaults of Verbraken et al. 2013.
    pub const VERBRAKEN: Self =
        Self { value: 200.0, incentive: 10.0, contact_cost: 1.0, save_rate: Beta::SAVE_RATE };

    /// γ*(p): contacting a customer who leaves with chance p pays if more are kept than this; infinite where it never
    /// pays.
    pub fn least_save_rate(&self, p: f64) -> f64 {
        let gain = p * (self.value - self.incentive);
        if gain > 0.0 { (self.contact_cost + (1.0 - p) * self.incentive) / gain } else { f64::INFINITY }
    }

    /// What contacting one customer earns at a save rate.
    pub(super) fn of_contact(&self, save_rate: f64, churned: bool) -> f64 {
        if churned { save_rate * (self.value - self.incentive) - self.contact_cost } else { self.of_stayer() }
    }

    fn of_stayer(&self) -> f64 {
        -(self.incentive + self.contact_cost)
    }
}

/// Expected profit of one customer who was said to leave with chance `p` in [0, 1] and did or did not, where whoever it
/// pays to contact at the mean save rate is contacted. Doing nothing earns 0. Of no ranking is it more than [`maximum`].
pub fn of_acting_on(p: f64, churned: bool, campaign: &Campaign) -> f64 {
    let save_rate = campaign.save_rate.mean();
    if save_rate > campaign.least_save_rate(p) { campaign.of_contact(save_rate, churned) } else { 0.0 }
}

/// The same where the save rate were known before it is decided, expected over save rates: what probabilities are worth
/// over many campaigns. Right ones earn the most: this is a proper score, in money.
pub fn of_acting_once_known(p: f64, churned: bool, campaign: &Campaign) -> f64 {
    let above = campaign.save_rate.above(campaign.least_save_rate(p));
    if churned {
        (campaign.value - campaign.incentive) * above.moment - campaign.contact_cost * above.share
    } else {
        campaign.of_stayer() * above.share
    }
}

/// Expected profit of one customer where everyone is contacted.
pub fn of_contacting(churned: bool, campaign: &Campaign) -> f64 {
    campaign.of_contact(campaign.save_rate.mean(), churned)
}

/// A profit per customer of the population, and η, the share of them it contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profit {
    /// Profit per customer.
    pub per_customer: f64,
    /// Share contacted, in [0, 1].
    pub contacted: f64,
}

impl Profit {
    fn plus(self, other: Self) -> Self {
        Self {
            per_customer: self.per_customer + other.per_customer,
            contacted: self.contacted + other.contacted,
        }
    }
}

/// The most that contacting the highest scores earns at one save rate, with the best threshold in hindsight (MPC); the
/// literature takes the mean of the campaign's.
pub fn maximum(scores: &[f64], churned: &[bool], campaign: &Campaign, save_rate: f64) -> Profit {
    let of_group = |group: &Group| {
        let p = group.churners / group.customers;
        let earned = p * campaign.of_contact(save_rate, true) + (1.0 - p) * campaign.of_stayer();
        if earned > 0.0 { Profit { per_customer: earned, contacted: 1.0 } } else { Profit::default() }
    };
    total(scores, churned, of_group)
}

/// The same expected over save rates, each with its own best threshold (EMPC).
///
/// Between two corners of the ROC curve's convex hull is a group with one share of churners; which of them are contacted at
/// a save rate does not depend on the others. So it is what acting on those shares earns.
pub fn expected_maximum(scores: &[f64], churned: &[bool], campaign: &Campaign) -> Profit {
    let of_group = |group: &Group| {
        let p = group.churners / group.customers;
        let earned = p * of_acting_once_known(p, true, campaign)
            + (1.0 - p) * of_acting_once_known(p, false, campaign);
        let contacted = campaign.save_rate.above(campaign.least_save_rate(p)).share;
        Profit { per_customer: earned, contacted }
    };
    total(scores, churned, of_group)
}

fn total(scores: &[f64], churned: &[bool], of_group: impl Fn(&Group) -> Profit) -> Profit {
    let sum = hull(scores, churned).iter().fold(Profit::default(), |sum, group| {
        let Profit { per_customer, contacted } = of_group(group);
        sum.plus(Profit {
            per_customer: per_customer * group.customers,
            contacted: contacted * group.customers,
        })
    });
    let customers = (scores.len() as f64).max(1.0);
    Profit { per_customer: sum.per_customer / customers, contacted: sum.contacted / customers }
}

/// Customers between two corners of the convex hull of the ROC curve.
struct Group {
    customers: f64,
    churners: f64,
}

/// The hull's groups, highest scores first: neighbours are put together until the share of churners falls from each to the
/// next.
fn hull(scores: &[f64], churned: &[bool]) -> Vec<Group> {
    let ascending = ascending(scores);
    let mut groups: Vec<Group> = Vec::new();
    for tie in ties(scores, &ascending).rev() {
        let mut group = Group { customers: tie.len() as f64, churners: churners_among(tie, churned) };
        while let Some(before) =
            groups.pop_if(|before| before.churners * group.customers <= group.churners * before.customers)
        {
            group.customers += before.customers;
            group.churners += before.churners;
        }
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHURNED: [bool; 8] = [false, true, false, true, false, true, false, true];
    const SCORES: [f64; 8] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9];

    fn save_rate(alpha: f64, beta: f64) -> Beta {
        Beta::try_from((alpha, beta)).unwrap()
    }

    /// Rows of the table in ECONOMICS.md section 3: MPC and EMPC of a ranking.
    fn check(scores: &[f64], churned: &[bool], campaign: Campaign, gamma: f64, mpc: Option<f64>, empc: f64) {
        let most = maximum(scores, churned, &campaign, gamma).per_customer;
        assert!(mpc.is_none_or(|mpc| (most - mpc).abs() < 1e-12), "{campaign:?}: {most}");
        let expected = expected_maximum(scores, churned, &campaign).per_customer;
        assert!((expected - empc).abs() < 5.1e-8, "{campaign:?}: {expected}");
    }

    #[test]
    fn checked_numbers() {
        let standard = Campaign::default();
        let row = |campaign, mpc, empc| check(&SCORES, &CHURNED, campaign, 0.3, mpc, empc);
        row(standard, Some(23.875), 23.8755934);
        row(Campaign { value: 50.0, ..standard }, Some(1.375), 1.9786629);
        row(Campaign { incentive: 100.0, ..standard }, Some(3.625), 3.625);
        row(Campaign { contact_cost: 15.0, ..standard }, Some(11.625), 12.2303315);
        row(Campaign { save_rate: save_rate(2.0, 14.0), ..standard }, None, 7.6709846);
        row(Campaign { save_rate: save_rate(6.0, 5.0), ..standard }, None, 47.1931889);
        let other =
            Campaign { value: 300.0, incentive: 50.0, contact_cost: 25.0, save_rate: save_rate(10.0, 7.0) };
        check(&SCORES, &CHURNED, other, 0.9, Some(71.875), 33.1715527);
        let perfect = CHURNED.map(|churned| f64::from(u8::from(churned)));
        check(&perfect, &CHURNED, standard, 0.3, Some(28.0), 28.0);
        check(&[0.5; 8], &CHURNED, standard, 0.3, Some(22.5), 22.5007912);
    }

    #[test]
    fn checked_shares_contacted() {
        let standard = Campaign::default();
        let eta = |scores: &[f64]| maximum(scores, &CHURNED, &standard, 0.3).contacted;
        assert_eq!(eta(&SCORES), 0.875);
        assert_eq!(eta(&CHURNED.map(|churned| f64::from(u8::from(churned)))), 0.5);
        assert_eq!(eta(&[0.5; 8]), 1.0);
        assert!((expected_maximum(&SCORES, &CHURNED, &standard).contacted - 0.8743701).abs() < 5.1e-8);
    }

    #[test]
    fn acting_on_the_shares_of_the_hull_earns_the_expected_maximum() {
        let campaign = Campaign::default();
        // The hull of SCORES: 0.9 alone, then 0.2 to 0.8, then 0.1.
        let shares = [0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1.0];
        let earned: f64 =
            shares.iter().zip(CHURNED).map(|(&p, churned)| of_acting_once_known(p, churned, &campaign)).sum();
        let expected = expected_maximum(&SCORES, &CHURNED, &campaign).per_customer;
        assert!((earned / 8.0 - expected).abs() < 1e-12);
    }

    #[test]
    fn acting_earns_no_more_than_the_best_threshold_in_hindsight() {
        let campaign = Campaign::default();
        for shift in 0..40 {
            let said = SCORES.map(|score| (score * 0.4 + 0.01 * f64::from(shift)).min(1.0));
            let acted: f64 =
                said.iter().zip(CHURNED).map(|(&p, left)| of_acting_on(p, left, &campaign)).sum();
            let most = maximum(&said, &CHURNED, &campaign, campaign.save_rate.mean()).per_customer;
            assert!(acted / 8.0 <= most + 1e-12, "{shift}: {acted} and {most}");
        }
        assert_eq!(of_acting_on(11.0 / 67.0 - 1e-9, true, &campaign), 0.0, "it does not pay on average");
        assert!((of_acting_on(11.0 / 67.0 + 1e-9, true, &campaign) - 56.0).abs() < 1e-12);
    }

    #[test]
    fn the_true_probability_earns_most() {
        let campaign = Campaign { contact_cost: 5.0, ..Campaign::default() };
        for truth in [0.05, 0.1, 0.2, 0.4, 0.8] {
            let earned = |p: f64| {
                truth * of_acting_once_known(p, true, &campaign)
                    + (1.0 - truth) * of_acting_once_known(p, false, &campaign)
            };
            for said in (0..=100).map(|percent| f64::from(percent) / 100.0) {
                assert!(earned(said) <= earned(truth) + 1e-12, "{said} for {truth}");
            }
            assert!(earned(truth) >= 0.0);
        }
    }

    #[test]
    fn certainty_and_campaigns_that_cannot_pay() {
        let campaign = Campaign::default();
        for churned in [false, true] {
            assert_eq!(of_acting_once_known(0.0, churned, &campaign), 0.0);
            assert_eq!(of_acting_on(0.0, churned, &campaign), 0.0);
            let dear = Campaign { incentive: 200.0, ..campaign };
            assert_eq!(of_acting_once_known(1.0, churned, &dear), 0.0);
            let free = Campaign { incentive: 0.0, contact_cost: 0.0, ..campaign };
            assert!(
                (of_acting_once_known(0.2, churned, &free) - of_contacting(churned, &free)).abs() < 1e-12
            );
        }
        assert_eq!(of_contacting(false, &campaign), -11.0);
        assert!((of_contacting(true, &campaign) - 56.0).abs() < 1e-12);
        assert_eq!(expected_maximum(&[], &[], &campaign), Profit::default());
    }
}
