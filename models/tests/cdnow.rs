//! Lifetime models on CDNOW's 1/10 sample, against what was published on it.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use mainstay_features::history::Histories;
use mainstay_features::ingest::{self, Input, Source};
use mainstay_features::units::Instant;
use mainstay_features::watch::Unwatched;
use mainstay_models::lifetime::bg_nbd::Parameters;
use mainstay_models::lifetime::{BgNbd, GammaGamma, PurchaseCounts, Purchases, Spending, gamma_gamma};

const DAYS_PER_WEEK: f64 = 7.0;

fn bundled(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../notebooks-data/cdnow").join(name)
}

fn cdnow() -> Histories {
    let purchases = vec![Source::File(bundled("purchases.parquet"))];
    ingest::read(&Input { purchases, ..Input::default() }, &Unwatched).unwrap().history
}

/// What the sample's customers spent by 1997-09-30, after 39 weeks: each day's amount, in order. What was published counts
/// days with an amount of 0 too, which here is no purchase.
fn sample() -> Vec<BTreeMap<Instant, f64>> {
    let list = std::fs::read_to_string(bundled("sample_customers.csv")).unwrap();
    let sample: BTreeSet<&str> = list.lines().skip(1).collect();
    let histories = cdnow();
    let history = histories.whole().unwrap();
    (0..history.len())
        .filter(|&customer| sample.contains(history.customer_id(customer)))
        .map(|customer| {
            let mut days = BTreeMap::new();
            for order in
                history.customer(customer).orders.iter().filter(|order| order.instant <= calibrated())
            {
                *days.entry(order.instant).or_default() += order.amount.get();
            }
            days
        })
        .collect()
}

fn calibrated() -> Instant {
    "1997-09-30".parse().unwrap()
}

fn purchases(days: &BTreeMap<Instant, f64>) -> Purchases {
    let (first, last) = (*days.keys().next().unwrap(), *days.keys().next_back().unwrap());
    Purchases {
        repeats: days.len() as u32 - 1,
        last_days: last.days_since(first) as u32,
        tenure_days: calibrated().days_since(first) as u32,
    }
}

fn near(value: f64, published: f64, tolerance: f64) {
    assert!((value - published).abs() <= tolerance, "{value}, published {published}");
}

#[test]
fn bg_nbd_finds_the_published_parameters() {
    let sample: PurchaseCounts = sample().iter().map(purchases).collect();
    assert_eq!(sample.customers(), 2_357);
    let model = BgNbd::fit(&sample).unwrap();
    // Fader, Hardie and Lee 2005, table 2 (.243, 4.414, .793, 2.426, −9582.4), to more digits; in weeks.
    let Parameters { r, alpha_days, a, b } = model.parameters();
    near(r, 0.242595, 1e-6);
    near(alpha_days / DAYS_PER_WEEK, 4.413602, 1e-5);
    near(a, 0.792922, 1e-5);
    near(b, 2.425907, 2e-5);
    let repeats: f64 =
        sample.iter().map(|(kind, customers)| f64::from(kind.repeats) * *customers as f64).sum();
    near(model.log_likelihood(&sample) + repeats * DAYS_PER_WEEK.ln(), -9582.4292, 1e-4);
}

#[test]
fn gamma_gamma_finds_the_published_parameters() {
    let repeats = |days: &BTreeMap<Instant, f64>| {
        let amounts: Vec<f64> = days.values().skip(1).copied().collect();
        let total: f64 = amounts.iter().sum();
        (total > 0.0)
            .then(|| Spending { times: amounts.len() as u32, mean_amount: total / amounts.len() as f64 })
    };
    let spending: Vec<Spending> = sample().iter().filter_map(repeats).collect();
    assert_eq!(spending.len(), 946);
    let model = GammaGamma::fit(spending.iter().copied()).unwrap();
    let gamma_gamma::Parameters { p, q, v } = model.parameters();
    println!("{model:?} {:?}", gamma_gamma::correlation(spending.iter().copied()));
    near(p, 6.25, 0.005);
    near(q, 3.74, 0.005);
    near(v, 15.44, 0.005);
}

#[test]
fn one_thread_and_many_fit_the_same_bits() {
    let as_of = "1998-03-31".parse().unwrap();
    let histories = cdnow();
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| BgNbd::fit(&PurchaseCounts::at(&histories, as_of).unwrap()).unwrap())
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn whoever_has_left_counts_too_and_whoever_comes_later_does_not() {
    let count = |day: &str| PurchaseCounts::at(&cdnow(), day.parse().unwrap()).unwrap().customers();
    assert_eq!(count("1996-12-31"), 0);
    let all = count("1998-06-30");
    assert_eq!(count("1997-12-31"), all, "everyone first bought in early 1997");
    assert!(all > 23_000);
}
