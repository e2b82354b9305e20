//! The win-back list: who has lapsed, apart from the at-risk list, and what trying is worth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{done, failed, folder, json, run, shop, store_like_the_shops};

const OFFERS: &str = r#"
[[offer]]
name = "mail"
channel = "email"
contact_cost = 0.1
incentive = 0
save_rate = 0.02
save_rate_sd = 0.01
win_back_rate = 0.01
win_back_rate_sd = 0.005
take_up = 0
driven_away = 0

[[offer]]
name = "call"
channel = "phone"
contact_cost = 3
incentive = { share_of_next_order = 0.2, cap = 8 }
save_rate = 0.25
save_rate_sd = 0.1
win_back_rate = 0.05
win_back_rate_sd = 0.02
take_up = 0.4
driven_away = 0.01
only_for = { churn_probability = { to = 0.9 } }

[[offer]]
name = "pony"
contact_cost = 0
incentive = 0
save_rate = 1
save_rate_sd = 0
take_up = 0
driven_away = 0
"#;

/// The numbers of [`OFFERS`] that count for who has left: c, γ.
const TERMS: [(&str, f64, f64); 2] = [("mail", 0.1, 0.01), ("call", 3.0, 0.05)];

/// A store with the shop's model, the offers, and customers of whom every fifth is there under another cause.
struct Setting {
    folder: tempfile::TempDir,
    flags: String,
}

impl Setting {
    fn new() -> Self {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        store_like_the_shops(&at("store"));
        fs::write(at("offers.toml"), OFFERS).unwrap();
        let mut customers = "customer_id,churn_cause,problem\n".to_owned();
        for customer in 0..400 {
            let (cause, problem) =
                [("", ""), ("moved", "no"), ("natural", ""), ("forced", ""), ("price", "yes")][customer % 5];
            writeln!(customers, "c{customer:03},{cause},{problem}").unwrap();
        }
        fs::write(at("customers.csv"), customers).unwrap();
        let flags = format!(
            "{} --customers {} --store {} --offers {}",
            shop().input(),
            at("customers.csv").display(),
            at("store").display(),
            at("offers.toml").display()
        );
        Self { folder, flags }
    }

    fn store(&self) -> String {
        self.folder.path().join("store").display().to_string()
    }

    fn rows(&self, arguments: &str) -> Vec<Value> {
        let list = json(&format!("winback {} --all --format json {arguments}", self.flags));
        list.as_array().unwrap().clone()
    }
}

fn ids(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["customer_id"].as_str().unwrap().to_owned()).collect()
}

fn number(row: &Value, column: &str) -> f64 {
    row[column].as_f64().unwrap_or_else(|| panic!("{column}: {row}"))
}

fn customers_of(path: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().skip(1).filter_map(|line| line.split(',').next().map(str::to_owned)).collect()
}

#[test]
fn everyone_who_ever_bought_is_in_one_of_the_two_lists_and_nobody_in_both() {
    let (input, store) = (shop().input(), shop().store.display());
    let lapsed = json(&format!("winback {input} --store {store} --everyone --all --format json"));
    let lapsed = lapsed.as_array().unwrap();
    let at_risk = json(&format!("list --store {store} --all --format json"));
    let (left, may_leave) = (ids(lapsed), ids(at_risk.as_array().unwrap()));
    assert!(left.len() > 50 && may_leave.len() > 50, "{} and {}", left.len(), may_leave.len());
    assert!(left.is_disjoint(&may_leave));
    assert_eq!(&left | &may_leave, customers_of(&shop().purchases));
    for row in lapsed {
        assert!(number(row, "recency_days") >= 180.0 && number(row, "churn_probability") == 1.0, "{row}");
        assert_eq!(row.get("lifecycle_stage"), None, "who has lapsed is at no stage");
    }
    // The tiers are those of the other list, with nothing taken off: who would be worth as much as its upper fifth is key.
    let worth = |row: &Value| number(row, "lifetime_value");
    let if_kept = |row: &Value| 0.3 * number(row, "purchases_if_kept") * number(row, "purchase_amount");
    let mut listed: Vec<f64> = at_risk.as_array().unwrap().iter().map(if_kept).collect();
    listed.sort_by(|a, b| b.total_cmp(a));
    let next = listed[(listed.len() * 20).div_ceil(100)];
    let least = listed.into_iter().rfind(|&value| value > next).unwrap();
    for row in lapsed.iter().filter(|row| row["value_tier"] != "problem") {
        assert_eq!(row["value_tier"] == "key", worth(row) >= least, "{row}");
    }
}

