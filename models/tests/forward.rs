//! What lifetime models expected against what then happened, beside the plain formula: fitted on the first part of a log,
//! held to the rest. `cargo test -p mainstay-models --test forward -- --nocapture` prints the numbers in docs/economics.md.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use mainstay_features::history::{CustomerHistory, Histories, History};
use mainstay_features::ingest::{self, Input, Source};
use mainstay_features::known::Cut;
use mainstay_features::registry::{self, Row};
use mainstay_features::units::{Amount, Days, Instant};
use mainstay_features::watch::Unwatched;
use mainstay_models::lifetime::{Lifetime, Purchases, Retention, yearly_purchases};

const HORIZON: Days = Days::new(90).unwrap();

/// A log, its first part and how long the rest is looked at.
struct Trial {
    log: &'static str,
    path: PathBuf,
    as_of: &'static str,
    span: Days,
    lookback: Days,
}

fn trials() -> [Trial; 4] {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let days = |days| Days::new(days).unwrap();
    let cdnow = |as_of, span| Trial {
        log: "cdnow",
        path: folder.join("../notebooks-data/cdnow/purchases.parquet"),
        as_of,
        span: days(span),
        lookback: days(180),
    };
    let retail = |as_of, span| Trial {
        log: "online_retail_ii",
        path: folder.join("../../shared/data/online_retail_ii/purchases.parquet"),
        as_of,
        span: days(span),
        lookback: days(365),
    };
    [
        cdnow("1997-09-30", 270),
        cdnow("1997-12-31", 180),
        retail("2010-12-09T13:00:00Z", 360),
        retail("2011-06-09T13:00:00Z", 180),
    ]
}

/// A customer of the population at the cutoff: core features, and what then happened.
struct Customer {
    row: Row,
    stayed: bool,
    days: f64,
    money: f64,
}

