//! The tables of turnover: by period, and by segment.

use mainstay_models::language::Language;
use mainstay_models::segments::Turnover;
use mainstay_models::turnover::PeriodTurnover;

use crate::readable::percent;
use crate::report::html::Column;

/// What rates are of, the last columns of both tables.
fn rate_columns(language: Language) -> [Column; 3] {
    language.either(
        [
            Column {
                title: "retention rate",
                meaning: "(customers at the end − new) / customers at the start",
            },
            Column { title: "absolute churn rate", meaning: "lost / customers at the start" },
            Column {
                title: "relative churn rate",
                meaning: "what the lost had bought / what all customers at the start had bought",
            },
        ],
        [
            Column { title: "留存率", meaning: "（期末客户 − 新增）/ 期初客户" },
            Column { title: "绝对流失率", meaning: "流失 / 期初客户" },
            Column {
                title: "相对流失率", meaning: "流失客户此前的购买金额 / 全部期初客户此前的购买金额"
            },
        ],
    )
}

pub(super) fn period_columns(language: Language) -> [Column; 9] {
    let [retention, churn, churn_by_value] = rate_columns(language);
    let [period, at_start, new, returned, lost, at_end] = language.either(
        [
            Column { title: "period", meaning: "" },
            Column { title: "at start", meaning: "" },
            Column { title: "new", meaning: "no customers at the start, customers at the end" },
            Column { title: "of them returned", meaning: "had bought before" },
            Column { title: "lost", meaning: "customers at the start and not at the end" },
            Column { title: "at end", meaning: "" },
        ],
        [
            Column { title: "周期", meaning: "" },
            Column { title: "期初客户", meaning: "" },
            Column { title: "新增", meaning: "期初不是客户，期末是客户" },
            Column { title: "其中回流", meaning: "以前买过" },
            Column { title: "流失", meaning: "期初是客户，期末不是" },
            Column { title: "期末客户", meaning: "" },
        ],
    );
    [period, at_start, new, returned, lost, at_end, retention, churn, churn_by_value]
}

pub(super) fn segment_columns(language: Language) -> [Column; 6] {
    // Their meanings stand below the table of periods.
    let [retention, churn, churn_by_value] =
        rate_columns(language).map(|column| Column { meaning: "", ..column });
    let [segment, at_start, lost] = language.either(
        [
            Column { title: "segment", meaning: "" },
            Column { title: "at start", meaning: "customers at the start of each period, added up" },
            Column { title: "lost", meaning: "of them" },
        ],
        [
            Column { title: "分群", meaning: "" },
            Column { title: "期初客户", meaning: "各周期期初客户数之和" },
            Column { title: "流失", meaning: "其中流失的" },
        ],
    );
    [segment, at_start, lost, retention, churn, churn_by_value]
}

/// The titles of [`period_cells`].
pub(crate) fn period_titles(language: Language) -> [&'static str; 9] {
    period_columns(language).map(|column| column.title)
}

/// A period, or several together, as a row of a table.
pub(crate) fn period_cells(name: &str, of: &PeriodTurnover, language: Language) -> Vec<String> {
    let Turnover { at_start, at_end, new, lost, .. } = of.total;
    let counts = [at_start, new, of.returned, lost, at_end].map(|count| count.to_string());
    std::iter::once(name.to_owned()).chain(counts).chain(rates(&of.total, language)).collect()
}

/// The titles of [`segment_cells`] but the first, which is the segmentation's name.
pub(crate) fn segment_titles(language: Language) -> [&'static str; 5] {
    let [_, titles @ ..] = segment_columns(language).map(|column| column.title);
    titles
}

/// A segment as a row of a table.
pub(crate) fn segment_cells(name: &str, of: &Turnover, language: Language) -> Vec<String> {
    let counts = [of.at_start, of.lost].map(|count| count.to_string());
    std::iter::once(name.to_owned()).chain(counts).chain(rates(of, language)).collect()
}

fn rates(of: &Turnover, language: Language) -> [String; 3] {
    [of.retention_rate(), of.absolute_churn_rate(), of.relative_churn_rate()]
        .map(|rate| rate.map_or("–".to_owned(), |rate| percent(rate, language)))
}
