//! Contractual businesses: where there are contracts, their end is the label.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mainstay_features::units::Instant;
use serde_json::json;

use crate::server::Server;
use crate::support::{csv, done, failed, folder, json, number, shop, store_like_the_shops};

/// A customer of the made-up business; all times are whole days.
struct Subscriber {
    id: String,
    /// The purchases.
    bought: Vec<i64>,
    /// From when to when each contract runs.
    contracts: Vec<(i64, Option<i64>)>,
}

impl Subscriber {
    fn runs_at(&self, day: i64) -> bool {
        self.contracts.iter().any(|&(start, end)| start <= day && end.is_none_or(|end| day < end))
    }

    fn is_in_population(&self, day: i64) -> bool {
        self.bought.iter().any(|&bought| bought <= day) && self.runs_at(day)
    }

    /// As all times are whole days, a break shows at midnight.
    fn churned(&self, day: i64, horizon: i64) -> bool {
        (day + 1..=day + horizon).any(|day| !self.runs_at(day))
    }
}

/// Three hundred customers with contracts of a hundred days, some of which are renewed in time, some late and some
/// never; some without an end. Who buys seldom leaves more often.
fn subscribers() -> Vec<Subscriber> {
    let mut state = 7_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % bound) as i64
    };
    let mut subscriber = |number: i64| {
        let (first, pace) = (below(500), 10 + below(150));
        let mut contracts = Vec::new();
        let mut start = first;
        loop {
            if below(8) == 0 {
                contracts.push((start, None));
                break;
            }
            let end = start + 100;
            contracts.push((start, Some(end)));
            if end > 700 || below(200) < pace {
                break;
            }
            // Renewed early, in time, or after a break.
            start = end + [-10, 0, 0, 0, 15][below(5) as usize];
        }
        let last = contracts.last().and_then(|&(_, end)| end).unwrap_or(700).min(700);
        let bought = (first..last).step_by(pace as usize).collect();
        Subscriber { id: format!("s{number:03}"), bought, contracts }
    };
    let mut all: Vec<Subscriber> = (0..300).map(&mut subscriber).collect();
    // The log ends on day 700.
    all[0].bought.push(700);
    // With a contract and without a purchase, and the other way round: in no population.
    all.push(Subscriber { id: "s900".to_owned(), bought: Vec::new(), contracts: vec![(0, None)] });
    all.push(Subscriber { id: "s901".to_owned(), bought: vec![1, 650, 690], contracts: Vec::new() });
    all
}

/// The instant of a day.
fn date(day: i64) -> Instant {
    Instant::from_micros((19_000 + day) * 86_400_000_000).unwrap()
}

fn day(date: &str) -> i64 {
    date.parse::<Instant>().unwrap().calendar_day() - 19_000
}

/// Writes the purchases and contracts, and returns the flags to read them.
fn write(folder: &Path, subscribers: &[Subscriber]) -> String {
    let mut purchases = "customer_id,order_id,ts,amount\n".to_owned();
    let mut contracts = "customer_id,start,end\n".to_owned();
    for Subscriber { id, bought, contracts: own } in subscribers {
        for (order, &day) in bought.iter().enumerate() {
            writeln!(purchases, "{id},{order},{},{}", date(day), 10 + day % 7).unwrap();
        }
        for &(start, end) in own {
            let end = end.map_or(String::new(), |end| date(end).to_string());
            writeln!(contracts, "{id},{},{end}", date(start)).unwrap();
        }
    }
    let at = |name: &str| folder.join(name);
    fs::write(at("purchases.csv"), purchases).unwrap();
    fs::write(at("contracts.csv"), contracts).unwrap();
    format!("--purchases {} --contracts {}", at("purchases.csv").display(), at("contracts.csv").display())
}

