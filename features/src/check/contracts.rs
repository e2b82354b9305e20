//! What contracts are like, and what in them would mislead a model.

use crate::history::{Contract, History};
use crate::units::{Instant, MICROS_PER_DAY};

/// The contracts of a log at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractReport {
    /// The instant: until when the log knows.
    pub at: Instant,
    /// How many there are.
    pub contracts: u64,
    /// Those that run at the instant…
    pub running: u64,
    /// …and of these those without an end.
    pub open: u64,
    /// Those that have not begun by then.
    pub to_come: u64,
    /// Those that end as they begin: they never run.
    pub of_no_time: u64,
    /// Breaks between a customer's contracts that are exactly a day long: the last day seems to be given as the end.
    pub breaks_of_a_day: u64,
    /// All breaks between a customer's contracts.
    pub breaks: u64,
    /// Customers whose contract runs and who have no order: they are in no population.
    pub running_without_order: u64,
    /// Customers with an order and no contract at any time: neither are they.
    pub buyers_without: u64,
}

impl ContractReport {
    /// Of a history, as far as it knows at an instant; `None` where there are no contracts, or nothing has happened by then.
    pub fn of(history: &History, as_of: Instant) -> Option<Self> {
        if !history.given().contracts {
            return None;
        }
        let ends = [history.last_order_until(as_of), history.last_start_until(as_of)];
        let mut report = Self::none(ends.into_iter().flatten().max()?);
        for customer in 0..history.len() {
            let customer = history.customer(customer);
            let runs = report.add(customer.contracts);
            report.running_without_order += u64::from(runs && customer.orders.is_empty());
            report.buyers_without += u64::from(customer.contracts.is_empty() && !customer.orders.is_empty());
        }
        Some(report)
    }

    const fn none(at: Instant) -> Self {
        Self {
            at,
            contracts: 0,
            running: 0,
            open: 0,
            to_come: 0,
            of_no_time: 0,
            breaks_of_a_day: 0,
            breaks: 0,
            running_without_order: 0,
            buyers_without: 0,
        }
    }

    /// Adds a customer's contracts, by start; whether one runs.
    fn add(&mut self, contracts: &[Contract]) -> bool {
        let as_of = self.at;
        let mut covered_until: Option<Instant> = None;
        let mut goes_on = false;
        for contract in contracts {
            self.contracts += 1;
            self.running += u64::from(contract.runs_at(as_of));
            self.open += u64::from(contract.runs_at(as_of) && contract.end.is_none());
            self.to_come += u64::from(contract.start > as_of);
            self.of_no_time += u64::from(contract.end == Some(contract.start));
            if let Some(end) = covered_until.filter(|&end| !goes_on && end < contract.start) {
                self.breaks += 1;
                self.breaks_of_a_day += u64::from(contract.start.micros() - end.micros() == MICROS_PER_DAY);
            }
            goes_on |= contract.end.is_none();
            covered_until = covered_until.max(contract.end);
        }
        contracts.iter().any(|contract| contract.runs_at(as_of))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::units::Amount;

    #[test]
    fn contracts_are_counted_and_what_is_odd_about_them() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let mut builder = HistoryBuilder::default();
        for customer in ["a", "b", "c"] {
            builder.add_line(customer, "1", at("2024-01-01"), Amount::new(5.0).unwrap());
        }
        for (customer, start, end) in [
            // A break of a day, one of a month, and one that another contract covers.
            ("a", "2024-01-01", Some("2024-01-31")),
            ("a", "2024-02-01", Some("2024-02-29")),
            ("a", "2024-03-31", None),
            ("a", "2024-05-01", Some("2024-05-01")),
            ("b", "2024-01-01", Some("2024-02-01")),
            ("b", "2024-09-01", None),
            ("d", "2024-01-01", None),
        ] {
            builder.add_contract(customer, Contract { start: at(start), end: end.map(at) });
        }
        let history = History::fold(vec![builder]).unwrap();
        let expected = ContractReport {
            at: at("2024-05-01"),
            contracts: 7,
            running: 2,
            open: 2,
            to_come: 1,
            of_no_time: 1,
            breaks_of_a_day: 1,
            breaks: 3,
            running_without_order: 1,
            buyers_without: 1,
        };
        assert_eq!(ContractReport::of(&history, at("2024-06-01")), Some(expected));
        assert_eq!(ContractReport::of(&History::default(), at("2024-06-01")), None);
    }
}
