//! A list of any size, of which no more rows are held than are shown; of everyone else 24 bytes, for the measures that place
//! a customer among all.

use std::sync::Arc;

use mainstay_models::language::Language;
use mainstay_models::segments::RfmRules;

use super::measures::customer;
use super::{Filter, Measuring, Order};
use crate::scores::Scores;

/// So many rows may be held beyond those that are shown, before the last of them in order are let go.
const SPARE_ROWS: usize = 65_536;

/// What is shown of a list that comes some rows at a time.
#[derive(Debug)]
pub struct Picked<'a> {
    filter: &'a Filter,
    order: Order,
    top: usize,
    language: Language,
    spare_rows: usize,
    /// Everyone, who or who is not shown: some measures place a customer among all.
    customers: Vec<[f64; 3]>,
}

impl<'a> Picked<'a> {
    /// The rows that pass a filter, at most `top` of them by an order.
    pub fn new(filter: &'a Filter, language: Language, (order, top): (Order, usize)) -> Self {
        Self { filter, order, top, language, spare_rows: SPARE_ROWS, customers: Vec::new() }
    }

    /// Adds to a list what is shown of rows that come after those before, and lets go what is not shown any more. What stays
    /// is in the list's order.
    pub fn add(&mut self, list: &mut Scores, mut some: Scores) {
        self.customers.extend(some.rows.iter().map(customer));
        let rows = std::mem::take(&mut some.rows);
        some.rows = rows.into_iter().filter(|row| self.filter.passes(&some, row, self.language)).collect();
        list.append(some);
        if list.rows.len() > self.top.saturating_add(self.spare_rows) {
            let rows: Vec<_> = list.rows.iter().collect();
            let mut shown = vec![false; rows.len()];
            self.order.places(&rows, self.top).into_iter().for_each(|place| shown[place] = true);
            let mut shown = shown.into_iter();
            list.rows.retain(|_| shown.next().unwrap_or_default());
        }
    }

    /// How all customers of the list are measured, with an RFM score by these rules.
    pub fn measuring(&self, rules: &RfmRules) -> Arc<Measuring> {
        Arc::new(Measuring::of_all(rules, &self.customers))
    }
}

#[cfg(test)]
mod tests {
    use mainstay_models::decision::Catalogue;
    use proptest::prelude::*;

    use super::*;
    use crate::at_risk::{AtRisk, to_table_cells};
    use crate::scores::made_up::{list, row};

    proptest! {
        /// In whatever pieces the list comes: the rows, their order and their measures are those of the list as a whole.
        #[test]
        fn the_same_is_shown_as_of_the_list_as_a_whole(
            rows in prop::collection::vec(prop::array::uniform5(0_u8..11), 0..120),
            piece in 1_usize..40,
            top in 0_usize..60,
            least in 0_u8..11,
        ) {
            let whole = list(rows.into_iter().enumerate().map(|(number, numbers)| row(number, numbers)).collect());
            let band = format!("{}..", f64::from(least) / 10.0).parse().unwrap();
            let filter = Filter { churn_probability: Some(band), ..Filter::default() };
            let catalogue = Catalogue::built_in().unwrap();
            for order in Order::ALL {
                let mut picked = Picked::new(&filter, Language::English, (order, top));
                picked.spare_rows = 3;
                let mut few = list(Vec::new());
                whole.rows.chunks(piece).for_each(|rows| picked.add(&mut few, list(rows.to_vec())));
                prop_assert!(few.rows.len() <= top + 3 + piece);
                let shown = (&filter, order, top);
                let mut ours = AtRisk::of(&few, &catalogue, None, Language::English, shown);
                ours.measuring = picked.measuring(&RfmRules::default());
                let theirs = AtRisk::of(&whole, &catalogue, None, Language::English, shown);
                prop_assert_eq!(&ours.rows, &theirs.rows);
                let cells = |of: &AtRisk<'_>| to_table_cells(of, &of.columns());
                prop_assert_eq!(cells(&ours), cells(&theirs));
            }
        }
    }
}
