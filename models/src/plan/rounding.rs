//! From a mixture of plans to one: every customer gets what one of them says.

use rayon::prelude::*;

use super::Choices;
use super::draft::NOTHING;
use super::linear::Linear;
use super::prices::{PIECE, Prices};

/// What is chosen for each customer, and on which customers the plans do not agree.
///
/// Where the plans agree there is nothing to choose. Where they do not, the one is taken that leaves what has been used
/// so far, valued at the prices, nearest to what the mixture uses: so the sums stay near to it all along.
pub(super) fn round(choices: &Choices, linear: &Linear) -> (Vec<usize>, Vec<usize>) {
    let mut chosen = vec![NOTHING; choices.customers()];
    let pieces = chosen.par_chunks_mut(PIECE).enumerate().map(|(piece, chosen)| {
        let mut undecided = Vec::new();
        let mut ahead = vec![0.0; 1 + linear.prices.offers.len()];
        let mut answers = vec![NOTHING; linear.mixture.len()];
        for (customer, chosen) in chosen.iter_mut().enumerate() {
            for (answer, (prices, _)) in answers.iter_mut().zip(&linear.mixture) {
                *answer = prices.best(choices, piece * PIECE + customer).0;
            }
            *chosen = if answers.windows(2).all(|pair| pair[0] == pair[1]) {
                answers.first().copied().unwrap_or(NOTHING)
            } else {
                undecided.push(piece * PIECE + customer);
                nearest(choices, linear, &answers, &mut ahead)
            };
        }
        undecided
    });
    let undecided: Vec<Vec<usize>> = pieces.collect();
    (chosen, undecided.concat())
}

/// The answer that leaves the least `ahead`, which it is added to.
fn nearest(choices: &Choices, linear: &Linear, answers: &[usize], ahead: &mut [f64]) -> usize {
    for (&answer, (_, share)) in answers.iter().zip(&linear.mixture) {
        add(ahead, choices, &linear.prices, answer, -share);
    }
    let left = |answer: usize| -> f64 {
        if answer == NOTHING {
            return 0.0;
        }
        // Squares of all that is ahead less those without the answer.
        let option = choices.option(answer);
        let (spend, offer) = (linear.prices.budget * option.spend, usize::from(option.offer));
        let price = linear.prices.offers[offer];
        spend * (2.0 * ahead[0] + spend) + price * (2.0 * ahead[1 + offer] + price)
    };
    let nearest = answers.iter().copied().min_by(|&a, &b| left(a).total_cmp(&left(b))).unwrap_or(NOTHING);
    add(ahead, choices, &linear.prices, nearest, 1.0);
    nearest
}

fn add(ahead: &mut [f64], choices: &Choices, prices: &Prices, answer: usize, share: f64) {
    if answer != NOTHING {
        let option = choices.option(answer);
        ahead[0] += share * prices.budget * option.spend;
        ahead[1 + usize::from(option.offer)] += share * prices.offers[usize::from(option.offer)];
    }
}
