use super::*;

fn every_feature() -> Vec<String> {
    registry::all().map(|feature| feature.name.to_owned()).chain(["expected_purchases".to_owned()]).collect()
}

fn said(values: &[(&str, f64)], of: &str, contribution: f64) -> String {
    said_in(Language::English, values, of, contribution)
}

/// The sentences of a row in which these features have these values and all others none.
fn said_in(language: Language, values: &[(&str, f64)], of: &str, contribution: f64) -> String {
    let columns = every_feature();
    let mut row = vec![f64::NAN; columns.len()];
    for (name, value) in values {
        row[columns.iter().position(|column| column == name).unwrap()] = *value;
    }
    let column = columns.iter().position(|column| column == of).unwrap();
    Explainer::in_language(language, &columns).sentence(column, &row, contribution)
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
fn the_same_is_told_in_chinese() {
    let said = |values: &[(&str, f64)], of: &str, contribution: f64| {
        said_in(Language::Chinese, values, of, contribution)
    };
    let silent = [("recency_days", 47.0), ("gap_mean_days", 12.2), ("silence_ratio", 3.85)];
    assert_eq!(said(&silent, "recency_days", 1.0), "已47天未下单，平时约12天下单一次");
    assert_eq!(said(&silent, "recency_days", -1.0), "最近一次下单在47天前，平时约12天下单一次");
    assert_eq!(said(&silent, "silence_ratio", 1.0), "已47天未下单，是平时间隔（约12天）的3.9倍");
    assert_eq!(said(&silent[..1], "silence_ratio", 1.0), "只在一天里下过单");
    let complaints = [("complaint_count", 3.0), ("days_since_complaint", 8.0)];
    assert_eq!(said(&complaints, "complaint_count", 1.0), "投诉过3次，最近一次在8天前");
    let once = [("complaint_count", 1.0), ("days_since_complaint", 0.0)];
    assert_eq!(said(&once, "complaint_count", 1.0), "投诉过1次，在今天");
    assert_eq!(said(&[("complaint_count", 0.0)], "complaint_count", -1.0), "至今没有投诉");
    let orders = [("purchases_30d", 0.0), ("purchases_30d_change", -1.0)];
    assert_eq!(said(&orders, "purchases_30d_change", 1.0), "近30天没有下单，此前30天下单1次");
    assert_eq!(said(&[("return_share", 0.256)], "return_share", 1.0), "退货占购买金额的26%");
    assert_eq!(Explainer::in_language(Language::Chinese, &[]).unknown(), "原因不明");
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
    let explainer = Explainer::in_language(language, &columns);
    let row: Vec<f64> = (0..columns.len()).map(|column| 11.0 + column as f64).collect();
    for (column, name) in columns.iter().enumerate() {
        let missing = registry::all().find(|feature| feature.name == name).and_then(|f| f.missing);
        let mut unknown = row.clone();
        unknown[column] = f64::NAN;
        for contribution in [1.0, -1.0] {
            let sentence = explainer.sentence(column, &row, contribution);
            let fallback = name.replace('_', " ") + ":";
            assert!(!sentence.starts_with(&fallback), "{name} has no wording: {sentence}");
            assert!(!sentence.contains(['{', '}', '#', '@', '|', '_']), "{name}: {sentence}");
            let mut other = row.clone();
            other[column] += 100.0;
            assert_ne!(explainer.sentence(column, &other, contribution), sentence, "{name} tells its value");
            let without = explainer.sentence(column, &unknown, contribution);
            assert!(missing.is_none() || !without.contains("NaN"), "{name} without a value: {without}");
            // What stands alone where other features have no value, and what is said where there is nothing to count.
            let alone: Vec<f64> =
                (0..columns.len()).map(|place| if place == column { 11.0 } else { f64::NAN }).collect();
            let nothing = vec![0.0; columns.len()];
            let unknown = if missing.is_some() { &unknown } else { &row };
            for row in [&row, unknown, &alone, &nothing] {
                let sentence = explainer.sentence(column, row, contribution);
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

#[test]
fn the_languages_word_the_same_features() {
    let [english, chinese] = Language::ALL.map(|language| table(language).wordings);
    assert_eq!(english.len(), chinese.len());
    for (english, chinese) in english.iter().zip(chinese) {
        let about = english.feature;
        assert_eq!(about, chinese.feature);
        assert_eq!(english.missing.is_empty(), chinese.missing.is_empty(), "{about} without a value");
        assert_eq!(english.leaving.len(), chinese.leaving.len(), "{about}");
        assert_eq!(english.staying.len(), chinese.staying.len(), "{about}");
    }
}

#[test]
fn one_topic_speaks_once_and_what_does_not_stand_out_not_at_all() {
    let columns = ["recency_days", "frequency", "complaint_count", "silence_ratio", "tenure_days"];
    let columns = columns.map(str::to_owned);
    let explainer = Explainer::new(&columns);
    let row = [60.0, 2.0, 1.0, 3.0, 400.0];
    let leaving = explainer.leaving(&row, &[0.5, -0.3, 0.9, 0.6, 0.1]);
    assert_eq!(leaving.iter().map(|reason| reason.column).collect::<Vec<_>>(), [3, 2]);
    assert!((leaving[0].contribution - 1.1).abs() < 1e-12, "the topic's features together");
    assert_eq!(leaving[1].text, "1 complaint so far");
    let staying = explainer.staying(&row, &[0.5, -0.3, 0.9, 0.6, 0.2]);
    assert_eq!(staying.len(), 1);
    assert_eq!(staying[0].text, "ordered on 2 days in all");
    // Two that pull against each other are no reason.
    assert_eq!(explainer.leaving(&row, &[0.9, 0.0, 0.1, -0.8, 0.0]), []);
    assert!((STANDS_OUT - 1.15_f64.ln()).abs() < 1e-15);
}
