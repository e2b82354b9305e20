//! What a plan earns where the truth is known: simulated shops, beside the oracle's plan and what people do without one.
//!
//!     cargo bench --bench plan_truth      (or cargo test --bench plan_truth: the same numbers from a quicker build)
//!
//! Of each of twenty shops of its own seed a model is trained at the shop's end, as `mainstay train` does, and policies
//! decide who gets which offer within a budget. What an offer earns with a customer is then reckoned by the truth:
//! margin × mean amount × purchase rate × ∫ (S(t) − S₀(t))·(1 + d)^−t dt over five years, with S the chance to be alive
//! at t after the offer and S₀ without, which is 0 for who has dropped out; less the incentive of whoever buys within
//! the horizon, less the contact. (A complaint's passing hazard is left out of S, and the season of a whole year evens out.)
//!
//! What the shop believes of its offers it knows from a pilot, a larger shop of another seed in which both outcomes of
//! every customer are seen, which no real test can: so save rates are as right as they can be on average. Beside the simulator's
//! own customers, of whom few respond, there is a world in which the formula of the net value is true: an offer keeps the
//! same share of all would-be churners, and an offer earns what the formula says of the true p and V.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;

use mainstay::service::{Assumptions, Population, Service};
use mainstay::simulated_files::{FILES, write_shop};
use mainstay_features::ingest::{self, Input, Source};
use mainstay_features::simulate::{Offer, Shop, Truth};
use mainstay_features::units::{Days, Money, Probability};
use mainstay_features::watch::Unwatched;
use mainstay_models::artifact::Artifact;
use mainstay_models::decision::{Catalogue, Circumstances, Consents, Stakes, Terms, Worth};
use mainstay_models::plan::{Choices, Limits, PlanOption, plan};
use mainstay_models::segments::Cause;
use mainstay_models::training::{Settings, train};
use rayon::prelude::*;

const SEEDS: u64 = 20;
const CUSTOMERS: u64 = 4_000;
const PILOT_SEED: u64 = 1_000;
const PILOT_CUSTOMERS: u64 = 40_000;
const OFFERS: [Offer; 2] = [Offer::Reminder, Offer::Voucher];
/// Save rates are measured in so many bands of churn probability, each as wide…
const BANDS: usize = 4;
/// …and the budget is this share of what a voucher for everyone would be expected to cost.
const BUDGET_SHARE: f64 = 0.25;
/// Student's t for 95 % and 19 degrees of freedom.
const T_19: f64 = 2.093;
/// As [`Assumptions`] has them.
const YEARS: f64 = 5.0;
const DAYS_PER_YEAR: f64 = 365.25;

/// What offers do and cost.
struct World {
    name: &'static str,
    /// Contact cost and incentive of each of [`OFFERS`].
    costs: [(f64, f64); 2],
    /// Where the formula is true, save rate and share driven away of each; otherwise customers respond as simulated.
    rates: Option<[(f64, f64); 2]>,
}

const WORLDS: [World; 3] = [
    World {
        name: "the formula is true: voucher 1 + 10 saves 0.3, reminder 0.05 saves 0.005 of all would-be churners",
        costs: [(0.05, 0.0), (1.0, 10.0)],
        rates: Some([(0.005, 0.0), (0.3, 0.0)]),
    },
    World {
        name: "as simulated, with the built-in offers' costs: voucher 1 + 10, reminder 0.05",
        costs: [(0.05, 0.0), (1.0, 10.0)],
        rates: None,
    },
    World {
        name: "as simulated, with a cheap voucher: 0.50 + 2, reminder 0.05",
        costs: [(0.05, 0.0), (0.5, 2.0)],
        rates: None,
    },
];

impl World {
    /// The terms of an offer with a save rate and a share driven away: whoever would stay and is not driven away redeems
    /// an incentive.
    fn terms(&self, place: usize, (save_rate, driven_away): (f64, f64)) -> Terms {
        let (contact_cost, incentive) = self.costs[place];
        let money = |amount| Money::new(amount).unwrap();
        Terms {
            contact_cost: money(contact_cost),
            incentive: money(incentive),
            save_rate,
            take_up: if incentive > 0.0 { 1.0 - driven_away } else { 0.0 },
            driven_away,
        }
    }
}

