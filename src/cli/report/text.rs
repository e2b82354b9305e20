//! The report as tables for people.

use crate::cli::output;
use crate::report::{LOST, TurnoverReport, period_cells, period_titles, segment_cells, segment_titles};

pub(super) fn of(report: &TurnoverReport) -> String {
    let (whole, language) = (report.whole(), report.language);
    let (customer, period, zone) = (report.customer(), report.period_words(), &report.zone);
    let [english, chinese] = LOST;
    let mut text = language.either(
        format!(
            "{}\na customer is {customer}; {period}s begin on the calendar of {zone}\n{english}\n\n",
            report.sentence()
        ),
        format!("{}\n客户指{customer}；每{period}的起止按{zone}时区的日历\n{chinese}\n\n", report.sentence()),
    );
    let mut rows: Vec<Vec<String>> =
        report.periods.iter().map(|(period, of)| period_cells(&period.name, of, language)).collect();
    if rows.len() > 1 {
        rows.push(period_cells(language.either("together", "合计"), &whole, language));
    }
    text += &output::table(&period_titles(language), &rows);
    for (name, segments) in report.segmentations(&whole, language) {
        let rows: Vec<Vec<String>> =
            segments.iter().map(|(segment, of)| segment_cells(segment, of, language)).collect();
        let titles: Vec<&str> = std::iter::once(name.as_str()).chain(segment_titles(language)).collect();
        text += "\n";
        text += &output::table(&titles, &rows);
    }
    text
}
