//! What is read and what is not: quarantine, conditions, exclusions, folders, clocks, the configuration.

use std::fs;
use std::path::Path;

use crate::support::{done, failed, folder, run};

const LOG: &str = "customer_id,order_id,ts,amount,status\n\
                   a,1,2024-01-01,5.00,paid\n\
                   a,2,2024-02-01,7.00,paid\n\
                   b,3,2024-02-03,9.00,canceled\n\
                   c,4,2024-02-04,1.00,\n";

/// Writes files into a folder.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, content) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The bytes of the features of everyone at 2024-04-01.
fn features(folder: &Path, flags: &str) -> Vec<u8> {
    let out = folder.join("out.parquet");
    done(&format!("features {flags} --as-of 2024-04-01 --out {}", out.display()));
    fs::read(out).unwrap()
}

#[test]
fn bad_rows_go_to_quarantine_with_row_column_value_and_reason() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let bad =
        format!("{LOG}a,5,yesterday,5.00,paid\na,6,2024-02-05,=1+1,paid\na,7\n,8,2024-02-06,1.00,paid\n");
    write(folder.path(), &[("log.csv", &bad), ("good.csv", LOG)]);
    let flags = format!("--purchases {} --quarantine {}", at("log.csv"), at("bad.csv"));
    assert_eq!(
        features(folder.path(), &format!("{flags} --max-bad-rows 40%")),
        features(folder.path(), &format!("--purchases {}", at("good.csv"))),
        "the good rows count as if the bad ones were not there"
    );
    let kept = fs::read_to_string(at("bad.csv")).unwrap().replace(&at("log.csv"), "log.csv");
    let expected = "file,row,column,value,reason\n\
        log.csv,5,ts,yesterday,\"\"\"yesterday\"\" is not a date (2024-03-01), a timestamp (2024-03-01T18:00:00Z), or what --ts-format says\"\n\
        log.csv,6,amount,'=1+1,\"\"\"=1+1\"\" is not an amount such as 12.50, within ±10¹²\"\n\
        log.csv,7,,,has 2 fields where the header has 5\n";
    assert_eq!(kept, expected);

    let out = at("none.parquet");
    let (code, said) = failed(&format!("features {flags} --max-bad-rows 10% --as-of 2024-04-01 --out {out}"));
    let message = "error: 3 of 8 rows are bad, more than --max-bad-rows allows; the first: log.csv: row 5, column \
                   \"ts\": \"yesterday\" is not a date (2024-03-01), a timestamp (2024-03-01T18:00:00Z), or what --ts-format says. All of them \
                   are in bad.csv";
    let said = said.replace(&at("log.csv"), "log.csv").replace(&at("bad.csv"), "bad.csv");
    assert_eq!((code, said.as_str()), (3, message));
    assert!(!Path::new(&out).exists());
    assert_eq!(fs::read_to_string(at("bad.csv")).unwrap().lines().count(), 4, "to be looked at");
}

#[test]
fn conditions_and_exclusions_leave_rows_out_and_say_so() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let kept = "customer_id,order_id,ts,amount\na,1,2024-01-01,5.00\na,2,2024-02-01,7.00\n";
    write(folder.path(), &[("log.csv", LOG), ("kept.csv", kept), ("staff.txt", "c\n\nnobody\n")]);
    let output = run_features(&[
        "--purchases",
        &at("log.csv"),
        "--where",
        "status not in (canceled, unavailable)",
        "--exclude",
        &at("staff.txt"),
        "--out",
        &at("x.parquet"),
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("1 rows of excluded or forgotten customers were left out"), "{said}");
    assert!(said.contains("1 rows that do not meet --where were left out"), "{said}");
    let expected = features(folder.path(), &format!("--purchases {}", at("kept.csv")));
    assert_eq!(fs::read(at("x.parquet")).unwrap(), expected);

    let unknown =
        run_features(&["--purchases", &at("log.csv"), "--where", "state = paid", "--out", &at("x.parquet")]);
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert_eq!(unknown.status.code(), Some(3));
    assert!(
        said.contains("no column \"state\", which --where is about; it has: customer_id, order_id"),
        "{said}"
    );
}

/// Runs `features` with arguments that may have spaces in them.
fn run_features(arguments: &[&str]) -> std::process::Output {
    crate::support::command("features --as-of 2024-04-01").args(arguments).output().unwrap()
}

