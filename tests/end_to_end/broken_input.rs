//! Broken input: every message says what is wrong and where, the exit code says what kind it is, and nothing is
//! written.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::{done, failed, folder, json};

/// Writes a file, asks for its features and returns exit code and message; asserts that nothing was written.
fn features_of(name: &str, content: &[u8], flags: &str) -> (i32, String) {
    let folder = folder();
    let (file, out) = (folder.path().join(name), folder.path().join("out.parquet"));
    fs::write(&file, content).unwrap();
    let (input, output) = (file.display(), out.display());
    let (code, message) =
        failed(&format!("features --purchases {input} --as-of 2024-04-01 --out {output} {flags}"));
    assert!(!out.exists(), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the input is there");
    (code, message.replace(&format!("{}/", folder.path().display()), ""))
}

#[test]
fn a_broken_file_is_named_with_row_and_column() {
    let header = "customer_id,order_id,ts,amount\na,1,2024-01-01,5.00\n";
    for (row, message) in [
        (
            "a,2,2024-13-01,5",
            r#"row 2, column "ts": "2024-13-01" is not a date (2024-03-01), a timestamp (2024-03-01T18:00:00Z), or what --ts-format says"#,
        ),
        ("a,2,,5", r#"row 2, column "ts": empty; every row needs its ts"#),
        (
            "a,2,2362-01-02,5",
            r#"row 2, column "ts": 2362-01-02T00:00:00Z is still to come: mend its date, or the clock it is told by (--time-zone, --ts-unit)"#,
        ),
        (
            "a,2,2024-01-02,12€",
            r#"row 2, column "amount": "12€" is not an amount such as 12.50, within ±10¹²"#,
        ),
        (
            "a,2,2024-01-02,NaN",
            r#"row 2, column "amount": "NaN" is not an amount such as 12.50, within ±10¹²"#,
        ),
        ("a,2,2024-01-02,", r#"row 2, column "amount": empty; every row needs its amount"#),
        ("a,,2024-01-02,5", r#"row 2, column "order_id": empty; every row needs its order_id"#),
        (
            "1.38001E+10,2,2024-01-02,5",
            r#"row 2, column "customer_id": is a number that a spreadsheet has rounded: export the column as text"#,
        ),
        (
            "a,\"2,2024-01-02,5\na,3,2024-01-03,5\na,4,2024-01-04,5",
            r#"row 2, column "order_id": holds what seem to be rows of the file: is a quotation mark not closed?"#,
        ),
        ("a,2,2024-01-02", "row 2: has 3 fields where the header has 4"),
    ] {
        let (code, said) = features_of("log.csv", format!("{header}{row}\n").as_bytes(), "");
        let way_out = "(mend it, or leave such rows out with --max-bad-rows)";
        assert_eq!((code, said), (3, format!("error: log.csv: {message} {way_out}")));
    }
}

#[test]
fn what_is_still_to_come_is_no_history() {
    let folder = folder();
    let at = folder.path().display();
    done(&format!("simulate --customers 20 --begin 2362-01-01 --end 2363-01-01 --out {at}"));
    let (code, said) = failed(&format!("ingest --purchases {at}/purchases.parquet --store {at}/store"));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("row 1, column \"ts\": 2362-") && said.contains("is still to come"), "{said}");
    let report = json(&format!("check --purchases {at}/purchases.parquet --json"));
    assert!(report["purchase_lines"].as_u64() > Some(0), "{report}");
}

#[test]
fn a_missing_column_is_named_with_those_there_are() {
    let said = features_of("log.csv", b"CustomerID,order_id,ts,amount\na,1,2024-01-01,5\n", "");
    let message = "error: log.csv: no column \"customer_id\"; it has: CustomerID, order_id, ts, amount. \
                   Name the right one with --column customer_id=NAME";
    assert_eq!(said, (3, message.to_owned()));

    let wrong = features_of(
        "log.csv",
        b"customer_id,order_id,ts,amount\na,1,2024-01-01,5\n",
        "--column amount=Total",
    );
    assert!(
        wrong.1.contains("no column \"Total\""),
        "a mapping that is wrong is not passed over: {}",
        wrong.1
    );
}

#[test]
fn files_that_are_no_tables_are_refused() {
    for (name, content, message) in [
        ("log.csv", b"" as &[u8], "log.csv: is empty"),
        (
            "log.csv",
            b"PK\x03\x04 and so on",
            "log.csv: is no text but a workbook, as of Excel: save its sheet as CSV",
        ),
        (
            "log.csv",
            b"customer_id:order_id:ts:amount\n",
            "it has: customer_id:order_id:ts:amount. Name the right one",
        ),
        ("log.csv.gz", b"\x1f\x8b\x08\x00 and then nothing of the kind", "log.csv.gz: cannot be read: "),
        ("log.csv", b"customer_id,order_id,ts,amount\n", "hold no line with a customer that counts; check"),
        (
            "log.csv",
            b"customer_id,order_id,ts,amount\na,1,\xff\xfe,5\n",
            "row 1, column \"ts\": is not UTF-8 text",
        ),
        ("log.csv", b"customer_id,amount,ts,amount\na,1,2,5\n", "no column \"order_id\""),
        ("log.csv", b"customer_id,order_id,ts,amount,amount\n", "more than one column is named \"amount\""),
        ("log.parquet", b"customer_id,order_id,ts,amount\n", "is named .parquet but is not a Parquet file"),
        ("log.parquet", b"PAR1 and then nothing of the kind", "log.parquet: is damaged or not whole ("),
    ] {
        let (code, said) = features_of(name, content, "");
        assert_eq!(code, 3, "{said}");
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn a_parquet_file_cut_short_is_refused() {
    let whole = fs::read(crate::support::CDNOW).unwrap();
    for len in [4, 100, whole.len() / 2, whole.len() - 1] {
        let (code, said) = features_of("log.parquet", &whole[..len], "");
        assert_eq!(code, 3, "{said}");
        assert!(said.starts_with("error: log.parquet: is damaged or not whole ("), "{said}");
        assert!(said.ends_with("copy it again from where it was written"), "{said}");
    }
}

#[test]
fn a_column_of_the_wrong_type_is_named() {
    let (code, said) =
        features_of("log.parquet", &fs::read(crate::support::CDNOW).unwrap(), "--column ts=amount");
    assert_eq!(code, 3);
    assert_eq!(
        said,
        "error: log.parquet: column \"amount\" has type Float64; ts needs timestamps, dates, text, or whole numbers with --ts-unit"
    );
}

#[test]
fn rows_without_a_customer_are_counted_and_left_out() {
    let folder = folder();
    let (file, out) = (folder.path().join("log.csv"), folder.path().join("out.parquet"));
    fs::write(&file, "customer_id,order_id,ts,amount\n,1,2024-01-01,5\na,2,2024-01-02,5\n,3,never,x\n")
        .unwrap();
    let output = crate::support::run(&format!(
        "features --purchases {} --as-of 2024-04-01 --out {}",
        file.display(),
        out.display()
    ));
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("2 rows without a customer_id were left out"), "{said}");
}

#[test]
fn what_cannot_work_is_said_before_the_work() {
    let folder = folder();
    let here = folder.path().display();
    let cdnow = crate::support::CDNOW;
    for (arguments, code, message) in [
        (
            format!("score --purchases {cdnow} --store {here}/none --out {here}/s.csv"),
            4,
            "train one with mainstay train",
        ),
        (format!("score --purchases {cdnow} --out {here}/s.xlsx"), 2, "it is written as .parquet or .csv"),
        (format!("score --purchases {cdnow} --out {here}/no/s.csv"), 1, "there is no folder"),
        (
            format!("features --purchases {cdnow} --as-of 1998-04-01 --out {here}/f.csv"),
            2,
            "features are written as .parquet",
        ),
        (
            format!("features --purchases {cdnow} --as-of 1998-04-01 --out {here}/no/f.parquet"),
            6,
            "there is no folder",
        ),
        (
            format!(
                "features --purchases {here}/none.csv --as-of 1998-04-01 --features tier --out {here}/f.parquet"
            ),
            2,
            "--features tier: no feature or family has this name",
        ),
        (
            format!("features --purchases {here}/none.csv --as-of 1998-04-01 --out {here}/f.parquet"),
            3,
            "none.csv: cannot be read: No such file or directory",
        ),
        (format!("list --store {here}"), 5, "write one with mainstay score"),
        (format!("list --scores {cdnow}"), 3, "does not have the columns of a scored list"),
        (format!("serve --store {here}"), 5, "train one with mainstay train"),
        (
            format!("train --purchases {cdnow} --horizon 400d --store {here}"),
            4,
            "use a shorter --horizon or a longer history",
        ),
        (format!("backtest --purchases {cdnow} --horizon 270d"), 4, "too short"),
    ] {
        let (said_code, said) = failed(&arguments);
        assert_eq!(said_code, code, "{arguments}: {said}");
        assert!(said.contains(message), "{arguments}: {said}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}

#[test]
fn flags_that_make_no_sense_are_usage_errors() {
    for arguments in [
        "train --purchases x.csv --horizon 90",
        "train --purchases x.csv --horizon 0d",
        "train --purchases x.csv",
        "features --purchases x.csv --as-of yesterday --out f.parquet",
        "score --purchases x.csv --out s.csv --margin 1.5",
        "score --purchases x.csv --out s.csv --column total=Amount",
        "list --top many",
        "list --format xml",
        "backtest --purchases x.csv --horizon 90d --threads 0",
        "dance",
    ] {
        assert_eq!(crate::support::run(arguments).status.code(), Some(2), "{arguments}");
    }
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = folder();
    let store = folder.path().join("store");
    fs::create_dir(&store).unwrap();
    let good = fs::read(crate::support::shop().store.join("model.mainstay")).unwrap();
    let serve = |bytes: &[u8]| {
        fs::write(store.join("model.mainstay"), bytes).unwrap();
        failed(&format!("serve --listen 127.0.0.1:0 --store {}", store.display()))
    };
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    for (bytes, message) in [
        (&flipped as &[u8], "is damaged"),
        (&good[..good.len() - 1], "is damaged"),
        (b"not a model", "is not a Mainstay model file"),
    ] {
        let (code, said) = serve(bytes);
        assert_eq!(code, 5);
        assert!(said.contains(message), "{said}");
    }
}

#[test]
fn a_refused_catalogue_is_named_with_offer_and_field() {
    let folder = folder();
    let offers = folder.path().join("offers.toml");
    fs::write(&offers, "[[offer]]\nname = \"call\"\ncontact_cost = 5\nincentive = 0\nsave_rate = 2\nsave_rate_sd = 0\ntake_up = 0\ndriven_away = 0\n").unwrap();
    let shop = crate::support::shop();
    let out = folder.path().join("s.csv");
    let (code, said) = failed(&format!(
        "score {} --store {} --offers {} --out {}",
        shop.input(),
        shop.store.display(),
        offers.display(),
        out.display()
    ));
    assert_eq!(code, 3);
    assert!(
        said.ends_with("offers.toml: offer \"call\", save_rate: 2 is not a share between 0 and 1"),
        "{said}"
    );
    assert!(!Path::new(&out).exists());
}

/// The note on standard error of a command that must succeed.
fn noted(arguments: &str) -> String {
    let output = crate::support::run(arguments);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn complaints_of_nobody_who_buys_are_noted() {
    let folder = folder();
    let here = folder.path().display();
    fs::write(folder.path().join("p.csv"), "customer_id,order_id,ts,amount\n007,1,2024-01-01,5\n").unwrap();
    fs::write(folder.path().join("c.csv"), "customer_id,ts\n7,2024-01-01\n7,2024-01-02\n007,2024-01-03\n")
        .unwrap();
    let said = noted(&format!(
        "features --purchases {here}/p.csv --complaints {here}/c.csv --as-of 2024-04-01 --out {here}/f.parquet"
    ));
    assert!(
        said.contains("2 complaints are of 1 customers who have no order in the purchase files"),
        "{said}"
    );
}

/// Identifiers with zeros in front in one file and without in the other: nothing fits, and every command says so.
#[test]
fn files_about_customers_that_fit_nobody_who_buys_are_noted() {
    let folder = folder();
    let here = folder.path().display();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("p.csv", "customer_id,order_id,ts,amount\n007,1,2024-01-01,5\n008,2,2024-01-01,5\n");
    write("customers.csv", "customer_id,region\n7,north\n8,south\n");
    write("contacts.csv", "customer_id,ts\n8,2024-01-01\n");
    write("contracts.csv", "customer_id,start,end\n7,2024-01-01,\n8,2024-01-01,\n");
    let rest = format!(
        "--purchases {here}/p.csv --contacts {here}/contacts.csv --contracts {here}/contracts.csv --as-of 2024-04-01"
    );
    let said = noted(&format!("features {rest} --customers {here}/customers.csv --out {here}/f.parquet"));
    for (customers, files) in [(2, "customers files"), (1, "contacts files"), (2, "contracts files")] {
        let doubt = format!("of the {customers} customers whom {files} tell of, 0 have an order");
        assert!(said.contains(&doubt), "{said}");
    }
    let report = done(&format!("check {rest} --customers {here}/customers.csv"));
    assert!(report.contains("of the 2 customers whom customers files tell of, 0 have an order"), "{report}");
    // Many may have signed up and never bought.
    write("customers.csv", "customer_id,region\n007,north\n1,\n2,\n3,\n4,\n5,\n6,\n9,\n");
    let said = noted(&format!(
        "features --purchases {here}/p.csv --customers {here}/customers.csv --as-of 2024-04-01 --out {here}/f.parquet"
    ));
    assert!(!said.contains("tell of"), "{said}");
}

#[test]
fn what_is_in_columns_that_nobody_reads_does_not_matter() {
    let folder = folder();
    let here = folder.path().display();
    let mut file = b"customer_id,order_id,ts,amount,note\na,1,2024-01-01,5,caf".to_vec();
    file.extend_from_slice(b"\xe9\n");
    fs::write(folder.path().join("p.csv"), file).unwrap();
    noted(&format!("features --purchases {here}/p.csv --as-of 2024-04-01 --out {here}/f.parquet"));
}

#[test]
fn standard_input_is_read_as_csv() {
    let folder = folder();
    let here = folder.path().display();
    for from in ["-", "/dev/stdin"] {
        let mut command = crate::support::command(&format!(
            "features --purchases {from} --as-of 2024-04-01 --out {here}/f.parquet"
        ));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let rows = b"customer_id,order_id,ts,amount\na,1,2024-01-01,5\n";
        child.stdin.take().unwrap().write_all(rows).unwrap();
        assert!(child.wait().unwrap().success(), "{from}");
        fs::remove_file(folder.path().join("f.parquet")).unwrap();
    }
}

#[test]
fn a_population_of_nobody_leaves_the_list_as_it_was() {
    let folder = folder();
    let shop = crate::support::shop();
    let out = folder.path().join("s.csv");
    let before = fs::read(shop.store.join("scores.parquet")).unwrap();
    let (code, said) = failed(&format!(
        "score {} --as-of 2035-01-01 --store {} --out {}",
        shop.input(),
        shop.store.display(),
        out.display()
    ));
    assert_eq!((code, said.contains("nobody bought in the 180 days before 2035-01-01")), (3, true), "{said}");
    assert!(!out.exists() && fs::read(shop.store.join("scores.parquet")).unwrap() == before);
}

#[test]
fn a_store_that_cannot_be_written_leaves_the_output_unwritten() {
    let folder = folder();
    let shop = crate::support::shop();
    let (store, out) = (folder.path().join("store"), folder.path().join("s.csv"));
    fs::create_dir_all(store.join("scores.parquet")).unwrap();
    fs::copy(shop.store.join("model.mainstay"), store.join("model.mainstay")).unwrap();
    let (code, _) =
        failed(&format!("score {} --store {} --out {}", shop.input(), store.display(), out.display()));
    assert_eq!(code, 1);
    assert!(!out.exists(), "a folder stands in the list's place");
}
