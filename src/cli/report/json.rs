//! The report as JSON.

use mainstay_models::language::Language;
use mainstay_models::segments::Turnover;
use mainstay_models::turnover::PeriodTurnover;
use serde_json::{Map, Value, json};

use crate::report::TurnoverReport;

pub(super) fn of(report: &TurnoverReport) -> Value {
    let periods = report.periods.iter().map(|(period, of)| {
        let mut told = total(of);
        told.insert("segments".to_owned(), segments(report, of));
        let mut all = Map::new();
        all.insert("period".to_owned(), period.name.clone().into());
        all.insert("start".to_owned(), period.start.to_string().into());
        all.insert("end".to_owned(), period.end.to_string().into());
        all.extend(told);
        Value::Object(all)
    });
    let whole = report.whole();
    let mut together = total(&whole);
    together.insert("segments".to_owned(), segments(report, &whole));
    json!({
        "period": report.period.name(),
        "calendar": report.zone,
        "label": report.label.to_string(),
        "lookback_days": report.lookback.get(),
        "horizon_days": report.horizon.get(),
        "periods": periods.collect::<Vec<_>>(),
        "together": together,
    })
}

fn total(of: &PeriodTurnover) -> Map<String, Value> {
    let Turnover { at_start, at_end, new, lost, bought, bought_by_lost } = of.total;
    let mut told = Map::new();
    for (name, count) in [
        ("customers_at_start", at_start),
        ("new", new),
        ("returned", of.returned),
        ("lost", lost),
        ("customers_at_end", at_end),
    ] {
        told.insert(name.to_owned(), count.into());
    }
    told.insert("bought".to_owned(), bought.get().into());
    told.insert("bought_by_lost".to_owned(), bought_by_lost.get().into());
    told.extend(rates(&of.total));
    told
}

fn segments(report: &TurnoverReport, of: &PeriodTurnover) -> Value {
    let segmentations = report.segmentations(of, Language::English).into_iter().map(|(name, segments)| {
        let rows = segments.iter().map(|(segment, of)| {
            let mut told = Map::new();
            told.insert("segment".to_owned(), segment.clone().into());
            told.insert("customers_at_start".to_owned(), of.at_start.into());
            told.insert("lost".to_owned(), of.lost.into());
            told.insert("bought".to_owned(), of.bought.get().into());
            told.insert("bought_by_lost".to_owned(), of.bought_by_lost.get().into());
            told.extend(rates(of));
            Value::Object(told)
        });
        (name, Value::Array(rows.collect()))
    });
    Value::Object(segmentations.collect())
}

fn rates(of: &Turnover) -> [(String, Value); 3] {
    [
        ("retention_rate", of.retention_rate()),
        ("absolute_churn_rate", of.absolute_churn_rate()),
        ("relative_churn_rate", of.relative_churn_rate()),
    ]
    .map(|(name, rate)| (name.to_owned(), rate.into()))
}
