//! Walks through everything that was read, as the commands do.

use mainstay_features::check::CustomerReport;
use mainstay_features::history::History;
use mainstay_features::ingest::{Input, collect};
use mainstay_features::profile;
use mainstay_features::registry;
use mainstay_features::table::Table;
use mainstay_features::units::Days;
use mainstay_features::watch::Unwatched;

/// Reads an input, folds it and walks through it. That it is refused is fine.
pub fn read(input: &Input) {
    let Ok(mut collected) = collect(input, &Unwatched) else { return };
    if let Some(survey) = &mut collected.survey {
        survey.repeats();
        survey.days();
    }
    if let Ok(history) = History::fold(collected.builders) {
        walk(&history);
    }
}

/// Every feature of every customer, at the first order and the last.
pub fn walk(history: &History) {
    CustomerReport::of(history);
    let (Some((first, last)), Some(lookback)) = (history.span(), Days::new(365)) else { return };
    let attributes = profile::Said::of(history).attributes(|word| history.text(word));
    let as_of = vec![first, last];
    let table = Table { as_of, lookback, features: registry::all().collect(), attributes };
    let rows = table.rows(history, 0..history.len());
    assert!(!rows.columns.iter().flatten().any(|value| value.is_infinite()), "a feature is infinite");
}
