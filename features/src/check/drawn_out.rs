//! Orders whose lines come over a long time: a number that is a frame's, and not an order's, folds all its deliveries into one
//! purchase.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{FEW_NAMED, MIN_CUSTOMERS};
use crate::history::{CustomerHistory, History};
use crate::units::Amount;

/// An order with a line so many days after its first is a frame for several, it seems.
pub const DRAWN_OUT_DAYS: i64 = 30;

/// Orders with a line above zero more than [`DRAWN_OUT_DAYS`] days after their first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrawnOut {
    /// How many.
    pub orders: usize,
    /// How many customers have one.
    pub customers: usize,
    /// The few with the most of them.
    pub named: Vec<String>,
}

impl DrawnOut {
    pub(super) fn of(history: &History) -> Self {
        let drawn_out = |customer: u32| {
            let CustomerHistory { orders, later_lines, .. } = history.customer(customer as usize);
            let begins = |order: u32| orders.get(order as usize).map(|order| order.instant);
            let late = later_lines.iter().filter(|line| {
                line.amount > Amount::ZERO
                    && begins(line.order).is_some_and(|begin| line.instant.days_since(begin) > DRAWN_OUT_DAYS)
            });
            let orders: BTreeSet<u32> = late.map(|line| line.order).collect();
            (customer, orders.len())
        };
        let customers = (0..history.len() as u32).into_par_iter().with_min_len(MIN_CUSTOMERS);
        let mut found: Vec<(u32, usize)> =
            customers.map(drawn_out).filter(|(_, orders)| *orders > 0).collect();
        found.sort_by_key(|&(customer, orders)| (Reverse(orders), customer));
        let named = found.iter().take(FEW_NAMED);
        Self {
            orders: found.iter().map(|(_, orders)| orders).sum(),
            customers: found.len(),
            named: named.map(|&(customer, _)| history.customer_id(customer as usize).to_owned()).collect(),
        }
    }
}
