//! Policies: who is made which offer, by what the shop believes of its offers, and what that earns.

use std::fmt::Write as _;

use mainstay_features::simulate::Offer;
use mainstay_features::units::Money;
use mainstay_models::decision::{Catalogue, Circumstances, Consents, Stakes, Terms};
use mainstay_models::plan::{Choices, Limits, PlanOption, plan};
use mainstay_models::segments::Cause;

use crate::shop::Seen;
use crate::world::{OFFERS, World};

/// Save rates are measured in so many bands of churn probability, each as wide…
pub(crate) const BANDS: usize = 4;
/// …and the budget is this share of what a voucher for everyone would be expected to cost.
pub(crate) const BUDGET_SHARE: f64 = 0.25;

/// γ and λ of an offer, by what happened to some customers with it and without.
pub(crate) fn rates<'a>(of: impl Iterator<Item = &'a Seen>, offer: Offer) -> (f64, f64) {
    let (mut churned, mut saved, mut stayed, mut driven_away) = (0.0, 0.0, 0.0, 0.0);
    for seen in of {
        let (without, with) = (f64::from(seen.truth.churned), f64::from(seen.churned_if(offer)));
        churned += without;
        saved += without * (1.0 - with);
        stayed += 1.0 - without;
        driven_away += (1.0 - without) * with;
    }
    (saved / f64::max(churned, 1.0), driven_away / f64::max(stayed, 1.0))
}

pub(crate) fn band(probability: f64) -> usize {
    ((probability * BANDS as f64) as usize).min(BANDS - 1)
}

/// A catalogue with the pilot's save rates: one of each offer, or one of each offer and band of the probability that
/// somebody knows, in this order.
fn catalogue(pilot: &[Seen], world: &World, bands: usize, known: fn(&Seen) -> Stakes) -> Catalogue {
    let mut text = String::new();
    for (number, offer) in OFFERS.into_iter().enumerate() {
        for place in 0..bands {
            let is_in_band = |seen: &&Seen| bands == 1 || band(known(seen).churn_probability.get()) == place;
            let measured = || rates(pilot.iter().filter(is_in_band), offer);
            let rates = world.rates.map_or_else(measured, |rates| rates[number]);
            let Terms { contact_cost, incentive, save_rate, take_up, driven_away } =
                world.terms(number, rates);
            let (from, to) = (place as f64 / bands as f64, (place + 1) as f64 / bands as f64);
            writeln!(
                text,
                "[[offer]]\nname = \"{} {place}\"\ncontact_cost = {:?}\nincentive = {:?}\n\
                 save_rate = {save_rate:?}\nsave_rate_sd = 0\ntake_up = {take_up:?}\ndriven_away = {driven_away:?}\n\
                 only_for = {{ churn_probability = {{ from = {from:?}, to = {to:?} }} }}",
                offer.name(),
                contact_cost.get(),
                incentive.get(),
            )
            .unwrap();
        }
    }
    Catalogue::from_toml(&text).unwrap()
}

/// Who is made which of [`OFFERS`].
type Made = Vec<Option<usize>>;

/// A plan by a catalogue and the stakes as somebody knows them; with what it is believed to earn.
fn planned(
    shop: &[Seen],
    catalogue: &Catalogue,
    bands: usize,
    budget: Option<Money>,
    known: fn(&Seen) -> Stakes,
) -> (Made, f64) {
    let anyone = Circumstances {
        tier: None,
        cause: Cause::Unknown,
        days_since_contact: None,
        consents: Consents::default(),
        objects: false,
    };
    let mut choices = Choices::new();
    for seen in shop {
        let stakes = known(seen);
        let option = |(place, terms): (usize, Terms)| {
            let ledger = terms.ledger(stakes.churn_probability, stakes.worth.lifetime_value);
            PlanOption {
                offer: place as u8,
                spend: ledger.spend().get(),
                net_value: ledger.net_value().get(),
            }
        };
        choices.push_customer(catalogue.eligible(&stakes, &anyone).map(option));
    }
    let plan = plan(&choices, &Limits { budget, capacities: Vec::new() });
    let made = plan.chosen.into_iter().map(|offer| offer.map(|offer| usize::from(offer) / bands));
    (made.collect(), plan.net_value.get())
}

