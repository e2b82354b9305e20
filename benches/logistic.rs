//! How long the logistic regression takes to fit, beside linfa-logistic on the same standardised numbers.
//!
//!     cargo bench --bench logistic [-- ROWS]
//!
//! A million made-up rows of 20 columns (counts, money and days, unevenly spread) unless told otherwise; linfa-logistic gets
//! a tenth of them. Prints seconds of three runs.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_logistic::LogisticRegression;
use mainstay_models::dataset::Dataset;
use mainstay_models::logistic::{Logistic, Scale};
use ndarray::{Array1, Array2};

const COLUMNS: usize = 20;

/// Rows whose log-odds depend on all columns, by a fixed sequence.
fn made_up(rows: usize) -> Dataset {
    let mut state = 7_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut data = Dataset::empty(COLUMNS);
    for _ in 0..rows {
        let row: [f32; COLUMNS] = std::array::from_fn(|_| (uniform() * 6.0).exp() as f32 - 1.0);
        let z: f64 = row
            .iter()
            .enumerate()
            .map(|(column, &value)| (f64::from(value).ln_1p() - 3.0) * (column as f64 / 10.0 - 1.0) * 0.3)
            .sum();
        data.push(&row, uniform() < 1.0 / (1.0 + (-z).exp()));
    }
    data
}

fn timed<T>(name: &str, mut run: impl FnMut() -> T) -> T {
    let mut seconds = Vec::new();
    let mut last = None;
    for _ in 0..3 {
        let began = Instant::now();
        last = Some(run());
        seconds.push(began.elapsed().as_secs_f64());
    }
    println!("{name}: {seconds:.2?} s");
    last.unwrap()
}

fn main() {
    let rows: usize = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000);
    let every_column: Vec<usize> = (0..COLUMNS).collect();
    let fit = |data: &Dataset| Logistic::fit(data, &every_column, Scale::Log, 1.0).unwrap();
    let data = made_up(rows);
    timed(&format!("Newton, {rows} rows of {COLUMNS} columns, from features to coefficients"), || fit(&data));

    let data = made_up(rows / 10);
    let ours = timed(&format!("Newton, {} rows", rows / 10), || fit(&data));
    let x = Array2::from_shape_fn((data.len(), COLUMNS), |(row, column)| {
        ours.terms[column].transform.apply(data.rows().row(row)[column]).unwrap()
    });
    let y: Array1<bool> = data.churned.iter().copied().collect();
    let dataset = DatasetBase::new(x, y);
    let theirs = timed(&format!("linfa-logistic, {} rows, standardised before", rows / 10), || {
        LogisticRegression::default()
            .alpha(1.0)
            .gradient_tolerance(1e-7 * data.len() as f64)
            .max_iterations(1000)
            .fit(&dataset)
            .unwrap()
    });
    let sign = if theirs.labels().pos.class { 1.0 } else { -1.0 };
    let farthest = ours
        .terms
        .iter()
        .zip(theirs.params())
        .map(|(term, theirs)| (term.coefficient - sign * theirs).abs())
        .fold(0.0, f64::max);
    println!("largest difference of a coefficient: {farthest:.1e}");
}
