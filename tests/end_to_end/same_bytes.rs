//! The same input gives the same bytes: one thread or two, whatever the order of rows and the format.

use std::fs;
use std::path::Path;

use crate::support::{done, folder, shop};

/// Features, model and scores of an input, made with some flags.
fn bytes(input: &str, flags: &str) -> [Vec<u8>; 4] {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let here = folder.path().display();
    done(&format!("features {input} --as-of 2023-06-01 2023-08-01 --out {here}/f.parquet {flags}"));
    done(&format!("train {input} --horizon 60d --lookback 180d --seed 3 --store {here}/store {flags}"));
    done(&format!("score {input} --store {here}/store --out {here}/s.csv {flags}"));
    let read = |path: &Path| fs::read(path).unwrap();
    [
        read(&at("f.parquet")),
        read(&at("store/model.mainstay")),
        read(&at("store/scores.parquet")),
        read(&at("s.csv")),
    ]
}

fn assert_same(ours: &[Vec<u8>; 4], theirs: &[Vec<u8>; 4]) {
    for (name, (a, b)) in
        ["features", "model", "scores.parquet", "scores.csv"].iter().zip(ours.iter().zip(theirs))
    {
        assert!(a == b, "{name} differs");
    }
}

#[test]
fn one_thread_and_two() {
    let input = shop().input();
    assert_same(&bytes(&input, "--threads 1"), &bytes(&input, "--threads 2"));
}

#[test]
fn rows_backwards_and_in_two_files() {
    let folder = folder();
    let backwards = |path: &Path, name: &str, from: usize, to: usize| {
        let text = fs::read_to_string(path).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.reverse();
        let to = to.min(rows.len());
        let file = folder.path().join(name);
        fs::write(&file, format!("{header}\n{}\n", rows[from.min(to)..to].join("\n"))).unwrap();
        file.display().to_string()
    };
    let input = format!(
        "--purchases {} {} --complaints {}",
        backwards(&shop().purchases, "1.csv", 0, 1000),
        backwards(&shop().purchases, "2.csv", 1000, usize::MAX),
        backwards(&shop().complaints, "c.csv", 0, usize::MAX),
    );
    assert_same(&bytes(&shop().input(), ""), &bytes(&input, ""));
}

#[test]
fn a_rerun_over_old_outputs() {
    let folder = folder();
    let run = || {
        let store = folder.path().display();
        done(&format!("train {} --horizon 60d --lookback 180d --store {store}", shop().input()));
        fs::read(folder.path().join("model.mainstay")).unwrap()
    };
    assert!(run() == run());
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["model.lock", "model.mainstay", "models"], "no temporary file is left");
}

#[test]
fn a_simulated_shop_is_the_same_on_any_number_of_threads_and_is_read_like_a_real_one() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for threads in ["1", "2"] {
        done(&format!("simulate --customers 9000 --seed 7 --threads {threads} --out {}", at(threads)));
    }
    let files = [
        "purchases.parquet",
        "complaints.parquet",
        "contacts.parquet",
        "customers.parquet",
        "truth.parquet",
        "truth.json",
    ];
    for file in files {
        let read = |threads: &str| fs::read(folder.path().join(threads).join(file)).unwrap();
        assert!(read("1") == read("2"), "{file}");
    }
    let input = format!(
        "--purchases {} --complaints {} --contacts {}",
        at("1/purchases.parquet"),
        at("1/complaints.parquet"),
        at("1/contacts.parquet")
    );
    // Its files have a column for everything there is a feature for.
    let told = done(&format!("features {input} --as-of 2023-12-01 --out {}", at("features.parquet")));
    assert!(told.contains("rows of 46 features"), "{told}");
}
