//! Which model of lifetime value a history gets, and that nothing but its content matters.

#![allow(clippy::unwrap_used)]

use mainstay_features::history::{Histories, HistoryBuilder, Spill};
use mainstay_features::units::{Amount, Instant};
use mainstay_models::lifetime::value::{Amounts, Fitted};
use mainstay_models::lifetime::{FitError, Lifetime, Retention};

const RETENTION: Retention = Retention { churn_rate: 0.4, churn_rate_sd: 0.0, horizon_days: 90, rate: None };
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A log of customers of whom some never come back, and others more or less often, until they stop.
fn rows(customers: u32) -> Vec<(String, u32, f64)> {
    (0..customers)
        .flat_map(|customer| {
            let (pace, times) = (7 + customer * 37 % 60, 1 + customer * 53 % 11);
            let amount = 10.0 + f64::from(customer * 29 % 83);
            let start = customer * 11 % 200;
            let of_time = move |time: u32| {
                let day = start + time * pace + time * time * customer % 5;
                (format!("c{customer}"), day, amount + f64::from(time * customer % 7))
            };
            (0..times).map(of_time)
        })
        .collect()
}

fn builder(rows: &[(String, u32, f64)]) -> HistoryBuilder {
    let mut builder = HistoryBuilder::default();
    for (number, (customer, day, amount)) in rows.iter().enumerate() {
        let instant = Instant::from_micros(i64::from(*day) * MICROS_PER_DAY).unwrap();
        builder.add_line(customer, &number.to_string(), instant, Amount::new(*amount).unwrap());
    }
    builder
}

fn fit(histories: &Histories) -> Fitted {
    Lifetime::fit(histories, "1971-06-01".parse().unwrap(), RETENTION).unwrap()
}

#[test]
fn in_memory_or_spilled_in_any_order_the_bits_are_the_same() {
    let rows = rows(400);
    let whole = fit(&Histories::fold(vec![builder(&rows)]).unwrap());
    assert!(matches!(whole.lifetime, Lifetime::BgNbd { amounts: Amounts::GammaGamma(_), .. }), "{whole:?}");

    let reversed: Vec<_> = rows.iter().cloned().rev().collect();
    let mut spilled = builder(&reversed);
    spilled.spill(&Spill::new(&std::env::temp_dir()).unwrap()).unwrap();
    let spilled = Histories::fold(vec![spilled]).unwrap();
    assert!(spilled.whole().is_none());
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| fit(&spilled)), whole);
    }
}

#[test]
fn a_tiny_log_gets_the_plain_formula_and_is_told_why() {
    let fitted = fit(&Histories::fold(vec![builder(&rows(20))]).unwrap());
    assert_eq!(fitted.lifetime, Lifetime::Rate(RETENTION));
    assert!(matches!(fitted.no_bg_nbd, Some(FitError::TooFewRepeatCustomers { needed: 30, .. })));
}

#[test]
fn customers_who_all_spend_the_same_are_worth_their_own_mean() {
    let same: Vec<_> = rows(400).into_iter().map(|(customer, day, _)| (customer, day, 25.0)).collect();
    let fitted = fit(&Histories::fold(vec![builder(&same)]).unwrap());
    assert!(matches!(fitted.lifetime, Lifetime::BgNbd { amounts: Amounts::OwnMean, .. }), "{fitted:?}");
    assert!(fitted.no_gamma_gamma.is_some());
    assert_eq!(fitted.correlation, None);
}
