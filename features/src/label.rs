//! The label: who left, and with it who could have.

use std::fmt;
use std::str::FromStr;

use crate::history::{Contract, CustomerHistory, Given, History};
use crate::known::{Known, Purchase, purchases_between};
use crate::units::{Amount, Days, Instant, ParseUnitError};

/// What leaving means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// No purchase in the horizon.
    #[default]
    NoPurchase,
    /// Contracts end in the horizon, and none runs on.
    ContractEnd,
}

impl Label {
    /// What leaving means in a history: where there are contracts, they say.
    pub fn of(history: &History) -> Self {
        Self::where_given(history.given())
    }

    /// The same, by what there is in a history.
    pub const fn where_given(given: Given) -> Self {
        if given.contracts { Self::ContractEnd } else { Self::NoPurchase }
    }

    /// Whether a customer is in the population: with a purchase in (as-of − lookback, as-of], or, where contracts say,
    /// with any purchase so far and a contract that runs.
    pub fn has_in_population(self, known: &Known<'_>, lookback: Days) -> bool {
        match self {
            Self::NoPurchase => known.bought_within(lookback),
            Self::ContractEnd => known.has_contract(),
        }
    }

    /// Whether a customer has lapsed: bought once, but not in (as-of − lookback, as-of], or, where contracts say, had
    /// some that have all ended. Nobody is both lapsed and in the population; who never had a contract is neither where
    /// contracts say.
    pub fn has_lapsed(self, known: &Known<'_>, lookback: Days) -> bool {
        match self {
            Self::NoPurchase => !known.bought_within(lookback),
            Self::ContractEnd => known.contracts_have_ended(),
        }
    }

    /// Whether a customer of the population at the cutoff churned in (cutoff, cutoff + horizon]: without a purchase in
    /// it, or, where contracts say, with an instant in it from which on none runs.
    ///
    /// An order is a purchase here if its amount, as known at the end of the window, is positive; one that began at or
    /// before the cutoff belongs to the past.
    pub fn churned(self, customer: CustomerHistory<'_>, cutoff: Instant, horizon: Days) -> bool {
        let end = cutoff.plus(horizon);
        match self {
            Self::NoPurchase => purchases_after(customer, cutoff, end).next().is_none(),
            Self::ContractEnd => coverage_ends(customer.contracts, cutoff, end),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::NoPurchase => "no purchase",
            Self::ContractEnd => "contract end",
        }
    }
}

/// What a customer's purchases in (cutoff, cutoff + horizon] come to, as known at its end: see [`Label::churned`] for what is one.
pub fn spent_within(customer: CustomerHistory<'_>, cutoff: Instant, horizon: Days) -> f64 {
    Amount::total(purchases_after(customer, cutoff, cutoff.plus(horizon)).map(|purchase| purchase.amount))
}

/// How many purchases a customer makes in (after, until], as known at its end.
pub fn purchases_within(customer: CustomerHistory<'_>, after: Instant, until: Instant) -> usize {
    purchases_after(customer, after, until).count()
}

/// The purchases in (after, until], as known at its end; none after the last instant there is.
fn purchases_after(
    customer: CustomerHistory<'_>,
    after: Instant,
    until: Instant,
) -> impl Iterator<Item = Purchase> {
    let start = Instant::from_micros(after.micros() + 1).into_iter();
    start.flat_map(move |start| purchases_between(customer, start, until))
}

