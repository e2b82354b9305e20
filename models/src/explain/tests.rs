use proptest::prelude::*;

use super::*;

fn every_feature() -> Vec<String> {
    registry::all().map(|feature| feature.name.to_owned()).chain(["expected_purchases".to_owned()]).collect()
}

fn said(values: &[(&str, f64)], of: &str, contribution: f64) -> String {
    said_in(Language::English, values, of, contribution)
}

fn said_in(language: Language, values: &[(&str, f64)], of: &str, contribution: f64) -> String {
    told(values, of, contribution).sentence(language)
}

/// What is told of a row in which these features have these values and all others none.
fn told(values: &[(&str, f64)], of: &str, contribution: f64) -> Told {
    let columns = every_feature();
    let mut row = vec![f64::NAN; columns.len()];
    for (name, value) in values {
        row[columns.iter().position(|column| column == name).unwrap()] = *value;
    }
    let column = columns.iter().position(|column| column == of).unwrap();
    Explainer::new(&columns).told(column, &row, contribution).unwrap()
}

#[test]
fn the_customers_own_numbers_are_told() {
    let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.85)];
    assert_eq!(said(&silent, "recency_days", 1.0), "no order for 47 days; usual gap 12");
    assert_eq!(said(&silent, "recency_days", -1.0), "last order 47 days ago; usual gap 12");
    assert_eq!(said(&silent, "silence_ratio", 1.0), "no order for 47 days, 3.9 times the usual gap of 12");
    assert_eq!(said(&silent[..1], "recency_days", 1.0), "no order for 47 days");
    assert_eq!(said(&silent[..1], "silence_ratio", 1.0), "ordered on one day only");
    let complaints = [("complaint_count", 3.0), ("days_since_complaint", 8.0)];
    assert_eq!(said(&complaints, "complaint_count", 1.0), "3 complaints, the last 8 days ago");
    assert_eq!(said(&[("complaint_count", 0.0)], "complaint_count", -1.0), "no complaint so far");
    assert_eq!(said(&complaints[..1], "days_since_complaint", -1.0), "no complaint so far");
    let money = [("money_90d", 40.0), ("money_90d_change", -80.0)];
    assert_eq!(
        said(&money, "money_90d_change", 1.0),
        "spent 40.00 in the last 90 days, 120.00 in the 90 before"
    );
    let orders = [("purchases_30d", 0.0), ("purchases_30d_change", -1.0)];
    assert_eq!(
        said(&orders, "purchases_30d_change", 1.0),
        "no order in the last 30 days, 1 in the 30 before"
    );
    assert_eq!(
        said(&orders[1..], "purchases_30d_change", 1.0),
        "orders in the last 30 days less those in the 30 before: −1"
    );
    assert_eq!(
        said(&[("expected_purchases", 0.4)], "expected_purchases", 1.0),
        "0.4 orders to be expected, going by the orders so far"
    );
}

#[test]
fn nothing_is_told_of_a_time_before_the_first_purchase() {
    let columns = every_feature();
    let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let said = |feature: &str, value: f64, tenure_days: f64| {
        let mut row = vec![f64::NAN; columns.len()];
        (row[place(feature)], row[place("tenure_days")]) = (value, tenure_days);
        Explainer::new(&columns).told(place(feature), &row, 1.0).map(|told| told.sentence(Language::English))
    };
    let next = "money_next_90d_year_ago";
    assert_eq!(said(next, 0.0, 364.0), None);
    let nothing = "spent nothing a year ago in the 90 days that now come";
    assert_eq!(said(next, 0.0, 365.0).as_deref(), Some(nothing));
    assert!(said(next, 5.0, 300.0).is_some(), "who bought in it was a customer");
    assert_eq!(said("purchases_90d_year_ago", 0.0, 454.0), None);
    assert!(said("purchases_90d_year_ago", 0.0, 455.0).is_some());
    assert!(said("purchases_90d", 0.0, 10.0).is_some(), "of the last days it is told");
}

