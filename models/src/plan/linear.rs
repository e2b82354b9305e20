//! The linear problem: what could be earned if a customer could have a share of an option.
//!
//! Its prices come by column generation (Dantzig and Wolfe 1960): what customers would get at some prices is one plan;
//! the best mixture of the plans so far has prices of its own, at which customers are asked next; and so on, until
//! nobody's answer would make the mixture better. Each answer is also a bound. Between the mixture's prices and those of
//! the best bound so far is where the next question is asked, which takes fewer questions (Wentges 1997).

use super::Choices;
use super::mixture::{Ingredient, Mixture};
use super::prices::{Limited, Prices, Response, Row};
use crate::random::SplitMix64;

/// From so many customers on, the first questions are asked of a sample.
const LARGE: usize = 100_000;
/// How many are in it, about.
const SAMPLE: usize = 20_000;
/// The most questions; any prices give a bound, and these only a better one.
const MOST_QUESTIONS: usize = 300;
/// So near to each other, as a share, are the mixture and the bound of few customers, and of many.
const NEAR: f64 = 1e-10;
const NEAR_ENOUGH: f64 = 1e-5;

/// A solution of the linear problem.
pub(super) struct Linear {
    /// The prices of the best bound.
    pub(super) prices: Prices,
    /// What no plan can earn more than.
    pub(super) bound: f64,
    /// Plans by the prices they answer to, and the shares in which they keep all limits; 1 together.
    pub(super) mixture: Vec<(Prices, f64)>,
}

/// The limits that could be reached, as rows.
pub(super) fn rows(budget: Option<f64>, capacities: &[u64]) -> Vec<Row> {
    let budget = budget.map(|limit| Row { what: Limited::Budget, limit });
    let capacities = capacities.iter().enumerate().filter(|&(_, &capacity)| capacity < u64::MAX);
    let capacities =
        capacities.map(|(offer, &capacity)| Row { what: Limited::Offer(offer), limit: capacity as f64 });
    budget.into_iter().chain(capacities).collect()
}

/// Solves the linear problem; `answers` holds what customers have answered so far, whatever the limits were, and gets
/// the new answers.
pub(super) fn solve(choices: &Choices, rows: &[Row], offers: usize, answers: &mut Vec<Response>) -> Linear {
    if answers.is_empty() && choices.customers() >= LARGE {
        let share = SAMPLE as f64 / choices.customers() as f64;
        let sampled = sample(choices, share);
        let limited: Vec<Row> = rows.iter().map(|row| Row { limit: row.limit * share, ..*row }).collect();
        let linear = solve(&sampled, &limited, offers, &mut Vec::new());
        let prices = linear.mixture.into_iter().map(|(prices, _)| prices).chain([linear.prices]);
        answers.extend(prices.map(|prices| Response::to(prices, choices)));
    }
    let near = if choices.customers() >= LARGE { NEAR_ENOUGH } else { NEAR };
    Search::new(choices, rows, offers, answers).run(near)
}

/// About this share of the customers, by the draw.
fn sample(choices: &Choices, share: f64) -> Choices {
    let mut random = SplitMix64::new(0);
    let below = (share * u64::MAX as f64) as u64;
    let mut sampled = Choices::new();
    for customer in 0..choices.customers() {
        if random.next() < below {
            sampled.push_customer(choices.options(customer));
        }
    }
    sampled
}

struct Search<'a> {
    choices: &'a Choices,
    rows: &'a [Row],
    /// Prices of what is not limited, and of what is forbidden.
    free: Prices,
    /// The rows that have a price to be found.
    priced: Vec<Row>,
    answers: &'a mut Vec<Response>,
    /// The best bound so far, and its prices.
    best: (f64, Prices),
}

