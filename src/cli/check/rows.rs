//! The rows that were read, of all kinds, and those that were not: told of any file, also of one that has nothing to report.

use std::collections::BTreeMap;

use mainstay_features::ingest::{BadRow, Counts};
use serde_json::{Map, Value, json};

/// How many rows there were.
pub(super) struct Rows {
    pub(super) counts: Counts,
    pub(super) bad: BadRows,
}

impl Rows {
    /// Rows that are left out, and why.
    pub(super) fn findings(&self) -> Vec<String> {
        let Counts { without_customer, bad, .. } = self.counts;
        let mut findings = Vec::new();
        if without_customer > 0 {
            findings.push(format!("{without_customer} rows have no customer_id and are left out"));
        }
        if bad > 0 {
            findings.push(format!(
                "{bad} rows are bad; other commands stop at the first, or leave them out with --max-bad-rows: {}",
                self.bad.told()
            ));
        }
        findings
    }

    /// What is left out because it was asked for.
    pub(super) fn left_out(&self) -> String {
        let Counts { excluded, filtered, .. } = self.counts;
        format!("{excluded} rows of excluded customers and {filtered} that do not meet --where left out\n")
    }

    /// The whole report of files with so many orders, none of which is a purchase.
    pub(super) fn to_text(&self, orders: usize) -> String {
        let findings = self.findings().into_iter().map(|finding| format!("- {finding}\n"));
        format!("{} lines, {orders} orders\n{}\n", self.counts.purchase_lines, self.left_out())
            + &findings.collect::<String>()
    }

    /// The same as JSON.
    pub(super) fn to_json(&self, orders: usize) -> Value {
        let mut report = self.counted();
        report.insert("orders".to_owned(), json!(orders));
        report.insert("findings".to_owned(), json!(self.findings()));
        Value::Object(report)
    }

    /// How many rows there were, as members of the report.
    pub(super) fn counted(&self) -> Map<String, Value> {
        let members = [
            ("purchase_lines", json!(self.counts.purchase_lines)),
            ("complaints", json!(self.counts.complaints)),
            ("contacts", json!(self.counts.contacts)),
            ("rows_about_customers", json!(self.counts.profiles)),
            ("contracts", json!(self.counts.contracts)),
            ("rows_without_customer", json!(self.counts.without_customer)),
            ("rows_excluded", json!(self.counts.excluded)),
            ("rows_filtered", json!(self.counts.filtered)),
            ("rows_bad", json!(self.counts.bad)),
            ("bad_values", self.bad.to_json()),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// The bad rows by file and column, with the first of each.
pub(super) struct BadRows(BTreeMap<(String, String), (u64, String)>);

impl BadRows {
    pub(super) fn of(rows: &[BadRow]) -> Self {
        let mut by_column = BTreeMap::new();
        for row in rows {
            let (count, _) = by_column
                .entry((row.file.clone(), row.column.clone()))
                .or_insert_with(|| (0, format!("row {}: {}", row.row, row.reason)));
            *count += 1;
        }
        Self(by_column)
    }

    fn told(&self) -> String {
        let told = |((file, column), (count, first)): (&(String, String), &(u64, String))| {
            let place = if column.is_empty() { file.clone() } else { format!("{file}, column {column:?}") };
            format!("{count} in {place}, first {first}")
        };
        self.0.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    fn to_json(&self) -> Value {
        let object = |((file, column), (count, first)): (&(String, String), &(u64, String))| json!({"file": file, "column": column, "rows": count, "first": first});
        self.0.iter().map(object).collect()
    }
}
