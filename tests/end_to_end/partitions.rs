//! Scored lists as a folder of partitions.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{done, failed, folder, shop, store_like_the_shops};

/// What a list in a Parquet file says of each customer, in its order.
fn rows(path: &Path) -> Vec<Value> {
    let told = done(&format!("list --format json --top 100000 --sort customer --scores {}", path.display()));
    let told: Vec<serde_json::Map<String, Value>> = serde_json::from_str(&told).unwrap();
    let kept =
        ["customer_id", "as_of", "churn_probability", "lifetime_value", "action", "net_value", "reason_1"];
    let of_row = |row: &serde_json::Map<String, Value>| kept.map(|name| row[name].clone()).into();
    told.iter().map(of_row).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_folder_gets_a_partition_of_the_day_in_files_of_so_many_customers() {
    let work = folder();
    let (whole, out) = (work.path().join("whole.parquet"), work.path().join("lists"));
    let store = work.path().join("store");
    fs::create_dir(&store).unwrap();
    fs::copy(shop().store.join("model.mainstay"), store.join("model.mainstay")).unwrap();
    let score = |out: &str, more: &str| {
        done(&format!("score {} --store {} --out {out} {more}", shop().input(), store.display()))
    };
    score(&whole.display().to_string(), "");
    let expected = rows(&whole);
    assert!(expected.len() > 100, "{}", expected.len());

    let to = format!("{}/", out.display());
    score(&to, "--rows-per-file 40 --dry-run");
    assert!(!out.exists(), "a rehearsal makes nothing");
    let said = score(&to, "--rows-per-file 40");
    let partition = out.join(&names(&out)[0]);
    assert!(said.contains(&partition.display().to_string()), "{said}");
    let day = expected[0][1].as_str().unwrap().split('T').next().unwrap().to_owned();
    assert_eq!(names(&out), [format!("as_of_date={day}")]);
    let files = names(&partition);
    assert_eq!(files.len(), expected.len().div_ceil(40));
    assert_eq!(files[1], "part-00001.parquet");
    let parts: Vec<Vec<Value>> = files.iter().map(|file| rows(&partition.join(file))).collect();
    assert!(parts[..parts.len() - 1].iter().all(|part| part.len() == 40));
    assert!(parts.concat() == expected, "the parts are the list, in its order");

    // The same day again takes its place, another day comes beside it.
    score(&to, "");
    assert_eq!(names(&partition), ["part-00000.parquet"]);
    assert!(rows(&partition.join("part-00000.parquet")) == expected);
    score(&to, "--as-of 2023-12-01");
    assert_eq!(names(&out), ["as_of_date=2023-12-01".to_owned(), format!("as_of_date={day}")]);
}

/// What a scheduler goes by is the same for `score` as for `nightly`.
#[test]
fn how_a_scoring_failed_is_told_by_its_exit_code() {
    let work = folder();
    let out = work.path().join("out.parquet");
    let (input, store) = (shop().input(), shop().store.display());
    let code = |flags: &str| failed(&format!("score {flags}")).0;
    let out = out.display();
    assert_eq!(code(&format!("{input} --store {store} --out {out}.txt")), 2);
    assert_eq!(code(&format!("{input} --store {store} --out {out} --as-of 1990-01-01")), 3);
    assert_eq!(code(&format!("--purchases {out} --store {store} --out {out}.csv")), 3);
    assert_eq!(code(&format!("{input} --store {} --out {out}", work.path().display())), 4);
    assert_eq!(code(&format!("{input} --store {store} --out {}/no/out.csv", work.path().display())), 1);
}

#[test]
fn a_list_of_a_day_of_the_past_can_leave_the_newest_as_it_is() {
    let work = folder();
    let store = work.path().join("store");
    store_like_the_shops(&store);
    let score = |out: &str, more: &str| {
        let out = work.path().join(out);
        done(&format!("score {} --store {} --out {} {more}", shop().input(), store.display(), out.display()));
        rows(&out)
    };
    let newest = score("newest.parquet", "");
    let past = score("past.parquet", "--as-of 2023-06-01 --apart");
    assert!(past[0][1].as_str().unwrap().starts_with("2023-06-01") && newest[0][1] != past[0][1]);
    assert_eq!(rows(&store.join("scores.parquet")), newest);
    assert!(!store.join("scores-before.parquet").exists());
    let left = names(&store).into_iter().filter(|name| name.ends_with(".part")).count();
    assert_eq!(left, 0);
}
