//! Writing a simulated shop as the files a real one would give, and its truth beside them.
//!
//! Every file is a pass of its own over the customers: they are made a block at a time, side by side, written, and
//! forgotten.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{BooleanArray, Int64Array, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field as ArrowField, TimeUnit};
use mainstay_features::id::IdKind;
use mainstay_features::simulate::parameters::PARAMETERS;
use mainstay_features::simulate::{
    Complaint, Contact, Line, Profile, Shop, SimulatedCustomer, Truth, customer_id,
};
use mainstay_features::units::Instant;
use mainstay_features::watch::Watch;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::columns::{self, Column};
use crate::failure::Failure;
use crate::parquet_file::{ParquetFile, ROW_GROUP_ROWS};
use crate::store::Whole;

/// So many customers are made before any is written.
const BLOCK: u64 = 8192;

/// The Parquet files, in the order they are written.
pub const FILES: [&str; 5] =
    ["purchases.parquet", "complaints.parquet", "customers.parquet", "contacts.parquet", "truth.parquet"];

/// The file of the settings and parameters.
pub const TRUTH_JSON: &str = "truth.json";

/// Writes a shop's files into a folder, creating it; returns the rows of each of [`FILES`]. The watcher is told of
/// one step per customer and file. The files come into their places when all are written.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn write_shop(shop: &Shop, folder: &Path, watch: &dyn Watch) -> Result<[usize; 5], Failure> {
    fs::create_dir_all(folder).map_err(|cause| Failure::output(folder, cause))?;
    // Only where a made-up shop is may another come: files of these names without its truth are somebody's own.
    let own = FILES.iter().map(|name| folder.join(name)).find(|path| path.exists());
    if let Some(own) = own.filter(|_| !folder.join(TRUTH_JSON).exists()) {
        return Err(Failure::output(&own, "it is there already, and no made-up shop's: use another folder"));
    }
    let mut rows = [0; 5];
    let [purchases, complaints, customers, contacts, truth] = &mut rows;
    let [purchases_file, complaints_file, customers_file, contacts_file, truth_file] =
        FILES.map(|name| folder.join(name));
    let written = [
        Whole::write(&purchases_file, |out| {
            *purchases = write_rows(shop, watch, out, |customer| customer.lines, purchase_columns)?;
            Ok(())
        })?,
        Whole::write(&complaints_file, |out| {
            *complaints = write_rows(shop, watch, out, |customer| customer.complaints, complaint_columns)?;
            Ok(())
        })?,
        Whole::write(&customers_file, |out| {
            *customers = write_rows(shop, watch, out, |customer| customer.profiles, customer_columns)?;
            Ok(())
        })?,
        Whole::write(&contacts_file, |out| {
            let contact = |customer: SimulatedCustomer| Vec::from_iter(customer.contact);
            *contacts = write_rows(shop, watch, out, contact, contact_columns)?;
            Ok(())
        })?,
        Whole::write(&truth_file, |out| {
            *truth = write_rows(shop, watch, out, |customer| vec![customer.truth], truth_columns)?;
            Ok(())
        })?,
        Whole::write(&folder.join(TRUTH_JSON), |out| writeln!(out, "{:#}", to_json(shop)))?,
    ];
    for file in written {
        file.commit()?;
    }
    Ok(rows)
}

/// The settings and parameters of a shop.
pub fn to_json(shop: &Shop) -> Value {
    let parameters: Map<String, Value> =
        PARAMETERS.iter().map(|&(name, value)| (name.to_owned(), json!(value))).collect();
    json!({
        "seed": shop.seed(),
        "customers": shop.customers(),
        "begin": shop.begin().to_string(),
        "end": shop.end().to_string(),
        "horizon_days": shop.horizon().get(),
        "parameters": parameters,
    })
}

/// Something of a customer's, with the customer's number.
type Of<R> = (u64, R);

/// Writes what every customer has of something, in the order of their numbers; returns how much that is.
fn write_rows<R: Send>(
    shop: &Shop,
    watch: &dyn Watch,
    out: &mut (dyn Write + Send),
    rows: fn(SimulatedCustomer) -> Vec<R>,
    columns: fn(&[Of<R>]) -> Vec<Column>,
) -> io::Result<usize> {
    let mut file = ParquetFile::new(out);
    let (mut written, mut waiting) = (0, Vec::new());
    let mut begin = 0;
    while begin < shop.customers() {
        let end = shop.customers().min(begin + BLOCK);
        let numbers: Vec<u64> = (begin..end).collect();
        let made: Vec<Vec<R>> = numbers.par_iter().map(|&number| rows(shop.customer(number))).collect();
        for (number, of_one) in numbers.into_iter().zip(made) {
            waiting.extend(of_one.into_iter().map(|row| (number, row)));
        }
        watch.advance(end - begin);
        begin = end;
        while waiting.len() >= ROW_GROUP_ROWS {
            let rest = waiting.split_off(ROW_GROUP_ROWS);
            let full: Vec<Of<R>> = std::mem::replace(&mut waiting, rest);
            written += full.len();
            file.write(columns(&full))?;
        }
    }
    // A file without rows has its columns all the same.
    if written == 0 || !waiting.is_empty() {
        written += waiting.len();
        file.write(columns(&waiting))?;
    }
    file.finish()?;
    Ok(written)
}

