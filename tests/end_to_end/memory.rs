//! Logs larger than memory: what does not fit goes through files, and the outputs are the same to the last byte.

use std::fs;

use crate::support::{done, failed, folder, run};

/// A made-up shop's files, and the flags to read them.
fn shop(folder: &std::path::Path, customers: u32) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    done(&format!("simulate --customers {customers} --seed 5 --out {}", at("shop")));
    ["purchases", "complaints", "contacts", "customers"]
        .map(|table| format!("--{table} {}", at(&format!("shop/{table}.parquet"))))
        .join(" ")
}

#[test]
fn outputs_are_the_same_whether_the_log_fits_or_not() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    // Their rows take more than the 16 MiB that they may take of 64.
    let input = shop(folder.path(), 30_000);
    let outputs = |name: &str, flags: &str| -> Vec<Vec<u8>> {
        let out = |file: &str| at(&format!("{name}-{file}"));
        let store = at(name);
        let instants = "--as-of 2023-06-01 2023-10-01";
        let read = format!("{input} {flags}");
        done(&format!("features {read} {instants} --out {}", out("features.parquet")));
        done(&format!("train {read} --horizon 60d --lookback 180d --store {store}"));
        done(&format!("score {read} --store {store} --out {}", out("scores.parquet")));
        let horizon = done(&format!("horizon {read} --json"));
        let files = [out("features.parquet"), out("scores.parquet"), format!("{store}/model.mainstay")];
        let mut outputs: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        outputs.push(horizon.into_bytes());
        outputs.push(done(&format!("report {read} --lookback 180d --json")).into_bytes());
        // By then outcomes have come that the training did not know.
        let drift = done(&format!("drift {read} --as-of 2024-03-15 --store {store} --json"));
        assert!(drift.contains("\"calibration\""), "{drift}");
        outputs.push(drift.into_bytes());
        outputs
    };
    let spilled = run(&format!("horizon {input} --memory 64MiB"));
    let said = String::from_utf8(spilled.stderr).unwrap();
    assert!(said.contains("more than --memory lets be in memory"), "{said}");
    let whole = outputs("whole", "");
    for (number, (ours, theirs)) in outputs("parts", "--memory 64MiB").iter().zip(&whole).enumerate() {
        assert!(ours == theirs, "output {number}");
    }
}

#[test]
fn a_kept_history_is_the_same_whether_its_rows_fitted_or_not() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let input = shop(folder.path(), 30_000);
    for (store, flags) in [("whole", ""), ("parts", "--memory 64MiB")] {
        done(&format!("ingest {input} {flags} --store {}", at(store)));
    }
    let segment = |store: &str| fs::read(at(&format!("{store}/history/segment-000001.history"))).unwrap();
    assert!(segment("whole") == segment("parts"));
    for flags in ["", "--memory 64MiB"] {
        let out = at("features.parquet");
        done(&format!("features --store {} {flags} --as-of 2023-10-01 --out {out}", at("whole")));
        let kept = fs::read(&out).unwrap();
        done(&format!("features {input} --as-of 2023-10-01 --out {out}"));
        assert!(kept == fs::read(&out).unwrap(), "{flags}");
    }
}

#[test]
fn what_is_noted_of_a_history_is_believed_of_no_other() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let input = shop(folder.path(), 30_000);
    // Without what customers files say: a list by this store's note would lack columns.
    let (events, _) = input.split_once(" --customers").unwrap();
    done(&format!("ingest {events} --memory 64MiB --store {}", at("other")));
    done(&format!("ingest {input} --memory 64MiB --store {}", at("store")));
    done(&format!("train {input} --horizon 60d --lookback 180d --store {}", at("store")));
    let note = at("store/history/noted");
    let (noted, other) = (fs::read(&note).unwrap(), fs::read(at("other/history/noted")).unwrap());
    let mut damaged = noted.clone();
    *damaged.last_mut().unwrap() ^= 1;

    let score = |flags: &str| {
        done(&format!("score --store {} {flags} --out {}", at("store"), at("out.parquet")));
        fs::read(at("out.parquet")).unwrap()
    };
    let whole = score("");
    let contents = [
        ("as written", Some(&noted)),
        ("of another", Some(&other)),
        ("damaged", Some(&damaged)),
        ("none", None),
    ];
    for (is, content) in contents {
        match content {
            Some(content) => fs::write(&note, content).unwrap(),
            None => fs::remove_file(&note).unwrap(),
        }
        done(&format!("score --store {} --memory 64MiB --dry-run --out {}", at("store"), at("out.parquet")));
        assert!(fs::read(&note).ok().as_ref() == content, "{is}: a dry run writes nothing");
        assert!(score("--memory 64MiB") == whole, "{is}");
        assert!(fs::read(&note).unwrap() == noted, "{is}: noted for the next");
    }
}

#[test]
fn a_night_notes_what_an_ingest_notes() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let input = shop(folder.path(), 30_000);
    done(&format!("train {input} --horizon 60d --lookback 180d --store {}", at("night")));
    let tables = ["purchases", "complaints", "contacts", "customers"];
    let lines = tables.map(|table| format!("{table} = [{:?}]\n", at(&format!("shop/{table}.parquet"))));
    let config = format!(
        "memory = \"64MiB\"\n{}[nightly]\nstore = {:?}\nmost_days_old = 40000\ngap_days = 0\n",
        lines.concat(),
        at("night")
    );
    fs::write(at("nightly.toml"), config).unwrap();
    done(&format!("nightly --config {}", at("nightly.toml")));
    done(&format!("ingest {input} --memory 64MiB --store {}", at("day")));
    assert_eq!(fs::read(at("night/history/noted")).unwrap(), fs::read(at("day/history/noted")).unwrap());
}

#[test]
fn too_little_memory_and_no_folder_for_the_rest_are_said() {
    let (code, said) = failed("horizon --purchases x.csv --memory 1MiB");
    assert_eq!(code, 2);
    assert!(said.contains("--help"), "{said}");
    let mut command = crate::support::command("horizon --memory 64MiB --purchases");
    let output = command.arg(crate::support::CDNOW).env("TMPDIR", "/no/such/folder").output().unwrap();
    assert_eq!(output.status.code(), Some(6));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/no/such/folder: cannot be written") && said.contains("TMPDIR"), "{said}");
    let output = run(&format!("check --purchases {} --memory 64MiB", crate::support::CDNOW));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("does not keep to --memory"), "{said}");
}
