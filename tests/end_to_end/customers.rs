//! Customers files: what they say is known from when on it is valid, and passes through.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};
use mainstay_features::units::Instant;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use crate::server::Server;
use crate::support::{done, failed, folder, json, run, shop};

const LOG: &str = "customer_id,order_id,ts,amount\n\
                   a,1,2024-01-01,5\n\
                   b,2,2024-01-02,7\n";
const CUSTOMERS: &str = "customer_id,valid_from,name,phone,account_owner,region,size,vip\n\
                         a,2024-01-01,Ann,+1,Eve,north,10,no\n\
                         a,2024-02-01,Anna,,Eve,south,12.5,\n\
                         b,2024-02-15,Bob,+2,,west,,yes\n\
                         nobody,2024-01-01,,,,east,1,\n";

/// The only row group of a Parquet file.
fn batch(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    reader.with_batch_size(1 << 20).build().unwrap().next().unwrap().unwrap()
}

/// The texts of a column; no text is a dash.
fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap_or("–").to_owned()).collect()
}

fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
}

fn names(batch: &RecordBatch) -> Vec<String> {
    batch.schema().fields().iter().map(|field| field.name().clone()).collect()
}

/// A folder with the small log and its customers, and the flags to read them.
fn small() -> (tempfile::TempDir, String) {
    let folder = folder();
    let (log, customers) = (folder.path().join("log.csv"), folder.path().join("customers.csv"));
    fs::write(&log, LOG).unwrap();
    fs::write(&customers, CUSTOMERS).unwrap();
    let input = format!("--purchases {} --customers {}", log.display(), customers.display());
    (folder, input)
}

#[test]
fn attributes_are_columns_after_the_features_with_what_was_known_then() {
    let (folder, input) = small();
    let out = folder.path().join("f.parquet");
    let said = done(&format!(
        "features {input} --as-of 2024-01-31 2024-02-20 --features core --out {}",
        out.display()
    ));
    assert!(said.starts_with("4 rows of 5 features"), "{said}");
    assert_eq!(names(&batch(&out)).len(), 7, "what is asked for and no more");

    done(&format!("features {input} --as-of 2024-01-31 2024-02-20 --out {}", out.display()));
    let table = batch(&out);
    assert!(names(&table).ends_with(&["region", "size", "vip"].map(str::to_owned)), "{:?}", names(&table));
    for private in ["name", "phone", "account_owner", "valid_from"] {
        assert!(table.column_by_name(private).is_none(), "{private} is no feature");
    }
    assert_eq!(texts(&table, "customer_id"), ["a", "a", "b", "b"]);
    assert_eq!(texts(&table, "region"), ["north", "south", "–", "west"]);
    assert_eq!(numbers(&table, "size"), [Some(10.0), Some(12.5), None, None]);
    assert_eq!(texts(&table, "vip"), ["no", "–", "–", "yes"], "an empty value ends the one before");

    for (asked, columns) in [
        ("attributes", &["customer_id", "region", "size", "vip"] as &[&str]),
        ("vip,recency_days,size,vip", &["customer_id", "recency_days", "vip", "size"]),
    ] {
        done(&format!("features {input} --as-of 2024-02-20 --features {asked} --out {}", out.display()));
        assert_eq!(names(&batch(&out)), columns, "{asked}");
    }
    let (code, said) =
        failed(&format!("features {input} --as-of 2024-02-20 --features tier --out {}", out.display()));
    assert_eq!(code, 2);
    assert!(said.contains("--features tier: no feature or family has this name"), "{said}");
}

#[test]
fn what_does_not_say_since_when_is_no_feature_and_that_is_noted() {
    let (folder, _) = small();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("undated.csv"), "customer_id,region,who\na,north,Ann\n").unwrap();
    let input = format!(
        "--purchases {} --customers {} --column customers.name=who",
        at("log.csv"),
        at("undated.csv")
    );
    let output = run(&format!("features {input} --as-of 2024-02-20 --out {}", at("f.parquet")));
    let said = String::from_utf8(output.stderr).unwrap();
    let note =
        "rows without valid_from are part of no feature, as nothing says since when they are so: region\n";
    assert_eq!(said.matches(note).count(), 1, "{said}");
    assert!(batch(&folder.path().join("f.parquet")).column_by_name("region").is_none());
}

