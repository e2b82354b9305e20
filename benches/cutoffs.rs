//! What another cutoff costs: a log read and folded once, features computed at one cutoff and at four, nothing written.
//!
//!     cargo bench --bench cutoffs -- FILE.parquet THREADS
//!
//! The file is that of benches/big_log.py, the features and cutoffs are those of benches/features_vs_peers.py. Prints the
//! seconds of each stage, the medians of five.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mainstay_features::history::{Histories, History};
use mainstay_features::ingest::{self, Input, Source};
use mainstay_features::registry;
use mainstay_features::table::Table;
use mainstay_features::watch::Unwatched;
use rayon::prelude::*;

const RUNS: usize = 5;
const CUSTOMERS: usize = 2048;
const CUTOFFS: [&str; 4] = ["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01"];
const FEATURES: [&str; 8] = [
    "core",
    "trend",
    "largest_amount",
    "amount_spread",
    "gap_mean_days",
    "gap_spread_days",
    "gap_longest_days",
    "silence_ratio",
];

/// Computes the features at cutoffs; returns how many rows there are.
fn compute(history: &History, cutoffs: &[&str]) -> usize {
    let names = FEATURES.iter().chain(&["net_monetary"]);
    let table = Table {
        as_of: cutoffs.iter().map(|cutoff| cutoff.parse().unwrap()).collect(),
        lookback: "365d".parse().unwrap(),
        features: names.flat_map(|name| registry::named(name).unwrap()).collect(),
        attributes: Vec::new(),
    };
    let shares = (0..history.len()).into_par_iter().step_by(CUSTOMERS);
    shares.map(|first| table.rows(history, first..history.len().min(first + CUSTOMERS)).len()).sum()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let [path, threads] = arguments.as_slice() else {
        println!("skipped: give a Parquet file and a number of threads");
        return;
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads.parse().unwrap()).build_global().unwrap();
    let input = Input { purchases: vec![Source::File(path.into())], ..Input::default() };
    let mut seconds: [Vec<f64>; 4] = Default::default();
    let mut rows = [0; 2];
    for _ in 0..RUNS {
        let began = Instant::now();
        let collected = ingest::collect(&input, &Unwatched).unwrap();
        seconds[0].push(began.elapsed().as_secs_f64());
        let began = Instant::now();
        let histories = Histories::fold(collected.builders).unwrap();
        seconds[1].push(began.elapsed().as_secs_f64());
        for (place, cutoffs) in [&CUTOFFS[3..], &CUTOFFS[..]].into_iter().enumerate() {
            let began = Instant::now();
            rows[place] = compute(histories.whole().unwrap(), cutoffs);
            seconds[2 + place].push(began.elapsed().as_secs_f64());
        }
    }
    let [read, fold, one, four] = seconds.map(|mut runs| {
        runs.sort_by(f64::total_cmp);
        runs[RUNS / 2]
    });
    println!("read {read:.3} s, fold {fold:.3} s");
    println!("one cutoff ({} rows): {one:.3} s, {:.3} s from the file on", rows[0], read + fold + one);
    println!(
        "four cutoffs ({} rows): {four:.3} s, {:.3} s from the file on, {:.2} times as long",
        rows[1],
        read + fold + four,
        (read + fold + four) / (read + fold + one)
    );
}