/// ECONOMICS.md section 1 with p = 1, from the row alone; and the best of what could have been tried.
#[test]
fn a_reader_can_recompute_an_attempt_from_the_row() {
    let setting = Setting::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in &setting.rows("--everyone") {
        let action = row["action"].as_str().unwrap();
        *seen.entry(action.to_owned()).or_default() += 1;
        let v = number(row, "lifetime_value");
        let amount = number(row, "purchase_amount");
        let close = |ours: f64, column: &str| (ours - number(row, column)).abs() < 1e-9 * (1.0 + v);
        assert!(close(0.3 * number(row, "purchases_if_kept") * amount, "lifetime_value"));
        let (c, delta, gamma) =
            (number(row, "contact_cost"), number(row, "incentive"), number(row, "win_back_rate"));
        assert!(close(gamma * (v - delta) - c, "net_value"), "{row}");
        assert!(close(gamma * v, "value_won_back") && close(gamma * delta, "incentive_to_won_back"));

        let incentive = |offer: &str| if offer == "call" { (0.2 * amount).min(8.0) } else { 0.0 };
        let could = TERMS.map(|(offer, c, gamma)| (offer, gamma * (v - incentive(offer)) - c));
        let best =
            could.into_iter().fold(("do nothing", 0.0), |best, one| if one.1 > best.1 { one } else { best });
        let is_barred = row["value_tier"] == "problem"
            || ["natural", "forced"].contains(&row["likely_cause"].as_str().unwrap());
        let (expected, earns) = if is_barred { ("do nothing", 0.0) } else { best };
        assert_eq!(action, expected, "{row}");
        assert!(close(earns, "net_value"));
        if action == "do nothing" {
            assert_eq!(row["pays_probability"], Value::Null);
        } else {
            assert!((0.0..=1.0).contains(&number(row, "pays_probability")));
            // NV = 0 at V* = δ + c/γ, which the value is above.
            let least = number(row, "break_even_lifetime_value");
            assert!((least - (delta + c / gamma)).abs() < 1e-9 * (1.0 + least) && v > least);
        }
    }
    assert!(
        seen["call"] > 5 && seen["mail"] > 0 && seen["do nothing"] > 5 && !seen.contains_key("pony"),
        "{seen:?}"
    );
}

#[test]
fn those_worth_trying_are_shown_by_tier_cause_and_order() {
    let setting = Setting::new();
    let all = setting.rows("--everyone");
    let shown = setting.rows("");
    let worth_trying: Vec<&Value> = all.iter().filter(|row| row["action"] != "do nothing").collect();
    assert_eq!(shown.iter().collect::<Vec<_>>(), worth_trying);
    assert!(shown.is_sorted_by(|a, b| number(a, "net_value") >= number(b, "net_value")));
    for (arguments, passes) in [
        ("--tier key", &(|row: &Value| row["value_tier"] == "key") as &dyn Fn(&Value) -> bool),
        ("--cause unknown,price", &|row| {
            ["unknown", "price"].contains(&row["likely_cause"].as_str().unwrap())
        }),
        ("--net-value 1..", &|row| number(row, "net_value") >= 1.0),
        ("--offer call", &|row| row["action"] == "call"),
    ] {
        let expected: Vec<&Value> = worth_trying.iter().copied().filter(|row| passes(row)).collect();
        assert!(!expected.is_empty() || arguments.contains("cause"), "{arguments} tells nothing here");
        assert_eq!(setting.rows(arguments).iter().collect::<Vec<_>>(), expected, "{arguments}");
    }
    let few = done(&format!("winback {} --top 3", setting.flags));
    assert_eq!(few.lines().count(), 4, "{few}");
    for name in ["list.csv", "list.xlsx", "list.json"] {
        let out = setting.folder.path().join(name);
        done(&format!("winback {} --out {}", setting.flags, out.display()));
        assert!(fs::metadata(&out).unwrap().len() > 100, "{name}");
    }
}

#[test]
fn who_objects_is_never_listed_and_counted() {
    let setting = Setting::new();
    let all = setting.rows("--everyone");
    let who = setting.rows("")[0]["customer_id"].as_str().unwrap().to_owned();
    done(&format!("suppress add {who} --store {}", setting.store()));
    let output = run(&format!("winback {} --everyone --all --format json", setting.flags));
    let said = String::from_utf8(output.stderr).unwrap();
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut expected = ids(&all);
    assert!(expected.remove(&who));
    assert_eq!(ids(rows.as_array().unwrap()), expected);
    assert!(said.contains("\n1 more object to marketing, and are left out\n"), "{said}");
    assert!(
        said.contains(&format!(" of {} lapsed customers (without an order for 180 days", expected.len())),
        "{said}"
    );
}

#[test]
fn other_money_than_the_lists_is_said() {
    let setting = Setting::new();
    done(&format!("score {} --out {}", setting.flags, setting.folder.path().join("s.csv").display()));
    let noted = |flags: &str| {
        let output = run(&format!("winback {} {flags}", setting.flags));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = "the store's newest list was decided with a margin of 0.3 instead of 0.5";
    assert!(noted("--margin 0.5").contains(said), "{}", noted("--margin 0.5"));
    assert!(!noted("").contains("was decided with"), "{}", noted(""));
}

#[test]
fn what_makes_no_sense_is_said() {
    let setting = Setting::new();
    let path = setting.folder.path().join("offers.toml");
    for (arguments, code, message) in [
        ("--columns save_rate", 2, "\"save_rate\" is no column; there are: customer_id, as_of, "),
        ("--offer pony", 2, "--offer \"pony\": no action of this list; there are: do nothing, mail, call"),
        ("--out list.pdf", 2, "a list is written as .csv, .xlsx or .json"),
    ] {
        let (said_code, said) = failed(&format!("winback {} {arguments}", setting.flags));
        assert_eq!((said_code, said.contains(message)), (code, true), "{arguments}: {said}");
    }
    let without: Vec<&str> = OFFERS.lines().filter(|line| !line.starts_with("win_back_rate")).collect();
    fs::write(&path, without.join("\n")).unwrap();
    let (code, said) = failed(&format!("winback {}", setting.flags));
    assert_eq!(code, 3);
    assert!(
        said.contains("no offer says how often it wins back who has left: give one a win_back_rate"),
        "{said}"
    );
}
