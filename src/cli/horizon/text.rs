//! The advice for people.

use mainstay_features::horizon::{Advice, Share, Window};
use mainstay_models::language::Language;

use crate::cli::output;
use crate::readable::percent;

const NOT_KNOWN: &str = "–";

/// What is to be said first where there are contracts.
pub(super) const OF_PURCHASES: &str = "There are contracts, and their ends say who leaves: take the time in which an end can still be \
                                       prevented, as the notice period, as --horizon. What follows is of purchases alone";

/// The same in Chinese.
const OF_PURCHASES_IN_CHINESE: &str = "数据中有合同，是否流失以合同终止为准：请用合同终止仍可挽回的时间（如通知期）作为 --horizon。以下内容仅针对购买行为";

/// The advice, what each horizon would mean, and the gaps between purchases.
pub(super) fn of(advice: &Advice, has_contracts: bool, language: Language) -> String {
    let of_purchases = if has_contracts {
        language.either(format!("{OF_PURCHASES}.\n"), format!("{OF_PURCHASES_IN_CHINESE}。\n"))
    } else {
        String::new()
    };
    let caution = caution(advice, language).map_or(String::new(), |caution| format!("\n{caution}"));
    format!(
        "{of_purchases}{}{caution}\n\n{}{}\n{}",
        sentence(advice, language),
        horizons(advice, language),
        explanation(advice, language),
        gaps(advice, language)
    )
}

/// What no choice of a horizon mends, or the advised one needs said of it.
pub(super) fn caution(advice: &Advice, language: Language) -> Option<String> {
    let nearly = |rate: f64| match (rate < 0.5, language) {
        (true, Language::English) => "nearly nobody",
        (false, Language::English) => "nearly everybody",
        (true, Language::Chinese) => "几乎没有人",
        (false, Language::Chinese) => "几乎所有人都",
    };
    let why = language.either(
        "a model has next to nobody of the other kind to learn from",
        "模型几乎没有另一类客户可供学习",
    );
    if let Some((least, most)) = advice.one_sided() {
        let (who, least, most) = (nearly(most), 100.0 * least, 100.0 * most);
        return Some(language.either(
            format!("But {who} leaves within any usable horizon ({least:.2} to {most:.2} %): {why}"),
            format!("但无论选哪个可用的预测期，{who}流失（{least:.2}%至{most:.2}%）：{why}"),
        ));
    }
    let rate = advice.advised_one_sided()?;
    let (who, percent) = (nearly(rate), 100.0 * rate);
    let (other, other_in_chinese) = if rate < 0.5 { ("shorter", "缩短") } else { ("longer", "延长") };
    Some(language.either(
        format!("But {who} leaves within it ({percent:.2} %): {why}; a {other} one has more"),
        format!("但在此期间{who}流失（{percent:.2}%）：{why}；{other_in_chinese}预测期会好一些"),
    ))
}

/// What to do, in a sentence or two.
pub(super) fn sentence(advice: &Advice, language: Language) -> String {
    let percent = |share| percent(share, language);
    let few = percent(advice.few.get());
    match (advice.advised, advice.exact) {
        (Some(horizon), _) => {
            let days = horizon.get();
            let back = advice.curve.come_back_after(days).map_or(NOT_KNOWN.to_owned(), percent);
            language.either(
                format!("After {days} silent days {back} ever come back: use --horizon {horizon}"),
                format!("沉默{days}天后，还会回来的只有{back}：请用 --horizon {horizon}"),
            )
        }
        (None, Some(exact)) => {
            let (days, instead) = (exact.get(), second_best(advice, language));
            language.either(
                format!(
                    "It takes {days} silent days until at most {few} ever come back, and this log is too short to train and \
                     test on such a horizon. {instead}"
                ),
                format!("沉默{days}天后还会回来的才不超过{few}，而这份数据太短，无法用这么长的预测期训练和检验。{instead}"),
            )
        }
        (None, None) if advice.curve.judged_until() == 0 => {
            let instead = second_best(advice, language);
            language.either(
                format!("This log is too short to judge any horizon. {instead}"),
                format!("这份数据太短，无法判断任何预测期。{instead}"),
            )
        }
        (None, None) => {
            let (days, instead) = (advice.curve.judged_until(), second_best(advice, language));
            let back = advice.curve.come_back_after(days).map_or(NOT_KNOWN.to_owned(), percent);
            language.either(
                format!(
                    "No horizon this log can judge is long enough: even after {days} silent days {back} come back, \
                     more than {few}. {instead}"
                ),
                format!("这份数据能判断的预测期都不够长：沉默{days}天后仍有{back}会回来，超过{few}。{instead}"),
            )
        }
    }
}

