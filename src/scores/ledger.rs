//! The ledger: what every offer would earn with every customer of a list, with all that it is made of.

use std::io::{self, Write};

use mainstay_features::units::Money;
use mainstay_models::decision::{BreakEvens, Catalogue, Ledger, Offer, Terms};

use super::decide::ConsentColumns;
use super::{Format, ScoreRow, Scores};
use crate::columns::{self, Column};
use crate::formula::defused;
use crate::parquet_file::{ParquetFile, ROW_GROUP_ROWS};

/// One customer and one offer.
struct Entry<'a> {
    row: &'a ScoreRow,
    offer: &'a Offer,
    /// Why the offer may not be made.
    barred: Option<String>,
    terms: Terms,
    ledger: Ledger,
    break_evens: BreakEvens,
    pays: f64,
}

/// A column's name, and what it has for an entry.
type Told<T> = (&'static str, fn(&Entry<'_>) -> T);

/// The text columns after the customer.
const TEXTS: [Told<Option<String>>; 6] = [
    ("offer", |entry| Some(entry.offer.name().to_owned())),
    ("not_eligible", |entry| entry.barred.clone()),
    ("break_even_probability", |entry| Some(entry.break_evens.churn_probability.to_string())),
    ("break_even_save_rate", |entry| Some(entry.break_evens.save_rate.to_string())),
    ("break_even_incentive", |entry| Some(entry.break_evens.incentive.to_string())),
    ("break_even_lifetime_value", |entry| Some(entry.break_evens.lifetime_value.to_string())),
];

/// The columns of numbers after these.
const NUMBERS: [Told<f64>; 14] = [
    ("churn_probability", |entry| entry.row.churn_probability),
    ("lifetime_value", |entry| entry.row.lifetime_value),
    ("contact_cost", |entry| entry.terms.contact_cost.get()),
    ("incentive", |entry| entry.terms.incentive.get()),
    ("save_rate", |entry| entry.terms.save_rate),
    ("take_up", |entry| entry.terms.take_up),
    ("driven_away", |entry| entry.terms.driven_away),
    ("value_saved", |entry| entry.ledger.saved.get()),
    ("incentive_to_saved", |entry| entry.ledger.incentive_to_saved.get()),
    ("incentive_to_loyal", |entry| entry.ledger.incentive_to_loyal.get()),
    ("value_driven_away", |entry| entry.ledger.driven_away.get()),
    ("net_value", |entry| entry.ledger.net_value().get()),
    ("spend", |entry| entry.ledger.spend().get()),
    ("pays_probability", |entry| entry.pays),
];

/// Writes the ledger of a list: a row for every customer and offer, in the order of the list and the catalogue.
///
/// # Errors
/// What the operating system says.
pub fn write_ledger(
    scores: &Scores,
    catalogue: &Catalogue,
    format: Format,
    out: &mut (dyn Write + Send),
) -> io::Result<()> {
    let consents = ConsentColumns::of(scores);
    match format {
        Format::Parquet => {
            let mut file = ParquetFile::new(out);
            // A file without rows has its columns all the same.
            let nothing = scores.rows.is_empty().then_some(&scores.rows[..]);
            let customers = ROW_GROUP_ROWS / catalogue.offers().len().max(1);
            for rows in scores.rows.chunks(customers.max(1)).chain(nothing) {
                file.write(columns_of(scores, &entries(rows, catalogue, &consents)))?;
            }
            file.finish()
        }
        Format::Csv => {
            let mut csv = csv::Writer::from_writer(out);
            let names = TEXTS.iter().map(|(name, _)| *name).chain(NUMBERS.iter().map(|(name, _)| *name));
            csv.write_record(["customer_id"].into_iter().chain(names))?;
            for row in &scores.rows {
                for entry in entries(std::slice::from_ref(row), catalogue, &consents) {
                    csv.write_field(&*defused(&row.customer_id))?;
                    for (_, text) in TEXTS {
                        csv.write_field(&*defused(&text(&entry).unwrap_or_default()))?;
                    }
                    for (_, number) in NUMBERS {
                        csv.write_field(number(&entry).to_string())?;
                    }
                    csv.write_record(None::<&[u8]>)?;
                }
            }
            csv.flush()
        }
    }
}

fn entries<'a>(rows: &'a [ScoreRow], catalogue: &'a Catalogue, consents: &ConsentColumns) -> Vec<Entry<'a>> {
    let pairs = rows.iter().flat_map(|row| catalogue.offers().iter().map(move |offer| (row, offer)));
    pairs.map(|(row, offer)| entry(row, offer, consents)).collect()
}

fn entry<'a>(row: &'a ScoreRow, offer: &'a Offer, consents: &ConsentColumns) -> Entry<'a> {
    let stakes = row.stakes();
    let (p, value): (_, Money) = (stakes.churn_probability, stakes.worth.lifetime_value);
    let terms = offer.terms(stakes.next_order);
    let barred = consents.circumstances(row, |circumstances| offer.allows(p, circumstances).err());
    Entry {
        row,
        offer,
        barred: barred.map(|why| why.to_string()),
        terms,
        ledger: terms.ledger(p, value),
        break_evens: terms.break_evens(p, value),
        pays: offer.save_rate().pays(&terms, p, &stakes.worth),
    }
}

fn columns_of(scores: &Scores, entries: &[Entry<'_>]) -> Vec<Column> {
    let mut columns =
        vec![columns::customer_ids(scores.id_kind, entries.iter().map(|entry| &*entry.row.customer_id))];
    for (name, text) in TEXTS {
        let texts: Vec<Option<String>> = entries.iter().map(text).collect();
        columns.push(columns::texts_if_any(name, texts.iter().map(Option::as_deref)));
    }
    columns.extend(NUMBERS.map(|(name, number)| columns::numbers(name, entries.iter().map(number))));
    columns
}
