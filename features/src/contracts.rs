//! The contract that runs: since when, and which came before it; where there is a contracts file. No end that is still to come is
//! in any of them, as no file says since when it has been known.

use crate::feature::{Feature, Needs, Topic, Unit, Window};
use crate::history::{Contract, CustomerHistory};
use crate::known::Known;
use crate::units::Instant;

/// When a customer's contracts that run at an instant will all have ended; of one with none that runs, when the last did. `None`
/// where one has no end, or there is none. For people: no feature looks at it.
pub fn contract_end(customer: CustomerHistory<'_>, as_of: Instant) -> Option<Instant> {
    let running = || customer.contracts.iter().filter(|contract| contract.runs_at(as_of));
    if running().next().is_some() {
        let ends: Option<Vec<Instant>> = running().map(|contract| contract.end).collect();
        return ends?.into_iter().max();
    }
    customer.contracts.iter().filter_map(|contract| contract.end).filter(|&end| end <= as_of).max()
}

/// The contract that runs at the instant and began last.
fn running(known: &Known<'_>) -> Option<Contract> {
    known.contracts().iter().rfind(|contract| contract.runs_at(known.as_of())).copied()
}

/// The contract that ended last at or before the instant, with its end.
fn ended(known: &Known<'_>) -> Option<(Instant, Instant)> {
    let ended = |contract: &Contract| {
        contract.end.filter(|&end| end <= known.as_of()).map(|end| (end, contract.start))
    };
    known.contracts().iter().filter_map(ended).max().map(|(end, start)| (start, end))
}

/// Whole days since the contract that runs began.
pub const CONTRACT_AGE_DAYS: Feature = Feature {
    name: "contract_age_days",
    topic: Topic::Contracts,
    unit: Unit::Days,
    window: Window::WholeHistory,
    needs: Needs::Contracts,
    least: 0.0,
    missing: Some("without a contract that runs"),
    meaning: "Whole days since the contract that runs began; of several the newest.",
    compute: |known| {
        running(known).map_or(f64::NAN, |contract| known.as_of().days_since(contract.start) as f64)
    },
};

/// How often contracts have begun so far.
pub const CONTRACT_COUNT: Feature = Feature {
    name: "contract_count",
    unit: Unit::Count,
    least: 1.0,
    missing: Some("without a contract that has begun"),
    meaning: "Instants so far at which contracts began: who renewed, where each renewal is a contract.",
    // Of two that begin at once nothing tells them apart but their ends, which may still be to come.
    compute: |known| match known.contracts().chunk_by(|a, b| a.start == b.start).count() {
        0 => f64::NAN,
        count => count as f64,
    },
    ..CONTRACT_AGE_DAYS
};

/// How long the contract ran that ended last.
pub const CONTRACT_BEFORE_DAYS: Feature = Feature {
    name: "contract_before_days",
    missing: Some("without a contract that has ended"),
    meaning: "Whole days that the contract ran that ended last: the term, where terms are fixed.",
    compute: |known| ended(known).map_or(f64::NAN, |(start, end)| end.days_since(start) as f64),
    ..CONTRACT_AGE_DAYS
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, HistoryBuilder};
    use crate::known::Cut;
    use crate::units::Amount;

    #[test]
    fn they_know_when_contracts_began_and_which_have_ended() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let mut builder = HistoryBuilder::default();
        builder.add_line("a", "1", at("2023-01-01"), Amount::new(5.0).unwrap());
        for (start, end) in
            [("2023-01-01", Some("2023-12-31")), ("2023-12-31", Some("2024-12-30")), ("2024-06-01", None)]
        {
            builder.add_contract("a", Contract { start: at(start), end: end.map(at) });
        }
        let history = History::fold(vec![builder]).unwrap();
        let of = |as_of: &str| {
            let mut cut = Cut::default();
            let known = cut.at(history.customer(0), at(as_of)).unwrap();
            [CONTRACT_AGE_DAYS, CONTRACT_COUNT, CONTRACT_BEFORE_DAYS].map(|feature| (feature.compute)(&known))
        };
        let [age, count, before] = of("2023-03-01");
        assert_eq!((age, count), (59.0, 1.0));
        assert!(before.is_nan(), "none has ended");
        assert_eq!(of("2023-12-31"), [0.0, 2.0, 364.0]);
        assert_eq!(of("2024-06-11"), [10.0, 3.0, 364.0], "of two that run the newest");
        assert_eq!(of("2025-01-01"), [214.0, 3.0, 365.0]);
        let end = |as_of: &str| contract_end(history.customer(0), at(as_of));
        assert_eq!(end("2022-12-31"), None, "not begun");
        assert_eq!(end("2023-06-01"), Some(at("2023-12-31")));
        assert_eq!(end("2024-03-01"), Some(at("2024-12-30")));
        assert_eq!(end("2024-06-11"), None, "one has no end");
    }
}
