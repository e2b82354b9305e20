//! The report as tables for people.

use crate::cli::output;
use crate::report::{TurnoverReport, period_cells, period_titles, segment_cells, segment_titles};

/// What the rates are of: a model's churn is another thing (docs/segments.md).
const LOST: [&str; 2] = [
    "lost is who was a customer at the start and is none at the end; the absolute churn rate is their share of \
     the customers, the relative one of what all had bought",
    "流失：期初是客户、期末不是客户的人；绝对流失率是他们占客户数的比例，相对流失率是他们占全部客户此前购买金额的比例",
];

pub(super) fn of(report: &TurnoverReport) -> String {
    let (whole, language) = (report.whole(), report.language);
    let (customer, period, zone) = (report.customer(), report.period_words(), &report.zone);
    let [english, chinese] = LOST;
    let mut text = language.either(
        format!(
            "{}\na customer is {customer}; {period}s begin on the calendar of {zone}\n{english}\n\n",
            report.sentence()
        ),
        format!("{}\n客户是{customer}；每{period}的起止按{zone}时区的日历\n{chinese}\n\n", report.sentence()),
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
