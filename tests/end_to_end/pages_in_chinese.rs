//! Reports, charts and summaries in Chinese: no English sentence is left in them, and every number is that of the English.

use std::collections::BTreeSet;
use std::fs;

use crate::list_languages::is_chinese;
use crate::support::{done, folder, run, shop, store_like_the_shops};

/// What is called the same in both languages: names of models, zones, units of time and of the shop's own things.
const NAMES: [&str; 13] = [
    "BG/NBD", "UTC", "ROC-AUC", "Brier", "mail", "call", "voucher", "reminder", "club", "yes", "no",
    "nickname", "region",
];

/// The texts of a page or of lines that are printed, without markup.
fn texts(page: &str) -> Vec<String> {
    let page = match (page.find("<style>"), page.find("</style>")) {
        (Some(from), Some(to)) => format!("{}{}", &page[..from], &page[to..]),
        _ => page.to_owned(),
    };
    page.split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text))
        .flat_map(|text| text.lines())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// That people who read Chinese can read all of it: where there is a word, there is Chinese.
fn assert_is_chinese(page: &str) {
    for text in texts(page) {
        let without_names = NAMES.iter().fold(text.clone(), |text, name| text.replace(name, ""));
        let is_instant = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        let has_word = without_names
            .split_whitespace()
            .any(|word| !is_instant(word) && word.chars().filter(char::is_ascii_alphabetic).count() > 1);
        assert!(!has_word || is_chinese(&text), "{text}");
        let words: Vec<&str> = without_names.split(' ').collect();
        let is_english = |word: &&str| word.len() > 2 && word.chars().all(|c| c.is_ascii_lowercase());
        assert!(!words.windows(3).any(|three| three.iter().all(is_english)), "{text}");
    }
}

/// The numbers with a point of a page; once each, as a label of a chart is left out where it has no room.
fn numbers(page: &str) -> BTreeSet<String> {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let texts = texts(page);
    let numbers = texts.iter().flat_map(|text| text.split(|c| !is_number(c)));
    let trimmed = numbers.map(|number| number.trim_matches('.').to_owned());
    trimmed.filter(|number| number.contains('.')).collect()
}

/// The same command in both languages: its page, or what it prints.
fn in_both(command: &str, page: Option<&str>) -> (String, String) {
    let folder = folder();
    let run_in = |language: &str| {
        let path = folder.path().join(format!("{language}.page"));
        let flag = page.map_or(String::new(), |flag| format!("{flag} {}", path.display()));
        let printed = done(&format!("{command} --language {language} {flag}"));
        page.map_or(printed, |_| fs::read_to_string(&path).unwrap())
    };
    (run_in("en"), run_in("zh"))
}

#[test]
fn reports_in_chinese_say_what_the_english_ones_do() {
    let input = shop().input();
    for (command, flag) in [
        (format!("backtest {input} --horizon 90d --lookback 365d"), Some("--report")),
        (format!("report {input} --period quarter"), Some("--html")),
        (format!("report {input} --period quarter"), None),
    ] {
        let (english, chinese) = in_both(&command, flag);
        assert_is_chinese(&chinese);
        assert_eq!(numbers(&english), numbers(&chinese), "{command}");
        if flag.is_some() {
            assert!(english.contains("<html lang=\"en\">") && chinese.contains("<html lang=\"zh\">"));
            assert_eq!(english.matches("<svg").count(), chinese.matches("<svg").count());
        }
    }
    // What scripts read is the same in every language.
    let (english, chinese) = in_both(&format!("report {input} --period quarter --json"), None);
    assert_eq!(english, chinese);
}

#[test]
fn plans_and_lists_of_who_has_lapsed_are_summed_up_in_chinese() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let clubs: String = (0..400).map(|one| format!("c{one:03},{}\n", ["yes", "no"][one % 2])).collect();
    fs::write(at("customers.csv"), format!("customer_id,club\n{clubs}")).unwrap();
    store_like_the_shops(&at("store"));
    let (store, input) = (at("store").display().to_string(), shop().input());
    done(&format!(
        "score {input} --customers {} --store {store} --out {}",
        at("customers.csv").display(),
        at("scores.csv").display()
    ));
    let plan = format!("plan --store {store} --budget 200 --capacity voucher=5");
    for page in [None, Some("--svg")] {
        let (english, chinese) = in_both(&plan, page);
        assert_is_chinese(&chinese);
        if page.is_some() {
            assert_eq!(numbers(&english), numbers(&chinese));
        }
    }
    let (english, chinese) = in_both(&format!("{plan} --json"), None);
    assert_eq!(english, chinese);

    let offers = at("offers.toml");
    fs::write(
        &offers,
        "[[offer]]\nname = \"mail\"\ncontact_cost = 0.1\nincentive = 0\nsave_rate = 0.02\nsave_rate_sd = 0.01\n\
         win_back_rate = 0.01\nwin_back_rate_sd = 0.005\ntake_up = 0\ndriven_away = 0\n",
    )
    .unwrap();
    let winback =
        run(&format!("winback {input} --store {store} --offers {} --language zh", offers.display()));
    let noted = String::from_utf8(winback.stderr).unwrap();
    let summary: Vec<&str> = noted.lines().skip_while(|line| !line.contains("截至")).collect();
    assert!(summary.len() >= 4, "{noted}");
    assert_is_chinese(&summary.join("\n"));
}
