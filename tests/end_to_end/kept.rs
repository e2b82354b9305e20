//! The kept history: it is the history of its files, whatever they come in, and sending one again changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{command, done, failed, folder, json, run, shop};

/// The shop's purchases in so many files.
fn in_pieces(folder: &Path, pieces: usize) -> Vec<PathBuf> {
    let text = fs::read_to_string(&shop().purchases).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let write = |(number, rows): (usize, &[&str])| {
        let path = folder.join(format!("day-{number:02}.csv"));
        fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
        path
    };
    rows.chunks(rows.len().div_ceil(pieces)).enumerate().map(write).collect()
}

/// The files of a folder and what is in them.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn everything_runs_from_the_kept_history_as_from_the_files() {
    let folder = folder();
    let store = folder.path().join("store");
    // More files than there may be segments: some are put together on the way.
    for piece in in_pieces(folder.path(), 11) {
        done(&format!("ingest --purchases {} --store {}", piece.display(), store.display()));
    }
    done(&format!("ingest --complaints {} --store {}", shop().complaints.display(), store.display()));
    let segments = content(&store.join("history")).len() - 2;
    assert!(segments < 8, "{segments}");

    let out = |name: &str| folder.path().join(name);
    for (flags, name) in [("--threads 1", "one.parquet"), ("--threads 2", "two.parquet")] {
        let kept = out(name);
        let at = "--as-of 2023-09-01 2023-06-01";
        done(&format!("features --store {} {at} {flags} --out {}", store.display(), kept.display()));
        done(&format!("features {} {at} --out {}", shop().input(), out("raw.parquet").display()));
        assert_eq!(fs::read(kept).unwrap(), fs::read(out("raw.parquet")).unwrap());
    }
    done(&format!("train --horizon 60d --lookback 180d --store {}", store.display()));
    done(&format!("score --store {} --out {}", store.display(), out("scores.csv").display()));
    assert_eq!(fs::read(out("scores.csv")).unwrap(), fs::read(&shop().scores).unwrap());
}

#[test]
fn a_file_that_is_sent_again_changes_nothing() {
    let folder = folder();
    let store = folder.path().join("store");
    let ingest = format!("ingest {} --store {} --json", shop().input(), store.display());
    let first = json(&ingest);
    assert_eq!((&first["files_added"], &first["files_known"]), (&2.into(), &0.into()));
    let before = content(&store.join("history"));
    let again = json(&ingest);
    assert_eq!((&again["files_added"], &again["files_known"]), (&0.into(), &2.into()));
    let copy = folder.path().join("copy.csv");
    fs::copy(&shop().purchases, &copy).unwrap();
    done(&format!("ingest --purchases {} --store {}", copy.display(), store.display()));
    assert_eq!(content(&store.join("history")), before, "under another name it is the same file");
}

#[test]
fn orders_sent_again_in_another_file_are_reported_and_left_out_when_asked() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let pieces = in_pieces(folder.path(), 4);
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    // The second export has the end of the first once more.
    let (first, second) = (text(&pieces[0]), text(&pieces[1]));
    let overlap: Vec<&str> = first.lines().rev().take(30).collect();
    fs::write(at("overlap.csv"), format!("{second}{}\n", overlap.join("\n"))).unwrap();
    let ingest = |file: &str, store: &str, flags: &str| {
        json(&format!("ingest --purchases {file} --store {} {flags} --json", at(store)))
    };
    let file = |number: usize| pieces[number].display().to_string();
    for (store, flags) in [("twice", ""), ("once", "--drop-duplicates")] {
        ingest(&file(0), store, flags);
        assert_eq!(ingest(&at("overlap.csv"), store, flags)["orders_sent_again"], 30);
    }
    ingest(&file(0), "apart", "");
    ingest(&file(1), "apart", "");
    let features = |store: &str| {
        let out = at("features.parquet");
        done(&format!("features --store {} --as-of 2023-09-01 --out {out}", at(store)));
        fs::read(out).unwrap()
    };
    assert!(features("once") == features("apart"));
    assert!(features("twice") != features("apart"));

    // Without one of its lines an order is another: it counts, and that is said.
    let other = first.lines().nth(1).unwrap().rsplit_once(',').unwrap().0;
    fs::write(at("other.csv"), format!("customer_id,order_id,ts,amount\n{other},0.01\n")).unwrap();
    let said = ingest(&at("other.csv"), "once", "--drop-duplicates");
    assert_eq!(
        (&said["orders_sent_again"], &said["orders_sent_again_with_other_amounts"]),
        (&0.into(), &1.into())
    );
}