#[test]
fn churn_is_the_end_of_a_contract_that_is_not_renewed() {
    let (folder, subscribers) = (folder(), subscribers());
    let input = write(folder.path(), &subscribers);
    let population = |day: i64| subscribers.iter().filter(move |one| one.is_in_population(day));
    let churned = |day: i64| population(day).filter(|one| one.churned(day, 60)).count();
    let settings = "--horizon 60d --lookback 30d";

    let tested = json(&format!("backtest {input} {settings} --json"));
    assert_eq!(tested["label"], "contract end");
    let contracts: usize = subscribers.iter().map(|one| one.contracts.len()).sum();
    assert_eq!(json(&format!("check {input} --json"))["contracts"], contracts);
    let cutoff = day(tested["test_cutoff"].as_str().unwrap());
    assert_eq!(cutoff, 640);
    assert_eq!(tested["test_rows"], population(cutoff).count());
    let rate = churned(cutoff) as f64 / population(cutoff).count() as f64;
    assert!((0.05..0.95).contains(&rate) && (tested["churn_rate"].as_f64().unwrap() - rate).abs() < 1e-12);
    assert!(done(&format!("backtest {input} {settings}")).contains("; label: contract end\n"));

    let store = folder.path().join("store");
    let store = store.display();
    let trained = json(&format!("train {input} {settings} --store {store} --json"));
    assert_eq!(trained["label"], "contract end");
    for snapshot in trained["snapshots"].as_array().unwrap() {
        let cutoff = day(snapshot["cutoff"].as_str().unwrap());
        assert_eq!(snapshot["rows"], population(cutoff).count());
        let rate = churned(cutoff) as f64 / population(cutoff).count() as f64;
        assert!((snapshot["churn_rate"].as_f64().unwrap() - rate).abs() < 1e-12);
    }
    assert!(
        done(&format!("train {input} {settings} --store {store}"))
            .starts_with("label: contract end within 60 days\n")
    );

    let scores = folder.path().join("scores.csv");
    done(&format!("score {input} --store {store} --out {}", scores.display()));
    let scored = fs::read_to_string(&scores).unwrap();
    let ids: Vec<&str> = scored.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let mut expected: Vec<&str> = population(700).map(|one| one.id.as_str()).collect();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    let silent =
        scored.lines().skip(1).filter(|line| line.split(',').nth(6).unwrap().parse::<f64>().unwrap() >= 30.0);
    assert!(silent.count() > 10, "the lookback does not say who is in the population");

    // Whose contracts have all ended by then can be won back, and nobody else.
    let lapsed =
        json(&format!("winback {input} --store {store} --everyone --all --sort customer --format json"));
    let ids: Vec<&str> =
        lapsed.as_array().unwrap().iter().map(|row| row["customer_id"].as_str().unwrap()).collect();
    let have_ended = |one: &&Subscriber| {
        let mut ends = one.contracts.iter().map(|&(_, end)| end);
        ends.clone().next().is_some() && ends.all(|end| end.is_some_and(|end| end <= 700))
    };
    let mut expected: Vec<&str> = subscribers
        .iter()
        .filter(have_ended)
        .filter(|one| !one.bought.is_empty())
        .map(|one| one.id.as_str())
        .collect();
    expected.sort_unstable();
    assert!(expected.len() > 30);
    assert_eq!(ids, expected);
}

#[test]
fn contracts_that_are_kept_are_the_files_and_threads_do_not_show() {
    let folder = folder();
    let input = write(folder.path(), &subscribers());
    let at = |name: &str| folder.path().join(name).display().to_string();
    done(&format!("ingest --purchases {} --store {}", at("purchases.csv"), at("kept")));
    done(&format!("ingest --contracts {} --store {}", at("contracts.csv"), at("kept")));
    let outputs = |input: &str, store: &str| {
        done(&format!("features {input} --as-of 2023-06-01 --store {store} --out {}", at("f.parquet")));
        done(&format!("train {input} --horizon 60d --store {store}"));
        done(&format!("score {input} --store {store} --out {}", at("s.csv")));
        ["f.parquet", "s.csv"].map(|name| fs::read(at(name)).unwrap())
    };
    let raw = outputs(&format!("{input} --threads 1"), &at("raw"));
    assert!(raw == outputs(&format!("{input} --threads 2"), &at("raw")));
    assert!(raw == outputs("", &at("kept")));
}

#[test]
fn a_model_of_the_other_label_is_refused() {
    let folder = folder();
    let input = write(folder.path(), &subscribers());
    let (store, out) = (folder.path().join("store"), folder.path().join("scores.csv"));
    let score = |input: &str, store: &Path| {
        failed(&format!("score {input} --store {} --out {}", store.display(), out.display()))
    };
    let way_out = "train a model on this history with mainstay train";
    let message = "the model's label is \"no purchase\", and that of the history is \"contract end\"";
    assert_eq!(score(&input, &shop().store), (4, format!("error: {message}: {way_out}")));
    done(&format!("train {input} --horizon 60d --store {}", store.display()));
    let kept = folder.path().join("kept");
    store_like_the_shops(&kept);
    done(&format!("ingest {input} --store {}", kept.display()));
    let (status, problem) = Server::start(&kept.display().to_string()).score(&json!({"customer_id": "s001"}));
    assert_eq!((status, &problem["type"]), (422, &"urn:mainstay:problem:other-label".into()), "{problem}");
    assert!(problem["detail"].as_str().unwrap().starts_with(message), "{problem}");
    let message = "the model's label is \"contract end\", and that of the history is \"no purchase\"";
    assert_eq!(score(&shop().input(), &store), (4, format!("error: {message}: {way_out}")));
    assert!(!out.exists());
}

