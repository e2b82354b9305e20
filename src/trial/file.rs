//! A trial as a file: whom the plan picked, for which offer, and who of them is held out.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use mainstay_features::label::Label;
use mainstay_features::units::{Days, Instant};
use mainstay_models::decision::DO_NOTHING;

use super::holdout::{Holdout, Share};
use crate::failure::{Failure, Kind};
use crate::formula::{defused, restored};
use crate::store::write_whole;
use crate::table_file::TableFile;

/// The columns.
const HEADER: [&str; 10] = [
    "trial",
    "as_of",
    "label",
    "horizon_days",
    "customer_id",
    "offer",
    "assigned",
    "chance",
    "churn_probability",
    "save_rate",
];

/// A customer of a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Assigned {
    /// Who.
    pub customer_id: String,
    /// The offer that the plan picked the customer for.
    pub offer: String,
    /// Whether chance held the customer out, so that nothing is offered.
    pub held_out: bool,
    /// The churn probability that the plan went by.
    pub churn_probability: f64,
    /// The save rate that the plan took the offer to have.
    pub save_rate: f64,
}

/// The customers whom one plan picked.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its name, by which chance held out these customers and no others.
    pub name: String,
    /// The instant of the list that was planned.
    pub as_of: Instant,
    /// What leaving meant there.
    pub label: Label,
    /// Within which time.
    pub horizon: Days,
    /// The share that was held out.
    pub share: Share,
    /// The customers.
    pub customers: Vec<Assigned>,
}

impl Trial {
    /// When it is known who left.
    pub fn known_from(&self) -> Instant {
        self.as_of.plus(self.horizon)
    }

    /// Writes it as CSV. A file that says the same is left as it is.
    ///
    /// # Errors
    /// When the file cannot be written, or is there and says something else: nothing else tells who was held out there.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = self.to_csv().map_err(|cause| Failure::output(path, cause))?;
        if path.exists() {
            return match fs::read(path) {
                Ok(there) if there == text => Ok(()),
                _ => Err(Failure::new(
                    Kind::Usage,
                    format!(
                        "--trial {}: it is there already, of another plan, and nothing else tells who was held out: name another file",
                        path.display()
                    ),
                )),
            };
        }
        write_whole(path, |out| out.write_all(&text))
    }

    fn to_csv(&self) -> io::Result<Vec<u8>> {
        let (as_of, label) = (self.as_of.to_string(), self.label.to_string());
        let (horizon, share) = (self.horizon.get().to_string(), self.share.get());
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(HEADER)?;
        for one in &self.customers {
            let (assigned, chance) =
                if one.held_out { (DO_NOTHING, share) } else { (one.offer.as_str(), 1.0 - share) };
            csv.write_record([
                &*defused(&self.name),
                &as_of,
                &label,
                &horizon,
                &defused(&one.customer_id),
                &defused(&one.offer),
                &defused(assigned),
                &chance.to_string(),
                &one.churn_probability.to_string(),
                &one.save_rate.to_string(),
            ])?;
        }
        csv.into_inner().map_err(|error| io::Error::other(error.to_string()))
    }

    /// Reads one back.
    ///
    /// # Errors
    /// When the file is not as [`Trial::write`] writes it: a customer who is there twice, rows of different plans, an action that
    /// is neither the offer nor nothing, or is not what chance gave the customer.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let table = TableFile::read(path, &HEADER)?;
        let texts = |column: &str| -> Result<Vec<String>, Failure> {
            Ok(table.texts(column)?.iter().map(|text| restored(text).to_owned()).collect())
        };
        let of_all = |column: &str| -> Result<String, Failure> {
            let texts = texts(column)?;
            let other = texts.iter().position(|text| *text != texts[0]);
            match other {
                Some(row) => Err(table.bad_cell(
                    row,
                    column,
                    format!("{:?}, where {:?} is above: a file is of one plan", texts[row], texts[0]),
                )),
                None => Ok(texts[0].clone()),
            }
        };
        let bad = |column: &str, problem: String| table.bad_cell(0, column, problem);
        let name = of_all("trial")?;
        let as_of = of_all("as_of")?.parse().map_err(|error| bad("as_of", format!("{error}")))?;
        let label = of_all("label")?.parse().map_err(|error| bad("label", format!("{error}")))?;
        let days = of_all("horizon_days")?;
        let horizon = format!("{days}d")
            .parse()
            .map_err(|_| bad("horizon_days", format!("{days:?} is no number of days")))?;
        let share_of = |column: &str| -> Result<Vec<f64>, Failure> {
            let numbers = table.numbers(column)?;
            match numbers.iter().position(|number| !(0.0..=1.0).contains(number)) {
                Some(row) => {
                    Err(table.bad_cell(row, column, format!("{} is no share from 0 to 1", numbers[row])))
                }
                None => Ok(numbers),
            }
        };
        let (chances, probabilities, save_rates) =
            (share_of("chance")?, share_of("churn_probability")?, share_of("save_rate")?);
        let (ids, offers, assigned) = (texts("customer_id")?, texts("offer")?, texts("assigned")?);
        for (row, (assigned, offer)) in assigned.iter().zip(&offers).enumerate() {
            if assigned != DO_NOTHING && assigned != offer {
                let problem =
                    format!("{assigned:?} is neither the row's offer, {offer:?}, nor {DO_NOTHING:?}");
                return Err(table.bad_cell(row, "assigned", problem));
            }
        }
        let held_out: Vec<bool> = assigned.iter().map(|action| action == DO_NOTHING).collect();
        let shares = chances
            .iter()
            .zip(&held_out)
            .map(|(&chance, held_out)| if *held_out { chance } else { 1.0 - chance });
        // A tenth is one whether it is told itself or by the nine tenths.
        let shares: Vec<f64> = shares.map(|share| (share * SHARE_PARTS).round() / SHARE_PARTS).collect();
        if let Some(row) = shares.iter().position(|share| *share != shares[0]) {
            let problem = format!("{}, where the rows above hold out {:.3} of all", chances[row], shares[0]);
            return Err(table.bad_cell(row, "chance", problem));
        }
        let share = Share::new(shares[0])
            .ok_or_else(|| bad("chance", format!("{}: nobody, or everybody, is held out", chances[0])))?;
        let holdout = Holdout::new(name.clone(), share);
        let mut seen = BTreeSet::new();
        let mut customers = Vec::with_capacity(ids.len());
        for (row, ((customer_id, offer), assigned)) in ids.iter().zip(offers).zip(assigned).enumerate() {
            if !seen.insert(customer_id) {
                return Err(table.bad_cell(row, "customer_id", format!("{customer_id:?} is there twice")));
            }
            let held_out = held_out[row];
            // Of a share that is off in its last digit hardly anybody is.
            if held_out != holdout.has(customer_id) {
                let problem = format!(
                    "{assigned:?}, and chance gave {customer_id:?} the other in the trial {name:?}: the file is not as mainstay plan wrote it"
                );
                return Err(table.bad_cell(row, "assigned", problem));
            }
            let (churn_probability, save_rate) = (probabilities[row], save_rates[row]);
            customers.push(Assigned {
                customer_id: customer_id.clone(),
                offer,
                held_out,
                churn_probability,
                save_rate,
            });
        }
        Ok(Self { name, as_of, label, horizon, share, customers })
    }
}

