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
//! same share of all would-be churners, and an offer earns what the formula says of the true p and V: what they buy if kept less what
//! those of them buy anyway who were only silent for a horizon.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod policies;
mod shop;
mod world;

use self::policies::{BANDS, BUDGET_SHARE, Catalogues, POLICIES, band, outcome, rates};
use self::shop::{Seen, population};
use self::world::{OFFERS, WORLDS};

const SEEDS: u64 = 20;
const CUSTOMERS: u64 = 4_000;
const PILOT_SEED: u64 = 1_000;
const PILOT_CUSTOMERS: u64 = 40_000;
/// Student's t for 95 % and 19 degrees of freedom.
const T_19: f64 = 2.093;

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
