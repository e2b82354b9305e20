//! Branch and bound: whether any plan earns more than a draft, and if so the best.
//!
//! At the prices of the linear problem every plan earns its bound less what each customer's option loses there (its
//! regret), less what is left unused. So an option whose regret is more than the draft misses of the bound is in no better
//! plan. Customers who have one option left are settled; the others are branched on one after the other, all partial plans
//! side by side. A partial plan is dropped where its bound is no more than the draft earns, or where another one with
//! the same offers used spends no more and earns no less: which leaves few also where all customers are equal.

use super::draft::{Draft, NOTHING, PER_UNIT, spend_millionths};
use super::prices::{Limited, Prices, Row};

/// So many customers can be branched on; a byte counts who has an offer.
const MOST_CUSTOMERS: usize = 255;
/// So many capacities can be counted, a byte each.
const MOST_CAPACITIES: usize = 16;
/// So many partial plans are kept; the bounds of those dropped are remembered.
const MOST_PLANS: usize = 20_000;
/// What is no more, as a share, is no better.
const SAME: f64 = 1e-11;

/// What came of the search.
pub(super) enum Found {
    /// No plan earns more than this, within rounding; the draft may have become better.
    Bound(f64),
    /// There were too many possibilities to begin.
    TooMany,
}

/// An option of a customer who is branched on.
#[derive(Clone, Copy)]
struct Branch {
    place: usize,
    spend: i128,
    net_value: f64,
    /// The byte that counts its offer, as a number to be added; 0 where none does.
    count: u128,
}

#[derive(Clone, Copy)]
struct Partial {
    /// How often each counted offer is made, a byte each.
    counts: u128,
    spend: i128,
    net_value: f64,
    bound: f64,
    parent: u32,
    branch: u16,
}

/// Prices, by which partial plans are bounded.
struct Priced {
    budget: f64,
    /// Of each counted offer.
    counted: Vec<f64>,
    /// What is left of the limits when all is settled that is, at the prices.
    limits: f64,
    /// What the customers from each place on can leave of their net value at most.
    rest: Vec<f64>,
}

/// Looks for a better plan than the draft, which gets the best one found.
pub(super) fn improve(
    draft: &mut Draft<'_>,
    rows: &[Row],
    prices: &Prices,
    others: &[Prices],
    bound: f64,
) -> Found {
    match Search::new(draft, rows, prices, others, bound) {
        Some(search) => Found::Bound(search.run(draft)),
        None => Found::TooMany,
    }
}

struct Search {
    customers: Vec<usize>,
    branches: Vec<Vec<Branch>>,
    /// What is left of the counted capacities, at most what a byte holds.
    capacities: Vec<u64>,
    budget: i128,
    priced: Vec<Priced>,
    start: Partial,
    /// The options of who is settled.
    settled: Vec<(usize, usize)>,
    /// What a plan must earn more than.
    known: f64,
}