impl<'a> Search<'a> {
    fn new(choices: &'a Choices, rows: &'a [Row], offers: usize, answers: &'a mut Vec<Response>) -> Self {
        let free = Prices::none(rows, offers);
        let priced = rows.iter().copied().filter(|row| row.limit > 0.0).collect();
        let best = (f64::INFINITY, free.clone());
        // What was answered with something allowed that is forbidden now is no part of a plan.
        answers.retain(|answer| rows.iter().all(|row| row.limit > 0.0 || answer.uses(row.what) <= 0.0));
        Self { choices, rows, free, priced, answers, best }
    }

    fn run(mut self, near: f64) -> Linear {
        let known: Vec<(f64, Prices)> =
            self.answers.iter().map(|answer| (answer.bound(self.rows), answer.prices.clone())).collect();
        known.into_iter().for_each(|bound| self.consider(bound));
        let known = self.answers.iter().find(|answer| answer.prices == self.free);
        let is_within = known.map(|answer| answer.is_within(self.rows));
        if is_within.unwrap_or_else(|| self.ask(self.free.clone())) {
            let Self { best: (bound, prices), free, .. } = self;
            return Linear { prices, bound, mixture: vec![(free, 1.0)] };
        }
        let mut mixture = self.mixture();
        let mut is_between = true;
        for _ in 0..MOST_QUESTIONS {
            let (bound, value) = (self.best.0, mixture.value);
            if bound - value <= near * bound {
                break;
            }
            let asked = self.prices(&mixture, is_between);
            self.ask(asked);
            let next = self.mixture();
            let is_better = next.value > value * (1.0 + 1e-14);
            if !is_better && !is_between {
                break;
            }
            // Where the answer between was of no use, the mixture's own prices are asked for.
            is_between = is_better;
            mixture = next;
        }
        self.linear(mixture)
    }

    fn consider(&mut self, (bound, prices): (f64, Prices)) {
        if bound < self.best.0 {
            self.best = (bound, prices);
        }
    }

    /// Asks customers; whether their answer is within the limits.
    fn ask(&mut self, prices: Prices) -> bool {
        let answer = Response::to(prices, self.choices);
        self.consider((answer.bound(self.rows), answer.prices.clone()));
        let is_within = answer.is_within(self.rows);
        self.answers.push(answer);
        is_within
    }

    /// The mixture of the answers so far, in the log's currency.
    fn mixture(&self) -> Mixture {
        let unit = self.answers.iter().map(|answer| answer.net_value).fold(f64::MIN_POSITIVE, f64::max);
        let ingredient = |answer: &Response| Ingredient {
            value: answer.net_value / unit,
            uses: self.priced.iter().map(|row| answer.uses(row.what) / row.limit).collect(),
        };
        let ingredients: Vec<Ingredient> = self.answers.iter().map(ingredient).collect();
        let mut mixture = Mixture::best(&ingredients, self.priced.len());
        mixture.value *= unit;
        mixture.prices.iter_mut().zip(&self.priced).for_each(|(price, row)| *price *= unit / row.limit);
        mixture
    }

    /// The mixture's prices, or those half way to the best bound's.
    fn prices(&self, mixture: &Mixture, is_between: bool) -> Prices {
        let mut prices = self.free.clone();
        for (row, price) in self.priced.iter().zip(&mixture.prices) {
            let best = self.best.1.get(row.what);
            *prices.of(row.what) = if is_between { (price + best) / 2.0 } else { *price };
        }
        prices
    }

    fn linear(self, mixture: Mixture) -> Linear {
        let (bound, prices) = self.best;
        let shares = mixture.shares.iter().filter(|(_, share)| *share > 1e-12);
        let mut mixed: Vec<(Prices, f64)> =
            shares.map(|&(answer, share)| (self.answers[answer].prices.clone(), share)).collect();
        // What is left is done for nobody: nobody would have anything at these prices.
        let nothing = Prices { budget: 0.0, offers: vec![f64::MAX; self.free.offers.len()] };
        let rest = 1.0 - mixed.iter().map(|(_, share)| share).sum::<f64>();
        if rest > 1e-12 {
            mixed.push((nothing, rest));
        }
        Linear { prices, bound, mixture: mixed }
    }
}