/// A feed that begins to write its times otherwise sends everything anew: that is said, and a history can be made of the files as
/// they are.
#[test]
fn orders_at_other_instants_are_told_and_a_history_is_made_anew() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let day = |hour: u32| {
        format!(
            "customer_id,order_id,ts,amount\na,1,2024-01-01T{hour:02}:00:00Z,5\nb,2,2024-01-01T{hour:02}:30:00Z,7\n"
        )
    };
    fs::write(at("before.csv"), day(9)).unwrap();
    fs::write(at("after.csv"), day(10)).unwrap();
    let ingest = |file: &str, flags: &str| {
        json(&format!(
            "ingest --purchases {} --store {} --drop-duplicates {flags} --json",
            at(file),
            at("store")
        ))
    };
    let frequencies = || {
        let out = at("features.parquet");
        done(&format!("features --store {} --as-of 2024-02-01 --out {out}", at("store")));
        fs::read(out).unwrap()
    };
    ingest("before.csv", "");
    let said = ingest("after.csv", "");
    assert_eq!(
        (&said["orders_sent_again"], &said["orders_sent_again_at_other_instants"]),
        (&0.into(), &2.into())
    );
    let both = frequencies();
    let anew = ingest("after.csv", "--anew");
    assert_eq!((&anew["files_added"], &anew["files"]), (&1.into(), &1.into()));
    assert!(frequencies() != both);
    done(&format!("ingest --purchases {} --store {}", at("after.csv"), at("fresh")));
    let fresh = at("fresh.parquet");
    done(&format!("features --store {} --as-of 2024-02-01 --out {fresh}", at("fresh")));
    assert!(frequencies() == fs::read(fresh).unwrap());
    let (code, nothing) = failed(&format!("ingest --anew --store {}", at("store")));
    assert!(code == 2 && nothing.contains("no files to make the history of anew"), "{nothing}");
}

/// Two days of contacts may be the same bytes: the folder says which day.
#[test]
fn files_of_the_same_bytes_are_two_where_their_folders_tell_two_things() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for day in ["2024-05-01", "2024-05-14"] {
        let of_day = folder.path().join(format!("contacts/dt={day}/run={day}"));
        fs::create_dir_all(&of_day).unwrap();
        fs::write(of_day.join("list.csv"), "customer_id,channel\na,mail\n").unwrap();
    }
    fs::write(at("log.csv"), "customer_id,order_id,ts,amount\na,1,2024-01-01,5\n").unwrap();
    let input =
        format!("--purchases {} --contacts {} --column contacts.ts=dt", at("log.csv"), at("contacts"));
    let ingest = || json(&format!("ingest {input} --store {} --json", at("store")))["files_added"].clone();
    assert_eq!((ingest(), ingest()), (3.into(), 0.into()));
}

#[test]
fn an_order_kept_from_two_files_is_known_in_one_and_discounts_with_it() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let header = "customer_id,order_id,ts,amount,discount\n";
    let (one, two) = ("a,1,2024-01-01,5,1\n", "a,1,2024-01-01,3,0\n");
    // A new order of the same day, with a discount of its own.
    let new = "a,2,2024-01-01,30,3\nb,3,2024-01-02,4,0\n";
    for (name, lines) in [("one", one), ("two", two), ("all", &format!("{one}{two}{new}"))] {
        fs::write(at(name), format!("{header}{lines}")).unwrap();
        let ingest =
            format!("ingest --purchases {} --drop-duplicates --store {} --json", at(name), at("kept"));
        assert_eq!(json(&ingest)["orders_sent_again"], u64::from(name == "all"));
    }
    done(&format!("ingest --purchases {} --store {}", at("all"), at("once")));
    let features = |store: &str| {
        let out = at("features.parquet");
        done(&format!("features --store {} --as-of 2024-02-01 --out {out}", at(store)));
        fs::read(out).unwrap()
    };
    assert!(features("kept") == features("once"));
}

#[test]
fn a_history_that_is_not_there_or_damaged_says_what_to_do() {
    let folder = folder();
    let store = folder.path().join("store");
    let features = format!(
        "features --as-of 2023-09-01 --store {} --out {}",
        store.display(),
        folder.path().join("x.parquet").display()
    );
    let (code, said) = failed(&features);
    assert_eq!(code, 2);
    assert!(said.contains("no --purchases, and no history in") && said.contains("mainstay ingest"), "{said}");

    done(&format!("ingest {} --store {}", shop().input(), store.display()));
    let segment = store.join("history/segment-000001.history");
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (code, said) = failed(&features);
    assert_eq!(code, 5);
    assert!(said.contains("is not what was written") && said.contains("ingest anew"), "{said}");
    fs::remove_file(segment).unwrap();
    assert_eq!(failed(&features).0, 5);
}

