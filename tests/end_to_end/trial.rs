//! What offers do, measured: a plan holds some customers out by chance, and the log of a horizon later tells.

use std::fmt::Write as _;
use std::fs;

use mainstay_features::units::{Days, Instant};
use serde_json::Value;

use crate::support::{csv, done, failed, folder, json, number, shop, store_like_the_shops};

const OFFERS: &str = r#"
[[offer]]
name = "call"
contact_cost = 0.1
incentive = 0
save_rate = 0.25
save_rate_sd = 0.1
take_up = 0.4
driven_away = 0
"#;

fn later(as_of: Instant, days: u32) -> Instant {
    as_of.plus(Days::new(days).unwrap())
}

fn earlier(as_of: Instant, days: u32) -> Instant {
    as_of.minus(Days::new(days).unwrap())
}

#[test]
fn who_is_held_out_is_in_no_list_and_tells_a_horizon_later_what_the_offer_did() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("offers.toml"), OFFERS).unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let flags = format!("--store {} --offers {}", at("store"), at("offers.toml"));
    done(&format!("score {} {flags} --out {}", shop().input(), at("scores.parquet")));
    let plan = format!("plan {flags} --holdout 40% --trial-name spring");
    let told = json(&format!("{plan} --trial {} --out {} --json", at("trial.csv"), at("plan.csv")));

    let (trial, listed) = (csv(&folder.path().join("trial.csv")), csv(&folder.path().join("plan.csv")));
    let held_out: Vec<&str> = trial
        .iter()
        .filter(|row| row["assigned"] == "do nothing")
        .map(|row| row["customer_id"].as_str())
        .collect();
    assert!(held_out.len() > 20, "{held_out:?}");
    assert_eq!(trial.len() as u64, told["customers_with_offer"].as_u64().unwrap());
    assert_eq!(told["trial"]["held_out"], held_out.len());
    assert_eq!(listed.len(), trial.len() - held_out.len());
    assert!(listed.iter().all(|row| !held_out.contains(&row["customer_id"].as_str())), "{held_out:?}");
    let earned: f64 = listed.iter().map(|row| number(row, "net_value")).sum();
    assert!((earned - told["trial"]["net_value_of_the_others"].as_f64().unwrap()).abs() < 1e-6 * earned);
    assert!(told["trial"]["offers"][0]["least_save_rate_found"].as_f64().unwrap() > 0.1);

    // The same name holds out the same customers; what tells who they are is not written over but by itself.
    let written = fs::read(at("trial.csv")).unwrap();
    done(&format!("{plan} --trial {}", at("trial.csv")));
    let (code, complaint) = failed(&format!("{plan} --budget 5 --trial {}", at("trial.csv")));
    assert!(code == 2 && complaint.contains("it is there already"), "{complaint}");
    let (code, complaint) = failed(&format!("{plan} --trial {0} --out {0}", at("both.csv")));
    assert!(code == 2 && complaint.contains("another output would take its place"), "{complaint}");
    assert!(fs::read(at("trial.csv")).unwrap() == written);
    let text = done(&format!("{plan} --budget 5 --trial {}", at("again.csv")));
    assert!(text.contains("trial spring: chance holds out"), "{text}");
    let again = csv(&folder.path().join("again.csv"));
    assert!(again.len() < trial.len());
    for row in &again {
        let is_held_out = held_out.contains(&row["customer_id"].as_str());
        assert_eq!(row["assigned"] == "do nothing", is_held_out, "{row:?}");
    }

    let (code, complaint) = failed(&format!("trial --trial {} {}", at("trial.csv"), shop().input()));
    assert!(code == 4 && complaint.contains("who of it left is known from"), "{complaint}");

    // Of those who were to be called seven in ten buy, for 20 each, and of those held out three, for 10.
    let as_of: Instant = trial[0]["as_of"].parse().unwrap();
    let mut purchases = fs::read_to_string(&shop().purchases).unwrap();
    let mut contacts = "customer_id,ts,offer\n".to_owned();
    let mut lost = [0_u64; 2];
    for (number, row) in trial.iter().enumerate() {
        let (id, is_held_out) = (&row["customer_id"], row["assigned"] == "do nothing");
        let (kept, amount) = if is_held_out { (number % 10 < 3, 10) } else { (number % 10 < 7, 20) };
        if kept {
            writeln!(purchases, "{id},later-{number},{},{amount}", later(as_of, 20)).unwrap();
        }
        if !is_held_out {
            writeln!(contacts, "{id},{},call", later(as_of, 1)).unwrap();
        }
        lost[usize::from(is_held_out)] += u64::from(!kept);
    }
    writeln!(purchases, "somebody,last,{},1", later(as_of, 60)).unwrap();
    fs::write(at("later.csv"), purchases).unwrap();
    fs::write(at("contacts.csv"), contacts).unwrap();
    let outcome = format!(
        "trial --trial {} --purchases {} --contacts {}",
        at("trial.csv"),
        at("later.csv"),
        at("contacts.csv")
    );
    let found = json(&format!("{outcome} --json"));
    let call: &Value = &found["offers"][0];
    let (n, m) = ((trial.len() - held_out.len()) as f64, held_out.len() as f64);
    let (p, q) = (lost[0] as f64 / n, lost[1] as f64 / m);
    let near = |value: &Value, expected: f64| {
        assert!((value.as_f64().unwrap() - expected).abs() < 1e-9, "{value}, expected {expected}");
    };
    near(&call["given"]["lost"], lost[0] as f64);
    near(&call["held_out"]["lost"], lost[1] as f64);
    near(&call["given"]["contacted"], n);
    near(&call["held_out"]["contacted"], 0.0);
    near(&call["uplift"]["kept"]["estimate"], q - p);
    near(&call["save_rate"]["estimate"], 1.0 - p / q);
    near(&call["bought_more"]["estimate"], 20.0 * (1.0 - p) - 10.0 * (1.0 - q));
    assert_eq!(call["is_told"], true);
    let text = done(&outcome);
    assert!(text.contains(&format!("save_rate = {:.3}, save_rate_sd = ", 1.0 - p / q)), "{text}");
    assert!(!text.contains("beware"), "{text}");
    // An offer that drives customers away is no offer of which nothing is known.
    let without_theirs: String = fs::read_to_string(at("later.csv"))
        .unwrap()
        .lines()
        .filter(|line| !line.ends_with(",20") || !line.contains(",later-"))
        .map(|line| format!("{line}\n"))
        .collect();
    fs::write(at("harm.csv"), without_theirs).unwrap();
    let text = done(&format!("trial --trial {} --purchases {}", at("trial.csv"), at("harm.csv")));
    assert!(text.contains("it drives customers away. Stop it"), "{text}");
    // Plans of two shares are not put together, and no history of another label tells.
    let other = format!("plan {flags} --holdout 20% --trial-name other --trial {}", at("other.csv"));
    done(&other);
    let (code, complaint) =
        failed(&format!("{outcome} --trial {} {}", at("trial.csv"), at("other.csv")).replacen(
            &format!("--trial {} ", at("trial.csv")),
            "",
            1,
        ));
    assert!(code == 2 && complaint.contains("holds out 20 %"), "{complaint}");
    fs::write(at("contracts.csv"), "customer_id,start,end\nc001,2022-01-08,\n").unwrap();
    let (code, complaint) = failed(&format!("{outcome} --contracts {}", at("contracts.csv")));
    assert!(
        code == 5 && complaint.contains("lost is no purchase there, and contract end in this history"),
        "{complaint}"
    );
    // Twice the same trial is twice the same customers.
    let text = done(&format!("{outcome} --trial {0} {0}", at("trial.csv")).replacen(
        &format!("--trial {} ", at("trial.csv")),
        "",
        1,
    ));
    assert!(text.contains(&format!("beware: {} customers are in several", trial.len())), "{text}");
}