/// A customer as a shop sees them and as they are.
struct Seen {
    stakes: Stakes,
    truth: Truth,
}

fn settings() -> Settings {
    let days = |days| Days::new(days).unwrap();
    Settings { horizon: days(90), lookback: days(365), seed: 0, trainer: Default::default() }
}

/// The population of a shop at its end.
fn population(seed: u64, customers: u64) -> Vec<Seen> {
    let at = |text: &str| text.parse().unwrap();
    let (begin, end) = (at("2022-01-01"), at("2024-01-01"));
    let shop = Shop::new(seed, customers, begin, end, settings().horizon).unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_shop(&shop, folder.path(), &Unwatched).unwrap();
    let file = |name: &str| vec![Source::File(folder.path().join(name))];
    let [purchases, complaints, customers, contacts, _] = FILES.map(file);
    let input = Input { purchases, complaints, customers, contacts, ..Input::default() };
    let histories = ingest::read(&input, &Unwatched).unwrap().history;
    let history = histories.whole().unwrap();
    let training = train(&histories, &settings(), end, None, &Unwatched).unwrap();
    let artifact = Artifact::new(settings(), (begin, end), training);
    let service = Service::new(artifact, Catalogue::built_in().unwrap(), Assumptions::default());
    let Population { customers, assessed } = service.score_population(history, end, &Unwatched);
    let seen = customers.par_iter().zip(assessed).map(|(&customer, one)| {
        let number = history.customer_id(customer as usize)[1..].parse().unwrap();
        Seen { stakes: one.scored.stakes(), truth: shop.customer(number).truth }
    });
    seen.collect()
}

/// What is true of customers and offers.
impl Seen {
    fn margin(&self) -> f64 {
        Assumptions::default().margin.get() * self.truth.mean_order_amount
    }

    /// V, of who is alive: the drop-out hazard multiplied by a factor for the horizon from now on.
    fn value(&self, factor: f64) -> f64 {
        let hazard = self.truth.drop_outs_per_year;
        let discount = -Assumptions::default().discount.after_years(1.0).ln();
        let horizon = f64::from(settings().horizon.get()) / DAYS_PER_YEAR;
        let alive = |rate: f64, years: f64| (1.0 - (-rate * years).exp()) / rate;
        let (soon, later) = (factor * hazard + discount, hazard + discount);
        let years = alive(soon, horizon) + (-soon * horizon).exp() * alive(later, YEARS - horizon);
        self.margin() * self.truth.purchases_per_year * years
    }

    /// What an offer earns over doing nothing, and what it spends.
    fn earns(&self, world: &World, place: usize) -> (f64, f64) {
        if let Some(rates) = world.rates {
            let Stakes { churn_probability, worth, .. } = self.true_stakes();
            let ledger = world.terms(place, rates[place]).ledger(churn_probability, worth.lifetime_value);
            return (ledger.net_value().get(), ledger.spend().get());
        }
        let (offer, (contact_cost, incentive)) = (OFFERS[place], world.costs[place]);
        let saved = match self.truth.dropped_out_at {
            Some(_) => 0.0,
            None => self.value(self.truth.response.hazard_factor(offer)) - self.value(1.0),
        };
        let spend = contact_cost + incentive * (1.0 - self.truth.churn_probability);
        (saved - spend, spend)
    }

    /// The numbers that decide, by the model.
    fn told_stakes(&self) -> Stakes {
        self.stakes
    }

    /// The numbers that decide, by who knows the probability and the worth and not what an offer does.
    fn true_stakes(&self) -> Stakes {
        let worth = Worth { lifetime_value: Money::new(self.value(1.0)).unwrap(), relative_sd: 0.0 };
        let churn_probability = Probability::nearest(self.truth.churn_probability);
        Stakes { churn_probability, worth, ..self.stakes }
    }

    fn churned_if(&self, offer: Offer) -> bool {
        match offer {
            Offer::Reminder => self.truth.churned_if_reminder,
            Offer::Voucher => self.truth.churned_if_voucher,
        }
    }
}

