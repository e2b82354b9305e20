//! A draft brought within its limits, and what is left then spent.

use rayon::prelude::*;

use super::draft::{Draft, NOTHING, PER_UNIT};
use super::prices::{PIECE, Prices};

/// So often at most is gone through customers.
const ROUNDS: usize = 20;
/// From so many customers on, who was undecided is enough to look at.
const MANY: usize = 100_000;
/// So many of the best switches are put in order at a time: few are ever made.
const AT_A_TIME: usize = 10_000;

/// A customer who could have something else.
#[derive(Clone, Copy, Debug)]
struct Switch {
    customer: usize,
    place: usize,
    /// What it costs, for what it is good for: the lowest first.
    key: f64,
}

/// Takes from customers until every limit is kept, where it costs least at the prices; then gives what is left to whom it
/// earns most. Where there are many customers, those who were `undecided` do: with them it hardly costs anything.
pub(super) fn repair(draft: &mut Draft<'_>, prices: &Prices, undecided: &[usize]) {
    let are_many = draft.chosen.len() >= MANY && !undecided.is_empty();
    if are_many {
        improve(draft, prices, undecided);
    }
    if !are_many || !draft.is_within() {
        let everyone: Vec<usize> = (0..draft.chosen.len()).collect();
        improve(draft, prices, &everyone);
        if draft.left() < 0 {
            // What is saved can be too little to count; to do nothing always saves.
            keep_budget(draft, prices, &everyone, usize::MAX, |place| place == NOTHING);
            improve(draft, prices, &everyone);
        }
    }
}

fn improve(draft: &mut Draft<'_>, prices: &Prices, customers: &[usize]) {
    for offer in 0..draft.counts.len() {
        keep_capacity(draft, prices, customers, offer);
    }
    for _ in 0..ROUNDS {
        if !keep_budget(draft, prices, customers, AT_A_TIME, |_| true) {
            break;
        }
    }
    for _ in 0..ROUNDS {
        if !fill(draft, prices, customers) {
            break;
        }
    }
}

/// The best switch of each customer by a key, the lowest first, and no more than `most`; of equals the first customer's.
fn sorted(
    draft: &Draft<'_>,
    customers: &[usize],
    most: usize,
    key: impl Fn(usize, usize) -> Option<f64> + Sync,
) -> Vec<Switch> {
    let best = |&customer: &usize| {
        let places = draft.choices.places(customer).chain([NOTHING]);
        let others = places.filter(|&place| place != draft.chosen[customer]);
        others
            .filter_map(|place| Some(Switch { customer, place, key: key(customer, place)? }))
            .min_by(|a, b| a.key.total_cmp(&b.key))
    };
    let mut switches: Vec<Switch> = customers.par_iter().with_min_len(PIECE).filter_map(best).collect();
    let order = |a: &Switch, b: &Switch| a.key.total_cmp(&b.key).then(a.customer.cmp(&b.customer));
    if switches.len() > most {
        switches.select_nth_unstable_by(most, order);
        switches.truncate(most);
    }
    switches.par_sort_unstable_by(order);
    switches
}

/// What a switch loses at the prices.
fn regret(draft: &Draft<'_>, prices: &Prices, customer: usize, place: usize) -> f64 {
    prices.reduced(draft.choices, draft.chosen[customer]) - prices.reduced(draft.choices, place)
}

fn keep_capacity(draft: &mut Draft<'_>, prices: &Prices, customers: &[usize], offer: usize) {
    if draft.counts[offer] <= draft.limits.capacities[offer] {
        return;
    }
    let has = |draft: &Draft<'_>, customer: usize| {
        draft.current(customer).is_some_and(|current| usize::from(current.offer) == offer)
    };
    let over = draft.counts[offer] - draft.limits.capacities[offer];
    let switches = sorted(draft, customers, over as usize, |customer, place| {
        let other = place == NOTHING || draft.is_open(draft.choices.option(place).offer);
        (has(draft, customer) && other).then(|| regret(draft, prices, customer, place))
    });
    for switch in switches {
        if draft.counts[offer] <= draft.limits.capacities[offer] {
            return;
        }
        let place = if draft.can_have(switch.customer, switch.place) { switch.place } else { NOTHING };
        draft.switch(switch.customer, place);
    }
}

/// Switches to cheaper options that `may` be taken; whether there was any to switch to.
fn keep_budget(
    draft: &mut Draft<'_>,
    prices: &Prices,
    customers: &[usize],
    most: usize,
    may: impl Fn(usize) -> bool + Sync,
) -> bool {
    if draft.left() >= 0 {
        return false;
    }
    let switches = sorted(draft, customers, most, |customer, place| {
        let spend = if place == NOTHING { 0.0 } else { draft.choices.option(place).spend };
        let saved = draft.current(customer)?.spend - spend;
        let possible = saved > 0.0 && may(place) && draft.can_have(customer, place);
        possible.then(|| regret(draft, prices, customer, place) / saved)
    });
    let mut any = false;
    for switch in switches {
        if draft.left() >= 0 {
            break;
        }
        // Those before may have filled the offer.
        if draft.can_have(switch.customer, switch.place) {
            draft.switch(switch.customer, switch.place);
            any = true;
        }
    }
    any
}

/// Makes what fits and earns more; whether there was any.
fn fill(draft: &mut Draft<'_>, prices: &Prices, customers: &[usize]) -> bool {
    let left = draft.left() as f64 / PER_UNIT + 1e-3;
    let switches = sorted(draft, customers, AT_A_TIME, |customer, place| {
        if place == NOTHING {
            return None;
        }
        // Whether it fits is reckoned in millionths only where it is made.
        let now = draft.current(customer).map_or((0.0, 0.0), |current| (current.net_value, current.spend));
        let option = draft.choices.option(place);
        let gain = option.net_value - now.0;
        if gain <= 0.0 || option.spend - now.1 > left || !draft.can_have(customer, place) {
            return None;
        }
        // What is used of what is scarce, for what it earns.
        Some(regret(draft, prices, customer, place) / gain)
    });
    let mut any = false;
    for switch in switches {
        if draft.fits(switch.customer, switch.place) {
            draft.switch(switch.customer, switch.place);
            any = true;
        }
    }
    any
}
