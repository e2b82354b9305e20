//! The data report.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::support::{CDNOW, done, folder, json, run};

#[test]
fn the_report_of_cdnow_is_what_is_known_of_it() {
    let report = json(&format!("check --purchases {CDNOW} --as-of 1998-07-10 --json"));
    assert_eq!(report["purchase_lines"], 69_659);
    assert_eq!(report["lines_of_nothing"], 80, "the log's own notes count them");
    assert_eq!(report["customers"], 23_502, "68 of 23,570 never paid anything");
    assert_eq!(report["repeated_lines"], 0, "every line has an order number of its own");
    assert_eq!(report["days_old"], 10);
    let text = done(&format!("check --purchases {CDNOW}"));
    assert!(text.contains("usable horizons: 30d (4 cutoffs)"), "{text}");
    assert!(text.contains("- no complaints (--complaints)"), "{text}");
}

#[test]
fn gaps_repetitions_currencies_and_large_accounts_are_found() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let mut log = "customer_id,order_id,ts,amount,currency\n".to_owned();
    for day in 0..60_i64 {
        let lines = match day {
            30 => 0,
            40 => 2,
            50 => 150,
            _ => 25,
        };
        for line in 0..lines {
            let customer = line % 25;
            let amount = if customer == 7 { 9000 } else { 10 + customer };
            let date =
                mainstay_features::units::Instant::from_micros((19_800 + day) * 86_400_000_000).unwrap();
            writeln!(log, "c{customer},{day}-{line},{date},{amount},EUR").unwrap();
        }
    }
    log += "c1,0-1,2024-03-18T00:00:00Z,11,EUR\nc2,x,2024-03-19,5,USD\n,y,2024-03-19,5,EUR\nc3,z,2024-03-19,-5,EUR\n";
    fs::write(&path, log).unwrap();
    let report = json(&format!("check --purchases {} --json", path.display()));
    let odd: Vec<String> = report["odd_days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| format!("{} {}", day["day"].as_str().unwrap(), day["oddity"].as_str().unwrap()))
        .collect();
    assert_eq!(odd, ["2024-04-17 missing", "2024-04-27 thin", "2024-05-07 full"]);
    assert_eq!((&report["repeated_lines"], &report["repeated_orders"]), (&1.into(), &1.into()));
    assert_eq!((&report["rows_without_customer"], &report["lines_below_zero"]), (&1.into(), &1.into()));
    assert_eq!(report["largest_wholesale"][0]["customer_id"], "c7");
    let findings =
        report["findings"].as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect::<String>();
    for finding in
        ["1 days have no line", "2 currencies (EUR, USD)", "1 accounts spend 100 times", "too short to train"]
    {
        assert!(findings.contains(finding), "{finding}: {findings}");
    }
}

#[test]
fn a_log_with_a_thin_end_is_whole_until_that_begins() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let mut log = "customer_id,order_id,ts,amount\n".to_owned();
    for day in 0..80_i64 {
        // Of the last ten days three have a line, and the others none.
        let lines = if day < 70 { 30 } else { i64::from(day % 4 == 3) };
        for line in 0..lines {
            let date =
                mainstay_features::units::Instant::from_micros((19_800 + day) * 86_400_000_000).unwrap();
            writeln!(log, "c{line},{day}-{line},{date},5").unwrap();
        }
    }
    fs::write(&path, log).unwrap();
    let text = done(&format!("check --purchases {}", path.display()));
    assert!(text.contains("- 7 days have no line where their weekday usually has: 2024-06-"), "{text}");
    assert!(text.contains("as of that day's beginning (--as-of 2024-05-27)"), "{text}");
}

