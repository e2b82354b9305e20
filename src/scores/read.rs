//! Reading a scored list back, Parquet or CSV.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, StringArray};
use mainstay_features::id::IdKind;
use mainstay_features::registry::CORE;
use mainstay_features::units::Instant;
use mainstay_models::lifetime::Expected;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Format, REASON_COLUMNS, SCORE_COLUMNS, ScoreRow, Scores, VALUE_COLUMNS, known_columns};
use crate::failure::{Failure, Kind};

/// Reads a scored list as `score` wrote it; `path` says which format it has. The identifiers of a CSV list are text.
///
/// # Errors
/// When it is no such list.
pub fn read(file: File, path: &Path) -> Result<Scores, Failure> {
    let bad = |what: String| {
        Failure::new(Kind::BadInput, format!("{}: {what}; write it with mainstay score", path.display()))
    };
    match Format::of(path) {
        Some(Format::Parquet) => read_parquet(file).map_err(bad),
        Some(Format::Csv) => read_csv(file).map_err(bad),
        None => Err(bad("is neither .parquet nor .csv".to_owned())),
    }
}

fn empty() -> Scores {
    Scores {
        as_of: Instant::MIN,
        id_kind: IdKind::Integer,
        actions: Vec::new(),
        shown: Vec::new(),
        rows: Vec::new(),
    }
}

/// Sentences, one a line.
fn lines<'a>(reasons: impl Iterator<Item = Option<&'a str>>) -> Box<str> {
    reasons.flatten().filter(|reason| !reason.is_empty()).collect::<Vec<_>>().join("\n").into()
}

fn read_parquet(file: File) -> Result<Scores, String> {
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.build())
        .map_err(|error| error.to_string())?;
    let mut scores = empty();
    for batch in batches {
        let batch = batch.map_err(|error| error.to_string())?;
        add_batch(&mut scores, &batch).ok_or("does not have the columns of a scored list")?;
    }
    Ok(scores)
}

/// Adds the rows of a batch; `None` where its columns are not those of a scored list.
fn add_batch(scores: &mut Scores, batch: &RecordBatch) -> Option<()> {
    let [customer_id, as_of, churn_probability, lifetime_value, action, net_value] = SCORE_COLUMNS;
    let numbers = |name| Some(batch.column_by_name(name)?.as_primitive_opt::<Float64Type>()?.values());
    let ids = batch.column_by_name(customer_id)?;
    let as_of = batch.column_by_name(as_of)?.as_primitive_opt::<TimestampMicrosecondType>()?;
    let (churn_probability, lifetime_value, net_value) =
        (numbers(churn_probability)?, numbers(lifetime_value)?, numbers(net_value)?);
    let [purchases_if_kept, purchase_amount] = VALUE_COLUMNS;
    let (purchases_if_kept, purchase_amount) = (numbers(purchases_if_kept)?, numbers(purchase_amount)?);
    let actions = batch.column_by_name(action)?.as_string_opt::<i32>()?;
    let features: Vec<Vec<f64>> = CORE
        .iter()
        .map(|feature| {
            if feature.unit.is_whole() {
                let whole = batch.column_by_name(feature.name)?.as_primitive_opt::<Int64Type>()?;
                Some(whole.values().iter().map(|&value| value as f64).collect())
            } else {
                numbers(feature.name).map(|values| values.to_vec())
            }
        })
        .collect::<Option<_>>()?;
    let reasons: Vec<&StringArray> = REASON_COLUMNS
        .iter()
        .map(|name| batch.column_by_name(name)?.as_string_opt::<i32>())
        .collect::<Option<_>>()?;
    // What else there are texts in came from customers files.
    let is_shown = |name: &str| known_columns().all(|known| known != name);
    let fields = batch.schema_ref().fields().iter().zip(batch.columns());
    let (names, shown): (Vec<String>, Vec<&StringArray>) = fields
        .filter(|(field, _)| is_shown(field.name()))
        .filter_map(|(field, column)| Some((field.name().clone(), column.as_string_opt::<i32>()?)))
        .unzip();
    scores.shown = names;
    let (integers, texts) = (ids.as_primitive_opt::<Int64Type>(), ids.as_string_opt::<i32>());
    if texts.is_some() {
        scores.id_kind = IdKind::Text;
    }
    for i in 0..batch.num_rows() {
        scores.as_of = Instant::from_micros(as_of.value(i))?;
        let customer_id = match (integers, texts) {
            (Some(integers), _) => integers.value(i).to_string().into(),
            (None, Some(texts)) => texts.value(i).into(),
            (None, None) => return None,
        };
        let action = scores.action(actions.value(i));
        scores.rows.push(ScoreRow {
            customer_id,
            churn_probability: churn_probability[i],
            lifetime_value: lifetime_value[i],
            action,
            net_value: net_value[i],
            features: std::array::from_fn(|feature| features[feature][i]),
            expected: Expected {
                discounted_purchases: purchases_if_kept[i],
                mean_amount: purchase_amount[i],
            },
            reasons: lines(reasons.iter().map(|texts| texts.is_valid(i).then(|| texts.value(i)))),
            shown: shown.iter().map(|texts| texts.is_valid(i).then(|| texts.value(i).into())).collect(),
        });
    }
    Some(())
}

fn read_csv(file: File) -> Result<Scores, String> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let known = known_columns().count();
    if !header.iter().take(known).eq(known_columns()) {
        return Err("does not have the columns of a scored list".to_owned());
    }
    let shown = header.iter().skip(known).map(str::to_owned).collect();
    let mut scores = Scores { id_kind: IdKind::Text, shown, ..empty() };
    for (row, record) in reader.records().enumerate() {
        let record = record.map_err(|error| error.to_string())?;
        let at = |column: usize| record.get(column).unwrap_or_default();
        let number = |column: usize| {
            at(column).parse::<f64>().map_err(|_| {
                format!("row {}, column {:?}: {:?} is not a number", row + 1, &header[column], at(column))
            })
        };
        scores.as_of =
            at(1).parse().map_err(|error| format!("row {}, column \"as_of\": {error}", row + 1))?;
        let mut features = [0.0; CORE.len()];
        for (i, value) in features.iter_mut().enumerate() {
            *value = number(SCORE_COLUMNS.len() + i)?;
        }
        let action = scores.action(at(4));
        scores.rows.push(ScoreRow {
            customer_id: at(0).into(),
            churn_probability: number(2)?,
            lifetime_value: number(3)?,
            action,
            net_value: number(5)?,
            features,
            expected: Expected {
                discounted_purchases: number(SCORE_COLUMNS.len() + CORE.len())?,
                mean_amount: number(SCORE_COLUMNS.len() + CORE.len() + 1)?,
            },
            reasons: lines((known - REASON_COLUMNS.len()..known).map(|column| Some(at(column)))),
            shown: (known..header.len())
                .map(at)
                .map(|text| (!text.is_empty()).then(|| text.into()))
                .collect(),
        });
    }
    Ok(scores)
}
