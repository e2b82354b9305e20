//! Whether the feed may be scored: a stale or gappy one looks like customers who have left.

use mainstay_features::check::{DayReport, OddDay, Oddity};
use mainstay_features::history::Histories;
use mainstay_features::units::Instant;

use super::config::Config;
use crate::cli::check::date;
use crate::cli::output;
use crate::cli::reading::no_orders;
use crate::failure::{Failure, Kind};

/// Looks at the orders of a history, those of tonight among them. Returns how many whole days ago the last was, or, where there
/// are contracts, the last start of one.
pub(super) fn check(histories: &Histories, config: &Config, now: Instant) -> Result<i64, Failure> {
    let days = DayReport::of_orders(histories).ok_or_else(no_orders)?;
    let stop = |why: String| Err(Failure::new(Kind::BadInput, format!("{why}; nothing was changed")));
    // What is dated up to a day ahead, as by another clock, is let in, and waits.
    let known_until = histories.known_until(now)?.filter(|_| days.span.1 <= now.calendar_day() + 1);
    let Some(known_until) = known_until else {
        return stop(format!(
            "the last order is of {}, which is still to come, as it is {now}: mend its date, or the clock of this machine",
            date(days.span.1)
        ));
    };
    let last = known_until.calendar_day();
    let days_old = now.calendar_day() - last;
    if days_old > config.most_days_old {
        return stop(format!(
            "the feed is stale: its last order is of {}, {days_old} days ago, and {} are allowed (most_days_old): send the \
             days that are missing",
            date(last),
            config.most_days_old
        ));
    }
    // Where contracts say who has left, a day without orders looks like nothing; and bills come when months end.
    if histories.given().contracts {
        return Ok(days_old);
    }
    // Today is not over: what has come of it says nothing.
    let is_gap = |day: &&OddDay| {
        day.oddity != Oddity::Full
            && day.day < now.calendar_day()
            && last - day.day < config.gap_days
            && !config.closed_days.contains(&day.day)
    };
    let gaps: Vec<&OddDay> = days.odd.iter().filter(is_gap).collect();
    if gaps.is_empty() {
        return Ok(days_old);
    }
    let named =
        |day: &&OddDay| format!("{} ({} orders, usually {})", date(day.day), day.lines, day.usual_lines);
    stop(format!(
        "the feed has gaps in its last {} days: {}: send them again as whole files, or name days on which nothing is \
         sold in closed_days",
        config.gap_days,
        output::first_few(&gaps.iter().map(named).collect::<Vec<_>>())
    ))
}

/// Files that are to be the whole history must hold about as many orders as it has: fewer are a feed that came in half.
pub(super) fn check_complete(before: usize, orders: usize) -> Result<(), Failure> {
    const LEAST_SHARE: f64 = 0.9;
    if orders as f64 >= LEAST_SHARE * before as f64 {
        return Ok(());
    }
    let why = format!(
        "the files hold {orders} orders, and the history that they are to replace {before}: where so many are gone for good, mainstay \
         ingest --anew takes the files as they are; nothing was changed"
    );
    Err(Failure::new(Kind::BadInput, why))
}
