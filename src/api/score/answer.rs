//! What is answered about a customer who is scored.

use mainstay_features::units::Instant;
use mainstay_models::decision::{BreakEven, BreakEvens, Circumstances, Consents, DO_NOTHING, Ledger, Terms};
use mainstay_models::explain::Told;
use mainstay_models::language::Language;
use mainstay_models::model::Basis;
use mainstay_models::segments::{Cause, LikelyCause, Stage, Tier, TierCuts, is_problem};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::Decided;
use super::subject::Subject;
use crate::events::CustomerId;
use crate::schema::{BasisWord, BreakEvenAt, CauseWord, GradeWord, Identifier, StageWord, TierWord};
use crate::service::{Explanation, Scored, Service, why_in};
use crate::suppressed::Suppressed;

/// A customer's score, and what to do about the customer.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Score<'a> {
    /// As it was given; null where it was not.
    #[schema(required, value_type = Option<Identifier>)]
    customer_id: Option<CustomerId>,
    /// The instant as of which the customer was scored; null where features came without one: the lifetime value then does not heed the
    /// time of year.
    #[schema(required, format = DateTime)]
    as_of: Option<String>,
    /// Of no purchase, or of the contract's end, within the model's horizon, if the shop goes on as it did.
    #[schema(minimum = 0, maximum = 1)]
    churn_probability: f64,
    /// Up to three sentences, the strongest first: what makes the customer more likely to leave than is usual.
    why: Vec<String>,
    /// Every column the model sees, the largest contribution first. Of a request that asks to be explained, as are the
    /// three that follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<Reason>>,
    /// The log-odds of the usual customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_log_odds: Option<f64>,
    /// What calibration adds to the log-odds.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<f64>,
    /// What the expected shift of the churn rate adds to them.
    #[serde(skip_serializing_if = "Option::is_none")]
    season_shift: Option<f64>,
    /// Features the model was trained with that the request cannot tell: they count as unknown.
    untold_features: Vec<&'static str>,
    /// What keeping the customer is worth, in the shop's currency: (`purchases_if_kept` − `purchases_if_left`) × `purchase_amount` × the margin.
    lifetime_value: f64,
    /// How many purchases are expected of the customer if kept, each discounted to today.
    purchases_if_kept: f64,
    /// How many are expected even if they leave, as some come back by themselves, likewise discounted; null where that is not known, and nothing is taken off for it.
    purchases_if_left: Option<f64>,
    /// What a purchase is expected to come to.
    purchase_amount: f64,
    /// How well the lifetime value is known: its standard deviation as a share of it.
    lifetime_value_relative_sd: f64,
    /// By the lifetime values of the newest list; null before there is one.
    #[schema(required, value_type = Option<TierWord>)]
    value_tier: Option<&'static str>,
    /// How far along the customer is.
    #[schema(value_type = StageWord)]
    lifecycle_stage: &'static str,
    /// Why the customer is likely to leave.
    #[schema(value_type = CauseWord)]
    likely_cause: &'static str,
    /// What speaks for that.
    cause_evidence: String,
    /// The offer with the highest net value of those that may be made, or `do nothing`.
    #[schema(value_type = String)]
    action: &'a str,
    /// Of `do nothing`, why none of the offers is made: by offer, where they differ; null where one is made, and where there are no
    /// offers.
    #[schema(required)]
    why_nothing: Option<String>,
    /// What a colleague says when making the offer; null for `do nothing`.
    #[schema(required)]
    say: Option<String>,
    /// What the action is expected to earn over doing nothing; 0 for `do nothing`.
    net_value: f64,
    /// The probability that it earns anything; null for `do nothing`.
    #[schema(required, minimum = 0, maximum = 1)]
    pays_probability: Option<f64>,
    /// The offer's terms for this customer.
    terms: TermsTold,
    /// What the net value is made of.
    ledger: LedgerTold,
    /// The lowest churn probability at which the action pays; for `do nothing`, at which the first of the offers would.
    #[schema(value_type = BreakEvenAt)]
    break_even_probability: BreakEvenTold,
    /// The lowest save rate at which it pays; null for `do nothing`, as are the two that follow.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_save_rate: Option<BreakEvenTold>,
    /// The highest incentive at which it pays.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_incentive: Option<BreakEvenTold>,
    /// The lowest lifetime value at which it pays.
    #[schema(required, value_type = Option<BreakEvenAt>)]
    break_even_lifetime_value: Option<BreakEvenTold>,
    /// Which of the model's features answered: all, or the core, where the request gives no other.
    #[schema(value_type = BasisWord)]
    basis: Basis,
    /// The model's name: its kind and the start of its checksum.
    #[schema(value_type = String)]
    model: &'a str,
    /// How what answers was judged.
    #[schema(value_type = GradeWord)]
    verdict: &'static str,
}