impl Search {
    fn new(draft: &Draft<'_>, rows: &[Row], prices: &Prices, others: &[Prices], bound: f64) -> Option<Self> {
        let choices = draft.choices;
        let known = draft.net_value();
        let missed = (bound - known) + SAME * bound;
        let (mut settled, mut open) = (Vec::new(), Vec::new());
        for customer in 0..choices.customers() {
            let most = prices.best(choices, customer).1;
            let regret = |place: usize| most - prices.reduced(choices, place);
            let mut places: Vec<(f64, usize)> = choices
                .places(customer)
                .chain([NOTHING])
                .map(|place| (regret(place), place))
                .filter(|&(regret, _)| regret <= missed)
                .collect();
            places.sort_by(|a, b| a.0.total_cmp(&b.0));
            match places[..] {
                [(_, only)] => settled.push((customer, only)),
                _ => open.push((customer, places)),
            }
            if open.len() > MOST_CUSTOMERS {
                return None;
            }
        }
        // Who has most to lose first: the others' possibilities come when little is left to miss.
        open.sort_by(|a, b| b.1[1].0.total_cmp(&a.1[1].0).then(a.0.cmp(&b.0)));

        let mut rest = Draft::new(choices, draft.limits, vec![NOTHING; choices.customers()]);
        settled.iter().for_each(|&(customer, place)| rest.switch(customer, place));
        if !rest.is_within() {
            // No plan can be better with what every better plan has.
            open.clear();
        }
        let wanted = |offer: usize| {
            let has = |place: usize| place != NOTHING && usize::from(choices.option(place).offer) == offer;
            open.iter().filter(|(_, places)| places.iter().any(|&(_, place)| has(place))).count() as u64
        };
        let left = |offer: usize| draft.limits.capacities[offer].saturating_sub(rest.counts[offer]);
        let counted: Vec<usize> =
            (0..draft.limits.capacities.len()).filter(|&offer| left(offer) < wanted(offer)).collect();
        if counted.len() > MOST_CAPACITIES {
            return None;
        }
        let branch = |place: usize| {
            if place == NOTHING {
                return Branch { place, spend: 0, net_value: 0.0, count: 0 };
            }
            let option = choices.option(place);
            let counted = counted.iter().position(|&offer| offer == usize::from(option.offer));
            Branch {
                place,
                spend: spend_millionths(option.spend),
                net_value: option.net_value,
                count: counted.map_or(0, |at| 1 << (8 * at)),
            }
        };
        let priced = |prices: &Prices| {
            let mut rest_of: Vec<f64> = open
                .iter()
                .map(|(_, places)| {
                    let left = places.iter().map(|&(_, place)| prices.reduced(choices, place));
                    left.fold(f64::NEG_INFINITY, f64::max)
                })
                .collect();
            rest_of.push(0.0);
            for place in (0..open.len()).rev() {
                rest_of[place] += rest_of[place + 1];
            }
            let left = |row: &Row| match row.what {
                Limited::Budget => (draft.limits.budget - rest.spend) as f64 / PER_UNIT,
                Limited::Offer(offer) => left(offer) as f64,
            };
            // A limit of 0 forbids, and has no price that could be reckoned with.
            let limits = rows.iter().filter(|row| row.limit > 0.0);
            let uncounted = |row: &&Row| match row.what {
                Limited::Budget => true,
                Limited::Offer(offer) => prices.offers[offer] < f64::MAX,
            };
            Priced {
                budget: if prices.budget < f64::MAX { prices.budget } else { 0.0 },
                counted: counted
                    .iter()
                    .map(|&offer| if prices.offers[offer] < f64::MAX { prices.offers[offer] } else { 0.0 })
                    .collect(),
                limits: limits.filter(uncounted).map(|row| prices.get(row.what) * left(row)).sum(),
                rest: rest_of,
            }
        };
        let priced = std::iter::once(prices).chain(others).map(priced).collect();
        let start = Partial { counts: 0, spend: 0, net_value: rest.net_value(), bound, parent: 0, branch: 0 };
        Some(Self {
            customers: open.iter().map(|(customer, _)| *customer).collect(),
            branches: open
                .iter()
                .map(|(_, places)| places.iter().map(|&(_, place)| branch(place)).collect())
                .collect(),
            capacities: counted.iter().map(|&offer| left(offer)).collect(),
            budget: draft.limits.budget.saturating_sub(rest.spend),
            priced,
            start,
            settled,
            known,
        })
    }