#[test]
fn the_same_is_told_in_chinese() {
    let said = |values: &[(&str, f64)], of: &str, contribution: f64| {
        said_in(Language::Chinese, values, of, contribution)
    };
    let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.85)];
    assert_eq!(said(&silent, "recency_days", 1.0), "已47天未下单，平时约12天下单一次");
    assert_eq!(said(&silent, "recency_days", -1.0), "最近一次下单在47天前，平时约12天下单一次");
    assert_eq!(said(&silent, "silence_ratio", 1.0), "已47天未下单，是平时间隔（约12天）的3.9倍");
    assert_eq!(said(&silent[..1], "silence_ratio", 1.0), "仅在某一天下过单");
    let complaints = [("complaint_count", 3.0), ("days_since_complaint", 8.0)];
    assert_eq!(said(&complaints, "complaint_count", 1.0), "投诉过3次，最近一次在8天前");
    let once = [("complaint_count", 1.0), ("days_since_complaint", 0.0)];
    assert_eq!(said(&once, "complaint_count", 1.0), "投诉过1次，就在今天");
    assert_eq!(said(&[("complaint_count", 0.0)], "complaint_count", -1.0), "至今没有投诉");
    let orders = [("purchases_30d", 0.0), ("purchases_30d_change", -1.0)];
    assert_eq!(said(&orders, "purchases_30d_change", 1.0), "近30天没有下单，此前30天下单1次");
    assert_eq!(said(&[("return_share", 0.256)], "return_share", 1.0), "退货占购买金额的26%");
    assert_eq!(nothing_stands_out(Language::Chinese), "无突出因素");
}

/// In every language, every feature has a sentence in both directions that tells its value, and one where it has none.
#[test]
fn every_feature_of_the_registry_is_worded() {
    for language in Language::ALL {
        every_feature_is_worded(language);
    }
}

fn every_feature_is_worded(language: Language) {
    let columns = every_feature();
    let explainer = Explainer::new(&columns);
    let row: Vec<f64> = (0..columns.len()).map(|column| 11.0 + column as f64).collect();
    for (column, name) in columns.iter().enumerate() {
        let has_always = registry::all().find(|known| known.name == name).is_none_or(|f| f.missing.is_none());
        let mut unknown = row.clone();
        unknown[column] = f64::NAN;
        for contribution in [1.0, -1.0] {
            let said =
                |row: &[f64]| explainer.told(column, row, contribution).map(|told| told.sentence(language));
            let sentence = said(&row).unwrap();
            assert!(!sentence.contains(['{', '}', '#', '@', '|', '_']), "{name}: {sentence}");
            let mut other = row.clone();
            other[column] += 100.0;
            assert_ne!(said(&other).unwrap(), sentence, "{name} tells its value");
            assert_eq!(said(&unknown).is_none(), has_always, "{name} without a value: {:?}", said(&unknown));
            // What stands alone where other features have no value, and what is said where there is nothing to count.
            let alone: Vec<f64> =
                (0..columns.len()).map(|place| if place == column { 11.0 } else { f64::NAN }).collect();
            let nothing = vec![0.0; columns.len()];
            for sentence in [said(&row), said(&alone), said(&nothing), said(&unknown)].into_iter().flatten() {
                let is_english = sentence.chars().any(|c| c.is_ascii_alphabetic());
                assert_eq!(is_english, language == Language::English, "{name}: {sentence}");
            }
        }
    }
    for wording in table(language).wordings {
        let is_used =
            columns.iter().any(|name| table(language).of(name).is_some_and(|w| w.feature == wording.feature));
        assert!(is_used, "{} words no feature", wording.feature);
    }
}

/// The languages have a sentence for the same facts everywhere: none of a table is left out of what can be told, and no
/// two sentences are of the same facts.
#[test]
fn the_languages_tell_the_same_facts_of_every_feature() {
    let [english, chinese] = Language::ALL.map(|language| table(language).wordings);
    assert_eq!(english.len(), chinese.len());
    for name in every_feature() {
        let [english, chinese] = Language::ALL.map(|language| table(language).of(&name).unwrap());
        for (towards, texts, others) in [
            (Towards::Leaving, english.leaving, chinese.leaving),
            (Towards::Staying, english.staying, chinese.staying),
        ] {
            let sayings: Vec<&Saying> =
                sayings_of(&name).iter().filter(|saying| saying.towards == towards).collect();
            let missing = usize::from(!english.missing.is_empty());
            assert_eq!(missing, usize::from(!chinese.missing.is_empty()), "{name} without a value");
            assert_eq!(sayings.len(), texts.len() + missing, "{name} {}", towards.name());
            assert_eq!(texts.len(), others.len(), "{name} {}", towards.name());
            let facts = |saying: &Saying| saying.facts.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
            for (place, saying) in sayings.iter().enumerate() {
                assert_eq!(saying.facts.is_empty(), missing == 1 && place == texts.len(), "{name}");
                assert!(sayings[..place].iter().all(|other| facts(other) != facts(saying)), "{name}");
            }
        }
    }
}

