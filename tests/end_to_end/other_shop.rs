//! A model is given the customers of another shop.

use serde_json::Value;

use crate::support::{CDNOW, done, folder, run, shop, store_like_the_shops};

#[test]
fn customers_of_another_shop_are_warned_of_first() {
    let folder = folder();
    let (store, out) = (folder.path().join("store"), folder.path().join("scores.csv"));
    store_like_the_shops(&store);
    let score =
        |input: &str| done(&format!("score {input} --store {} --out {}", store.display(), out.display()));
    let found = || -> (u64, u64) {
        let files = std::fs::read_dir(store.join("runs")).unwrap().map(|entry| entry.unwrap().path());
        let record: Value = serde_json::from_slice(&std::fs::read(files.max().unwrap()).unwrap()).unwrap();
        let steps = record["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["step"] == "compare").unwrap();
        (step["features_far_from_training"].as_u64().unwrap(), step["features"].as_u64().unwrap())
    };
    let own = score(&shop().input());
    assert!(own.contains(" customers scored as of ") && !own.contains("WARNING"), "{own}");
    assert!(found().0 < 5, "{:?}", found());

    let others = score(&format!("--purchases {CDNOW}"));
    let (far, features) = found();
    assert!(2 * far >= features, "{far} of {features}");
    let first = others.lines().next().unwrap();
    assert!(
        first.starts_with(&format!("WARNING: {far} of the {features} features that the model sees are far")),
        "{first}"
    );
    assert!(out.exists(), "the list is written all the same");

    let dry = run(&format!(
        "score --purchases {CDNOW} --store {} --out {} --dry-run",
        store.display(),
        out.display()
    ));
    assert!(String::from_utf8(dry.stdout).unwrap().starts_with("WARNING: "));
}
