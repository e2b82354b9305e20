//! An at-risk list as text: CSV, JSON, and the cells of a table.

use std::io;

use serde_json::{Map, Value};

use super::{AtRisk, Column};
use crate::scores::{Cell, FieldKind, ScoreRow, write_cell};

/// The list as CSV: texts that begin like a formula are defused, numbers are numbers.
///
/// # Errors
/// None in memory.
pub fn to_csv(list: &AtRisk<'_>, columns: &[Column]) -> io::Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(columns.iter().map(|column| &column.name))?;
    let as_of = list.scores.as_of.to_string();
    for row in &list.rows {
        for column in columns {
            write_cell(&mut csv, &list.cell(column, row), &as_of)?;
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// The list as an array of objects.
pub fn to_json(list: &AtRisk<'_>, columns: &[Column]) -> Value {
    let object = |row: &&ScoreRow| {
        let members = columns
            .iter()
            .map(|column| (column.name.clone(), list.scores.cell_to_json(list.cell(column, row))));
        Value::Object(members.collect::<Map<_, _>>())
    };
    Value::Array(list.rows.iter().map(object).collect())
}

/// Nothing that is yet to come is certain, whatever it is rounded to.
const NEARLY_SURE: f64 = 0.9995;

fn is_chance(column: &Column) -> bool {
    ["churn_probability", "pays_probability"].contains(&column.name.as_str())
}

/// The cells of a table for people.
pub fn to_table_cells(list: &AtRisk<'_>, columns: &[Column]) -> Vec<Vec<String>> {
    let sign = list.language.percent_sign();
    let text = |column: &Column, row: &ScoreRow| match (list.cell_for_people(column, row), column.kind) {
        (Cell::Id(text), _) => text.to_owned(),
        (Cell::Text(text), _) => text.into_owned(),
        (Cell::Number(chance), FieldKind::Share) if chance > NEARLY_SURE && is_chance(column) => {
            format!("> 99.9{sign}")
        }
        (Cell::Number(share), FieldKind::Share | FieldKind::BreakEvenShare) => {
            format!("{:.1}{sign}", 100.0 * share)
        }
        (Cell::Number(number), FieldKind::Number(decimals)) => format!("{number:.decimals$}"),
        (Cell::Number(number), FieldKind::BreakEven) => format!("{number:.2}"),
        (Cell::Number(number), _) => number.to_string(),
        (Cell::Whole(number), _) => number.to_string(),
        (Cell::AsOf, _) => list.scores.as_of.to_string(),
        (Cell::Nothing, _) => String::new(),
    };
    list.rows.iter().map(|row| columns.iter().map(|column| text(column, row)).collect()).collect()
}
