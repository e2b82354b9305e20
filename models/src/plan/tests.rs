use super::*;
use crate::random::SplitMix64;

fn money(amount: f64) -> Money {
    Money::new(amount).unwrap()
}

/// Each customer's options as (offer, spend, net value).
fn choices(customers: &[&[(u8, f64, f64)]]) -> Choices {
    let mut choices = Choices::new();
    for options in customers {
        choices.push_customer(options.iter().map(|&(offer, spend, net_value)| PlanOption {
            offer,
            spend,
            net_value,
        }));
    }
    choices
}

fn section_4() -> Choices {
    choices(&[
        &[(0, 4.0, 10.0), (1, 6.0, 22.0)],
        &[(0, 3.0, 5.0), (1, 5.0, 18.0)],
        &[(0, 2.0, 3.0)],
        &[(0, 7.0, 40.0)],
    ])
}

fn budget(amount: f64) -> Limits {
    Limits { budget: Some(money(amount)), capacities: Vec::new() }
}

/// ECONOMICS.md section 4, "Checked".
#[test]
fn section_4_checked_plans() {
    for (amount, expected) in [(10.0, 45.0), (12.0, 58.0), (14.0, 62.0), (16.0, 68.0)] {
        let plan = plan(&section_4(), &budget(amount));
        assert_eq!(plan.net_value.get(), expected, "{plan:?}");
        assert!(plan.spend.get() <= amount && plan.is_proven && plan.bound == plan.net_value);
    }
}

/// ECONOMICS.md section 4: "prices alone give 40, 40, 62". At 16 no price gives A what it has in the best plan, which
/// lies below the line from nothing to A's other option: that takes the search.
#[test]
fn section_4_prices_alone() {
    for (amount, expected) in [(10.0, 40.0), (12.0, 40.0), (14.0, 62.0)] {
        let (choices, limits) = (section_4(), ExactLimits::new(&budget(amount), 2));
        let rows = linear::rows(limits.budget(), &limits.capacities);
        let linear = linear::solve(&choices, &rows, 2, &mut Vec::new());
        // Where a hair more than the price is asked, who is indifferent gets nothing.
        let dearer = Prices { budget: linear.prices.budget * (1.0 + 1e-9), offers: vec![0.0; 2] };
        assert_eq!(Response::to(dearer, &choices).net_value, expected, "{amount}");
    }
}

/// Some customers with whole spends, so that ties are common, or with any.
fn drawn(random: &mut SplitMix64, customers: usize, offers: u8, is_whole: bool) -> Choices {
    let mut choices = Choices::new();
    let number = |random: &mut SplitMix64, most: usize| {
        if is_whole { random.below(most + 1) as f64 } else { random.below(most * 1000) as f64 / 999.7 }
    };
    for _ in 0..customers {
        let made = (0..offers).filter(|_| random.below(5) > 0).collect::<Vec<u8>>();
        choices.push_customer(made.into_iter().map(|offer| PlanOption {
            offer,
            spend: number(random, 12),
            net_value: number(random, 40) - 8.0,
        }));
    }
    choices
}

/// Limits that mostly bind.
fn drawn_limits(random: &mut SplitMix64, customers: usize, offers: u8) -> Limits {
    let budget = (random.below(4) > 0).then(|| money(random.below(customers * 8 + 1) as f64));
    let capacity =
        |random: &mut SplitMix64| (random.below(2) > 0).then(|| random.below(customers / 2 + 1) as u64);
    Limits { budget, capacities: (0..offers).map(|_| capacity(random)).collect() }
}

/// The most that can be earned, by trying everything.
fn brute_force(choices: &Choices, limits: &Limits, customer: usize, spend: f64, counts: &mut [u64]) -> f64 {
    if customer == choices.customers() {
        return 0.0;
    }
    let mut best = brute_force(choices, limits, customer + 1, spend, counts);
    for option in choices.options(customer) {
        let offer = usize::from(option.offer);
        let spend = spend + option.spend;
        let is_full = limits.capacities[offer].is_some_and(|capacity| counts[offer] >= capacity);
        if is_full || limits.budget.is_some_and(|budget| spend > budget.get()) {
            continue;
        }
        counts[offer] += 1;
        best = best.max(option.net_value + brute_force(choices, limits, customer + 1, spend, counts));
        counts[offer] -= 1;
    }
    best
}

