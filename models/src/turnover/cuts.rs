//! What parts customers into tiers and cells at each instant.

use mainstay_features::history::{Histories, History, HistoryError};
use mainstay_features::known::{Cut, Known};
use mainstay_features::label::Label;
use mainstay_features::units::Amount;
use rayon::prelude::*;

use super::walk::CUSTOMERS_AT_A_TIME;
use super::{Question, is_customer};
use crate::segments::{TierCuts, ValueMatrix};

/// What parts the customers at an instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Cuts {
    pub(super) tiers: TierCuts,
    pub(super) matrix: ValueMatrix,
}

/// A customer with one value at some instants in a row. What a customer has bought changes rarely, so that this is far less
/// than a value for each instant.
struct Run {
    bought: Amount,
    first: u32,
    last: u32,
}

/// What some of the customers are worth.
struct Worth {
    matrices: Vec<ValueMatrix>,
    runs: Vec<Run>,
}

/// The cuts at each instant.
pub(super) fn at_each(histories: &Histories, question: &Question<'_>) -> Result<Vec<Cuts>, HistoryError> {
    let worths: Vec<Worth> = histories.each(|part| of_part(part, question))?.into_iter().flatten().collect();
    let cuts = |place: usize| {
        let runs = worths.iter().flat_map(|worth| &worth.runs);
        let at = |run: &&Run| (run.first..=run.last).contains(&(place as u32));
        let matrices = worths.iter().map(|worth| worth.matrices[place]);
        Cuts {
            tiers: TierCuts::of(runs.filter(at).map(|run| run.bought.get())),
            matrix: matrices.fold(ValueMatrix::default(), ValueMatrix::and),
        }
    };
    Ok((0..question.instants.len()).into_par_iter().map(cuts).collect())
}

fn of_part(part: &History, question: &Question<'_>) -> Vec<Worth> {
    let label = Label::of(part);
    (0..part.len())
        .into_par_iter()
        .step_by(CUSTOMERS_AT_A_TIME)
        .map_init(Cut::default, |cut, first| {
            let mut worth =
                Worth { matrices: vec![ValueMatrix::default(); question.instants.len()], runs: Vec::new() };
            for number in first..part.len().min(first + CUSTOMERS_AT_A_TIME) {
                let before = worth.runs.len();
                cut.at_each(part.customer(number), question.instants, |place, known| {
                    if is_customer(label, known, question.lookback) {
                        let bought = bought_so_far(known);
                        worth.matrices[place].add(known.purchases().len() as u64, bought);
                        let place = place as u32;
                        match worth.runs[before..].last_mut() {
                            Some(run) if run.bought == bought && run.last + 1 == place => run.last = place,
                            _ => worth.runs.push(Run { bought, first: place, last: place }),
                        }
                    }
                });
            }
            worth.runs.shrink_to_fit();
            worth
        })
        .collect()
}

/// What all purchases so far come to.
pub(super) fn bought_so_far(known: &Known<'_>) -> Amount {
    known.purchases().iter().map(|purchase| purchase.amount).sum()
}