#[test]
fn the_api_scores_whose_contract_runs_however_long_ago_they_bought() {
    let folder = folder();
    let input = write(folder.path(), &subscribers());
    let store = folder.path().join("store").display().to_string();
    done(&format!("train {input} --horizon 60d --lookback 30d --store {store}"));
    let server = Server::start(&store);
    let purchases = json!([{"order_id": "1", "ts": "2022-01-01", "amount": 10.0}]);
    let (status, from_history) =
        server.score(&json!({"customer_id": "x", "as_of": "2023-01-01", "purchases": purchases}));
    assert_eq!(status, 200, "{from_history}");
    let features = crate::server::features_of(&from_history);
    let (status, from_features) = server.score(&json!({"features": features}));
    assert_eq!(status, 200, "{from_features}");
    assert_eq!(from_history["churn_probability"], from_features["churn_probability"]);
}

#[test]
fn contracts_that_cannot_be_are_named_with_row_and_column() {
    let folder = folder();
    let [log, file, out] = ["log.csv", "c.csv", "none.parquet"].map(|name| folder.path().join(name));
    fs::write(&log, "customer_id,order_id,ts,amount\na,1,2024-01-01,5\n").unwrap();
    let way_out = "(mend it, or leave such rows out with --max-bad-rows)";
    for (content, message) in [
        (
            "customer_id,start\na,2024-01-01\n",
            "no column \"end\"; it has: customer_id, start. Name the right one with --column end=NAME"
                .to_owned(),
        ),
        (
            "customer_id,end\na,2024-01-01\n",
            "no column \"start\"; it has: customer_id, end. Name the right one with --column start=NAME"
                .to_owned(),
        ),
        (
            "customer_id,start,end\na,2024-01-02,2024-01-01\n",
            format!("row 1, column \"end\": is before the contract's start {way_out}"),
        ),
        (
            "customer_id,start,end\na,2024-01-02,\na,,2024-01-01\n",
            format!("row 2, column \"start\": empty; every row needs its start {way_out}"),
        ),
    ] {
        fs::write(&file, content).unwrap();
        let input = format!("--purchases {} --contracts {}", log.display(), file.display());
        let (code, said) = failed(&format!("features {input} --as-of 2024-02-20 --out {}", out.display()));
        let said = said.replace(&format!("{}/", folder.path().display()), "");
        assert_eq!((code, said), (3, format!("error: c.csv: {message}")));
    }
}

#[test]
fn a_population_of_nobody_is_said_to_be_one() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    write(folder.path(), &subscribers());
    fs::write(at("others.csv"), "customer_id,start,end\nx,2022-01-01,\n").unwrap();
    let input = format!("--purchases {} --contracts {}", at("purchases.csv"), at("others.csv"));
    for command in [format!("backtest {input}"), format!("train {input} --store {}", at("store"))] {
        let (code, said) = failed(&format!("{command} --horizon 60d"));
        let message = "error: no contract of a customer with a purchase runs where the models are trained or tested; \
                       is customer_id written the same way in all files?";
        assert_eq!((code, said.as_str()), (4, message));
    }
}

#[test]
fn lists_show_when_the_contract_ends() {
    let (folder, subscribers) = (folder(), subscribers());
    let input = write(folder.path(), &subscribers);
    let store = folder.path().join("store").display().to_string();
    done(&format!("train {input} --horizon 60d --store {store}"));
    let out = folder.path().join("scores.csv").display().to_string();
    let offers = folder.path().join("offers.toml").display().to_string();
    let cheap = "[[offer]]\nname = \"mail\"\ncontact_cost = 0.01\nincentive = 0\nsave_rate = 0.2\nsave_rate_sd = 0\ntake_up = 0\n\
                 driven_away = 0\n";
    fs::write(&offers, cheap).unwrap();
    let printed =
        done(&format!("score {input} --as-of {} --store {store} --offers {offers} --out {out}", date(700)));
    let rows = csv(Path::new(&out));
    assert!(rows.len() > 50);
    let bound = rows
        .iter()
        .filter(|row| number(row, "net_value") > 0.0 && row["contract_end"] > date(760).to_string());
    let told = format!("{} actions, together ", bound.count());
    assert_ne!(told, "0 actions, together ");
    assert!(
        printed.contains(&told) && printed.contains("leave in these only if it is ended early"),
        "{told}{printed}"
    );
    for row in rows {
        let one = subscribers.iter().find(|one| one.id == row["customer_id"]).unwrap();
        let running =
            || one.contracts.iter().filter(|&&(start, end)| start <= 700 && end.is_none_or(|end| 700 < end));
        let last = running()
            .map(|&(_, end)| end)
            .collect::<Option<Vec<_>>>()
            .and_then(|ends| ends.into_iter().max());
        assert_eq!(
            row["contract_end"],
            last.map_or(String::new(), |day| date(day).to_string()),
            "{}",
            one.id
        );
    }
    assert!(done(&format!("list --store {store} --top 3")).contains("contract end"));
    assert!(done(&format!("list --store {store} --top 3 --language zh")).contains("合同终止日"));
    assert!(!done(&format!("plan --store {store}")).contains("contract_end"), "nobody is compared by it");
}

