//! Reading a scored list back, Parquet or CSV.

use std::fs::File;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use mainstay_features::id::IdKind;
use mainstay_features::registry::CORE;
use mainstay_features::units::Instant;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Format, SCORE_COLUMNS, ScoreRow, Scores};
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
    Scores { as_of: Instant::MIN, id_kind: IdKind::Integer, actions: Vec::new(), rows: Vec::new() }
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
        });
    }
    Some(())
}

fn read_csv(file: File) -> Result<Scores, String> {
    let mut reader = csv::Reader::from_reader(file);
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let expected = SCORE_COLUMNS.into_iter().chain(CORE.iter().map(|feature| feature.name));
    if !header.iter().eq(expected) {
        return Err("does not have the columns of a scored list".to_owned());
    }
    let mut scores = Scores { id_kind: IdKind::Text, ..empty() };
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
        });
    }
    Ok(scores)
}