/// What any plan must hold to.
fn check(choices: &Choices, limits: &Limits, plan: &Plan) {
    let (mut spend, mut net_value, mut counts) = (0.0, 0.0, vec![0; plan.per_offer.len()]);
    for (customer, chosen) in plan.chosen.iter().enumerate() {
        if let &Some(offer) = chosen {
            let option = choices.options(customer).find(|option| option.offer == offer).unwrap();
            spend += option.spend;
            net_value += option.net_value;
            counts[usize::from(offer)] += 1;
        }
    }
    assert_eq!(plan.chosen.len(), choices.customers());
    assert_eq!(counts, plan.per_offer);
    assert!(plan.spend.get() >= spend * (1.0 - 1e-12), "rounded up");
    assert!((plan.net_value.get() - net_value).abs() <= 1e-9 * net_value);
    assert!(limits.budget.is_none_or(|budget| plan.spend.get() <= budget.get()));
    for (count, capacity) in counts.iter().zip(&limits.capacities) {
        assert!(capacity.is_none_or(|capacity| *count <= capacity));
    }
    assert!(plan.net_value <= plan.bound);
    assert!(plan.budget_price >= 0.0 && plan.capacity_prices.iter().all(|&price| price >= 0.0));
    assert_eq!(plan.capacity_prices.len(), plan.per_offer.len());
}

#[test]
fn small_plans_are_the_best_by_brute_force() {
    let mut random = SplitMix64::new(1);
    for instance in 0..1000 {
        let (customers, offers) = (1 + random.below(7), 1 + random.below(4) as u8);
        let choices = drawn(&mut random, customers, offers, instance % 2 == 0);
        let limits = drawn_limits(&mut random, customers, offers);
        let plan = plan(&choices, &limits);
        check(&choices, &limits, &plan);
        let best = brute_force(&choices, &limits, 0, 0.0, &mut vec![0; usize::from(offers)]);
        assert!((plan.net_value.get() - best).abs() < 1e-8, "{best}, {plan:?}, {limits:?}, {choices:?}");
        assert!(plan.is_proven, "{plan:?}");
    }
}

/// The most that whole spends can earn under a budget and a capacity of offer 0, by dynamic programming.
fn by_tables(choices: &Choices, budget: usize, capacity: usize) -> f64 {
    let mut table = vec![vec![0.0_f64; capacity + 1]; budget + 1];
    for customer in 0..choices.customers() {
        let before = table.clone();
        for option in choices.options(customer) {
            let (spend, one) = (option.spend as usize, usize::from(option.offer == 0));
            for left in spend..=budget {
                for free in one..=capacity {
                    let with = before[left - spend][free - one] + option.net_value;
                    table[left][free] = table[left][free].max(with);
                }
            }
        }
    }
    table[budget][capacity]
}

#[test]
fn plans_of_up_to_thirty_customers_are_the_best_by_dynamic_programming() {
    let mut random = SplitMix64::new(2);
    let mut unproven = 0;
    for _ in 0..1000 {
        let (customers, offers) = (1 + random.below(30), 6);
        let choices = drawn(&mut random, customers, offers, true);
        let (budget, capacity) = (random.below(customers * 5 + 1), random.below(customers / 3 + 1));
        let limits = Limits { budget: Some(money(budget as f64)), capacities: vec![Some(capacity as u64)] };
        let plan = plan(&choices, &limits);
        check(&choices, &limits, &plan);
        let best = by_tables(&choices, budget, capacity);
        assert!(
            plan.bound.get() >= best && (!plan.is_proven || plan.net_value.get() == best),
            "{best}, {plan:?}"
        );
        unproven += u32::from(!plan.is_proven);
    }
    assert_eq!(unproven, 0);
}

/// With limits of all kinds at once, the search ends with a proof too.
#[test]
fn plans_of_thirty_customers_with_six_capacities_are_proven() {
    let mut random = SplitMix64::new(3);
    let mut unproven = 0;
    for instance in 0..1000 {
        let choices = drawn(&mut random, 30, 6, instance % 2 == 0);
        let limits = drawn_limits(&mut random, 30, 6);
        let plan = plan(&choices, &limits);
        check(&choices, &limits, &plan);
        unproven += u32::from(!plan.is_proven);
    }
    println!("{unproven} of 1000 are not proven");
    assert!(unproven <= 10);
}

/// ECONOMICS.md section 4: the answer lies within one customer's best net value of the bound for every limit.
#[test]
fn larger_plans_are_within_their_guarantee() {
    let mut random = SplitMix64::new(4);
    let (mut proven, mut widest) = (0, 0.0_f64);
    for instance in 0..200 {
        let customers = 31 + random.below(1970);
        let choices = drawn(&mut random, customers, 6, instance % 2 == 0);
        let limits = drawn_limits(&mut random, customers, 6);
        let plan = plan(&choices, &limits);
        check(&choices, &limits, &plan);
        let binding =
            plan.capacity_prices.iter().chain([&plan.budget_price]).filter(|&&price| price > 0.0).count();
        let gap = plan.bound.get() - plan.net_value.get();
        assert!(gap <= 33.0 * binding as f64, "{gap} with {binding} limits that bind");
        assert!(gap <= 0.001 * plan.bound.get() || customers < 200, "{gap} of {:?}", plan.bound);
        proven += u32::from(plan.is_proven);
        widest = widest.max(gap / plan.bound.get());
    }
    println!("{proven} of 200 are proven; at most {widest:.6} below the bound");
}