/// A column the model sees, with what it contributes to the log-odds.
#[derive(Serialize, ToSchema)]
struct Reason {
    /// The column's name.
    #[schema(value_type = String)]
    feature: &'static str,
    /// Null where there is none.
    #[schema(required)]
    value: Option<f64>,
    /// To the log-odds, beyond what is usual among the customers of the training's newest snapshot.
    contribution: f64,
    /// The same as a sentence, where there is one for it.
    #[schema(required)]
    text: Option<String>,
}

/// What an action comes to.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct TermsTold {
    /// What it costs to turn to the customer.
    contact_cost: f64,
    /// What the customer is given.
    incentive: f64,
    /// Of those who would leave, the share who stay for it.
    save_rate: f64,
    /// Of those who stay anyway, the share who take the incentive.
    take_up: f64,
    /// Of those who would stay, the share whom it makes leave.
    driven_away: f64,
}

impl From<Terms> for TermsTold {
    fn from(terms: Terms) -> Self {
        Self {
            contact_cost: terms.contact_cost.get(),
            incentive: terms.incentive.get(),
            save_rate: terms.save_rate,
            take_up: terms.take_up,
            driven_away: terms.driven_away,
        }
    }
}

/// The parts of a net value: the first less the others.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct LedgerTold {
    /// What is kept of the customer's lifetime value.
    value_saved: f64,
    /// What those who are kept by it are given.
    incentive_to_saved: f64,
    /// What those who would have stayed anyway are given.
    incentive_to_loyal: f64,
    /// What is lost with those whom it makes leave.
    value_driven_away: f64,
    /// What it costs to turn to the customer.
    contact_cost: f64,
}

impl From<Ledger> for LedgerTold {
    fn from(ledger: Ledger) -> Self {
        Self {
            value_saved: ledger.saved.get(),
            incentive_to_saved: ledger.incentive_to_saved.get(),
            incentive_to_loyal: ledger.incentive_to_loyal.get(),
            value_driven_away: ledger.driven_away.get(),
            contact_cost: ledger.contact.get(),
        }
    }
}

/// From when on an action pays: a number, `always` or `never`.
pub(in crate::api) struct BreakEvenTold(BreakEven);

impl From<BreakEven> for BreakEvenTold {
    fn from(at: BreakEven) -> Self {
        Self(at)
    }
}

impl Serialize for BreakEvenTold {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            BreakEven::Always => to.serialize_str("always"),
            BreakEven::At(number) => to.serialize_f64(number),
            BreakEven::Never => to.serialize_str("never"),
        }
    }
}

/// What stands beside a model when it answers: the same for every customer of a request.
pub(super) struct Desk<'a> {
    pub(super) service: &'a Service,
    /// The lifetime values between the tiers of the newest scored list; none before there is one.
    pub(super) tiers: Option<TierCuts>,
    pub(super) suppressed: &'a Suppressed,
    /// The model's name.
    pub(super) model: String,
}

impl<'a> Desk<'a> {
    /// Of a service.
    pub(super) fn of(service: &'a Service, tiers: Option<TierCuts>, suppressed: &'a Suppressed) -> Self {
        Self { service, tiers, suppressed, model: service.artifact().name() }
    }

    /// What is decided about a customer of whom there are only features.
    pub(super) fn decided(&self, scored: &Scored, days_since_contact: Option<f64>) -> Decided {
        let catalogue = self.service.catalogue();
        let cause = LikelyCause::of(&scored.signs, None).cause;
        let circumstances = self.circumstances(scored, days_since_contact, cause, false);
        let choice = catalogue.decide(&scored.stakes(), &circumstances);
        Decided {
            churn_probability: scored.churn_probability.get(),
            lifetime_value: scored.worth.lifetime_value.get(),
            net_value: choice.map_or(0.0, |choice| choice.net_value.get()),
            action: choice.map_or(DO_NOTHING, |choice| catalogue.offers()[choice.offer].name()).to_owned(),
        }
    }

