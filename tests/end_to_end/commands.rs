//! What the commands promise when all is well.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{CDNOW, done, failed, folder, json, run, shop};

const COLUMNS: &str = "customer_id,as_of,churn_probability,lifetime_value,action,net_value,\
                       recency_days,frequency,monetary,complaint_count,tenure_days,\
                       purchases_if_kept,purchases_if_left,purchase_amount,lifetime_value_relative_sd,\
                       value_tier,lifecycle_stage,likely_cause,cause_evidence,days_since_contact,\
                       contact_cost,incentive,save_rate,take_up,driven_away,\
                       value_saved,incentive_to_saved,incentive_to_loyal,value_driven_away,pays_probability,\
                       reason_1,reason_2,reason_3,cause_evidence_code,reason_codes";

/// The rows of a CSV file by column name.
fn csv(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap()
}

#[test]
fn scores_hold_the_promised_columns_sorted_by_customer() {
    let text = fs::read_to_string(&shop().scores).unwrap();
    assert_eq!(text.lines().next(), Some(COLUMNS));
    let rows = csv(&text);
    assert!(rows.len() > 100, "{} customers", rows.len());
    assert!(rows.windows(2).all(|pair| pair[0]["customer_id"] < pair[1]["customer_id"]));
    for row in &rows {
        assert!((0.0..=1.0).contains(&number(row, "churn_probability")));
        assert!(number(row, "lifetime_value") > 0.0);
        assert_eq!(row["action"] == "do nothing", number(row, "net_value") == 0.0);
        assert!(number(row, "net_value") >= 0.0);
        assert!(number(row, "recency_days") < 180.0, "the population bought within the lookback");
    }
    assert!(rows.iter().any(|row| row["complaint_count"] != "0"));
}

/// Sentences with the customer's own numbers, the strongest first; "nothing stands out" alone where nothing stands out.
#[test]
fn scores_say_why_with_the_customers_own_numbers() {
    let rows = csv(&fs::read_to_string(&shop().scores).unwrap());
    let mut with_silence = 0;
    for row in &rows {
        let reasons = ["reason_1", "reason_2", "reason_3"].map(|column| row[column].as_str());
        assert!(!reasons[0].is_empty(), "{row:?}");
        assert!(reasons[0] != "nothing stands out" || reasons[1].is_empty(), "{reasons:?}");
        assert!(!reasons[1].is_empty() || reasons[2].is_empty(), "{reasons:?}");
        for reason in reasons.iter().filter(|reason| reason.starts_with("no order for ")) {
            let days = format!("no order for {} day", row["recency_days"]);
            assert!(reason.starts_with(&days), "{reason} of {}", row["recency_days"]);
            with_silence += 1;
        }
    }
    assert!(with_silence > 5, "{with_silence} of {} are told to be silent", rows.len());
    let list = json(&format!("list --scores {} --top 3 --format json", shop().scores.display()));
    let first = rows.iter().find(|row| list[0]["customer_id"] == row["customer_id"].as_str()).unwrap();
    assert_eq!(list[0]["reason_1"], first["reason_1"].as_str());
    let table = done(&format!("list --store {} --top 3", shop().store.display()));
    assert!(table.contains(&first["reason_1"]), "{table}");
}

