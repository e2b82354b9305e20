//! The report as tables for people.

use crate::cli::output;
use crate::report::{TurnoverReport, period_cells, period_titles, segment_cells, segment_titles};

/// What the rates are of: a model's churn is another thing (docs/segments.md).
const LOST: &str = "lost is who was a customer at the start and is none at the end; the absolute churn rate is their share of \
                    the customers, the relative one of what all had bought";

pub(super) fn of(report: &TurnoverReport) -> String {
    let whole = report.whole();
    let mut text = format!(
        "{}\na customer is {}; {}s begin on the calendar of {}\n{LOST}\n\n",
        report.sentence(),
        report.customer(),
        report.period,
        report.zone
    );
    let mut rows: Vec<Vec<String>> =
        report.periods.iter().map(|(period, of)| period_cells(&period.name, of)).collect();
    if rows.len() > 1 {
        rows.push(period_cells("together", &whole));
    }
    text += &output::table(&period_titles(), &rows);
    for (name, segments) in report.segmentations(&whole) {
        let rows: Vec<Vec<String>> =
            segments.iter().map(|(segment, of)| segment_cells(segment, of)).collect();
        let titles: Vec<&str> = std::iter::once(name.as_str()).chain(segment_titles()).collect();
        text += "\n";
        text += &output::table(&titles, &rows);
    }
    text
}
