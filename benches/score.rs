//! How long a score takes: one customer from raw history to decision with reasons, and everyone in a batch.
//!
//!     cargo bench --bench score
//!
//! On the bundled CDNOW log. Prints medians; the machine's noise is in the spread.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use mainstay::sample;
use mainstay::service::{AsOf, Assumptions, Service};
use mainstay_features::ingest;
use mainstay_features::watch::Unwatched;
use mainstay_models::artifact::Artifact;
use mainstay_models::decision::Catalogue;
use mainstay_models::gate::Grade;
use mainstay_models::model::{Basis, Kind};
use mainstay_models::training::{Settings, train};

const RUNS: usize = 21;

/// Median, least and most seconds of a run.
fn timed(mut run: impl FnMut()) -> [f64; 3] {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    [seconds[RUNS / 2], seconds[0], seconds[RUNS - 1]]
}

fn main() {
    let histories = ingest::read(&sample::cdnow(), &Unwatched).unwrap().history;
    let history = histories.whole().unwrap();
    let settings = Settings {
        horizon: "90d".parse().unwrap(),
        lookback: "180d".parse().unwrap(),
        seed: 0,
        trainer: Default::default(),
    };
    let (first, last) = history.span().unwrap();
    let training = train(&histories, &settings, last, None, &Unwatched).unwrap();
    println!("{} nodes in the forest", training.models.forest.nodes().len());

    for kind in Kind::CANDIDATES {
        let mut training = training.clone();
        training.chosen.kind = kind;
        training.verdict.grade = Grade::ClearlyBetter;
        let artifact = Artifact::new(settings, (first, last), training);
        let service = Service::new(artifact, Catalogue::built_in().unwrap(), Assumptions::default());
        let customers = service.score_population(history, last, &Unwatched).customers;
        let some: Vec<usize> = customers.iter().step_by(customers.len() / 500).map(|&c| c as usize).collect();

        let [median, least, most] = timed(|| {
            for &customer in &some {
                let row = service.row_of(history.customer(customer), history.given(), last).unwrap();
                std::hint::black_box(service.explain(&row, AsOf::All(Some(last)), Basis::AllFeatures));
            }
        })
        .map(|seconds| seconds / some.len() as f64 * 1e6);
        println!("{kind}, one customer with reasons: {median:.1} µs ({least:.1} to {most:.1})");

        let [median, least, most] = timed(|| {
            std::hint::black_box(service.score_population(history, last, &Unwatched));
        })
        .map(|seconds| customers.len() as f64 / seconds);
        println!("{kind}, everyone: {median:.0} customers/s ({most:.0} to {least:.0})");
    }
}
