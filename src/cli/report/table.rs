//! The report as a CSV file: a row for each period, and one for each of its segments.

use std::io::{self, Write};

use mainstay_models::language::Language;
use mainstay_models::segments::Turnover;

use crate::formula::defused;
use crate::report::TurnoverReport;

const HEADER: [&str; 15] = [
    "period",
    "start",
    "end",
    "segmentation",
    "segment",
    "customers_at_start",
    "new",
    "returned",
    "lost",
    "customers_at_end",
    "bought",
    "bought_by_lost",
    "retention_rate",
    "absolute_churn_rate",
    "relative_churn_rate",
];

/// Who came, which segments leave empty: who is new was in none at the start.
#[derive(Default)]
struct Came {
    new: String,
    returned: String,
    at_end: String,
}

pub(super) fn write(report: &TurnoverReport, out: impl Write) -> io::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    out.write_record(HEADER)?;
    for (period, of) in &report.periods {
        let when = [period.name.clone(), period.start.to_string(), period.end.to_string()];
        let came = Came {
            new: of.total.new.to_string(),
            returned: of.returned.to_string(),
            at_end: of.total.at_end.to_string(),
        };
        out.write_record(row(&when, ["all", "all"], &of.total, came))?;
        for (name, segments) in report.segmentations(of, Language::English) {
            for (segment, of) in segments {
                out.write_record(row(&when, [&defused(&name), &defused(&segment)], &of, Came::default()))?;
            }
        }
    }
    out.flush()
}

fn row(when: &[String; 3], segment: [&str; 2], of: &Turnover, came: Came) -> Vec<String> {
    let rate = |rate: Option<f64>| rate.map_or(String::new(), |rate| rate.to_string());
    let cells = [
        of.at_start.to_string(),
        came.new,
        came.returned,
        of.lost.to_string(),
        came.at_end,
        of.bought.get().to_string(),
        of.bought_by_lost.get().to_string(),
        rate(of.retention_rate()),
        rate(of.absolute_churn_rate()),
        rate(of.relative_churn_rate()),
    ];
    when.iter().cloned().chain(segment.map(str::to_owned)).chain(cells).collect()
}