/// Whether there is an end of a contract in (cutoff, until] at which no other runs: a renewal without a break is none.
/// Contracts come by start.
fn coverage_ends(contracts: &[Contract], cutoff: Instant, until: Instant) -> bool {
    let is_in_window = |end: Instant| cutoff < end && end <= until;
    // Until when the contracts so far run together.
    let mut covered_until: Option<Instant> = None;
    for contract in contracts {
        if covered_until.is_some_and(|end| end < contract.start && is_in_window(end)) {
            return true;
        }
        // Without an end, it goes on whatever comes.
        let Some(end) = contract.end else { return false };
        covered_until = covered_until.max(Some(end));
    }
    covered_until.is_some_and(is_in_window)
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Label {
    type Err = ParseUnitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let label = [Self::NoPurchase, Self::ContractEnd].into_iter().find(|label| label.name() == text);
        label.ok_or_else(|| ParseUnitError::new(text, "a label: no purchase or contract end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::known::Cut;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    /// A customer who bought on 2023-01-01, with contracts from when to when.
    fn history(contracts: &[(&str, Option<&str>)]) -> History {
        let mut builder = HistoryBuilder::default();
        builder.add_line("a", "1", at("2023-01-01"), Amount::new(5.0).unwrap());
        for &(start, end) in contracts {
            builder.add_contract("a", Contract { start: at(start), end: end.map(at) });
        }
        History::fold(vec![builder]).unwrap()
    }

    #[test]
    fn a_customer_churns_when_the_contract_ends_in_the_window_and_none_runs_on() {
        let churned = |contracts: &[(&str, Option<&str>)]| {
            let history = history(contracts);
            Label::of(&history).churned(history.customer(0), at("2024-02-01"), Days::new(30).unwrap())
        };
        let until = |end: &'static str| ("2023-01-01", Some(end));
        assert!(!churned(&[("2023-01-01", None)]), "it has no end");
        assert!(churned(&[until("2024-02-10")]));
        assert!(churned(&[until("2024-03-02")]), "the window's last instant");
        assert!(!churned(&[until("2024-03-02T00:00:00.000001Z")]), "just after the window");
        assert!(churned(&[until("2024-02-01T00:00:00.000001Z")]), "just after the cutoff");
        assert!(!churned(&[until("2024-02-10"), ("2024-02-10", None)]), "renewed without a break");
        assert!(!churned(&[until("2024-02-10"), ("2024-02-01", Some("2025-02-01"))]), "renewed before");
        assert!(churned(&[until("2024-02-10"), ("2024-02-10T00:00:00.000001Z", None)]), "after a break");
        assert!(churned(&[until("2024-02-10"), ("2024-02-10", Some("2024-02-20"))]), "renewed for too short");
        assert!(churned(&[until("2024-02-10"), until("2024-02-10")]), "both end");
        assert!(!churned(&[until("2024-02-10"), ("2023-06-01", None)]), "another runs on");
    }

    #[test]
    fn the_population_is_whose_contract_runs_however_long_ago_they_bought() {
        let is_in = |contracts: &[(&str, Option<&str>)], as_of: &str| {
            let (history, mut cut) = (history(contracts), Cut::default());
            let known = cut.at(history.customer(0), at(as_of));
            known.is_some_and(|known| Label::of(&history).has_in_population(&known, Days::new(30).unwrap()))
        };
        let contract = [("2022-06-01", Some("2024-02-01"))];
        assert!(is_in(&contract, "2023-12-31"), "the purchase is older than the lookback");
        assert!(!is_in(&contract, "2022-12-31"), "before the first purchase");
        assert!(!is_in(&contract, "2024-02-01"), "at its end it no longer runs");
        assert!(is_in(&[("2023-12-31", None)], "2023-12-31"), "at its start it runs");
        assert!(!is_in(&[("2024-01-01", None)], "2023-12-31"), "not yet");
        assert!(is_in(&[], "2023-01-15") && !is_in(&[], "2023-12-31"), "without contracts the lookback says");
    }

    #[test]
    fn who_has_lapsed_was_in_the_population_and_is_no_more() {
        let lapsed = |contracts: &[(&str, Option<&str>)], as_of: &str| {
            let (history, mut cut) = (history(contracts), Cut::default());
            let known = cut.at(history.customer(0), at(as_of)).unwrap();
            let (label, lookback) = (Label::of(&history), Days::new(30).unwrap());
            let lapsed = label.has_lapsed(&known, lookback);
            assert!(!(lapsed && label.has_in_population(&known, lookback)));
            lapsed
        };
        assert!(!lapsed(&[], "2023-01-30") && lapsed(&[], "2023-01-31"), "silent for the lookback");
        let ended = ("2022-06-01", Some("2024-02-01"));
        assert!(!lapsed(&[ended], "2024-01-31") && lapsed(&[ended], "2024-02-01"), "from its end on");
        assert!(!lapsed(&[ended, ("2024-01-01", None)], "2024-02-01"), "another runs");
        assert!(!lapsed(&[ended, ("2024-03-01", None)], "2024-02-01"), "another is signed");
    }

    #[test]
    fn coverage_ends_where_a_contract_ends_and_none_runs() {
        let at = |day: u32| Instant::from_micros(i64::from(day) * 86_400_000_000).unwrap();
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        let mut ended = 0;
        for _ in 0..20_000 {
            let mut contracts: Vec<Contract> = (0..random(5))
                .map(|_| {
                    let start = random(12);
                    let end = (random(8) > 0).then(|| at(start + random(5)));
                    Contract { start: at(start), end }
                })
                .collect();
            contracts.sort_unstable();
            let (cutoff, until) = (at(4), at(9));
            let by_definition = contracts.iter().filter_map(|contract| contract.end).any(|end| {
                cutoff < end && end <= until && !contracts.iter().any(|contract| contract.runs_at(end))
            });
            assert_eq!(coverage_ends(&contracts, cutoff, until), by_definition, "{contracts:?}");
            ended += u32::from(by_definition);
        }
        assert!((2_000..18_000).contains(&ended), "{ended}");
    }
}
