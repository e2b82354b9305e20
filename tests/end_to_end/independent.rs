//! Mainstay against DuckDB and scikit-learn on CDNOW; tests/independent has the scripts, tests/golden their answers.

use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use mainstay_features::ingest;
use mainstay_features::watch::Unwatched;
use mainstay_models::backtest::{RECENCY, RULE, backtest};
use mainstay_models::training::{Settings, train};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{CDNOW, done, folder, json};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

fn rows_of(path: &Path) -> Vec<RecordBatch> {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .build()
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn texts(batches: &[RecordBatch], column: &str) -> Vec<String> {
    let of = |batch: &RecordBatch| -> Vec<String> {
        let array = batch.column_by_name(column).unwrap();
        array.as_string::<i32>().iter().map(|text| text.unwrap().to_owned()).collect()
    };
    batches.iter().flat_map(of).collect()
}

fn numbers(batches: &[RecordBatch], column: &str) -> Vec<f64> {
    let of = |batch: &RecordBatch| -> Vec<f64> {
        let array = batch.column_by_name(column).unwrap();
        match array.as_primitive_opt::<Int64Type>() {
            Some(whole) => whole.values().iter().map(|&value| value as f64).collect(),
            None => match array.as_primitive_opt::<Float64Type>() {
                Some(floats) => floats.values().to_vec(),
                None => panic!("{column} is {}", array.data_type()),
            },
        }
    };
    batches.iter().flat_map(of).collect()
}

#[test]
fn the_five_features_on_cdnow_are_duckdbs() {
    let folder = folder();
    let out = folder.path().join("features.parquet");
    done(&format!("features --purchases {CDNOW} --as-of 1998-04-01 --lookback 180d --out {}", out.display()));
    let ours = rows_of(&out);
    let theirs = rows_of(&Path::new(GOLDEN).join("cdnow_features.parquet"));
    assert_eq!(texts(&ours, "customer_id"), texts(&theirs, "customer_id"));
    for column in ["recency_days", "frequency", "complaint_count", "tenure_days"] {
        assert_eq!(numbers(&ours, column), numbers(&theirs, column), "{column}");
    }
    // DuckDB adds the amounts of a day in an order of its own.
    for (ours, theirs) in numbers(&ours, "monetary").iter().zip(numbers(&theirs, "monetary")) {
        assert!((ours - theirs).abs() <= 1e-12 * theirs, "{ours} {theirs}");
    }
}

#[test]
fn several_cutoffs_give_an_as_of_column_sorted_by_customer() {
    let folder = folder();
    let out = folder.path().join("features.parquet");
    done(&format!(
        "features --purchases {CDNOW} --as-of 1998-04-01 --as-of 1998-01-01 --lookback 180d --out {}",
        out.display()
    ));
    let batches = rows_of(&out);
    let ids = texts(&batches, "customer_id");
    assert!(batches[0].column_by_name("as_of").is_some());
    assert!(ids.is_sorted());
    assert!(ids.len() > 12_000, "both populations: {}", ids.len());
}

fn golden() -> Value {
    serde_json::from_slice(&fs::read(Path::new(GOLDEN).join("cdnow_models.json")).unwrap()).unwrap()
}

fn close(ours: &Value, theirs: &Value, tolerance: f64, what: &str) {
    let (ours, theirs) = (ours.as_f64().unwrap(), theirs.as_f64().unwrap());
    assert!((ours - theirs).abs() <= tolerance, "{what}: {ours} against {theirs}");
}

#[test]
fn the_backtest_on_cdnow_agrees_with_scikit_learn_and_does_better() {
    let golden = golden();
    let outcome = json(&format!("backtest --purchases {CDNOW} --horizon 90d --lookback 180d --json"));
    assert_eq!(outcome["test_cutoff"], "1998-04-01T00:00:00Z");
    assert_eq!(outcome["test_rows"], golden["test_rows"]);
    close(&outcome["churn_rate"], &golden["churn_rate"], 1e-12, "churn rate");

    let model = |name: &str| {
        let all =
            outcome["models"].as_array().unwrap().iter().chain(outcome["baselines"].as_array().unwrap());
        all.clone().find(|model| model["name"] == name).unwrap().clone()
    };
    // Recency alone is one column in the same rows; days beyond one in a thousand count as that many here.
    for (measure, value) in golden["recency_alone"]["measures"].as_object().unwrap() {
        close(&model(RECENCY)[measure], value, 1e-4, measure);
    }
    for (measure, value) in golden["rule"]["measures"].as_object().unwrap() {
        close(&model(RULE)[measure], value, 1e-3, measure);
    }
    // Whatever serves sees more than scikit-learn's five columns: it must be better at everything.
    let selected = &outcome["models"][0];
    assert_eq!(selected["selected"], true);
    let theirs = &golden["logistic"]["measures"];
    let number = |of: &Value, measure: &str| of[measure].as_f64().unwrap();
    for measure in ["auc", "pr_auc", "lift_at_10"] {
        assert!(number(selected, measure) > number(theirs, measure), "{measure}: {selected}");
    }
    for measure in ["log_loss", "brier", "ece"] {
        assert!(number(selected, measure) < number(theirs, measure), "{measure}: {selected}");
    }
    assert!(number(selected, "auc") > golden["forest_auc_mean_of_5_seeds"].as_f64().unwrap());
}

#[test]
fn the_backtest_is_the_training_one_horizon_earlier() {
    let input =
        ingest::Input { purchases: vec![ingest::Source::File(CDNOW.into())], ..ingest::Input::default() };
    let history = ingest::read(&input, &Unwatched).unwrap().history;
    let settings = Settings {
        horizon: "90d".parse().unwrap(),
        lookback: "180d".parse().unwrap(),
        seed: 0,
        trainer: Default::default(),
    };
    let trained = train(&history, &settings, "1998-04-01".parse().unwrap(), None, &Unwatched).unwrap();
    let last = history.summary().span.unwrap().1;
    let judged = backtest(&history, &settings, last, &Unwatched).unwrap();
    assert!(judged.training == trained, "nothing of the last horizon was looked at");
}

/// The counts and sums of 39 features on the real logs of ../shared/data, and the values of every whole number among them
/// by their hash, against those that DuckDB gives
/// (tests/independent/features.py golden). Says so where the logs are not there.
#[test]
fn the_wide_features_of_the_real_logs_sum_to_duckdbs() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let golden = fs::read_to_string(format!("{GOLDEN}/wide_features.json")).unwrap();
    let golden: Value = serde_json::from_str(&golden).unwrap();
    for (log, expected) in golden.as_object().unwrap() {
        let purchases = data.join(log).join("purchases.parquet");
        if !purchases.exists() {
            eprintln!("skipped: {} is not here", purchases.display());
            continue;
        }
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        let lookback = format!("{}d", expected["lookback_days"]);
        let mut command = crate::support::command("features --max-bad-rows 1%");
        command.arg("--purchases").arg(&purchases).arg("--quarantine").arg(at("quarantine.csv"));
        command.args(["--as-of", expected["as_of"].as_str().unwrap(), "--lookback", &lookback]);
        command.args(["--features", "core,trend,change,amounts,rhythm,returns,complaints,season"]);
        if log == "olist" {
            command.args(["--where", "order_status not in (canceled, unavailable)"]);
            command.arg("--complaints").arg(data.join("olist/complaints.parquet"));
        }
        let output = command.arg("--out").arg(at("features.parquet")).output().unwrap();
        assert!(output.status.success(), "{log}: {}", String::from_utf8_lossy(&output.stderr));

        let rows = rows_of(&at("features.parquet"));
        let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(count as u64, expected["rows"].as_u64().unwrap(), "{log}");
        for (column, told) in expected["columns"].as_object().unwrap() {
            let values: Vec<f64> = rows.iter().flat_map(|batch| given(batch, column)).collect();
            assert_eq!(values.len() as u64, told["count"].as_u64().unwrap(), "{log} {column}");
            let (sum, told) = (values.iter().sum::<f64>(), told["sum"].as_f64().unwrap_or(0.0));
            assert!((sum - told).abs() <= 1e-9 * (1.0 + told.abs()), "{log} {column}: {sum} {told}");
            if let Some(lines) = lines(&rows, column) {
                let hash: String = Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
                assert_eq!(hash, expected["columns"][column]["sha256"].as_str().unwrap(), "{log} {column}");
            }
        }
    }
}

/// A column of whole numbers as lines of customer and value; `None` of another column.
fn lines(rows: &[RecordBatch], column: &str) -> Option<String> {
    let mut lines = Vec::new();
    for batch in rows {
        let ids = batch.column_by_name("customer_id").unwrap().as_string::<i32>();
        let values = batch.column_by_name(column).unwrap().as_primitive_opt::<Int64Type>()?;
        lines.extend(ids.iter().zip(values).map(|(id, value)| {
            format!("{}:{}", id.unwrap(), value.map_or(String::new(), |value| value.to_string()))
        }));
    }
    Some(lines.join("\n"))
}

/// The values of a column that are given.
fn given(batch: &RecordBatch, column: &str) -> Vec<f64> {
    let array = batch.column_by_name(column).unwrap();
    match array.as_primitive_opt::<Int64Type>() {
        Some(whole) => whole.iter().flatten().map(|value| value as f64).collect(),
        None => array.as_primitive::<Float64Type>().iter().flatten().collect(),
    }
}