/// ECONOMICS.md section 1 and docs/economics.md, from the row itself and the flags.
#[test]
fn a_reader_can_recompute_value_and_decision_from_the_row() {
    let folder = folder();
    let (offers, out) = (folder.path().join("offers.toml"), folder.path().join("scores.csv"));
    let (c, delta, gamma, psi, lambda) = (2.0, 4.0, 0.4, 0.5, 0.01);
    fs::write(
        &offers,
        format!(
            "[[offer]]\nname = \"call\"\ncontact_cost = {c}\nincentive = {delta}\nsave_rate = {gamma}\nsave_rate_sd = 0.1\n\
             take_up = {psi}\ndriven_away = {lambda}\n"
        ),
    )
    .unwrap();
    let (input, store) = (shop().input(), folder.path().join("store"));
    let store = store.display();
    let trained = json(&format!("train {input} --horizon 60d --lookback 180d --json --store {store}"));
    let said = done(&format!(
        "score {input} --store {store} --offers {} --margin 0.5 --discount 0.2 --out {}",
        offers.display(),
        out.display()
    ));
    let parameters = &trained["lifetime"]["lifetime"]["bg_nbd"];
    let parameter = |model: &str, name: &str| parameters[model][name].as_f64().unwrap();
    let gamma_gamma = |name: &str| parameters["amounts"]["gamma_gamma"][name].as_f64().unwrap();
    assert!(
        said.contains("a margin of 0.5 on what they are expected to buy in five years, discounted"),
        "{said}"
    );

    let rows = csv(&fs::read_to_string(&out).unwrap());
    assert!(
        rows.iter().any(|row| row["action"] == "call")
            && rows.iter().any(|row| row["action"] == "do nothing")
    );
    for row in rows {
        // The amount from the row and the model; the purchases take a series, so here only that they are possible.
        let (p, q, x) = (gamma_gamma("p"), gamma_gamma("q"), number(&row, "frequency"));
        let amount = p * (gamma_gamma("v") + x * number(&row, "monetary")) / (p * x + q - 1.0);
        assert!((amount / number(&row, "purchase_amount") - 1.0).abs() < 1e-9);
        let rate = (parameter("purchases", "r") + x - 1.0)
            / (parameter("purchases", "alpha_days") + number(&row, "tenure_days"));
        let most = rate * 5.0 * 365.0 * parameters["purchases_per_day"].as_f64().unwrap();
        assert!(number(&row, "purchases_if_kept") < most);
        let added = number(&row, "purchases_if_kept") - number(&row, "purchases_if_left");
        let v = added * number(&row, "purchase_amount") * 0.5;
        assert!((v - number(&row, "lifetime_value")).abs() < 1e-9 * (1.0 + v));
        let p = number(&row, "churn_probability");
        let nv = p * gamma * (v - delta) - (1.0 - p) * (psi * delta + lambda * v) - c;
        assert!((nv.max(0.0) - number(&row, "net_value")).abs() < 1e-9 * (1.0 + v));
        assert_eq!(row["action"], if nv > 0.0 { "call" } else { "do nothing" });
    }
}

#[test]
fn the_list_is_the_head_of_the_newest_scores_by_net_value() {
    let store = shop().store.display();
    let from_store = json(&format!("list --store {store} --top 7 --format json"));
    let from_file = json(&format!("list --scores {} --top 7 --format json", shop().scores.display()));
    assert_eq!(from_store, from_file);
    let rows = from_store.as_array().unwrap();
    assert_eq!(rows.len(), 7);
    let net_values: Vec<f64> = rows.iter().map(|row| row["net_value"].as_f64().unwrap()).collect();
    assert!(net_values.is_sorted_by(|a, b| a >= b));
    let best = csv(&fs::read_to_string(&shop().scores).unwrap())
        .iter()
        .map(|row| number(row, "net_value"))
        .fold(0.0, f64::max);
    assert_eq!(net_values[0], best);

    let as_csv = csv(&done(&format!("list --store {store} --top 7 --format csv")));
    assert_eq!(as_csv.len(), 7);
    assert_eq!(rows[3]["customer_id"].as_str().unwrap(), as_csv[3]["customer_id"]);
    let table = done(&format!("list --store {store} --top 7"));
    assert_eq!(table.lines().count(), 8, "{table}");
    assert!(table.contains(&as_csv[0]["customer_id"]));
}

#[test]
fn where_nobody_knows_who_comes_back_nothing_is_taken_off_and_all_say_so() {
    let folder = folder();
    let (input, store) = (format!("--purchases {CDNOW} --as-of 1997-09-15"), folder.path().join("store"));
    let trained = done(&format!("train {input} --horizon 90d --lookback 180d --store {}", store.display()));
    let not_known = "how many leavers come back by themselves is not known: the log is too short";
    assert!(trained.contains(not_known), "{trained}");
    let card = done(&format!("models show --store {}", store.display()));
    assert!(card.contains(not_known), "{card}");
    let out = folder.path().join("scores.csv");
    let said = done(&format!("score {input} --store {} --out {}", store.display(), out.display()));
    assert!(said.contains("with nothing taken off for leavers who come back by themselves"), "{said}");
    let rows = json(&format!("list --scores {} --top 50 --format json", out.display()));
    for row in rows.as_array().unwrap() {
        assert_eq!(row["purchases_if_left"], Value::Null);
        let number = |name: &str| row[name].as_f64().unwrap();
        let v = 0.3 * number("purchases_if_kept") * number("purchase_amount");
        assert!((v / number("lifetime_value") - 1.0).abs() < 1e-9);
    }
}

