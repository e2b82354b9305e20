//! The at-risk list as files that a spreadsheet opens.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::support::{done, folder, json, shop, store_like_the_shops};

/// Purchases under names that a spreadsheet would compute.
fn dangerous(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("purchases.csv");
    let text = fs::read_to_string(&shop().purchases).unwrap();
    fs::write(&path, text.replace("\nc00", "\n=c00").replace("\nc01", "\n+c01").replace("\nc02", "\n007"))
        .unwrap();
    path
}

#[test]
fn exports_hold_no_formula_and_identifiers_stay_text() {
    let folder = folder();
    let (store, scores) = (folder.path().join("store"), folder.path().join("scores.csv"));
    store_like_the_shops(&store);
    let purchases = dangerous(folder.path());
    done(&format!(
        "score --purchases {} --store {} --out {}",
        purchases.display(),
        store.display(),
        scores.display()
    ));
    let list = |arguments: &str| format!("list --store {} --all {arguments}", store.display());
    let (csv, xlsx) = (folder.path().join("list.csv"), folder.path().join("list.xlsx"));
    done(&list(&format!("--out {}", csv.display())));
    done(&list(&format!("--out {}", xlsx.display())));
    for path in [&scores, &csv] {
        let mut reader = csv::Reader::from_path(path).unwrap();
        let mut defused = 0;
        for record in reader.records() {
            for cell in &record.unwrap() {
                let is_formula =
                    cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
                assert!(!is_formula, "{cell}");
                defused += usize::from(cell.starts_with("'=") || cell.starts_with("'+"));
            }
        }
        assert!(defused > 5, "{}", path.display());
    }
    // What was defused is read back as it was.
    let from_file =
        json(&format!("list --scores {} --all --format json --columns customer_id", scores.display()));
    let from_store = json(&list("--format json --columns customer_id"));
    assert_eq!(from_file, from_store);
    assert!(
        from_store
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["customer_id"].as_str().unwrap().starts_with("=c00"))
    );

    let mut archive = zip::ZipArchive::new(fs::File::open(&xlsx).unwrap()).unwrap();
    let mut sheet = String::new();
    archive.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    assert!(!sheet.contains("<f>") && !sheet.contains("<f "), "no cell has a formula");
    let mut texts = String::new();
    archive.by_name("xl/sharedStrings.xml").unwrap().read_to_string(&mut texts).unwrap();
    assert!(texts.contains(">=c00") && texts.contains(">007"), "identifiers are texts as they are");
    assert!(sheet.contains("<v>0."), "numbers are numbers");
}
