//! An offer: what can be done, for whom, what it costs, and what it is assumed to do.

use mainstay_features::units::{Money, Probability};

use super::{Circumstances, Eligibility, Ineligible, SaveRate, Terms};
use crate::language::Language;

/// Something that can be offered to a customer. Its numbers are possible ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub(super) name: String,
    pub(super) channel: Option<String>,
    pub(super) contact_cost: Money,
    pub(super) incentive: Incentive,
    pub(super) save_rate: SaveRate,
    pub(super) win_back_rate: Option<SaveRate>,
    pub(super) take_up: f64,
    pub(super) driven_away: f64,
    pub(super) eligibility: Eligibility,
    pub(super) capacity: Option<u64>,
    pub(super) words: Words,
}

/// δ: what is given to whoever redeems the offer, at cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Incentive {
    /// An amount.
    Fixed(Money),
    /// A share of what the next order is expected to come to.
    ShareOfNextOrder {
        /// In [0, 1].
        share: f64,
        /// The most it comes to.
        cap: Option<Money>,
    },
}

impl Incentive {
    /// What it costs for a customer whose next order is expected to come to this.
    pub fn amount(&self, next_order: Money) -> Money {
        match *self {
            Self::Fixed(amount) => amount,
            Self::ShareOfNextOrder { share, cap } => {
                let amount = next_order * share;
                cap.map_or(amount, |cap| if amount < cap { amount } else { cap })
            }
        }
    }
}

/// What a colleague says when making the offer; empty where nothing is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub(super) english: String,
    pub(super) chinese: String,
}

/// Where an offer's words have this, the incentive's amount is said.
pub(super) const INCENTIVE_PLACE: &str = "{incentive}";

impl Words {
    /// The sentence in a language, as it is written; empty where there is none.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }

    /// The sentence for a customer with this incentive; in another language where there is none in this.
    pub fn say(&self, language: Language, incentive: Money) -> String {
        let others = Language::ALL.into_iter().map(|other| self.of(other));
        let sentence =
            [self.of(language)].into_iter().chain(others).find(|text| !text.is_empty()).unwrap_or_default();
        let amount = format!("{:.2}", incentive.get());
        // Nobody says ten point nought nought yuan.
        let amount = language.either(amount.as_str(), amount.strip_suffix(".00").unwrap_or(&amount));
        sentence.replace(INCENTIVE_PLACE, amount)
    }
}

impl Offer {
    /// What it is called; the action of whoever it is recommended for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How customers are reached, such as `phone`; what they have consented to is asked by this name.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// c: cost of contacting, paid always.
    pub fn contact_cost(&self) -> Money {
        self.contact_cost
    }

    /// δ: incentive at cost, paid when redeemed.
    pub fn incentive(&self) -> Incentive {
        self.incentive
    }

    /// γ: share of would-be churners it keeps, and how well it is known.
    pub fn save_rate(&self) -> &SaveRate {
        &self.save_rate
    }

    /// The share of those who have left whom it brings back, and how well it is known; `None` where it is not tried on
    /// them.
    pub fn win_back_rate(&self) -> Option<&SaveRate> {
        self.win_back_rate.as_ref()
    }

    /// ψ: share of would-stay customers who take the incentive anyway.
    pub fn take_up(&self) -> f64 {
        self.take_up
    }

    /// λ: share of would-stay customers whom the contact drives away.
    pub fn driven_away(&self) -> f64 {
        self.driven_away
    }

    /// Whom it may be made to.
    pub fn eligibility(&self) -> &Eligibility {
        &self.eligibility
    }

    /// How many customers it can be made to at a time; `None` without a limit.
    pub fn capacity(&self) -> Option<u64> {
        self.capacity
    }

    /// What a colleague says.
    pub fn words(&self) -> &Words {
        &self.words
    }

    /// What it comes to for a customer whose next order is expected to come to this.
    pub fn terms(&self, next_order: Money) -> Terms {
        Terms {
            contact_cost: self.contact_cost,
            incentive: self.incentive.amount(next_order),
            save_rate: self.save_rate.mean(),
            take_up: self.take_up,
            driven_away: self.driven_away,
        }
    }

    /// Whether it may be made to a customer.
    ///
    /// # Errors
    /// Why not.
    pub fn allows(&self, p: Probability, circumstances: &Circumstances<'_>) -> Result<(), Ineligible> {
        self.eligibility.allows(self.channel(), p, circumstances)
    }
}