#[test]
fn lines_that_repeat_another_are_left_out_when_asked() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let header = "customer_id,order_id,ts,amount,product_id\n";
    let lines = "a,1,2024-01-01,5,x\na,1,2024-01-01,5,y\nb,2,2024-01-02,3,x\n";
    write(
        folder.path(),
        &[
            ("log.csv", &format!("{header}{lines}")),
            ("again.csv", &format!("{header}b,2,2024-01-02,3,x\na,1,2024-01-01,5,x\nb,3,2024-01-05,3,x\n")),
            ("once.csv", &format!("{header}{lines}b,3,2024-01-05,3,x\n")),
        ],
    );
    let both = format!("--purchases {} {}", at("log.csv"), at("again.csv"));
    let once = features(folder.path(), &format!("--purchases {}", at("once.csv")));
    assert_eq!(features(folder.path(), &format!("{both} --drop-duplicates")), once);
    assert_ne!(features(folder.path(), &both), once, "every line counts unless that is asked");
    let output = run(&format!("horizon {both} --drop-duplicates"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("2 rows that repeat another were left out"), "{said}");
}

#[test]
fn an_output_that_is_an_input_is_refused_and_the_input_kept() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    write(
        folder.path(),
        &[("log.csv", LOG), ("log.parquet", LOG), ("staff.txt", "c\n"), ("a/purchases.parquet", LOG)],
    );
    std::os::unix::fs::symlink(at("log.csv"), at("link.parquet")).unwrap();
    for command in [
        format!("features --purchases {} --as-of 2024-04-01 --out {}", at("log.csv"), at("link.parquet")),
        format!("horizon --purchases {} --svg {}", at("log.csv"), at("log.csv")),
        format!("check --purchases {0} --max-bad-rows 1% --quarantine {0}", at("log.csv")),
        format!(
            "check --purchases {} --exclude {1} --max-bad-rows 1% --quarantine {1}",
            at("log.csv"),
            at("staff.txt")
        ),
    ] {
        let (code, said) = failed(&command);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("is read by this run: write to another file"), "{said}");
    }
    let (code, said) = failed(&format!("simulate --customers 10 --out {}", at("a")));
    assert_eq!(code, 6, "{said}");
    assert!(said.contains("it is there already, and no made-up shop's"), "{said}");
    assert_eq!(fs::read_to_string(at("log.csv")).unwrap(), LOG);
    assert_eq!(fs::read_to_string(at("a/purchases.parquet")).unwrap(), LOG);
    let twice = format!("check --purchases {} {}", at("log.csv"), at("link.parquet"));
    assert!(failed(&twice).1.contains("given twice"), "a link is the file it leads to");
}

#[test]
fn folders_patterns_and_partitions_are_the_files_in_them() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let header = "customer_id,order_id,ts,amount\n";
    let (one, two) = ("a,1,2024-01-01,5\nb,1,2024-01-02,3\n", "a,2,2024-02-01,7\n");
    write(
        folder.path(),
        &[
            ("all.csv", &format!("{header}{one}{two}")),
            ("log/shop=web/m.csv", &format!("{header}{one}")),
            ("log/shop=street/m.csv", &format!("{header}{two}")),
            ("log/_SUCCESS", ""),
            ("one.csv", &format!("{header}{one}")),
        ],
    );
    let all = features(folder.path(), &format!("--purchases {}", at("all.csv")));
    assert_eq!(features(folder.path(), &format!("--purchases {}", at("log"))), all);
    assert_eq!(features(folder.path(), &format!("--purchases {}", at("log/*/m.csv"))), all);
    let only_web = features(folder.path(), &format!("--purchases {} --where shop=web", at("log")));
    assert_eq!(only_web, features(folder.path(), &format!("--purchases {}", at("one.csv"))));

    fs::write(at("log/shop=web/n.xlsx"), "").unwrap();
    let notes = run(&format!("check --purchases {} --json", at("log"))).stderr;
    let notes = String::from_utf8(notes).unwrap();
    assert!(notes.contains("1 files are left alone") && notes.contains("n.xlsx"), "{notes}");
    write(folder.path(), &[("bad.csv", "customer_id,order_id,ts,amount\na,1,1.2.2024,5\na,2,2.2.2024,5\n")]);
    let (code, said) = failed(&format!("check --purchases {}", at("bad.csv")));
    assert_eq!(code, 3);
    assert!(
        said.contains("rows are bad, the first") && said.contains("\"1.2.2024\" is not a date"),
        "{said}"
    );

    let (code, said) = failed(&format!(
        "features --purchases {} {} --as-of 2024-04-01 --out {}",
        at("log"),
        at("log/shop=web/m.csv"),
        at("out.parquet")
    ));
    assert_eq!(code, 3);
    assert!(said.contains("given twice"), "{said}");
}