#[test]
fn parquet_columns_of_any_plain_type_read_as_their_text_does() {
    use arrow_array::{
        ArrayRef, BooleanArray, Float32Array, Int64Array, StringArray, TimestampMicrosecondArray,
    };
    use std::sync::Arc;
    let (folder, _) = small();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let columns: [(&str, ArrayRef); 6] = [
        ("customer_id", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("valid_from", Arc::new(TimestampMicrosecondArray::from(vec![0, 0]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("count", Arc::new(Int64Array::from(vec![Some(7), None]))),
        ("share", Arc::new(Float32Array::from(vec![0.5, f32::NAN]))),
        ("since", Arc::new(TimestampMicrosecondArray::from(vec![Some(86_400_000_000), None]))),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(at("c.parquet")).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    fs::write(
        at("c.csv"),
        "customer_id,valid_from,flag,count,share,since\n\
         a,1970-01-01,true,7,0.5,1970-01-02T00:00:00Z\nb,1970-01-01,,,,\n",
    )
    .unwrap();
    let read = |file: &str| {
        let input = format!("--purchases {} --customers {}", at("log.csv"), at(file));
        done(&format!("features {input} --as-of 2024-02-20 --out {}", at("f.parquet")));
        fs::read(at("f.parquet")).unwrap()
    };
    assert!(read("c.parquet") == read("c.csv"));
    let table = batch(&folder.path().join("f.parquet"));
    assert_eq!(numbers(&table, "share"), [Some(0.5), None]);
    assert_eq!(texts(&table, "flag"), ["true", "–"]);
}

#[test]
fn a_customers_file_that_cannot_be_is_named_with_its_column() {
    let (folder, _) = small();
    let [log, file, out] = ["log.csv", "c.csv", "none.parquet"].map(|name| folder.path().join(name));
    for (content, flags, message) in [
        (
            "customer_id,recency_days\na,1\n",
            "",
            "c.csv: column \"recency_days\" would be an attribute, and outputs have a column of that name already; \
             rename it, or say with --column which field it holds",
        ),
        (
            "customer_id,who\n1,a\n",
            "--column customers.customer_id=who",
            "c.csv: column \"customer_id\" would be an attribute, and outputs have a column of that name already; \
             rename it, or say with --column which field it holds",
        ),
        (
            "customer_id,tier,tier\na,1,2\n",
            "",
            "c.csv: more than one column is named \"tier\"; rename one of them",
        ),
        (
            "id,tier\na,1\n",
            "",
            "c.csv: no column \"customer_id\"; it has: id, tier. Name the right one with --column customer_id=NAME",
        ),
        (
            "customer_id,tier,consent_post\na,1,yes\na,1,Nein\na,1,是\na,1,\na,1,perhaps\n",
            "",
            "c.csv: row 5, column \"consent_post\": \"perhaps\" is neither yes nor no (nor true or false, 1 or 0, ja or nein, \
             oui or non, 是 or 否) (mend it, or leave such rows out with --max-bad-rows)",
        ),
        (
            "customer_id,valid_from,tier\na,soon,1\n",
            "",
            "c.csv: row 1, column \"valid_from\": \"soon\" is not a date (2024-03-01), a timestamp (2024-03-01T18:00:00Z), \
             or what --ts-format says (mend it, or leave such rows out with --max-bad-rows)",
        ),
    ] {
        fs::write(&file, content).unwrap();
        let input = format!("--purchases {} --customers {} {flags}", log.display(), file.display());
        let (code, said) = failed(&format!("features {input} --as-of 2024-02-20 --out {}", out.display()));
        let said = said.replace(&format!("{}/", folder.path().display()), "");
        assert_eq!((code, said), (3, format!("error: {message}")));
    }
}

/// Whom an offer may reach is not lost because the shop calls its column otherwise.
#[test]
fn consents_are_read_from_columns_of_any_name_and_those_that_are_not_read_are_found() {
    let folder = folder();
    let here = folder.path().display();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("log.csv", LOG);
    write("c.csv", "customer_id,短信同意,原因\na,否,price\nb,maybe,\n");
    let input = format!("--purchases {here}/log.csv --customers {here}/c.csv --as-of 2024-03-01");
    let found = done(&format!("check {input}"));
    assert!(found.contains("\"短信同意\": if it says whom the shop may turn to"), "{found}");
    let named = format!("{input} --column consent_sms=短信同意 --column customers.churn_cause=原因");
    let found = done(&format!("check {named}"));
    assert!(!found.contains("whom the shop may turn to"), "{found}");
    assert!(found.contains("consent_sms") && found.contains("maybe"), "neither yes nor no: {found}");

    let said = |flags: &str| failed(&format!("check {input} {flags}"));
    let (code, message) = said("--column consent_sms=同意");
    assert_eq!(code, 3);
    assert!(message.contains("no column \"同意\"; it has: customer_id, 短信同意, 原因"), "{message}");
    let output = run(&format!("check {input} --column complaints.consent_sms=短信同意"));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("consent_sms is in customers files, and in no others"), "{message}");
}

#[test]
fn bad_rows_about_customers_go_to_quarantine_like_others() {
    let (folder, _) = small();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::write(at("c.csv"), "customer_id,valid_from,tier\na,soon,1\na,2024-01-01,2\n").unwrap();
    fs::write(
        at("shop.toml"),
        "purchases = [\"log.csv\"]\ncustomers = [\"c.csv\"]\nmax_bad_rows = \"50%\"\nquarantine = \"bad.csv\"\n",
    )
    .unwrap();
    done(&format!("features --config {} --as-of 2024-02-20 --out {}", at("shop.toml"), at("f.parquet")));
    assert_eq!(numbers(&batch(&folder.path().join("f.parquet")), "tier"), [Some(2.0), None]);
    let bad = fs::read_to_string(at("bad.csv")).unwrap();
    assert!(bad.lines().nth(1).unwrap().contains("c.csv,1,valid_from,soon,"), "{bad}");
}

#[test]
fn lists_show_name_phone_and_owner_as_of_their_instant() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    // Two of the shop's customers, one of them under two names, and nothing of the others.
    let scored = fs::read_to_string(&shop().scores).unwrap();
    let ids: Vec<&str> = scored.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    let customers = format!(
        "customer_id,valid_from,name,phone,account_owner,region\n\
         {0},,\"Ann, Old\",,Eve,north\n{0},2023-01-01,Ann,+1,,south\n{0},2035-01-01,Future,+9,,\n{1},,Bob,,,\n",
        ids[0], ids[1]
    );
    fs::write(at("customers.csv"), customers).unwrap();
    fs::write(at("vip.csv"), format!("customer_id,vip\n{},yes\n", ids[1])).unwrap();
    fs::create_dir(at("store")).unwrap();
    fs::copy(shop().store.join("model.mainstay"), folder.path().join("store/model.mainstay")).unwrap();
    let input = format!("{} --customers {} {}", shop().input(), at("customers.csv"), at("vip.csv"));
    done(&format!("score {input} --store {} --out {}", at("store"), at("scores.csv")));

    let lines: Vec<String> =
        fs::read_to_string(at("scores.csv")).unwrap().lines().map(str::to_owned).collect();
    assert!(lines[0].ends_with(",reason_codes,name,phone,account_owner,region,vip"), "{}", lines[0]);
    assert!(lines[1].ends_with(",Ann,'+1,,south,"), "{}", lines[1]);
    assert!(lines[2].ends_with(",Bob,,,,yes") && lines[3].ends_with(",,,,,"), "{}", lines[2]);
    let before: Vec<&str> = scored.lines().collect();
    assert!(
        lines.iter().zip(&before).all(|(with, without)| with.starts_with(without)),
        "the scores are the same"
    );
    let parquet = batch(&folder.path().join("store/scores.parquet"));
    assert_eq!(texts(&parquet, "name")[..3], ["Ann", "Bob", "–"]);

    let all = format!("--top {}", ids.len());
    let from_store = json(&format!("list --store {} {all} --format json", at("store")));
    let from_file = json(&format!("list --scores {} {all} --format json", at("scores.csv")));
    assert_eq!(from_store, from_file);
    let rows = from_store.as_array().unwrap();
    let of = |id: &str| rows.iter().find(|row| row["customer_id"] == id).unwrap();
    assert_eq!((&of(ids[0])["name"], &of(ids[0])["account_owner"]), (&"Ann".into(), &Value::Null));
    assert_eq!((&of(ids[1])["vip"], &of(ids[2])["name"]), (&"yes".into(), &Value::Null));
    let (_, _, served) = Server::start(&at("store")).get(&format!("/v1/at-risk?top={}", ids.len()));
    for (served, row) in served.as_array().unwrap().iter().zip(rows) {
        assert!(served.as_object().unwrap().iter().all(|(name, value)| &row[name] == value), "{served}");
    }
    let printed = done(&format!("list --store {} {all} --format csv", at("store")));
    assert!(printed.lines().any(|line| line.starts_with(&lines[1])), "{printed}");
    let table = done(&format!("list --store {} {all}", at("store")));
    assert!(table.lines().next().unwrap().ends_with("account owner"), "{table}");
    let table = done(&format!("list --store {} {all} --columns customer_id,region,vip", at("store")));
    assert!(table.lines().any(|line| line.starts_with(ids[1]) && line.ends_with("yes")), "{table}");
}

/// What a simulated shop's customers file says of region and age band at an instant, read without the product.
fn expected(customers: &Path, as_of: Instant) -> BTreeMap<String, (Instant, String, String)> {
    let rows = batch(customers);
    let from = rows.column_by_name("valid_from").unwrap().as_primitive::<TimestampMicrosecondType>();
    let (ids, regions, bands) =
        (texts(&rows, "customer_id"), texts(&rows, "region"), texts(&rows, "age_band"));
    let mut known: BTreeMap<String, (Instant, String, String)> = BTreeMap::new();
    for (i, id) in ids.iter().enumerate() {
        let from = Instant::from_micros(from.value(i)).unwrap();
        let is_newer = known.get(id).is_none_or(|(known, ..)| *known < from);
        if from <= as_of && is_newer {
            known.insert(id.clone(), (from, regions[i].clone(), bands[i].clone()));
        }
    }
    known
}

#[test]
fn a_simulated_shops_customers_are_known_as_they_were_from_files_and_from_the_kept_history() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    done(&format!("simulate --customers 3000 --seed 5 --out {}", at("shop")));
    let input =
        format!("--purchases {} --customers {}", at("shop/purchases.parquet"), at("shop/customers.parquet"));
    let features = |flags: &str| {
        done(&format!("features {flags} --as-of 2023-06-01 2023-12-01 --out {}", at("f.parquet")));
        fs::read(at("f.parquet")).unwrap()
    };
    let one = features(&format!("{input} --threads 1"));
    assert!(one == features(&format!("{input} --threads 2")), "threads");
    done(&format!("ingest --purchases {} --store {}", at("shop/purchases.parquet"), at("store")));
    done(&format!("ingest --customers {} --store {}", at("shop/customers.parquet"), at("store")));
    assert!(one == features(&format!("--store {}", at("store"))), "kept");

    let table = batch(&folder.path().join("f.parquet"));
    let (ids, regions, bands) =
        (texts(&table, "customer_id"), texts(&table, "region"), texts(&table, "age_band"));
    let instants = table.column_by_name("as_of").unwrap().as_primitive::<TimestampMicrosecondType>();
    let mut changed = 0;
    for as_of in ["2023-06-01", "2023-12-01"].map(|text| text.parse::<Instant>().unwrap()) {
        let known = expected(&folder.path().join("shop/customers.parquet"), as_of);
        let latest = expected(&folder.path().join("shop/customers.parquet"), Instant::MAX);
        for i in (0..ids.len()).filter(|&i| instants.value(i) == as_of.micros()) {
            let (_, region, band) = &known[&ids[i]];
            assert_eq!((&regions[i], &bands[i]), (region, band), "{}", ids[i]);
            changed += usize::from(latest[&ids[i]].1 != *region);
        }
    }
    assert!(changed > 0, "some have moved since: a look ahead would show");
}
