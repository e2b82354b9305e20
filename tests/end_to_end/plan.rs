//! Plans as their users meet them: within the budget and the capacities, and each row enough to recompute it.

use std::fs;

use serde_json::Value;

use crate::server::Server;
use crate::support::{Row, csv, done, failed, folder, json, number, run, shop, store_like_the_shops};

const OFFERS: &str = r#"
[[offer]]
name = "mail"
contact_cost = 0.1
incentive = 0
save_rate = 0.02
save_rate_sd = 0.01
take_up = 0
driven_away = 0

[[offer]]
name = "call"
contact_cost = 3
incentive = 8
save_rate = 0.25
save_rate_sd = 0.1
take_up = 0.4
driven_away = 0
capacity = 60
"#;

/// What is expected to be paid out for a row.
fn spend(row: &Row) -> f64 {
    ["contact_cost", "incentive_to_saved", "incentive_to_loyal"].map(|part| number(row, part)).iter().sum()
}

/// A folder with offers and a list scored by them, and the flags that plan it. Of the customers every second is in the
/// club.
fn scored() -> (tempfile::TempDir, String) {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("offers.toml"), OFFERS).unwrap();
    let club = |customer: usize| ["yes", "no"][customer % 2];
    let rows: String =
        (0..400).map(|customer| format!("c{customer:03},{},c{customer}\n", club(customer))).collect();
    fs::write(at("customers.csv"), format!("customer_id,club,nickname\n{rows}")).unwrap();
    store_like_the_shops(&at("store"));
    let (customers, store, offers) =
        (at("customers.csv"), at("store").display().to_string(), at("offers.toml").display().to_string());
    done(&format!(
        "score {} --customers {} --store {store} --offers {offers} --out {}",
        shop().input(),
        customers.display(),
        at("scores.csv").display()
    ));
    (folder, format!("--store {store} --offers {offers}"))
}

fn amount(of: &Value) -> f64 {
    of.as_f64().unwrap_or_else(|| panic!("{of}"))
}

#[test]
fn a_plan_keeps_within_budget_and_capacities_and_its_rows_add_up_to_it() {
    let (folder, flags) = scored();
    let out = folder.path().join("plan.csv");
    let plan = |limits: &str| json(&format!("plan {flags} --json --out {} {limits}", out.display()));
    for (limits, budget, calls) in [
        ("", f64::INFINITY, 60),
        ("--budget 100", 100.0, 60),
        ("--budget 1000 --capacity call=7", 1000.0, 7),
        ("--budget 0", 0.0, 0),
    ] {
        let told = plan(limits);
        let rows = csv(&out);
        assert_eq!(rows.len() as u64, told["customers_with_offer"].as_u64().unwrap(), "{limits}");
        let (spent, earned): (f64, f64) =
            (rows.iter().map(spend).sum(), rows.iter().map(|row| number(row, "net_value")).sum());
        assert!(spent <= budget, "{limits}: {spent}");
        assert!(
            (spent - amount(&told["spend"])).abs() < 1e-3
                && (earned - amount(&told["net_value"])).abs() < 1e-6
        );
        assert!(earned <= amount(&told["bound"]) + 1e-6, "{limits}");
        let most = rows.iter().map(|row| number(row, "contact_cost") + number(row, "incentive")).sum::<f64>();
        let told_most = amount(&told["spend_if_everybody_takes_it"]);
        assert!((most - told_most).abs() < 1e-6 && told_most >= spent - 1e-9, "{limits}: {most} {told_most}");
        assert!(rows.iter().filter(|row| row["action"] == "call").count() <= calls, "{limits}");
        for row in &rows {
            let parts = ["incentive_to_saved", "incentive_to_loyal", "value_driven_away", "contact_cost"];
            let costs: f64 = parts.map(|part| number(row, part)).iter().sum();
            assert!((number(row, "value_saved") - costs - number(row, "net_value")).abs() < 1e-9, "{row:?}");
            assert!(number(row, "net_value") > 0.0);
        }
    }
    // With neither a budget nor a capacity it is what the list recommends.
    let free = plan("--capacity call=1000000");
    let listed = csv(&folder.path().join("scores.csv"));
    let recommended: f64 = listed.iter().map(|row| number(row, "net_value")).sum();
    assert!((amount(&free["net_value"]) - recommended).abs() < 1e-6, "{free}");
    assert_eq!(
        (&free["is_proven_best"], amount(&free["one_more_unit_of_budget_would_earn"])),
        (&true.into(), 0.0)
    );
}

#[test]
fn the_curve_never_falls_and_the_plan_is_on_it() {
    let (folder, flags) = scored();
    let (curve, chart) = (folder.path().join("curve.csv"), folder.path().join("curve.svg"));
    let told = json(&format!(
        "plan {flags} --budget 100 --json --curve {} --svg {}",
        curve.display(),
        chart.display()
    ));
    let points = csv(&curve);
    let of = |point: &Row| (number(point, "budget"), number(point, "spend"), number(point, "net_value"));
    assert!(
        points.windows(2).all(|pair| of(&pair[0]).0 <= of(&pair[1]).0 && of(&pair[0]).2 <= of(&pair[1]).2)
    );
    assert!(
        points.iter().all(|point| of(point).1 <= of(point).0 && of(point).2 <= number(point, "bound") + 1e-6)
    );
    let asked = points.iter().find(|point| of(point).0 == 100.0).unwrap();
    assert!(of(asked).2 >= amount(&told["net_value"]) - 1e-6, "{asked:?}");
    let most = amount(&told["without_budget"]["net_value"]);
    assert!((of(points.last().unwrap()).2 - most).abs() < 1e-6);
    let svg = fs::read_to_string(&chart).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("net value over doing nothing"), "{svg}");
}

