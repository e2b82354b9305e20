//! Whom an offer may be made to.

use mainstay_features::units::Probability;

use crate::language::Language;
use crate::segments::play::default_allowed;
use crate::segments::{Cause, Tier};

/// What must be true of a customer for an offer to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Eligibility {
    /// The tiers; a customer whose tier is not known is in none, unless there is no such condition.
    pub tiers: Option<Vec<Tier>>,
    /// The likely causes of churn.
    pub causes: Vec<Cause>,
    /// The lowest and the highest churn probability.
    pub churn_probability: (f64, f64),
    /// So many days must have passed since the last contact; who was never contacted may be.
    pub days_since_contact: f64,
    /// Whether the customer must have said yes to the channel. Who has said no is never contacted by it.
    pub requires_consent: bool,
}

impl Default for Eligibility {
    /// Everyone but customers who are a problem, and those who leave for a reason that no offer touches.
    fn default() -> Self {
        Self {
            tiers: None,
            causes: Cause::ALL.into_iter().filter(|&cause| default_allowed(Tier::Key, cause)).collect(),
            churn_probability: (0.0, 1.0),
            days_since_contact: 0.0,
            requires_consent: false,
        }
    }
}

/// What is known of a customer besides the numbers.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// How much of the shop's business the customer is; `None` where there is no population to compare with.
    pub tier: Option<Tier>,
    /// Why the customer is likely to leave.
    pub cause: Cause,
    /// Whole days since the shop last turned to the customer; `None` where it never did.
    pub days_since_contact: Option<f64>,
    /// What the customer has said to being contacted.
    pub consents: Consents<'a>,
    /// Whether the customer has objected to marketing: no offer at all.
    pub objects: bool,
}

/// What a customer has said to being contacted, by channel; nothing of a channel that is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Consents<'a> {
    /// The channels, in the order of the answers.
    pub channels: &'a [String],
    /// Yes or no; `None` where the shop asks and this customer has not answered.
    pub answers: &'a [Option<bool>],
}

impl Consents<'_> {
    /// The answer for a channel, in whatever case it is written; `None` where the shop has no such list.
    fn of(&self, channel: &str) -> Option<Option<bool>> {
        let place = self.channels.iter().position(|known| known.eq_ignore_ascii_case(channel))?;
        self.answers.get(place).copied()
    }
}

/// Why an offer is not made to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Ineligible {
    /// The customer objects to marketing.
    #[error("objects to marketing")]
    Objects,
    /// Not one of the offer's tiers.
    #[error("not for this tier")]
    Tier,
    /// Not one of the offer's causes.
    #[error("not for this cause")]
    Cause,
    /// The churn probability is outside the offer's band.
    #[error("churn probability outside the offer's band")]
    ChurnProbability,
    /// The last contact is too near.
    #[error("contacted lately")]
    ContactedLately,
    /// There is no consent to the channel.
    #[error("no consent to the channel")]
    NoConsent,
}

impl Ineligible {
    /// What people are told.
    pub fn words(self, language: Language) -> String {
        let chinese = match self {
            Self::Objects => "客户拒绝营销",
            Self::Tier => "不面向该客户等级",
            Self::Cause => "不适用于该流失原因",
            Self::ChurnProbability => "流失概率不在方案范围内",
            Self::ContactedLately => "近期已联系过",
            Self::NoConsent => "未同意该渠道联系",
        };
        language.either(self.to_string(), chinese.to_owned())
    }
}

impl Eligibility {
    /// Whether an offer by a channel may be made.
    pub(super) fn allows(
        &self,
        channel: Option<&str>,
        p: Probability,
        customer: &Circumstances<'_>,
    ) -> Result<(), Ineligible> {
        let (from, to) = self.churn_probability;
        if customer.objects {
            return Err(Ineligible::Objects);
        }
        if !self.allows_tier(customer.tier) {
            return Err(Ineligible::Tier);
        }
        if !self.causes.contains(&customer.cause) {
            return Err(Ineligible::Cause);
        }
        if !(from..=to).contains(&p.get()) {
            return Err(Ineligible::ChurnProbability);
        }
        if customer.days_since_contact.is_some_and(|days| days < self.days_since_contact) {
            return Err(Ineligible::ContactedLately);
        }
        let consent = channel.and_then(|channel| customer.consents.of(channel));
        match consent {
            // A shop that asks and has no yes has no consent.
            Some(answer) if answer != Some(true) => Err(Ineligible::NoConsent),
            None if self.requires_consent => Err(Ineligible::NoConsent),
            _ => Ok(()),
        }
    }