#[test]
fn lists_of_before_there_were_purchases_if_left_can_be_read() {
    let folder = folder();
    let old = folder.path().join("old.csv");
    let text = fs::read_to_string(&shop().scores).unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = reader.headers().unwrap().iter().position(|name| name == "purchases_if_left").unwrap();
    let mut writer = csv::Writer::from_path(&old).unwrap();
    let header = reader.headers().unwrap().clone();
    for record in std::iter::once(header).chain(reader.records().map(Result::unwrap)) {
        let rest = record.iter().enumerate().filter(|(column, _)| *column != place);
        writer.write_record(rest.map(|(_, cell)| cell)).unwrap();
    }
    writer.flush().unwrap();
    let list = |path: &Path| json(&format!("list --scores {} --all --format json", path.display()));
    let (now, before) = (list(&shop().scores), list(&old));
    for (now, before) in now.as_array().unwrap().iter().zip(before.as_array().unwrap()) {
        assert_eq!(before["purchases_if_left"], Value::Null);
        for same in ["customer_id", "lifetime_value", "action", "net_value", "reason_1", "purchase_amount"] {
            assert_eq!(now[same], before[same], "{same}");
        }
    }
}

#[test]
fn a_list_longer_than_the_scores_is_all_of_them() {
    let all = fs::read_to_string(&shop().scores).unwrap().lines().count() - 1;
    let list = json(&format!("list --store {} --top 1000000 --format json", shop().store.display()));
    assert_eq!(list.as_array().unwrap().len(), all);
}

/// What comes after the instant that is asked for is as if it were not there.
#[test]
fn a_backtest_and_a_study_as_of_an_instant_are_those_of_a_log_that_ends_there() {
    let folder = folder();
    let cut = |log: &Path, name: &str, place: usize| {
        let text = fs::read_to_string(log).unwrap();
        let is_earlier = |line: &&str| {
            let ts = line.split(',').nth(place).unwrap();
            ts == "ts" || ts < "2023-08-01"
        };
        let path = folder.path().join(name);
        fs::write(&path, text.lines().filter(is_earlier).map(|line| format!("{line}\n")).collect::<String>())
            .unwrap();
        path.display().to_string()
    };
    let purchases = cut(&shop().purchases, "p.csv", 2);
    let complaints = cut(&shop().complaints, "c.csv", 1);
    let earlier = format!("--purchases {purchases} --complaints {complaints}");
    for command in ["backtest --horizon 60d --lookback 180d", "horizon"] {
        let told = |input: &str| {
            let mut told = json(&format!("{command} {input} --json"));
            for kind in ["models", "baselines"] {
                for one in told[kind].as_array_mut().into_iter().flatten() {
                    one.as_object_mut().unwrap().remove("fit_seconds");
                }
            }
            told
        };
        let then = told(&format!("{} --as-of 2023-08-01", shop().input()));
        assert_eq!(then, told(&earlier), "{command}");
        assert_ne!(then, told(&shop().input()), "{command}");
    }
    let (code, said) = failed(&format!("horizon {} --as-of 2001-01-01", shop().input()));
    assert_eq!((code, said.as_str()), (4, "error: the log has no order at or before 2001-01-01T00:00:00Z"));
}

#[test]
fn backtest_prints_one_object_with_the_promised_keys() {
    let outcome = json(&format!("backtest {} --horizon 60d --lookback 180d --json", shop().input()));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&outcome),
        [
            "label",
            "test_cutoff",
            "train_rows",
            "test_rows",
            "churn_rate",
            "grade",
            "judged",
            "verdict",
            "origins",
            "calibration",
            "season_shift",
            "models",
            "baselines",
            "net_value"
        ]
    );
    let models = outcome["models"].as_array().unwrap();
    let baselines = outcome["baselines"].as_array().unwrap();
    assert_eq!(models.iter().filter(|model| model["selected"] == true).count(), 1);
    assert_eq!(baselines[0]["name"], "recency and frequency");
    assert_eq!(baselines[1]["name"], "days since the last order");
    for model in models.iter().chain(baselines) {
        assert_eq!(
            keys(model),
            [
                "name",
                "selected",
                "auc",
                "pr_auc",
                "log_loss",
                "brier",
                "ece",
                "lift_at_10",
                "profit",
                "mpc",
                "empc",
                "fit_seconds"
            ]
        );
        assert!(model["profit"].is_number());
        let is_policy = model["name"].as_str().unwrap().starts_with("contact");
        assert_eq!(
            model["auc"].is_null(),
            is_policy,
            "to contact all or none says nothing of anyone: {model}"
        );
        assert!(
            is_policy || model["auc"].as_f64().unwrap() > 0.6,
            "a shop with this much pattern can be read: {model}"
        );
    }
}