    /// The bound that is left; the draft gets the best plan found.
    fn run(&self, draft: &mut Draft<'_>) -> f64 {
        let (mut layer, mut layers, mut dropped) = (vec![self.start], Vec::new(), self.known);
        for depth in 0..self.customers.len() {
            let mut next = self.expand(depth, &layer);
            next = without_dominated(next);
            if next.len() > MOST_PLANS {
                let by_bound = |a: &Partial, b: &Partial| b.bound.total_cmp(&a.bound);
                next.select_nth_unstable_by(MOST_PLANS, by_bound);
                dropped = next[MOST_PLANS..].iter().map(|partial| partial.bound).fold(dropped, f64::max);
                next.truncate(MOST_PLANS);
            }
            layers.push(std::mem::replace(&mut layer, next));
        }
        layers.push(layer);
        self.take_best(&layers, draft);
        dropped.max(draft.net_value())
    }

    fn expand(&self, depth: usize, layer: &[Partial]) -> Vec<Partial> {
        let enough = self.known + SAME * self.known;
        let mut next = Vec::with_capacity(layer.len() * 2);
        for (parent, partial) in layer.iter().enumerate() {
            for (number, branch) in self.branches[depth].iter().enumerate() {
                let mut child = Partial {
                    counts: partial.counts + branch.count,
                    spend: partial.spend.saturating_add(branch.spend),
                    net_value: partial.net_value + branch.net_value,
                    bound: partial.bound,
                    parent: parent as u32,
                    branch: number as u16,
                };
                if child.spend > self.budget || (branch.count != 0 && self.is_beyond(child.counts)) {
                    continue;
                }
                child.bound = self.bound(&child, depth + 1).min(partial.bound);
                if child.bound > enough {
                    next.push(child);
                }
            }
        }
        next
    }

    fn is_beyond(&self, counts: u128) -> bool {
        let count = |place: usize| (counts >> (8 * place)) as u8;
        self.capacities.iter().enumerate().any(|(place, &capacity)| u64::from(count(place)) > capacity)
    }

    fn bound(&self, partial: &Partial, depth: usize) -> f64 {
        let spend = partial.spend as f64 / PER_UNIT;
        let at = |priced: &Priced| {
            let counted = priced.counted.iter().enumerate();
            let used: f64 =
                counted.map(|(place, price)| price * f64::from((partial.counts >> (8 * place)) as u8)).sum();
            partial.net_value + priced.limits - priced.budget * spend - used + priced.rest[depth]
        };
        self.priced.iter().map(at).fold(f64::INFINITY, f64::min)
    }

    fn take_best(&self, layers: &[Vec<Partial>], draft: &mut Draft<'_>) {
        let Some(best) = layers.last().and_then(|last| {
            (0..last.len()).max_by(|&a, &b| last[a].net_value.total_cmp(&last[b].net_value).then(b.cmp(&a)))
        }) else {
            return;
        };
        let mut chosen = vec![NOTHING; draft.chosen.len()];
        self.settled.iter().for_each(|&(customer, place)| chosen[customer] = place);
        let mut at = best;
        for (depth, layer) in layers.iter().enumerate().skip(1).rev() {
            let partial = layer[at];
            chosen[self.customers[depth - 1]] = self.branches[depth - 1][usize::from(partial.branch)].place;
            at = partial.parent as usize;
        }
        let better = Draft::new(draft.choices, draft.limits, chosen);
        if better.is_within() && better.net_value() > draft.net_value() {
            *draft = better;
        }
    }
}

/// Of those with the same counts, each that earns more than all that spend no more.
fn without_dominated(mut partials: Vec<Partial>) -> Vec<Partial> {
    partials.sort_unstable_by(|a, b| {
        let by_spend = a.counts.cmp(&b.counts).then(a.spend.cmp(&b.spend));
        let by_value = b.net_value.total_cmp(&a.net_value);
        by_spend.then(by_value).then(a.parent.cmp(&b.parent)).then(a.branch.cmp(&b.branch))
    });
    let mut last: Option<(u128, f64)> = None;
    partials.retain(|partial| {
        let is_kept = last.is_none_or(|(counts, most)| counts != partial.counts || partial.net_value > most);
        if is_kept {
            last = Some((partial.counts, partial.net_value));
        }
        is_kept
    });
    partials
}