/// The best plan of who knows what every offer does to every customer.
fn oracle(shop: &[Seen], world: &World, budget: Money) -> Made {
    let mut choices = Choices::new();
    for seen in shop {
        choices.push_customer((0..OFFERS.len()).map(|place| {
            let (net_value, spend) = seen.earns(world, place);
            PlanOption { offer: place as u8, spend, net_value }
        }));
    }
    let plan = plan(&choices, &Limits { budget: Some(budget), capacities: Vec::new() });
    plan.chosen.into_iter().map(|offer| offer.map(usize::from)).collect()
}

/// The first of an order get the voucher, as long as the budget lasts.
fn first(shop: &[Seen], order: &[usize], terms: &Terms, budget: Money) -> Made {
    let (mut made, mut left) = (vec![None; shop.len()], budget);
    for &customer in order {
        let stakes = &shop[customer].stakes;
        let spend = terms.ledger(stakes.churn_probability, stakes.worth.lifetime_value).spend();
        if spend > left {
            break;
        }
        left = left - spend;
        made[customer] = Some(1);
    }
    made
}

/// What a policy truly earns, and how many it contacts.
fn earned(shop: &[Seen], world: &World, made: &Made) -> (f64, usize) {
    let offers =
        shop.iter().zip(made).filter_map(|(seen, offer)| offer.map(|place| seen.earns(world, place).0));
    (offers.clone().sum(), offers.count())
}

/// What the shop believes of its offers: at one save rate each, at one in each band of the model's probability, and at one in
/// each band of the true one.
pub(crate) struct Catalogues {
    plain: Catalogue,
    banded: Catalogue,
    banded_by_truth: Catalogue,
}

impl Catalogues {
    pub(crate) fn of(pilot: &[Seen], world: &World) -> Self {
        Self {
            plain: catalogue(pilot, world, 1, Seen::told_stakes),
            banded: catalogue(pilot, world, BANDS, Seen::told_stakes),
            banded_by_truth: catalogue(pilot, world, BANDS, Seen::true_stakes),
        }
    }
}

/// "by band" is with save rates by band; all but the last two keep to the budget.
pub(crate) const POLICIES: [&str; 8] = [
    "plan, one save rate",
    "plan, by band",
    "true p and V, by band",
    "oracle",
    "highest p first",
    "anyone, as they come",
    "plan, no budget",
    "everyone, no budget",
];

/// What each policy earns, and how many it contacts; and what the two plans believe to earn.
pub(crate) fn outcome(
    shop: &[Seen],
    offers: &Catalogues,
    world: &World,
) -> ([(f64, usize); POLICIES.len()], [f64; 2]) {
    let Catalogues { plain, banded, banded_by_truth } = offers;
    let voucher = plain.offers()[1].terms(Money::ZERO);
    let spend =
        |seen: &Seen| voucher.ledger(seen.stakes.churn_probability, seen.stakes.worth.lifetime_value).spend();
    let budget = shop.iter().map(spend).fold(Money::ZERO, |sum, spend| sum + spend) * BUDGET_SHARE;
    let limited = Some(budget);
    let (one, believed_one) = planned(shop, plain, 1, limited, Seen::told_stakes);
    let (by_band, believed_by_band) = planned(shop, banded, BANDS, limited, Seen::told_stakes);
    let (knowing, _) = planned(shop, banded_by_truth, BANDS, limited, Seen::true_stakes);
    let (unlimited, _) = planned(shop, banded, BANDS, None, Seen::told_stakes);
    let numbers: Vec<usize> = (0..shop.len()).collect();
    let mut by_probability = numbers.clone();
    let probability = |customer: usize| shop[customer].stakes.churn_probability.get();
    by_probability.sort_by(|&a, &b| probability(b).total_cmp(&probability(a)));
    let policies = [
        one,
        by_band,
        knowing,
        oracle(shop, world, budget),
        first(shop, &by_probability, &voucher, budget),
        first(shop, &numbers, &voucher, budget),
        unlimited,
        vec![Some(1); shop.len()],
    ];
    (policies.map(|made| earned(shop, world, &made)), [believed_one, believed_by_band])
}
