//! The at-risk list: of a scored list the rows a retention team asks for, with what helps to act on them.
//!
//! ```text
//! scored list ──filter, sort──► rows ──columns──► table, CSV, JSON, XLSX
//! the list before ──► what changed
//! ```

mod change;
mod columns;
mod export;
mod filter;
mod meanings;
mod measures;
mod page;
mod people;
mod picked;
mod sheet;

pub use change::{Change, Previous};
pub use columns::{Column, UnknownColumn, columns_named, columns_of_every_list};
pub use export::{to_csv, to_json, to_table_cells};
pub use filter::{Band, Filter, Order, Said};
pub use meanings::{dictionary, meaning};
pub use measures::Measuring;
pub use page::{Cursor, UnknownCursor};
pub use people::{action_named, for_people};
pub use picked::Picked;
pub use sheet::write_sheet;

use std::sync::Arc;

use mainstay_models::decision::Catalogue;
use mainstay_models::language::Language;

use self::measures::Measures;

use crate::scores::{ScoreRow, Scores};

/// A scored list, and what is shown of it.
#[derive(Debug)]
pub struct AtRisk<'a> {
    /// The list.
    pub scores: &'a Scores,
    /// Where an offer's words come from.
    pub catalogue: &'a Catalogue,
    /// The list before, if there was one that can be compared with.
    pub previous: Option<&'a Previous>,
    /// How its customers are measured.
    pub measuring: Arc<Measuring>,
    /// In which language people read it.
    pub language: Language,
    /// The rows, in the order they are shown.
    pub rows: Vec<&'a ScoreRow>,
}

impl<'a> AtRisk<'a> {
    /// The rows of a list that pass a filter, in an order, at most `top` of them.
    pub fn of(
        scores: &'a Scores,
        catalogue: &'a Catalogue,
        previous: Option<&'a Previous>,
        language: Language,
        (filter, order, top): (&Filter, Order, usize),
    ) -> Self {
        let passed = scores.rows.iter().filter(|row| filter.passes(scores, row, language));
        let rows = order.first(passed.collect(), top);
        Self::with_rows(scores, catalogue, previous, language, rows)
    }

    /// These rows of a list, in this order.
    pub fn with_rows(
        scores: &'a Scores,
        catalogue: &'a Catalogue,
        previous: Option<&'a Previous>,
        language: Language,
        rows: Vec<&'a ScoreRow>,
    ) -> Self {
        let previous = previous.filter(|previous| previous.why_not_compared(scores).is_none());
        Self { scores, catalogue, previous, measuring: Arc::default(), language, rows }
    }

    fn measures(&self) -> &Measures {
        self.measuring.of(self.scores)
    }

    /// What has become of a row's customer since the list before.
    pub fn change(&self, row: &ScoreRow) -> Option<Change> {
        self.previous?.change(self.scores, row)
    }
}