/// γ and λ of an offer, by what happened to some customers with it and without.
fn rates<'a>(of: impl Iterator<Item = &'a Seen>, offer: Offer) -> (f64, f64) {
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

fn band(probability: f64) -> usize {
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
struct Catalogues {
    plain: Catalogue,
    banded: Catalogue,
    banded_by_truth: Catalogue,
}

impl Catalogues {
    fn of(pilot: &[Seen], world: &World) -> Self {
        Self {
            plain: catalogue(pilot, world, 1, Seen::told_stakes),
            banded: catalogue(pilot, world, BANDS, Seen::told_stakes),
            banded_by_truth: catalogue(pilot, world, BANDS, Seen::true_stakes),
        }
    }
}

/// "by band" is with save rates by band; all but the last two keep to the budget.
const POLICIES: [&str; 8] = [
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
fn outcome(shop: &[Seen], offers: &Catalogues, world: &World) -> ([(f64, usize); POLICIES.len()], [f64; 2]) {
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

/// The mean and half its 95 % interval.
fn mean(of: &[f64]) -> (f64, f64) {
    let n = of.len() as f64;
    let mean = of.iter().sum::<f64>() / n;
    let variance = of.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, T_19 * (variance / n).sqrt())
}

fn main() {
    let pilot = population(PILOT_SEED, PILOT_CUSTOMERS);
    println!("{SEEDS} shops of {CUSTOMERS} customers, budget {BUDGET_SHARE} of a voucher for everyone");
    println!("what the pilot of {} customers tells of the offers:", pilot.len());
    for offer in OFFERS {
        let (gamma, lambda) = rates(pilot.iter(), offer);
        print!("{}: save rate {gamma:.4}, driven away {lambda:.4}; by band of p", offer.name());
        for place in 0..BANDS {
            let of = || pilot.iter().filter(|seen| band(seen.stakes.churn_probability.get()) == place);
            let (gamma, lambda) = rates(of(), offer);
            print!(" | {} customers {gamma:.4} {lambda:.4}", of().count());
        }
        println!();
    }
    let shops: Vec<Vec<Seen>> = (0..SEEDS).map(|seed| population(seed, CUSTOMERS)).collect();
    for world in &WORLDS {
        println!("\n{}\n\nearned (customers contacted)", world.name);
        let offers = Catalogues::of(&pilot, world);
        print!("{:>4} {:>9}", "seed", "customers");
        POLICIES.iter().for_each(|name| print!(" {name:>22}"));
        println!("   believed: {} | {}", POLICIES[0], POLICIES[1]);
        let mut columns: Vec<Vec<f64>> = vec![Vec::new(); POLICIES.len()];
        let mut beliefs: Vec<Vec<f64>> = vec![Vec::new(); 2];
        for (seed, shop) in shops.iter().enumerate() {
            let (earned, believed) = outcome(shop, &offers, world);
            print!("{seed:>4} {:>9}", shop.len());
            for (column, (profit, contacted)) in columns.iter_mut().zip(earned) {
                column.push(profit);
                print!(" {:>22}", format!("{profit:.0} ({contacted})"));
            }
            println!("   {:.0} | {:.0}", believed[0], believed[1]);
            beliefs.iter_mut().zip(believed).for_each(|(all, one)| all.push(one));
        }
        println!("\n{:<24} {:>18} {:>34}", "a shop, mean ± 95 %", "earns", "plan by band less this, paired");
        for (name, column) in POLICIES.iter().zip(&columns) {
            let differences: Vec<f64> =
                columns[1].iter().zip(column).map(|(plan, other)| plan - other).collect();
            let ((own, half), (difference, half_difference)) = (mean(column), mean(&differences));
            println!(
                "{name:<24} {:>18} {:>34}",
                format!("{own:.1} ± {half:.1}"),
                format!("{difference:.1} ± {half_difference:.1}")
            );
        }
        let [.., planned, everyone] = &columns[..] else { continue };
        let differences: Vec<f64> = planned.iter().zip(everyone).map(|(plan, all)| plan - all).collect();
        let (difference, half) = mean(&differences);
        println!("{} less {}, paired: {difference:.1} ± {half:.1}", POLICIES[6], POLICIES[7]);
        for (name, (belief, half)) in POLICIES.iter().zip(beliefs.iter().map(|belief| mean(belief))) {
            println!("{name} believed to earn {belief:.1} ± {half:.1}");
        }
    }
}