/// Shares are told apart to one part in so many.
const SHARE_PARTS: f64 = 1e12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let folder = std::env::temp_dir().join(format!("mainstay-trial-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("trial.csv");
        let share: Share = "30%".parse().unwrap();
        let holdout = Holdout::new("=spring".to_owned(), share);
        let one = |id: &str| Assigned {
            customer_id: id.to_owned(),
            offer: "call, by \"us\"".to_owned(),
            held_out: holdout.has(id),
            churn_probability: 0.1 + 0.2,
            save_rate: 0.3,
        };
        let trial = Trial {
            name: "=spring".to_owned(),
            as_of: "2024-01-01T10:00:00.5Z".parse().unwrap(),
            label: Label::ContractEnd,
            horizon: "90d".parse().unwrap(),
            share,
            customers: vec![one("-1"), one("客户"), one("'=a"), one("b"), one("c"), one("d"), one("e")],
        };
        trial.write(&path).unwrap();
        let read = Trial::read(&path).unwrap();
        assert_eq!(Trial { share, ..read.clone() }, trial);
        // Whoever is in the first row.
        let turned = Trial { customers: trial.customers.iter().rev().cloned().collect(), ..trial.clone() };
        assert_ne!(trial.customers[0].held_out, turned.customers[0].held_out);
        turned.write(&folder.join("turned.csv")).unwrap();
        assert_eq!(Trial::read(&folder.join("turned.csv")).unwrap().share, read.share);
        assert!((1..7).contains(&trial.held_out()), "both are there");
        trial.write(&path).unwrap();
        let other = Trial { customers: trial.customers[1..].to_vec(), ..trial.clone() };
        assert!(other.write(&path).unwrap_err().to_string().contains("it is there already"));
        for (from, to, told) in [
            ("客户", "'-1", "row 2, column \"customer_id\": \"-1\" is there twice"),
            (",do nothing,", ",mail,", "column \"assigned\": \"mail\" is neither"),
            (
                ",do nothing,",
                ",\"call, by \"\"us\"\"\",",
                "row 2, column \"chance\": 0.7, where the rows above hold out 0.700 of all",
            ),
            ("'=spring", "summer", "the file is not as mainstay plan wrote it"),
            (",90,", ",x,", "\"x\" is no number of days"),
            ("contract end", "death", "a label"),
        ] {
            let text = std::fs::read_to_string(&path).unwrap().replace(from, to);
            let other = folder.join("other.csv");
            std::fs::write(&other, text).unwrap();
            let error = Trial::read(&other).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