#[test]
fn statuses_that_do_not_agree_with_resolutions_are_found() {
    let folder = folder();
    let here = folder.path().display();
    fs::write(folder.path().join("p.csv"), "customer_id,order_id,ts,amount\na,1,2024-01-01,5\n").unwrap();
    let complaints = "customer_id,ts,resolved_at,state\n\
                      a,2024-01-01,,Closed\na,2024-01-02,,done\na,2024-01-03,2024-01-05,closed\n\
                      a,2024-01-04,2024-01-05,in progress\na,2024-01-05,,open\na,2024-01-06,,\n";
    fs::write(folder.path().join("c.csv"), complaints).unwrap();
    let files = format!("check --purchases {here}/p.csv --complaints {here}/c.csv");
    let report = json(&format!("{files} --column complaints.status=state --json"));
    assert_eq!(report["complaints_closed_without_resolved_at"], 2);
    assert_eq!(report["complaints_open_with_resolved_at"], 1);
    let text = done(&format!("{files} --column complaints.status=state"));
    let finding = "- 2 complaints are closed by their status but have no resolved_at. They count as open at every \
                   instant: give resolved_at";
    assert!(text.contains(finding), "{text}");
    assert!(text.contains("- 1 complaints have a resolved_at though"), "{text}");
    assert!(!done(&files).contains("resolved_at"), "no column, no finding");
}

#[test]
fn bad_rows_are_counted_by_column_and_do_not_end_the_report() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let log = "customer_id,order_id,ts,amount\na,1,2024-01-01,5\na,2,never,5\nb,3,2024-01-02,\nb,4,soon,1\n\
               c,5,2024-01-03,100\nc,6,2024-01-04,-95\nd,7,2029-01-01,1\n";
    std::fs::write(&path, log).unwrap();
    let report = json(&format!("check --purchases {} --as-of 2029-01-02 --json", path.display()));
    assert_eq!(report["rows_bad"], 3);
    let column =
        |place: usize| (&report["bad_values"][place]["column"], &report["bad_values"][place]["rows"]);
    assert_eq!((column(0), column(1)), ((&"amount".into(), &1.into()), (&"ts".into(), &2.into())));
    assert_eq!(report["customers_who_returned_nearly_all"], 1);
    assert_eq!(report["days_before_the_last_without_lines"], 1824);
    let findings = report["findings"].to_string();
    for found in
        ["is its date right?", "brought back nine tenths and more of what they bought: c.", "3 rows are bad"]
    {
        assert!(findings.contains(found), "{found}: {findings}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is put into quarantine");
}

#[test]
fn a_file_of_bad_rows_alone_is_reported_with_reasons() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let check = |flags: &str| {
        let output = run(&format!("check --purchases {} {flags}", path.display()));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    fs::write(&path, "customer_id,order_id,ts,amount\na,1,2023-13-01,5\nb,2,2023-01-02,five\nc,3,,5\n")
        .unwrap();
    let (code, report, said) = check("");
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("no line with a customer that counts"), "{said}");
    for told in [
        "0 lines, 0 orders\n",
        "- 3 rows are bad",
        "column \"amount\", first row 2: \"five\"",
        "first row 1: \"2023-13-01\"",
    ] {
        assert!(report.contains(told), "{told}: {report}");
    }
    let (code, report, _) = check("--json");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, &report["rows_bad"], &report["orders"]), (3, &3.into(), &0.into()));
    assert_eq!(
        (&report["bad_values"][1]["column"], &report["bad_values"][1]["rows"]),
        (&"ts".into(), &2.into())
    );
    assert!(report["findings"][0].as_str().unwrap().starts_with("3 rows are bad"), "{report}");

    fs::write(&path, "customer_id,order_id,ts,amount\n").unwrap();
    let (code, report, _) = check("--json");
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((code, &report["rows_bad"], &report["findings"]), (3, &0.into(), &serde_json::json!([])));
    fs::write(&path, "customer_id,order_id,ts,amount\na,1,2023-01-01,0\nb,2,2023-01-02,five\n").unwrap();
    let (code, report, said) = check("");
    assert!(code == 4 && said.contains("no order is above zero"), "{said}");
    assert!(report.starts_with("1 lines, 1 orders\n") && report.contains("1 rows are bad"), "{report}");
}

