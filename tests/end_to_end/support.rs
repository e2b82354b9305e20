//! Running the command, a small shop's log, and a trained store to share.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use mainstay_features::units::Instant;
use serde_json::Value;

/// The bundled log.
pub(crate) const CDNOW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/notebooks-data/cdnow/purchases.parquet");

/// The command with these arguments, split at spaces.
pub(crate) fn command(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mainstay"));
    command.args(arguments.split_whitespace()).stdin(Stdio::null());
    command
}

/// Runs the command.
pub(crate) fn run(arguments: &str) -> Output {
    command(arguments).output().unwrap()
}

/// Runs the command, which must succeed, and returns what it prints.
pub(crate) fn done(arguments: &str) -> String {
    let output = run(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "mainstay {arguments}\n{stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the command, which must succeed, and reads the JSON it prints.
pub(crate) fn json(arguments: &str) -> Value {
    serde_json::from_str(&done(arguments)).unwrap()
}

/// Runs the command, which must fail, and returns its exit code and its last line of complaint.
pub(crate) fn failed(arguments: &str) -> (i32, String) {
    let output = run(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), stderr.lines().last().unwrap_or_default().to_owned())
}

/// A row of a CSV file, by its columns' names.
pub(crate) type Row = BTreeMap<String, String>;

/// The rows of a CSV file.
pub(crate) fn csv(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// A number of a row.
pub(crate) fn number(row: &Row, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column}: {:?}", row[column]))
}

/// A Python that has these modules, or what it lacks: that of `MAINSTAY_PYTHON`, which is then to have them, or `python3`.
pub(crate) fn python(modules: &str, requirements: &str) -> Result<String, String> {
    let named = std::env::var("MAINSTAY_PYTHON").ok();
    let python = named.clone().unwrap_or_else(|| "python3".to_owned());
    let has_them = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    let has_them = has_them.is_ok_and(|output| output.status.success());
    assert!(has_them || named.is_none(), "{python} does not have tests/independent/{requirements}");
    if has_them { Ok(python) } else { Err(format!("{python} has not all of {modules}")) }
}

/// A folder that is gone when the test ends.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A small shop over 700 days: 400 customers who buy at their own pace until they leave, some of whom complain
/// first. Returns the purchases and the complaints.
pub(crate) fn small_shop(folder: &Path) -> (PathBuf, PathBuf) {
    let mut state = 42_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut purchases = "customer_id,order_id,ts,amount\n".to_owned();
    let mut complaints = "customer_id,ts\n".to_owned();
    let mut order = 0;
    for customer in 0..400 {
        let (first, pace) = (random() * 500.0, 5.0 + random() * 60.0);
        let stays = 30.0 + random() * 700.0;
        let mut day = first;
        while day < 700.0 && day < first + stays {
            order += 1;
            let amount = 5.0 + random() * 95.0;
            writeln!(purchases, "c{customer:03},{order},{},{amount:.2}", date(day)).unwrap();
            day += pace * (0.3 + 1.4 * random());
        }
        if stays < 300.0 && first + stays < 700.0 {
            writeln!(complaints, "c{customer:03},{}", date(first + stays - 1.0)).unwrap();
        }
    }
    let paths = (folder.join("purchases.csv"), folder.join("complaints.csv"));
    std::fs::write(&paths.0, purchases).unwrap();
    std::fs::write(&paths.1, complaints).unwrap();
    paths
}

/// The instant so many days after 2022-01-08.
fn date(days: f64) -> Instant {
    Instant::from_micros(((19_000.0 + days) * 86_400.0) as i64 * 1_000_000).unwrap()
}

/// A trained and scored small shop, made once.
pub(crate) struct Shop {
    /// The purchases.
    pub(crate) purchases: PathBuf,
    /// The complaints.
    pub(crate) complaints: PathBuf,
    /// The store with its model and scored list.
    pub(crate) store: PathBuf,
    /// The scored list as CSV.
    pub(crate) scores: PathBuf,
}

impl Shop {
    /// The input flags.
    pub(crate) fn input(&self) -> String {
        format!("--purchases {} --complaints {}", self.purchases.display(), self.complaints.display())
    }
}

/// The small shop, trained with a horizon of 60 days and a lookback of 180.
pub(crate) fn shop() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(|| {
        // Nothing is dropped at the end of a test run: what is shared lives in cargo's own folder for it.
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("small-shop");
        // A model of an earlier run would go on serving.
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let (purchases, complaints) = small_shop(&folder);
        let shop =
            Shop { purchases, complaints, store: folder.join("store"), scores: folder.join("scores.csv") };
        let (input, store) = (shop.input(), shop.store.display());
        done(&format!("train {input} --horizon 60d --lookback 180d --store {store}"));
        done(&format!("score {input} --store {store} --out {}", shop.scores.display()));
        shop
    })
}

/// Makes a store with the small shop's model in service.
pub(crate) fn store_like_the_shops(store: &Path) {
    std::fs::create_dir_all(store).unwrap();
    std::fs::copy(shop().store.join("model.mainstay"), store.join("model.mainstay")).unwrap();
}
