//! Planning for a million customers and six offers: under a budget, under a budget and two capacities, and a curve.
//!
//!     RAYON_NUM_THREADS=2 cargo bench --bench plan -- [CUSTOMERS]
//!
//! Churn probabilities, lifetime values and offers are drawn; what an option spends and earns follows from them as
//! docs/economics.md says. Prints medians and, of the curve, one run.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mainstay_features::units::Money;
use mainstay_models::plan::{Choices, Limits, Plan, PlanOption, curve, plan};

const RUNS: usize = 5;
/// Contact cost, incentive, save rate, take-up and driven-away share.
const OFFERS: [[f64; 5]; 6] = [
    [0.05, 0.0, 0.005, 0.0, 0.0],
    [1.0, 10.0, 0.3, 1.0, 0.0],
    [4.0, 5.0, 0.2, 0.5, 0.01],
    [0.5, 4.0, 0.12, 0.6, 0.0],
    [12.0, 25.0, 0.45, 0.8, 0.002],
    [2.0, 0.0, 0.06, 0.0, 0.004],
];

/// SplitMix64.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

fn customers(count: usize) -> Choices {
    let mut state = 7;
    let mut choices = Choices::with_capacity(count, count * OFFERS.len());
    for _ in 0..count {
        let p = uniform(&mut state).sqrt();
        let value = 20.0 * (-uniform(&mut state).ln()).exp2() * 10.0;
        choices.push_customer(OFFERS.iter().enumerate().map(|(place, &[c, delta, gamma, psi, lambda])| {
            let gamma = gamma * (0.5 + uniform(&mut state));
            let (saved, stays) = (p * gamma, 1.0 - p);
            let spend = c + (saved + stays * psi) * delta;
            PlanOption { offer: place as u8, spend, net_value: (saved - stays * lambda) * value - spend }
        }));
    }
    choices
}

/// The most memory this process has held so far, in MB; 0 where Linux's /proc is not.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn timed(name: &str, choices: &Choices, limits: &Limits) -> Plan {
    let mut found = None;
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            found = Some(plan(choices, limits));
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    let plan = found.unwrap();
    println!(
        "{name}: {:.2} s ({:.2} to {:.2}); net value {:.2} of at most {:.2}, {:.6} % below; spend {:.2}; {:?}",
        seconds[RUNS / 2],
        seconds[0],
        seconds[RUNS - 1],
        plan.net_value.get(),
        plan.bound.get(),
        (1.0 - plan.net_value.get() / plan.bound.get()) * 100.0,
        plan.spend.get(),
        plan.per_offer,
    );
    println!("    one more of budget {:.4}, of capacity {:.2?}", plan.budget_price, plan.capacity_prices);
    plan
}

fn main() {
    let count = std::env::args().skip(1).find_map(|text| text.parse().ok()).unwrap_or(1_000_000);
    let choices = customers(count);
    println!("{count} customers, {} options that earn something, {:.0} MB", choices.len(), peak_mb());

    let free = timed("no limit", &choices, &Limits::default());
    let budget = Money::new(free.spend.get() * 0.3);
    timed("a budget", &choices, &Limits { budget, capacities: Vec::new() });
    let mut capacities = vec![None; OFFERS.len()];
    capacities[4] = Some(count as u64 / 50);
    capacities[1] = Some(count as u64 / 20);
    let budget = Money::new(free.spend.get() * 0.2);
    timed(
        "a smaller budget and two capacities",
        &choices,
        &Limits { budget, capacities: capacities.clone() },
    );

    let budgets: Vec<Money> =
        (1..=50).filter_map(|point| Money::new(free.spend.get() * f64::from(point) / 50.0)).collect();
    for (name, capacities) in [("a curve", &[] as &[_]), ("a curve with the two capacities", &capacities)] {
        let began = Instant::now();
        let points = curve(&choices, capacities, &budgets);
        let gap =
            points.iter().map(|point| 1.0 - point.net_value.get() / point.bound.get()).fold(0.0, f64::max);
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{name}: {} points in {seconds:.2} s, at most {:.6} % below the bound",
            points.len(),
            gap * 100.0
        );
    }
    println!("peak memory {:.0} MB", peak_mb());
}