/// Whom the first plan made an offer to is not picked again so soon, and whom it held out is: a second plan of the same name would
/// compare customers who are not alike, and "find" what nobody did.
#[test]
fn a_second_plan_holds_out_others_or_is_refused() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let offers = OFFERS.to_owned() + "only_for = { days_since_contact = 30 }\n";
    fs::write(at("offers.toml"), offers).unwrap();
    store_like_the_shops(&folder.path().join("store"));
    let flags = format!("--store {} --offers {}", at("store"), at("offers.toml"));
    let plan = |trial: &str, name: &str| {
        format!("plan {flags} --holdout 30% --trial {} --trial-name {name}", at(trial))
    };
    let fresh = "customer_id,ts,offer\nnobody,2020-01-01,\n".to_owned();
    fs::write(at("contacts.csv"), &fresh).unwrap();
    let input = format!("--purchases {} --contacts {}", shop().purchases.display(), at("contacts.csv"));
    done(&format!("score {input} {flags} --out {}", at("scores.parquet")));
    done(&plan("first.csv", "spring"));

    // The offers go out a day later; no order has come since.
    let first = csv(&folder.path().join("first.csv"));
    let as_of: Instant = first[0]["as_of"].parse().unwrap();
    let given = first.iter().filter(|row| row["assigned"] == "call");
    let contacts =
        given.fold(fresh, |all, row| all + &format!("{},{},call\n", row["customer_id"], later(as_of, 1)));
    fs::write(at("contacts.csv"), contacts).unwrap();
    done(&format!("score {input} {flags} --out {}", at("scores.csv")));
    let called: Vec<&str> =
        first.iter().filter(|row| row["assigned"] == "call").map(|row| row["customer_id"].as_str()).collect();
    assert!(called.len() > 40, "{called:?}");
    for row in csv(&folder.path().join("scores.csv")) {
        if called.contains(&row["customer_id"].as_str()) {
            assert_eq!((&*row["days_since_contact"], &*row["action"]), ("0", "do nothing"), "{row:?}");
        }
    }
    let (code, complaint) = failed(&plan("second.csv", "spring"));
    assert!(code == 2 && complaint.contains("where chance holds out 30 %"), "{complaint}");
    assert!(complaint.contains("give each plan a --trial-name of its own"), "{complaint}");
    done(&plan("second.csv", "summer"));

    // As of an instant before the calls nobody had been called.
    done(&format!("score {input} {flags} --as-of {} --out {}", earlier(as_of, 1), at("before.csv")));
    assert!(csv(&folder.path().join("before.csv")).iter().all(|row| row["days_since_contact"].is_empty()));
}