/// What there is instead of a horizon that is long enough.
fn second_best(advice: &Advice, language: Language) -> String {
    let Some(longest) = advice.longest_usable() else {
        let days = advice.log_days;
        return language.either(
            format!("No horizon can be trained and tested on a log of {days} days"),
            format!("{days}天的数据不足以训练和检验任何预测期"),
        );
    };
    let horizon = longest.horizon;
    let after = match longest.come_back.map(|share| percent(share, language)) {
        Some(share) => {
            language.either(format!(", after which {share} come back"), format!("，此后仍有{share}会回来"))
        }
        None => String::new(),
    };
    language.either(
        format!("The longest it can train and test is --horizon {horizon}{after}"),
        format!("能训练和检验的最长预测期是 --horizon {horizon}{after}"),
    )
}

fn horizons(advice: &Advice, language: Language) -> String {
    let percent = |share| percent(share, language);
    let share = |share: Option<Share>| share.map(Share::rate).map_or(NOT_KNOWN.to_owned(), percent);
    let row = |window: &Window| {
        vec![
            window.horizon.to_string(),
            window.come_back.map_or(NOT_KNOWN.to_owned(), percent),
            share(window.churn),
            window.expected_leavers.map_or(NOT_KNOWN.to_owned(), |leavers| format!("{leavers:.0}")),
            share(window.false_alarms),
            if window.usable {
                language.either("yes", "是").to_owned()
            } else {
                let days = window.needed_days;
                language.either(format!("takes {days} days of log"), format!("需要{days}天的数据"))
            },
        ]
    };
    let rows: Vec<Vec<String>> = advice.windows.iter().map(row).collect();
    let header = language.either(
        ["horizon", "come back", "churn rate", "leaving", "false alarms", "usable"],
        ["预测期", "回来比例", "流失率", "将流失", "误报", "可用"],
    );
    output::table(&header, &rows)
}

fn explanation(advice: &Advice, language: Language) -> String {
    let (limit, lookback) = (advice.curve.limit(), advice.lookback.get());
    let (population, log_days) = (advice.population, advice.log_days);
    language.either(
        format!(
            "come back: of those silent for so long, who ever buys again (known up to {limit} silent days)\n\
             churn rate: who bought nothing in the log's last horizon, of who bought in the {lookback} days before it\n\
             leaving: as many of the {population} customers in the population at the log's end\n\
             false alarms: who bought in the last horizon, of who was gone for the one before it\n\
             usable: the log, {log_days} days, is long enough to train and test a model\n"
        ),
        format!(
            "回来比例：沉默这么久的客户中，以后还会购买的比例（最多能看到沉默{limit}天）\n\
             流失率：数据最后一个预测期之前{lookback}天内购买过的客户中，在该预测期内没有购买的比例\n\
             将流失：按此比例，数据结束时{population}位客户中将流失的人数\n\
             误报：在前一个预测期内没有购买的客户中，最后一个预测期内又购买的比例\n\
             可用：{log_days}天的数据是否足以训练和检验模型\n"
        ),
    )
}

fn gaps(advice: &Advice, language: Language) -> String {
    if advice.gap_quantiles.is_empty() {
        return language.either("Nobody bought on a second day\n", "没有客户在第二天再次购买\n").to_owned();
    }
    let count = advice.gap_count;
    let title = language.either(format!("of {count} gaps"), format!("{count}个购买间隔中"));
    let sign = language.percent_sign();
    let percents: Vec<String> =
        advice.gap_quantiles.iter().map(|(percent, _)| format!("{percent}{sign}")).collect();
    let header: Vec<&str> =
        std::iter::once(title.as_str()).chain(percents.iter().map(String::as_str)).collect();
    let mut row = vec![language.either("last at most", "不超过").to_owned()];
    row.extend(advice.gap_quantiles.iter().map(|(_, days)| format!("{days}d")));
    output::table(&header, &[row])
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
        let text = of(&advice(5, 400, 0.1), false, Language::English);
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
            of(&study.finish(Probability::new(0.1).unwrap()).unwrap(), false, Language::English)
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
        let short = sentence(&advice(5, 60, 0.1), Language::English);
        assert!(short.starts_with("No horizon this log can judge is long enough: even after 30 silent days"));
        assert!(short.ends_with("No horizon can be trained and tested on a log of 60 days"), "{short}");
        let two_days = sentence(&advice(0, 1, 0.1), Language::English);
        assert!(two_days.starts_with("This log is too short to judge any horizon"), "{two_days}");
        let middling = sentence(&advice(5, 100, 0.1), Language::English);
        assert!(middling.starts_with("It takes 40 silent days"), "{middling}");
        assert!(middling.ends_with("--horizon 30d, after which 33.3 % come back"), "{middling}");
    }
}