    /// What bears on a decision besides what is at stake, of a customer who has said nothing; `problem` is whether the shop
    /// has recorded one.
    fn circumstances(
        &self,
        scored: &Scored,
        days_since_contact: Option<f64>,
        cause: Cause,
        problem: bool,
    ) -> Circumstances<'static> {
        let is_problem = is_problem(&scored.signs, problem, cause);
        // Without a scored list there is nothing to tell a tier by; a problem is one without.
        let tier = self.tiers.unwrap_or_default().tier(scored.worth.lifetime_value.get(), is_problem);
        Circumstances {
            tier: (is_problem || self.tiers.is_some()).then_some(tier),
            cause,
            days_since_contact,
            consents: Consents::default(),
            objects: false,
        }
    }

    /// The answer about one customer; `explanation` where the request asks to be explained.
    pub(super) fn answer(
        &'a self,
        subject: Subject,
        scored: &Scored,
        why: &[Told],
        explanation: Option<&Explanation>,
    ) -> Score<'a> {
        let (service, language) = (self.service, subject.language);
        let likely = LikelyCause::of(&scored.signs, subject.churn_cause.as_deref());
        let stakes = scored.stakes();
        let value = stakes.worth.lifetime_value;
        let circumstances = Circumstances {
            consents: Consents { channels: &subject.channels, answers: &subject.answers },
            objects: subject.customer_id.as_ref().is_some_and(|id| self.suppressed.has(&id.to_text())),
            ..self.circumstances(scored, subject.days_since_contact, likely.cause, subject.problem)
        };
        let catalogue = service.catalogue();
        let choice = catalogue.decide(&stakes, &circumstances);
        let terms = choice.map_or_else(Terms::default, |choice| choice.terms);
        let BreakEvens { churn_probability, save_rate, incentive, lifetime_value } =
            terms.break_evens(stakes.churn_probability, value);
        let offer = choice.map(|choice| &catalogue.offers()[choice.offer]);
        let with_offer = |at: BreakEven| offer.map(|_| at.into());
        let break_even_probability = match offer {
            Some(_) => churn_probability,
            None => catalogue.break_even_probability(&stakes, &circumstances),
        };
        // What nobody has told is unknown, and not known not to be.
        let is_told = |told: &Told| !(told.is_of_no_value() && subject.untold.contains(&told.feature()));
        let why: Vec<Told> = why.iter().copied().filter(is_told).collect();
        let (mut reasons, mut sums) = (None, None);
        if let Some(explanation) = explanation {
            sums = Some((explanation.base, explanation.calibration, explanation.shift));
            let reason = |reason: &crate::service::Reason| {
                let told = reason.told.filter(is_told);
                Reason::of(&crate::service::Reason { told, ..reason.clone() }, language)
            };
            reasons = Some(explanation.reasons.iter().map(reason).collect());
        }
        Score {
            as_of: subject.as_of.map(|instant: Instant| instant.to_string()),
            churn_probability: scored.churn_probability.get(),
            why: why_in(&why, language),
            reasons,
            base_log_odds: sums.map(|(base, ..)| base),
            calibration: sums.map(|(_, calibration, _)| calibration),
            season_shift: sums.map(|(.., shift)| shift),
            untold_features: subject.untold,
            lifetime_value: value.get(),
            purchases_if_kept: scored.expected.discounted_purchases,
            purchases_if_left: scored.expected.discounted_if_left,
            purchase_amount: scored.expected.mean_amount,
            lifetime_value_relative_sd: stakes.worth.relative_sd,
            value_tier: circumstances.tier.map(Tier::name),
            lifecycle_stage: Stage::of(&scored.signs, service.artifact().settings.horizon).name(),
            likely_cause: likely.cause.name(),
            cause_evidence: likely.sentence(language),
            action: offer.map_or(DO_NOTHING, |offer| offer.name()),
            why_nothing: match offer {
                Some(_) => None,
                None => catalogue.why_nothing(stakes.churn_probability, &circumstances, language),
            },
            say: offer.map(|offer| offer.words().say(language, terms.incentive)),
            net_value: choice.map_or(0.0, |choice| choice.net_value.get()),
            pays_probability: choice.map(|choice| choice.pays),
            terms: terms.into(),
            ledger: terms.ledger(stakes.churn_probability, value).into(),
            break_even_probability: break_even_probability.into(),
            break_even_save_rate: with_offer(save_rate),
            break_even_incentive: with_offer(incentive),
            break_even_lifetime_value: with_offer(lifetime_value),
            model: &self.model,
            verdict: service.judged(subject.basis),
            basis: subject.basis,
            customer_id: subject.customer_id,
        }
    }
}

impl Reason {
    fn of(reason: &crate::service::Reason, language: Language) -> Self {
        Self {
            feature: reason.feature,
            value: (!reason.value.is_nan()).then_some(reason.value),
            contribution: reason.contribution,
            text: reason.told.map(|told| told.sentence(language)),
        }
    }
}