#[test]
fn a_run_that_fails_or_is_killed_leaves_the_history_as_it_was() {
    let folder = folder();
    let store = folder.path().join("store");
    let pieces = in_pieces(folder.path(), 2);
    done(&format!("ingest --purchases {} --store {}", pieces[0].display(), store.display()));
    let before = content(&store.join("history"));

    let bad = folder.path().join("bad.csv");
    fs::write(&bad, "customer_id,order_id,ts,amount\na,1,never,5\n").unwrap();
    let both = format!("{} {}", pieces[1].display(), bad.display());
    let (code, _) = failed(&format!("ingest --purchases {both} --store {}", store.display()));
    assert_eq!(code, 3);
    assert_eq!(content(&store.join("history")), before, "not even the good file of the two");

    let add = format!("ingest --purchases {} --store {}", pieces[1].display(), store.display());
    for wait_ms in 0..20 {
        let mut child = command(&add).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
        let manifest = fs::read_to_string(store.join("history/manifest.json")).unwrap();
        let files = manifest.matches("fingerprint").count();
        let out = folder.path().join("x.parquet");
        done(&format!("features --as-of 2023-09-01 --store {} --out {}", store.display(), out.display()));
        assert!(files == 1 || files == 2, "{manifest}");
    }
    done(&add);
    let kept = content(&store.join("history"));
    assert_eq!(
        kept.len(),
        4,
        "manifest, lock and two segments: {:?}",
        kept.iter().map(|f| &f.0).collect::<Vec<_>>()
    );
}

#[test]
fn a_history_whose_manifest_is_gone_is_not_taken_for_none() {
    let folder = folder();
    let store = folder.path().join("store");
    let pieces = in_pieces(folder.path(), 2);
    let ingest = |piece: &Path| format!("ingest --purchases {} --store {}", piece.display(), store.display());
    done(&ingest(&pieces[0]));
    let (manifest, aside) = (store.join("history/manifest.json"), folder.path().join("aside"));
    fs::rename(&manifest, &aside).unwrap();
    let without = content(&store.join("history"));
    let out = folder.path().join("x.parquet");
    let features = format!("features --as-of 2023-09-01 --store {} --out {}", store.display(), out.display());
    for arguments in [&ingest(&pieces[1]), &features] {
        let (code, said) = failed(arguments);
        assert!(
            code == 5 && said.contains("manifest.json: is gone, and the history's segments are there"),
            "{said}"
        );
        assert!(content(&store.join("history")) == without);
    }
    fs::rename(&aside, &manifest).unwrap();
    done(&ingest(&pieces[1]));
    done(&features);
}

#[test]
fn two_runs_do_not_add_at_once() {
    let folder = folder();
    let store = folder.path().join("store");
    fs::create_dir_all(store.join("history")).unwrap();
    let lock = fs::File::create(store.join("history/lock")).unwrap();
    lock.lock().unwrap();
    let (code, said) = failed(&format!("ingest {} --store {}", shop().input(), store.display()));
    assert_eq!(code, 6);
    assert!(said.contains("another mainstay adds to this history; try again later"), "{said}");
}

#[test]
fn who_is_to_be_left_out_and_is_kept_since_before_is_named_and_who_is_not_in_a_new_file_is_not() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let day = |name: &str, rows: &str| {
        fs::write(at(name), format!("customer_id,order_id,ts,amount\n{rows}")).unwrap();
    };
    day("monday.csv", "a,1,2024-01-01,5\nstaff,2,2024-01-01,7\nb,3,2024-01-01,9\n");
    day("tuesday.csv", "a,4,2024-01-02,5\n");
    fs::write(at("leave_out.txt"), "customer_id\nstaff\nshadow\n").unwrap();
    let ingest = |file: &str, flags: &str| {
        let output = run(&format!("ingest --purchases {} --store {} {flags} --json", at(file), at("store")));
        let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (told["excluded_but_kept"].as_u64().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let exclude = format!("--exclude {}", at("leave_out.txt"));
    assert_eq!(ingest("monday.csv", "").0, 0);
    let (kept, said) = ingest("tuesday.csv", &exclude);
    assert_eq!(kept, 1);
    assert!(said.contains("1 of its 2 customers are in the history since before, as \"staff\""), "{said}");
    assert!(!said.contains("have no row"), "a day need not tell of everybody: {said}");
    let (kept, said) = ingest("monday.csv", &format!("{exclude} --anew"));
    assert_eq!(kept, 0);
    assert!(said.contains("1 of its 2 customers have no row here, as \"shadow\""), "{said}");
}
