//! The advice for people.

use mainstay_features::horizon::{Advice, Share, Window};

use crate::cli::output;

const NOT_KNOWN: &str = "–";

/// What is to be said first where there are contracts.
pub(super) const OF_PURCHASES: &str = "There are contracts, and their ends say who leaves: take the time in which an end can still be \
                                       prevented, as the notice period, as --horizon. What follows is of purchases alone";

/// The advice, what each horizon would mean, and the gaps between purchases.
pub(super) fn of(advice: &Advice, has_contracts: bool) -> String {
    let of_purchases = if has_contracts { format!("{OF_PURCHASES}.\n") } else { String::new() };
    let caution = caution(advice).map_or(String::new(), |caution| format!("\n{caution}"));
    format!(
        "{of_purchases}{}{caution}\n\n{}{}\n{}",
        sentence(advice),
        horizons(advice),
        explanation(advice),
        gaps(advice)
    )
}

/// What no choice of a horizon mends, or the advised one needs said of it.
pub(super) fn caution(advice: &Advice) -> Option<String> {
    let nearly = |rate: f64| if rate < 0.5 { "nearly nobody" } else { "nearly everybody" };
    let why = "a model has next to nobody of the other kind to learn from";
    if let Some((least, most)) = advice.one_sided() {
        let (who, least, most) = (nearly(most), 100.0 * least, 100.0 * most);
        return Some(format!(
            "But {who} leaves within any usable horizon ({least:.2} to {most:.2} %): {why}"
        ));
    }
    let rate = advice.advised_one_sided()?;
    let other = if rate < 0.5 { "shorter" } else { "longer" };
    Some(format!(
        "But {} leaves within it ({:.2} %): {why}; a {other} one has more",
        nearly(rate),
        100.0 * rate
    ))
}

/// What to do, in a sentence or two.
pub(super) fn sentence(advice: &Advice) -> String {
    let few = percent(advice.few.get());
    match (advice.advised, advice.exact) {
        (Some(horizon), _) => {
            let days = horizon.get();
            let back = advice.curve.come_back_after(days).map_or(NOT_KNOWN.to_owned(), percent);
            format!("After {days} silent days {back} ever come back: use --horizon {horizon}")
        }
        (None, Some(exact)) => format!(
            "It takes {} silent days until at most {few} ever come back, and this log is too short to train and \
             test on such a horizon. {}",
            exact.get(),
            second_best(advice)
        ),
        (None, None) if advice.curve.judged_until() == 0 => {
            format!("This log is too short to judge any horizon. {}", second_best(advice))
        }
        (None, None) => {
            let days = advice.curve.judged_until();
            let back = advice.curve.come_back_after(days).map_or(NOT_KNOWN.to_owned(), percent);
            format!(
                "No horizon this log can judge is long enough: even after {days} silent days {back} come back, \
                 more than {few}. {}",
                second_best(advice)
            )
        }
    }
}

/// What there is instead of a horizon that is long enough.
fn second_best(advice: &Advice) -> String {
    let Some(longest) = advice.longest_usable() else {
        return format!("No horizon can be trained and tested on a log of {} days", advice.log_days);
    };
    let after = match longest.come_back {
        Some(share) => format!(", after which {} come back", percent(share)),
        None => String::new(),
    };
    format!("The longest it can train and test is --horizon {}{after}", longest.horizon)
}

fn horizons(advice: &Advice) -> String {
    let share = |share: Option<Share>| share.map(Share::rate).map_or(NOT_KNOWN.to_owned(), percent);
    let row = |window: &Window| {
        vec![
            window.horizon.to_string(),
            window.come_back.map_or(NOT_KNOWN.to_owned(), percent),
            share(window.churn),
            window.expected_leavers.map_or(NOT_KNOWN.to_owned(), |leavers| format!("{leavers:.0}")),
            share(window.false_alarms),
            if window.usable {
                "yes".to_owned()
            } else {
                format!("takes {} days of log", window.needed_days)
            },
        ]
    };
    let rows: Vec<Vec<String>> = advice.windows.iter().map(row).collect();
    output::table(&["horizon", "come back", "churn rate", "leaving", "false alarms", "usable"], &rows)
}

