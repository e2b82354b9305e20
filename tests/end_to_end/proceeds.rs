//! A back-test holds what the actions were said to earn against what came: reckoned here again, from the scored list of the test
//! date and the log.

use std::collections::BTreeMap;
use std::fs;

use crate::support::{csv, done, folder, json, number, shop};

#[test]
fn what_was_said_and_what_came_are_those_of_the_list_of_the_test_date() {
    let folder = folder();
    let settings = "--horizon 60d --lookback 180d";
    let told = json(&format!("backtest {} {settings} --json", shop().input()));
    let cutoff = told["test_cutoff"].as_str().unwrap().to_owned();
    // A training as of an instant is as of the last order until then: let there be one.
    let log = fs::read_to_string(&shop().purchases).unwrap() + &format!("c000,extra,{cutoff},10.00\n");
    let purchases = folder.path().join("purchases.csv");
    fs::write(&purchases, &log).unwrap();
    let input = format!("--purchases {} --complaints {}", purchases.display(), shop().complaints.display());
    let told = json(&format!("backtest {input} {settings} --margin 0.4 --json"));
    assert_eq!(told["test_cutoff"], cutoff.as_str());
    let store = folder.path().join("store").display().to_string();
    let list = folder.path().join("list.csv");
    done(&format!("train {input} {settings} --as-of {cutoff} --store {store}"));
    done(&format!("score {input} --as-of {cutoff} --margin 0.4 --store {store} --out {}", list.display()));

    // Every line is an order, and the log's last is a horizon after the cutoff.
    let lines = log.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let mut spent: BTreeMap<String, f64> = BTreeMap::new();
    for line in lines.filter(|line| line[2] > cutoff.as_str()) {
        *spent.entry(line[0].to_owned()).or_default() += line[3].parse::<f64>().unwrap();
    }
    let mut sums: BTreeMap<String, [f64; 7]> = BTreeMap::new();
    for row in csv(&list) {
        let own = spent.get(&row["customer_id"]).copied();
        let left = own.is_none();
        let p = f64::from(u8::from(left));
        let [value, incentive, saved] =
            ["lifetime_value", "incentive", "save_rate"].map(|name| number(&row, name));
        let [take_up, driven, contact] =
            ["take_up", "driven_away", "contact_cost"].map(|name| number(&row, name));
        let acts = row["action"] != "do nothing";
        let came =
            p * saved * (value - incentive) - (1.0 - p) * (take_up * incentive + driven * value) - contact;
        let of_row = [
            1.0,
            number(&row, "churn_probability"),
            p,
            f64::from(u8::from(acts)),
            number(&row, "net_value"),
            if acts { came } else { 0.0 },
            own.unwrap_or_default(),
        ];
        for group in ["all", row["value_tier"].as_str(), row["lifecycle_stage"].as_str()] {
            let sum = sums.entry(group.to_owned()).or_default();
            sum.iter_mut().zip(of_row).for_each(|(sum, one)| *sum += one);
        }
    }
    assert!(sums["all"][2] > 10.0 && sums["all"][3] > 10.0, "{sums:?}");
    let kinds = &told["net_value"];
    let of = |group: &str| match group {
        "all" => &kinds["all"],
        tier if kinds["tiers"].get(tier).is_some() => &kinds["tiers"][tier],
        stage => &kinds["stages"][stage],
    };
    for (group, sum) in &sums {
        for (name, expected) in
            ["customers", "expected_leavers", "leavers", "actions", "said", "by_who_left", "spent"]
                .iter()
                .zip(sum)
        {
            let value = of(group)[name].as_f64().unwrap();
            assert!(
                (value - expected).abs() < 1e-6 * expected.abs().max(1.0),
                "{group} {name}: {value} {expected}"
            );
        }
    }
    let named = ["tiers", "stages"].map(|of| kinds[of].as_object().unwrap().len());
    assert_eq!(named.iter().sum::<usize>(), sums.len() - 1);
    let expected = |group: &str| of(group)["expected_to_spend"].as_f64().unwrap();
    let stages: f64 = kinds["stages"].as_object().unwrap().keys().map(|stage| expected(stage)).sum();
    assert!((stages / expected("all") - 1.0).abs() < 1e-9, "everybody is in one stage");
    assert!(
        (0.5..2.0).contains(&(expected("all") / sums["all"][6])),
        "{} {}",
        expected("all"),
        sums["all"][6]
    );

    let text = done(&format!("backtest {input} {settings} --margin 0.4"));
    // From a thousand on without hundredths.
    let [said, came] = [4, 5].map(|place| {
        let sum = sums["all"][place];
        if sum.abs() >= 1_000.0 { format!("{sum:.0}") } else { format!("{sum:.2}") }
    });
    assert!(text.contains(&format!(" {said}  {came:>11}")), "{text}");
}