#[test]
fn a_clock_and_a_unit_are_said_once_for_all_files() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let header = "customer_id,order_id,ts,amount\n";
    write(
        folder.path(),
        &[
            ("utc.csv", &format!("{header}a,1,2024-01-01T04:30:00Z,5\na,2,2024-01-31T17:00:00Z,7\n")),
            ("clock.csv", &format!("{header}a,1,2024-01-01 12:30:00,5\na,2,2024-02-01T01:00:00,7\n")),
            ("epoch.csv", &format!("{header}a,1,1704083400000,5\na,2,1706720400000,7\n")),
        ],
    );
    let utc = features(folder.path(), &format!("--purchases {}", at("utc.csv")));
    let of = |name: &str, flags: &str| features(folder.path(), &format!("--purchases {} {flags}", at(name)));
    assert_eq!(of("clock.csv", "--time-zone Asia/Shanghai"), utc);
    assert_eq!(of("epoch.csv", "--ts-unit ms"), utc);
}

#[test]
fn a_german_file_is_read_as_it_is_written() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    write(
        folder.path(),
        &[
            (
                "iso.csv",
                "customer_id,order_id,ts,amount\na,1,2024-01-01T11:30:00Z,1234.5\nb,2,2024-01-31,-7\n",
            ),
            (
                "german.csv",
                "customer_id;order_id;ts;amount\na;1;01.01.2024 12:30;1.234,50\nb;2;31.01.2024;-7\nc;3;31.01.2024;0,50\n",
            ),
            (
                "shop.toml",
                "purchases = [\"german.csv\"]\nts_formats = [\"%d.%m.%Y %H:%M\", \"%d.%m.%Y\"]\ndecimal_comma = true\n\
                 time_zone = \"Europe/Berlin\"\nwhere = [\"amount != 0.5\"]\n",
            ),
        ],
    );
    let iso = features(folder.path(), &format!("--purchases {}", at("iso.csv")));
    let flags = "--decimal-comma --time-zone Europe/Berlin --where amount!=0.5 --ts-format %d.%m.%Y";
    let purchases = at("german.csv");
    let german = format!("--purchases {purchases} {flags}");
    let (code, said) = failed(&format!("features {german} --as-of 2024-04-01 --out {}", at("out.parquet")));
    assert_eq!(code, 3);
    assert!(
        said.contains("row 1, column \"ts\": \"01.01.2024 12:30\"") && said.contains("--ts-format"),
        "{said}"
    );
    assert_eq!(features(folder.path(), &format!("--config {}", at("shop.toml"))), iso);
}

#[test]
fn thousands_that_are_parted_by_commas_are_read_once_it_is_said() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = |amount: &str| {
        format!("customer_id,order_id,ts,amount\na,1,2024-01-01,{amount}\nb,2,2024-01-31,-7\n")
    };
    write(folder.path(), &[("plain.csv", &log("1234.5")), ("excel.csv", &log("\"1,234.50\""))]);
    let (code, said) = failed(&format!(
        "features --purchases {} --as-of 2024-04-01 --out {}",
        at("excel.csv"),
        at("out.parquet")
    ));
    assert!(code == 3 && said.contains("1,234.50 with --thousands-comma"), "{said}");
    let excel = features(folder.path(), &format!("--purchases {} --thousands-comma", at("excel.csv")));
    assert_eq!(excel, features(folder.path(), &format!("--purchases {}", at("plain.csv"))));
    let (code, said) =
        failed(&format!("check --purchases {} --thousands-comma --decimal-comma", at("plain.csv")));
    assert_eq!(code, 2, "{said}");
}

