//! What the sums of a scored list do not show.

use std::collections::BTreeMap;

use mainstay_features::profile::CONTRACT_END;
use mainstay_features::units::{Days, Instant};
use mainstay_models::decision::Catalogue;
use mainstay_models::language::Language;

use super::gone::Gone;
use crate::scores::{ScoreRow, Scores};

/// Of so many actions none should earn more than this share of all.
const MANY: usize = 100;
const CONCENTRATED: f64 = 0.1;

/// What is counted of a list's rows to know.
#[derive(Default)]
pub(super) struct Caveats {
    /// Customers for whom an action pays.
    pub(super) actions: usize,
    /// What the actions are expected to earn.
    pub(super) net_value: f64,
    /// What the action that earns most does.
    largest_net_value: f64,
    /// For how many customers each offer is.
    offered: BTreeMap<String, u64>,
    /// Who of them is as good as gone.
    gone: Gone,
    /// Those whose contract ends after the horizon, and what their actions are to earn.
    bound: (usize, f64),
    horizon: Option<Days>,
}

impl Caveats {
    /// Of no rows yet, of a list of this horizon, if it tells.
    pub(super) fn new(horizon: Option<Days>) -> Self {
        Self { horizon, ..Self::default() }
    }

    /// With some rows more.
    pub(super) fn add(&mut self, scores: &Scores) {
        let contract_end = scores.shown.iter().position(|name| name == CONTRACT_END);
        let known_until = self.horizon.map(|horizon| scores.as_of.plus(horizon));
        let is_bound = |row: &ScoreRow| {
            let end =
                contract_end.and_then(|place| row.shown.get(place)?.as_deref()?.parse::<Instant>().ok());
            end > known_until && known_until.is_some()
        };
        for row in &scores.rows {
            self.gone.count(row);
            if row.net_value > 0.0 {
                self.actions += 1;
                self.net_value += row.net_value;
                self.largest_net_value = self.largest_net_value.max(row.net_value);
                if is_bound(row) {
                    self.bound.0 += 1;
                    self.bound.1 += row.net_value;
                }
                let action = scores.action_of(row);
                match self.offered.get_mut(action) {
                    Some(customers) => *customers += 1,
                    None => _ = self.offered.insert(action.to_owned(), 1),
                }
            }
        }
    }

    /// Offers that are for more customers than can have them: the name, for how many it is, and how many can.
    pub(super) fn beyond_capacity<'a>(&self, catalogue: &'a Catalogue) -> Vec<(&'a str, u64, u64)> {
        let beyond = catalogue.offers().iter().filter_map(|offer| {
            let customers = self.offered.get(offer.name()).copied().unwrap_or_default();
            let capacity = offer.capacity().filter(|&capacity| capacity < customers)?;
            Some((offer.name(), customers, capacity))
        });
        beyond.collect()
    }

    /// Each in a sentence.
    pub(super) fn sentences(&self, catalogue: &Catalogue, language: Language) -> Vec<String> {
        let mut sentences: Vec<String> = self.gone.sentence(language).into_iter().collect();
        if self.actions >= MANY && self.largest_net_value > CONCENTRATED * self.net_value {
            let share = 100.0 * self.largest_net_value / self.net_value;
            sentences.push(language.either(
                format!("one customer alone is {share:.1} % of what the actions come to"),
                format!("仅一位客户就占全部净收益的{share:.1}%"),
            ));
        }
        if let (horizon, (customers @ 1.., net_value)) = (self.horizon.map_or(0, Days::get), self.bound) {
            sentences.push(language.either(
                format!(
                    "{customers} actions, together {net_value:.2}, are for customers whose contract, as far as is known today, ends \
                     after the {horizon} days that the probability is of: they leave in these only if it is ended early"
                ),
                format!(
                    "其中{customers}位客户（净收益合计{net_value:.2}）的合同目前约定在{horizon}天观察期之后才到期：只有提前终止合同，\
                     才会在观察期内流失"
                ),
            ));
        }
        for (offer, customers, capacity) in self.beyond_capacity(catalogue) {
            sentences.push(language.either(
                format!("{offer} is for {customers} customers and has a capacity of {capacity}: mainstay plan says who gets it"),
                format!("{offer} 适用于{customers}位客户，而名额只有{capacity}个：用 mainstay plan 决定给谁"),
            ));
        }
        sentences
    }
}
