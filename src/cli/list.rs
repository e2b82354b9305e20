//! `mainstay list`.

use clap::{Args as ClapArgs, ValueEnum};
use mainstay_features::feature::Unit;
use mainstay_features::registry::CORE;
use mainstay_models::model;
use serde_json::Value;

use super::output;
use super::settings::ListArgs;
use crate::failure::{Failure, Kind};
use crate::scores::{self, Format, ScoreRow, Scores};
use crate::store::Store;

#[derive(ClapArgs)]
pub(super) struct Args {
    #[command(flatten)]
    list: ListArgs,
    /// How many customers to show
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t = Printed::Table)]
    format: Printed,
}

#[derive(Clone, Copy, ValueEnum)]
enum Printed {
    Table,
    Csv,
    Json,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let scores = args.list.load()?;
    if args.list.scores.is_none() {
        note_rule(&Store::at(&args.list.store.store));
    }
    let rows = scores.ranked(args.top);
    match args.format {
        Printed::Table => output::print(&to_table(&scores, &rows)),
        Printed::Json => {
            output::print_json(&Value::Array(rows.into_iter().map(|row| scores.to_json(row)).collect()))
        }
        Printed::Csv => {
            let head = Scores { rows: rows.into_iter().cloned().collect(), ..scores };
            let mut text = Vec::new();
            scores::write_scores(&head, Format::Csv, &mut text)
                .map_err(|error| Failure::new(Kind::Internal, error.to_string()))?;
            output::print(&String::from_utf8_lossy(&text))
        }
    }
}

/// Says where no model has earned its place: the list is then ranked by the simple rule's probabilities.
fn note_rule(store: &Store) {
    // Without a model, or with one that cannot be read, the list is still what it was.
    let Ok(model) = store.load_model() else { return };
    let training = &model.training;
    if training.serving().0.kind == model::Kind::Rule {
        output::note(&format!(
            "the model in service, {}, was judged {}",
            model.name(),
            training.verdict.grade
        ));
    }
}

/// The rows as a table for people.
pub(super) fn to_table(scores: &Scores, rows: &[&ScoreRow]) -> String {
    let header: Vec<&str> = ["customer", "churn", "lifetime value", "action", "net value", "reason"]
        .into_iter()
        .chain(CORE.iter().map(|feature| feature.name))
        .chain(scores.shown.iter().map(String::as_str))
        .collect();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut cells = vec![
                row.customer_id.to_string(),
                format!("{:.1} %", 100.0 * row.churn_probability),
                format!("{:.2}", row.lifetime_value),
                scores.action_of(row).to_owned(),
                format!("{:.2}", row.net_value),
                row.reasons()[0].unwrap_or_default().to_owned(),
            ];
            cells.extend(CORE.iter().zip(row.features).map(|(feature, value)| match feature.unit {
                Unit::Money => format!("{value:.2}"),
                _ => value.to_string(),
            }));
            cells.extend(row.shown.iter().map(|text| text.as_deref().unwrap_or_default().to_owned()));
            cells
        })
        .collect();
    output::table(&header, &cells)
}