#[test]
fn check_tells_what_contracts_are_like_and_horizon_that_they_are_not_looked_at() {
    let (folder, mut subscribers) = (folder(), subscribers());
    let input = write(folder.path(), &subscribers);
    let told = &json(&format!("check {input} --json"))["contracts_told"];
    let day = day(told["at"].as_str().unwrap());
    let running = |one: &&Subscriber| one.runs_at(day);
    let contracts = subscribers.iter().flat_map(|one| &one.contracts);
    let runs = contracts.filter(|&&(start, end)| start <= day && end.is_none_or(|end| day < end)).count();
    assert_eq!(told["running"], runs);
    assert_eq!(
        (&told["customers_with_one_that_runs_and_no_order"], &told["breaks_of_a_day"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(told["customers_with_orders_and_none"], 1);
    assert!(subscribers.iter().filter(running).count() > 100);
    let advice = done(&format!("horizon {input}"));
    assert!(advice.starts_with("There are contracts, and their ends say who leaves"), "{advice}");

    // The last day given as the end: every renewal is a break.
    for one in &mut subscribers {
        one.contracts.iter_mut().for_each(|(_, end)| *end = end.map(|end| end - 1));
    }
    let report = done(&format!("check {}", write(folder.path(), &subscribers)));
    assert!(report.contains("are exactly a day long, and each counts as churn"), "{report}");
}

#[test]
fn a_contract_that_is_told_again_is_as_it_was_told_last() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let customers = ["a", "b", "c", "d"];
    let bought: String = customers.iter().map(|id| format!("{id},1,2024-01-01,5\n")).collect();
    fs::write(at("purchases.csv"), format!("customer_id,order_id,ts,amount\n{bought}")).unwrap();
    // Month by month all contracts are sent as they stand; d has two that begin on one day.
    let months = [
        "a,2024-01-01,\nb,2024-01-01,\nc,2024-01-01,2024-12-31\nd,2024-01-01,2024-02-10\nd,2024-01-01,\n",
        "a,2024-01-01,2024-02-01\nb,2024-01-01,\nc,2024-01-01,2024-03-01\nd,2024-01-01,2024-02-10\nd,2024-01-01,2024-03-10\n",
        "a,2024-01-01,\nb,2024-01-01,\nc,2024-01-01,2024-03-01\nd,2024-01-01,2024-02-10\nd,2024-01-01,2024-03-10\n",
    ];
    for (month, contracts) in months.iter().enumerate() {
        fs::write(at(&format!("contracts-{month}.csv")), format!("customer_id,start,end\n{contracts}"))
            .unwrap();
    }
    let features = |input: &str, as_of: &str| {
        let out = at("out.parquet");
        done(&format!("features {input} --as-of {as_of} --features core --out {out}"));
        fs::read(out).unwrap()
    };
    for duplicates in ["", "--drop-duplicates"] {
        let store = at(&format!("store{duplicates}"));
        let purchases = format!("--purchases {}", at("purchases.csv"));
        for month in 0..months.len() {
            let contracts: Vec<String> =
                (0..=month).map(|month| at(&format!("contracts-{month}.csv"))).collect();
            done(&format!(
                "ingest {purchases} --contracts {} --store {store} {duplicates}",
                contracts.join(" ")
            ));
            let newest = format!("{purchases} --contracts {}", contracts[month]);
            let all = format!("{purchases} --contracts {}", contracts.join(" "));
            for as_of in ["2024-01-15", "2024-02-05", "2024-02-15", "2024-03-05", "2024-03-15"] {
                let expected = features(&newest, as_of);
                assert_eq!(features(&all, as_of), expected, "files of month {month} at {as_of}");
                let kept = features(&format!("--store {store}"), as_of);
                assert_eq!(kept, expected, "history of month {month} at {as_of}");
            }
        }
    }
}