    fn allows_tier(&self, tier: Option<Tier>) -> bool {
        match (&self.tiers, tier) {
            (Some(tiers), Some(tier)) => tiers.contains(&tier),
            (Some(_), None) => false,
            (None, tier) => tier.is_none_or(|tier| default_allowed(tier, Cause::Unknown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tier: Option<Tier>, cause: Cause) -> Circumstances<'static> {
        let consents = Consents::default();
        Circumstances { tier, cause, days_since_contact: None, consents, objects: false }
    }

    fn asked(
        eligibility: &Eligibility,
        channel: Option<&str>,
        p: f64,
        customer: &Circumstances<'_>,
    ) -> Result<(), Ineligible> {
        eligibility.allows(channel, Probability::new(p).unwrap(), customer)
    }

    #[test]
    fn without_conditions_all_but_problems_and_causes_that_no_offer_touches() {
        let plain = Eligibility::default();
        for tier in [None, Some(Tier::Key), Some(Tier::Ordinary), Some(Tier::Small)] {
            assert_eq!(asked(&plain, None, 0.5, &of(tier, Cause::Unknown)), Ok(()));
        }
        assert_eq!(asked(&plain, None, 0.5, &of(Some(Tier::Problem), Cause::Unknown)), Err(Ineligible::Tier));
        for cause in [Cause::Natural, Cause::Forced] {
            assert_eq!(asked(&plain, None, 0.5, &of(None, cause)), Err(Ineligible::Cause));
        }
    }

    #[test]
    fn every_condition_holds() {
        let choosy = Eligibility {
            tiers: Some(vec![Tier::Key]),
            causes: vec![Cause::Price],
            churn_probability: (0.3, 0.9),
            days_since_contact: 30.0,
            requires_consent: false,
        };
        let right = Circumstances { days_since_contact: Some(30.0), ..of(Some(Tier::Key), Cause::Price) };
        assert_eq!(asked(&choosy, None, 0.3, &right), Ok(()));
        assert_eq!(asked(&choosy, None, 0.29, &right), Err(Ineligible::ChurnProbability));
        assert_eq!(asked(&choosy, None, 0.3, &Circumstances { tier: None, ..right }), Err(Ineligible::Tier));
        assert_eq!(
            asked(&choosy, None, 0.3, &Circumstances { cause: Cause::Unknown, ..right }),
            Err(Ineligible::Cause)
        );
        let lately = Circumstances { days_since_contact: Some(29.0), ..right };
        assert_eq!(asked(&choosy, None, 0.3, &lately), Err(Ineligible::ContactedLately));
        assert_eq!(
            asked(&choosy, None, 0.3, &Circumstances { objects: true, ..right }),
            Err(Ineligible::Objects)
        );
    }

    #[test]
    fn a_no_always_counts_and_a_yes_where_it_is_required() {
        let channels = ["phone".to_owned()];
        let with = |answers: &'static [Option<bool>]| Circumstances {
            consents: Consents { channels: &channels, answers },
            ..of(None, Cause::Unknown)
        };
        let (plain, strict) =
            (Eligibility::default(), Eligibility { requires_consent: true, ..Default::default() });
        for (answer, allowed) in [(&[Some(true)] as &[_], true), (&[Some(false)], false), (&[None], false)] {
            for eligibility in [&plain, &strict] {
                assert_eq!(
                    asked(eligibility, Some("phone"), 0.5, &with(answer)).is_ok(),
                    allowed,
                    "{answer:?}"
                );
            }
        }
        // A channel that the shop has no list of.
        assert!(asked(&plain, Some("email"), 0.5, &with(&[Some(true)])).is_ok());
        assert!(asked(&strict, Some("email"), 0.5, &with(&[Some(true)])).is_err());
    }
}
