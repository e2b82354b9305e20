//! The production forest ranks customers as well as the reference does, on every real event log in ../shared/data.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::Path;

use mainstay_features::cutoff::training_cutoffs;
use mainstay_features::feature::Feature;
use mainstay_features::history::History;
use mainstay_features::ingest::{self, Input};
use mainstay_features::known::Cut;
use mainstay_features::label::Label;
use mainstay_features::registry;
use mainstay_features::units::{Days, Instant};
use mainstay_features::watch::Unwatched;
use mainstay_models::dataset::Dataset;
use mainstay_models::evaluate::Metrics;
use mainstay_models::forest::train::{Growth, Trainer, train};

const SEEDS: u64 = 5;
/// smartcore is slow, and slower in a test build.
const MOST_TRAINING_ROWS: usize = 10_000;
const GROWTH: Growth = Growth { trees: 100, depth: None, min_leaf: 20, features_per_split: None, seed: 0 };

/// The population at a cutoff with all features that the history tells of.
fn table(history: &History, cutoff: Instant, horizon: Days, lookback: Days) -> Dataset {
    let features: Vec<&Feature> = registry::told_by(history.given());
    let label = Label::of(history);
    let (mut data, mut cut) = (Dataset::empty(features.len()), Cut::default());
    for customer in (0..history.len()).map(|customer| history.customer(customer)) {
        let Some(known) = cut.at(customer, cutoff) else { continue };
        if label.has_in_population(&known, lookback) {
            let row: Vec<f32> = features.iter().map(|feature| (feature.compute)(&known) as f32).collect();
            data.push(&row, label.churned(customer, cutoff, horizon));
        }
    }
    data
}

/// The mean ROC-AUC over the seeds.
fn mean_auc(trainer: Trainer, training: &Dataset, test: &Dataset) -> f64 {
    let auc = |seed| {
        let forest = train(training, trainer, &Growth { seed, ..GROWTH }, &Unwatched).unwrap();
        Metrics::of(&forest.probabilities(test.rows()), &test.churned).auc.unwrap()
    };
    (0..SEEDS).map(auc).sum::<f64>() / SEEDS as f64
}

fn agree(log: &str, conditions: &[&str], horizon: &str, lookback: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(log);
    let [purchases, complaints] = ["purchases.parquet", "complaints.parquet"].map(|name| folder.join(name));
    if !purchases.exists() {
        eprintln!("skipped: {} is not here", purchases.display());
        return;
    }
    let mut input = Input {
        purchases: ingest::find(&[purchases]).unwrap().sources,
        conditions: conditions.iter().map(|text| text.parse().unwrap()).collect(),
        max_bad_rows: "1%".parse().unwrap(),
        ..Input::default()
    };
    if complaints.exists() {
        input.complaints = ingest::find(&[complaints]).unwrap().sources;
    }
    let histories = ingest::read(&input, &Unwatched).unwrap().history;
    let history = histories.whole().unwrap();
    let (horizon, lookback): (Days, Days) = (horizon.parse().unwrap(), lookback.parse().unwrap());
    let (first, last) = histories.summary().span.unwrap();

    let test_cutoff = last.minus(horizon);
    let test = table(history, test_cutoff, horizon, lookback);
    let cutoffs = training_cutoffs(first, test_cutoff, horizon, lookback);
    let tables: Vec<Dataset> =
        cutoffs.iter().map(|&cutoff| table(history, cutoff, horizon, lookback)).collect();
    let rows = || tables.iter().flat_map(|table| table.rows().iter().zip(&table.churned));
    let step = rows().count().div_ceil(MOST_TRAINING_ROWS);
    let mut training = Dataset::empty(test.width());
    rows().step_by(step).for_each(|(row, &churned)| training.push(row, churned));

    let ours = mean_auc(Trainer::Histogram, &training, &test);
    let reference = mean_auc(Trainer::Smartcore, &training, &test);
    let told = format!(
        "{log}: ours {ours:.4}, smartcore {reference:.4}; {} rows, {} test rows, {} features",
        training.len(),
        test.len(),
        test.width()
    );
    eprintln!("{told}");
    assert!((ours - reference).abs() < 0.003, "{told}");
}

#[test]
fn on_cdnow() {
    agree("cdnow", &[], "90d", "180d");
}

#[test]
fn on_online_retail() {
    agree("online_retail_ii", &[], "90d", "365d");
}

#[test]
fn on_olist() {
    agree("olist", &["order_status not in (canceled, unavailable)"], "180d", "365d");
}
