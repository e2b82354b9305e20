//! Values of policies, where the truth is known.

#![allow(clippy::unwrap_used)]

use mainstay_models::policy::{Estimator, Evaluation, Logged, Policy, Propensities, Records, evaluate};
use proptest::prelude::*;

const ESTIMATORS: [Estimator; 3] =
    [Estimator::InversePropensity, Estimator::SelfNormalised, Estimator::DoublyRobust];

/// Random numbers in [0, 1), from a seed.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn id(&mut self) -> u64 {
        (self.unit() * 2_f64.powi(63)) as u64 * 2 + 1
    }
}

/// What an action earns on average of a customer with covariate x: nothing 10, mail 8 + 4x, call 13 − 6x.
fn earns(action: usize, x: f64) -> f64 {
    [10.0, 8.0 + 4.0 * x, 13.0 - 6.0 * x][action]
}

/// The chance of an action: whoever has a large x is mailed more often.
fn chance(action: usize, x: f64) -> f64 {
    let mail = 0.2 + 0.4 * x;
    [0.7 * (1.0 - mail), mail, 0.3 * (1.0 - mail)][action]
}

/// Mail where it earns more than doing nothing, a call where that earns most.
fn best(x: f64) -> usize {
    (0..3).max_by(|&a, &b| earns(a, x).total_cmp(&earns(b, x))).unwrap()
}

/// Records of so many customers, what the best policy recommends to each, and the same records with their covariate.
fn experiment(customers: usize, seed: u64) -> (Logged, Vec<usize>) {
    let mut random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut logged = Logged {
        actions: ["nothing", "mail", "call"].map(str::to_owned).to_vec(),
        covariates: vec![Vec::new()],
        ..Logged::default()
    };
    let (mut propensities, mut recommended) = (Vec::new(), Vec::new());
    for _ in 0..customers {
        let (x, drawn, noise) = (random.unit(), random.unit(), random.unit() - 0.5);
        let action =
            if drawn < chance(0, x) { 0 } else { 2 - usize::from(drawn < chance(0, x) + chance(1, x)) };
        logged.customers.push(random.id());
        logged.covariates[0].push(x);
        logged.assigned.push(action);
        // Skewed, as amounts are: four times in five nothing comes.
        let amount = if random.unit() < 0.2 { 5.0 } else { 0.0 };
        logged.profits.push(earns(action, x) * amount + 4.0 * noise);
        propensities.push(chance(action, x));
        recommended.push(best(x));
    }
    logged.propensities = Propensities::OfAssigned(propensities);
    (logged, recommended)
}

fn recommended(choices: Vec<usize>) -> Policy {
    Policy::Recommended { name: "plan".to_owned(), choices }
}

/// The mean over x of what a policy earns.
fn truth(policy: impl Fn(f64) -> usize) -> f64 {
    let steps = 100_000;
    let middle = |step: usize| (step as f64 + 0.5) / steps as f64;
    (0..steps).map(|step| earns(policy(middle(step)), middle(step))).sum::<f64>() / steps as f64
}

#[test]
fn an_interval_of_95_percent_holds_the_truth_about_as_often() {
    let experiments = 200;
    let (nothing, mail, best) = (truth(|_| 0), truth(|_| 1), truth(best));
    let mut held = [[0; 3]; 4];
    for seed in 0..experiments {
        let (logged, choices) = experiment(600, seed);
        let records = Records::new(logged).unwrap();
        let policies = [Policy::Always(0), Policy::Always(1), recommended(choices)];
        let found = evaluate(&records, &policies, seed).unwrap();
        for (place, estimator) in ESTIMATORS.into_iter().enumerate() {
            let more = found.policies[2].more_than(&found.policies[1], estimator);
            let of = |policy: usize| found.policies[policy].value(estimator);
            for (what, (interval, truth)) in
                [(of(0), nothing), (of(1), mail), (of(2), best), (more, best - mail)].into_iter().enumerate()
            {
                held[what][place] += u64::from(interval.low <= truth && truth <= interval.high);
            }
        }
    }
    println!("of {experiments}: {held:?}");
    for of in held.iter().flatten() {
        // 0.95 ± three standard errors of 200 draws is 0.904 to 0.996.
        assert!((0.9..=0.996).contains(&(*of as f64 / experiments as f64)), "{held:?}");
    }
}

#[test]
fn a_model_makes_the_value_steadier_and_what_it_learns_pays() {
    let (mut logged, choices) = experiment(20_000, 7);
    // Far from 0, so that who happened to be assigned what moves the inverse propensities' value.
    logged.profits.iter_mut().for_each(|profit| *profit += 50.0);
    let records = Records::new(logged).unwrap();
    let policies =
        [Policy::Always(0), Policy::Always(1), Policy::Always(2), recommended(choices), Policy::ByModel];
    let found = evaluate(&records, &policies, 1).unwrap();
    let (plan, by_model) = (&found.policies[3], &found.policies[4]);
    let width = |estimator| {
        let interval = plan.value(estimator);
        interval.high - interval.low
    };
    let steadier = width(Estimator::DoublyRobust) / width(Estimator::InversePropensity);
    assert!(steadier < 0.8, "{steadier}");
    for single in &found.policies[..3] {
        assert!(by_model.more_than(single, Estimator::DoublyRobust).low > 0.0, "{}", single.name);
    }
    // What is learnt from 16,000 noisy records is near the best there is.
    let short = plan.more_than(by_model, Estimator::DoublyRobust);
    assert!(short.low < 0.0 && short.high < 0.3, "{short:?}");
    assert_eq!(by_model.asked.iter().sum::<usize>(), 20_000);
    assert!((by_model.mean_weight.estimate - 1.0).abs() < 0.05, "{:?}", by_model.mean_weight);
}

