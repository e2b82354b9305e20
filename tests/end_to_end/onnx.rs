//! The exported model, computed by Python's onnxruntime: that of `MAINSTAY_PYTHON`, which is then to have it, or of
//! `python3`. Skipped, saying so, where that one has none.

use std::fs;
use std::path::Path;
use std::process::Command;

use mainstay_features::ingest;
use mainstay_features::units::Days;
use mainstay_features::watch::Unwatched;
use mainstay_models::artifact::Artifact;
use mainstay_models::dataset::Dataset;
use mainstay_models::model::{Kind, completed};
use mainstay_models::onnx;
use mainstay_models::snapshots::{Question, Snapshots};
use serde_json::Value;

use crate::support::{CDNOW, done, failed, folder, python, shop};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/independent/onnx_export.py");

/// Holds a file against raw scores of rows; what the script says of them.
fn check(python: &str, model: &Path, rows: &Dataset, raw: &[f64]) -> String {
    let (rows_file, raw_file) = (model.with_extension("rows"), model.with_extension("raw"));
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    fs::write(&rows_file, bytes(rows.rows().values())).unwrap();
    fs::write(&raw_file, raw.iter().flat_map(|score| score.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let output = Command::new(python).arg(SCRIPT).args([model, &rows_file, &raw_file]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", model.display());
    said.into_owned()
}

/// Every customer of CDNOW, scored by every kind of model that was trained on it, also with values missing.
#[test]
fn onnxruntime_gives_the_raw_scores_of_all_cdnow_customers() {
    let python = match python("numpy, onnx, onnxruntime", "onnx_requirements.txt") {
        Ok(python) => python,
        Err(lacks) => {
            eprintln!("skipped: {lacks}");
            return;
        }
    };
    let folder = folder();
    let store = folder.path().join("store");
    done(&format!("train --purchases {CDNOW} --horizon 90d --lookback 180d --store {}", store.display()));
    let artifact = Artifact::from_bytes(&fs::read(store.join("model.mainstay")).unwrap()).unwrap();
    let models = &artifact.training.models;

    let input =
        ingest::Input { purchases: vec![ingest::Source::File(CDNOW.into())], ..ingest::Input::default() };
    let history = ingest::read(&input, &Unwatched).unwrap().history;
    let all = Question {
        features: &models.inputs.features,
        horizon: artifact.settings.horizon,
        lookback: Days::new(3650).unwrap(),
        share: 1.0,
    };
    let last = history.summary().span.unwrap().1;
    let snapshots = Snapshots::take(&history, &[last], &all).unwrap();
    let mut rows = completed(&models.inputs, &snapshots.at(last).unwrap().data);
    assert!(rows.len() > 23_000, "all who ever bought: {}", rows.len());
    // What is not known of a customer, of every column in turn.
    for column in 0..rows.width() {
        let mut row = rows.rows().row(column).to_vec();
        row[column] = f32::NAN;
        rows.push(&row, false);
    }
    for kind in [Kind::Rule, Kind::Core, Kind::Logistic, Kind::Forest, Kind::Average] {
        let mut metadata = onnx::metadata(&artifact);
        metadata.iter_mut().filter(|(key, _)| key == "kind").for_each(|(_, value)| *value = kind.to_string());
        let model = folder.path().join(format!("{kind}.onnx"));
        fs::write(&model, onnx::export(models, kind, &metadata)).unwrap();
        eprint!("{}", check(&python, &model, &rows, &models.raw(kind, rows.rows())));
    }

    let exported = folder.path().join("exported.onnx");
    done(&format!("export --onnx {} --store {}", exported.display(), store.display()));
    let kind = artifact.training.kind();
    assert!(fs::read(&exported).unwrap() == onnx::export(models, kind, &onnx::metadata(&artifact)));
}

#[test]
fn an_export_says_which_model_it_is_and_is_the_same_bytes_again() {
    let folder = folder();
    let (first, again) = (folder.path().join("1.onnx"), folder.path().join("2.onnx"));
    let store = shop().store.display();
    let said = done(&format!("export --onnx {} --store {store}", first.display()));
    let listed: Value = crate::support::json(&format!("models list --json --store {store}"));
    let name = listed["models"][0]["model"].as_str().unwrap();
    assert!(said.starts_with(name), "{said}");
    done(&format!("export --onnx {} --store {store} --model {name}", again.display()));
    let bytes = fs::read(&first).unwrap();
    assert!(bytes == fs::read(&again).unwrap());
    assert!(bytes.windows(name.len()).any(|part| part == name.as_bytes()), "its name is in it");
    let (code, complaint) =
        failed(&format!("export --onnx {} --store {store} --model nobody", first.display()));
    assert_eq!(code, 5);
    assert!(complaint.contains("no model nobody; there are: ") && complaint.contains(name), "{complaint}");
}