#[test]
fn scores_without_what_the_model_learnt_from_are_doubted() {
    let (shop, store) = (shop(), folder());
    fs::copy(shop.store.join("model.mainstay"), store.path().join("model.mainstay")).unwrap();
    let said = run(&format!(
        "score --purchases {} --store {} --out {}",
        shop.purchases.display(),
        store.path().display(),
        store.path().join("s.csv").display()
    ));
    let noted = String::from_utf8(said.stderr).unwrap();
    assert!(noted.contains("the model was trained with complaints, and there are none here"), "{noted}");
}

#[test]
fn training_as_of_an_instant_looks_at_nothing_after_it() {
    const AS_OF: &str = "2023-07-31T12:00:00Z";
    let folder = folder();
    let purchases = fs::read_to_string(&shop().purchases).unwrap();
    let (header, lines) = purchases.split_once('\n').unwrap();
    let past: Vec<&str> = lines.lines().filter(|line| line.split(',').nth(2).unwrap() <= AS_OF).collect();
    let past_file = folder.path().join("past.csv");
    fs::write(&past_file, format!("{header}\n{}\n", past.join("\n"))).unwrap();
    let train = |input: &str, store: &str| {
        let store = folder.path().join(store);
        done(&format!(
            "train --purchases {input} --horizon 60d --lookback 180d --as-of {AS_OF} --store {}",
            store.display()
        ));
        fs::read(store.join("model.mainstay")).unwrap()
    };
    let full = train(&shop().purchases.display().to_string(), "full");
    assert!(full == train(&past_file.display().to_string(), "past"), "the two models differ");
}

#[test]
fn columns_of_other_names_are_mapped_and_complaints_keep_theirs() {
    let folder = folder();
    let purchases = fs::read_to_string(&shop().purchases).unwrap();
    let renamed = folder.path().join("renamed.csv");
    let other = purchases.replacen("customer_id,order_id,ts,amount", "CustomerID,Invoice,When,Total", 1);
    fs::write(&renamed, other).unwrap();
    let (a, b) = (folder.path().join("a.parquet"), folder.path().join("b.parquet"));
    done(&format!("features {} --as-of 2023-06-01 --out {}", shop().input(), a.display()));
    done(&format!(
        "features --purchases {} --complaints {} --column customer_id=CustomerID --column order_id=Invoice \
         --column ts=When --column amount=Total --as-of 2023-06-01 --out {}",
        renamed.display(),
        shop().complaints.display(),
        b.display()
    ));
    assert!(fs::read(a).unwrap() == fs::read(b).unwrap(), "the two tables differ");
}

#[test]
fn a_demo_shows_metrics_and_the_ten_best() {
    let folder = folder();
    let said = done(&format!("demo --store {}", folder.path().display()));
    for part in
        ["6046 customers, 61.4 % churned", "verdict: better than the simple rule beyond chance", "(selected)"]
    {
        assert!(said.contains(part), "{part}\n{said}");
    }
    let ten = said.lines().skip_while(|line| !line.starts_with("customer ")).skip(1);
    assert_eq!(ten.take_while(|line| !line.is_empty()).count(), 10, "{said}");
    assert!(said.contains("\nmainstay list --store "), "{said}");
    assert_eq!(
        json(&format!("list --store {} --format json", folder.path().display())).as_array().unwrap().len(),
        20
    );
}

#[test]
fn horizon_advises_and_draws() {
    let folder = folder();
    let svg = folder.path().join("horizon.svg");
    let flags = format!("horizon --purchases {CDNOW} --lookback 180d");
    let told = json(&format!("{flags} --few 0.3 --json"));
    assert_eq!(told["advised_horizon_days"], 180, "{told:#}");
    let quarter = &told["horizons"][2];
    // The back-test's own test rows.
    assert_eq!(quarter["churn"]["of"], 6046);
    assert!((quarter["churn"]["share"].as_f64().unwrap() - 0.614).abs() < 0.001);
    let text = done(&format!("{flags} --svg {}", svg.display()));
    assert!(text.starts_with("No horizon this log can judge is long enough"), "{text}");
    let drawn = std::fs::read_to_string(&svg).unwrap();
    assert!(drawn.starts_with("<svg") && drawn.trim_end().ends_with("</svg>"));
}
