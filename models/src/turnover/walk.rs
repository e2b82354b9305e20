//! Every customer at every instant: there or not, and in which segments.

use mainstay_features::history::{CustomerHistory, Histories, History, HistoryError, Word};
use mainstay_features::known::{Cut, Known};
use mainstay_features::label::Label;
use mainstay_features::units::{Amount, Instant};
use rayon::prelude::*;

use super::cuts::{Cuts, bought_so_far};
use super::{MOST_VALUES, PeriodTurnover, Question, is_customer};
use crate::segments::{Cause, Cell, SignsSource, Stage, Tier, Turnover, is_problem};

/// So few customers are not worth another thread.
pub(super) const CUSTOMERS_AT_A_TIME: usize = 1024;

/// A customer at an instant.
#[derive(Clone, Copy)]
struct At {
    is_customer: bool,
    bought_lately: Amount,
    tier: Tier,
    cell: Cell,
    stage: Stage,
    by: Option<Word>,
}

/// Looks at the customers of a part.
struct Walker<'a> {
    part: &'a History,
    question: &'a Question<'a>,
    cuts: &'a [Cuts],
    label: Label,
    source: SignsSource,
}

/// The turnover from each instant to the next.
pub(super) fn walk(
    histories: &Histories,
    question: &Question<'_>,
    cuts: &[Cuts],
) -> Result<Vec<PeriodTurnover>, HistoryError> {
    let parts = histories.each(|part| {
        let source = SignsSource::told_by(part.given());
        Walker { part, question, cuts, label: Label::of(part), source }.all()
    })?;
    let none = vec![PeriodTurnover::default(); question.instants.len().saturating_sub(1)];
    Ok(parts.into_iter().fold(none, and))
}

fn and(some: Vec<PeriodTurnover>, others: Vec<PeriodTurnover>) -> Vec<PeriodTurnover> {
    some.into_iter().zip(others).map(|(some, others)| some.and(others)).collect()
}

impl Walker<'_> {
    fn all(&self) -> Vec<PeriodTurnover> {
        let instants = self.question.instants.len();
        let none = || vec![PeriodTurnover::default(); instants.saturating_sub(1)];
        (0..self.part.len())
            .into_par_iter()
            .step_by(CUSTOMERS_AT_A_TIME)
            .map_init(Cut::default, |cut, first| {
                let mut periods = none();
                let mut states = vec![None; instants];
                for number in first..self.part.len().min(first + CUSTOMERS_AT_A_TIME) {
                    let customer = self.part.customer(number);
                    states.fill(None);
                    cut.at_each(customer, self.question.instants, |place, known| {
                        states[place] = Some(self.at(place, customer, known));
                    });
                    for (period, pair) in periods.iter_mut().zip(states.windows(2)) {
                        period.add(pair[0], pair[1]);
                    }
                }
                periods
            })
            .reduce(none, and)
    }

    fn at(&self, place: usize, customer: CustomerHistory<'_>, known: &Known<'_>) -> At {
        let Question { instants, lookback, horizon, by } = *self.question;
        let mut at = At {
            is_customer: is_customer(self.label, known, lookback),
            bought_lately: Amount::ZERO,
            tier: Tier::Small,
            cell: Cell::Uncertain,
            stage: Stage::Stable,
            by: None,
        };
        let is_start_of_a_period = place + 1 < instants.len();
        if at.is_customer && is_start_of_a_period {
            let signs = self.source.compute(known);
            let bought = bought_so_far(known);
            let Cuts { tiers, matrix } = &self.cuts[place];
            at.bought_lately = bought_since(known, instants[place].minus(lookback));
            at.tier = tiers.tier(bought.get(), is_problem(&signs, false, Cause::Unknown));
            at.cell = matrix.cell(known.purchases().len() as u64, bought);
            at.stage = Stage::of(&signs, horizon);
            at.by = by.and_then(|by| by.shown(self.part, customer, instants[place]));
        }
        at
    }
}

/// What the purchases after an instant come to.
fn bought_since(known: &Known<'_>, since: Instant) -> Amount {
    let purchases = known.purchases();
    let first = purchases.partition_point(|purchase| purchase.instant <= since);
    purchases[first..].iter().map(|purchase| purchase.amount).sum()
}

impl PeriodTurnover {
    /// Adds a customer, as known at the start and at the end; `None` where nothing had been bought yet.
    fn add(&mut self, start: Option<At>, end: Option<At>) {
        let is_at_end = end.is_some_and(|end| end.is_customer);
        match start {
            Some(start) if start.is_customer => {
                let add = |turnover: &mut Turnover| turnover.add(true, is_at_end, start.bought_lately);
                add(&mut self.total);
                add(&mut self.tiers[start.tier as usize]);
                add(&mut self.cells[start.cell as usize]);
                add(&mut self.stages[start.stage as usize]);
                // One too many is enough to know that there are too many.
                if self.by.len() <= MOST_VALUES || self.by.contains_key(&start.by) {
                    add(self.by.entry(start.by).or_default());
                }
            }
            _ if is_at_end => {
                self.total.add(false, true, Amount::ZERO);
                self.returned += u64::from(start.is_some());
            }
            _ => {}
        }
    }
}
