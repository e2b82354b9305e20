//! The horizon: after how long a silence customers are gone, as the log itself tells.
//!
//! A horizon that is too short calls customers churned who come back by themselves; one that is too long tells of
//! leavers when it is late, and takes a longer log to train on. Whoever is called churned has been silent for at least
//! the horizon, so the question is: of those silent for n days, how many come back?
//!
//! - **Silences, not gaps.** Gaps are what ended; the longest silences, of customers who never come back, are no gaps
//!   at all. Every visit begins a silence, and those that still run when the log ends count for the days they were
//!   watched ([`Curve`]).
//! - **One per silence, not one per customer.** Heavy buyers have most of the gaps, but their silences rarely last: of
//!   those that reach n days, and only these are asked about, few are of the same customer (180 days: 19,612 silences
//!   of 19,611 customers on CDNOW, 3,270 of 2,980 on Online Retail II, of those watched for twice as long). And each
//!   silence that gets so long is a call the horizon makes. A customer's latest silence alone would never have ended.
//!   The false alarms are counted per customer.
//! - **Seen for as long again.** Nobody comes back after the end of the log, so the share that comes back falls to 0
//!   there by itself. A window is judged only if silences are watched for twice its days.
//!
//! What remains: early and late silences are taken for alike. In a log of one cohort the early ones have more
//! customers who buy once; the estimate is then somewhat high (CDNOW, from day 180 to 360: 19 % where 17 % of the
//! silences watched so long came back), which errs towards longer windows.

mod advice;
mod silence;
mod study;

pub use advice::{Advice, Share, Window};
pub use silence::{Curve, LONGEST_DAYS};
pub use study::Study;

use rayon::prelude::*;

use crate::history::{Histories, History, HistoryError};
use crate::known::purchases_between;
use crate::units::{Days, Instant, Probability};

/// The windows that are compared, in days: those people use.
pub const CANDIDATES: [u32; 7] = [30, 60, 90, 120, 180, 270, 365];

/// The quantiles of gaps that are told, in percent.
pub const GAP_PERCENTS: [u32; 6] = [10, 25, 50, 75, 90, 95];

/// The curve goes on while so many silences are at risk: one of them then moves it by one percent at most.
pub const LEAST_AT_RISK: u64 = 100;

/// So few customers are not worth another thread.
const MIN_CUSTOMERS: usize = 1024;

/// Studies what a log knew at an instant: which window leaves at most the share `few` to come back. Purchases have the
/// amounts known then. `None` without orders, or if fewer than [`LEAST_AT_RISK`] silences were watched for a day.
///
/// # Errors
/// When a part of the history cannot be read.
pub fn study(
    histories: &Histories,
    until: Instant,
    lookback: Days,
    few: Probability,
) -> Result<Option<Advice>, HistoryError> {
    let Some((first, _)) = histories.summary().span else { return Ok(None) };
    let span = (first, until);
    let parts = histories.each(|part| study_part(part, span, lookback))?;
    Ok(parts.into_iter().flatten().reduce(Study::merge).and_then(|whole| whole.finish(few)))
}

fn study_part(history: &History, span: (Instant, Instant), lookback: Days) -> Option<Study> {
    (0..history.len())
        .into_par_iter()
        .with_min_len(MIN_CUSTOMERS)
        .fold(
            || (Study::new(span, lookback), Vec::<Instant>::new()),
            |(mut study, mut instants), customer| {
                let purchases = purchases_between(history.customer(customer), Instant::MIN, span.1);
                instants.clear();
                instants.extend(purchases.map(|purchase| purchase.instant));
                study.add(&instants);
                (study, instants)
            },
        )
        .map(|(study, _)| study)
        .reduce_with(Study::merge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::HistoryBuilder;
    use crate::table::Snapshot;
    use crate::units::Amount;

    /// 400 customers who buy 1 to 4 times in 900 days, in a pattern of primes.
    fn history() -> History {
        let mut builder = HistoryBuilder::default();
        let amount = Amount::new(10.0).unwrap();
        for customer in 0..400_i64 {
            for visit in 0..=customer % 4 {
                let day = 20_000 + (customer * 7 + visit * visit * 89 + visit * customer * 13) % 900;
                let instant = Instant::from_micros(day * 86_400_000_000 + customer).unwrap();
                builder.add_line(&customer.to_string(), &visit.to_string(), instant, amount);
            }
        }
        History::fold(vec![builder]).unwrap()
    }

    #[test]
    fn churn_and_list_size_are_those_of_the_snapshots() {
        let (history, lookback) = (history(), Days::new(200).unwrap());
        let (_, until) = history.span().unwrap();
        let few = Probability::new(0.1).unwrap();
        let advice = study(&self::history().into(), until, lookback, few).unwrap().unwrap();
        assert_eq!(advice.population as usize, Snapshot::take(&history, until, lookback).rows.len());
        let mut usable = 0;
        for window in advice.windows.iter().filter(|window| window.usable) {
            let snapshot = Snapshot::take(&history, until.minus(window.horizon), lookback);
            let labels = snapshot.labels(&history, window.horizon);
            let churn = window.churn.unwrap();
            assert_eq!(churn.whole() as usize, labels.len());
            assert_eq!(churn.part() as usize, labels.iter().filter(|&&churned| churned).count());
            usable += 1;
        }
        assert_eq!(usable, 6, "365 days take 930 of log");
    }

    #[test]
    fn fewer_come_back_the_longer_they_were_silent() {
        let few = Probability::new(0.1).unwrap();
        let until = history().span().unwrap().1;
        let advice = study(&history().into(), until, Days::new(365).unwrap(), few).unwrap().unwrap();
        let back: Vec<f64> =
            (0..=advice.curve.limit()).filter_map(|day| advice.curve.come_back_after(day)).collect();
        assert!(back.windows(2).all(|pair| pair[1] <= pair[0]));
        assert!(back.iter().all(|share| (0.0..=1.0).contains(share)));
        assert_eq!(back.last(), Some(&0.0));
        let nothing = study(&History::default().into(), until, Days::new(365).unwrap(), few).unwrap();
        assert_eq!(nothing, None);
    }
}
