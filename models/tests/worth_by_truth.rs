//! What kept customers are worth, and what leavers bring anyway, held to simulated shops of which it is known who had left: over five years,
//! by how often they had bought. `cargo test -p mainstay-models --test worth_by_truth -- --nocapture` prints the numbers in docs/economics.md.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use mainstay_features::history::{Histories, HistoryBuilder};
use mainstay_features::known::Cut;
use mainstay_features::registry;
use mainstay_features::simulate::{Shop, SimulatedCustomer, customer_id};
use mainstay_features::units::{Amount, Days, Instant, Money};
use mainstay_models::forest::train::Trainer;
use mainstay_models::lifetime::{Expected, Lifetime, Margin, Retention, Returning, YearlyDiscount};
use mainstay_models::training::Settings;

const LOOKBACK: Days = Days::new(365).unwrap();
const FIVE_YEARS: Days = Days::new(1826).unwrap();
const HORIZON: Days = Days::new(90).unwrap();
/// From so many purchase days on, up to before the next.
const CLASSES: [(&str, f64); 4] = [("1", 1.0), ("2 and 3", 2.0), ("4 to 9", 4.0), ("10 and more", 10.0)];

/// What customers who had not left are said to be worth, and what they then brought.
#[derive(Clone, Copy, Default)]
struct Sum {
    customers: usize,
    said: f64,
    came: f64,
}

impl Sum {
    fn add(&mut self, said: Money, customer: &SimulatedCustomer, as_of: Instant) {
        self.customers += 1;
        self.said += said.get();
        self.came += came(customer, as_of);
    }

    fn ratio(&self) -> f64 {
        self.said / self.came
    }
}

/// Discounted, of what is paid after an instant, for five years; what is returned is taken off.
fn came(customer: &SimulatedCustomer, as_of: Instant) -> f64 {
    let until = as_of.plus(FIVE_YEARS);
    let later = customer.lines.iter().filter(|line| line.instant > as_of && line.instant <= until);
    let worth = |line: &mainstay_features::simulate::Line| {
        let years = line.instant.elapsed_days_since(as_of) / 365.25;
        Margin::DEFAULT.get() * line.amount * YearlyDiscount::DEFAULT.after_years(years)
    };
    later.map(worth).sum()
}

/// What was said of customers of a shop.
struct Said {
    /// Of who had not left: of all, and by class.
    kept: [Sum; CLASSES.len() + 1],
    /// Of who bought nothing in the horizon that follows: what they buy anyway.
    leavers: Sum,
    /// What they would be worth if kept.
    leavers_if_kept: f64,
}

/// Asked at an instant.
fn told(seed: u64, as_of: Instant) -> Said {
    let (begin, end) = ("2018-01-01".parse().unwrap(), "2026-01-01".parse().unwrap());
    let shop = Shop::new(seed, 12_000, begin, end, HORIZON).unwrap();
    let customers: Vec<SimulatedCustomer> =
        (0..shop.customers()).map(|number| shop.customer(number)).collect();
    let mut builder = HistoryBuilder::default();
    for customer in &customers {
        let id = customer_id(customer.number);
        for line in customer.lines.iter().filter(|line| line.instant <= as_of) {
            let amount = Amount::new(line.amount).unwrap();
            match &line.cancels_order_id {
                Some(order) => builder.add_cancellation(&id, order, line.instant, amount),
                None => builder.add_line(&id, &line.order_id, line.instant, amount),
            }
        }
    }
    let histories = Histories::fold(vec![builder]).unwrap();
    let fallback = Retention::of_population(1, 2, HORIZON);
    let lifetime = Lifetime::fit(&histories, as_of, fallback).unwrap().lifetime;
    let settings = Settings { horizon: HORIZON, lookback: LOOKBACK, seed: 0, trainer: Trainer::default() };
    let returning = Returning::measure(&histories, &lifetime, as_of, &settings).unwrap();
    let lifetime = lifetime.with_returning(returning);
    let by_id: HashMap<String, &SimulatedCustomer> =
        customers.iter().map(|customer| (customer_id(customer.number), customer)).collect();
    let (mut kept, mut cut) = ([Sum::default(); CLASSES.len() + 1], Cut::default());
    let (mut leavers, mut leavers_if_kept) = (Sum::default(), 0.0);
    let history = histories.whole().unwrap();
    for number in 0..history.len() {
        let Some(known) =
            cut.at(history.customer(number), as_of).filter(|known| known.bought_within(LOOKBACK))
        else {
            continue;
        };
        let customer = by_id[history.customer_id(number)];
        let row = registry::compute(&known);
        let expected = lifetime.expected(&row, Some(as_of), YearlyDiscount::DEFAULT);
        let if_kept = Expected { discounted_if_left: None, ..expected };
        if customer.lines.iter().all(|line| line.instant <= as_of || line.instant > as_of.plus(HORIZON)) {
            let anyway = Expected { discounted_purchases: expected.discounted_if_left.unwrap(), ..if_kept };
            leavers.add(anyway.value(Margin::DEFAULT), customer, as_of);
            leavers_if_kept += if_kept.value(Margin::DEFAULT).get();
        }
        if customer.truth.dropped_out_at.is_some_and(|left| left <= as_of) {
            continue;
        }
        let said = if_kept.value(Margin::DEFAULT);
        let class = CLASSES.iter().rposition(|(_, least)| row[1] >= *least).unwrap();
        for place in [0, class + 1] {
            kept[place].add(said, customer, as_of);
        }
    }
    Said { kept, leavers, leavers_if_kept }
}

/// So do the sums of four instants of a year, the first just after the season's height: what is left of the season in them is little.
#[test]
fn who_has_not_left_and_who_leaves_bring_what_is_said_of_them_however_often_they_bought_and_whenever_that_is_asked()
 {
    for seed in [1, 2] {
        let mut of_all = Vec::new();
        for as_of in ["2020-01-01", "2020-04-01", "2020-07-01", "2020-10-01"] {
            let Said { kept: sums, leavers, leavers_if_kept } = told(seed, as_of.parse().unwrap());
            println!(
                "seed {seed}, {as_of}: {} leavers bring {:.2} of what they would if kept, and were said to: {:.2} of that",
                leavers.customers,
                leavers.came / leavers_if_kept,
                leavers.ratio()
            );
            // Without a look at who came back it would be 0.
            assert!((0.65..1.1).contains(&leavers.ratio()), "leavers: {}", leavers.ratio());
            let named = std::iter::once("all").chain(CLASSES.map(|(name, _)| name)).zip(sums);
            for (name, sum) in named {
                println!("seed {seed}, {as_of}: {name}, {} customers: {:.2}", sum.customers, sum.ratio());
                assert!((0.75..1.3).contains(&sum.ratio()), "{name}: {}", sum.ratio());
            }
            assert!((0.95..1.15).contains(&sums[0].ratio()), "{}", sums[0].ratio());
            of_all.push(sums[0].ratio());
        }
        let (least, most) =
            of_all.iter().fold((f64::MAX, f64::MIN), |(least, most), &of| (of.min(least), of.max(most)));
        assert!(most - least < 0.1, "{of_all:?}");
    }
}