/// Whether every number that is told is in the sentence, as the language writes it.
fn has_its_numbers(told: Told, language: Language) -> bool {
    let sentence = told.sentence(language);
    told.facts().all(|(name, number)| {
        // Shares are percentages in sentences, and none and one may be words.
        let in_words = number == 0.0 || number == 1.0;
        let whole = if name.ends_with("_share") { (100.0 * number).round() } else { number.trunc() };
        in_words || sentence.contains(&format!("{:.0}", whole.abs()))
    })
}

#[test]
fn a_code_names_its_numbers() {
    let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.852)];
    let code = "silence_ratio leaving recency_days=47 silence_ratio=3.9 gap_mean_days=12";
    assert_eq!(told(&silent, "silence_ratio", 1.0).to_string(), code);
    assert_eq!(told(&silent[..1], "silence_ratio", -1.0).to_string(), "silence_ratio staying");
    let money = [("money_90d", 40.0), ("money_90d_change", -80.5)];
    assert_eq!(
        told(&money, "money_90d_change", 1.0).to_string(),
        "money_90d_change leaving money_90d=40 money_90d-money_90d_change=120.5"
    );
    assert_eq!(
        told(&[("return_share", 0.256)], "return_share", 1.0).to_string(),
        "return_share leaving return_share=0.26"
    );
    for bad in [
        "",
        "unknown",
        "silence_ratio",
        "shoe_size leaving shoe_size=44",
        "silence_ratio going silence_ratio=2",
        "silence_ratio leaving silence_ratio=two",
        "silence_ratio leaving silence_ratio=inf",
        "silence_ratio leaving silence_ratio=2 ",
        "silence_ratio leaving gap_mean_days=12",
        "recency_days leaving",
    ] {
        let error = bad.parse::<Told>().unwrap_err();
        assert_eq!(error.to_string(), format!("{bad:?} is no reason known here"));
    }
}

proptest! {
    /// Of any row, every feature's code reads back as what was told, and both languages tell its numbers.
    #[test]
    fn a_code_reads_back_and_both_languages_tell_its_numbers(
        row in proptest::collection::vec(prop_oneof![Just(f64::NAN), Just(0.0), Just(1.0), -1e13..1e13_f64, -99.0..99.0_f64], 50),
        contribution in -1.0..1.0_f64,
    ) {
        let columns = every_feature();
        let row: Vec<f64> = row.into_iter().cycle().take(columns.len()).collect();
        let explainer = Explainer::new(&columns);
        for column in 0..columns.len() {
            let Some(told) = explainer.told(column, &row, contribution) else {
                let is_of_long_ago = row[column] == 0.0 && columns[column].contains("year_ago");
                prop_assert!(row[column].is_nan() || is_of_long_ago);
                continue;
            };
            prop_assert_eq!(told.to_string().parse(), Ok(told));
            prop_assert_eq!(told.feature(), &columns[column]);
            for language in Language::ALL {
                prop_assert!(has_its_numbers(told, language), "{} {}", told, told.sentence(language));
            }
        }
    }
}

#[test]
fn one_topic_speaks_once_and_what_does_not_stand_out_not_at_all() {
    let columns = ["recency_days", "frequency", "complaint_count", "silence_ratio", "tenure_days"];
    let columns = columns.map(str::to_owned);
    let explainer = Explainer::new(&columns);
    let row = [60.0, 2.0, 1.0, 3.0, 400.0];
    let leaving: Vec<_> = explainer.leaving(&row, &[0.5, -0.3, 0.9, 0.6, 0.1]).collect();
    assert_eq!(leaving.iter().map(|reason| reason.column).collect::<Vec<_>>(), [3, 2]);
    assert!((leaving[0].contribution - 1.1).abs() < 1e-12, "the topic's features together");
    assert_eq!(leaving[1].told.sentence(Language::English), "1 complaint so far");
    let staying: Vec<_> = explainer.staying(&row, &[0.5, -0.3, 0.9, 0.6, 0.2]).collect();
    assert_eq!(staying.len(), 1);
    assert_eq!(staying[0].told.sentence(Language::English), "ordered on 2 days in all");
    // Two that pull against each other are no reason.
    assert_eq!(explainer.leaving(&row, &[0.9, 0.0, 0.1, -0.8, 0.0]).next(), None);
    assert!((STANDS_OUT - 1.15_f64.ln()).abs() < 1e-15);
}