fn explanation(advice: &Advice) -> String {
    format!(
        "come back: of those silent for so long, who ever buys again (known up to {} silent days)\n\
         churn rate: who bought nothing in the log's last horizon, of who bought in the {} days before it\n\
         leaving: as many of the {} customers in the population at the log's end\n\
         false alarms: who bought in the last horizon, of who was gone for the one before it\n\
         usable: the log, {} days, is long enough to train and test a model\n",
        advice.curve.limit(),
        advice.lookback.get(),
        advice.population,
        advice.log_days
    )
}

fn gaps(advice: &Advice) -> String {
    if advice.gap_quantiles.is_empty() {
        return "Nobody bought on a second day\n".to_owned();
    }
    let title = format!("of {} gaps", advice.gap_count);
    let percents: Vec<String> =
        advice.gap_quantiles.iter().map(|(percent, _)| format!("{percent} %")).collect();
    let header: Vec<&str> =
        std::iter::once(title.as_str()).chain(percents.iter().map(String::as_str)).collect();
    let mut row = vec!["last at most".to_owned()];
    row.extend(advice.gap_quantiles.iter().map(|(_, days)| format!("{days}d")));
    output::table(&header, &[row])
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_features::horizon::Study;
    use mainstay_features::units::{Days, Instant, Probability};

    /// Hundreds of customers who bought on the first day; of every ten `back` again after 40 days; one on the last day.
    fn advice(back: i64, until_day: i64, few: f64) -> Advice {
        let at = |day: i64| Instant::from_micros(day * 86_400_000_000).unwrap();
        let mut study = Study::new((at(0), at(until_day)), Days::new(365).unwrap());
        for customer in 0..400 {
            let visits = if customer % 10 < back { 2 } else { 1 };
            study.add(&[at(0), at(40)][..visits]);
        }
        study.add(&[at(until_day)]);
        study.finish(Probability::new(few).unwrap()).unwrap()
    }

    #[test]
    fn the_advice_comes_first_and_names_the_flag() {
        let text = of(&advice(5, 400, 0.1), false);
        assert!(text.starts_with("After 60 silent days 0.0 % ever come back: use --horizon 60d\n"), "{text}");
        assert!(text.contains("\n30d         33.3 %"), "200 of 600 silences\n{text}");
        assert!(text.contains("takes 540 days of log"), "{text}");
        assert!(text.contains("of 200 gaps") && text.contains("40d"), "{text}");
    }

    #[test]
    fn where_everybody_leaves_that_is_said() {
        let at = |day: i64| Instant::from_micros(day * 86_400_000_000).unwrap();
        // Somebody buys for the first time every day; `loyal` others every so many days, from a first day on.
        let told = |loyal: usize, first: usize, every: usize| {
            let mut study = Study::new((at(0), at(500)), Days::new(365).unwrap());
            let visits: Vec<Instant> = (first..=500).step_by(every).map(|day| at(day as i64)).collect();
            (0..=500).for_each(|day| study.add(&[at(day)]));
            (0..loyal).for_each(|_| study.add(&visits));
            of(&study.finish(Probability::new(0.1).unwrap()).unwrap(), false)
        };
        assert!(!told(200, 0, 20).contains("But nearly"), "{}", told(200, 0, 20));
        // Nobody has bought in the last month who had before, in the last two some have.
        let said = told(10, 45, 100);
        assert!(
            said.contains("use --horizon 30d\nBut nearly everybody leaves within it (100.00 %)"),
            "{said}"
        );
        assert!(said.contains("to learn from; a longer one has more\n"), "{said}");
        let told = told(0, 0, 20);
        assert!(
            told.contains("\nBut nearly everybody leaves within any usable horizon (100.00 to 100.00 %)"),
            "{told}"
        );
    }

    #[test]
    fn where_nothing_is_long_enough_that_is_said() {
        let short = sentence(&advice(5, 60, 0.1));
        assert!(short.starts_with("No horizon this log can judge is long enough: even after 30 silent days"));
        assert!(short.ends_with("No horizon can be trained and tested on a log of 60 days"), "{short}");
        let two_days = sentence(&advice(0, 1, 0.1));
        assert!(two_days.starts_with("This log is too short to judge any horizon"), "{two_days}");
        let middling = sentence(&advice(5, 100, 0.1));
        assert!(middling.starts_with("It takes 40 silent days"), "{middling}");
        assert!(middling.ends_with("--horizon 30d, after which 33.3 % come back"), "{middling}");
    }
}