fn purchase_columns(rows: &[Of<Line>]) -> Vec<Column> {
    let lines = || rows.iter().map(|(_, line)| line);
    vec![
        ids(rows),
        columns::texts("order_id", lines().map(|line| line.order_id.as_str())),
        columns::instants("ts", lines().map(|line| line.instant)),
        columns::numbers("amount", lines().map(|line| line.amount)),
        columns::texts("product_id", lines().map(|line| line.product_id.as_str())),
        columns::numbers("discount", lines().map(|line| line.discount)),
        columns::texts_if_any("cancels_order_id", lines().map(|line| line.cancels_order_id.as_deref())),
    ]
}

fn complaint_columns(rows: &[Of<Complaint>]) -> Vec<Column> {
    let complaints = || rows.iter().map(|(_, complaint)| complaint);
    let severities = Int64Array::from_iter_values(complaints().map(|complaint| complaint.severity));
    vec![
        ids(rows),
        columns::instants("ts", complaints().map(|complaint| complaint.instant)),
        columns::texts("category", complaints().map(|complaint| complaint.category)),
        (ArrowField::new("severity", DataType::Int64, false), Arc::new(severities)),
        columns::texts("status", complaints().map(Complaint::status)),
        instants_if_any("resolved_at", complaints().map(|complaint| complaint.resolved_at)),
    ]
}

fn customer_columns(rows: &[Of<Profile>]) -> Vec<Column> {
    let profiles = || rows.iter().map(|(_, profile)| profile);
    vec![
        ids(rows),
        columns::instants("valid_from", profiles().map(|profile| profile.valid_from)),
        columns::texts("name", profiles().map(|profile| profile.name.as_str())),
        columns::texts("phone", profiles().map(|profile| profile.phone.as_str())),
        columns::texts("account_owner", profiles().map(|profile| profile.account_owner)),
        columns::texts("region", profiles().map(|profile| profile.region)),
        columns::texts("age_band", profiles().map(|profile| profile.age_band)),
    ]
}

fn contact_columns(rows: &[Of<Contact>]) -> Vec<Column> {
    let contacts = || rows.iter().map(|(_, contact)| contact);
    vec![
        ids(rows),
        columns::instants("ts", contacts().map(|contact| contact.instant)),
        columns::texts("channel", contacts().map(|contact| contact.channel)),
        columns::texts("offer", contacts().map(|contact| contact.offer.name())),
    ]
}

fn truth_columns(rows: &[Of<Truth>]) -> Vec<Column> {
    let truths = || rows.iter().map(|(_, truth)| truth);
    vec![
        ids(rows),
        columns::numbers("purchases_per_year", truths().map(|truth| truth.purchases_per_year)),
        columns::numbers("drop_outs_per_year", truths().map(|truth| truth.drop_outs_per_year)),
        columns::numbers("mean_order_amount", truths().map(|truth| truth.mean_order_amount)),
        columns::instants("acquired_at", truths().map(|truth| truth.acquired_at)),
        instants_if_any("dropped_out_at", truths().map(|truth| truth.dropped_out_at)),
        columns::texts("response", truths().map(|truth| truth.response.name())),
        columns::numbers("churn_probability", truths().map(|truth| truth.churn_probability)),
        flags("churned", truths().map(|truth| truth.churned)),
        flags("churned_if_reminder", truths().map(|truth| truth.churned_if_reminder)),
        flags("churned_if_voucher", truths().map(|truth| truth.churned_if_voucher)),
    ]
}

fn ids<R>(rows: &[Of<R>]) -> Column {
    let ids: Vec<String> = rows.iter().map(|&(number, _)| customer_id(number)).collect();
    columns::customer_ids(IdKind::Text, ids.iter().map(String::as_str))
}

fn instants_if_any(name: &str, values: impl Iterator<Item = Option<Instant>>) -> Column {
    let array: TimestampMicrosecondArray = values.map(|value| value.map(Instant::micros)).collect();
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    (ArrowField::new(name, utc, true), Arc::new(array.with_timezone("UTC")))
}

fn flags(name: &str, values: impl Iterator<Item = bool>) -> Column {
    let array = BooleanArray::from(values.collect::<Vec<bool>>());
    (ArrowField::new(name, DataType::Boolean, false), Arc::new(array))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_features::units::Days;
    use mainstay_features::watch::Unwatched;

    fn shop(customers: u64) -> Shop {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        Shop::new(3, customers, at("2022-01-01"), at("2023-01-01"), Days::new(90).unwrap()).unwrap()
    }

    #[test]
    fn the_files_are_the_same_for_any_number_of_threads() {
        let written = |threads: usize| {
            let folder = tempfile::tempdir().unwrap();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let rows = pool.install(|| write_shop(&shop(500), folder.path(), &Unwatched)).unwrap();
            let names = FILES.iter().chain([&TRUTH_JSON]);
            let bytes: Vec<Vec<u8>> = names.map(|name| fs::read(folder.path().join(name)).unwrap()).collect();
            (rows, bytes)
        };
        let (rows, bytes) = written(1);
        assert!((rows, bytes) == written(3));
        assert_eq!(rows[4], 500, "one truth per customer");
        assert!(rows[0] > 500 && rows[1] > 0 && rows[2] > 500 && rows[3] > 0, "{rows:?}");
    }

    #[test]
    fn a_shop_of_one_has_all_files() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("new/folder");
        let rows = write_shop(&shop(1), &inside, &Unwatched).unwrap();
        assert!(rows[0] >= 1 && rows[4] == 1);
        assert_eq!(fs::read_dir(&inside).unwrap().count(), 6);
    }
}