#[test]
fn one_thread_and_many_find_the_same_bits() {
    let of = |threads| {
        let (logged, choices) = experiment(3000, 3);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let policies = [Policy::Always(2), recommended(choices), Policy::ByModel];
        pool.install(|| evaluate(&Records::new(logged).unwrap(), &policies, 5).unwrap())
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn a_policy_that_the_records_cannot_tell_of_is_refused() {
    let (mut logged, choices) = experiment(400, 1);
    let found = |logged: &Logged, choices: &[usize]| {
        evaluate(&Records::new(logged.clone()).unwrap(), &[recommended(choices.to_vec())], 1)
    };
    // Of each record the action it did not get.
    let other: Vec<usize> = logged.assigned.iter().map(|&action| usize::from(action == 0)).collect();
    let refused = found(&logged, &other).unwrap_err();
    assert!(refused.to_string().starts_with("only 0 records got what \"plan\" asks for"), "{refused}");
    assert!(found(&logged, &choices[1..]).is_err(), "one is missing");

    let each = |action: usize| logged.covariates[0].iter().map(|&x| chance(action, x)).collect::<Vec<f64>>();
    let mut of_each: Vec<Vec<f64>> = (0..3).map(each).collect();
    let record = (0..400).find(|&record| choices[record] == 2 && logged.assigned[record] == 0).unwrap();
    let moved = std::mem::take(&mut of_each[2][record]);
    of_each[0][record] += moved;
    logged.propensities = Propensities::OfEach(of_each);
    let refused = found(&logged, &choices).unwrap_err();
    assert_eq!(refused.record(), Some(record));
    assert!(refused.to_string().contains("\"call\", which had no chance"), "{refused}");
    let by_model = evaluate(&Records::new(logged.clone()).unwrap(), &[Policy::ByModel], 1).unwrap();
    assert_eq!(
        by_model.policies[0].asked.iter().sum::<usize>(),
        400,
        "by model asks for what there was a chance of"
    );
}

fn always(records: &Records) -> Evaluation {
    evaluate(records, &[Policy::Always(0), Policy::Always(1), Policy::ByModel], 1).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn with_equal_chances_one_action_is_worth_the_mean_of_those_who_got_it(seed in 0_u64..1_000_000) {
        let (mut logged, _) = experiment(300, seed);
        logged.propensities = Propensities::SharesSeen;
        let mean = |action: usize| {
            let of = logged.assigned.iter().zip(&logged.profits).filter(|(assigned, _)| **assigned == action);
            let profits: Vec<f64> = of.map(|(_, profit)| *profit).collect();
            profits.iter().sum::<f64>() / profits.len() as f64
        };
        let found = always(&Records::new(logged.clone()).unwrap());
        for action in 0..2 {
            let policy = &found.policies[action];
            for estimator in [Estimator::InversePropensity, Estimator::SelfNormalised] {
                prop_assert!((policy.value(estimator).estimate - mean(action)).abs() < 1e-9);
            }
            prop_assert!((policy.mean_weight.estimate - 1.0).abs() < 1e-9);
            prop_assert_eq!(policy.followed as f64, policy.effective_sample_size.round());
        }
    }

    #[test]
    fn values_follow_the_money_and_not_the_order(seed in 0_u64..1_000_000, times in 0.1_f64..50.0, more in -20.0_f64..20.0) {
        let (logged, _) = experiment(300, seed);
        let before = always(&Records::new(logged.clone()).unwrap());
        let mut other = logged.clone();
        other.profits.iter_mut().for_each(|profit| *profit = *profit * times + more);
        let after = always(&Records::new(other).unwrap());
        let mut turned = logged;
        turned.customers.reverse();
        turned.assigned.reverse();
        turned.profits.reverse();
        turned.covariates[0].reverse();
        let Propensities::OfAssigned(propensities) = &mut turned.propensities else { unreachable!() };
        propensities.reverse();
        let turned = always(&Records::new(turned).unwrap());
        for policy in 0..2 {
            let (before, after, turned) = (&before.policies[policy], &after.policies[policy], &turned.policies[policy]);
            prop_assert!(before.effective_sample_size <= before.followed as f64 + 1e-9);
            for estimator in ESTIMATORS {
                let (a, b, t) = (before.value(estimator), after.value(estimator), turned.value(estimator));
                prop_assert!(a.low <= a.estimate && a.estimate <= a.high);
                prop_assert!((a.estimate - t.estimate).abs() < 1e-8 && (a.low - t.low).abs() < 1e-8);
                prop_assert_eq!(before.more_than(before, estimator).high, 0.0);
                // Inverse propensities alone weigh what everybody brings by the mean weight.
                let shift = match estimator {
                    Estimator::InversePropensity => more * before.mean_weight.estimate,
                    _ => more,
                };
                prop_assert!((a.estimate * times + shift - b.estimate).abs() < 1e-7, "{a:?} {b:?}");
            }
        }
    }
}