#[test]
fn without_limits_everyone_gets_what_earns_most() {
    let choices = drawn(&mut SplitMix64::new(5), 500, 6, false);
    let plan = plan(&choices, &Limits::default());
    for (customer, &chosen) in plan.chosen.iter().enumerate() {
        let best = choices.options(customer).max_by(|a, b| a.net_value.total_cmp(&b.net_value));
        assert_eq!(chosen, best.map(|option| option.offer));
    }
    assert!(plan.is_proven && plan.budget_price == 0.0);
}

#[test]
fn the_curve_never_falls() {
    let mut random = SplitMix64::new(6);
    for customers in [4, 25, 300] {
        let choices = drawn(&mut random, customers, 4, true);
        let budgets: Vec<Money> = (0..40).rev().map(|point| money(f64::from(point) * 3.0)).collect();
        let points = curve(&choices, &[Some(2)], &budgets);
        assert_eq!(points.len(), 40);
        for pair in points.windows(2) {
            assert!(pair[0].budget < pair[1].budget && pair[0].net_value <= pair[1].net_value);
            assert!(pair[1].spend <= pair[1].budget && pair[1].net_value <= pair[1].bound);
        }
    }
}

#[test]
fn one_thread_plans_as_two_do() {
    let mut random = SplitMix64::new(7);
    let choices = drawn(&mut random, 120_000, 4, false);
    let limits = Limits { budget: Some(money(150_000.0)), capacities: vec![Some(3000), None, Some(10_000)] };
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| plan(&choices, &limits))
    };
    let one = with(1);
    assert_eq!(one, with(2));
    check(&choices, &limits, &one);
    assert!(one.net_value.get() > 0.9999 * one.bound.get());
}

/// Where all customers are equal, prices alone would give all or nothing.
#[test]
fn a_shop_of_equals() {
    let options: &[(u8, f64, f64)] = &[(0, 1.0, 5.0), (1, 2.0, 8.0), (2, 4.0, 11.0)];
    let small = choices(&[options; 30]);
    let limits = Limits { budget: Some(money(50.0)), capacities: vec![Some(7), Some(12), None] };
    let plan_of_few = plan(&small, &limits);
    check(&small, &limits, &plan_of_few);
    // 6 and 12 at 30, five more at 20.
    assert_eq!((plan_of_few.net_value.get(), plan_of_few.is_proven), (181.0, true));
    let large = choices(&vec![options; 110_000]);
    let limits = Limits { budget: Some(money(70_000.0)), capacities: vec![Some(20_000), Some(10_000), None] };
    let plan_of_many = plan(&large, &limits);
    check(&large, &limits, &plan_of_many);
    assert!(
        plan_of_many.net_value.get() > 0.999 * plan_of_many.bound.get(),
        "{:?} of {:?}",
        plan_of_many.net_value,
        plan_of_many.bound
    );
}

#[test]
fn the_ends_of_what_is_possible() {
    let nobody = plan(&Choices::new(), &budget(10.0));
    assert_eq!((nobody.net_value, nobody.bound, nobody.is_proven), (Money::ZERO, Money::ZERO, true));
    let nothing = plan(&choices(&[&[], &[(0, 1.0, -1.0), (1, 0.0, 0.0), (2, f64::NAN, 1.0)]]), &budget(10.0));
    assert_eq!((nothing.chosen, nothing.is_proven), (vec![None, None], true));

    // Without money, what is free can still be done.
    let some = choices(&[&[(0, 0.0, 3.0), (1, 1.0, 9.0)], &[(1, 2.0, 7.0)]]);
    let free = plan(&some, &budget(0.0));
    assert_eq!((free.chosen, free.net_value.get(), free.is_proven), (vec![Some(0), None], 3.0, true));
    assert_eq!(free.budget_price, 6.0, "6 more than the free option, for a spend of 1");
    let below = plan(&some, &budget(-5.0));
    assert_eq!(below.net_value.get(), 3.0);
    let closed = plan(&some, &Limits { budget: None, capacities: vec![None, Some(0)] });
    assert_eq!((closed.chosen, closed.is_proven), (vec![Some(0), None], true));
    assert_eq!(closed.capacity_prices, [0.0, 7.0]);

    // Decimals that floating point cannot hold are no reason to do without.
    let dimes = choices(&[&[(0, 0.1, 1.0)], &[(0, 0.2, 1.0)], &[(0, 0.07, 1.0)]]);
    assert_eq!(plan(&dimes, &budget(0.37)).net_value.get(), 3.0);
    assert_eq!(plan(&dimes, &budget(0.369_999)).net_value.get(), 2.0);

    let huge = choices(&[&[(0, 1e18, 1e300)], &[(0, 1e18, 1e19)], &[(0, 1e250, 1e30)]]);
    let limits = budget(1.5e18);
    let plan_of_huge = plan(&huge, &limits);
    check(&huge, &limits, &plan_of_huge);
    assert_eq!(plan_of_huge.chosen, [Some(0), None, None]);
}