#[test]
fn customers_called_nothing_and_those_who_brought_nine_tenths_back_are_found() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let mut log = "customer_id,order_id,ts,amount\n".to_owned();
    for customer in ["NULL", "nan", "Nanette", "back"] {
        for order in 1..=3 {
            writeln!(log, "{customer},{order},2024-01-0{order},100").unwrap();
        }
    }
    log += "back,4,2024-01-09,-270\n";
    fs::write(&path, log).unwrap();
    let text = done(&format!("check --purchases {}", path.display()));
    assert!(text.contains("customers are called \"NULL\" (3), \"nan\" (3) (purchases of each)"), "{text}");
    assert!(
        text.contains("1 customers brought back nine tenths and more of what they bought: back."),
        "{text}"
    );
}

#[test]
fn one_customer_in_two_spellings_and_thousands_taken_for_decimals_are_found() {
    let folder = folder();
    let log = folder.path().join("log.csv");
    let rows = ["0042,1,2024-01-01,1.234", "42,2,2024-02-01,2.500", "7,3,2024-02-02,99"].join("\n");
    fs::write(&log, format!("customer_id,order_id,ts,amount\n{rows}\n")).unwrap();
    let report = json(&format!("check --purchases {} --json", log.display()));
    assert_eq!(report["customers_called_like_another"], 1);
    let findings = report["findings"].to_string();
    assert!(findings.contains(r#"\"0042\" and \"42\""#), "{findings}");
    assert!(findings.contains("all 2 amounts with a point have three digits after it"), "{findings}");
    let findings =
        json(&format!("check --purchases {} --decimal-comma --json", log.display()))["findings"].to_string();
    assert!(!findings.contains("three digits"), "{findings}");
}

#[test]
fn frames_cancellations_of_nothing_and_discounts_that_are_none_are_found() {
    let folder = folder();
    let path = folder.path().join("log.csv");
    let mut log = "customer_id,order_id,ts,amount,discount,cancels_order_id\n".to_owned();
    for week in 0..20_i64 {
        let date =
            mainstay_features::units::Instant::from_micros((19_800 + 7 * week) * 86_400_000_000).unwrap();
        // One number for all of a's deliveries, and one each for b's.
        writeln!(log, "a,frame,{date},10,-1,\nb,{week},{date},10,-2,").unwrap();
    }
    // b gives back what was ordered as 3, and what a ordered; c has an order that is put right within the month.
    log += "b,r1,2024-08-01,-10,,3\nb,r2,2024-08-01,-10,,frame\nb,r3,2024-08-01,-10,,RE-4\n";
    log += "c,1,2024-08-01,10,,\nc,1,2024-08-20,5,,\nc,1,2024-12-20,-5,,\n";
    fs::write(&path, &log).unwrap();
    let findings = |log: &str| {
        fs::write(&path, log).unwrap();
        let report = json(&format!("check --purchases {} --json", path.display()));
        let findings = report["findings"].as_array().unwrap().iter().map(|f| f.as_str().unwrap());
        (report.clone(), findings.collect::<Vec<_>>().join("\n"))
    };
    let (report, found) = findings(&log);
    assert_eq!(
        (&report["cancelling_lines"], &report["cancelling_lines_without_their_order"]),
        (&3.into(), &2.into())
    );
    assert_eq!(report["orders_drawn_out"], 1);
    for finding in [
        "2 of 3 lines that cancel an order name one that the same customer does not have",
        "1 orders of 1 customers have lines more than 30 days after their first (a)",
        "40 of 40 discounts are below zero and count as none",
    ] {
        assert!(found.contains(finding), "{finding}: {found}");
    }
    let (_, found) = findings(&log.replace(",-1,", ",0.1,").replace(",-2,", ",1,"));
    assert!(found.contains("all 40 discounts are between 0 and 1"), "{found}");
    let (_, found) = findings(&log.replace(",-1,", ",3,").replace(",-2,", ",0.5,"));
    assert!(!found.contains("discounts"), "{found}");
}