/// Purchases after `from`, up to `to`.
fn later(customer: CustomerHistory<'_>, from: Instant, to: Instant) -> impl Iterator<Item = (i64, f64)> + '_ {
    let orders = customer.orders.iter().filter(move |order| order.instant > from && order.instant <= to);
    let bought = orders.filter(|order| order.amount > Amount::ZERO);
    bought.map(|order| (order.instant.calendar_day(), order.amount.get()))
}

fn population(history: &History, trial: &Trial, as_of: Instant, span: Days) -> Vec<Customer> {
    let mut cut = Cut::default();
    let customers = (0..history.len()).map(|number| history.customer(number));
    customers
        .filter_map(|customer| {
            let known = cut.at(customer, as_of).filter(|known| known.bought_within(trial.lookback))?;
            let until = as_of.plus(span);
            Some(Customer {
                row: registry::compute(&known),
                stayed: later(customer, as_of, as_of.plus(HORIZON)).next().is_some(),
                days: later(customer, as_of, until).map(|(day, _)| day).collect::<BTreeSet<_>>().len() as f64,
                money: later(customer, as_of, until).map(|(_, amount)| amount).sum(),
            })
        })
        .collect()
}

/// What was expected in all over what happened, and how far both go together.
#[derive(Debug)]
struct Verdict {
    ratio: f64,
    correlation: f64,
}

impl Verdict {
    fn of(
        customers: &[&Customer],
        expected: impl Fn(&Row) -> f64,
        happened: impl Fn(&Customer) -> f64,
    ) -> Self {
        let expected: Vec<f64> = customers.iter().map(|customer| expected(&customer.row)).collect();
        let happened: Vec<f64> = customers.iter().map(|customer| happened(customer)).collect();
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let rows = customers.len() as f64;
        let covariance = |a: &[f64], b: &[f64]| product(a, b) / rows - sum(a) * sum(b) / rows / rows;
        let spread = (covariance(&expected, &expected) * covariance(&happened, &happened)).sqrt();
        Self {
            ratio: sum(&expected) / sum(&happened),
            correlation: covariance(&expected, &happened) / spread,
        }
    }

    /// How far the total is off, either way.
    fn off(&self) -> f64 {
        self.ratio.ln().abs()
    }
}

/// The plain formula's rate: the share who stayed over the horizon before, which is known at the cutoff.
fn retention(history: &History, trial: &Trial, as_of: Instant) -> f64 {
    let before = population(history, trial, as_of.minus(HORIZON), HORIZON);
    before.iter().filter(|customer| customer.stayed).count() as f64 / before.len() as f64
}

#[test]
fn customers_who_stay_are_worth_what_was_expected_of_them() {
    for trial in trials() {
        if !trial.path.exists() {
            eprintln!("skipped: no {}", trial.path.display());
            continue;
        }
        let purchases = vec![Source::File(trial.path.clone())];
        let histories: Histories =
            ingest::read(&Input { purchases, ..Input::default() }, &Unwatched).unwrap().history;
        let history = histories.whole().unwrap();
        let as_of: Instant = trial.as_of.parse().unwrap();
        let customers = population(history, &trial, as_of, trial.span);
        let kept_rate = retention(history, &trial, as_of);
        let fallback = Retention {
            churn_rate: 1.0 - kept_rate,
            churn_rate_sd: 0.0,
            horizon_days: HORIZON.get(),
            rate: None,
        };
        let fitted = Lifetime::fit(&histories, as_of, fallback).unwrap();
        let Lifetime::BgNbd { purchases, purchases_per_day, amounts, season: None, .. } = fitted.lifetime
        else {
            unreachable!("{:?} {:?}", trial.log, fitted.no_bg_nbd)
        };
        let span_days = f64::from(trial.span.get());
        let amount = |row: &Row| purchases_per_day * amounts.expected_mean(row);
        let if_kept = |row: &Row| purchases.expected_if_alive(span_days, &Purchases::of(row));
        // Kept over the first horizon, and over each later one with everyone's chance.
        let horizons = trial.span.get() / HORIZON.get();
        let years =
            f64::from(HORIZON.get()) / 365.0 * (0..horizons).map(|k| kept_rate.powi(k as i32)).sum::<f64>();
        let plainly = |row: &Row| yearly_purchases(row) * years;

        let stayed: Vec<&Customer> = customers.iter().filter(|customer| customer.stayed).collect();
        let days = |customer: &Customer| customer.days;
        let money = |customer: &Customer| customer.money;
        let model = [
            Verdict::of(&stayed, if_kept, days),
            Verdict::of(&stayed, |row| if_kept(row) * amount(row), money),
        ];
        let plain =
            [Verdict::of(&stayed, plainly, days), Verdict::of(&stayed, |row| plainly(row) * row[2], money)];
        let everyone: Vec<&Customer> = customers.iter().collect();
        let expected = |row: &Row| purchases.expected_purchases(span_days, &Purchases::of(row));
        let all = [
            Verdict::of(&everyone, expected, days),
            Verdict::of(&everyone, |row| expected(row) * amount(row), money),
        ];
        println!(
            "{} at {} + {}: {} of {} stayed",
            trial.log,
            trial.as_of,
            trial.span,
            stayed.len(),
            customers.len()
        );
        println!("  stayed, BG/NBD: days {:.2?}, money {:.2?}", model[0], model[1]);
        println!("  stayed, plain:  days {:.2?}, money {:.2?}", plain[0], plain[1]);
        println!("  all, BG/NBD:    days {:.2?}, money {:.2?}", all[0], all[1]);
        println!("  frequency and amount of repeat buyers: correlation {:.2?}", fitted.correlation);
        for (model, plain) in model.iter().zip(&plain) {
            assert!(model.off() < plain.off(), "{model:?} {plain:?}");
            assert!(model.correlation > plain.correlation - 0.01, "{model:?} {plain:?}");
        }
    }
}