#[test]
fn a_file_in_another_encoding_is_read_once_it_is_said_which() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = |customer: &[u8]| {
        [b"customer_id,order_id,ts,amount\n".as_slice(), customer, b",1,2024-01-01,5\n"].concat()
    };
    fs::write(at("utf8.csv"), log("Müller".as_bytes())).unwrap();
    fs::write(at("latin.csv"), log(b"M\xfcller")).unwrap();
    let wide = String::from_utf8(log("Müller".as_bytes())).unwrap();
    let wide: Vec<u8> = wide.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(at("wide.csv"), [b"\xff\xfe".as_slice(), &wide].concat()).unwrap();

    let utf8 = features(folder.path(), &format!("--purchases {}", at("utf8.csv")));
    let latin = format!("--purchases {}", at("latin.csv"));
    let (code, said) = failed(&format!("features {latin} --as-of 2024-04-01 --out {}", at("out.parquet")));
    assert_eq!(code, 3);
    assert!(said.contains("row 1, column \"customer_id\": is not UTF-8 text: say how"), "{said}");
    assert_eq!(features(folder.path(), &format!("{latin} --encoding windows-1252")), utf8);
    assert_eq!(features(folder.path(), &format!("--purchases {}", at("wide.csv"))), utf8, "marked as UTF-16");
    let (code, said) = failed(&format!(
        "features {latin} --where customer_id!=b --as-of 2024-04-01 --out {}",
        at("out.parquet")
    ));
    assert_eq!(code, 3);
    assert!(said.contains("is not UTF-8 text"), "what a condition is about is read too: {said}");
    let flags = "--encoding shift_jis --as-of 2024-04-01";
    let (code, said) = failed(&format!("features {latin} {flags} --out {}", at("out.parquet")));
    assert_eq!(code, 3);
    assert!(said.contains("is no text of that --encoding"), "{said}");
}

#[test]
fn a_configuration_says_what_flags_say_and_flags_come_before_it() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let config = "purchases = [\"log/*.csv\"]\nwhere = [\"status != canceled\"]\ndelimiter = \"tab\"\n\
                  [columns]\ncustomer_id = \"who\"\n";
    write(
        folder.path(),
        &[
            ("shop.toml", config),
            ("log/x.csv", &LOG.replace("customer_id", "who").replace(',', "\t")),
            ("plain.csv", LOG),
        ],
    );
    let configured = features(folder.path(), &format!("--config {}", at("shop.toml")));
    let flags = format!("--purchases {} --where status!=canceled", at("plain.csv"));
    assert_eq!(configured, features(folder.path(), &flags));
    let (code, said) = failed("features --as-of 2024-04-01 --out x.parquet --config /no/such.toml");
    assert_eq!(code, 3);
    assert!(said.contains("/no/such.toml: cannot be read"), "{said}");
    assert_eq!(run("features --as-of 2024-04-01 --out x.parquet").status.code(), Some(2));
}

#[test]
fn a_cancelled_order_is_none_from_its_cancellation_on() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let log = "customer_id,order_id,ts,amount,cancels_order_id\n\
               a,1,2024-01-01,5,\na,2,2024-02-01,7,\na,9,2024-03-01,-7,2\n";
    write(folder.path(), &[("log.csv", log)]);
    let csv = |as_of: &str| {
        let flags = format!("--purchases {} --as-of {as_of} --features core,returns", at("log.csv"));
        done(&format!("features {flags} --out {}", at("f.parquet")));
        first_row(&at("f.parquet"))
    };
    assert_eq!(csv("2024-02-28"), [27.0, 2.0, 6.0, 0.0, 58.0, 0.0, 0.0, 0.0]);
    assert_eq!(csv("2024-03-01"), [60.0, 1.0, 5.0, 0.0, 60.0, 1.0, 7.0, 7.0 / 12.0]);
}

/// The numbers of the first row of a Parquet file.
fn first_row(path: &str) -> Vec<f64> {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int64Type};
    let file = fs::File::open(path).unwrap();
    let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let number = |column: &arrow_array::ArrayRef| match column.as_primitive_opt::<Int64Type>() {
        Some(whole) => whole.value(0) as f64,
        None => column.as_primitive::<Float64Type>().value(0),
    };
    batch.columns().iter().skip(1).map(number).collect()
}
