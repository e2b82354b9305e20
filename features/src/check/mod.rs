//! The data report: what a log is like, and what in it would mislead a model.

mod alike;
mod contracts;
mod days;
mod drawn_out;
mod status;
mod survey;

pub use alike::Alike;
pub use contracts::ContractReport;
pub use days::{DayReport, OddDay, Oddity};
pub use drawn_out::{DRAWN_OUT_DAYS, DrawnOut};
pub use status::Statuses;
pub use survey::{Cancellations, Discounts, Repeats, Survey};

use rayon::prelude::*;

use crate::cutoff::training_cutoffs;
use crate::history::History;
use crate::horizon::CANDIDATES;
use crate::known::purchases_between;
use crate::units::{Amount, Days, Instant};

/// An account that spends so many times what the median customer does looks like wholesale, a test or a shop's own.
pub const WHOLESALE_TIMES: f64 = 100.0;
/// At most so many of them are named.
const MOST_NAMED: usize = 20;
/// So few customers are not worth another thread.
const MIN_CUSTOMERS: usize = 1024;

/// What customers are like.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerReport {
    /// Customers with a purchase.
    pub buyers: usize,
    /// The share of them with fewer than two purchases, in [0, 1].
    pub with_one_purchase: f64,
    /// The median of what a buyer's purchases come to.
    pub median_money: f64,
    /// What all purchases come to.
    pub money: f64,
    /// Accounts with at least [`WHOLESALE_TIMES`] the median, the largest first; at most 20 are named.
    pub wholesale: Vec<(String, f64)>,
    /// How many such accounts there are.
    pub wholesale_count: usize,
    /// Customers who brought nearly everything back.
    pub returned: Returned,
    /// Orders whose lines come over a long time.
    pub drawn_out: DrawnOut,
    /// Customers whose identifiers read as if there were none, with how many purchases each has.
    pub nameless: Vec<(String, usize)>,
    /// Customers who seem to be one under two identifiers.
    pub alike: Alike,
}

/// What programs write where there is no value, or of whom they know no name, in whatever case.
const NO_NAMES: [&str; 15] = [
    "",
    "null",
    "nan",
    "none",
    "na",
    "n/a",
    "nil",
    "undefined",
    "unknown",
    "-",
    "-1",
    "0",
    "guest",
    "gast",
    "anonymous",
];

fn reads_as_none(id: &str) -> bool {
    NO_NAMES.iter().any(|name| id.trim().eq_ignore_ascii_case(name))
}

/// Customers whose returns take back [`NEARLY_ALL`] and more of what their purchases come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Returned {
    /// How many there are.
    pub count: usize,
    /// The few with the largest purchases.
    pub named: Vec<String>,
}

/// A share that is nearly everything.
pub const NEARLY_ALL: f64 = 0.9;
/// So few customers are named.
const FEW_NAMED: usize = 5;

impl CustomerReport {
    /// Looks at every customer; `None` if nobody bought.
    pub fn of(history: &History) -> Option<Self> {
        let bought: Vec<(u32, usize, f64, f64)> = (0..history.len() as u32)
            .into_par_iter()
            .with_min_len(MIN_CUSTOMERS)
            .filter_map(|customer| {
                let orders = history.customer(customer as usize);
                let purchases = purchases_between(orders, Instant::MIN, Instant::MAX);
                let amounts: Vec<Amount> = purchases.map(|purchase| purchase.amount).collect();
                let later = orders.later_lines.iter().map(|line| line.amount);
                let net = Amount::total(orders.orders.iter().map(|order| order.amount).chain(later));
                let count = amounts.len();
                (count > 0).then(|| (customer, count, Amount::total(amounts.into_iter()), net))
            })
            .collect();
        let mut money: Vec<f64> = bought.iter().map(|&(_, _, money, _)| money).collect();
        money.sort_unstable_by(f64::total_cmp);
        let median_money = *money.get(money.len() / 2)?;
        let most_first = |of: &dyn Fn(f64, f64) -> bool| {
            let mut of: Vec<(u32, f64)> = bought
                .iter()
                .filter(|&&(_, _, money, net)| of(money, net))
                .map(|&(customer, _, money, _)| (customer, money))
                .collect();
            of.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            of
        };
        let large = most_first(&|money, _| money >= WHOLESALE_TIMES * median_money);
        // Exactly nine tenths are nearly everything, however the tenth is rounded.
        let returned = most_first(&|money, net| money - net >= (NEARLY_ALL - 1e-9) * money);
        let id = |customer: u32| history.customer_id(customer as usize).to_owned();
        let named = large.iter().take(MOST_NAMED);
        Some(Self {
            buyers: bought.len(),
            with_one_purchase: bought.iter().filter(|(_, purchases, ..)| *purchases < 2).count() as f64
                / bought.len() as f64,
            median_money,
            money: money.iter().sum(),
            wholesale: named.map(|&(customer, money)| (id(customer), money)).collect(),
            wholesale_count: large.len(),
            nameless: bought
                .iter()
                .map(|&(customer, purchases, ..)| (history.customer_id(customer as usize), purchases))
                .filter(|(id, _)| reads_as_none(id))
                .map(|(id, purchases)| (id.to_owned(), purchases))
                .collect(),
            alike: Alike::of(history),
            drawn_out: DrawnOut::of(history),
            returned: Returned {
                count: returned.len(),
                named: returned.iter().take(FEW_NAMED).map(|&(customer, _)| id(customer)).collect(),
            },
        })
    }
}

/// The candidate horizons a log is long enough for, with the number of cutoffs to train and test at: at least two.
pub fn usable_horizons(span: (Instant, Instant), lookback: Days) -> Vec<(Days, usize)> {
    let cutoffs = |horizon| training_cutoffs(span.0, span.1, horizon, lookback).len();
    let candidates = CANDIDATES.into_iter().filter_map(Days::new).map(|horizon| (horizon, cutoffs(horizon)));
    candidates.filter(|&(_, cutoffs)| cutoffs >= 2).collect()
}
