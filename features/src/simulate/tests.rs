//! The simulated shop does what it says it does.

use super::parameters::COMPLAINT_WITHIN_DAYS;
use super::*;

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn shop(seed: u64, customers: u64) -> Shop {
    Shop::new(seed, customers, at("2022-01-01"), at("2024-01-01"), Days::new(90).unwrap()).unwrap()
}

fn everyone(shop: &Shop) -> Vec<SimulatedCustomer> {
    (0..shop.customers()).map(|number| shop.customer(number)).collect()
}

#[test]
fn settings_of_no_shop_are_refused() {
    let (begin, end, horizon) = (at("2022-01-01"), at("2024-01-01"), Days::new(90).unwrap());
    assert_eq!(Shop::new(0, 0, begin, end, horizon), Err(ShopError::Customers(0)));
    assert!(matches!(Shop::new(0, 1, end, begin, horizon), Err(ShopError::TooShort { .. })));
    assert!(matches!(Shop::new(0, 1, begin, at("2022-01-02"), horizon), Err(ShopError::TooShort { .. })));
}

#[test]
fn the_seed_decides() {
    let of = |seed| everyone(&shop(seed, 200));
    assert_eq!(of(1), of(1));
    assert_ne!(of(1), of(2));
    assert_eq!(of(1)[7], shop(1, 10_000).customer(7), "however many customers there are");
}

#[test]
fn amounts_are_whole_cents() {
    for line in everyone(&shop(0, 2000)).iter().flat_map(|customer| &customer.lines) {
        for amount in [line.amount, line.discount] {
            assert_eq!(format!("{amount:.2}").parse::<f64>().unwrap(), amount);
        }
        assert!(line.discount >= 0.0);
        assert_eq!(line.amount < 0.0, line.cancels_order_id.is_some());
    }
}

#[test]
fn nothing_is_before_the_begin_or_from_the_end_on() {
    let shop = shop(0, 10_000);
    for customer in everyone(&shop) {
        let lines = customer.lines.iter().map(|line| line.instant);
        let complaints = customer.complaints.iter().flat_map(|one| [Some(one.instant), one.resolved_at]);
        let contacts = customer.contact.iter().map(|contact| contact.instant);
        let profiles = customer.profiles.iter().map(|profile| profile.valid_from);
        let rest = complaints.flatten().chain(contacts).chain(profiles).chain(customer.truth.dropped_out_at);
        for instant in lines.chain(rest) {
            assert!(instant >= customer.truth.acquired_at && instant < shop.end(), "{instant}");
        }
        assert!(customer.truth.acquired_at >= shop.begin());
        assert_eq!(customer.lines[0].instant, customer.truth.acquired_at, "who is acquired buys");
        if let Some(gone) = customer.truth.dropped_out_at {
            let bought = |line: &&Line| line.cancels_order_id.is_none();
            assert!(customer.lines.iter().filter(bought).all(|line| line.instant <= gone));
            assert!(customer.complaints.iter().all(|complaint| complaint.instant <= gone));
        }
    }
}

#[test]
fn a_return_is_of_an_earlier_order_of_the_same_customer() {
    let mut returns = 0;
    for customer in everyone(&shop(0, 10_000)) {
        for line in &customer.lines {
            let Some(cancelled) = &line.cancels_order_id else { continue };
            returns += 1;
            let order = customer.lines.iter().find(|bought| bought.order_id == *cancelled).unwrap();
            assert!(order.instant < line.instant && order.cancels_order_id.is_none());
            let comes_to = |id: &str| {
                let lines = customer.lines.iter().filter(|line| line.order_id == id);
                lines.map(|line| line.amount).sum::<f64>()
            };
            assert!(comes_to(cancelled) + comes_to(&line.order_id) > 0.001, "something is kept");
        }
    }
    assert!(returns > 1000, "{returns}");
}

/// The share of some customers of whom something holds.
fn share(customers: &[&SimulatedCustomer], holds: impl Fn(&SimulatedCustomer) -> bool) -> f64 {
    assert!(customers.len() > 100, "{} are too few to say", customers.len());
    customers.iter().filter(|customer| holds(customer)).count() as f64 / customers.len() as f64
}