#[test]
fn who_gets_better_terms_is_told_by_attribute() {
    let (folder, flags) = scored();
    let told = json(&format!("plan {flags} --json"));
    assert_eq!(told["terms_differ"], true);
    assert!(told["redress"].as_str().unwrap().contains("article 24"), "{told}");
    let attributes = told["terms_by_attribute"].as_array().unwrap();
    let of = |name: &str| attributes.iter().find(|of| of["attribute"] == name).unwrap();
    let club = of("club")["groups"].as_array().unwrap();
    let values: Vec<&str> = club.iter().map(|group| group["value"].as_str().unwrap()).collect();
    assert_eq!(values, ["no", "yes"]);
    let customers: u64 = club.iter().map(|group| group["customers"].as_u64().unwrap()).sum();
    assert_eq!(customers, told["customers"].as_u64().unwrap());
    let incentives: f64 =
        club.iter().map(|group| amount(&group["customers"]) * amount(&group["incentive_a_customer"])).sum();
    assert!((incentives - 8.0 * amount(&told["offers"][1]["customers"])).abs() < 1e-6, "{told}");
    assert_eq!(of("nickname")["groups"], Value::Array(Vec::new()), "everybody has another");
    let text = done(&format!("plan {flags} --budget 500"));
    assert!(text.contains("incentive a customer") && text.contains("article 24"), "{text}");
    // An offer without an incentive gives nobody better terms.
    let mail = OFFERS.split("\n\n").next().unwrap();
    fs::write(folder.path().join("mail.toml"), mail).unwrap();
    let store = flags.split(" --offers").next().unwrap();
    let text = done(&format!("plan {store} --offers {}", folder.path().join("mail.toml").display()));
    assert!(!text.contains("article 24"), "{text}");
}

/// A list is for one team, region or owner as often as for all.
#[test]
fn lists_are_of_customers_of_whom_something_is_said() {
    let (_folder, flags) = scored();
    let store = flags.split("--store ").nth(1).unwrap().split(' ').next().unwrap();
    let offers = flags.split("--offers ").nth(1).unwrap().split(' ').next().unwrap();
    let of = |asked: &str| -> Vec<String> {
        let list = json(&format!("list --store {store} --offers {offers} --all --format json {asked}"));
        list.as_array().unwrap().iter().map(|row| row["club"].as_str().unwrap().to_owned()).collect()
    };
    let all = of("");
    let yes = of("--attribute club=yes");
    assert!(!yes.is_empty() && yes.len() < all.len() && yes.iter().all(|club| club == "yes"));
    assert_eq!(of("--attribute club=yes --attribute club=no").len(), all.len(), "any of one");
    assert_eq!(of("--attribute club=yes --attribute nickname=nobody").len(), 0, "all of several");
    let (code, said) = failed(&format!("list --store {store} --offers {offers} --attribute klub=yes"));
    assert!(
        code == 2 && said.contains("klub: no attribute of this list; there are: club, nickname"),
        "{said}"
    );

    let server = Server::start(store);
    let page = |query: &str| server.get(&format!("/v1/at-risk?limit=1000&{query}"));
    assert_eq!(page("attribute=club%3Dyes").2.as_array().unwrap().len(), yes.len());
    assert_eq!(page("attribute=klub%3Dyes").0, 400);
}

#[test]
fn a_group_that_gets_better_terms_stands_out() {
    let (folder, flags) = scored();
    // Gold is who is worth most: the very customers whom an offer with an incentive pays for. Points are a number.
    let mut rows = csv(&folder.path().join("scores.csv"));
    rows.sort_by(|a, b| number(b, "net_value").total_cmp(&number(a, "net_value")));
    let line = |(place, row): (usize, &Row)| {
        format!("{},{},{place}\n", row["customer_id"], if place < 60 { "gold" } else { "plain" })
    };
    let lines: String = rows.iter().enumerate().map(line).collect();
    let customers = folder.path().join("gold.csv");
    fs::write(&customers, format!("customer_id,status,points\n{lines}")).unwrap();
    done(&format!(
        "score {} --customers {} {flags} --out {}",
        shop().input(),
        customers.display(),
        folder.path().join("gold_scores.csv").display()
    ));
    let told = json(&format!("plan {flags} --json"));
    let attributes = told["terms_by_attribute"].as_array().unwrap();
    let of = |name: &str| attributes.iter().find(|of| of["attribute"] == name).unwrap()["groups"].clone();
    let told: Vec<Value> =
        of("status").as_array().unwrap().iter().map(|group| group["stands_out"].clone()).collect();
    assert_eq!(told, ["better", "worse"]);
    let points = of("points");
    let fourths: Vec<&str> =
        points.as_array().unwrap().iter().map(|group| group["value"].as_str().unwrap()).collect();
    assert!(fourths.len() == 4 && fourths[0].starts_with("0 to "), "{fourths:?}");
    assert_eq!(points[0]["stands_out"], "better");
}

#[test]
fn what_is_no_plan_is_refused() {
    let (folder, flags) = scored();
    for (limits, message) in [
        ("--budget=-1", "an amount of 0 or more"),
        ("--budget much", "an amount of 0 or more"),
        ("--capacity call", "an offer and a whole number"),
        ("--capacity visit=5", "no such offer; there are: mail, call"),
        ("--out plan.txt", "written as .csv, .xlsx or .json"),
    ] {
        let output = run(&format!("plan {flags} {limits}"));
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && said.contains(message), "{limits}: {said}");
    }
    let empty = folder.path().join("nothing");
    fs::create_dir(&empty).unwrap();
    assert_eq!(failed(&format!("plan --store {}", empty.display())).0, 5);
}
