//! Which part may know which: features ← models ← service ← {scores, store, api} ← cli.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

/// The top-level modules of this crate that a module names, `crate::x` in its code.
fn crate_modules(module: &str) -> BTreeSet<String> {
    let base = Path::new(ROOT).join("src");
    let (file, folder) = (base.join(format!("{module}.rs")), base.join(module));
    let files = if folder.is_dir() { sources(&folder) } else { vec![file] };
    let mut found = BTreeSet::new();
    for file in files {
        for part in fs::read_to_string(file).unwrap().split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name != module {
                found.insert(name);
            }
        }
    }
    found
}

#[test]
fn modules_of_the_edges_know_only_those_before_them() {
    for (module, allowed) in [
        ("failure", &[] as &[&str]),
        ("clock", &[]),
        ("sample", &[]),
        ("service", &["failure"]),
        ("chart", &["readable"]),
        ("proceeds", &["failure", "scores", "service", "suppressed"]),
        ("report", &["chart", "readable", "proceeds"]),
        ("columns", &[]),
        ("parquet_file", &["columns", "seal"]),
        ("feature_file", &["columns", "parquet_file"]),
        ("suppressed", &["forgotten"]),
        ("formula", &[]),
        ("marks", &[]),
        (
            "scores",
            &["columns", "failure", "formula", "offers", "parquet_file", "seal", "service", "suppressed"],
        ),
        ("at_risk", &["formula", "scores"]),
        ("plan", &["chart", "readable", "scores"]),
        ("trial", &["failure", "formula", "plan", "scores", "store", "table_file"]),
        ("state", &["failure", "marks", "random"]),
        ("random", &["failure"]),
        ("forgotten", &["failure", "random"]),
        ("store", &["failure", "forgotten", "marks", "scores", "state", "suppressed"]),
        ("erasure", &["clock", "events", "failure", "forgotten", "store"]),
        ("table_file", &["failure"]),
        ("promotion", &["failure", "store"]),
        ("quarantine_file", &["failure", "formula", "store"]),
        ("simulated_files", &["columns", "failure", "parquet_file", "store"]),
        ("schema", &[]),
        ("offers", &["schema"]),
        ("events", &["failure", "schema", "state", "store"]),
        (
            "api",
            &[
                "at_risk",
                "clock",
                "events",
                "failure",
                "offers",
                "schema",
                "scores",
                "service",
                "state",
                "store",
                "suppressed",
            ],
        ),
        (
            "cli",
            &[
                "api",
                "at_risk",
                "chart",
                "clock",
                "erasure",
                "events",
                "failure",
                "feature_file",
                "formula",
                "readable",
                "offers",
                "plan",
                "proceeds",
                "promotion",
                "quarantine_file",
                "report",
                "sample",
                "scores",
                "service",
                "simulated_files",
                "state",
                "store",
                "suppressed",
                "table_file",
                "trial",
            ],
        ),
    ] {
        let found = crate_modules(module);
        let allowed: BTreeSet<String> = allowed.iter().map(|&name| name.to_owned()).collect();
        assert!(
            found.is_subset(&allowed),
            "{module} knows {:?}",
            found.difference(&allowed).collect::<Vec<_>>()
        );
    }
}

#[test]
fn features_and_models_know_no_edge() {
    for (package, forbidden) in [
        ("features", ["tokio", "axum", "clap", "mainstay-models", "linfa", "smartcore"]),
        ("models", ["tokio", "axum", "clap", "parquet", "csv", "arrow"]),
    ] {
        let manifest = fs::read_to_string(Path::new(ROOT).join(package).join("Cargo.toml")).unwrap();
        for name in forbidden {
            assert!(!manifest.contains(&format!("\n{name}")), "{package} depends on {name}");
        }
        for file in sources(&Path::new(ROOT).join(package).join("src")) {
            let code = fs::read_to_string(&file).unwrap();
            for clock in ["std::time", "std::env", "SystemTime", "::now("] {
                assert!(!code.contains(clock), "{} uses {clock}", file.display());
            }
        }
    }
}

#[test]
fn the_decision_knows_no_estimator() {
    for file in sources(&Path::new(ROOT).join("models/src/decision")) {
        let code = fs::read_to_string(&file).unwrap();
        for estimator in
            ["crate::forest", "crate::logistic", "crate::model", "crate::training", "linfa", "smartcore"]
        {
            assert!(!code.contains(estimator), "{} names {estimator}", file.display());
        }
    }
}