#[test]
fn who_complains_drops_out_sooner() {
    let shop = shop(0, 20_000);
    let everyone = everyone(&shop);
    // Complaints of the first order, so that who lives longer has no more occasion to complain.
    let complains = |customer: &&SimulatedCustomer| {
        let first = customer.truth.acquired_at;
        customer.complaints.iter().any(|one| one.instant.elapsed_days_since(first) <= COMPLAINT_WITHIN_DAYS)
    };
    let seen_for_60_days = everyone.iter().filter(|one| shop.end().days_since(one.truth.acquired_at) > 60);
    let (complainers, others): (Vec<_>, Vec<_>) = seen_for_60_days.partition(complains);
    let leaves = |customer: &SimulatedCustomer| {
        let gone = customer.truth.dropped_out_at;
        gone.is_some_and(|gone| gone.days_since(customer.truth.acquired_at) < 60)
    };
    let (theirs, of_others) = (share(&complainers, leaves), share(&others, leaves));
    assert!(theirs > 1.8 * of_others, "{theirs} against {of_others}");
}

#[test]
fn the_churn_probability_is_how_often_they_churn() {
    let everyone = everyone(&shop(0, 20_000));
    let gone = |customer: &&SimulatedCustomer| customer.truth.dropped_out_at.is_some();
    let (gone, mut alive): (Vec<_>, Vec<_>) = everyone.iter().partition(gone);
    assert!(gone.iter().all(|one| one.truth.churned && one.truth.churn_probability == 1.0));
    alive.sort_by(|a, b| a.truth.churn_probability.total_cmp(&b.truth.churn_probability));
    for bin in alive.chunks(alive.len().div_ceil(5)) {
        let told = bin.iter().map(|one| one.truth.churn_probability).sum::<f64>() / bin.len() as f64;
        let came = share(bin, |one| one.truth.churned);
        let error = (told * (1.0 - told) / bin.len() as f64).sqrt();
        assert!((told - came).abs() < 4.0 * error, "{told} against {came} ± {error}");
    }
}

#[test]
fn a_contact_saves_the_persuadable_and_wakes_sleeping_dogs() {
    let everyone = everyone(&shop(0, 20_000));
    let of = |response: Response| -> Vec<&SimulatedCustomer> {
        let alive = everyone.iter().filter(|one| one.truth.dropped_out_at.is_none());
        alive.filter(|one| one.truth.response == response).collect()
    };
    let churn = |customers: &[&SimulatedCustomer]| {
        let none = share(customers, |one| one.truth.churned);
        let reminder = share(customers, |one| one.truth.churned_if_reminder);
        (none, reminder, share(customers, |one| one.truth.churned_if_voucher))
    };
    let (none, reminder, voucher) = churn(&of(Response::Persuadable));
    assert!(voucher < reminder && reminder < none, "{voucher} {reminder} {none}");
    let (none, reminder, voucher) = churn(&of(Response::SleepingDog));
    assert!(none < voucher && voucher < reminder, "{none} {voucher} {reminder}");
    for unmoved in [Response::SureThing, Response::LostCause] {
        let (none, reminder, voucher) = churn(&of(unmoved));
        assert!(none == reminder && none == voucher);
    }
}

#[test]
fn the_shares_and_means_are_those_of_the_parameters() {
    let everyone = everyone(&shop(0, 20_000));
    let all: Vec<&SimulatedCustomer> = everyone.iter().collect();
    let near = |told: f64, is: f64, within: f64| assert!((told - is).abs() < within, "{is} is not {told}");
    near(parameters::CONTACTED_SHARE, share(&all, |one| one.contact.is_some()), 0.015);
    let sleeping = share(&all, |one| one.truth.response == Response::SleepingDog);
    near(parameters::SLEEPING_DOG_SHARE, sleeping, 0.015);
    let mean = |of: fn(&Truth) -> f64| all.iter().map(|one| of(&one.truth)).sum::<f64>() / all.len() as f64;
    near(parameters::PURCHASES_PER_YEAR, mean(|truth| truth.purchases_per_year), 0.25);
    near(parameters::DROP_OUTS_PER_YEAR, mean(|truth| truth.drop_outs_per_year), 0.03);
    let first_orders = all.iter().map(|one| {
        let first = one.lines.iter().filter(|line| line.order_id == one.lines[0].order_id);
        first.map(|line| line.amount).sum::<f64>() / one.truth.mean_order_amount
    });
    near(1.0, first_orders.sum::<f64>() / all.len() as f64, 0.02);
}
